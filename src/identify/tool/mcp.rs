//! MCP tools: what their arguments hold, else what the words of their names say.
//!
//! A server's own annotations (`readOnlyHint` and the like) are claims of whoever wrote it: they can make an answer
//! stricter and never milder.

use serde::Deserialize;
use serde_json::Value;

use super::{ToolCall, fetched, id_part, kebab, plain, written};
use crate::identify::command::{Effect, Input, Invocation, Scene, Shell, Word};
use crate::model::{Hazard, Impact, Place, Scope};

/// What an MCP server says of a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Annotations {
    /// It may destroy something.
    #[serde(rename = "destructiveHint")]
    pub destructive: Option<bool>,
    /// It only looks.
    #[serde(rename = "readOnlyHint")]
    pub read_only: Option<bool>,
}

/// A call of an MCP tool.
pub(super) struct Called<'a> {
    pub(super) server: &'a str,
    pub(super) tool: &'a str,
    pub(super) arguments: &'a Value,
    pub(super) annotations: &'a Annotations,
}

impl Called<'_> {
    /// An argument that is a text.
    fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.arguments.get(name)?.as_str()).filter(|text| !text.is_empty())
    }
}

/// Arguments that hold a command line by their names alone.
const COMMAND_LINES: &[&str] =
    &["cli_command", "command_line", "commandLine", "shell_command", "bash_command", "shellCommand"];
/// Arguments that hold one where the tool's words say that it runs commands.
const COMMANDS: &[&str] = &["command", "cmd", "script", "code", "input"];
/// Words of tools that run commands in a shell.
const SHELLS: &[&str] =
    &["command", "commands", "shell", "bash", "sh", "terminal", "exec", "execute", "run", "cmd", "process", "script"];
/// Words of tools that run PowerShell.
const POWERSHELLS: &[&str] = &["powershell", "pwsh"];
/// Arguments that hold SQL.
const STATEMENTS: &[&str] = &["sql", "query", "statement", "queries", "sql_query"];

/// Reads a call: everything that its arguments hold, or else what its name says.
pub(super) fn read(called: &Called<'_>, at: &Invocation, scene: &mut Scene<'_>) {
    let words = words_of(called.tool);
    if !read_arguments(called, &words, at, scene) {
        named(called, &words, at, scene);
    }
}

/// True when the arguments say what the call does.
fn read_arguments(called: &Called<'_>, words: &[String], at: &Invocation, scene: &mut Scene<'_>) -> bool {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let shell = if has(POWERSHELLS) { Shell::PowerShell } else { Shell::Posix };
    let line = called.text(COMMAND_LINES);
    if let Some(line) = line.or_else(|| called.text(COMMANDS).filter(|_| has(SHELLS) || has(POWERSHELLS))) {
        let folder = called.text(&["cwd", "directory", "working_directory", "workdir", "dir"]);
        let at = super::inside(at, folder);
        match called.arguments.get("args").and_then(Value::as_array) {
            Some(args) => {
                let words = std::iter::once(line.to_owned()).chain(args.iter().filter_map(plain));
                scene.invocation(&at.with_words(words.map(Word::known).collect()));
            }
            None => scene.script(line, shell, &at),
        }
        return true;
    }
    // A list of command lines.
    for name in ["cli_command", "commands", "cli_commands"] {
        if let Some(lines) = called.arguments.get(name).and_then(Value::as_array)
            && lines.iter().all(Value::is_string)
            && !lines.is_empty()
        {
            lines.iter().filter_map(Value::as_str).for_each(|line| scene.script(line, shell, at));
            return true;
        }
    }
    kubectl(called, words, at, scene)
        || statement(called, words, at, scene)
        || file(called, words, at, scene)
        || page(called, words, at, scene)
}

