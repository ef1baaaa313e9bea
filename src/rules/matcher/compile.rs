//! From the YAML form of `match:` and `unless:` to the checked one.

use super::facets::{DOOR, ENVIRONMENT, EVIDENCE, IMPACT, REVERSIBLE, SCOPE, bit};
use super::measure::{CountTest, SessionTest, Who};
use super::{Facets, Key, Matcher};
use crate::config::{Glob, Pattern, Report, Spot, nearest};
use crate::model::{Door, EnvironmentKind, Evidence, Impact, Level, Reversible, Scope};
use crate::rules::moment::Window;
use crate::rules::sets::Sets;
use crate::rules::text::{List, RawMatch, RawWho, Text, Tier};
use serde_saphyr::Spanned;

/// Which of the two blocks is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Block {
    Match,
    Unless,
}

/// What a file is read with.
#[derive(Debug)]
pub(in crate::rules) struct Reading<'a, 'b> {
    pub(in crate::rules) report: &'a mut Report<'b>,
    pub(in crate::rules) sets: &'a Sets,
}

type Listed<T> = Option<Spanned<List<T>>>;

impl RawMatch {
    /// Checks and compiles; what is wrong goes into the report.
    pub(in crate::rules) fn compile(&self, at: Spot, block: Block, reading: &mut Reading<'_, '_>) -> Matcher {
        let worst = block == Block::Match;
        let written = self.written();
        if written.is_empty() {
            let help = Some("name at least one key".to_owned());
            reading.report.say(at, "an empty block would match everything", help);
        }
        if !worst {
            self.refuse_excusing_the_unknown(reading.report);
        }
        self.refuse_empty_lists(reading.report);
        Matcher {
            facets: Facets(self.facets(worst, reading.report)),
            hazards: self.hazards.iter().flat_map(|list| &list.value.0).map(|(hazard, _)| *hazard).collect(),
            operation: reading.globs(&self.operation),
            provider: reading.globs(&self.provider),
            service: reading.globs(&self.service),
            resource: self.resource.as_ref().map(|list| reading.patterns(&list.value, list.into())).unwrap_or_default(),
            places: self
                .places()
                .into_iter()
                .filter(|(_, list)| list.is_some())
                .map(|(key, list)| (key, reading.globs(list)))
                .collect(),
            whose: [(Key::Owner, &self.owner), (Key::Tenant, &self.tenant)]
                .into_iter()
                .filter(|(_, list)| list.is_some())
                .map(|(key, list)| (key, reading.globs(list)))
                .collect(),
            tiers: self.tier.as_ref().map(|list| tiers(list, reading.report)),
            count: self.count.as_ref().and_then(|count| counted(count, reading.report)),
            parameter: self.parameters(reading),
            who: self.principal.as_ref().map(|who| who.value.compile(reading)).unwrap_or_default(),
            session: reading.globs(&self.session).into_iter().map(session).collect(),
            time: self.windows(reading.report),
            written,
        }
    }

    /// The bits of the closed words.
    fn facets(&self, worst: bool, report: &mut Report<'_>) -> u64 {
        let mut facets = group(IMPACT, &self.impact, Impact::ALL, |impact| *impact as u32);
        if worst && facets & bit(IMPACT, Impact::Destroy as u32) != 0 {
            facets |= bit(IMPACT, Impact::Unknown as u32);
        }
        let mut environment = group(ENVIRONMENT, &self.environment, EnvironmentKind::ALL, |kind| *kind as u32);
        if worst && environment & bit(ENVIRONMENT, EnvironmentKind::Prod as u32) != 0 {
            environment |= bit(ENVIRONMENT, EnvironmentKind::Unknown as u32);
        }
        facets
            | environment
            | scopes(self.scope.as_ref().map(|list| (Spot::from(list), &list.value)), report)
            | group(REVERSIBLE, &self.reversible, Reversible::ALL, |word| *word as u32)
            | group(EVIDENCE, &self.evidence, Evidence::ALL, |word| *word as u32)
            | group(DOOR, &self.door, Door::ALL, |word| *word as u32)
    }

