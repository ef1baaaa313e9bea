use super::*;
use crate::model::Effect;
use crate::model::{BlastRadius, Count, EnvironmentKind, Evidence, Hazard, Impact, Place, Posture, Scope};

fn source(id: &str, text: &str) -> Source {
    Source { file: format!("rules/{id}.yaml"), text: text.to_owned(), layer: Layer::Organisation }
}

/// A rule of the organisation with this `match:` and whatever else is given.
fn rule(id: &str, matches: &str, more: &str) -> Source {
    let text = format!(
        "id: {id}\nowner: \"@us\"\nseverity: high\nmatch: {matches}\ndecision: deny\nmessage: no\ninstead: other\n{more}"
    );
    source(id, &text)
}

fn wrong(sources: &[Source]) -> String {
    RuleSet::load(sources).map(|set| set.revision().to_owned()).expect_err("it should be refused").to_string()
}

fn look<'a>(set: &'a RuleSet, action: &Action, found: impl FnMut(Hit<'a>)) {
    let context = crate::prove::nobody(crate::model::Timestamp::from_millis(0));
    set.hits(View { action, context: &context, standing: None, past: None }, found);
}

fn counts(limit: &LimitSpec, action: &Action) -> bool {
    let context = crate::prove::nobody(crate::model::Timestamp::from_millis(0));
    limit.matches(View { action, context: &context, standing: None, past: None })
}

fn hits(set: &RuleSet, action: &Action) -> Vec<String> {
    let mut found = Vec::new();
    look(set, action, |hit| found.push(hit.rule.id.clone()));
    found.sort();
    found
}

fn destroy(operation: &str, environment: EnvironmentKind) -> Action {
    Action::for_test(operation, BlastRadius::new(Impact::Destroy, Scope::Resource), environment)
}

fn check_matches(matches: &str, action: &Action, expected: bool) {
    check_rule(&rule("us/x", matches, ""), action, expected);
}

