//! Reference pages of a set of rules, in Markdown: an index, and one page for each pack.
//!
//! Everything comes from the rules' files, so a page says what the gate does, and cannot say anything else.

mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::{Case, LimitSpec, Rule, RuleSet, Source};
use crate::config::parse_yaml;
use crate::model::Mode;
use words::{code, escaped};

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its file's name: `README.md`, `aws.md`.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// All pages, the index first. `sources` are the files that the rules were loaded from.
#[must_use]
pub fn pages(rules: &RuleSet, sources: &[Source]) -> Vec<Page> {
    let texts: BTreeMap<&str, &str> =
        sources.iter().map(|source| (source.file.as_str(), source.text.as_str())).collect();
    let packs: BTreeSet<&str> = rules
        .rules()
        .iter()
        .map(|rule| folder(&rule.id))
        .chain(rules.limits().iter().map(|limit| folder(&limit.id)))
        .chain(rules.exceptions().iter().map(|one| folder(&one.id)))
        .collect();
    let mut pages = vec![Page { file: "README.md".to_owned(), text: index(rules, &packs) }];
    pages.extend(packs.iter().map(|pack| Page { file: format!("{pack}.md"), text: page(rules, pack, &texts) }));
    pages
}

fn folder(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

fn of_pack<'a>(rules: &'a RuleSet, pack: &str) -> impl Iterator<Item = &'a Rule> {
    let pack = pack.to_owned();
    rules.rules().into_iter().filter(move |rule| folder(&rule.id) == pack)
}

fn limits_of<'a>(rules: &'a RuleSet, pack: &str) -> impl Iterator<Item = &'a LimitSpec> {
    let pack = pack.to_owned();
    rules.limits().iter().filter(move |limit| folder(&limit.id) == pack)
}

fn index(rules: &RuleSet, packs: &BTreeSet<&str>) -> String {
    let mut out = "# Rules\n\n".to_owned();
    let (all, limits) = (rules.rules().len(), rules.limits().len());
    let _ = writeln!(
        out,
        "{all} rules and {limits} limits in {} packs, revision `{}`. The strictest of the matrix cell and every matching\n\
         rule decides; order never matters. These pages are written by `blastgate rules docs`.\n",
        packs.len(),
        rules.revision()
    );
    out.push_str("| pack | rules | about |\n|---|---|---|\n");
    for pack in packs {
        let about = rules.packs().iter().find(|known| known.id == **pack).map_or("", |pack| &pack.description);
        let count = of_pack(rules, pack).count() + limits_of(rules, pack).count();
        let _ = writeln!(out, "| [{pack}]({pack}.md) | {count} | {} |", escaped(about));
    }
    out
}

fn page(rules: &RuleSet, pack: &str, texts: &BTreeMap<&str, &str>) -> String {
    let mut out = format!("# {pack}\n\n");
    if let Some(known) = rules.packs().iter().find(|known| known.id == pack) {
        if !known.description.is_empty() {
            let _ = writeln!(out, "{}\n", escaped(&known.description));
        }
        let maturity = format!("{:?}", known.maturity).to_lowercase();
        let _ = writeln!(out, "Version {} · {maturity} · {}\n", known.version, escaped(&known.owner));
    }
    out.push_str("| rule | says | severity | why |\n|---|---|---|---|\n");
    for rule in of_pack(rules, pack) {
        let name = rule.id.split_once('/').map_or(rule.id.as_str(), |(_, name)| name);
        let first = rule.message.split_inclusive(". ").next().unwrap_or_default().trim_end();
        let _ = writeln!(
            out,
            "| [{name}](#{}) | {} | {} | {} |",
            anchor(&rule.id),
            rule.decision,
            rule.severity,
            escaped(first)
        );
    }
    for limit in limits_of(rules, pack) {
        let name = limit.id.split_once('/').map_or(limit.id.as_str(), |(_, name)| name);
        let _ = writeln!(
            out,
            "| [{name}](#{}) | {} | limit | {} |",
            anchor(&limit.id),
            limit.decision,
            escaped(&limit.message)
        );
    }
    for rule in of_pack(rules, pack) {
        let text = texts.get(rule.file.as_str()).copied().unwrap_or_default();
        section(rule, &written(parse_yaml(&rule.file, text).unwrap_or_default(), &rule.id), &mut out);
    }
    exceptions(rules, pack, &mut out);
    for limit in limits_of(rules, pack) {
        let (allowance, decision) = (limit.allowance_in_words(), limit.decision);
        let _ = writeln!(out, "\n## {}\n\n**{decision}** beyond {allowance}\n", limit.id);
        said(&limit.message, &limit.instead, &mut out);
    }
    out
}

