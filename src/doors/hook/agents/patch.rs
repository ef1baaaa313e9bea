//! The files that Codex's `apply_patch` touches.

use crate::identify::tool::ToolCall;

/// Every file that the patch adds, changes, removes or renames; `None` when it is no such patch.
pub(super) fn calls(text: &str) -> Option<Vec<ToolCall>> {
    let mut calls = Vec::new();
    let mut updated: Option<String> = None;
    for line in text.lines() {
        let line = line.trim_end();
        let of = |word: &str| line.strip_prefix(word).map(|path| path.trim().to_owned());
        if let Some(path) = of("*** Add File:") {
            calls.push(ToolCall::Write { path, keeps: false });
        } else if let Some(path) = of("*** Update File:") {
            calls.push(ToolCall::Write { path: path.clone(), keeps: true });
            updated = Some(path);
        } else if let Some(path) = of("*** Delete File:") {
            calls.push(ToolCall::Delete { path });
        } else if let (Some(to), Some(from)) = (of("*** Move to:"), &updated) {
            calls.push(ToolCall::Move { from: from.clone(), to });
        }
    }
    (!calls.is_empty()).then_some(calls)
}
