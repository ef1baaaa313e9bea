//! What a rule speaks of: the typed, checked form of `match:` and `unless:`.
//!
//! A key that the request says nothing about, although it should, is *unsure*: it counts as a match of a rule and never
//! as a match of an `unless`. `environment: prod` covers `unknown`, and `impact: destroy` covers the impact `unknown`, in
//! `match:` only: what nobody knows is judged as the worst.

use super::text::{List, RawMatch, Text};
use crate::classify::Action;
use crate::config::{Glob, Report, Spot, nearest};
use crate::model::{
    Count, Door, EnvironmentKind, Evidence, Hazards, Impact, Operation, Parameter, Place, Resource, Reversible, Scope,
};

/// Whether a rule speaks of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It does not.
    No,
    /// It does.
    Yes,
    /// It cannot be said: why.
    Unsure(String),
}

/// The values of all closed words of an action, one bit each; for a matcher, the values it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facets(u64);

const IMPACT: u32 = 0;
const SCOPE: u32 = 8;
const ENVIRONMENT: u32 = 16;
const REVERSIBLE: u32 = 24;
const EVIDENCE: u32 = 32;
const DOOR: u32 = 40;

const fn bit(group: u32, value: u32) -> u64 {
    1 << (group + value)
}

impl Facets {
    /// Of an action that came through `door`.
    pub(crate) const fn of(action: &Action, door: Door) -> Self {
        let blast = action.blast();
        Self(
            bit(IMPACT, blast.impact as u32)
                | bit(SCOPE, blast.scope as u32)
                | bit(ENVIRONMENT, action.environment().kind as u32)
                | bit(REVERSIBLE, blast.reversible as u32)
                | bit(EVIDENCE, action.evidence() as u32)
                | bit(DOOR, door as u32),
        )
    }

    /// Whether every value of `action` is allowed.
    pub(crate) const fn allows(self, action: Self) -> bool {
        action.0 & !self.0 == 0
    }

    /// Whether an action of this environment is allowed.
    pub(super) const fn has_environment(self, environment: EnvironmentKind) -> bool {
        self.0 & bit(ENVIRONMENT, environment as u32) != 0
    }

    fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

/// How many resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CountTest {
    Unbounded,
    MoreThan(u64),
    LessThan(u64),
    Exactly(u64),
}

/// A checked `match:` or `unless:`.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pub(super) facets: Facets,
    pub(super) hazards: Hazards,
    pub(super) operation: Vec<Glob>,
    pub(super) provider: Vec<Glob>,
    pub(super) service: Vec<Glob>,
    pub(super) resource: Vec<Glob>,
    account: Vec<Glob>,
    region: Vec<Glob>,
    namespace: Vec<Glob>,
    cluster: Vec<Glob>,
    count: Option<CountTest>,
    parameter: Vec<(String, Vec<Glob>)>,
    /// How many keys were written: the more, the more specific the rule's message.
    pub(super) keys: usize,
}

/// Which of the two blocks is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Match,
    Unless,
}

impl Matcher {
    /// Whether it speaks of the action, as far as `facets` have not already said no.
    pub(crate) fn covers(&self, action: &Action) -> Verdict {
        if !self.hazards.is_empty() && !self.hazards.intersects(action.blast().hazards) {
            return Verdict::No;
        }
        let named = |operation: &Operation| self.names(operation);
        if !named(action.operation()) && !action.aliases().iter().any(named) {
            return Verdict::No;
        }
        let nameless = !self.resource.is_empty() && action.resources().is_empty();
        if nameless && action.blast().impact != Impact::Unknown {
            return Verdict::No;
        }
        if !nameless && !any(&self.resource, action.resources().iter().map(Resource::as_str)) {
            return Verdict::No;
        }
        if self.count.is_some_and(|test| !test.holds(action.blast().count)) {
            return Verdict::No;
        }
        let speaks = |(name, globs): &(String, Vec<Glob>)| {
            values(action, name).any(|parameter| globs.iter().any(|glob| glob.matches_ignoring_case(&parameter.value)))
        };
        if !self.parameter.iter().all(speaks) {
            return Verdict::No;
        }
        match self.stands(action) {
            Verdict::Yes if nameless => Verdict::Unsure("the request does not tell its resources".to_owned()),
            verdict => verdict,
        }
    }

