use super::*;
use crate::config::{Config, Diagnostics, Inventory, People, parse_yaml};
use crate::rules::{Layer, RuleSet, Source, builtin_sources};

/// Every closed map of every schema: where it stands, and a file with an unknown key in it.
const PLACES: &[(Form, &str, &str)] = &[
    (Form::Rule, "/", "zzzz: 1\n"),
    (Form::Rule, "/$defs/match", "match: { zzzz: 1 }\n"),
    (Form::Rule, "/$defs/match", "unless: { zzzz: 1 }\n"),
    (Form::Rule, "/$defs/match/properties/principal", "match: { principal: { zzzz: 1 } }\n"),
    (Form::Rule, "/$defs/match/properties/time/anyOf/0", "match: { time: { zzzz: 1 } }\n"),
    (Form::Rule, "/properties/approval/anyOf/0", "approval: { zzzz: 1 }\n"),
    (Form::Rule, "/properties/approval/anyOf/0/properties/including/anyOf/0", "approval: { including: { zzzz: 1 } }\n"),
    (Form::Rule, "/properties/after/items", "after: [{ zzzz: 1 }]\n"),
    (Form::Rule, "/$defs/tests", "tests: { zzzz: 1 }\n"),
    (Form::Rule, "/$defs/case", "tests: { match: [{ zzzz: 1 }] }\n"),
    (Form::Rule, "/$defs/case/properties/principal", "tests: { match: [{ principal: { zzzz: 1 } }] }\n"),
    (Form::Rule, "/$defs/case/properties/http", "tests: { match: [{ http: { zzzz: 1 } }] }\n"),
    (Form::Rule, "/$defs/case/properties/http/properties/aws", "tests: { match: [{ http: { aws: { zzzz: 1 } } }] }\n"),
    (Form::Rule, "/$defs/case/properties/action", "tests: { match: [{ action: { zzzz: 1 } }] }\n"),
    (Form::Limits, "/", "zzzz: 1\n"),
    (Form::Limits, "/properties/limits/items", "limits: [{ zzzz: 1 }]\n"),
    (Form::Limits, "/$defs/match", "limits: [{ match: { zzzz: 1 } }]\n"),
    (Form::Exceptions, "/", "zzzz: 1\n"),
    (Form::Exceptions, "/properties/exceptions/items", "exceptions: [{ zzzz: 1 }]\n"),
    (Form::Freezes, "/", "zzzz: 1\n"),
    (Form::Freezes, "/properties/freezes/items", "freezes: [{ zzzz: 1 }]\n"),
    (Form::Sets, "/", "zzzz: 1\n"),
    (Form::Repository, "/", "zzzz: 1\n"),
    (Form::Repository, "/$defs/rule", "version: 1\nrules: [{ zzzz: 1 }]\n"),
    (Form::Repository, "/properties/limits/items", "version: 1\nlimits: [{ zzzz: 1 }]\n"),
    (Form::Repository, "/properties/freezes/items", "version: 1\nfreezes: [{ zzzz: 1 }]\n"),
    (Form::Pack, "/", "zzzz: 1\n"),
    (Form::People, "/", "zzzz: 1\n"),
    (Form::People, "/properties/people/items", "people: [{ zzzz: 1 }]\n"),
    (
        Form::People,
        "/properties/people/items/properties/keys/items/anyOf/1",
        "people: [{ name: ada, keys: [{ zzzz: 1 }] }]\n",
    ),
    (Form::Inventory, "/", "zzzz: 1\n"),
    (Form::Inventory, "/properties/environments/items", "environments: [{ zzzz: 1 }]\n"),
    (
        Form::Inventory,
        "/properties/environments/items/properties/match/items",
        "environments: [{ match: [{ zzzz: 1 }] }]\n",
    ),
    (
        Form::Inventory,
        "/properties/environments/items/properties/alias/items",
        "environments: [{ alias: [{ zzzz: 1 }] }]\n",
    ),
    (Form::Config, "/", "zzzz: 1\n"),
    (Form::Config, "/properties/listen", "listen: { zzzz: 1 }\n"),
    (Form::Config, "/properties/listen/properties/reverse/items", "listen: { reverse: [{ zzzz: 1 }] }\n"),
    (Form::Config, "/properties/egress", "egress: { zzzz: 1 }\n"),
    (Form::Config, "/properties/egress/properties/client_certs/items", "egress: { client_certs: [{ zzzz: 1 }] }\n"),
    (Form::Config, "/properties/sessions", "sessions: { zzzz: 1 }\n"),
    (Form::Config, "/properties/bodies", "bodies: { zzzz: 1 }\n"),
    (Form::Config, "/properties/approvals", "approvals: { zzzz: 1 }\n"),
    (Form::Config, "/properties/notify", "notify: { zzzz: 1 }\n"),
    (Form::Config, "/properties/notify/properties/webhook", "notify: { webhook: { zzzz: 1 } }\n"),
    (Form::Config, "/properties/notify/properties/slack", "notify: { slack: { zzzz: 1 } }\n"),
    (Form::Config, "/properties/notify/properties/email", "notify: { email: { zzzz: 1 } }\n"),
    (Form::Config, "/properties/notify/properties/desktop/anyOf/1", "notify: { desktop: { zzzz: 1 } }\n"),
    (Form::Config, "/properties/limits", "limits: { zzzz: 1 }\n"),
    (Form::Config, "/properties/rules", "rules: { zzzz: 1 }\n"),
    (Form::Config, "/properties/hooks", "hooks: { zzzz: 1 }\n"),
];

