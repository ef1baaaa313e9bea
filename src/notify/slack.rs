//! Slack's incoming webhooks, with Block Kit. Texts are `plain_text` and escaped: nothing in them mentions, links or formats,
//! and there is nothing to press: answers are given where people are known.

use serde_json::{Value, json};

use super::channel::{Failure, Post, Sent};
use super::letter::Letter;
use super::notice::plain;
use crate::config::{Slack, WebUrl};

/// <https://docs.slack.dev/reference/block-kit/blocks>: of a header's and of a section's text.
const HEADER_CHARS_MAX: usize = 150;
const SECTION_CHARS_MAX: usize = 3000;
/// Of what Slack answers, in errors: `no_service`, `channel_is_archived`.
const WORD_CHARS_MAX: usize = 60;
const GONE: u16 = 410;

pub(super) async fn send(slack: &Slack, letter: &Letter, post: &Post) -> Result<Sent, Failure> {
    let text = post.secret(&slack.url).await?;
    let url = WebUrl::parse(text.trim()).map_err(|why| Failure::new(format!("Slack's URL: {why}")))?;
    let body = message(letter).to_string();
    let reply = post.outbound.post(&url, &[], body.into()).await.map_err(Failure::from)?;
    // The host alone: the path is the secret.
    let host = format!("Slack ({})", url.authority);
    let word = plain(&String::from_utf8_lossy(&reply.body), WORD_CHARS_MAX);
    match reply.status {
        200..=299 => Ok(Sent { said: format!("{host} answered {}", reply.status) }),
        GONE => Err(Failure::gone(format!("{host} answered 410: {word}"))),
        status => Err(Failure::answered(&host, status, reply.retry_after).because(&word)),
    }
}

/// The blocks, and one line for where they are not shown.
pub(super) fn message(letter: &Letter) -> Value {
    let title = letter.title();
    let details: Vec<String> = letter.details().into_iter().map(|(label, text)| format!("{label}: {text}")).collect();
    let text =
        |text: &str, chars_max| json!({ "type": "plain_text", "text": escaped(text, chars_max), "emoji": false });
    json!({
        "text": escaped(&format!("blastgate: {title}"), SECTION_CHARS_MAX),
        "mrkdwn": false,
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [
            { "type": "header", "text": text("blastgate", HEADER_CHARS_MAX) },
            { "type": "section", "text": text(&title, SECTION_CHARS_MAX) },
            { "type": "section", "text": text(&details.join("\n"), SECTION_CHARS_MAX) },
        ],
    })
}

/// Slack's three characters escaped (<https://docs.slack.dev/messaging/formatting-message-text>); never cut inside one.
fn escaped(text: &str, chars_max: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for c in text.chars() {
        let mut buffer = [0; 4];
        let piece = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => c.encode_utf8(&mut buffer),
        };
        // Slack counts as JavaScript does.
        let length: usize = piece.chars().map(char::len_utf16).sum();
        if count + length > chars_max - 1 {
            out.push('…');
            break;
        }
        out.push_str(piece);
        count += length;
    }
    out
}
