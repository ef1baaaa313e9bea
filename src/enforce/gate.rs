//! The gate: decide, reserve, record, and only then permit.

use std::sync::Arc;

use vec1::Vec1;

use super::mode::disposition;
use super::permit::{Destination, Permit};
use super::refusal::{Refusal, RefusalKind};
use super::tally::{Shared, Tally};
use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::decide::{Decision, Facts, Used, Why, decide, refusal_text};
use crate::identify::Identified;
use crate::limits::{Exceeded, Limits, Reservation};
use crate::model::http::Unreadable;
use crate::model::{
    ApprovalId, Clock, Context, DecisionId, Disposition, Door, Effect, Evidence, Impact, Posture, Principal, Timestamp,
};
use crate::record::{ActionEntry, DecisionEntry, Entry, Grade, Ledger, LedgerError, Receipt, RejectedEntry, redact};
use crate::rules::RuleSet;

/// What a gate is made of.
#[derive(Debug)]
pub struct GateParts {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// What is prod, whose.
    pub inventory: Inventory,
    /// The log.
    pub ledger: Ledger,
    /// How strict.
    pub posture: Posture,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The enforcement point.
#[derive(Debug)]
pub struct Gate {
    parts: GateParts,
    limits: Limits,
    tally: Shared,
}

/// One request as a door hands it over.
#[derive(Debug)]
pub struct Request {
    /// What it asks for.
    pub identified: Vec1<Identified>,
    /// Who asks.
    pub principal: Principal,
    /// Through which door.
    pub door: Door,
    /// How we know.
    pub evidence: Evidence,
}

/// A decided request that has not been cleared: nothing was used up, nothing recorded.
#[derive(Debug)]
#[must_use = "a decided request must be cleared or dropped on purpose"]
pub struct Decided {
    actions: Vec1<Action>,
    decision: Decision,
    context: Context,
}

impl Decided {
    /// The answer.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// What was asked for.
    #[must_use]
    pub const fn actions(&self) -> &Vec1<Action> {
        &self.actions
    }
}

/// What stops a request, worked out before it is recorded.
enum Stop {
    Nothing,
    Why(Why, RefusalKind),
}

impl Gate {
    /// A gate of these parts.
    #[must_use]
    pub fn new(parts: GateParts) -> Self {
        let limits = Limits::new(Arc::clone(&parts.rules), Arc::clone(&parts.clock));
        Self { parts, limits, tally: Shared::default() }
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.parts.clock
    }

    /// What went through so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.snapshot()
    }

    /// A client did not accept the gate's certificate for this host.
    pub fn distrusted(&self, host: &str) {
        self.tally.distrust(host);
    }

    /// Classifies and decides. Uses nothing up, records nothing.
    pub fn decide(&self, request: Request) -> Decided {
        let Request { identified, principal, door, evidence } = request;
        let context = Context { principal, door, at: self.parts.clock.now() };
        let actions = classify(identified, &self.parts.inventory, evidence);
        let decision = decide(&actions, &context, &self.parts.rules, &Facts::default(), self.parts.posture);
        Decided { actions, decision, context }
    }

    /// Takes what the decision needs (tokens), records decision and disposition, and gives the permit.
    ///
    /// # Errors
    /// The request does not go on: decided so, or a limit is used up, or the record cannot be written (503; what was
    /// taken is given back).
    pub async fn clear(
        &self,
        decided: Decided,
        destination: Destination,
        body_sha256: Option<String>,
    ) -> Result<Permit, Refusal> {
        let id = DecisionId::new(self.parts.clock.now(), rand::random());
        let (stop, reservation) = self.stop(&decided);
        let mut entry = self.entry(id, &decided, &destination, body_sha256);
        let refusal = match stop {
            Stop::Nothing => None,
            Stop::Why(why, kind) => {
                entry.disposition = disposition(entry.decision, self.parts.posture, matches!(why, Why::Limited(_)));
                match &why {
                    Why::ApprovalNeeded(approval) => entry.approval = Some(*approval),
                    Why::Limited(used) => {
                        entry.limit = Some(used.limit.clone());
                        entry.approval = used.approval;
                    }
                    Why::Denied => {}
                }
                Some((why, kind))
            }
        };
        // Before the wait: a client that goes away meanwhile is in the log all the same.
        self.tally.count(&entry);
        let disposition = entry.disposition;
        let receipt = self.record(entry).await.map_err(|error| unrecorded(&error))?;
        if let Some(reservation) = reservation {
            reservation.commit();
        }
        match refusal.filter(|_| disposition != Disposition::Observed) {
            None => Ok(Permit::new(id, receipt, destination, self.parts.ledger.clone(), Arc::clone(&self.parts.clock))),
            Some((why, kind)) => {
                let message = redact::mask(&refusal_text(&decided.decision, &decided.actions, &why)).into_owned();
                let action = decided.decision.findings().first().map_or(0, |finding| finding.action);
                let operation = decided.actions.get(action).map(|action| action.operation().clone());
                Err(Refusal { id: Some(id), kind, message, operation })
            }
        }
    }

