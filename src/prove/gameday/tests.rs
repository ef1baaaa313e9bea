use super::*;
use crate::config::{Bodies, Inventory};
use crate::model::{Posture, Timestamp};
use crate::prove::Bench;
use crate::rules::{Layer, RuleSet, Source};

const AT: Timestamp = Timestamp::from_millis(1_795_312_800_000);

fn library(inventory: &Inventory) -> Vec<Incident> {
    let parse =
        |(file, text): &(&str, &str)| Incident::parse(file, text, inventory).unwrap_or_else(|wrong| panic!("{wrong}"));
    library_sources().iter().map(parse).collect()
}

/// One way that was played: what came of it, its name, what was read and advised, and who stopped it.
struct Told {
    outcome: Outcome,
    name: String,
    words: String,
    by: String,
    needs: Option<Need>,
}

fn told(incidents: &[Incident], bench: &Bench<'_>) -> Vec<Told> {
    let mut lines = Vec::new();
    for incident in incidents {
        for (at, step) in incident.play(bench, AT).steps.iter().enumerate() {
            for way in &step.ways {
                let one = |action: &crate::classify::Action| {
                    let (blast, environment) = (action.blast(), action.environment());
                    format!("{} {}/{}/{}", action.operation(), blast.impact, blast.scope, environment.kind)
                };
                let read = match &way.judged {
                    Err(why) => format!("unreadable: {why}"),
                    Ok(judged) => judged.actions.iter().map(one).collect::<Vec<_>>().join("; "),
                };
                let name = format!("{}:{} {}", incident.id, at + 1, way.way.say);
                let by = way.stop.as_ref().map_or_else(String::new, |stop| stop.by.clone());
                let words = format!("{read} {:?}", way.advice);
                lines.push(Told { outcome: way.outcome, name, words, by, needs: way.way.needs });
            }
        }
    }
    lines
}

fn bench<'a>(rules: &'a RuleSet, inventory: &'a Inventory, bodies: &'a Bodies, posture: Posture) -> Bench<'a> {
    Bench { rules, inventory, bodies, posture }
}

#[test]
fn the_list_is_the_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/incidents");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("tests/incidents/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    found.sort();
    let listed: Vec<&str> = library_sources().iter().map(|(file, _)| *file).collect();
    assert_eq!(found, listed);
}

#[test]
fn the_library_says_where_it_is_from_and_holds_harmless_steps_too() {
    let incidents = library(&Inventory::default());
    assert!(incidents.len() >= 31, "{}", incidents.len());
    for incident in &incidents {
        let told = [&incident.source, &incident.lesson];
        assert!(told.iter().all(|one| one.as_ref().is_some_and(|text| !text.is_empty())), "{}", incident.id);
        assert!(incident.steps.iter().any(|step| step.expect == Expect::Pass), "{}", incident.id);
    }
}

/// What is known to pass: the gate says so itself in every game day.
const KNOWN: &[&str] = &[
    "browser-click-delete:2 clicks \"delete\"",
    "firebase-rewrite:2 deploys the site",
    "gemini-move-onto-one-name:2 in PowerShell",
    "nfs-mount-in-folder:2 with find",
    "prisma-drift-reset:3 starts it and answers later, in the terminal",
    "prisma-drift-reset:4 points the service at another database",
    "retail-config-change:2 deploys it everywhere at once",
    "retail-config-change:2 with an SDK",
    "subagent-home:2 with Perl",
];

