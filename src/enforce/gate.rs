//! The gate: decide, reserve, record, and only then permit.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use vec1::Vec1;

use super::admit::{Admission, Desk, Stop};
use super::checks::Checks;
use super::history::{Attempt, History};
use super::mode::{Obstacle, disposition};
use super::permit::{Carried, Destination, Permit, Spent};
use super::refusal::{Refusal, RefusalKind};
use super::snapshot::Snapshot;
use super::snapshots::Sought;
use super::tally::{Shared, Tally};
use super::unfinished::Unfinished;
use crate::approvals::{Approvals, Received};
use crate::classify::{Action, classify};
use crate::config::{Inventory, People};
use crate::decide::{Decision, Facts, Why, decide, refusal_text};
use crate::identify::Identified;
use crate::limits::{Buckets, Limits};
use crate::memory::{Entered, Memory, Quarantine};
use crate::model::http::Unreadable;
use crate::model::{
    Clock, Context, DecisionId, Disposition, Door, Evidence, Impact, Posture, Principal, Said, Scope, SessionId,
    Standing,
};
use crate::record::{
    ActionEntry, DecisionEntry, Entry, Grade, Ledger, LedgerError, Receipt, RejectedEntry, SessionEntry, SessionStep,
    redact,
};
use crate::rules::RuleSet;

/// What a gate is made of.
#[derive(Debug)]
pub struct GateParts {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// What is prod, whose.
    pub inventory: Inventory,
    /// Who there is, and how far their own hand reaches.
    pub people: People,
    /// The log.
    pub ledger: Ledger,
    /// How strict.
    pub posture: Posture,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What people are asked, and what they said.
    pub approvals: Arc<Approvals>,
    /// What the operator has checked before an approval is used.
    pub checks: Arc<dyn Checks>,
    /// What sessions did and declared.
    pub memory: Arc<Memory>,
    /// How long a call may wait for a limit's tokens.
    pub limit_hold: Duration,
}

/// The enforcement point.
#[derive(Debug)]
pub struct Gate {
    snapshot: ArcSwap<Snapshot>,
    pub(super) ledger: Ledger,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) desk: Desk,
    pub(super) history: History,
    /// The log that a gate of one question remembers from.
    own_log: Option<std::path::PathBuf>,
    pub(super) memory: Arc<Memory>,
    pub(super) tally: Arc<Shared>,
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
    /// What the agent says about it, for people.
    pub said: Said,
}

/// A decided request that has not been cleared: nothing was used up, nothing recorded.
#[derive(Debug)]
#[must_use = "a decided request must be cleared or dropped on purpose"]
pub struct Decided {
    /// Under which it will stand in the log.
    pub(super) id: DecisionId,
    pub(super) actions: Vec1<Action>,
    pub(super) decision: Decision,
    pub(super) context: Context,
    /// What was known beside the request.
    pub(super) facts: Facts,
    /// What it was judged by; nothing else judges it, however long it waits.
    pub(super) snapshot: Arc<Snapshot>,
    /// What an approval covers beside the actions: see [`bound`].
    pub(super) bound: Vec<String>,
    /// What the agent says about it.
    pub(super) said: Said,
    /// The snapshots that rules ask for.
    pub(super) snapshots: Sought,
    /// Its place in what the session did.
    pub(super) attempt: Option<Attempt>,
    /// Its place in what is remembered of the session.
    pub(super) entered: Option<Entered>,
    /// What the agent calls it, which is a reason where it gave none.
    pub(super) described: Option<String>,
    /// As the door received it, for people who are asked.
    pub(super) received: Option<Received>,
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

    /// The same, with the call as the door received it: people who are asked about it are shown that too.
    pub fn received(self, received: Received) -> Self {
        Self { received: Some(received), ..self }
    }
}

