//! What an agent needs to live, as data.

/// Whether connections to this host are passed without being opened (model APIs: prompts are never seen).
#[must_use]
pub fn unopened(host: &str) -> bool {
    host == "api.anthropic.com"
}

/// The host patterns that are never opened.
#[must_use]
pub fn unopened_patterns() -> Vec<String> {
    vec!["api.anthropic.com".to_owned()]
}