/// Servers for Kubernetes name their tools after kubectl's commands (`kubectl_delete`), or have one for all of them
/// (`kubectl_generic` with `command` and `subCommand`).
fn kubectl(called: &Called<'_>, words: &[String], at: &Invocation, scene: &mut Scene<'_>) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    if first != "kubectl" && first != "helm" {
        return false;
    }
    let mut all = vec![Word::known(first.as_str())];
    if rest.first().is_some_and(|word| word == "generic") || rest.is_empty() {
        let Some(command) = called.text(&["command"]) else { return false };
        all.extend(command.split_whitespace().map(Word::known));
        all.extend(called.text(&["subCommand", "subcommand"]).map(Word::known));
    } else {
        all.push(Word::known(rest.join("-")));
    }
    let operands = [
        &["resourceType", "resource_type", "resource", "kind"][..],
        &["name", "resourceName", "resource_name"],
        &["chart"],
    ];
    all.extend(operands.iter().filter_map(|names| called.text(names)).map(Word::known));
    let options = [
        ("--namespace", &["namespace"][..]),
        ("--context", &["context", "cluster"]),
        ("--selector", &["labelSelector", "label_selector", "selector"]),
        ("--replicas", &["replicas"]),
        ("--filename", &["filename", "file"]),
        ("--patch", &["patch"]),
    ];
    for (option, names) in options {
        let value = names.iter().find_map(|name| called.arguments.get(name)).and_then(plain);
        all.extend(value.map(|value| Word::known(format!("{option}={value}"))));
    }
    let switches = [
        ("--all-namespaces", &["allNamespaces", "all_namespaces"][..]),
        ("--force", &["force"]),
        ("--all", &["all"]),
        ("--dry-run=server", &["dryRun", "dry_run"]),
    ];
    for (option, names) in switches {
        let is_on = names.iter().any(|name| called.arguments.get(name) == Some(&Value::Bool(true)));
        all.extend(is_on.then(|| Word::known(option)));
    }
    if let Some(flags) = called.arguments.get("flags").and_then(Value::as_object) {
        all.extend(flags.iter().map(|(name, value)| match plain(value) {
            Some(value) if value != "true" => Word::known(format!("--{name}={value}")),
            _ => Word::known(format!("--{name}")),
        }));
    }
    if let Some(more) = called.arguments.get("args").and_then(Value::as_array) {
        all.extend(more.iter().filter_map(plain).map(Word::known));
    }
    let manifest = called.text(&["manifest", "content"]);
    if manifest.is_some() {
        all.extend([Word::known("--filename"), Word::known("-")]);
    }
    let input = manifest.map_or(Input::Inherited, |text| Input::Text(text.to_owned()));
    scene.invocation(&Invocation { input, ..at.with_words(all) });
    true
}

/// SQL goes to the database that the server stands for, whose address only the server knows.
fn statement(called: &Called<'_>, words: &[String], at: &Invocation, scene: &mut Scene<'_>) -> bool {
    let Some(sql) = called.text(STATEMENTS).filter(|text| looks_like_sql(text)) else { return false };
    let speaks = |name: &str| called.server.to_lowercase().contains(name) || words.iter().any(|word| word == name);
    // The server's name stands for a host that nobody named: what the inventory does not know counts as prod.
    let host = format!("{}.mcp", called.server.to_lowercase());
    let words = if ["mysql", "mariadb", "planetscale", "tidb"].into_iter().any(speaks) {
        vec!["mysql".to_owned(), "-h".to_owned(), host, "-e".to_owned(), sql.to_owned()]
    } else {
        vec!["psql".to_owned(), "-h".to_owned(), host, "-c".to_owned(), sql.to_owned()]
    };
    scene.invocation(&at.with_words(words.into_iter().map(Word::known).collect()));
    true
}

/// A statement begins with one of SQL's words, behind comments and parentheses.
fn looks_like_sql(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "select", "with", "insert", "update", "delete", "drop", "truncate", "alter", "create", "merge", "replace",
        "grant", "revoke", "explain", "show", "describe", "begin", "start", "call", "do", "set", "vacuum", "copy",
        "rename", "comment", "table", "values", "use", "analyze", "pragma", "attach", "exec", "execute",
    ];
    let mut rest = text.trim_start();
    loop {
        rest = match (rest.strip_prefix("--"), rest.strip_prefix("/*"), rest.strip_prefix(['(', ';'])) {
            (Some(line), ..) => line.split_once('\n').map_or("", |(_, rest)| rest),
            (_, Some(block), _) => block.split_once("*/").map_or("", |(_, rest)| rest),
            (.., Some(rest)) => rest,
            _ => break,
        }
        .trim_start();
    }
    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
    BEGINNINGS.contains(&word.as_str())
}