    /// Account, region, namespace, cluster.
    fn stands(&self, action: &Action) -> Verdict {
        let place = action.place();
        let provider = action.operation().provider();
        let mut verdict = Verdict::Yes;
        // A global service has no region and a cluster-wide kind no namespace; but every AWS call has an account, and
        // every Kubernetes call a cluster, even when the request does not prove which.
        for (globs, value, name, must) in [
            (&self.account, &place.account, "account", provider == "aws"),
            (&self.cluster, &place.cluster, "cluster", provider == "kubernetes"),
            (&self.region, &place.region, "region", false),
            (&self.namespace, &place.namespace, "namespace", false),
        ] {
            match value {
                _ if globs.is_empty() => {}
                Some(value) if globs.iter().any(|glob| glob.matches(value)) => {}
                None if must => verdict = Verdict::Unsure(format!("the request does not prove its {name}")),
                _ => return Verdict::No,
            }
        }
        verdict
    }

    /// Whether it certainly covers all of the action: what an `unless` must do to lift its rule.
    pub(crate) fn excuses(&self, action: &Action, facets: Facets) -> bool {
        let place = action.place();
        let is = |globs: &[Glob], value: &Option<String>| {
            globs.is_empty() || value.as_ref().is_some_and(|value| globs.iter().any(|glob| glob.matches(value)))
        };
        let all_resources = || {
            self.resource.is_empty()
                || !action.resources().is_empty()
                    && action.resources().iter().all(|one| self.resource.iter().any(|glob| glob.matches(one.as_str())))
        };
        let says = |(name, globs): &(String, Vec<Glob>)| {
            values(action, name).next().is_some()
                && values(action, name)
                    .all(|parameter| globs.iter().any(|glob| glob.matches_ignoring_case(&parameter.value)))
        };
        self.facets.allows(facets)
            && (self.hazards.is_empty() || self.hazards.intersects(action.blast().hazards))
            && self.names(action.operation())
            && action.aliases().iter().all(|alias| self.names(alias))
            && all_resources()
            && self.count.is_none_or(|test| test.holds(action.blast().count))
            && self.parameter.iter().all(says)
            && self.is_in(place, is)
    }

    fn is_in(&self, place: &Place, is: impl Fn(&[Glob], &Option<String>) -> bool) -> bool {
        is(&self.account, &place.account)
            && is(&self.region, &place.region)
            && is(&self.namespace, &place.namespace)
            && is(&self.cluster, &place.cluster)
    }

    fn names(&self, operation: &Operation) -> bool {
        any(&self.operation, [operation.as_str()])
            && any(&self.provider, [operation.provider()])
            && any(&self.service, [operation.service()])
    }

    /// Whether everything that `other` covers is covered by this one; false when that cannot be told.
    pub(super) fn swallows(&self, other: &Self) -> bool {
        let lists = [
            (&self.operation, &other.operation),
            (&self.provider, &other.provider),
            (&self.service, &other.service),
            (&self.resource, &other.resource),
            (&self.account, &other.account),
            (&self.region, &other.region),
            (&self.namespace, &other.namespace),
            (&self.cluster, &other.cluster),
        ];
        self.facets.covers(other.facets)
            && (self.hazards.is_empty() || self.hazards == other.hazards)
            && (self.count.is_none() || self.count == other.count)
            && (self.parameter.is_empty() || self.parameter == other.parameter)
            && lists.iter().all(|(mine, theirs)| mine.is_empty() || mine == theirs)
    }
}

fn any<'a>(globs: &[Glob], values: impl IntoIterator<Item = &'a str>) -> bool {
    globs.is_empty() || values.into_iter().any(|value| globs.iter().any(|glob| glob.matches(value)))
}

fn values<'a>(action: &'a Action, name: &'a str) -> impl Iterator<Item = &'a Parameter> {
    action.parameters().iter().filter(move |parameter| parameter.name == name)
}