    /// Records a request that has more than one reading, and gives the refusal that says so.
    pub async fn reject(
        &self,
        unreadable: &Unreadable,
        target: Option<String>,
        principal: &Principal,
        door: Door,
    ) -> Refusal {
        let at = self.parts.clock.now();
        let id = DecisionId::new(at, rand::random());
        let entry = Entry::Rejected(RejectedEntry {
            id,
            at,
            principal: principal.clone(),
            door,
            target,
            status: unreadable.status,
            why: unreadable.why.clone(),
        });
        if let Err(error) = self.parts.ledger.append(&entry, Grade::Written).await {
            return unrecorded(&error);
        }
        let refusal = Refusal {
            id: Some(id),
            kind: RefusalKind::Unreadable { status: unreadable.status },
            message: format!(
                "blastgate refused this request because it cannot be read in exactly one way: {}. \
                 Send it in the plain form that the API's own client uses.",
                unreadable.why
            ),
            operation: None,
        };
        self.tally.reject();
        refusal
    }

    /// What stops this request, if anything; tokens are reserved only when nothing else does.
    fn stop(&self, decided: &Decided) -> (Stop, Option<Reservation<'_>>) {
        match decided.decision.effect() {
            Effect::Deny => (Stop::Why(Why::Denied, RefusalKind::Denied), None),
            Effect::Escalate => {
                let id = ApprovalId::new(decided.context.at, rand::random());
                (Stop::Why(Why::ApprovalNeeded(id), RefusalKind::ApprovalNeeded(id)), None)
            }
            Effect::Allow | Effect::Throttle => {
                match self.limits.reserve(decided.context.principal.session, &decided.actions) {
                    Ok(reservation) => (Stop::Nothing, Some(reservation)),
                    Err(exceeded) => (limited(&exceeded, decided.context.at), None),
                }
            }
        }
    }

    fn entry(
        &self,
        id: DecisionId,
        decided: &Decided,
        destination: &Destination,
        body_sha256: Option<String>,
    ) -> DecisionEntry {
        DecisionEntry {
            id,
            at: decided.context.at,
            principal: decided.context.principal.clone(),
            door: decided.context.door,
            request: destination.label(),
            actions: decided.actions.iter().map(ActionEntry::from).collect(),
            decision: decided.decision.effect(),
            disposition: disposition(decided.decision.effect(), self.parts.posture, false),
            findings: decided.decision.findings().to_vec(),
            revision: decided.decision.revision().to_owned(),
            posture: self.parts.posture,
            approval: None,
            limit: None,
            body_sha256,
        }
    }

    /// Reads survive our death, all else a power loss too.
    async fn record(&self, entry: DecisionEntry) -> Result<Receipt, LedgerError> {
        let only_reads = entry.actions.iter().all(|action| action.blast.impact == Impact::Read);
        let grade = if only_reads { Grade::Written } else { Grade::Durable };
        self.parts.ledger.append(&Entry::Decision(Box::new(entry)), grade).await
    }
}

/// What a used-up limit says: ask people, or no.
fn limited(exceeded: &Exceeded<'_>, at: Timestamp) -> Stop {
    let Exceeded { limit, retry_after } = exceeded;
    let approval = (limit.decision != Effect::Deny).then(|| ApprovalId::new(at, rand::random()));
    let kind = approval.map_or(RefusalKind::Denied, RefusalKind::ApprovalNeeded);
    let used = Used {
        limit: limit.id.clone(),
        message: limit.message.clone(),
        instead: limit.instead.clone(),
        wait: *retry_after,
        approval,
    };
    Stop::Why(Why::Limited(used), kind)
}

/// No record, no service.
fn unrecorded(error: &LedgerError) -> Refusal {
    Refusal {
        id: None,
        kind: RefusalKind::Unavailable { status: 503 },
        message: format!(
            "blastgate cannot write its log ({error}) and forwards nothing until it can. Ask your person."
        ),
        operation: None,
    }
}
