//! One request's way through the gate. All control flow is here; the leaves are elsewhere.

use std::convert::Infallible;
use std::sync::Arc;

use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Version};
use http_body::Body;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use sha2::{Digest, Sha256};
use tokio::runtime::{Handle, RuntimeFlavor};
use vec1::Vec1;

use super::callers::{Caller, claim};
use super::messages::Talk;
use super::upgrade::{Next, Slot, close_unless_switched, is_opening};
use super::{Answer, HttpDoor, Visit, Way, refused};
use crate::approvals::Received;
use crate::egress::Opened;
use crate::enforce::{self, Carried, Destination, Refusal};
use crate::head::request::{Origin, head_and_said};
use crate::identify::{self, Dialect};
use crate::model::http::{Head, Unreadable, Upgrade};
use crate::model::{Door, Evidence, Impact, Said};
use crate::wire::intake::{INLINE_BYTES_MAX, OutBody};

/// A refusal and the form it takes.
struct No {
    dialect: Dialect,
    refusal: Refusal,
}

/// Answers one request: with upstream's answer, or with ours.
pub(super) async fn serve(
    visit: &Visit,
    origin: &Origin,
    slot: &Slot,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let (method, version) = (request.method().clone(), request.version());
    let opens = is_opening(&request);
    let mut answer = match exchange(visit, origin, slot, request).await {
        Ok(answer) => answer,
        Err(no) => refused(no.dialect, &method, &no.refusal),
    };
    if let Way::Reverse(upstream) = &visit.entrance.way {
        stay(&mut answer, upstream);
    }
    if opens {
        close_unless_switched(&mut answer);
    } else if version == Version::HTTP_11 && visit.entrance.ending.is_near() {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer)
}

/// A redirection to the upstream itself would lead the client around the listener that it came through.
fn stay(answer: &mut Answer, upstream: &Origin) {
    let Some(authority) = &upstream.authority else { return };
    let Some(location) = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()) else { return };
    let prefix = format!("{}://", upstream.scheme.as_str());
    let Some((named, path)) = location.strip_prefix(&prefix).map(|rest| match rest.find(['/', '?']) {
        Some(at) => rest.split_at_checked(at).unwrap_or((rest, "")),
        None => (rest, ""),
    }) else {
        return;
    };
    if crate::head::authority::parse(named, upstream.scheme).is_ok_and(|named| named == *authority) {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        if let Ok(value) = HeaderValue::try_from(path) {
            answer.headers_mut().insert(header::LOCATION, value);
        }
    }
}

async fn exchange(visit: &Visit, origin: &Origin, slot: &Slot, request: Request<Incoming>) -> Result<Answer, No> {
    let (mut parts, body) = request.into_parts();
    let extensions = std::mem::take(&mut parts.extensions);
    let claimed = origin.authority.as_ref().map(ToString::to_string);
    let caller = match caller(visit, &parts) {
        Ok(caller) => caller,
        Err(unreadable) => {
            let nobody = visit.principal();
            let refusal = visit.gate.reject(&unreadable, claimed, &nobody, Door::Http).await;
            return Err(No { dialect: Dialect::Problem, refusal });
        }
    };
    let door = Inquiry { door: visit, caller: &caller };
    if parts.method == Method::CONNECT {
        let unreadable = Unreadable::new("a CONNECT inside another connection");
        return Err(reject(door, Dialect::Problem, claimed, unreadable).await);
    }
    let (head, said) = match head_and_said(parts, origin) {
        Ok(read) => read,
        Err(unreadable) => return Err(reject(door, Dialect::Problem, claimed, unreadable).await),
    };
    let target = Some(head.authority.to_string());
    let known = caller.reach.known(&head.authority);
    let route = match identify::route(&head, &known) {
        Ok(route) => route,
        Err(unreadable) => return Err(reject(door, identify::dialect(&head, &known), target, unreadable).await),
    };
    let dialect = route.dialect();
    let (identified, received, body) = match read(visit, &route, &head, body).await {
        Ok(named) => named,
        Err(unreadable) => return Err(reject(door, dialect, target, unreadable).await),
    };
    let principal = caller.principal.clone();
    // Of a connection that carries questions it holds for each of them.
    let heard = if head.upgrade.is_some() { said.clone() } else { Said::default() };
    let request = enforce::Request { identified, principal, door: Door::Http, evidence: Evidence::Observed, said };
    let decided = visit.gate.decide(request).received(received);
    let carried = carried(&decided, &body);
    let no = |refusal| No { dialect, refusal };
    let permit = visit.gate.clear(decided, Destination::of(&head), carried).await.map_err(no)?;
    let egress = &caller.reach.egress;
    if head.upgrade.is_none() {
        let answer = egress.send(permit, head.headers, extensions, body).await.map_err(no)?;
        return Ok(answer.map(Either::Left));
    }
    let posted = identify::posted(&head);
    Ok(match egress.upgrade(permit, head.headers, extensions, body).await.map_err(no)? {
        Opened::Answered(answer) => answer.map(Either::Left),
        Opened::Switched(answer, switched) => {
            slot.put(Next::Bytes(switched));
            answer.map(|()| Either::Right(Full::default()))
        }
        Opened::Conversing(answer, conversation) => {
            let (visit, caller) = (visit.clone(), Arc::clone(&caller));
            slot.put(Next::Messages(Box::new(Talk { visit, caller, posted, known, said: heard }), conversation));
            answer.map(|()| Either::Right(Full::default()))
        }
    })
}

