//! Which openings of another protocol are understood: one closed list, held for bytes and for header maps alike.
//!
//! What follows an opening is not HTTP any more, if upstream agrees, and is the next request if it does not. So an opening
//! is one that every server reads alike, or it is refused: one known name, announced in `Connection`, with a body of known
//! length or none. `TLS/1.0` and lists of names are never passed, and `h2c` (which RFC 9113, section 3.1, took away) only
//! where Docker's clients open it for BuildKit: nobody sees what is asked for inside.

use crate::model::http::{Unreadable, Upgrade};

/// What a head says about an upgrade, collected line by line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opening<'a> {
    /// The value of `Upgrade`.
    name: Option<&'a str>,
    /// Another `Upgrade` line.
    again: bool,
    /// `Connection` has the option `upgrade`.
    announced: bool,
    /// `Sec-WebSocket-Key`, and how often it is there.
    keys: usize,
    /// `Sec-WebSocket-Version`, where it is there once.
    version: Option<&'a str>,
    versions: usize,
    expects: bool,
}

/// The rest of a head, as far as it takes part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) method: &'a str,
    /// Without the query.
    pub(super) path: &'a str,
    /// Its body's length; `None` where it is not known.
    pub(super) length: Option<u64>,
}

impl<'a> Opening<'a> {
    /// Takes one line; those that do not matter here are left alone.
    pub(super) fn take(&mut self, name: &str, value: impl FnOnce() -> &'a str) {
        if name.eq_ignore_ascii_case("upgrade") {
            self.again |= self.name.replace(value()).is_some();
        } else if name.eq_ignore_ascii_case("connection") {
            self.announced |= value().split(',').any(|option| option.trim().eq_ignore_ascii_case("upgrade"));
        } else if name.eq_ignore_ascii_case("sec-websocket-key") {
            self.keys += 1;
        } else if name.eq_ignore_ascii_case("sec-websocket-version") {
            self.versions += 1;
            self.version = Some(value());
        } else if name.eq_ignore_ascii_case("expect") {
            self.expects = true;
        }
    }

    /// What is opened, if anything is.
    ///
    /// # Errors
    /// It is not one of the openings that are understood.
    pub(super) fn read(self, message: Message<'_>) -> Result<Option<Upgrade>, Unreadable> {
        let Some(name) = self.name else {
            return if self.announced {
                Err(Unreadable::new("`Connection: upgrade` without an Upgrade"))
            } else {
                Ok(None)
            };
        };
        if self.again {
            return Err(Unreadable::new("more than one Upgrade header"));
        }
        let known = Upgrade::parse(name).ok_or_else(|| {
            Unreadable::status(501, "an upgrade to something else than `websocket`, `SPDY/3.1`, `tcp` or `h2c`")
        })?;
        if !self.announced {
            return Err(Unreadable::new("an Upgrade that Connection does not announce"));
        }
        if self.expects {
            return Err(Unreadable::new("an Upgrade with an Expect"));
        }
        let length = message.length.ok_or_else(|| Unreadable::new("an Upgrade with a body of unknown length"))?;
        let bodiless = || {
            if length == 0 {
                Ok(())
            } else {
                Err(Unreadable::new(format!("an upgrade to `{}` with a body", known.as_str())))
            }
        };
        match known {
            Upgrade::WebSocket => {
                bodiless()?;
                if message.method != "GET" || self.keys != 1 || self.versions != 1 || self.version != Some("13") {
                    return Err(Unreadable::new(
                        "a WebSocket opening that is not a GET with one Sec-WebSocket-Key and version 13",
                    ));
                }
            }
            // The API server takes both for the same connection.
            Upgrade::Spdy if matches!(message.method, "POST" | "GET") => bodiless()?,
            Upgrade::Spdy => return Err(Unreadable::new("a SPDY opening that is neither POST nor GET")),
            Upgrade::Tcp if message.method != "POST" || !hijacks(message.path) => {
                return Err(Unreadable::status(
                    501,
                    "an upgrade to `tcp` elsewhere than where the Docker Engine API has it",
                ));
            }
            Upgrade::Tcp if length > Upgrade::BODY_BYTES_MAX as u64 => {
                return Err(Unreadable::status(413, "an Upgrade with a body larger than 64 KiB"));
            }
            Upgrade::Tcp => {}
            Upgrade::H2c
                if message.method != "POST" || !matches!(segments(message.path).as_slice(), ["session" | "grpc"]) =>
            {
                return Err(Unreadable::status(
                    501,
                    "an upgrade to `h2c` elsewhere than where the Docker Engine API has it",
                ));
            }
            Upgrade::H2c => bodiless()?,
        }
        Ok(Some(known))
    }
}

/// The Docker Engine API's paths that become raw streams: `[/vN.NN]/containers/ID/attach`, `[/vN.NN]/exec/ID/start`.
fn hijacks(path: &str) -> bool {
    let is_id = |id: &str| {
        !id.is_empty()
            && id.starts_with(|c: char| c.is_ascii_alphanumeric())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    };
    matches!(segments(path).as_slice(), ["containers", id, "attach"] | ["exec", id, "start"] if is_id(id))
}

/// The path's segments without the version that may stand before them.
fn segments(path: &str) -> Vec<&str> {
    let Some(path) = path.strip_prefix('/') else { return vec![] };
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.first().is_some_and(|first| is_version(first)) {
        parts.remove(0);
    }
    parts
}

/// `v1.43`.
fn is_version(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

#[cfg(test)]
mod tests;