/// Keys that are known only to be refused: an editor need not offer them.
const REFUSED: &[(Form, &str, &str)] =
    &[(Form::Config, "/", "ledger"), (Form::Config, "/properties/listen", "console")];

fn loaded(form: Form, text: &str) -> Result<(), Diagnostics> {
    let rules = |name: &str| {
        let file = format!("rules/us/{name}.yaml");
        RuleSet::only(&[Source { file, text: text.to_owned(), layer: Layer::Organisation }]).map(drop)
    };
    match form {
        Form::Config => Config::parse("config.yaml", text).map(drop),
        Form::Inventory => Inventory::parse("inventory.yaml", text).map(drop),
        Form::People => People::parse("people.yaml", text).map(drop),
        Form::Rule => rules("x"),
        Form::Repository => {
            let file = ".blastgate.yaml".to_owned();
            RuleSet::only(&[Source { file, text: text.to_owned(), layer: Layer::Organisation }]).map(drop)
        }
        other => rules(other.as_str()),
    }
}

/// What the loader says the keys are.
fn keys_of(form: Form, text: &str) -> Vec<String> {
    let Err(Diagnostics(found)) = loaded(form, text) else { panic!("{form}: it loads:\n{text}") };
    let unknown = found.iter().find(|one| one.message == "unknown key `zzzz`");
    let unknown = unknown.unwrap_or_else(|| panic!("{form}: another error:\n{text}\n{found:?}"));
    let list = unknown.suggestion.as_deref().and_then(|text| text.strip_prefix("one of ")).expect("the keys");
    let mut keys: Vec<String> = list.split(", ").map(str::to_owned).collect();
    keys.sort();
    keys
}

#[test]
fn schemas_and_loader_know_the_same_keys() {
    for (form, pointer, text) in PLACES {
        let whole = schema(*form);
        let place = if *pointer == "/" { &whole } else { whole.pointer(pointer).expect(pointer) };
        let properties = place["properties"].as_object().unwrap_or_else(|| panic!("{form} {pointer}"));
        let mut written: Vec<&str> = properties.keys().map(String::as_str).collect();
        let refused = REFUSED.iter().filter(|(of, at, _)| of == form && at == pointer).map(|(.., key)| *key);
        written.extend(refused);
        written.sort_unstable();
        assert_eq!(written, keys_of(*form, text), "{form} {pointer}: the schema (left) and the loader (right)");
    }
}

#[test]
fn examples_of_match_load() {
    let whole = schema(Form::Rule);
    for (key, value) in whole["$defs"]["match"]["properties"].as_object().unwrap() {
        let Some(example) = value["examples"].get(0) else { panic!("`{key}` has no example") };
        let rule = rule_with(&format!("{{ {key}: {example} }}"));
        check("rule", &rule, true);
        loaded(Form::Rule, &rule).unwrap_or_else(|wrong| panic!("{key}: {example}\n{wrong}"));
    }
}

fn rule_with(matches: &str) -> String {
    format!("id: us/x\nowner: \"@us\"\nseverity: high\nmatch: {matches}\ndecision: deny\nmessage: no\ninstead: other\n")
}

