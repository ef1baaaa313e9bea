//! Whether enough people have said yes: counted by distinct person, then by what each rule asks of them, never by group.
//!
//! Each rule is satisfied on its own, because each says what it needs. Within one rule several approvals take different
//! people. Nobody counts who asks, for whom is asked, or who wrote an exception that took part; administrators are people
//! like others.

use super::question::Ask;
use super::request::{Request, Vote};
use crate::config::{People, Person};
use crate::model::{Approval, Part, Timestamp};

/// People looked at; the search below tries their combinations.
const VOTERS_MAX: usize = 16;

/// Who there is, and what is asked for where a rule says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Electorate<'a> {
    /// Everybody.
    pub people: &'a People,
    /// What a rule without `approval:` asks for.
    pub default: &'a Approval,
}

/// How far a request is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Who said yes and counts, each once.
    pub voters: Vec<String>,
    /// What each unsatisfied rule still lacks: id and words.
    pub missing: Vec<(String, String)>,
}

impl Tally {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.missing.is_empty()
    }
}

impl<'a> Electorate<'a> {
    /// Whether answers are signed; else the gate's own operator gives them.
    #[must_use]
    pub fn signs(&self) -> bool {
        self.people.has_keys()
    }

    /// Whether a session's person, whom it may know by login, is this one.
    #[must_use]
    pub fn is(&self, name: &str, person: &str) -> bool {
        name == person || self.people.named(name).is_some_and(|one| one.name == person)
    }

    /// Whether this person's yes could never count. Where a team wrote an exception, that is each of its members.
    #[must_use]
    pub fn is_excluded(&self, request: &Request, person: &str) -> bool {
        let mut without = request.person.iter().chain(&request.excluded);
        let teams = self.people.named(person).map(|person| person.teams.as_slice()).unwrap_or_default();
        without.any(|name| self.is(name, person)) || teams.iter().any(|team| request.excluded.contains(team))
    }

    /// Whether a rule of it takes this person's answer.
    #[must_use]
    pub fn is_asked(&self, request: &Request, person: &Person) -> bool {
        request
            .requirement
            .asks()
            .any(|(_, ask)| self.asked(ask).iter().any(|one| is_of(person, &one.part, &ask.owners)))
    }

    fn asked<'b>(&'b self, ask: &'b Ask) -> &'b [Approval] {
        let own = ask.demand.approvals.as_slice();
        if own.is_empty() { std::slice::from_ref(self.default) } else { own }
    }

    /// Counts.
    #[must_use]
    pub fn count(&self, request: &Request, at: Timestamp) -> Tally {
        if !self.signs() {
            return self.count_operator(request);
        }
        let mut people: Vec<&Person> = Vec::new();
        for vote in request.votes.iter().filter(|vote| vote.approves && vote.counts()) {
            if let Some(person) = self.voter(request, vote, at)
                && !people.iter().any(|one| one.name == person.name)
            {
                people.push(person);
            }
        }
        people.truncate(VOTERS_MAX);
        let missing = request.requirement.asks().filter_map(|(id, ask)| {
            let lacks = self.lacks(ask, &people)?;
            Some((id.to_owned(), lacks))
        });
        Tally { missing: missing.collect(), voters: people.iter().map(|person| person.name.clone()).collect() }
    }

    /// A developer alone: their own word, unsigned, where nothing says whose answers it takes.
    fn count_operator(&self, request: &Request) -> Tally {
        let yes = request.votes.iter().filter(|vote| vote.approves && vote.counts() && vote.proof.is_none());
        let voters: Vec<String> = yes.map(|vote| vote.voter.clone()).collect();
        let missing = request.requirement.asks().filter_map(|(id, ask)| {
            let asked = self.asked(ask);
            let is_plain = ask.demand.approvals.is_empty() && *self.default == Approval::of_anybody();
            (!is_plain || voters.is_empty()).then(|| (id.to_owned(), words(asked)))
        });
        let missing = missing.collect();
        Tally { voters, missing }
    }

    /// Whose vote it is, where it still counts: who was struck off the list, or whose key was, has no say any more.
    fn voter(&self, request: &Request, vote: &Vote, at: Timestamp) -> Option<&'a Person> {
        let proof = vote.proof.as_ref()?;
        let (person, key) = self.people.by_key(&proof.key)?;
        let may = person.name == vote.voter && key.is_live(at) && !self.is_excluded(request, &person.name);
        may.then_some(person)
    }

    /// What a rule still lacks, in words.
    fn lacks(&self, ask: &Ask, people: &[&Person]) -> Option<String> {
        let asked = self.asked(ask);
        if is_satisfied(asked, &ask.owners, people) {
            return None;
        }
        let [one] = asked else { return Some(words(asked)) };
        let there = people.iter().filter(|person| is_of(person, &one.part, &ask.owners)).count();
        Some(match (one.part.quorum as usize).saturating_sub(there) {
            0 => one.including.iter().map(|part| format!("{part} among them")).collect::<Vec<_>>().join(", "),
            more if there > 0 => format!("{more} more of {one}"),
            _ => one.to_string(),
        })
    }
}

fn words(asked: &[Approval]) -> String {
    asked.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn is_of(person: &Person, part: &Part, owners: &[String]) -> bool {
    part.from.is_empty() || part.from.iter().any(|voter| person.is(voter, Some(owners)))
}

/// Whether different people can be found for all of them.
fn is_satisfied(asked: &[Approval], owners: &[String], people: &[&Person]) -> bool {
    let Some((first, rest)) = asked.split_first() else { return true };
    if rest.is_empty() {
        return is_enough(first, owners, people);
    }
    let able: Vec<usize> =
        people.iter().enumerate().filter(|(_, one)| is_of(one, &first.part, owners)).map(|(at, _)| at).collect();
    let wanted = first.part.quorum as usize;
    let mut chosen = Vec::with_capacity(wanted);
    choose(&able, wanted, &mut chosen, &mut |chosen| {
        let mine: Vec<&Person> = chosen.iter().filter_map(|at| people.get(*at).copied()).collect();
        let others: Vec<&Person> =
            people.iter().enumerate().filter(|(at, _)| !chosen.contains(at)).map(|(_, one)| *one).collect();
        is_enough(first, owners, &mine) && is_satisfied(rest, owners, &others)
    })
}

/// Whether these people are enough for one approval.
fn is_enough(asked: &Approval, owners: &[String], people: &[&Person]) -> bool {
    let able: Vec<&&Person> = people.iter().filter(|person| is_of(person, &asked.part, owners)).collect();
    let has = |part: &Part| able.iter().filter(|person| is_of(person, part, owners)).count() >= part.quorum as usize;
    able.len() >= asked.part.quorum as usize && asked.including.iter().all(has)
}

/// Tries every choice of so many; true at the first that fits.
fn choose(from: &[usize], wanted: usize, chosen: &mut Vec<usize>, fits: &mut impl FnMut(&[usize]) -> bool) -> bool {
    if wanted == 0 {
        return fits(chosen);
    }
    for (at, one) in from.iter().enumerate() {
        if from.len() - at < wanted {
            break;
        }
        chosen.push(*one);
        if choose(from.get(at + 1..).unwrap_or_default(), wanted - 1, chosen, fits) {
            return true;
        }
        chosen.pop();
    }
    false
}
