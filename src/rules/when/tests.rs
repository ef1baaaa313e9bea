use proptest::prelude::*;

use super::*;
use crate::classify::Action;
use crate::config::parse_yaml;
use crate::model::{
    BlastRadius, Context, Count, Environment, EnvironmentKind, Hazard, Impact, Level, Place, Scope, Standing, Timestamp,
};

/// The expression alone as a file.
fn load(text: &str) -> Result<When, String> {
    let mut report = Report::new("r.yaml", text);
    let when = When::check(text, Spot::from((1, 1)), &mut report);
    let found: Vec<String> = report.into_found().iter().map(ToString::to_string).collect();
    assert_eq!(when.is_none(), !found.is_empty(), "{text}: {found:?}");
    when.ok_or_else(|| found.join("\n"))
}

fn ok(text: &str) -> When {
    load(text).unwrap_or_else(|error| panic!("{error}"))
}

fn context() -> Context {
    // A Friday, 16:30 in Berlin.
    crate::prove::nobody(Timestamp::from_millis(1_798_212_600_000))
}

fn blast(impact: Impact, scope: Scope) -> BlastRadius {
    BlastRadius::new(impact, scope)
}

/// Deletes two stacks in one account of production.
fn stacks() -> Action {
    let mut blast = blast(Impact::Destroy, Scope::Environment).hazard(Hazard::DataLoss);
    blast.count = Count::Exact(2);
    let place = Place { account: Some("111122223333".into()), region: Some("eu-west-1".into()), ..Place::default() };
    Action::for_test("aws:cloudformation:DeleteStack", blast, EnvironmentKind::Prod)
        .on(["arn:aws:cloudformation:eu-west-1:111122223333:stack/shop", "tmp-1"])
        .at(place)
        .with("RetainResources", "3")
        .with("Force", "TRUE")
        .with("Twice", "a")
        .with("Twice", "b")
}

fn holds_for(text: &str, action: &Action, standing: Option<&Standing>) -> Result<bool, String> {
    ok(text).holds(&View { action, context: &context(), standing, past: None })
}

fn check_holds(text: &str, action: &Action, expected: Result<bool, &str>) {
    let standing = Standing { level: Some(Level::Mid), roles: vec!["sre".into()] };
    let found = holds_for(text, action, Some(&standing));
    assert_eq!(found, expected.map_err(ToOwned::to_owned), "{text}");
}

#[test]
fn what_holds_of_an_action() {
    let action = stacks();
    for (text, expected) in [
        ("impact == \"destroy\"", true),
        ("impact != \"destroy\"", false),
        ("\"destroy\" == impact", true),
        ("impact in [\"read\", \"destroy\"]", true),
        ("!(impact in ['read', 'create'])", true),
        ("at_least(scope, \"environment\")", true),
        ("at_least(scope, \"region\")", false),
        ("at_least(impact, \"permission\")", true),
        ("at_least(principal.level, \"mid\") && !at_least(principal.level, \"senior\")", true),
        ("environment.kind == \"prod\" && environment.name == 'prod'", true),
        ("operation == \"aws:cloudformation:DeleteStack\"", true),
        ("provider == \"aws\" && service in [\"s3\", \"cloudformation\"]", true),
        ("operation.endsWith(\"Stack\") && operation.contains(\":cloud\")", true),
        ("account == \"111122223333\" && region.startsWith(\"eu-\")", true),
        ("has(account) && !has(cluster)", true),
        ("namespace == \"default\"", false),
        ("namespace != \"default\"", true),
        ("count.resources > 1 && !count.unbounded", true),
        ("count.resources == 2", true),
        ("count.resources in [1, 2, 3]", true),
        ("count.resources * 2 - 1 >= 3 && count.resources % 2 == 0 && count.resources / 2 == 1", true),
        ("count.resources > -1 + 2", true),
        ("-count.resources < 0 - 1", true),
        ("\"data-loss\" in hazards", true),
        ("\"exposure\" in hazards", false),
        ("hazards.exists(h, h == \"data-loss\")", true),
        ("hazards.exists(h, h in [\"exposure\", \"bulk\"])", false),
        ("size(hazards) == 1", true),
        ("resources.exists(r, r.startsWith(\"tmp-\"))", true),
        ("resources.all(r, r.startsWith(\"tmp-\"))", false),
        ("resources.exists_one(r, r.startsWith(\"tmp-\"))", true),
        ("resources.filter(r, r.contains(\"stack/\")).size() == 1", true),
        ("resources.map(r, r.upperAscii())[1] == \"TMP-1\"", true),
        ("\"tmp-1!\" in resources.map(r, r.startsWith(\"tmp\"), r + \"!\")", true),
        ("resources[1] == \"tmp-1\" && resources[7] != \"x\"", true),
        ("resources.exists(r, resources.exists(s, r + \"0\" == s + \"0\" && s != \"tmp-1\"))", true),
        ("resources.exists(r, r.matches(\"^tmp-[0-9]+$\"))", true),
        ("resources.exists(r, r.matches(r'^tmp-\\d+$'))", true),
        ("parameters[\"RetainResources\"] == \"3\" && int(parameters.RetainResources) > 2", true),
        ("parameters[\"Force\"].lowerAscii() == \"true\"", true),
        ("parameters[\"Nothing\"] == \"true\"", false),
        ("int(parameters[\"Nothing\"]) < 3", false),
        ("has(parameters.Force) && \"Force\" in parameters && !(\"force\" in parameters)", true),
        ("has(parameters[\"Fo\" + \"rce\"])", true),
        ("parameters.exists(p, p.startsWith(\"Retain\") && parameters[p] == \"3\")", true),
        ("size(parameters) == 3", true),
        ("evidence == \"observed\" && door == \"http\" && reversible == \"no\"", true),
        ("\"sre\" in principal.roles", true),
        ("session.anonymous == false || session.id.startsWith(\"s_\")", true),
        ("at < timestamp(\"2030-01-01T00:00:00Z\") && at.getFullYear() == 2026", true),
        (
            "at.getDayOfWeek(\"Europe/Berlin\") == 5 && at.getHours(\"Europe/Berlin\") == 16 && at.getMinutes() == 30",
            true,
        ),
        ("(count.resources > 1 ? region : account) == \"eu-west-1\"", true),
        ("string(count.resources) + \"x\" == \"2x\"", true),
        ("size(account) == 12 && \"prod\" == environment.kind", true),
        ("environment.kind == environment.name", true),
        ("environment.tier <= 2", false),
        ("!(environment.tier <= 2)", true),
    ] {
        check_holds(text, &action, Ok(expected));
    }
}

