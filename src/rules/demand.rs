//! `approval:` and `obligations:` of a rule, from text to checked values.

use serde_saphyr::Spanned;

use super::text::{List, RawApproval, RawPart, RawRule, Text};
use crate::config::{People, Report, Spot, duration, nearest};
use crate::model::{Approval, Demand, Effect, Obligation, Part, Voter};

/// People whom one approval may ask for, and approvals that one rule may ask for: counting tries their combinations.
const QUORUM_MAX: u32 = 10;
const APPROVALS_MAX: usize = 4;

/// Checks both keys of a rule.
pub(super) fn check(raw: &RawRule, report: &mut Report<'_>) -> Demand {
    let places = [raw.approval.as_ref().map(Spot::from), raw.obligations.as_ref().map(Spot::from)];
    if raw.decision.value != Effect::Escalate
        && let Some(at) = places.into_iter().flatten().next()
    {
        let help = "write `decision: escalate`: only what people can let pass needs their answers".to_owned();
        report.say(at, format!("a rule that says `{}` asks nobody", raw.decision.value), Some(help));
    }
    let mut approvals = Vec::new();
    if let Some(all) = &raw.approval {
        if all.value.as_slice().is_empty() {
            report.say(all, "an empty list asks nobody", Some("remove the key, or say how many of whom".to_owned()));
        }
        if all.value.as_slice().len() > APPROVALS_MAX {
            report.say(all, format!("a rule asks for {APPROVALS_MAX} approvals at most"), None);
        }
        approvals.extend(all.value.as_slice().iter().map(|one| approval(one, Spot::from(all), report)));
    }
    Demand { approvals, obligations: obligations(raw, report) }
}

fn obligations(raw: &RawRule, report: &mut Report<'_>) -> Vec<Obligation> {
    let Some(list) = &raw.obligations else { return Vec::new() };
    if list.value.0.is_empty() {
        report.say(list, "an empty list asks for nothing", Some("remove the key or name one".to_owned()));
    }
    let mut found = Vec::new();
    for (text, spot) in &list.value.0 {
        match text.0.parse::<Obligation>() {
            Ok(obligation) if found.contains(&obligation) => {
                report.say(spot.unwrap_or(list.into()), format!("`{obligation}` stands here twice"), None);
            }
            Ok(obligation) => found.push(obligation),
            Err(error) => {
                let words: Vec<String> = Obligation::BROUGHT.iter().map(ToString::to_string).collect();
                let help = nearest(&text.0, words.iter().map(String::as_str)).unwrap_or_else(|| error.to_string());
                report.say(spot.unwrap_or(list.into()), format!("`{}` is no obligation", text.0), Some(help));
            }
        }
    }
    found
}

fn approval(raw: &RawApproval, at: Spot, report: &mut Report<'_>) -> Approval {
    let part = part(raw.quorum.as_ref(), raw.from.as_ref(), at, report);
    let including: Vec<Part> = raw
        .including
        .iter()
        .flat_map(|all| all.value.as_slice())
        .map(|RawPart { quorum, from }| self::part(quorum.as_ref(), from.as_ref(), at, report))
        .collect();
    if let (Some(most), Some(list)) = (including.iter().map(|one| one.quorum).max(), &raw.including)
        && most > part.quorum
    {
        report.say(list, format!("{most} of {} people cannot be", part.quorum), None);
    }
    if let Some(exclude) = raw.exclude_requester.as_ref().filter(|exclude| !exclude.value) {
        let help = "remove the key: whoever starts an agent never approves what it asks for".to_owned();
        report.say(exclude, "the requester's own answer never counts", Some(help));
    }
    let expires = raw.expires.as_ref().and_then(|text| {
        let parsed = duration(&text.value).ok().filter(|lasts| !lasts.is_zero());
        if parsed.is_none() {
            report.say(text, format!("`{}` is not a time", text.value), Some("write `15m` or `2h`".to_owned()));
        }
        parsed
    });
    let expires_ms = expires.map(|lasts| u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX));
    Approval { part, including, expires_ms }
}

fn part(quorum: Option<&Spanned<u32>>, from: Option<&Spanned<List<Text>>>, at: Spot, report: &mut Report<'_>) -> Part {
    let count = quorum.map_or(1, |quorum| quorum.value);
    if count > QUORUM_MAX {
        report.say(quorum.map_or(at, Spot::from), format!("more than {QUORUM_MAX} people are never together"), None);
    }
    if count == 0 {
        let help = "write `quorum: 1` or more".to_owned();
        report.say(quorum.map_or(at, Spot::from), "a quorum of nobody is none", Some(help));
    }
    let mut voters = Vec::new();
    for (text, spot) in from.into_iter().flat_map(|list| &list.value.0) {
        match text.0.parse::<Voter>() {
            Ok(voter) => voters.push(voter),
            Err(_) => {
                let help =
                    "write `role:sre`, `level:senior`, `team:…`, `owner` or `person:ada@shop.example`".to_owned();
                report.say(spot.unwrap_or(at), format!("`{}` names no approvers", text.0), Some(help));
            }
        }
    }
    let named = voters.iter().filter(|voter| matches!(voter, Voter::Person(_))).count();
    if named == voters.len() && !voters.is_empty() && (named as u64) < u64::from(count) {
        report.say(at, format!("{named} people cannot make a quorum of {count}"), None);
    }
    Part { quorum: count, from: voters }
}

/// How many of these people may answer. Of whose team they are is not asked: owners are known by the call only.
pub(super) fn reachable(part: &Part, people: &People) -> usize {
    people.all().iter().filter(|person| person.may_be(&part.from)).count()
}