/// Reads as much of the body as it takes, and names what is asked for.
async fn read(
    door: &HttpDoor,
    route: &identify::Route,
    head: &Head,
    body: Incoming,
) -> Result<(Vec1<identify::Identified>, Received, OutBody), Unreadable> {
    let bodiless = head.method == Method::GET || head.method == Method::HEAD;
    if bodiless && !body.is_end_stream() && body.size_hint().exact().is_none() {
        // HTTP/1 clients send no body with these unless its length is known: it would be judged and then dropped.
        return Err(Unreadable::new(format!("a {} with a body of unknown length", head.method)));
    }
    if head.upgrade.is_some() && body.size_hint().exact().is_none_or(|bytes| bytes > Upgrade::BODY_BYTES_MAX as u64) {
        return Err(Unreadable::status(413, "an Upgrade with a body that is too large"));
    }
    let (captured, body) = door.intake.take(body, &head.headers, route.need()).await?;
    let _turn = door.intake.turn(&captured).await;
    let identified = understand(captured.len(), || identify::identify(route, head, &captured))?;
    Ok((identified, Received::http(head, &captured), body))
}

/// Understands so many bytes. Many take long: other connections go on meanwhile.
pub(super) fn understand<T>(bytes: usize, read: impl FnOnce() -> T) -> T {
    match bytes {
        INLINE_BYTES_MAX.. if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(read)
        }
        _ => read(),
    }
}

/// Whether nothing more than reads is asked for.
pub(super) fn is_only_read(decided: &enforce::Decided) -> bool {
    decided.actions().iter().all(|action| action.blast().impact == Impact::Read)
}

/// What the request brings. Of reads nobody asks for more.
fn carried(decided: &enforce::Decided, body: &OutBody) -> Carried {
    match body.raw() {
        _ if body.is_end_stream() => Carried::Nothing,
        Some(raw) if !is_only_read(decided) => Carried::Whole(data_encoding::HEXLOWER.encode(&Sha256::digest(raw))),
        _ => Carried::Unread,
    }
}

/// Who asks: the connection's caller, or whom the request names.
fn caller(visit: &Visit, parts: &Parts) -> Result<Arc<Caller>, Unreadable> {
    match &visit.caller {
        Some(caller) if caller.is_closed() => Err(Unreadable::status(403, "the session of this connection was closed")),
        Some(caller) => Ok(Arc::clone(caller)),
        None => visit.entrance.callers.receive(claim(&parts.headers, &visit.entrance.way)?, visit.peer),
    }
}

/// A request, once it is known who asks.
#[derive(Clone, Copy)]
struct Inquiry<'a> {
    door: &'a HttpDoor,
    caller: &'a Caller,
}

async fn reject(asked: Inquiry<'_>, dialect: Dialect, target: Option<String>, unreadable: Unreadable) -> No {
    let refusal = asked.door.gate.reject(&unreadable, target, &asked.caller.principal, Door::Http).await;
    No { dialect, refusal }
}