impl CountTest {
    /// What may be more counts by the number that is certain; a count without bound is more than any number.
    fn holds(self, count: Count) -> bool {
        match (self, count) {
            (Self::Unbounded | Self::MoreThan(_), Count::Unbounded) => true,
            (Self::MoreThan(limit), Count::Exact(n) | Count::AtLeast(n)) => n > limit,
            (Self::LessThan(limit), Count::Exact(n)) => n < limit,
            (Self::Exactly(wanted), Count::Exact(n)) => n == wanted,
            _ => false,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "unbounded" {
            return Some(Self::Unbounded);
        }
        let (operator, number) = text.split_once(' ')?;
        let number: u64 = number.trim().parse().ok()?;
        match operator {
            ">" => Some(Self::MoreThan(number)),
            ">=" => number.checked_sub(1).map(Self::MoreThan),
            "<" if number > 0 => Some(Self::LessThan(number)),
            "<=" => number.checked_add(1).map(Self::LessThan),
            "=" => Some(Self::Exactly(number)),
            _ => None,
        }
    }
}

impl RawMatch {
    /// Checks and compiles; what is wrong goes into the report.
    pub(super) fn compile(self, at: Spot, block: Block, report: &mut Report<'_>) -> Matcher {
        let keys = self.keys();
        if keys == 0 {
            report.say(at, "an empty block would match everything", Some("name at least one key".to_owned()));
        }
        let worst = block == Block::Match;
        let mut facets =
            group(IMPACT, self.impact.as_ref().map(|list| &list.value), Impact::ALL, |impact| *impact as u32);
        if worst && facets & bit(IMPACT, Impact::Destroy as u32) != 0 {
            facets |= bit(IMPACT, Impact::Unknown as u32);
        }
        let kinds = EnvironmentKind::ALL;
        let environments = self.environment.as_ref().map(|list| &list.value);
        let mut environment = group(ENVIRONMENT, environments, kinds, |kind| *kind as u32);
        if worst && environment & bit(ENVIRONMENT, EnvironmentKind::Prod as u32) != 0 {
            environment |= bit(ENVIRONMENT, EnvironmentKind::Unknown as u32);
        }
        facets |= environment | scopes(self.scope.as_ref().map(|list| (Spot::from(list), &list.value)), report);
        let reversible = self.reversible.as_ref().map(|list| &list.value);
        facets |= group(REVERSIBLE, reversible, Reversible::ALL, |word| *word as u32);
        facets |= group(EVIDENCE, self.evidence.as_ref().map(|list| &list.value), Evidence::ALL, |word| *word as u32);
        facets |= group(DOOR, self.door.as_ref().map(|list| &list.value), Door::ALL, |word| *word as u32);
        if !worst {
            self.refuse_excusing_the_unknown(report);
        }
        self.refuse_empty_lists(report);
        let count = self.count.as_ref().and_then(|count| {
            let parsed = CountTest::parse(&count.value);
            if parsed.is_none() {
                let help = "write `> 10`, `>= 10`, `< 10`, `= 1` or `unbounded`";
                report.say(count, format!("`{}` is not a count", count.value), Some(help.to_owned()));
            }
            parsed
        });
        let mut parameter = Vec::new();
        if let Some(map) = &self.parameter {
            for (name, list) in &map.value {
                parameter.push((name.clone(), globs_of(list, Spot::from(map), report)));
            }
        }
        Matcher {
            facets: Facets(facets),
            hazards: self.hazards.iter().flat_map(|list| &list.value.0).map(|(hazard, _)| *hazard).collect(),
            operation: globs(&self.operation, report),
            provider: globs(&self.provider, report),
            service: globs(&self.service, report),
            resource: globs(&self.resource, report),
            account: globs(&self.account, report),
            region: globs(&self.region, report),
            namespace: globs(&self.namespace, report),
            cluster: globs(&self.cluster, report),
            count,
            parameter,
            keys,
        }
    }

    fn keys(&self) -> usize {
        let given = [
            self.operation.is_some(),
            self.provider.is_some(),
            self.service.is_some(),
            self.impact.is_some(),
            self.scope.is_some(),
            self.environment.is_some(),
            self.hazards.is_some(),
            self.resource.is_some(),
            self.account.is_some(),
            self.region.is_some(),
            self.namespace.is_some(),
            self.cluster.is_some(),
            self.count.is_some(),
            self.reversible.is_some(),
            self.parameter.is_some(),
            self.evidence.is_some(),
            self.door.is_some(),
        ];
        given.iter().filter(|given| **given).count()
    }