#[test]
fn what_cannot_be_evaluated_is_told_unless_another_part_decides() {
    let action =
        Action::for_test("aws:s3:DeleteBucket", blast(Impact::Destroy, Scope::Resource), EnvironmentKind::Unknown);
    let account = Err("the request does not prove its account");
    for (text, expected) in [
        ("account == \"111122223333\"", account),
        ("account != \"111122223333\"", account),
        ("account in [\"111122223333\"]", account),
        ("has(account)", Ok(false)),
        ("has(account) && account == \"111122223333\"", Ok(false)),
        ("account == \"111122223333\" && has(account)", Ok(false)),
        ("account == \"111122223333\" || impact == \"destroy\"", Ok(true)),
        ("impact == \"destroy\" && account == \"111122223333\"", account),
        ("resources.exists(r, r == account)", Ok(false)),
        ("region == \"eu-west-1\"", Ok(false)),
        ("cluster == \"shop\"", Ok(false)),
        ("environment.tier == 1", Err("nothing says the target's `environment.tier`")),
        ("has(environment.tier) && environment.tier == 1", Ok(false)),
        ("environment.owner == \"@payments\"", Err("nothing says the target's `environment.owner`")),
        ("principal.person == \"ann\"", Err("nothing says which person the session acts for")),
        ("int(environment.name) == 3", Err("a text that `int()` should read is not a whole number")),
        ("10 / (count.resources - 1) == 3", Err("`when` divides by zero")),
    ] {
        check_holds(text, &action, expected);
    }
    let nobody = |text| holds_for(text, &action, None);
    assert_eq!(nobody("has(principal.level) || has(principal.roles)"), Ok(false));
    assert!(nobody("at_least(principal.level, \"senior\")").unwrap_err().contains("the level of the person"));
    assert!(nobody("\"sre\" in principal.roles").unwrap_err().contains("the roles of the person"));
    let twice = "parameters[\"Twice\"] == \"a\"";
    check_holds(twice, &stacks(), Err("the request gives the parameter `Twice` several values"));
    let mut unnamed = blast(Impact::Unknown, Scope::Resource);
    unnamed.count = Count::Unbounded;
    let unnamed = Action::for_test("aws:s3:unidentified", unnamed, EnvironmentKind::Dev);
    check_holds("\"a\" in resources", &unnamed, Err("the request does not tell its resources"));
    check_holds("count.resources + 1 > 3", &unnamed, Err("a number in `when` is too large"));
    check_holds("count.resources > 1000000 && count.unbounded && !(count.resources < 5)", &unnamed, Ok(true));
}

#[test]
fn what_nobody_knows_is_judged_as_the_worst() {
    let action = Action::for_test("aws:s3:unidentified", blast(Impact::Unknown, Scope::Item), EnvironmentKind::Unknown);
    for (text, expected) in [
        ("impact == \"destroy\"", true),
        ("impact == \"unknown\"", true),
        ("impact != \"destroy\"", false),
        ("impact in [\"read\", \"destroy\"]", true),
        ("impact == \"disrupt\"", false),
        ("at_least(impact, \"destroy\")", true),
        ("environment.kind == \"prod\"", true),
        ("environment.kind == \"unknown\"", true),
        ("environment.kind in [\"dev\", \"staging\"]", false),
        ("environment.kind != \"dev\"", true),
        ("environment.kind == environment.name", true),
    ] {
        check_holds(text, &action, Ok(expected));
    }
}