fn faults(form: &str, text: &str) -> Vec<String> {
    let schema = schema(form.parse().unwrap());
    let value: Value = parse_yaml("x.yaml", text).unwrap_or_else(|wrong| panic!("{wrong}"));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn check(form: &str, text: &str, is_valid: bool) {
    let found = faults(form, text);
    assert_eq!(found.is_empty(), is_valid, "{form}:\n{text}\n{}", found.join("\n"));
}

#[test]
fn every_schema_is_one() {
    for form in Form::ALL {
        let schema = schema(*form);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{form}");
        assert!(schema["title"].is_string());
    }
}

#[test]
fn every_builtin_file_is_valid() {
    for source in builtin_sources() {
        let form = match source.file.rsplit('/').next().unwrap() {
            "matrix.yaml" => continue,
            "pack.yaml" => "pack",
            "limits.yaml" => "limits",
            "exceptions.yaml" => "exceptions",
            "freezes.yaml" => "freezes",
            "sets.yaml" => "sets",
            _ => "rule",
        };
        let found = faults(form, &source.text);
        assert!(found.is_empty(), "{}\n{}", source.file, found.join("\n"));
    }
    check("config", include_str!("../../app/init/files/config.yaml"), true);
}

#[test]
fn mistakes_are_not_valid() {
    for (form, text, is_valid) in [
        ("rule", rule_with("{ impact: [destroy], environment: prod }"), true),
        ("rule", rule_with("{ impact: [destory] }"), false),
        ("rule", rule_with("{ impcat: [destroy] }"), false),
        ("rule", rule_with("{}"), false),
        ("rule", rule_with("{ scope: \">= environment\" }"), true),
        ("rule", rule_with("{ scope: \">= enviroment\" }"), false),
        ("rule", rule_with("{ account: [111122223333] }"), false),
        ("rule", rule_with("{ reversible: no }"), true),
        ("rule", rule_with("{ parameter: { Force: true } }"), true),
        ("rule", rule_with("{ time: { days: [fri], hours: \"16:00-24:00\" } }"), true),
        ("rule", rule_with("{ principal: { level: \"< senior\" } }"), true),
        ("rule", rule_with("{ tier: 1 }"), true),
        ("rule", rule_with("{ impact: [read] }").replace("deny", "allow"), false),
        ("rule", rule_with("{ impact: [read] }").replace("instead: other\n", ""), false),
        ("rule", rule_with("{ impact: [read] }") + "tests: { match: [{ command: a, http: { method: GET, url: b } }] }\n", false),
        ("rule", rule_with("{ impact: [read] }") + "approval: { quorum: 2, from: [role:sre], exclude_requester: true, expires: 15m }\n", true),
        ("rule", rule_with("{ impact: [read] }") + "after: [{ match: { impact: [update] }, within: 30m, same: [account, resource], outcome: failed }]\n", true),
        ("rule", rule_with("{ impact: [read] }") + "after: [{ match: { impact: [update] }, within: 30m, same: impact }]\n", false),
        ("rule", rule_with("{ impact: [read] }") + "after: [{ match: { impact: [update] } }]\n", false),
        ("rule", rule_with("{ impact: [read] }") + "after: []\n", false),
        ("limits", "limits: [{ id: a/b, match: { impact: read }, key: [session], allow: 5 per 10m, decision: deny, message: a, instead: b }]".to_owned(), true),
        ("limits", "limits: [{ id: a/b, match: { impact: read }, by: [person, region], allow: 5 per 10m, burst: 2, unbounded: 2, decision: throttle, message: a, instead: b }]".to_owned(), true),
        ("limits", "limits: [{ id: a/b, match: { impact: read }, allow: 5 per 1d, distinct: true, decision: deny, message: a, instead: b }]".to_owned(), true),
        ("limits", "limits: [{ id: a/b, match: { impact: read }, by: [team], allow: 5 per 1d, decision: deny, message: a, instead: b }]".to_owned(), false),
        ("limits", "limits: [{ id: a/b, match: { impact: read }, by: [], allow: 5 per 1d, decision: deny, message: a, instead: b }]".to_owned(), false),
        ("limits", "limits: [{ id: a/b, match: { impact: read }, allow: 5 per 1d, burst: 0, decision: deny, message: a, instead: b }]".to_owned(), false),
        ("limits", "limits: [{ id: a/b, match: { impact: read }, key: [session], allow: 5 in 10m, decision: deny, message: a, instead: b }]".to_owned(), false),
        ("exceptions", "exceptions: [{ id: a/b, rule: aws/delete-stack, match: { account: [\"1\"] }, reason: r, owner: o, approved_by: [p], expires: 2026-12-31 }]".to_owned(), true),
        ("freezes", "freezes: [{ id: a/b, owner: o, from: 2026-12-18, to: 2027-01-04, match: { scope: \">= resource\" }, decision: deny, message: m, instead: i }]".to_owned(), true),
        ("sets", "sets: { payments: [\"1\"] }".to_owned(), true),
        ("sets", "payments: [\"1\"]".to_owned(), false),
        ("repository", "version: 1\nrules: []\n".to_owned(), true),
        ("repository", "version: 1\nexceptions: []\n".to_owned(), false),
        ("people", "version: 1\npeople: [{ name: ada, level: senior, roles: [sre] }]".to_owned(), true),
        ("people", "version: 1\npeople: [{ name: ada, level: boss }]".to_owned(), false),
        ("people", "version: 1\npeople: [{ name: ada, teams: [\"@a\"], keys: [ssh-ed25519 AAAA ada, { key: ssh-ed25519 AAAA, expires: 2027-01-01 }] }]".to_owned(), true),
        ("people", "version: 1\npeople: [{ name: ada, keys: [{ key: ssh-ed25519 AAAA, expire: 2027-01-01 }] }]".to_owned(), false),
        ("people", "version: 1\npeople: [{ name: ada, keys: [AAAA] }]".to_owned(), false),
        ("inventory", "version: 1\nenvironments: [{ name: prod, tier: 1, match: [{ account: \"1\" }] }]".to_owned(), true),
        ("inventory", "version: 1\nenvironments: [{ name: prod, match: [{ acount: \"1\" }] }]".to_owned(), false),
        ("config", "version: 2\n".to_owned(), false),
    ] {
        check(form, &text, is_valid);
    }
}
