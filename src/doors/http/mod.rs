//! The HTTP door: a forward proxy that opens TLS with a certificate of its own, and reverse listeners that each lead to
//! one upstream. It reads each request, asks the gate, and passes on what has a permit.
//!
//! [`listen`] takes connections, `proxy` and `connect` what a forward proxy is asked for, `serve` is one request's way,
//! [`callers`] says who asks, [`answer`] the form of a refusal.

pub mod answer;
pub mod callers;
mod connect;
mod connection;
pub mod listen;
mod messages;
mod proxy;
mod serve;
mod upgrade;

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http_body_util::{Either, Full};

use self::callers::{Caller, Callers, Peer};
use crate::catalog::lifelines;
use crate::config::Glob;
use crate::egress::AnswerBody;
use crate::enforce::{Gate, Refusal};
use crate::head::request::Origin;
use crate::identify::{self, Dialect};
use crate::model::Principal;
use crate::model::http::Authority;
use crate::wire::intake::Intake;
use crate::wire::leaf::Leaves;

/// What all listeners of one gate share.
#[derive(Debug)]
pub struct HttpDoor {
    /// Decides and records.
    pub gate: Arc<Gate>,
    /// Reads bodies.
    pub intake: Intake,
    /// Certificates.
    pub leaves: Leaves,
    /// Hosts that are passed unopened, beside those that an agent needs to live.
    pub unopened: Vec<Glob>,
}

impl HttpDoor {
    fn is_unopened(&self, host: &str) -> bool {
        lifelines::unopened(host) || self.unopened.iter().any(|pattern| pattern.matches(host))
    }
}

/// One listener: what its clients speak, and who they are.
#[derive(Debug)]
pub struct Entrance {
    /// What it shares with the others.
    pub door: Arc<HttpDoor>,
    /// Who comes through it.
    pub callers: Callers,
    /// Where it leads.
    pub way: Way,
    /// How it ends.
    pub ending: listen::Ending,
}

/// Where a listener leads.
#[derive(Clone, Debug)]
pub enum Way {
    /// Wherever its clients ask to go: CONNECT and absolute-form requests.
    Forward,
    /// To one upstream.
    Reverse(Arc<Origin>),
}

/// One connection of a client.
#[derive(Clone, Debug)]
struct Visit {
    entrance: Arc<Entrance>,
    peer: Peer,
    /// Who it is, where the connection says so: else each request does.
    caller: Option<Arc<Caller>>,
}

impl std::ops::Deref for Visit {
    type Target = HttpDoor;

    fn deref(&self) -> &HttpDoor {
        &self.entrance.door
    }
}

impl Visit {
    /// How whoever speaks to this target is told no, before a request could be read.
    fn dialect(&self, target: Option<&Authority>) -> Dialect {
        let received = || self.entrance.callers.receive(None, self.peer).ok();
        let caller = self.caller.clone().or_else(received);
        let known = target.zip(caller).map(|(target, caller)| caller.reach.known(target));
        known.map_or(Dialect::Problem, |known| identify::dialect_of_target(&known))
    }

    /// Whoever this is, for the record of what could not be read.
    fn principal(&self) -> Principal {
        self.caller.as_ref().map_or_else(|| self.entrance.callers.nobody(self.peer), |caller| caller.principal.clone())
    }
}

/// An upstream's answer, or ours.
type Answer = Response<Either<AnswerBody, Full<Bytes>>>;

/// A refusal as this door's answer.
fn refused(dialect: Dialect, method: &http::Method, refusal: &Refusal) -> Answer {
    answer::answer(dialect, method, refusal).map(|body| Either::Right(Full::new(body)))
}