fn check_rule(source: &Source, action: &Action, expected: bool) {
    let set = RuleSet::only(std::slice::from_ref(source)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(hits(&set, action) == ["us/x"], expected, "{}\n{action:?}", source.text);
}

#[test]
fn what_is_wrong_with_a_rule_is_told_with_its_place() {
    for (matches, more, expected) in [
        ("{ impact: [destory] }", "", "rules/us/x.yaml:4:19: unknown word `destory`"),
        ("{ impcat: [destroy] }", "", "help: did you mean `impact`?"),
        ("{}", "", "4:8: an empty block would match everything"),
        ("{ impact: [] }", "", "an empty list can match nothing"),
        ("{ scope: \">= enviroment\" }", "", "help: did you mean `environment`?"),
        ("{ scope: \"> organization\" }", "", "can match nothing"),
        ("{ count: 10 }", "", "`10` is not a count"),
        ("{ account: [012345678901] }", "", "put it in quotes"),
        ("{ provider: [kubernets] }", "", "did you mean `kubernetes`?"),
        ("{ operation: [\"aws:cloudformation:DeleteStak\"] }", "", "no catalog knows the operation"),
        ("{ operation: [\"aws:DeleteStack\"] }", "", "is not an operation"),
        ("{ operation: [\"kubernetes:*\"], provider: [aws] }", "", "it can never match"),
        ("{ impact: [destroy] }", "when: x\n", "8:7: unknown name `x`"),
        (
            "{ impact: [destroy] }",
            "when: >\n  has(account) &&\n  scope > 3\n",
            "10:9: `scope` is a word and not a number",
        ),
        ("{ impact: [destroy] }", "when: [a]\n", "8:7: expected"),
        ("{ impact: [destroy] }", "when:\n", "us/x.yaml:8:"),
        ("{ impact: [destroy] }", "when: \"\"\n", "8:7: the expression is empty"),
        ("{ impact: [destroy] }", "when: true\n", "8:7: this is the same for every action"),
        ("{ impact: [destroy] }", "approval: { quorum: 2 }\n", "a rule that says `deny` asks nobody"),
        ("{ impact: [destroy] }", "unless: { environment: [unknown] }\n", "cannot excuse the environment `unknown`"),
        ("{ impact: [destroy] }", "unless: { impact: [destroy, unknown] }\n", "cannot excuse the impact `unknown`"),
        ("{ impact: [read] }", "unless: { impact: [read] }\n", "the rule can never match"),
        ("{ impact: [destroy] }", "tests: { match: [{}] }\n", "one of `http`, `command` and `action`"),
        ("{ hazards: [data-los] }", "", "did you mean `data-loss`?"),
        ("{ resource: [\"{a,b}\"] }", "", "write a list"),
    ] {
        let found = wrong(&[rule("us/x", matches, more)]);
        assert!(found.contains(expected), "{matches} {more}\nexpected: {expected}\nfound: {found}");
    }
}

#[test]
fn ids_decisions_and_layers_are_checked() {
    let allow = rule("us/x", "{ impact: [read] }", "").text.replace("deny", "allow");
    for (sources, expected) in [
        (vec![source("us/x", &allow)], "there is no allow rule"),
        (vec![source("us/y", &rule("us/x", "{ impact: [read] }", "").text)], "help: write `us/y`"),
        (vec![rule("us/X", "{ impact: [read] }", "")], "is not an id"),
        (vec![rule("base/bulk", "{ impact: [read] }", "")], "is already taken by"),
        (
            vec![source("us/x", &rule("us/x", "{ impact: [read] }", "").text.replace("instead: other\n", ""))],
            "`instead` is missing",
        ),
        (
            vec![Source { file: "rules/us/matrix.yaml".to_owned(), ..source("us/x", "guarded: {}") }],
            "the matrix cannot be replaced",
        ),
        (
            vec![Source {
                file: "rules/us/pack.yaml".to_owned(),
                ..source("us/x", "id: they\nversion: 1\nmaturity: stable\nowner: x\n")
            }],
            "write `id: us`",
        ),
    ] {
        let found = wrong(&sources);
        assert!(found.contains(expected), "expected: {expected}\nfound: {found}");
    }
    let untested = Source { layer: Layer::BuiltIn, ..rule("us/x", "{ impact: [read] }", "") };
    assert!(RuleSet::only(&[untested]).unwrap_err().to_string().contains("not proved by `tests`"));
}

#[test]
fn every_key_narrows() {
    use EnvironmentKind::{Dev, Prod, Unknown};
    let stack = || destroy("aws:cloudformation:DeleteStack", Dev);
    let place = Place { account: Some("111122223333".into()), region: Some("eu-west-1".into()), ..Place::default() };
    for (matches, action, expected) in [
        ("{ operation: \"aws:cloudformation:DeleteStack\" }", stack(), true),
        ("{ operation: \"aws:cloudformation:Delete*\" }", stack(), true),
        ("{ operation: \"aws:*\" }", stack(), true),
        ("{ operation: \"*:cloudformation:*\" }", stack(), true),
        ("{ operation: \"aws:s3:*\" }", stack(), false),
        ("{ operation: \"aws:s3:DeleteBucket\" }", stack().or("aws:s3:DeleteBucket"), true),
        ("{ provider: aws }", stack(), true),
        ("{ provider: aws, service: s3 }", stack(), false),
        ("{ provider: aws, service: [s3, cloudformation] }", stack(), true),
        ("{ service: \"cloud*\" }", stack(), true),
        ("{ impact: [destroy], environment: [dev] }", stack(), true),
        ("{ impact: [read] }", stack(), false),
        ("{ environment: [prod] }", stack(), false),
        ("{ environment: [prod] }", destroy("aws:s3:DeleteBucket", Unknown), true),
        ("{ environment: [unknown] }", destroy("aws:s3:DeleteBucket", Prod), false),
        ("{ scope: \">= environment\" }", stack(), false),
        ("{ scope: \"<= resource\" }", stack(), true),
        ("{ scope: [item, resource] }", stack(), true),
        ("{ resource: \"a*\" }", stack(), false),
        ("{ resource: \"a*\" }", stack().on(["b", "ab"]), true),
        ("{ account: \"1111*\" }", stack().at(place.clone()), true),
        ("{ account: \"2222*\" }", stack().at(place.clone()), false),
        ("{ region: [us-east-1] }", stack().at(place.clone()), false),
        ("{ region: [us-east-1] }", stack(), false),
        ("{ parameter: { SkipFinalSnapshot: true } }", stack().with("SkipFinalSnapshot", "TRUE"), true),
        ("{ parameter: { SkipFinalSnapshot: true } }", stack().with("Skip", "true"), false),
        ("{ reversible: [no] }", stack(), true),
        ("{ evidence: [observed], door: [http] }", stack(), true),
        ("{ evidence: [parsed] }", stack(), false),
        ("{ door: [mcp] }", stack(), false),
    ] {
        check_matches(matches, &action, expected);
    }
}

#[test]
fn counts_are_compared_by_what_is_certain() {
    let counted = |count| {
        let mut blast = BlastRadius::new(Impact::Destroy, Scope::Resource);
        blast.count = count;
        Action::for_test("aws:s3:DeleteBucket", blast, EnvironmentKind::Dev)
    };
    for (test, count, expected) in [
        ("> 10", Count::Exact(10), false),
        ("> 10", Count::Exact(11), true),
        (">= 10", Count::Exact(10), true),
        ("> 10", Count::AtLeast(1), false),
        ("> 10", Count::Unbounded, true),
        ("< 10", Count::Exact(9), true),
        ("< 10", Count::AtLeast(1), false),
        ("< 10", Count::Unbounded, false),
        ("= 1", Count::ONE, true),
        ("unbounded", Count::Unbounded, true),
        ("unbounded", Count::AtLeast(9), false),
    ] {
        check_matches(&format!("{{ count: \"{test}\" }}"), &counted(count), expected);
    }
}

#[test]
fn what_nobody_knows_counts_as_the_worst() {
    let set = RuleSet::only(&[rule("us/x", "{ account: \"1111*\", impact: [destroy] }", "")]).unwrap();
    let mut found = Vec::new();
    let action = destroy("aws:s3:DeleteBucket", EnvironmentKind::Dev);
    look(&set, &action, |hit| found.push(hit.failed.clone()));
    assert_eq!(found, [Some("the request does not prove its account".to_owned())]);
    let unnamed = Action::for_test(
        "aws:rds:unidentified",
        BlastRadius::new(Impact::Unknown, Scope::Resource),
        EnvironmentKind::Dev,
    );
    check_matches("{ impact: [destroy] }", &unnamed, true);
    check_matches("{ impact: [destroy], resource: \"*-prod\" }", &unnamed, true);
}

#[test]
fn unless_must_cover_everything() {
    let stack = || destroy("aws:cloudformation:DeleteStack", EnvironmentKind::Dev);
    for (unless, action, expected) in [
        ("{ environment: [dev] }", stack(), false),
        ("{ environment: [prod] }", destroy("aws:s3:DeleteBucket", EnvironmentKind::Unknown), true),
        ("{ resource: \"tmp-*\" }", stack().on(["tmp-a", "tmp-b"]), false),
        ("{ resource: \"tmp-*\" }", stack().on(["tmp-a", "b"]), true),
        ("{ resource: \"tmp-*\" }", stack(), true),
        ("{ account: \"1111*\" }", stack(), true),
        ("{ operation: \"aws:cloudformation:*\" }", stack(), false),
        ("{ operation: \"aws:cloudformation:*\" }", stack().or("aws:s3:DeleteBucket"), true),
    ] {
        let source = rule("us/x", "{ impact: [destroy] }", &format!("unless: {unless}\n"));
        check_rule(&source, &action, expected);
    }
}

#[test]
fn when_is_asked_last_and_counts_where_it_cannot_be_evaluated() {
    let stack = || destroy("aws:cloudformation:DeleteStack", EnvironmentKind::Dev);
    let place = Place { account: Some("111122223333".into()), ..Place::default() };
    for (when, unless, action, expected) in [
        ("scope == \"resource\"", "", stack(), true),
        ("scope == \"item\"", "", stack(), false),
        ("account == \"111122223333\"", "", stack().at(place.clone()), true),
        ("account == \"444455556666\"", "", stack().at(place), false),
        ("account == \"444455556666\"", "", stack(), true),
        ("has(account) && account == \"444455556666\"", "", stack(), false),
        ("account == \"444455556666\"", "unless: { environment: [dev] }\n", stack(), false),
        ("scope == \"resource\"", "unless: { environment: [prod] }\n", stack(), true),
    ] {
        let source = rule("us/x", "{ impact: [destroy] }", &format!("when: '{when}'\n{unless}"));
        check_rule(&source, &action, expected);
    }
    let source = rule("us/x", "{ impact: [destroy] }", "when: account == \"111122223333\"\n");
    let set = RuleSet::only(&[source]).unwrap();
    let mut failed = Vec::new();
    look(&set, &stack(), |hit| failed.push(hit.failed.clone()));
    assert_eq!(failed, [Some("the request does not prove its account".to_owned())]);
    look(&set, &destroy("kubernetes:core:pods.delete", EnvironmentKind::Dev), |hit| panic!("{hit:?}"));
}

#[test]
fn a_crowd_is_narrowed_by_resource() {
    let sources: Vec<Source> = (0..64)
        .map(|n| {
            rule(
                &format!("us/r{n}"),
                &format!("{{ operation: \"aws:s3:DeleteBucket\", resource: [\"team-{n}-*\", \"x.{n}\"] }}"),
                "",
            )
        })
        .collect();
    let set = RuleSet::only(&sources).unwrap();
    let of = |resources: [&str; 2]| hits(&set, &destroy("aws:s3:DeleteBucket", EnvironmentKind::Dev).on(resources));
    assert_eq!(of(["team-7-a", "none"]), ["us/r7"]);
    assert_eq!(of(["team-7-a", "x.9"]), ["us/r7", "us/r9"]);
    assert_eq!(of(["team-7-a", "team-7-b"]), ["us/r7"], "a rule comes once");
    assert!(of(["xx9", "team-70-a"]).is_empty(), "dots stand for themselves");
}

#[test]
fn the_revision_is_of_the_content() {
    let (a, b) = (rule("us/a", "{ impact: [read] }", ""), rule("us/b", "{ impact: [read] }", ""));
    let revision = |sources: &[Source]| RuleSet::load(sources).unwrap().revision().to_owned();
    let both = revision(&[a.clone(), b.clone()]);
    assert!(both.starts_with("r_") && both.len() == 18);
    assert_eq!(both, revision(&[b.clone(), a.clone()]));
    assert_ne!(both, revision(std::slice::from_ref(&a)));
    assert_ne!(revision(&[]), revision(&[a]));
}

#[test]
fn every_file_of_the_folder_is_compiled_in() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for pack in
        std::fs::read_dir(root.join("rules")).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for file in std::fs::read_dir(pack).unwrap() {
            let path = file.unwrap().path();
            found.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
    found.sort();
    let mut known: Vec<String> =
        builtin_sources().into_iter().chain(optional_sources()).map(|source| source.file).collect();
    known.sort();
    assert_eq!(known, found);
}

#[test]
fn packs_that_are_opted_into_hold_what_they_promise() {
    let set = RuleSet::load(&optional_sources()).unwrap_or_else(|wrong| panic!("{wrong}"));
    let failed = crate::prove::run(&set);
    assert!(failed.is_empty(), "{failed:#?}");
    let friction: Vec<&Rule> = set.rules().into_iter().filter(|rule| rule.layer == Layer::Organisation).collect();
    assert!(
        friction.iter().all(|rule| rule.mode == Mode::Shadow && rule.until().is_some()),
        "it begins in shadow, and ends"
    );
    assert!(friction.iter().all(|rule| !rule.demand.approvals.is_empty() && !rule.demand.obligations.is_empty()));
}

#[test]
fn the_matrix_is_the_published_one() {
    use Effect::{Allow, Deny, Escalate};
    use EnvironmentKind::{Dev, Local, Prod, Staging, Unknown};
    use Posture::{Guarded, Observe, Strict};
    let set = RuleSet::builtin();
    let cell = |row, scope, kind, posture| set.matrix().cell(row, scope, kind, posture);
    for kind in EnvironmentKind::ALL.iter().copied() {
        let is_prod = kind.counts_as_prod();
        let only_prod = if is_prod { Escalate } else { Allow };
        let not_dev = if matches!(kind, Local | Dev) { Allow } else { Escalate };
        for scope in Scope::ALL.iter().copied() {
            let wide = scope >= Scope::Region;
            let inner = matches!(scope, Scope::Item | Scope::Resource);
            for row in Row::ALL.iter().copied() {
                let guarded = match row {
                    Row::Read | Row::SecretRead => Allow,
                    _ if scope == Scope::Local => Allow,
                    Row::Destroy | Row::Unknown if scope >= Scope::Account => Deny,
                    _ if wide => Escalate,
                    Row::Create => Allow,
                    Row::Update if inner => Allow,
                    Row::Permission if scope == Scope::Environment => Escalate,
                    Row::Destroy | Row::Unknown if scope == Scope::Environment => not_dev,
                    _ => only_prod,
                };
                assert_eq!(cell(row, scope, kind, Guarded), guarded, "{row} {scope} {kind}");
                assert_eq!(cell(row, scope, kind, Observe), guarded, "{row} {scope} {kind}");
                let strict = match row {
                    Row::Read => Allow,
                    Row::SecretRead => only_prod,
                    _ if wide => Deny,
                    Row::Create | Row::Update if scope > Scope::Local && is_prod => Escalate,
                    _ => guarded,
                };
                assert_eq!(cell(row, scope, kind, Strict), strict, "strict {row} {scope} {kind}");
            }
        }
    }
    assert_eq!(cell(Row::Destroy, Scope::Environment, Staging, Guarded), Escalate);
    assert_eq!(
        cell(Row::Destroy, Scope::Resource, Prod, Guarded),
        cell(Row::Destroy, Scope::Resource, Unknown, Guarded)
    );
}

#[test]
fn a_matrix_has_exactly_one_cell_for_everything() {
    let text = builtin_sources().into_iter().find(|source| source.file.ends_with("matrix.yaml")).unwrap().text;
    let refused = |text: &str| Matrix::parse("matrix.yaml", text).unwrap_err().to_string();
    Matrix::parse("matrix.yaml", &text).unwrap();
    for (from, to, expected) in [
        ("    item: allow\n", "", "has no cell for the scope `item`"),
        ("{ D: allow, P: escalate }", "{ D: allow }", "no answer for the environment `prod`"),
        (
            "{ D: allow, P: escalate }",
            "{ D: allow, P: escalate, dev: deny }",
            "more than one answer for the environment `dev`",
        ),
        ("  create:\n", "  creates:\n", "creates"),
    ] {
        let broken = text.replacen(from, to, 1);
        assert!(refused(&broken).contains(expected), "{expected}: {}", refused(&broken));
    }
}

#[test]
fn limits_count_what_is_destroyed() {
    let set = RuleSet::builtin();
    let limit = set.limits().iter().find(|limit| limit.id == "base/destroy-burst").unwrap();
    assert_eq!((limit.quantity, limit.per.as_secs(), limit.decision), (10, 600, Effect::Escalate));
    let bucket = |kind| destroy("aws:s3:DeleteBucket", kind);
    assert!(counts(limit, &bucket(EnvironmentKind::Dev)) && counts(limit, &bucket(EnvironmentKind::Unknown)));
    assert!(!counts(limit, &bucket(EnvironmentKind::Local)));
    let read = Action::for_test("aws:s3:GetObject", BlastRadius::new(Impact::Read, Scope::Item), EnvironmentKind::Prod);
    assert!(!counts(limit, &read));
    for (text, expected) in [
        ("allow: 0 per 10m", "is not an allowance"),
        ("allow: 10 in 10m", "write it as `10 per 10m`"),
        ("by: [service]", "service"),
        ("by: []", "`by` is empty"),
        ("by: [region, region]", "names a key twice"),
        ("allow: 10 per 400d", "366 days at most"),
        ("unbounded: 11", "counts as 11 could never fit"),
        ("unbounded: 0", "could never fit"),
    ] {
        let (key, _) = text.split_once(':').unwrap();
        let source = builtin_sources().into_iter().find(|source| source.file.ends_with("limits.yaml")).unwrap();
        let lines: Vec<String> = source
            .text
            .lines()
            .map(|line| {
                if line.trim_start().starts_with(&format!("{key}:")) { format!("    {text}") } else { line.to_owned() }
            })
            .collect();
        let found = LimitSpec::parse("rules/base/limits.yaml", &lines.join("\n"), Layer::BuiltIn, &Sets::default())
            .unwrap_err()
            .to_string();
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn declared_tests_are_never_observed() {
    let set = RuleSet::builtin();
    let tamper = set.rule("base/guard-tamper").unwrap();
    let Attempt::Declared(action) = &tamper.tests().matches[0].attempt else { panic!("declared") };
    assert_eq!(action.evidence(), Evidence::Declared);
    assert!(action.blast().hazards.contains(Hazard::GuardTamper));
}

#[test]
fn to_judge_by_rules_their_tests_are_not_read() {
    let tests = |inner: &str| rule("us/x", "{ impact: [read] }", &format!("tests:\n  match:\n    - {inner}\n"));
    let (good, bad) = (tests("{ command: ls }"), tests("{ comand: ls }"));
    let whole = RuleSet::load(std::slice::from_ref(&good)).unwrap();
    let judging = RuleSet::judging(std::slice::from_ref(&good)).unwrap();
    assert_eq!(whole.revision(), judging.revision());
    assert_eq!(whole.rule("us/x").unwrap().tests().matches.len(), 1);
    assert!(judging.rule("us/x").unwrap().tests().is_empty());
    assert!(wrong(std::slice::from_ref(&bad)).contains("did you mean `command`?"));
    assert!(RuleSet::judging(&[bad]).is_ok(), "`rules check` says it");
    // Whatever else is wrong is told in the same words, also where tests do not stand last.
    let mut others = vec![rule("us/x", "{ impact: [raed] }", "tests:\n  match: []\n")];
    others.push(rule("us/x", "{ impact: [read] }", "tests:\n  match:\n    - { comand: ls }\nrunbook: x\n"));
    others.push(rule("us/x", "{ impact: [read] }", "tests:\n  match: []\ntests:\n  match: []\n"));
    others.push(rule("us/y", "{ operation: \"aws:s3:DelteBucket\" }", "tests:\n  match: []\n"));
    for one in others {
        let sources = [Source { file: "rules/us/x.yaml".to_owned(), ..one }];
        let judging = RuleSet::judging(&sources).map(|set| set.revision().to_owned()).expect_err(&sources[0].text);
        assert_eq!(judging.to_string(), wrong(&sources));
    }
}

mod language;
mod laws;
