//! A check that is an endpoint: the JSON is posted to it, status 200 is a yes.
//!
//! It goes the way of the operator's own traffic ([`crate::outbound`]): checked addresses, the operator's proxy and roots. A
//! redirection is a no, and nobody goes where it leads.

use std::time::Duration;

use bytes::Bytes;

use super::command::humane;
use super::{BYTES_MAX, Reply};
use crate::config::WebUrl;
use crate::outbound::Outbound;

const OK: u16 = 200;

pub(super) fn ask(way: &Outbound, url: &str, about: String, within: Duration) -> Reply {
    let url = match WebUrl::parse(url) {
        Ok(url) => url,
        Err(why) => return Reply::no(why),
    };
    // Of its own: a hook that decides alone has none, and who asks here may block.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Reply::no(format!("it cannot be asked: {error}")),
    };
    let answered =
        runtime.block_on(async { tokio::time::timeout(within, way.post(&url, &[], Bytes::from(about))).await });
    // A name that is still being resolved is nobody's to wait for.
    runtime.shutdown_background();
    let answer = match answered {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Reply::no(format!("it cannot be asked: {error}")),
        Err(_) => return Reply::no(format!("no answer within {}", humane(within))),
    };
    if matches!(answer.status, 300..400) {
        // What stands in its body speaks of somewhere else.
        return Reply::no(format!("it answered {}, and redirections are not followed", answer.status));
    }
    let said = answer.body.iter().copied().take(BYTES_MAX).collect();
    Reply { passed: answer.status == OK, said, why: format!("it answered {}", answer.status) }
}