impl Gate {
    /// A gate of these parts.
    #[must_use]
    pub fn new(parts: GateParts) -> Self {
        let GateParts { rules, inventory, people, ledger, posture, clock, approvals, checks, memory, limit_hold } =
            parts;
        approvals.know(people.clone());
        let limits = Limits::new(Arc::clone(&rules), Arc::clone(&clock));
        let history = History::new(&rules, Arc::clone(&clock));
        let snapshot = ArcSwap::from_pointee(Snapshot { rules, inventory, people, posture, limits });
        let desk = Desk::new(approvals, checks, limit_hold);
        Self { snapshot, ledger, clock, desk, history, own_log: None, memory, tally: Arc::default() }
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// One that lives for one question, and reads in this log what the session did before where the question is about a
    /// change: most are not, and somebody waits.
    #[must_use]
    pub fn remembering(self, log: std::path::PathBuf) -> Self {
        Self { own_log: Some(log), ..self }
    }

    /// The log.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What is remembered of sessions.
    #[must_use]
    pub const fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// What people are asked, and what they said.
    #[must_use]
    pub const fn approvals(&self) -> &Arc<Approvals> {
        &self.desk.approvals
    }

    /// The rules that requests are judged by now.
    #[must_use]
    pub fn rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.snapshot.load().rules)
    }

    /// How strict the gate is now.
    #[must_use]
    pub fn posture(&self) -> Posture {
        self.snapshot.load().posture
    }

    /// Judges all further requests by these. One that was decided before is still cleared by what decided it. What was
    /// taken from a limit stays taken where its allowance is the same.
    ///
    /// Whether the new set may be taken up is not asked here.
    pub fn replace(&self, rules: Arc<RuleSet>, inventory: Inventory, people: People, posture: Posture) {
        let limits = self.snapshot.load().limits.succeeded_by(Arc::clone(&rules));
        self.desk.approvals.know(people.clone());
        self.history.keep_for(&rules);
        self.snapshot.store(Arc::new(Snapshot { rules, inventory, people, posture, limits }));
    }

    /// What was taken from limits, for whoever keeps it.
    #[must_use]
    pub fn buckets(&self) -> Buckets {
        self.snapshot.load().limits.buckets().clone()
    }

    /// What went through so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally.snapshot()
    }

    /// What went through so far for one session; of very many sessions the oldest are forgotten.
    #[must_use]
    pub fn tally_of(&self, session: SessionId) -> Tally {
        self.tally.of(session)
    }

    /// A client did not accept the gate's certificate for this host.
    pub fn distrusted(&self, host: &str) {
        self.tally.distrust(host);
    }

    /// Classifies and decides. Uses nothing up, records nothing.
    pub fn decide(&self, request: Request) -> Decided {
        let Request { identified, principal, door, evidence, said } = request;
        let snapshot = self.snapshot.load_full();
        let context = Context { principal, door, at: self.clock.now() };
        let mut actions = classify(identified, &snapshot.inventory, evidence);
        let entered = self.memory.mark(&context.principal, &mut actions);
        if let Some(quarantine) = entered.as_ref().and_then(Entered::led_to) {
            self.ledger.note(&quarantined(&context.principal, quarantine));
        }
        if let Some(log) = &self.own_log
            && actions.iter().any(reaches_out)
        {
            // What cannot be read is not remembered, as if the log were not there.
            let _ = self.remember_session(log, context.principal.session);
        }
        let standing = standing(&snapshot.people, &context.principal);
        let id = DecisionId::new(context.at, rand::random());
        let (past, mut attempt) = self.history.enter(&snapshot.rules, id, (&actions, &context, standing.as_ref()));
        let facts = Facts { standing, past };
        let decision = decide(&actions, &context, &snapshot.rules, &facts, snapshot.posture);
        if let Some(attempt) = &mut attempt {
            attempt.decided(decision.effect(), snapshot.posture);
        }
        let snapshots = self.history.snapshots(&decision, &actions);
        Decided {
            id,
            snapshots,
            actions,
            decision,
            context,
            facts,
            snapshot,
            bound: Vec::new(),
            said,
            attempt,
            entered,
            described: None,
            received: None,
        }
    }

    /// Takes what the decision needs (tokens, an approval), records decision and disposition, and gives the permit. May
    /// wait: for tokens as long as `limits.hold`, for people as long as `approvals.hold`.
    ///
    /// # Errors
    /// The request does not go on: decided so, or people have not let it pass, or a limit is used up, or the record
    /// cannot be written (503; tokens are given back, a used approval stays used).
    pub async fn clear(
        &self,
        mut decided: Decided,
        destination: Destination,
        carried: Carried,
    ) -> Result<Permit, Refusal> {
        let id = decided.id;
        decided.bound = bound(&decided.actions, &destination, &carried);
        let mut entry = entry(&decided, destination.label(), carried.sha256());
        let unfinished = Unfinished::new(&entry, &self.ledger, &self.tally);
        let Admission { stop, reservation, approval, has_spent, checks } =
            self.desk.admit(id, &decided, unfinished).await;
        entry.approval = approval;
        entry.checks.extend(checks);
        entry.disposition = disposition(obstacle(stop.as_ref()), decided.snapshot.posture);
        if let Some(Stop { why: Why::Limited(used), .. }) = &stop {
            entry.limit = Some(used.limit.clone());
        }
        // Before the wait: a client that goes away meanwhile is in the log all the same.
        self.tally.count(&entry);
        let disposition = entry.disposition;
        let receipt = self.record(entry).await.map_err(|error| unrecorded(&error))?;
        if let Some(reservation) = reservation {
            reservation.commit();
        }
        if let Some(attempt) = &mut decided.attempt {
            attempt.disposed(disposition);
        }
        match stop.filter(|_| disposition != Disposition::Observed) {
            None => {
                let spent = approval.filter(|_| has_spent).map(|id| Spent::new(id, &self.desk.approvals));
                let permit = Permit::new(id, receipt, destination, self.ledger.clone(), Arc::clone(&self.clock));
                let entered = self.let_through(decided.entered).await;
                Ok(permit.for_approval(spent).remembered(decided.attempt, entered))
            }
            Some(Stop { why, kind }) => {
                let message = redact::mask(&refusal_text(&decided.decision, &decided.actions, &why)).into_owned();
                let action = decided.decision.findings().first().map_or(0, |finding| finding.action);
                let operation = decided.actions.get(action).map(|action| action.operation().clone());
                Err(Refusal { id: Some(id), kind, message, operation })
            }
        }
    }

    /// Remembers that it was let through; what must not be lost with the process is in the state before it goes on.
    async fn let_through(&self, entered: Option<Entered>) -> Option<Entered> {
        let mut entered = entered?;
        if entered.let_through() {
            let memory = Arc::clone(&self.memory);
            // What cannot be written stays in memory, and is written later.
            let _ = tokio::task::spawn_blocking(move || memory.flush()).await;
        }
        Some(entered)
    }

    /// Records a request that has more than one reading, and gives the refusal that says so.
    pub async fn reject(
        &self,
        unreadable: &Unreadable,
        target: Option<String>,
        principal: &Principal,
        door: Door,
    ) -> Refusal {
        let (refusal, entry) = self.rejected(unreadable, target, principal, door);
        match self.ledger.append(&entry, Grade::Written).await {
            Ok(_receipt) => self.tally.reject(principal.session),
            Err(error) => return unrecorded(&error),
        }
        refusal
    }

    /// The refusal of a request that has more than one reading, and the entry that must stand before it is said.
    pub(super) fn rejected(
        &self,
        unreadable: &Unreadable,
        target: Option<String>,
        principal: &Principal,
        door: Door,
    ) -> (Refusal, Entry) {
        let at = self.clock.now();
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
        let refusal = Refusal {
            id: Some(id),
            kind: RefusalKind::Unreadable { status: unreadable.status },
            message: match (unreadable.status, door) {
                // Who asks, not how.
                (403 | 407, _) => format!("blastgate refused this request: {}.", unreadable.why),
                (_, Door::Http) => format!(
                    "blastgate refused this request because it cannot be read in exactly one way: {}. \
                     Send it in the plain form that the API's own client uses.",
                    unreadable.why
                ),
                _ => format!(
                    "blastgate stopped this call because it cannot be read in exactly one way: {}. \
                     Say it more plainly.",
                    unreadable.why
                ),
            },
            operation: None,
        };
        (refusal, entry)
    }

    /// Why the log cannot be written, and so nothing goes on. Blocks for a moment; not for asynchronous tasks.
    #[must_use]
    pub fn unwritable(&self) -> Option<String> {
        self.ledger.check().err().map(|error| format!("the log cannot be written: {error}"))
    }

    /// Reads survive our death, all else a power loss too.
    async fn record(&self, entry: DecisionEntry) -> Result<Receipt, LedgerError> {
        let only_reads = entry.actions.iter().all(|action| action.blast.impact == Impact::Read);
        let grade = if only_reads { Grade::Written } else { Grade::Durable };
        self.ledger.append(&Entry::Decision(Box::new(entry)), grade).await
    }
}