/// Tools of file servers do what the agent's own file tools do.
fn file(called: &Called<'_>, words: &[String], at: &Invocation, scene: &mut Scene<'_>) -> bool {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if !has(&["file", "files", "directory", "folder", "path"]) {
        return false;
    }
    let path = called.text(&["path", "file_path", "filePath", "filename", "target_file"]);
    let is_remote = ["owner", "repo", "repository", "project_id", "bucket", "branch"];
    if is_remote.iter().any(|name| called.arguments.get(name).is_some()) {
        return false;
    }
    let around = scene.around();
    let call =
        match (path, called.text(&["source", "from", "old_path"]), called.text(&["destination", "to", "new_path"])) {
            (_, Some(from), Some(to)) if has(&["move", "rename"]) => {
                ToolCall::Move { from: from.to_owned(), to: to.to_owned() }
            }
            (Some(path), ..) if has(&["delete", "remove"]) => ToolCall::Delete { path: path.to_owned() },
            (Some(path), ..) if has(&["write", "edit", "create", "append", "update", "save", "replace", "patch"]) => {
                written(path, !has(&["write", "save"]), at, scene);
                return true;
            }
            (Some(path), ..) if has(&["read", "get", "view", "list", "open", "info", "tree"]) => {
                ToolCall::Read { path: path.to_owned() }
            }
            _ => return false,
        };
    super::read(&call, around, scene).is_ok()
}

/// A page that is looked at.
fn page(called: &Called<'_>, words: &[String], at: &Invocation, scene: &mut Scene<'_>) -> bool {
    let looks = ["fetch", "navigate", "browse", "scrape", "crawl", "open", "goto", "visit", "read", "get"];
    let Some(url) = called.text(&["url", "uri"]) else { return false };
    let method = called.text(&["method"]).unwrap_or("GET");
    let is_read = method.eq_ignore_ascii_case("GET") && called.arguments.get("body").is_none();
    if !is_read || !url.starts_with("http") || !words.iter().any(|word| looks.contains(&word.as_str())) {
        return false;
    }
    fetched(url, at, scene);
    true
}

/// Words that look.
const READS: &[&str] = &[
    "get",
    "list",
    "describe",
    "search",
    "read",
    "fetch",
    "query",
    "show",
    "find",
    "view",
    "lookup",
    "resolve",
    "check",
    "count",
    "info",
    "whoami",
    "ping",
    "think",
    "thinking",
    "sequentialthinking",
    "help",
    "docs",
    "documentation",
    "ask",
    "summarize",
    "analyze",
    "analyse",
    "explain",
    "validate",
    "lint",
    "diff",
    "preview",
    "plan",
    "screenshot",
    "snapshot",
    "wait",
    "inspect",
    "explore",
    "retrieve",
    "browse",
    "navigate",
    "suggest",
    "recommend",
    "history",
    "logs",
    "tail",
    "watch",
    "monitor",
    "diagnose",
    "verify",
    "estimate",
    "compare",
    "status",
    "health",
    "version",
    "download",
    "ls",
    "cat",
    "tree",
    "time",
    "convert",
    "calculate",
    "select",
    "peek",
    "stat",
    "locate",
    "scan",
    "report",
    "render",
];
/// Words that add.
const CREATES: &[&str] = &[
    "create", "add", "new", "post", "send", "write", "append", "comment", "reply", "upload", "insert", "open", "fork",
    "copy", "clone", "generate", "make", "publish", "register", "submit", "save", "store", "remember", "import",
    "draft", "log", "notify",
];
/// Words that change in place.
const UPDATES: &[&str] = &[
    "update",
    "edit",
    "set",
    "modify",
    "change",
    "put",
    "patch",
    "rename",
    "move",
    "assign",
    "label",
    "tag",
    "replace",
    "close",
    "reopen",
    "resolve_thread",
    "merge",
    "push",
    "commit",
    "sync",
    "upsert",
    "configure",
    "mark",
    "toggle",
    "click",
    "type",
    "fill",
    "press",
    "hover",
    "drag",
    "scroll",
    "enable",
    "transition",
    "link",
    "attach",
    "archive",
    "scale",
    "apply",
    "deploy",
];
/// Words that stop something.
const DISRUPTS: &[&str] =
    &["stop", "restart", "reboot", "disable", "suspend", "pause", "cancel", "kill", "detach", "drain", "failover"];
