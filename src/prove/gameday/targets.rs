//! Placeholders: `{prod.account}` stands for the story's own account, and for the operator's first one of that kind where
//! the inventory has one. So the same story is played against names that the inventory knows.

use std::collections::{BTreeMap, BTreeSet};

use serde_saphyr::Spanned;

use super::KINDS;
use crate::config::{Inventory, Match, MatchKey, Report, nearest};
use crate::model::EnvironmentKind;

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `prod.account`.
    pub name: String,
    /// What it is played as.
    pub value: String,
    /// Which entry of the inventory it is from; `None`: the story's own.
    pub place: Option<String>,
}

/// Reads `prod.account`.
fn parse(name: &str) -> Result<(EnvironmentKind, MatchKey), String> {
    let (kind, key) = name.split_once('.').ok_or_else(|| format!("`{name}` is not written as `prod.account`"))?;
    let kind = KINDS.iter().copied().find(|one| one.as_str() == kind);
    let kind = kind.ok_or_else(|| format!("`{name}`: targets are of local, dev, staging or prod"))?;
    Ok((kind, key.parse().map_err(|words| format!("`{name}`: {words}"))?))
}

/// Checks the names, and looks into the inventory for each.
pub(super) fn check(
    raw: &BTreeMap<String, Spanned<String>>,
    inventory: &Inventory,
    report: &mut Report<'_>,
) -> Vec<Target> {
    let mut wanted = Vec::new();
    for (name, story) in raw {
        match parse(name) {
            Ok((kind, key)) => wanted.push((name, story, kind, key)),
            Err(message) => {
                let known = MatchKey::ALL.iter().flat_map(|key| KINDS.iter().map(move |kind| format!("{kind}.{key}")));
                let known: Vec<String> = known.collect();
                report.say(story, message, nearest(name, known.iter().map(String::as_str)));
            }
        }
    }
    let found = wanted.iter().map(|(name, story, kind, key)| {
        let keys: Vec<MatchKey> = wanted.iter().filter(|one| one.2 == *kind).map(|one| one.3).collect();
        let own = of_inventory(inventory, (*kind, *key), &keys, &story.value);
        let (value, place) = own.map_or((story.value.clone(), None), |(value, place)| (value, Some(place)));
        Target { name: (*name).clone(), value, place }
    });
    found.collect()
}

/// The value of the first entry of this kind that has the key; of those the one that has most of what the story asks for,
/// so that a namespace comes with its own cluster.
fn of_inventory(
    inventory: &Inventory,
    (kind, key): (EnvironmentKind, MatchKey),
    keys: &[MatchKey],
    story: &str,
) -> Option<(String, String)> {
    let has = |entry: &Match, wanted: MatchKey| entry.keys.iter().any(|(known, _)| *known == wanted);
    let mut best: Option<(usize, String, &Match)> = None;
    for (entry, environment) in inventory.entries() {
        let glob = entry.keys.iter().find(|(known, _)| *known == key).map(|(_, glob)| glob.as_str());
        let Some(value) = glob.and_then(|glob| filled(glob, key, story)) else { continue };
        if environment.kind != kind || !entry.is_seen() {
            continue;
        }
        let fits = keys.iter().filter(|wanted| has(entry, **wanted)).count();
        if best.as_ref().is_none_or(|(before, ..)| fits > *before) {
            best = Some((fits, value, entry));
        }
    }
    best.map(|(_, value, entry)| (value, entry.place.clone()))
}

/// A name that the pattern covers; `None` where it would not have the form of the story's own.
fn filled(glob: &str, key: MatchKey, story: &str) -> Option<String> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if key == MatchKey::Account && is_account(story) && !is_account(glob) {
        return None;
    }
    match glob {
        "*" => Some(story.to_owned()),
        glob => Some(glob.replace('*', "x")),
    }
}

/// Puts targets, and the number of the repetition, into texts; keeps account of what was asked for.
pub(super) struct Filler<'a> {
    targets: &'a [Target],
    /// `{n}`.
    pub(super) turn: Option<u32>,
    /// Placeholders that were met.
    pub(super) used: BTreeSet<String>,
    /// Those of them that nothing stands for.
    pub(super) missing: BTreeSet<String>,
}

impl<'a> Filler<'a> {
    pub(super) fn new(targets: &'a [Target]) -> Self {
        Self { targets, turn: None, used: BTreeSet::new(), missing: BTreeSet::new() }
    }

    /// The text with every `{kind.key}` replaced. Other braces are the text's own.
    pub(super) fn fill(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            out.push_str(before);
            let inside = behind.split_once('}');
            match inside.and_then(|(name, after)| Some((self.value(name)?, after))) {
                Some((value, after)) => {
                    out.push_str(&value);
                    rest = after;
                }
                None => {
                    out.push('{');
                    rest = behind;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn value(&mut self, name: &str) -> Option<String> {
        if name == "n" {
            return self.turn.map(|turn| turn.to_string());
        }
        let (kind, key) = name.split_once('.')?;
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase());
        if !KINDS.iter().any(|one| one.as_str() == kind) || !is_word(key) {
            return None;
        }
        self.used.insert(name.to_owned());
        let found = self.targets.iter().find(|target| target.name == name);
        if found.is_none() {
            self.missing.insert(name.to_owned());
        }
        found.map(|target| target.value.clone())
    }
}