/// Whether it changes something beyond the agent's own workspace.
fn reaches_out(action: &Action) -> bool {
    action.blast().impact != Impact::Read && action.blast().scope != Scope::Local
}

/// What the log is told where a session did too much at once.
fn quarantined(principal: &Principal, quarantine: &Quarantine) -> Entry {
    Entry::Session(Box::new(SessionEntry {
        id: principal.session,
        at: quarantine.at,
        step: SessionStep::Quarantined,
        by: None,
        agent: principal.agent.clone(),
        person: principal.person.clone(),
        task: None,
        boundary: String::new(),
        why: quarantine.why.clone(),
    }))
}

/// What is known of the person that the session acts for.
fn standing(people: &People, principal: &Principal) -> Option<Standing> {
    let person = principal.person.as_deref().and_then(|name| people.named(name));
    person.map(|person| person.standing.clone())
}

/// The entry as it stands before it is known what becomes of the request.
pub(super) fn entry(decided: &Decided, request: String, body_sha256: Option<String>) -> DecisionEntry {
    DecisionEntry {
        id: decided.id,
        at: decided.context.at,
        principal: decided.context.principal.clone(),
        standing: decided.facts.standing.clone(),
        door: decided.context.door,
        request,
        actions: decided.actions.iter().map(ActionEntry::from).collect(),
        decision: decided.decision.effect(),
        disposition: Disposition::Refused,
        findings: decided.decision.findings().to_vec(),
        revision: decided.decision.revision().to_owned(),
        posture: decided.snapshot.posture,
        approval: None,
        limit: None,
        body_sha256,
        hook: None,
        checks: decided.snapshots.checks(),
    }
}

