//! Patterns with `*` (any run of characters, also none), as inventories and rules hold them.
//!
//! Everything else stands for itself: no `?`, no classes, no alternatives (a list says those). Matching is linear in the
//! text for one star, and never exponential.

use std::fmt;

/// A pattern with `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    text: String,
}

impl Glob {
    /// From its text.
    ///
    /// # Errors
    /// It is empty, or looks like another pattern language: what it was meant to match it would not.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern matches nothing".to_owned());
        }
        if text.trim() != text {
            return Err(format!("`{text}` begins or ends with a space"));
        }
        if let (Some(open), Some(close)) = (text.find('{'), text.rfind('}'))
            && text.get(open..close).is_some_and(|inside| inside.contains(','))
        {
            return Err(format!("`{text}`: patterns have no alternatives in braces, write a list"));
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has no star.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.text.contains('*')
    }

    /// The part before the first star.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        self.text.split('*').next().unwrap_or_default()
    }

    /// Whether the pattern covers the whole of `text`.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        covers(self.text.as_bytes(), text.as_bytes(), |a, b| a == b)
    }

    /// The same, without regard to the case of ASCII letters.
    #[must_use]
    pub fn matches_ignoring_case(&self, text: &str) -> bool {
        covers(self.text.as_bytes(), text.as_bytes(), |a, b| a.eq_ignore_ascii_case(&b))
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// On a mismatch only the last star is widened: enough for patterns without classes, and at most `pattern × text` steps.
fn covers(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&wanted) if same(wanted, byte) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}