    fn refuse_empty_lists(&self, report: &mut Report<'_>) {
        let mut empty = |is_empty: bool, at: Spot| {
            if is_empty {
                report.say(at, "an empty list can match nothing", Some("remove the key or name a value".to_owned()));
            }
        };
        for list in [
            &self.operation,
            &self.provider,
            &self.service,
            &self.scope,
            &self.resource,
            &self.account,
            &self.region,
            &self.namespace,
            &self.cluster,
        ]
        .into_iter()
        .flatten()
        {
            empty(list.value.0.is_empty(), list.into());
        }
        macro_rules! closed {
            ($($key:ident),+) => {
                $(if let Some(list) = &self.$key { empty(list.value.0.is_empty(), list.into()); })+
            };
        }
        closed!(impact, environment, hazards, reversible, evidence, door);
        if let Some(map) = &self.parameter {
            empty(map.value.is_empty() || map.value.values().any(|list| list.0.is_empty()), map.into());
        }
    }

    fn refuse_excusing_the_unknown(&self, report: &mut Report<'_>) {
        let help = || Some("give the target a name in the inventory instead".to_owned());
        if let Some(list) = &self.environment
            && list.value.0.iter().any(|(kind, _)| *kind == EnvironmentKind::Unknown)
        {
            report.say(list, "`unless` cannot excuse the environment `unknown`", help());
        }
        if let Some(list) = &self.impact
            && list.value.0.iter().any(|(impact, _)| *impact == Impact::Unknown)
        {
            report.say(list, "`unless` cannot excuse the impact `unknown`", None);
        }
    }
}

/// The bits of a list of closed words; without a list, of all of them.
fn group<T>(group: u32, list: Option<&List<T>>, all: &[T], index: impl Fn(&T) -> u32) -> u64 {
    match list {
        None => all.iter().map(|word| bit(group, index(word))).fold(0, |bits, one| bits | one),
        Some(list) => list.0.iter().map(|(word, _)| bit(group, index(word))).fold(0, |bits, one| bits | one),
    }
}

/// `[environment, account]`, or one comparison such as `>= environment`.
fn scopes(list: Option<(Spot, &List<Text>)>, report: &mut Report<'_>) -> u64 {
    let bits = |wanted: &dyn Fn(Scope) -> bool| {
        Scope::ALL.iter().filter(|scope| wanted(**scope)).map(|scope| bit(SCOPE, *scope as u32)).sum::<u64>()
    };
    let Some((at, list)) = list else { return bits(&|_| true) };
    let mut allowed = 0;
    for (text, spot) in &list.0 {
        let (operator, word) = text.0.split_once(' ').unwrap_or(("=", &text.0));
        let parsed = word.trim().parse::<Scope>();
        let one = match (operator, &parsed) {
            ("=", Ok(scope)) => bits(&|other| other == *scope),
            (">=", Ok(scope)) => bits(&|other| other >= *scope),
            (">", Ok(scope)) => bits(&|other| other > *scope),
            ("<=", Ok(scope)) => bits(&|other| other <= *scope),
            ("<", Ok(scope)) => bits(&|other| other < *scope),
            _ => {
                let words = Scope::ALL.iter().map(|scope| scope.as_str());
                let help = nearest(word, words).unwrap_or_else(|| "write a scope, or `>= environment`".to_owned());
                report.say(spot.unwrap_or(at), format!("`{}` is not a scope", text.0), Some(help));
                continue;
            }
        };
        if one == 0 {
            report.say(spot.unwrap_or(at), format!("`{}` can match nothing", text.0), None);
        }
        allowed |= one;
    }
    allowed
}

fn globs(list: &Option<serde_saphyr::Spanned<List<Text>>>, report: &mut Report<'_>) -> Vec<Glob> {
    list.as_ref().map(|list| globs_of(&list.value, Spot::from(list), report)).unwrap_or_default()
}

fn globs_of(list: &List<Text>, at: Spot, report: &mut Report<'_>) -> Vec<Glob> {
    let mut globs = Vec::with_capacity(list.0.len());
    for (text, spot) in &list.0 {
        match Glob::parse(&text.0) {
            Ok(glob) => globs.push(glob),
            Err(message) => report.say(spot.unwrap_or(at), message, None),
        }
    }
    globs
}