#[test]
fn the_built_in_rules_stop_the_library() {
    let (rules, inventory, bodies) = (RuleSet::builtin(), Inventory::default(), Bodies::default());
    let told = told(&library(&inventory), &bench(&rules, &inventory, &bodies, Posture::Guarded));
    let is_wrong = |one: &&Told| matches!(one.outcome, Outcome::Gap | Outcome::FalseAlarm) || one.by == "unreadable";
    let wrong: Vec<String> =
        told.iter().filter(is_wrong).map(|one| format!("{} {}: {}", one.outcome, one.name, one.words)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let known: Vec<&str> =
        told.iter().filter(|one| one.outcome == Outcome::KnownGap).map(|one| one.name.as_str()).collect();
    assert_eq!(known, KNOWN);
    // What is stopped needs nothing more; a memory, as far as there is one, are the limits.
    let stale = told.iter().filter(|one| one.needs.is_some() && one.outcome == Outcome::Held);
    for one in stale {
        assert!(one.needs == Some(Need::Memory) && one.by == "base/destroy-burst", "{}: {}", one.name, one.by);
    }
}

#[test]
fn other_postures_play_it_too() {
    let (rules, inventory, bodies) = (RuleSet::builtin(), Inventory::default(), Bodies::default());
    let incidents = library(&inventory);
    let guarded = told(&incidents, &bench(&rules, &inventory, &bodies, Posture::Guarded));
    let observe = told(&incidents, &bench(&rules, &inventory, &bodies, Posture::Observe));
    assert!(guarded.iter().zip(&observe).all(|(a, b)| a.outcome == b.outcome));
    let strict = told(&incidents, &bench(&rules, &inventory, &bodies, Posture::Strict));
    let alarms: Vec<&str> =
        strict.iter().filter(|one| one.outcome == Outcome::FalseAlarm).map(|one| one.name.as_str()).collect();
    assert!(alarms.is_empty(), "{alarms:?}");
}

#[test]
fn an_inventory_that_calls_everything_dev_has_gaps_and_is_told_why() {
    let text = "version: 1\nenvironments: [ { name: dev, match: [ { provider: \"*\" } ] } ]\n";
    let inventory = Inventory::parse("inventory.yaml", text).unwrap();
    let (rules, bodies) = (RuleSet::builtin(), Bodies::default());
    let told = told(&library(&inventory), &bench(&rules, &inventory, &bodies, Posture::Guarded));
    let gap = told.iter().find(|one| one.name == "kiro-dynamodb-delete-table:2 with an SDK").unwrap();
    assert_eq!(gap.outcome, Outcome::Gap, "{}", gap.words);
    for words in ["inventory.yaml:2", "if it were prod", "account: \\\"111122223333\\\""] {
        assert!(gap.words.contains(words), "{words}: {}", gap.words);
    }
}

const INVENTORY: &str = r#"
version: 1
environments:
  - name: prod
    match:
      - { provider: aws, account: "444455556666" }
      - { cluster: shop-eu }
      - { cluster: shop-us, namespace: pay }
      - { host: "*.shop.test" }
  - { name: dev, match: [ { account: "777788889999" } ] }
"#;

fn one(text: &str, inventory: &str) -> Result<Incident, String> {
    let inventory = Inventory::parse("inventory.yaml", inventory).unwrap();
    Incident::parse("own/lost.yaml", text, &inventory).map_err(|wrong| wrong.to_string())
}

#[test]
fn placeholders_are_filled_from_the_first_fitting_entry() {
    let text = r#"
id: lost
title: t
what: w
targets: { prod.account: "111122223333", prod.cluster: c, prod.namespace: n, prod.host: db.example, dev.region: eu-1, staging.account: "000000000000" }
steps:
  - say: s
    expect: stop
    repeat: 2
    command: echo {prod.account} {prod.cluster}/{prod.namespace} {prod.host} {dev.region} {staging.account} {n} {other} {{}
"#;
    let incident = one(text, INVENTORY).unwrap();
    let texts: Vec<&str> = incident.steps[0].ways[0]
        .attempts
        .iter()
        .map(|attempt| match attempt {
            Attempt::Command { text, .. } => text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = "echo 444455556666 shop-us/pay x.shop.test eu-1 000000000000";
    assert_eq!(texts, [format!("{expected} 1 {{other}} {{{{}}"), format!("{expected} 2 {{other}} {{{{}}")]);
    let place = |name: &str| incident.targets.iter().find(|target| target.name == name).unwrap().place.clone();
    assert_eq!(place("prod.cluster").as_deref(), Some("inventory.yaml:8"));
    assert_eq!(place("dev.region"), None);
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let head = "id: lost\ntitle: t\nwhat: w\n";
    for (text, expected) in [
        ("steps:\n  - { say: s, expect: stopp, command: ls }", "own/lost.yaml:5:23: unknown word `stopp`"),
        ("steps:\n  - { say: s, expect: stop, comand: ls }", "own/lost.yaml:5:29: unknown key `comand`"),
        (
            "steps:\n  - { say: s, expect: stop }",
            "own/lost.yaml:5:5: a step has one of `http`, `command`, `sql` and `mcp`",
        ),
        (
            "steps:\n  - { say: s, expect: pass, command: ls }",
            "own/lost.yaml:5:3: an incident without a step that must be",
        ),
        (
            "steps:\n  - { say: s, expect: stop, command: \"rm {prod.host}\" }",
            "`{prod.host}` is not one of the incident's",
        ),
        (
            "targets: { prod.hots: a }\nsteps:\n  - { say: s, expect: stop, command: \"rm {prod.hots}\" }",
            "did you mean `prod.host`?",
        ),
        (
            "targets: { prod.host: a }\nsteps:\n  - { say: s, expect: stop, command: rm }",
            "own/lost.yaml:4:23: no step uses `{prod.host}`",
        ),
        (
            "steps:\n  - { say: s, expect: stop, http: { method: DELETE, url: \"htp:/x\" } }",
            "the request cannot be read",
        ),
        ("steps:\n  - { say: s, expect: stop, sql: { dialect: postgers, statement: x } }", "did you mean `postgres`?"),
        ("steps:\n  - { say: s, expect: stop, command: ls, repeat: 1 }", "`repeat` takes a number from 2 to 1000"),
        ("steps:\n  - { say: s, expect: stop, command: ls, files: { a: b } }", "`a` is not an absolute path"),
        ("steps:\n  - { say: s, expect: stop, command: ls, provider: aws }", "`provider` stands beside `http`"),
        ("steps:\n  - { say: s, expect: stop, command: ls, environment: unknown }", "leave it out"),
        (
            "steps:\n  - { say: s, expect: pass, command: ls, needs: memory }\n  - { say: s, expect: stop, command: ls }",
            "`needs` stands beside",
        ),
        (
            "date: yesterday\nsteps:\n  - { say: s, expect: stop, command: ls }",
            "own/lost.yaml:4:7: `yesterday` is not a date",
        ),
    ] {
        let wrong = one(&format!("{head}{text}\n"), "version: 1\n").expect_err(text);
        assert!(wrong.contains(expected), "{text}\n{wrong}");
    }
    let wrong = Incident::parse(
        "own/other.yaml",
        &format!("{head}steps:\n  - {{ say: s, expect: stop, command: ls }}\n"),
        &Inventory::default(),
    );
    assert!(wrong.unwrap_err().to_string().contains("write `id: other`"), "the id is the file's name");
}

#[test]
fn a_loop_is_stopped_by_the_limit_and_a_rule_in_shadow_does_not_count() {
    let text = r#"
id: lost
title: t
what: w
steps:
  - { say: a, expect: pass, environment: dev, http: { method: DELETE, url: "https://x.test/a" } }
  - { say: b, expect: stop, environment: dev, repeat: 20, http: { method: DELETE, url: "https://x.test/a/{n}" } }
  - { say: c, expect: stop, http: { method: GET, url: "https://x.test/a" } }
"#;
    let shadow = r#"
id: own/reads
owner: "@me"
severity: low
mode: shadow
match: { operation: ["http:*:GET"] }
decision: escalate
message: No.
instead: Ask.
tests:
  match: [ { http: { method: GET, url: "https://x.test/a" } } ]
  not_match: [ { http: { method: POST, url: "https://x.test/a" } } ]
"#;
    let sources = [Source { file: "own/reads.yaml".to_owned(), text: shadow.to_owned(), layer: Layer::Organisation }];
    let rules = RuleSet::load(&sources).unwrap_or_else(|wrong| panic!("{wrong}"));
    let (inventory, bodies) = (Inventory::default(), Bodies::default());
    let incident = one(text, "version: 1\n").unwrap();
    let played = incident.play(&bench(&rules, &inventory, &bodies, Posture::Guarded), AT);
    let loops = &played.steps[1].ways[0];
    let stop = loops.stop.as_ref().unwrap();
    // The step before took one.
    assert_eq!((loops.turn, stop.by.as_str()), (10, "base/destroy-burst"));
    assert!(stop.told.contains("Limit base/destroy-burst"), "{}", stop.told);
    let read = &played.steps[2].ways[0];
    assert_eq!(read.outcome, Outcome::Gap);
    assert!(
        read.advice.iter().any(|line| line.contains("`own/reads`") && line.contains("mode: enforce")),
        "{:?}",
        read.advice
    );
    assert_eq!(played.outcome(), Outcome::Gap);
    assert_eq!(played.ends_at().map(|(at, _)| at), Some(1));
}
