//! One request's way through the gate. All control flow is here; the leaves are elsewhere.

use std::convert::Infallible;

use http::{Method, Request};
use http_body::Body;
use http_body_util::Either;
use hyper::body::Incoming;
use sha2::{Digest, Sha256};
use tokio::runtime::{Handle, RuntimeFlavor};
use vec1::Vec1;

use super::{Answer, HttpDoor, refused};
use crate::enforce::{self, Destination, Refusal};
use crate::head::request::{Origin, head_of};
use crate::identify::{self, Dialect};
use crate::model::http::{Head, Unreadable};
use crate::model::{Door, Evidence, Impact};
use crate::wire::intake::{INLINE_BYTES_MAX, OutBody};

/// A refusal and the form it takes.
struct No {
    dialect: Dialect,
    refusal: Refusal,
}

/// Answers one request: with upstream's answer, or with ours.
pub(super) async fn serve(door: &HttpDoor, origin: &Origin, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let method = request.method().clone();
    Ok(match exchange(door, origin, request).await {
        Ok(answer) => answer,
        Err(no) => refused(no.dialect, &method, &no.refusal),
    })
}

async fn exchange(door: &HttpDoor, origin: &Origin, request: Request<Incoming>) -> Result<Answer, No> {
    let (mut parts, body) = request.into_parts();
    let extensions = std::mem::take(&mut parts.extensions);
    let claimed = origin.authority.as_ref().map(ToString::to_string);
    if parts.method == Method::CONNECT {
        let unreadable = Unreadable::new("a CONNECT inside another connection");
        return Err(reject(door, Dialect::Problem, claimed, unreadable).await);
    }
    let head = match head_of(parts, origin) {
        Ok(head) => head,
        Err(unreadable) => return Err(reject(door, Dialect::Problem, claimed, unreadable).await),
    };
    let target = Some(head.authority.to_string());
    let known = door.known(&head.authority);
    let route = match identify::route(&head, &known) {
        Ok(route) => route,
        Err(unreadable) => return Err(reject(door, identify::dialect(&head, &known), target, unreadable).await),
    };
    let dialect = route.dialect();
    let (identified, body) = match read(door, &route, &head, body).await {
        Ok(named) => named,
        Err(unreadable) => return Err(reject(door, dialect, target, unreadable).await),
    };
    let request = enforce::Request {
        identified,
        principal: door.principal.clone(),
        door: Door::Http,
        evidence: Evidence::Observed,
    };
    let decided = door.gate.decide(request);
    let digest = body_digest(&decided, &body);
    let no = |refusal| No { dialect, refusal };
    let permit = door.gate.clear(decided, Destination::of(&head), digest).await.map_err(no)?;
    let answer = door.egress.send(permit, head.headers, extensions, body).await.map_err(no)?;
    Ok(answer.map(Either::Left))
}

/// Reads as much of the body as it takes, and names what is asked for.
async fn read(
    door: &HttpDoor,
    route: &identify::Route,
    head: &Head,
    body: Incoming,
) -> Result<(Vec1<identify::Identified>, OutBody), Unreadable> {
    let bodiless = head.method == Method::GET || head.method == Method::HEAD;
    if bodiless && !body.is_end_stream() && body.size_hint().exact().is_none() {
        // HTTP/1 clients send no body with these unless its length is known: it would be judged and then dropped.
        return Err(Unreadable::new(format!("a {} with a body of unknown length", head.method)));
    }
    let (captured, body) = door.intake.take(body, &head.headers, route.need()).await?;
    let _turn = door.intake.turn(&captured).await;
    let identified = match captured.len() {
        // Large bodies take long to read: other connections go on meanwhile.
        INLINE_BYTES_MAX.. if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(|| identify::identify(route, head, &captured))?
        }
        _ => identify::identify(route, head, &captured)?,
    };
    Ok((identified, body))
}

/// SHA-256 of a body that was read whole, for everything but reads.
fn body_digest(decided: &enforce::Decided, body: &OutBody) -> Option<String> {
    let only_reads = decided.actions().iter().all(|action| action.blast().impact == Impact::Read);
    let raw = body.raw().filter(|raw| !only_reads && !raw.is_empty())?;
    Some(data_encoding::HEXLOWER.encode(&Sha256::digest(raw)))
}

async fn reject(door: &HttpDoor, dialect: Dialect, target: Option<String>, unreadable: Unreadable) -> No {
    let refusal = door.gate.reject(&unreadable, target, &door.principal, Door::Http).await;
    No { dialect, refusal }
}