#[test]
fn twins_on_the_wire_count_too() {
    let action = stacks().or("aws:s3:DeleteBucket");
    for (text, expected) in [
        ("operation == \"aws:s3:DeleteBucket\"", true),
        ("operation != \"aws:s3:DeleteBucket\"", true),
        ("service == \"s3\" && impact == \"destroy\"", true),
        ("service == \"ec2\"", false),
    ] {
        check_holds(text, &action, Ok(expected));
    }
}

/// Expressions with exactly what a person reads about them: column, words, help.
const WRONG: &[(&str, &str)] = &[
    // The syntax.
    ("", "1: the expression is empty\n  help: write a condition, or remove the key"),
    ("impact = \"destroy\"", "8: `=` is not an operator\n  help: write `==`"),
    ("impact === \"destroy\"", "8: `===` is not an operator\n  help: write `==`"),
    ("impact <> \"destroy\"", "8: `<>` is not an operator\n  help: write `!=`"),
    ("impact =< 3", "8: `=<` is not an operator\n  help: write `<=`"),
    ("has(account) & has(region)", "14: `&` is not an operator\n  help: write `&&`"),
    ("has(account) and has(region)", "14: `and` has no meaning here\n  help: write `&&`"),
    ("not has(account)", "1: `not` has no meaning here\n  help: write `!`"),
    ("account == null", "12: `null` has no meaning here\n  help: write `has(…)` to ask whether something is known"),
    ("(has(account)", "1: `(` is not closed"),
    ("has(account", "4: `(` is not closed"),
    ("has(account))", "13: `)` closes nothing"),
    ("impact in [\"read\")", "11: `[` is not closed before `)`"),
    ("account == \"1", "12: the text is not closed\n  help: end it with `\"`"),
    (
        "account.matches(\"\\d+\")",
        "18: `\\d` is not an escape\n  help: write `\\\\d`, or a text without escapes: r\"…\"",
    ),
    ("account == “1”", "12: `“` is not a quote that begins a text\n  help: write `\"` or `'`"),
    ("account == 'é' ; x", "16: `;` has no meaning here"),
    ("account in $payments", "12: `$` has no meaning here\n  help: named sets stand in `match:` and `unless:`"),
    ("{'a': 1}", "1: `{` has no meaning here\n  help: lists stand in `[…]`, groups in `(…)`"),
    (
        "has(account) // why",
        "14: `//` would hide the rest of the expression\n  help: write comments with `#`, above the key",
    ),
    ("impact ==", "10: something must follow `==`"),
    ("has(account) &&", "16: something must follow `&&`"),
    ("impact in", "10: something must follow `in`"),
    ("account region", "9: `region` does not belong here\n  help: conditions are joined with `&&` or `||`"),
    ("account == , 3", "12: `,` does not belong here"),
    ("if has(account)", "1: `if` is a word that CEL keeps for itself\n  help: write `condition ? one : other`"),
    ("count.resources > 99999999999999999999", "19: `99999999999999999999` is too large"),
    (
        "resources.exists(\"r\", true)",
        "18: a name for the elements must stand here\n  help: write it as in `resources.exists(r, r.startsWith(\"…\"))`",
    ),
    ("b\"x\" == account", "1: `b` before a text has no meaning here"),
    ("account.?id == \"1\"", "8: optional members have no use here\n  help: ask with `has(…)`"),
    ("count.resources > 1.5", "19: only texts, whole numbers, `true` and `false` stand here"),
    // Names.
    ("impct == \"destroy\"", "1: unknown name `impct`\n  help: did you mean `impact`?"),
    ("env == \"prod\"", "1: unknown name `env`\n  help: did you mean `environment`?"),
    ("tier == 1", "1: unknown name `tier`\n  help: did you mean `environment.tier`?"),
    ("resource == \"x\"", "1: unknown name `resource`\n  help: did you mean `resources`?"),
    ("has(account) && zzz > 3", "17: unknown name `zzz`"),
    (
        "environment == \"prod\"",
        "1: `environment` is a group\n  help: one of `environment.name`, `environment.kind`, `environment.tier`, `environment.owner`, `environment.tenant`",
    ),
    ("environment.knd == \"prod\"", "13: `environment` has no member `knd`\n  help: did you mean `kind`?"),
    (
        "environment . zzz == \"prod\"",
        "15: `environment` has no member `zzz`\n  help: one of `environment.name`, `environment.kind`, `environment.tier`, `environment.owner`, `environment.tenant`",
    ),
    ("account.id == \"1\"", "9: `account` has no member `id`"),
    ("environment.kind.name == \"1\"", "18: `environment.kind` has no member `name`"),
    ("resources.exists(r, r.name == \"x\")", "23: a text has no member `name`"),
    ("has(accont)", "5: unknown name `accont`\n  help: did you mean `account`?"),
    ("has(impact)", "5: `impact` is always known\n  help: write `impact != \"unknown\"`"),
    ("has(resources)", "5: `resources` is always known\n  help: write `size(resources) > 0`"),
    (
        "has(\"x\")",
        "5: `has` asks for a path or a parameter\n  help: write it as in `has(account)` or `has(parameters.force)`",
    ),
    // Closed words.
    ("impact == \"destory\"", "11: `destory` is not a word of `impact`\n  help: did you mean `destroy`?"),
    ("impact in [\"read\", \"destory\"]", "20: `destory` is not a word of `impact`\n  help: did you mean `destroy`?"),
    (
        "\"x\" in hazards",
        "1: `x` is not a word of `hazards`\n  help: one of data-loss, backup-loss, audit-off, key-loss, exposure, privilege, secret-read, replace, traffic, bulk, cost, guard-tamper, outside-boundary, quarantine, rollout",
    ),
    (
        "hazards.exists(h, h == \"data-lose\")",
        "24: `data-lose` is not a word of `hazards`\n  help: did you mean `data-loss`?",
    ),
    (
        "hazards.all(h, h in [\"bulk\", \"costs\"])",
        "30: `costs` is not a word of `hazards`\n  help: did you mean `cost`?",
    ),
    (
        "environment.kind == \"production\"",
        "21: `production` is not a word of `environment.kind`\n  help: did you mean `prod`?",
    ),
    (
        "at_least(scope, \"enviroment\")",
        "17: `enviroment` is not a word of `scope`\n  help: did you mean `environment`?",
    ),
    (
        "at_least(door, \"http\")",
        "10: `at_least` does not know an order of `door` (a closed word)\n  help: it compares `scope`, `impact` and `principal.level`",
    ),
    (
        "impact == scope",
        "8: `impact` (a closed word) is compared with `scope` (a closed word)\n  help: write `impact == \"unknown\"`",
    ),
    (
        "scope >= \"environment\"",
        "7: `scope` is a word and not a number\n  help: write `at_least(scope, \"environment\")`, or `!at_least(…)`",
    ),
    ("door > \"http\"", "6: `door` is a word and not a number\n  help: write `door in [\"http\", …]`"),
    (
        "impact.startsWith(\"de\")",
        "8: `impact` is a closed word and has no functions\n  help: compare it, as in `impact in [\"…\", \"…\"]`",
    ),
    // Types.
    (
        "scope > 3",
        "7: `scope` is a word and not a number\n  help: write `at_least(scope, \"item\")`, or `!at_least(…)`",
    ),
    ("count.resources == \"x\"", "17: `count.resources` (a number) is compared with a text"),
    (
        "count.resources == \"3\"",
        "17: `count.resources` (a number) is compared with a text\n  help: write `3` without quotes",
    ),
    ("account == 111122223333", "9: `account` (a text) is compared with a number\n  help: write `\"111122223333\"`"),
    (
        "parameters[\"replicas\"] == 0",
        "24: a text is compared with a number\n  help: read the number in a text with `int(…)`",
    ),
    (
        "count.unbounded == \"true\"",
        "17: `count.unbounded` (true or false) is compared with a text\n  help: a condition stands alone, or behind `!`",
    ),
    (
        "at > 3",
        "4: `at` (a point in time) is compared with a number\n  help: write `timestamp(\"2026-12-31T18:00:00Z\")`",
    ),
    ("account < \"3\"", "9: texts have no order\n  help: read a number with `int(…)`"),
    ("resources == [\"x\"]", "11: lists are not compared as a whole\n  help: ask with `in`, `exists` or `all`"),
    ("\"x\" in account", "5: `account` is a text and no list\n  help: write `account.contains(\"…\")`"),
    ("\"read\" in impact", "8: `impact` is one word and no list\n  help: write `impact == \"unknown\"`"),
    ("3 in resources", "3: a number cannot be in `resources` (a list of texts)"),
    (
        "impact",
        "1: `impact` (a closed word) stands where a condition belongs\n  help: compare it, as in `impact == \"unknown\"`",
    ),
    (
        "account",
        "1: `account` (a text) stands where a condition belongs\n  help: compare it, as in `account == \"…\"`, or ask `has(account)`",
    ),
    ("count.resources + 1", "1: a number stands where a condition belongs\n  help: compare it, as in `… > 0`"),
    (
        "!account",
        "2: `account` (a text) stands where a condition belongs\n  help: compare it, as in `account == \"…\"`, or ask `has(account)`",
    ),
    (
        "has(account) && resources",
        "17: `resources` (a list of texts) stands where a condition belongs\n  help: ask as in `\"…\" in resources`",
    ),
    ("account + 1 == \"x\"", "9: `+` stands between `account` (a text) and a number"),
    ("-account == 1", "1: `-` stands before `account` (a text)"),
    ("count.resources in [1, \"2\"]", "20: a list holds either texts or numbers"),
    ("account in []", "12: an empty list holds nothing"),
    ("account[0] == \"1\"", "8: `account` (a text) has no element at a number"),
    ("resources.exists(r, r)", "21: a text stands where a condition belongs\n  help: compare it, as in `… == \"…\"`"),
    ("account.exists(r, r == \"1\")", "1: `account` (a text) has no elements to look at"),
    (
        "resources.exists(resources, resources == \"1\")",
        "11: `resources` already stands for something else\n  help: choose another name",
    ),
    ("resources.exists(r, impact == \"read\")", "11: `r` is not used: this asks the same of every element"),
    ("(has(account) ? 1 : \"x\") == 1", "21: `? :` chooses between a number and a text"),
    // Functions.
    ("account.startswith(\"1\")", "9: unknown function `startswith`\n  help: did you mean `startsWith`?"),
    (
        "len(resources) > 3",
        "1: unknown function `len`\n  help: there are has, at_least, size, int, string, timestamp, contains, startsWith, endsWith, matches, lowerAscii, upperAscii, exists, all, exists_one, filter, map, getFullYear, getMonth, getDate, getDayOfWeek, getHours, getMinutes",
    ),
    ("account.startsWith(1)", "9: `startsWith` is not called so\n  help: write it as in `region.startsWith(\"eu-\")`"),
    (
        "resources.exists(r)",
        "11: `exists` is not called so\n  help: write it as in `resources.exists(r, r.startsWith(\"…\"))`",
    ),
    ("account.matches(\"(\")", "17: `(` is not a regular expression: unclosed group"),
    ("account.matches(region)", "9: `matches` is not called so\n  help: write it as in `host.matches(\"^db[0-9]+\")`"),
    ("account.matches(\"(\\\\w{99}){99}\")", "17: the regular expression `(\\w{99}){99}` is too large"),
    (
        "at > timestamp(\"tomorrow\")",
        "16: `tomorrow` is not a point in time\n  help: write it as in `2026-12-31T18:00:00Z`",
    ),
    (
        "at.getHours(\"Europe/Berln\") > 3",
        "13: `Europe/Berln` is not a time zone\n  help: did you mean `Europe/Berlin`?",
    ),
    // What can never be, or always is.
    ("true", "1: this is the same for every action\n  help: a condition asks something of the action"),
    (
        "1 == 2 || has(account)",
        "1: this is the same for every action\n  help: a condition asks something of the action",
    ),
    (
        "has(account) && \"a\" == 'b'",
        "17: this is the same for every action\n  help: a condition asks something of the action",
    ),
    ("has(account) || !has(account)", "1: the expression is always `true`\n  help: remove it"),
    (
        "impact == \"read\" && impact == \"destroy\"",
        "1: the expression is always `false`\n  help: the rule could never match",
    ),
    ("impact != \"read\" || impact != \"destroy\"", "1: the expression is always `true`\n  help: remove it"),
    ("account.contains(\"\")", "9: every text contains the empty one"),
    ("account == account", "9: both sides are the same"),
    ("count.resources >= 0", "17: this comparison is always `true`"),
    ("size(resources) < 0", "17: this comparison is always `false`"),
    ("at.getHours() == 24", "15: this comparison is always `false`"),
    ("environment.tier > 256", "18: this comparison is always `false`"),
    ("account == \"\"", "12: `account` is never empty\n  help: ask `!has(account)`"),
    (
        "account == \"1111*\"",
        "12: `*` stands for itself here\n  help: write `account.startsWith(\"…\")`, or name it in `match:`",
    ),
    ("account == \"11112222333\"", "12: `11112222333` is not an account: those of AWS have 12 digits"),
    (
        "operation == \"aws:cloudformation:DeleteStak\"",
        "14: no catalog knows the operation `aws:cloudformation:DeleteStak`\n  help: did you mean `aws:cloudformation:DeleteStack`?",
    ),
    (
        "provider in [\"aws\", \"kubernets\"]",
        "21: provider `kubernets` is not known\n  help: did you mean `kubernetes`?",
    ),
    ("\"kubernets\" == provider", "1: provider `kubernets` is not known\n  help: did you mean `kubernetes`?"),
];

