//! How the tables write conditions; the classifiers say whether they hold.
//!
//! `M` present, `!M` absent, `M=a|b` any value is one of these, `M!=a|b` a value is none of these, `M<n`, `M>n`, `M^=a|b` begins
//! with these letters (`*` in them is a run of others than `/` and `:`) and with none of those that a `!` stands before, `M^a|b` a statement that begins with these words, `M!^a|b`, `M!$a` does not end with, `M~a|b` contains, `M public`, `M calls`, `M several`; parts are joined by ` & `.
//! `count M`, `wide M`, `dry M=value` and `resource M` stand alone and say nothing about the effect by themselves.

/// One part of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition<'a> {
    /// What is looked at.
    pub member: &'a str,
    /// What is asked of it: `=`, `!=` …, `!` absent, empty for present, `public`, `calls`, `several`.
    pub sign: &'a str,
    /// What it is compared with, alternatives between `|`.
    pub expected: &'a str,
}

/// The words that stand before a member in rows that say nothing about the effect.
const SILENT: [&str; 4] = ["count", "wide", "dry", "resource"];

impl<'a> Condition<'a> {
    /// The value of a member that the call sets back to what nobody knows: whatever is asked of it holds, that it is absent too.
    pub const UNSET: &'static str = "(set back)";

    /// Reads one part.
    #[must_use]
    pub fn parse(part: &'a str) -> Self {
        let part = SILENT.iter().find_map(|word| part.strip_prefix(word)?.strip_prefix(' ')).unwrap_or(part);
        if let Some(member) = part.strip_prefix('!') {
            return Self { member, sign: "!", expected: "" };
        }
        for sign in ["public", "calls", "several"] {
            let member = part.strip_suffix(sign).and_then(|rest| rest.strip_suffix(' '));
            // The last word of a value is none.
            if let Some(member) = member.filter(|member| !member.contains(['=', '!', '<', '>', '^', '~'])) {
                return Self { member, sign, expected: "" };
            }
        }
        let end = part.find(['=', '!', '<', '>', '^', '~']).unwrap_or(part.len());
        let (member, rest) = part.split_at(end);
        let signs = ["!=", "!^", "!$", "=", "<", ">", "^=", "^", "~"];
        match signs.iter().find_map(|sign| rest.strip_prefix(sign).map(|expected| (*sign, expected))) {
            Some((sign, expected)) => Self { member, sign, expected },
            // A sign that nobody knows holds.
            None if !rest.is_empty() => Self { member, sign: "?", expected: "" },
            None => Self { member, sign: "", expected: "" },
        }
    }

    /// Whether a row of this condition says nothing about the effect.
    #[must_use]
    pub fn is_silent(when: &str) -> bool {
        SILENT.iter().any(|word| when.strip_prefix(word).is_some_and(|rest| rest.starts_with(' ')))
    }

    /// The word of a row that says nothing about the effect, and its member.
    #[must_use]
    pub fn silent(when: &'a str) -> Option<(&'static str, Self)> {
        let word = SILENT.iter().find(|word| when.strip_prefix(**word).is_some_and(|rest| rest.starts_with(' ')))?;
        Some((word, Self::parse(when)))
    }

    /// The members that a row's condition looks at.
    pub fn members(when: &'a str) -> impl Iterator<Item = &'a str> {
        when.split(" & ").filter(|part| !part.is_empty()).map(|part| Self::parse(part).member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (part, member, sign, expected) in [
            ("body.a", "body.a", "", ""),
            ("!body.a", "body.a", "!", ""),
            ("body.a=0", "body.a", "=", "0"),
            ("body.a!=true|yes", "body.a", "!=", "true|yes"),
            ("body.Binds^=/:|/etc:", "body.Binds", "^=", "/:|/etc:"),
            ("query.sql!^SELECT", "query.sql", "!^", "SELECT"),
            ("policy public", "policy", "public", ""),
            ("body.sql~to anon|to public", "body.sql", "~", "to anon|to public"),
            ("dry query.validateOnly=true", "query.validateOnly", "=", "true"),
            ("count body.ids", "body.ids", "", ""),
            ("counts", "counts", "", ""),
        ] {
            assert_eq!(Condition::parse(part), Condition { member, sign, expected }, "{part}");
        }
        assert_eq!(Condition::members("a=1 & !b").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(Condition::silent("wide a").map(|(word, one)| (word, one.member)), Some(("wide", "a")));
        assert_eq!(Condition::silent("a=1"), None);
    }
}
