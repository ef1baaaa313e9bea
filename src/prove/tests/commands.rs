//! The labelled commands of `src/catalog/commands/cases`: what must be stopped is stopped, and everyday work is not.
//!
//! Judged by the built-in rules with an empty inventory: every remote target counts as production.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::config::{Bodies, Inventory};
use crate::identify::command::{Shell, Stated};
use crate::model::{Effect, Posture, Timestamp};
use crate::prove::{Bench, Command, nobody};
use crate::rules::{RuleSet, builtin_sources};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    command: String,
    want: Want,
    tier: u8,
    #[serde(default)]
    #[allow(dead_code, reason = "for people who read the file")]
    why: Option<String>,
    operation: Option<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    cwd: Option<String>,
    shell: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Want {
    Stop,
    Pass,
}

/// What came of one case.
struct Verdict {
    file: String,
    case: Case,
    stopped: bool,
    said: String,
    names: Vec<String>,
}

fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/commands/cases");
    let mut files: Vec<_> = std::fs::read_dir(&folder).expect("the cases").map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut all = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "jsonl")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for (number, line) in std::fs::read_to_string(path).unwrap().lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let case = serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}:{}: {error}", number + 1));
            all.push((format!("{name}:{}", number + 1), case));
        }
    }
    all
}

fn judge(rules: &RuleSet, file: String, case: Case) -> Verdict {
    let inventory = Inventory::default();
    let bench = Bench { rules, inventory: &inventory, bodies: &Bodies::default(), posture: Posture::Guarded };
    let mut around = Stated::in_workspace("/repo");
    around.directory = case.cwd.clone().or(around.directory);
    around.variables.extend(case.env.clone());
    around.files.clone_from(&case.files);
    let shell = match case.shell.as_deref() {
        None | Some("bash" | "sh" | "posix") => Shell::Posix,
        Some("powershell") => Shell::PowerShell,
        Some("cmd") => Shell::Cmd,
        Some(other) => panic!("{file}: `{other}` is no shell"),
    };
    let asked = Command { text: &case.command, shell, around: &around };
    match bench.hear(&asked, &nobody(Timestamp::from_millis(0))) {
        Err(unreadable) => {
            Verdict { file, case, stopped: true, said: format!("refused: {}", unreadable.why), names: vec![] }
        }
        Ok((judged, _)) => {
            let effect = judged.decision.effect();
            let one = |action: &crate::classify::Action| {
                let blast = action.blast();
                let kind = action.environment().kind;
                format!("{} {}/{}/{kind}", action.operation(), blast.impact, blast.scope)
            };
            let names = judged.actions.iter().map(|action| action.operation().to_string()).collect();
            let by: Vec<&str> = judged.decision.deciding().map(|finding| finding.rule.as_str()).collect();
            let actions: Vec<String> = judged.actions.iter().map(one).collect();
            let said = format!("{effect} by {}: {}", by.join(","), actions.join("; "));
            Verdict { file, case, stopped: matches!(effect, Effect::Escalate | Effect::Deny), said, names }
        }
    }
}

/// How many per thousand of these hold.
fn per_mille(found: usize, of: usize) -> usize {
    found * 1000 / of.max(1)
}

/// The built-in rules are read as requests ask for them; here beside a set that reads all of them first.
#[test]
fn rules_that_are_read_late_judge_as_all_of_them_do() {
    let (late, whole) =
        (RuleSet::builtin(), RuleSet::only(&builtin_sources()).unwrap_or_else(|wrong| panic!("{wrong}")));
    assert_eq!(late.revision(), whole.revision());
    for ((file, case), (_, again)) in cases().into_iter().zip(cases()) {
        let (late, whole) = (judge(&late, file.clone(), case), judge(&whole, file, again));
        assert_eq!(late.said, whole.said, "{}: {:?}", late.file, late.case.command);
    }
    assert_eq!(crate::prove::run(&whole), [], "as those that are read late");
}

#[test]
fn labelled_commands_are_judged_as_they_should_be() {
    let rules = RuleSet::builtin();
    let verdicts: Vec<Verdict> = cases().into_iter().map(|(file, case)| judge(&rules, file, case)).collect();
    let mut wrong = 0;
    for verdict in &verdicts {
        let Verdict { case, .. } = verdict;
        let expected = case.want == Want::Stop;
        if verdict.stopped != expected {
            wrong += 1;
            let label = if expected { "MISSED" } else { "FALSE ALARM" };
            println!("{label} {} tier {}: {:?}\n    {}", verdict.file, case.tier, case.command, verdict.said);
        }
        if let Some(operation) = &case.operation
            && !verdict.names.contains(operation)
            && !verdict.said.starts_with("refused")
        {
            println!("NAME {} {:?}: not {operation}\n    {}", verdict.file, case.command, verdict.said);
        }
    }
    let of = |want: Want, tier: Option<u8>| {
        verdicts.iter().filter(move |one| one.case.want == want && tier.is_none_or(|tier| one.case.tier == tier))
    };
    for (tier, least) in [(1, 995), (2, 950), (3, 600)] {
        let all = of(Want::Stop, Some(tier)).count();
        let stopped = of(Want::Stop, Some(tier)).filter(|one| one.stopped).count();
        println!("tier {tier}: {stopped} of {all} stopped ({} per mille, at least {least})", per_mille(stopped, all));
    }
    let harmless = of(Want::Pass, None).count();
    let alarms = of(Want::Pass, None).filter(|one| one.stopped).count();
    println!("false alarms: {alarms} of {harmless}; wrong in all: {wrong} of {}", verdicts.len());
    for (tier, least) in [(1, 995), (2, 950), (3, 600)] {
        let all = of(Want::Stop, Some(tier)).count();
        let stopped = of(Want::Stop, Some(tier)).filter(|one| one.stopped).count();
        assert!(per_mille(stopped, all) >= least, "tier {tier}: only {stopped} of {all} are stopped");
    }
    assert!(alarms * 100 < harmless, "{alarms} of {harmless} harmless commands are stopped");
}