#[test]
fn what_is_wrong_is_told_in_plain_words_at_its_place() {
    let mut wrong = Vec::new();
    for (text, expected) in WRONG {
        let found = load(text).map(|when| format!("{:?}", when.flag)).unwrap_or_else(|error| error);
        let (head, help) =
            expected.split_once("\n  help: ").map_or((*expected, None), |(head, help)| (head, Some(help)));
        let column: usize = head.split(':').next().unwrap().parse().unwrap();
        let mut lines = format!("r.yaml:1:{head}");
        if !text.is_empty() {
            lines.push_str(&format!("\n  1 | {text}\n    | {}^", " ".repeat(column - 1)));
        }
        if let Some(help) = help {
            lines.push_str(&format!("\n  help: {help}"));
        }
        if found != lines {
            wrong.push(format!("expected:\n{lines}\nfound:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_only_looks_the_same_is_not() {
    for text in [
        "at.getHours(\"Europe/Berlin\") == 3 || at.getHours(\"Asia/Tokyo\") != 3",
        "account.matches(\"a\") || !account.matches(\"b\")",
        "impact == \"read\" || impact == \"destroy\" || scope != \"item\"",
        "hazards.exists(h, h == \"bulk\") || hazards.all(h, h != \"cost\")",
        "environment.kind == \"prod\" && environment.kind == \"unknown\"",
    ] {
        ok(text);
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let found = load("impct == \"read\" && scope == \"itm\" || foo(account)").unwrap_err();
    for expected in
        ["r.yaml:1:1: unknown name `impct`", "1:29: `itm` is not a word of `scope`", "1:38: unknown function"]
    {
        assert!(found.contains(expected), "{found}");
    }
}

#[derive(serde::Deserialize)]
struct Keyed {
    #[serde(default)]
    _x: Option<serde::de::IgnoredAny>,
    when: serde_saphyr::Spanned<String>,
}

fn check_place(file: &str, line: usize, column: usize) {
    let raw: Keyed = parse_yaml("r.yaml", file).unwrap();
    let mut report = Report::new("r.yaml", file);
    assert!(When::check(&raw.when.value, Spot::from(&raw.when), &mut report).is_none());
    let found = report.into_found();
    assert_eq!((found[0].line, found[0].column), (line, column), "{file}\n{}", found[0]);
    assert_eq!(found[0].snippet.as_deref(), file.lines().nth(line - 1));
}

#[test]
fn places_are_those_of_the_yaml_file() {
    for (file, line, column) in [
        ("when: impct == \"read\"\n", 1, 7),
        ("when: has(account) && impct == \"read\"\n", 1, 23),
        ("{ _x: é, when: has(account) && impct == 3 }\n", 1, 32),
        ("when: account == \"é\" && impct == \"read\"\n", 1, 25),
        ("when: 'has(account) && impct == ''read'''\n", 1, 24),
        ("when: 'account == ''a'' && impct == 3'\n", 1, 28),
        ("when: \"account == \\\"a\\\" && impct == 3\"\n", 1, 28),
        ("when: \"account == \\u0022a\\x22 && impct == 3\"\n", 1, 34),
        ("when: \"has(account) &&\n  impct == 3\"\n", 2, 3),
        ("when: \"has(account) \\\n  && impct == 3\"\n", 2, 6),
        ("when: has(account)\n  && has(region)\n  && impct == 3\n", 3, 6),
        ("when: |\n  has(account) &&\n    impct == 3\n", 3, 5),
        ("when: >\n  has(account) &&\n  impct == 3\n", 3, 3),
        ("when: >-  # why\n\n    has(account) &&\n\n      \"x\" == impct\n", 5, 14),
        ("when: >\n  \"x\" == impct\n", 2, 10),
        ("when: !!str |+\n  impct == 3\n\n", 2, 3),
        ("when: |\r\n  has(account) &&\r\n  impct == 3\r\n", 3, 3),
        ("when: >\n  has(account) &&\n", 2, 18),
        ("when: &a has(account) && impct == 3\n", 1, 26),
        // Where it was defined is not told: its use is all there is.
        ("_x: &a has(account) && impct == 3\nwhen: *a\n", 2, 7),
        // A rare escape.
        ("when: \"account == 'a\\0' && impct == 3\"\n", 1, 7),
    ] {
        check_place(file, line, column);
    }
}

#[test]
fn the_trace_tells_what_the_expression_refers_to() {
    let action = stacks();
    let when = ok(
        "has(cluster) || account == \"111122223333\" && parameters[\"Force\"] == \"TRUE\" && account != \"1\" + region",
    );
    let trace = when.trace(&View { action: &action, context: &context(), standing: None, past: None });
    let trace: Vec<_> = trace.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
    let expected =
        [("cluster", "none"), ("account", "111122223333"), ("parameters[\"Force\"]", "TRUE"), ("region", "eu-west-1")];
    assert_eq!(trace, expected);
    assert_eq!(ok("has(account)\n  && has(region)\n").text(), "has(account) && has(region)");
    let lists =
        ok("size(resources) > 1 || \"bulk\" in hazards || at_least(principal.level, \"mid\") || count.resources > 3");
    let trace = lists.trace(&View { action: &action, context: &context(), standing: None, past: None });
    assert!(trace[0].1.ends_with("stack/shop, tmp-1") && trace[1].1 == "data-loss" && trace[3].1 == "2", "{trace:?}");
    assert!(trace[2].1.starts_with("not known: "), "{trace:?}");
}

#[test]
fn every_path_can_be_read_and_shown() {
    let action = stacks();
    let view = View { action: &action, context: &context(), standing: Some(&Standing::default()), past: None };
    for path in Path::ALL {
        use super::schema::Type;
        let text = match path.kind() {
            Type::Text => format!("{path} == \"nobody\""),
            Type::Word(_) => format!("{path} != {path} + \"\""),
            Type::Number => format!("{path} > 200"),
            Type::Flag => path.to_string(),
            Type::Texts(_) => format!("size({path}) > 200"),
            Type::Map => format!("\"nobody\" in {path}"),
            Type::Time => format!("{path} < timestamp(\"2020-01-01T00:00:00Z\")"),
        };
        let text = match (path.kind(), path) {
            (Type::Word(words), _) => format!("{path} == \"{}\"", words.all()[0]),
            (_, Path::Provider) => "provider == \"kubernetes\"".to_owned(),
            (_, Path::Operation) => "operation == \"aws:s3:DeleteBucket\"".to_owned(),
            _ => text,
        };
        let text = if *path == Path::Parameters { "size(parameters) > 200".to_owned() } else { text };
        let when = ok(&text);
        assert_eq!(when.trace(&view).len(), 1, "{text}");
        assert_eq!(when.trace(&view)[0].0, path.as_str());
        let result = when.holds(&view);
        assert!(result.is_ok() || path.is_optional(), "{text}: {result:?}");
        if path.is_optional() {
            ok(&format!("has({path})")).holds(&view).unwrap();
        } else {
            load(&format!("has({path})")).unwrap_err();
        }
    }
}

#[test]
fn an_agent_cannot_make_it_work_for_long() {
    let many: Vec<String> = (0..20_000).map(|n| format!("arn:aws:s3:::bucket-{n}/{}", "a".repeat(100))).collect();
    let action = Action::for_test("aws:s3:DeleteObjects", blast(Impact::Destroy, Scope::Item), EnvironmentKind::Dev)
        .on_all(&many)
        .with("Body", &"a".repeat(4_000_000));
    let nested = "resources.exists(a, resources.exists(b, resources.exists(c, a + b == c + \"x\")))";
    let long = "parameters[\"Body\"].matches(\"(a|aa)+b\") || parameters[\"Body\"].contains(\"aaab\")";
    let join = "(parameters[\"Body\"] + parameters[\"Body\"] + parameters[\"Body\"]).size() > 3";
    let map = "resources.map(a, a + a + a + a).map(a, a + a + a + a).exists(a, a == \"x\")";
    for text in [nested, long, join, map] {
        let when = ok(text);
        let started = std::time::Instant::now();
        let failed =
            when.holds(&View { action: &action, context: &context(), standing: None, past: None }).unwrap_err();
        assert_eq!(failed, "the action has more values than `when` may look at", "{text}");
        assert!(started.elapsed().as_secs() < 2, "{text}: {:?}", started.elapsed());
    }
    let plain = "resources.all(r, r.startsWith(\"arn:aws:s3:::bucket-\") && !r.endsWith(\"/\"))";
    let thousand = Action::for_test("aws:s3:DeleteObjects", blast(Impact::Destroy, Scope::Item), EnvironmentKind::Dev)
        .on_all(&many[..1_000]);
    check_holds(plain, &thousand, Ok(true));
}

#[test]
fn long_and_deep_expressions_are_refused() {
    let deep = format!("{}has(account){}", "(".repeat(17), ")".repeat(17));
    let members = format!("account{} == \"x\"", ".lowerAscii()".repeat(60));
    let sum = format!("count.resources {} > 3", "+ 1".repeat(60));
    let conditions = format!("{}has(account)", "has(region) ? has(account) : ".repeat(17));
    let lists = format!("account in [{}]", vec!["\"111122223333\""; 200].join(", "));
    for (text, expected) in [
        (deep, "1:17: more than 16 brackets within each other"),
        (members, "1:1: the expression is nested too deep"),
        (sum, "1:1: the expression is nested too deep"),
        (conditions, "more than 16 conditions"),
        (lists, "characters; at most 2000 are read"),
    ] {
        let found = load(&text).unwrap_err();
        assert!(found.contains(expected), "{text}: {found}");
    }
    ok(&vec!["region == \"eu-west-1\""; 60]
        .iter()
        .enumerate()
        .map(|(n, one)| one.replace('1', &n.to_string()))
        .collect::<Vec<_>>()
        .join(" || "));
}

/// Pieces that expressions are made of, good and bad.
const PIECES: &[&str] = &[
    "impact",
    "scope",
    "hazards",
    "resources",
    "parameters",
    "environment.kind",
    "environment.tier",
    "count.resources",
    "account",
    "has(",
    "at_least(",
    "size(",
    "int(",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    "?",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    "<=",
    "in",
    "&&",
    "||",
    "&",
    "=",
    "\"destroy\"",
    "'x'",
    "'''y'''",
    "r'\\d'",
    "\"\\q\"",
    "\"",
    "'",
    "0",
    "3",
    "9223372036854775807",
    "99999999999999999999",
    "1.5",
    "1u",
    "0x1F",
    "true",
    "null",
    ".exists(r,",
    ".all(",
    ".map(r,",
    ".filter(r,",
    "r",
    ".matches(",
    "é",
    "🙂",
    "\\",
    "//",
    "@",
    "#",
    "`a`",
    ".?",
    "[?",
    "\n",
    "\t",
    "\0",
    "hAs(",
    "@result",
    "timestamp(",
    "at",
    ".getHours(",
    "[\"a\"]",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_written_panics(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..16), glue in "[ ]?") {
        let text = pieces.join(&glue);
        if let Ok(when) = load(&text) {
            let view = View { action: &stacks(), context: &context(), standing: None, past: None };
            let _ = when.holds(&view);
            when.trace(&view);
        }
    }

    #[test]
    fn no_characters_panic(text in "\\PC{0,40}") {
        let _ = load(&text);
    }
}

/// Conditions about four names, from a small grammar.
fn condition() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        Just("count.resources".to_owned()),
        (0..4i64).prop_map(|n| n.to_string()),
        Just("size(resources)".to_owned()),
        Just("(count.resources - 2)".to_owned()),
        Just("(6 / (count.resources - 1))".to_owned()),
        Just("(size(service) % 3)".to_owned()),
    ];
    let text = prop_oneof![
        Just("service".to_owned()),
        Just("\"ab\"".to_owned()),
        Just("(service + \"b\")".to_owned()),
        Just("resources[0]".to_owned()),
    ];
    let order = prop::sample::select(&["==", "!=", "<", "<=", ">", ">="][..]);
    let leaf = prop_oneof![
        (number.clone(), order, number).prop_map(|(a, order, b)| format!("{a} {order} {b}")),
        (text.clone(), prop::sample::select(&["==", "!="][..]), text.clone())
            .prop_map(|(a, order, b)| format!("{a} {order} {b}")),
        (text.clone(), prop::sample::select(&["contains", "startsWith", "endsWith"][..]), text.clone())
            .prop_map(|(a, function, b)| format!("{a}.{function}({b})")),
        (text.clone(), text.clone()).prop_map(|(a, b)| format!("{a} in [{b}, \"a\"]")),
        (prop::sample::select(&["exists", "all", "exists_one"][..]), text).prop_map(|(each, text)| format!(
            "resources.{each}(r, r.startsWith({text}) || r == \"b\" || 3 / size(r) > 2)"
        )),
        Just("resources.filter(r, r.contains(\"b\")).map(r, r + service).exists(r, size(r) > 3)".to_owned()),
        Just("count.unbounded".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(&["&&", "||", "=="][..]), inner.clone())
                .prop_map(|(a, operator, b)| format!("({a}) {operator} ({b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("(({a}) ? ({b}) : ({c}))")),
        ]
    })
}

/// The same names for the interpreter of the `cel` crate.
fn by_the_book(text: &str, action: &Action) -> Result<bool, String> {
    let mut context = cel::Context::default();
    let resources: Vec<String> = action.resources().iter().map(|one| one.as_str().to_owned()).collect();
    let Count::Exact(count) = action.blast().count else { panic!("a count") };
    let count = std::collections::HashMap::from([
        ("resources".to_owned(), cel::Value::Int(i64::try_from(count).unwrap())),
        ("unbounded".to_owned(), cel::Value::Bool(false)),
    ]);
    context.add_variable_from_value("count", count);
    context.add_variable_from_value("resources", resources);
    context.add_variable_from_value("service", action.operation().service().to_owned());
    match cel::Program::compile(text).unwrap().execute(&context) {
        Ok(cel::Value::Bool(value)) => Ok(value),
        other => Err(format!("{other:?}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_says_what_cel_says(
        text in condition(),
        resources in prop::collection::vec("[ab]{0,3}", 1..4),
        count in 0u64..4,
        service in "[ab]{0,2}",
    ) {
        let mut blast = blast(Impact::Destroy, Scope::Resource);
        blast.count = Count::Exact(count);
        let action = Action::for_test(&format!("aws:{service}:X"), blast, EnvironmentKind::Dev).on_all(&resources);
        // What is always the same is refused.
        if let Ok(when) = load(&text) {
            let ours = when.holds(&View { action: &action, context: &context(), standing: None, past: None });
            let theirs = by_the_book(&text, &action);
            prop_assert_eq!(ours.is_err(), theirs.is_err(), "{}: {:?} {:?}", &text, &ours, &theirs);
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                prop_assert_eq!(ours, theirs, "{}", &text);
            }
        }
    }
}

#[test]
fn an_environment_of_the_inventory_is_read() {
    let environment = Environment {
        tier: Some(1),
        owner: Some("@payments".into()),
        name: "shop-live".into(),
        ..Environment::of(EnvironmentKind::Prod)
    };
    let action = stacks().within(environment);
    for text in ["environment.tier == 1", "environment.owner == \"@payments\"", "environment.name.startsWith(\"shop\")"]
    {
        check_holds(text, &action, Ok(true));
    }
    check_holds("environment.tenant == \"x\"", &action, Ok(false));
}