/// Words that say who may do what.
const PERMISSIONS: &[&str] =
    &["grant", "revoke", "share", "unshare", "invite", "permission", "permissions", "authorize", "impersonate"];
/// Words that remove, wherever they stand in a name.
const DESTROYS: &[&str] = &[
    "delete",
    "destroy",
    "drop",
    "remove",
    "purge",
    "truncate",
    "wipe",
    "erase",
    "terminate",
    "reset",
    "prune",
    "uninstall",
    "clear",
    "empty",
    "flush",
    "unpublish",
    "rollback",
    "restore",
    "nuke",
    "clean",
    "cleanup",
    "teardown",
    "deprovision",
    "decommission",
    "rm",
];

/// What the words of a tool's name say.
fn named(called: &Called<'_>, words: &[String], at: &Invocation, scene: &mut Scene<'_>) {
    let mut impact = impact_of(words);
    let Annotations { destructive, read_only } = *called.annotations;
    if destructive == Some(true) && read_only != Some(true) {
        impact = Impact::Destroy;
    } else if read_only == Some(false) && impact == Impact::Read {
        impact = Impact::Update;
    }
    let operation = format!("mcp:{}:{}", id_part(called.server), id_part(called.tool));
    let place = Place { host: Some(called.server.to_lowercase()), ..Place::default() };
    let mut effect = Effect::new(&operation, impact, Scope::Resource).at(place);
    if words.iter().any(|word| matches!(word.as_str(), "secret" | "secrets" | "password" | "credentials" | "token"))
        && impact == Impact::Read
    {
        effect = effect.hazard(Hazard::SecretRead);
    }
    if let Some(on) = called.text(&["id", "name", "path", "key", "url", "resource", "identifier", "title"]) {
        effect = effect.on(on.chars().take(200).collect::<String>());
    }
    scene.effect(at, effect);
}

/// The first verb decides; one that removes does so wherever it stands, and behind `and` and `or` stands another verb.
fn impact_of(words: &[String]) -> Impact {
    let verb = |word: &str| {
        let lists = [
            (DESTROYS, Impact::Destroy),
            (PERMISSIONS, Impact::Permission),
            (DISRUPTS, Impact::Disrupt),
            (UPDATES, Impact::Update),
            (CREATES, Impact::Create),
            (READS, Impact::Read),
        ];
        lists.into_iter().find(|(list, _)| list.contains(&word)).map(|(_, impact)| impact)
    };
    let stricter = |a: Impact, b: Impact| if b.strictness() > a.strictness() { b } else { a };
    let mut impact = words.iter().find_map(|word| verb(word)).unwrap_or(Impact::Execute);
    if words.iter().any(|word| DESTROYS.contains(&word.as_str())) {
        impact = Impact::Destroy;
    }
    for pair in words.windows(2) {
        if let [joins, next] = pair
            && matches!(joins.as_str(), "and" | "or" | "then")
            && let Some(other) = verb(next)
        {
            impact = stricter(impact, other);
        }
    }
    impact
}

/// `deleteBucket`, `delete_bucket` and `delete-bucket` as words, in lower case.
fn words_of(tool: &str) -> Vec<String> {
    let plain = tool.replace(['.', '/', ':', ' '], "-");
    kebab(&plain).split('-').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
