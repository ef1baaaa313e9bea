use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::command::is_ours;
use super::*;

const BINARY: &str = "/usr/local/bin/blastgate";

/// A home and a project in it.
struct Person {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, OsString>,
}

impl Person {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("home")).unwrap();
        fs::create_dir_all(folder.path().join("project")).unwrap();
        Self { folder, variables: BTreeMap::new() }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.folder.path().join(path)).ok()
    }

    fn with<T>(&self, scope: Scope, binary: &str, then: impl FnOnce(&Ground<'_>) -> T) -> T {
        let variable = |name: &str| self.variables.get(name).cloned();
        let ground = Ground {
            home: &self.home(),
            project: &self.folder.path().join("project"),
            scope,
            binary: Path::new(binary),
            config: None,
            variable: &variable,
        };
        then(&ground)
    }

    fn plan(&self, agent: &str, scope: Scope, wish: Wish) -> Plan {
        self.with(scope, BINARY, |ground| plan(facts(agent), ground, wish).unwrap())
    }

    /// Plans and writes.
    fn make(&self, agent: &str, scope: Scope, wish: Wish) -> Vec<Written> {
        let plan = self.plan(agent, scope, wish);
        plan.files.iter().filter(|file| file.changes()).map(|file| write(file, &format!("{wish:?}")).unwrap()).collect()
    }
}

fn facts(agent: &str) -> &'static Facts {
    AGENTS.iter().find(|facts| facts.agent == agent).unwrap()
}

/// `# AGENT SCOPE PATH`, then what stands, what it becomes, and what is left when it is taken out again.
struct Golden {
    name: String,
    agent: String,
    scope: Scope,
    path: String,
    stands: Option<String>,
    becomes: String,
    leaves: Option<String>,
}

