//! The HTTP door: a forward proxy that opens TLS with a certificate of its own, reads each request, asks the gate, and
//! passes on what has a permit.
//!
//! [`proxy`] takes connections and tunnels, [`serve`] is one request's way, [`answer`] the form of a refusal.

pub mod answer;
mod connect;
pub mod proxy;
mod serve;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http_body_util::{Either, Full};

use crate::egress::{AnswerBody, Egress, server_key};
use crate::enforce::{Gate, Refusal};
use crate::identify::{Dialect, Known};
use crate::model::Principal;
use crate::model::http::Authority;
use crate::wire::intake::Intake;
use crate::wire::leaf::Leaves;

/// What a door's connections share.
#[derive(Debug)]
pub struct HttpDoor {
    /// Decides and records.
    pub gate: Arc<Gate>,
    /// Sends.
    pub egress: Egress,
    /// Reads bodies.
    pub intake: Intake,
    /// Certificates.
    pub leaves: Leaves,
    /// What the operator's configuration says about single targets, by `host:port`.
    pub targets: HashMap<String, Known>,
    /// Who comes through this listener.
    pub principal: Principal,
}

/// An upstream's answer, or ours.
type Answer = Response<Either<AnswerBody, Full<Bytes>>>;

impl HttpDoor {
    fn known(&self, authority: &Authority) -> Known {
        self.targets.get(&server_key(authority)).cloned().unwrap_or_default()
    }
}

/// A refusal as this door's answer.
fn refused(dialect: Dialect, method: &http::Method, refusal: &Refusal) -> Answer {
    answer::answer(dialect, method, refusal).map(|body| Either::Right(Full::new(body)))
}
