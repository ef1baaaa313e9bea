//! Whatever happens in whatever order: nothing passes without a quorum that stands.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::people::{asking, asks, of, people, word};
use super::*;

/// What may happen. Calls are 0..3; people 0..5 in the order of the list.
#[derive(Clone, Copy, Debug)]
enum Event {
    Ask(u8, bool),
    Say(u8, u8, Said),
    Use(u8, bool),
    NoAnswer(u8),
    Pass(u16),
    ClockBack(u16),
    Crash,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let said = prop_oneof![5 => Just(Said::Approve), 1 => Just(Said::Deny), 1 => Just(Said::Withdraw)];
    let event = prop_oneof![
        4 => (0..3u8, prop::bool::weighted(0.2)).prop_map(|(call, strict)| Event::Ask(call, strict)),
        6 => (0..5u8, 0..3u8, said).prop_map(|(person, call, said)| Event::Say(person, call, said)),
        5 => (0..3u8, prop::bool::weighted(0.2)).prop_map(|(call, strict)| Event::Use(call, strict)),
        2 => (0..3u8).prop_map(Event::NoAnswer),
        2 => (0..2400u16).prop_map(Event::Pass),
        1 => (0..2400u16).prop_map(Event::ClockBack),
        1 => Just(Event::Crash),
    ];
    prop::collection::vec(event, 1..60)
}

const NAMES: [&str; 5] = ["ana", "bo", "cy", "dee", "eve"];

/// What an observer believes of one request who only sees votes, uses and time.
#[derive(Clone, Debug, Default)]
struct Truth {
    /// Who says yes at the moment.
    yes: BTreeSet<&'static str>,
    /// The second at which they became enough.
    enough_at: Option<u64>,
    is_denied: bool,
    /// Whether it was asked under the strict requirement.
    is_strict: bool,
    /// For each call: how often sent, and the second at which it came to no answer.
    sent: BTreeMap<u8, (u32, Option<u64>)>,
}

impl Truth {
    /// Two of bo, cy and dee: ana asks, eve is no sre. Strict: bo or dee must be among them.
    fn is_enough(&self) -> bool {
        let counting = self.yes.iter().filter(|one| matches!(**one, "bo" | "cy" | "dee")).count();
        counting >= 2 && (!self.is_strict || self.yes.contains("bo") || self.yes.contains("dee"))
    }
}

fn asked(call: u8, strict: bool) -> Question {
    let including = if strict { vec![of(1, &["owner"])] } else { vec![] };
    let id = if strict { "r/strict" } else { "r/plain" };
    let requirement = asking(id, vec![asks(of(2, &["role:sre"]), including)], &["@core"]);
    Question::new(&principal(1), &vec1![action(&call.to_string())], requirement, "r_1")
}

/// One run; `seconds` are those that really passed.
struct Run {
    bench: Bench,
    approvals: Arc<Approvals>,
    seconds: u64,
    truths: HashMap<ApprovalId, Truth>,
    /// The request that a call was last told of.
    told: BTreeMap<u8, ApprovalId>,
    /// The decision that last sent a call, under which request.
    sent: BTreeMap<u8, (ApprovalId, DecisionId)>,
    decisions: u128,
}

impl Run {
    fn ask(&mut self, call: u8, strict: bool) -> Result<(), TestCaseError> {
        match self.approvals.ask(&asked(call, strict)).unwrap() {
            Answer::Waiting(request) => {
                let truth = self.truths.entry(request.id).or_default();
                truth.is_strict |= strict;
                self.told.insert(call, request.id);
            }
            Answer::Approved(request) => {
                let truth = &self.truths[&request.id];
                prop_assert!(truth.is_enough() && !truth.is_denied, "approved by {:?}", truth.yes);
                self.told.insert(call, request.id);
            }
            _ => {}
        }
        Ok(())
    }

    fn say(&mut self, person: u8, call: u8, said: Said) {
        let name = NAMES[usize::from(person)];
        let Some(id) = self.told.get(&call) else { return };
        let request = self.approvals.show(*id).unwrap().unwrap();
        if self.approvals.say(word(&self.bench, &request, name, 0, said)).is_err() {
            return;
        }
        let truth = self.truths.get_mut(id).unwrap();
        let was = truth.is_enough();
        match said {
            Said::Approve => drop(truth.yes.insert(name)),
            Said::Deny => truth.is_denied = true,
            _ => drop(truth.yes.remove(name)),
        }
        if truth.is_enough() && !was {
            truth.enough_at = Some(self.seconds);
        }
    }

    fn use_up(&mut self, call: u8, strict: bool) -> Result<(), TestCaseError> {
        let Some(id) = self.told.get(&call).copied() else { return Ok(()) };
        self.decisions += 1;
        let decision = decision(self.decisions);
        if !self.approvals.use_up(id, &asked(call, strict), decision).unwrap() {
            return Ok(());
        }
        let within = Settings::default().use_within.as_secs();
        let truth = self.truths.get_mut(&id).unwrap();
        prop_assert!(truth.is_enough() && !truth.is_denied, "used with {:?}", truth.yes);
        prop_assert!(truth.is_strict || !strict, "covers more than was asked about");
        let enough_at = truth.enough_at.expect("enough at some time");
        prop_assert!(self.seconds < enough_at + within, "used after its end");
        let (times, unanswered) = truth.sent.get(&call).copied().unwrap_or_default();
        prop_assert!(times == 0 || unanswered.is_some_and(|at| self.seconds < at + 60), "sent twice");
        prop_assert!(times < 3, "sent {times} times already");
        truth.sent.insert(call, (times + 1, None));
        self.sent.insert(call, (id, decision));
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Ask(call, strict) => self.ask(call, strict)?,
            Event::Say(person, call, said) => self.say(person, call, said),
            Event::Use(call, strict) => self.use_up(call, strict)?,
            Event::NoAnswer(call) => {
                if let Some((id, decision)) = self.sent.get(&call) {
                    self.approvals.unanswered(*id, *decision).unwrap();
                    let sent = self.truths.get_mut(id).and_then(|truth| truth.sent.get_mut(&call));
                    if let Some((_, at)) = sent {
                        *at = Some(self.seconds);
                    }
                }
            }
            Event::Pass(by) => {
                self.seconds += u64::from(by);
                self.bench.clock.forward(Duration::from_secs(u64::from(by)));
            }
            Event::ClockBack(by) => {
                let _ = self.bench.clock.wall.fetch_sub(i64::from(by) * 1000, Ordering::SeqCst);
            }
            Event::Crash => {
                self.approvals = self.bench.reopened();
                self.approvals.know(people());
            }
        }
        Ok(())
    }
}

#[test]
fn nothing_passes_without_a_quorum_that_stands() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let cases = std::env::var("BLASTGATE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150);
    let config = Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&events(), |events| {
            let bench = bench();
            let approvals = Arc::clone(&bench.approvals);
            approvals.know(people());
            let mut run = Run {
                bench,
                approvals,
                seconds: 0,
                truths: HashMap::new(),
                told: BTreeMap::new(),
                sent: BTreeMap::new(),
                decisions: 0,
            };
            events.into_iter().try_for_each(|event| run.happen(event))
        })
        .unwrap();
}