pub(super) const fn obstacle(stop: Option<&Stop>) -> Obstacle {
    match stop {
        None => Obstacle::Nothing,
        Some(Stop { why: Why::Limited(_), .. }) => Obstacle::Limit,
        Some(_) => Obstacle::Decision,
    }
}

/// What an approval covers beside the digests of the actions. Of AWS every parameter that decides is in those, while bodies
/// and signatures differ from call to call; of all others the destination and the body say what nobody else does: which
/// server behind a host's ports, which image, which document.
fn bound(actions: &Vec1<Action>, destination: &Destination, carried: &Carried) -> Vec<String> {
    if actions.iter().all(|action| action.operation().provider() == "aws") {
        return Vec::new();
    }
    let body = match carried {
        Carried::Nothing => "no body".to_owned(),
        Carried::Whole(sha256) => format!("body with the SHA-256 {sha256}"),
        Carried::Unread => "a body that is not read: any".to_owned(),
    };
    vec![format!("{}://{}", destination.scheme.as_str(), destination.authority), body]
}

/// No record, no service.
pub(super) fn unrecorded(error: &LedgerError) -> Refusal {
    Refusal {
        id: None,
        kind: RefusalKind::Unavailable { status: 503 },
        message: format!(
            "blastgate cannot write its log ({error}) and forwards nothing until it can. Ask your person."
        ),
        operation: None,
    }
}