fn goldens() -> Vec<Golden> {
    let mut found = vec![];
    for entry in fs::read_dir("src/install/golden").unwrap() {
        let file = entry.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        let (head, rest) = text.split_once("\n=== stands\n").unwrap();
        let (stands, rest) = rest.split_once("=== becomes\n").unwrap();
        let (becomes, leaves) = rest.split_once("=== leaves\n").unwrap();
        let [agent, scope, path] = head.trim_start_matches("# ").split(' ').collect::<Vec<_>>().try_into().unwrap();
        let there = |text: &str| (text != "(no file)\n").then(|| text.replace("(no line end)\n", ""));
        found.push(Golden {
            name: file.file_stem().unwrap().to_str().unwrap().to_owned(),
            agent: agent.to_owned(),
            scope: if scope == "user" { Scope::User } else { Scope::Project },
            path: format!("{}/{path}", if scope == "user" { "home" } else { "project" }),
            stands: there(stands),
            becomes: there(becomes).unwrap(),
            leaves: there(leaves),
        });
    }
    assert!(found.len() > 20);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[test]
fn what_stands_becomes_what_it_must_and_is_left_as_it_was() {
    for golden in goldens() {
        let person = Person::new();
        if let Some(text) = &golden.stands {
            person.write(&golden.path, text);
        }
        person.make(&golden.agent, golden.scope, Wish::Install);
        let became = person.read(&golden.path);
        assert_eq!(became.as_deref(), Some(golden.becomes.as_str()), "{}", golden.name);

        let again = person.plan(&golden.agent, golden.scope, Wish::Install);
        assert_eq!(again.state, State::Installed, "{}: {again:#?}", golden.name);
        assert!(again.files.iter().all(|file| !file.changes()), "{}", golden.name);

        person.make(&golden.agent, golden.scope, Wish::Uninstall);
        assert_eq!(person.read(&golden.path), golden.leaves, "{}", golden.name);
        let after = person.plan(&golden.agent, golden.scope, Wish::Uninstall);
        assert!(after.files.iter().all(|file| !file.changes()), "{}", golden.name);
    }
}

#[test]
fn what_does_not_parse_is_left_alone_and_said() {
    let check = |agent: &str, path: &str, text: &str, line: usize, why: &str| {
        let person = Person::new();
        person.write(path, text);
        for wish in [Wish::Install, Wish::Uninstall] {
            let plan = person.plan(agent, Scope::User, wish);
            let file =
                plan.files.iter().find(|file| file.by_hand.is_some()).unwrap_or_else(|| panic!("{text}: {plan:#?}"));
            assert_eq!((file.state, file.line), (State::Manual, line), "{text}");
            assert!(file.why.as_ref().unwrap().contains(why), "{file:#?}");
            assert!(file.by_hand.as_ref().unwrap().contains("/usr/local/bin/blastgate hook"), "{file:#?}");
            person.make(agent, Scope::User, wish);
            assert_eq!(person.read(path).as_deref(), Some(text));
        }
    };
    let claude = "home/.claude/settings.json";
    check("claude-code", claude, "{\n  \"model\": \"opus\"\n  \"env\": {}\n}\n", 2, "does not parse");
    check("claude-code", claude, "{\n  \"hooks\": {\n", 2, "does not parse");
    check("claude-code", claude, "{ model: 'opus' }", 1, "does not parse");
    check("claude-code", claude, "[]", 1, "an object");
    check("claude-code", claude, "{\"hooks\": {}, \"hooks\": {\"PreToolUse\": []}}", 1, "twice");
    check("cursor", "home/.cursor/hooks.json", "{\"version\": 1} trailing", 1, "does not parse");
}

#[test]
fn a_script_of_somebody_else_stays() {
    let person = Person::new();
    let (path, text) = ("home/.cline/hooks/PreToolUse.sh", "#!/bin/sh\nexec audit\n");
    person.write(path, text);
    let plan = person.plan("cline", Scope::User, Wish::Install);
    assert_eq!(plan.state, State::Manual);
    assert!(plan.files.iter().any(|file| file.why.as_ref().unwrap().contains("another hook of yours")));
    for wish in [Wish::Install, Wish::Uninstall] {
        person.make("cline", Scope::User, wish);
        assert_eq!(person.read(path).as_deref(), Some(text));
    }
}

#[test]
fn hooks_of_another_kind_are_left_alone() {
    for text in ["{\"hooks\": []}", "{\"hooks\": {\"PreToolUse\": {}}}", "{\"hooks\": null}"] {
        let person = Person::new();
        person.write("home/.claude/settings.json", text);
        let plan = person.plan("claude-code", Scope::User, Wish::Install);
        assert_eq!(plan.state, State::Manual, "{text}");
        assert!(!plan.files[0].changes());
    }
}

#[test]
fn what_stood_is_kept_with_its_mode_and_links_stay_links() {
    let person = Person::new();
    let real = person.write("dotfiles/settings.json", "{\"model\": \"opus\"}\n");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir_all(person.home().join(".claude")).unwrap();
    let link = person.home().join(".claude/settings.json");
    symlink(&real, &link).unwrap();
    let written = person.make("claude-code", Scope::User, Wish::Install);
    let backup = written[0].backup.clone().unwrap();
    assert_eq!(backup.file_name().unwrap(), "settings.json.blastgate-backup-Install");
    assert_eq!(fs::read_to_string(&backup).unwrap(), "{\"model\": \"opus\"}\n");
    assert_eq!(fs::metadata(&backup).unwrap().mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o640);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("blastgate hook claude-code"));
    let names: Vec<_> = fs::read_dir(real.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn new_files_are_their_owners_alone_and_scripts_run() {
    let person = Person::new();
    assert_eq!(person.make("claude-code", Scope::User, Wish::Install), [Written { backup: None }]);
    let mode = |path: &str| fs::metadata(person.home().join(path)).unwrap().mode() & 0o777;
    assert_eq!(mode(".claude/settings.json"), 0o600);
    person.make("cline", Scope::User, Wish::Install);
    assert_eq!(mode(".cline/hooks/PreToolUse.sh"), 0o700);
    let script = person.home().join(".cline/hooks/PreToolUse.sh");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(person.plan("cline", Scope::User, Wish::Install).state, State::Differs);
    person.make("cline", Scope::User, Wish::Install);
    assert_eq!(mode(".cline/hooks/PreToolUse.sh"), 0o700);
}

#[test]
fn a_file_that_changed_meanwhile_or_has_two_names_is_not_written() {
    let person = Person::new();
    let path = person.write("home/.claude/settings.json", "{}\n");
    let plan = person.plan("claude-code", Scope::User, Wish::Install);
    person.write("home/.claude/settings.json", "{\"model\": \"opus\"}\n");
    assert!(write(&plan.files[0], "T").unwrap_err().to_string().contains("changed"));
    fs::hard_link(&path, person.home().join("other")).unwrap();
    let plan = person.plan("claude-code", Scope::User, Wish::Install);
    assert!(write(&plan.files[0], "T").unwrap_err().to_string().contains("several names"));
    assert_eq!(person.read("home/.claude/settings.json").as_deref(), Some("{\"model\": \"opus\"}\n"));
}

#[test]
fn what_is_not_as_it_should_be_is_said_with_its_line() {
    let person = Person::new();
    let text = "{\n \"hooks\": {\n  \"PreToolUse\": [\n   {\"matcher\": \"*\", \"hooks\": [{\"type\": \"command\", \"command\": \
                \"/old/blastgate hook claude-code\", \"timeout\": 30}]}\n  ]\n }\n}\n";
    person.write("home/.claude/settings.json", text);
    let plan = person.plan("claude-code", Scope::User, Wish::Install);
    assert_eq!((plan.state, plan.files[0].line), (State::Differs, 4));
}

#[test]
fn hooks_that_are_switched_off_are_no_hooks() {
    let check = |agent: &str, path: &str, text: &str| {
        let person = Person::new();
        person.make(agent, Scope::User, Wish::Install);
        assert_eq!(person.plan(agent, Scope::User, Wish::Install).state, State::Installed);
        person.write(path, text);
        person.make(agent, Scope::User, Wish::Install);
        let plan = person.plan(agent, Scope::User, Wish::Install);
        assert_eq!(plan.state, State::Off, "{plan:#?}");
        assert_eq!(plan.files[0].line, 2, "{plan:#?}");
    };
    check("claude-code", "home/.claude/settings.json", "{\n  \"disableAllHooks\": true\n}\n");
    check("codex", "home/.codex/config.toml", "[features]\nhooks = false\n");
    check("gemini-cli", "home/.gemini/settings.json", "{\n  \"hooksConfig\": { \"enabled\": false }\n}");
    check("gemini-cli", "home/.gemini/settings.json", "{\n  \"hooksConfig\": { \"disabled\": [\"blastgate\"] }\n}");
}

#[test]
fn support_that_would_be_a_lie_is_refused() {
    let mut person = Person::new();
    let bin = person.write("app/bin/kiro", "").parent().unwrap().to_owned();
    person.variables.insert("PATH".to_owned(), bin.into());
    person.write("app/resources/app/package.json", "{\"version\": \"0.9.2\"}");
    let plan = person.plan("kiro-ide", Scope::User, Wish::Install);
    assert_eq!(plan.state, State::Unsupported);
    assert!(plan.refusal.unwrap().contains("Kiro 0.9.2"));
    person.write("app/resources/app/package.json", "{\"version\": \"1.2.0\"}");
    assert_eq!(person.plan("kiro-ide", Scope::User, Wish::Install).state, State::Missing);

    let plan = person.plan("q-cli", Scope::User, Wish::Install);
    assert_eq!(plan.state, State::Manual);
    assert!(plan.refusal.unwrap().contains("there is none"));
    let plan = person.plan("claude-compatible", Scope::User, Wish::Install);
    assert!(plan.refusal.unwrap().contains("\"/usr/local/bin/blastgate hook claude-compatible\""));
}

#[test]
fn folders_that_were_moved_are_found() {
    let mut person = Person::new();
    let moved = person.folder.path().join("moved");
    person.variables.insert("CLAUDE_CONFIG_DIR".to_owned(), moved.clone().into());
    let plan = person.plan("claude-code", Scope::User, Wish::Install);
    assert_eq!(plan.files[0].path, moved.join("settings.json"));
    person.variables.insert("XDG_CONFIG_HOME".to_owned(), moved.clone().into());
    let plan = person.plan("opencode", Scope::User, Wish::Install);
    assert_eq!(plan.files[0].path, moved.join("opencode/plugins/blastgate.ts"));
}

#[test]
fn agents_are_found_by_what_they_leave() {
    let mut person = Person::new();
    let program = person.write("bin/claude", "");
    person.variables.insert("PATH".to_owned(), program.parent().unwrap().into());
    let seen = |person: &Person, agent: &str, scope| {
        let facts = facts(agent);
        person.with(scope, BINARY, |ground| found(facts.programs, facts.traces, ground))
    };
    assert!(seen(&person, "claude-code", Scope::User).is_empty(), "it does not run");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(seen(&person, "claude-code", Scope::User), [program.display().to_string()]);
    person.write("project/.cursor/x", "");
    assert!(seen(&person, "cursor", Scope::User).is_empty());
    assert_eq!(seen(&person, "cursor", Scope::Project), ["./.cursor"]);
}

#[test]
fn ours_is_known_in_any_place_and_nothing_else_is() {
    let check = |line: &str, expected: bool| assert_eq!(is_ours(line), expected, "{line}");
    check("/usr/local/bin/blastgate hook claude-code", true);
    check("blastgate hook cursor || true", true);
    check("'/opt/my tools/blastgate' hook codex --config /x", true);
    check("timeout 5 /x/blastgate hook codex", true);
    check("\"$HOME/.cargo/bin/blastgate\" hook codex", true);
    check("blastgate log", false);
    check("/opt/blastgate/audit.sh hook", false);
    check("echo hook blastgate", false);
    check("myblastgate hook codex", false);
}

#[test]
fn the_command_is_quoted_as_a_shell_needs_it() {
    let line = |binary: &str, config: Option<&str>| {
        command::words(Path::new(binary), config.map(Path::new), "codex").map(|words| command::line(&words))
    };
    assert_eq!(line(BINARY, None).unwrap(), "/usr/local/bin/blastgate hook codex");
    assert_eq!(line("/o'b/b g", Some("/e/c.yaml")).unwrap(), r"'/o'\''b/b g' hook codex --config /e/c.yaml");
    assert_eq!(line("/x$(id)", None).unwrap(), "'/x$(id)' hook codex");
    assert!(line("/x\ny", None).is_err());
}

#[test]
fn a_program_is_named_by_where_its_path_finds_it() {
    let person = Person::new();
    let real = person.write("versions/1/blastgate", "");
    fs::create_dir_all(person.home().join("bin")).unwrap();
    let link = person.home().join("bin/blastgate");
    symlink(&real, &link).unwrap();
    let other = person.write("other/blastgate", "");
    let path = std::env::join_paths([other.parent().unwrap(), link.parent().unwrap()]).unwrap();
    assert_eq!(own_binary(&real, Some(&path)), link);
    assert_eq!(own_binary(&real, None), real.canonicalize().unwrap());
}

/// Settings as people have them: any JSON, and hooks of any shape in it.
fn settings() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(Value::from("/old/blastgate hook claude-code")),
    ];
    let key = prop_oneof![
        Just("hooks"),
        Just("PreToolUse"),
        Just("Stop"),
        Just("matcher"),
        Just("command"),
        Just("type"),
        Just("a"),
        Just("b"),
    ];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Written once it stands, written twice nothing changes, and taken out nothing of it is left.
    #[test]
    fn writing_twice_is_writing_once(settings in settings(), groups in prop::collection::vec(settings(), 0..3), pretty: bool) {
        let mut settings = settings;
        if let Some(object) = settings.as_object_mut() && !groups.is_empty() {
            object.insert("hooks".to_owned(), serde_json::json!({ "PreToolUse": groups }));
        }
        let text = if pretty { serde_json::to_string_pretty(&settings).unwrap() } else { settings.to_string() };
        let person = Person::new();
        let path = "home/.claude/settings.json";
        person.write(path, &text);
        person.make("claude-code", Scope::User, Wish::Install);
        let plan = person.plan("claude-code", Scope::User, Wish::Install);
        prop_assert!(plan.files.iter().all(|file| !file.changes()), "{text}");
        if plan.state == State::Manual {
            prop_assert_eq!(person.read(path).unwrap(), text);
            return Ok(());
        }
        prop_assert_eq!(plan.state, State::Installed);
        person.make("claude-code", Scope::User, Wish::Uninstall);
        let left = person.read(path).unwrap_or_default();
        prop_assert!(!left.contains("/usr/local/bin/blastgate"), "{}", left);
        for (key, value) in settings.as_object().into_iter().flatten().filter(|(key, _)| *key != "hooks") {
            let left: Value = serde_json::from_str(&left).unwrap();
            prop_assert_eq!(&left[key], value);
        }
    }
}