fn exceptions(rules: &RuleSet, pack: &str, out: &mut String) {
    let mut found = rules.exceptions().iter().filter(|one| folder(&one.id) == pack).peekable();
    if found.peek().is_some() {
        out.push_str("\n## Exceptions\n\n| exception | lifts | why | agreed by | ends |\n|---|---|---|---|---|\n");
    }
    for one in found {
        let lifts: Vec<String> = one.lifts.iter().map(|id| code(id)).collect();
        let ends = one.expires.map_or_else(|| "never".to_owned(), |end| end.to_string());
        let (why, agreed) = (escaped(&one.reason), escaped(&one.approved_by.join(", ")));
        let _ = writeln!(out, "| {} | {} | {why} | {agreed} | {ends} |", one.id, lifts.join(", "));
    }
}

/// The rule as it is written: the file is one, or a list of them.
fn written(file: Value, id: &str) -> Value {
    let is_it = |one: &&Value| one.get("id").and_then(Value::as_str) == Some(id);
    let lists = ["rules", "freezes"].iter().filter_map(|key| file.get(*key)?.as_array());
    lists.flatten().find(is_it).cloned().unwrap_or(file)
}

/// The anchor that GitHub gives to the heading of an id.
fn anchor(id: &str) -> String {
    id.chars().filter(|one| one.is_ascii_alphanumeric() || *one == '-').collect()
}

fn said(message: &str, instead: &str, out: &mut String) {
    let _ = writeln!(out, "> {}\n", escaped(message));
    if !instead.is_empty() {
        let _ = writeln!(out, "Instead: {}", escaped(instead));
    }
}

fn section(rule: &Rule, text: &Value, out: &mut String) {
    let _ = write!(out, "\n## {}\n\n**{}** · {} · {}", rule.id, rule.decision, rule.severity, escaped(&rule.owner));
    if rule.mode != Mode::Enforce {
        let _ = write!(out, " · mode {}", rule.mode);
    }
    for (key, before) in [("from", "from"), ("to", "to"), ("until", "until")] {
        if let Some(time) = text.get(key).and_then(Value::as_str) {
            let _ = write!(out, " · {before} {time}");
        }
    }
    out.push_str("\n\n");
    said(&rule.message, &rule.instead, out);
    list(
        "Matches when all of this holds:",
        &text.get("match").map(|block| words::block(block, false)).unwrap_or_default(),
        out,
    );
    if let Some(when) = text.get("when").and_then(Value::as_str) {
        list("and this expression holds:", &[code(when)], out);
    }
    if let Some(Value::Array(steps)) = text.get("after") {
        list("and the same session did before, in this order:", &words::steps(steps), out);
    }
    list(
        "Except when all of this certainly holds:",
        &text.get("unless").map(|block| words::block(block, true)).unwrap_or_default(),
        out,
    );
    list("Approval:", &text.get("approval").map(words::approval).unwrap_or_default(), out);
    if let Some(obligations) = text.get("obligations") {
        list("Needs also:", &words::texts(obligations), out);
    }
    list("Matches, for example:", &examples(&rule.tests().matches), out);
    list("Does not match:", &examples(&rule.tests().not_match), out);
    list("What is suggested instead, and passes:", &examples(&rule.tests().passes), out);
    if let Some(runbook) = &rule.runbook {
        let _ = writeln!(out, "\nRunbook: <{runbook}>");
    }
    let links: Vec<String> = rule.references.iter().map(|link| escaped(link)).collect();
    list("References:", &links, out);
}

fn list(title: &str, items: &[String], out: &mut String) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}\n");
    for item in items {
        let _ = writeln!(out, "- {item}");
    }
}

fn examples(cases: &[Case]) -> Vec<String> {
    let one = |case: &Case| {
        let attempt = code(&case.attempt.to_string());
        match &case.environment {
            Some(environment) => format!("{attempt} in {}", environment.kind),
            None => attempt,
        }
    };
    let with_past = |case: &Case| match case.after.as_slice() {
        [] => one(case),
        earlier => {
            let before: Vec<String> = earlier.iter().map(|earlier| one(&earlier.case)).collect();
            format!("{}, then {}", before.join(", then "), one(case))
        }
    };
    cases.iter().map(with_past).collect()
}

#[cfg(test)]
mod tests;