    fn parameters(&self, reading: &mut Reading<'_, '_>) -> Vec<(String, Vec<Pattern>)> {
        let Some(map) = &self.parameter else { return Vec::new() };
        map.value.iter().map(|(name, list)| (name.clone(), reading.patterns(list, map.into()))).collect()
    }

    fn windows(&self, report: &mut Report<'_>) -> Vec<Window> {
        let Some(time) = &self.time else { return Vec::new() };
        time.value.as_slice().iter().map(|one| Window::check(one, time.into(), report)).collect()
    }

    fn places(&self) -> [(Key, &Listed<Text>); 10] {
        [
            (Key::Account, &self.account),
            (Key::Region, &self.region),
            (Key::Namespace, &self.namespace),
            (Key::Cluster, &self.cluster),
            (Key::Project, &self.project),
            (Key::Subscription, &self.subscription),
            (Key::Repository, &self.repository),
            (Key::Host, &self.host),
            (Key::Database, &self.database),
            (Key::State, &self.state),
        ]
    }

    fn texts(&self) -> [(Key, &Listed<Text>); 7] {
        [
            (Key::Operation, &self.operation),
            (Key::Provider, &self.provider),
            (Key::Service, &self.service),
            (Key::Scope, &self.scope),
            (Key::Owner, &self.owner),
            (Key::Tenant, &self.tenant),
            (Key::Resource, &self.resource),
        ]
    }

    /// The keys that were written, with their values in words.
    fn written(&self) -> Vec<(Key, String)> {
        let mut written = Vec::new();
        let texts = self.texts().into_iter().chain(self.places()).chain([(Key::Session, &self.session)]);
        for (key, list) in texts {
            if let Some(list) = list {
                written.push((key, in_words(&list.value)));
            }
        }
        macro_rules! closed {
            ($($key:ident: $field:ident),+ $(,)?) => {
                $(if let Some(list) = &self.$field {
                    let words: Vec<&str> = list.value.0.iter().map(|(word, _)| word.as_str()).collect();
                    written.push((Key::$key, words.join(", ")));
                })+
            };
        }
        closed!(Impact: impact, Environment: environment, Hazards: hazards, Reversible: reversible, Evidence: evidence, Door: door);
        if let Some(tiers) = &self.tier {
            let words: Vec<&str> = tiers.value.0.iter().map(|(tier, _)| tier.0.as_str()).collect();
            written.push((Key::Tier, words.join(", ")));
        }
        if let Some(count) = &self.count {
            written.push((Key::Count, count.value.clone()));
        }
        if let Some(map) = &self.parameter {
            let one = |(name, list): (&String, &List<Text>)| format!("{name}={}", in_words(list));
            written.push((Key::Parameter, map.value.iter().map(one).collect::<Vec<_>>().join("; ")));
        }
        if let Some(who) = &self.principal {
            let parts = [
                ("person", &who.value.person),
                ("agent", &who.value.agent),
                ("level", &who.value.level),
                ("role", &who.value.role),
            ];
            let said =
                parts.iter().filter_map(|(name, list)| Some(format!("{name} {}", in_words(&list.as_ref()?.value))));
            written.push((Key::Principal, said.collect::<Vec<_>>().join("; ")));
        }
        if let Some(time) = &self.time {
            let windows = time.value.as_slice().iter().map(Window::in_words);
            written.push((Key::Time, windows.collect::<Vec<_>>().join("; ")));
        }
        written.sort_by_key(|(key, _)| *key);
        written
    }

