//! Standard Webhooks (<https://www.standardwebhooks.com>, specification 1.0): a JSON body, an id, a time, and a signature
//! for each secret over all three.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::channel::{Failure, Post, Sent};
use super::letter::Letter;
use crate::config::Webhook;

const PREFIX: &str = "whsec_";
/// "between 24 bytes (192 bits) and 64 bytes (512 bits)".
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const GONE: u16 = 410;

pub(super) async fn send(webhook: &Webhook, letter: &Letter, post: &Post) -> Result<Sent, Failure> {
    let keys = keys(&post.secret(&webhook.secret).await?)?;
    let body = letter.json().to_string();
    // The time of the attempt: receivers refuse old ones.
    let seconds = post.clock.now().millis() / 1000;
    let headers = [
        ("webhook-id", letter.id.clone()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures(&keys, &letter.id, seconds, &body)),
    ];
    let reply = post.outbound.post(&webhook.url, &headers, body.into()).await.map_err(Failure::from)?;
    match reply.status {
        200..=299 => Ok(Sent { said: format!("{} answered {}", webhook.url, reply.status) }),
        GONE => Err(Failure::gone(format!("{} answered 410 Gone", webhook.url))),
        status => Err(Failure::answered(&webhook.url.to_string(), status, reply.retry_after)),
    }
}

/// The keys of the secrets, one a line or more.
fn keys(text: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let bad = |why: &str| Failure::new(format!("the webhook's secret {why}"));
    let key = |secret: &str| {
        let encoded = secret.strip_prefix(PREFIX).ok_or_else(|| bad("does not begin with `whsec_`"))?;
        let key = BASE64.decode(encoded.as_bytes()).map_err(|_| bad("is not base64 behind `whsec_`"))?;
        if KEY_BYTES.contains(&key.len()) { Ok(key) } else { Err(bad("does not have 24 to 64 bytes")) }
    };
    let keys = text.split_whitespace().map(key).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(bad("is empty")) } else { Ok(keys) }
}

fn signatures(keys: &[Vec<u8>], id: &str, seconds: u64, body: &str) -> String {
    let sign = |key: &Vec<u8>| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        Some(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
    };
    keys.iter().filter_map(sign).collect::<Vec<_>>().join(" ")
}
