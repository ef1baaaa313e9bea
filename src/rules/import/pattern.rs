//! IAM's patterns (`*` and `?`), and what becomes of them where only `*` is known.

/// Whether an IAM pattern covers a text; `?` is one character. Case counts only where `exact`.
pub(super) fn covers(pattern: &str, text: &str, exact: bool) -> bool {
    let fold = |text: &str| if exact { text.to_owned() } else { text.to_ascii_lowercase() };
    overlap(fold(pattern).as_bytes(), fold(text).as_bytes(), false)
}

/// Whether some text is covered by both patterns.
pub(super) fn meet(one: &str, other: &str) -> bool {
    overlap(one.as_bytes(), other.as_bytes(), true)
}

/// One row a byte of `one`: which beginnings of `other` may have been used up.
fn overlap(one: &[u8], other: &[u8], both: bool) -> bool {
    let star = |at: usize| both && other.get(at) == Some(&b'*');
    let mut row = vec![false; other.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    spread(&mut row, &star);
    for &byte in one {
        let mut next = vec![false; other.len() + 1];
        for (at, _) in row.iter().enumerate().filter(|(_, reached)| **reached) {
            if byte == b'*' || star(at) {
                set(&mut next, at);
            }
            let here = other.get(at).copied();
            let single = |byte: u8| byte == b'?';
            if here.is_some_and(|here| byte == here || single(byte) || both && single(here)) {
                set(&mut next, at + 1);
            }
        }
        if byte == b'*' {
            let first = next.iter().position(|reached| *reached).unwrap_or(next.len());
            next.iter_mut().skip(first).for_each(|slot| *slot = true);
        }
        spread(&mut next, &star);
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// A star of the other pattern may stand for nothing.
fn spread(row: &mut [bool], star: &impl Fn(usize) -> bool) {
    for at in 0..row.len() {
        if row.get(at).copied().unwrap_or_default() && star(at) {
            set(row, at + 1);
        }
    }
}

fn set(row: &mut [bool], at: usize) {
    if let Some(slot) = row.get_mut(at) {
        *slot = true;
    }
}

/// A value as a pattern of the rules, and what that adds.
pub(super) struct Carried {
    /// With `*` only.
    pub(super) text: String,
    /// Why it covers more than the original, if it does.
    pub(super) wider: Option<&'static str>,
}

/// A pattern of IAM's; `wild` says whether `*` and `?` mean anything in it.
pub(super) fn carried(value: &str, wild: bool) -> Carried {
    let mut text = String::with_capacity(value.len());
    let mut wider = None;
    let mut rest = value;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        text.push_str(before);
        match name {
            "*" | "?" | "$" => text.push_str(name),
            _ => {
                text.push('*');
                wider = Some("a policy variable stands for any text");
            }
        }
        rest = after;
    }
    text.push_str(rest);
    if wild && text.contains('?') {
        text = text.replace('?', "*");
        wider = Some("`?` became `*`");
    }
    if !wild && text.contains('*') && wider.is_none() {
        wider = Some("a literal `*` is a pattern in rules");
    }
    Carried { text, wider }
}