    fn refuse_empty_lists(&self, report: &mut Report<'_>) {
        let mut empty = |is_empty: bool, at: Spot| {
            if is_empty {
                report.say(at, "an empty list can match nothing", Some("remove the key or name a value".to_owned()));
            }
        };
        for (_, list) in self.texts().into_iter().chain(self.places()).chain([(Key::Session, &self.session)]) {
            if let Some(list) = list {
                empty(list.value.0.is_empty(), list.into());
            }
        }
        macro_rules! closed {
            ($($key:ident),+) => {
                $(if let Some(list) = &self.$key { empty(list.value.0.is_empty(), list.into()); })+
            };
        }
        closed!(impact, environment, hazards, reversible, evidence, door, tier);
        if let Some(map) = &self.parameter {
            empty(map.value.is_empty() || map.value.values().any(|list| list.0.is_empty()), map.into());
        }
        if let Some(time) = &self.time {
            empty(time.value.as_slice().is_empty(), time.into());
        }
        if let Some(who) = &self.principal {
            let parts = [&who.value.person, &who.value.agent, &who.value.level, &who.value.role];
            empty(parts.iter().all(|list| list.is_none()), who.into());
            for list in parts.into_iter().flatten() {
                empty(list.value.0.is_empty(), list.into());
            }
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

impl RawWho {
    fn compile(&self, reading: &mut Reading<'_, '_>) -> Who {
        let level = self.level.as_ref().map(|list| levels(list, reading.report)).unwrap_or_default();
        for (text, spot) in self
            .role
            .iter()
            .flat_map(|list| list.value.0.iter().map(move |(text, spot)| (text, spot.unwrap_or(list.into()))))
        {
            if !text.0.starts_with('$') && !crate::config::is_role(&text.0.replace('*', "x")) {
                let help = "write it in lower case, with hyphens: `senior-sre`";
                reading.report.say(spot, format!("`{}` is not a role", text.0), Some(help.to_owned()));
            }
        }
        Who {
            person: reading.globs(&self.person),
            agent: reading.globs(&self.agent),
            level,
            role: reading.globs(&self.role),
        }
    }
}

impl Reading<'_, '_> {
    fn globs(&mut self, list: &Listed<Text>) -> Vec<Glob> {
        let Some(list) = list else { return Vec::new() };
        let mut globs = Vec::with_capacity(list.value.0.len());
        for (text, at) in self.expanded(&list.value, list.into()) {
            match Glob::parse(&text) {
                Ok(_) if text.starts_with("regex:") => {
                    let help = "regular expressions stand in `resource` and `parameter`; write patterns with `*` here";
                    self.report.say(at, format!("`{text}` cannot stand here"), Some(help.to_owned()));
                }
                Ok(glob) => globs.push(glob),
                Err(message) => self.report.say(at, message, None),
            }
        }
        globs
    }

    fn patterns(&mut self, list: &List<Text>, at: Spot) -> Vec<Pattern> {
        let mut patterns = Vec::with_capacity(list.0.len());
        for (text, at) in self.expanded(list, at) {
            match Pattern::parse(&text) {
                Ok(pattern) => patterns.push(pattern),
                Err(message) => self.report.say(at, message, None),
            }
        }
        patterns
    }

    /// With what stands behind the names of sets.
    fn expanded(&mut self, list: &List<Text>, at: Spot) -> Vec<(String, Spot)> {
        let mut texts = Vec::with_capacity(list.0.len());
        for (Text(text), spot) in &list.0 {
            let at = spot.unwrap_or(at);
            let Some(name) = text.strip_prefix('$') else {
                texts.push((text.clone(), at));
                continue;
            };
            match self.sets.named(name) {
                Some(values) => texts.extend(values.iter().map(|value| (value.clone(), at))),
                None => {
                    let help = nearest(name, self.sets.names())
                        .unwrap_or_else(|| format!("write `sets: {{ {name}: [..] }}` into a `sets.yaml`"));
                    self.report.say(at, format!("there is no set `{name}`"), Some(help));
                }
            }
        }
        texts
    }
}

fn in_words(list: &List<Text>) -> String {
    list.0.iter().map(|(text, _)| text.0.as_str()).collect::<Vec<_>>().join(", ")
}

fn session(glob: Glob) -> SessionTest {
    match glob.as_str() {
        "named" => SessionTest::Named,
        "anonymous" => SessionTest::Anonymous,
        _ => SessionTest::Id(glob),
    }
}

fn counted(count: &Spanned<String>, report: &mut Report<'_>) -> Option<CountTest> {
    let parsed = CountTest::parse(&count.value);
    if parsed.is_none() {
        let help = "write `> 10`, `>= 10`, `< 10`, `= 1` or `unbounded`";
        report.say(count, format!("`{}` is not a count", count.value), Some(help.to_owned()));
    }
    parsed
}

/// The bits of a list of closed words; without a list, of all of them.
fn group<T>(group: u32, list: &Listed<T>, all: &[T], index: impl Fn(&T) -> u32) -> u64 {
    match list {
        None => all.iter().map(|word| bit(group, index(word))).fold(0, |bits, one| bits | one),
        Some(list) => list.value.0.iter().map(|(word, _)| bit(group, index(word))).fold(0, |bits, one| bits | one),
    }
}

/// `>= x` and its like; without an operator `=`.
fn comparison(text: &str) -> (&str, &str) {
    let (operator, word) = text.split_once(' ').unwrap_or(("=", text));
    (operator, word.trim())
}

fn compares<T: Ord>(operator: &str, value: &T, bound: &T) -> Option<bool> {
    Some(match operator {
        "=" => value == bound,
        ">=" => value >= bound,
        ">" => value > bound,
        "<=" => value <= bound,
        "<" => value < bound,
        _ => return None,
    })
}

/// `[environment, account]`, or one comparison such as `>= environment`.
fn scopes(list: Option<(Spot, &List<Text>)>, report: &mut Report<'_>) -> u64 {
    let Some((at, list)) = list else {
        return Scope::ALL.iter().map(|scope| bit(SCOPE, *scope as u32)).sum();
    };
    let mut allowed = 0;
    for scope in chosen(list, at, ("scope", ">= environment"), Scope::ALL, report) {
        allowed |= bit(SCOPE, scope as u32);
    }
    allowed
}

/// Whether a word of `scope:` allows this one. A word that is none allows everything: it has no place in a rule that loads.
pub(in crate::rules) fn holds_scope(text: &str, scope: Scope) -> bool {
    let (operator, word) = comparison(text);
    word.parse().ok().and_then(|bound| compares(operator, &scope, &bound)).unwrap_or(true)
}

fn levels(list: &Spanned<List<Text>>, report: &mut Report<'_>) -> Vec<Level> {
    chosen(&list.value, list.into(), ("level", "< senior"), Level::ALL, report)
}

/// The words of an ordered kind that a list of words and comparisons allows.
fn chosen<T: Copy + Ord + std::str::FromStr + std::fmt::Display>(
    list: &List<Text>,
    at: Spot,
    (what, example): (&str, &str),
    all: &[T],
    report: &mut Report<'_>,
) -> Vec<T> {
    let mut allowed = Vec::new();
    for (text, spot) in &list.0 {
        let (operator, word) = comparison(&text.0);
        let bound = word.parse::<T>().ok().filter(|bound| compares(operator, bound, bound).is_some());
        let Some(bound) = bound else {
            let words: Vec<String> = all.iter().map(ToString::to_string).collect();
            let help = nearest(word, words.iter().map(String::as_str))
                .unwrap_or_else(|| format!("write one of {}, or `{example}`", words.join(", ")));
            report.say(spot.unwrap_or(at), format!("`{}` is not a {what}", text.0), Some(help));
            continue;
        };
        let before = allowed.len();
        allowed.extend(all.iter().filter(|one| compares(operator, *one, &bound) == Some(true)));
        if allowed.len() == before {
            report.say(spot.unwrap_or(at), format!("`{}` can match nothing", text.0), None);
        }
    }
    allowed
}

/// `1`, `[1, 2]` or `<= 2`.
fn tiers(list: &Spanned<List<Tier>>, report: &mut Report<'_>) -> [u64; 4] {
    let mut tiers = [0u64; 4];
    for (text, spot) in &list.value.0 {
        let at = spot.unwrap_or_else(|| list.into());
        let (operator, word) = comparison(&text.0);
        let bound = word.parse::<u8>().ok().filter(|bound| compares(operator, bound, bound).is_some());
        let Some(bound) = bound else {
            let help = "write a number, 1 is the most critical, or `<= 2`";
            report.say(at, format!("`{}` is not a tier", text.0), Some(help.to_owned()));
            continue;
        };
        let before = tiers;
        for tier in (0..=u8::MAX).filter(|tier| compares(operator, tier, &bound) == Some(true)) {
            if let Some(word) = tiers.get_mut(usize::from(tier / 64)) {
                *word |= 1 << (tier % 64);
            }
        }
        if tiers == before {
            report.say(at, format!("`{}` can match nothing", text.0), None);
        }
    }
    tiers
}
