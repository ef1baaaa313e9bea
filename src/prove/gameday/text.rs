//! The YAML form of incidents, as serde reads it, and its check. Requests are written as in the tests inside rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::targets::{self, Filler};
use super::{Attempt, Expect, Incident, Need, Step, Way};
use crate::config::{Diagnostics, Inventory, Report, Spot, nearest, parse_yaml};
use crate::head::text::head_from_parts;
use crate::identify::command::{Shell, Stated};
use crate::identify::tool::{Annotations, ToolCall};
use crate::identify::{Known, SqlDialect};
use crate::model::EnvironmentKind;
use crate::rules::{RawHttp, filled_json, request};

/// A loop that a story needs is stopped long before.
const REPEAT_MAX: u32 = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIncident {
    id: Spanned<String>,
    title: String,
    date: Option<Spanned<String>>,
    what: String,
    source: Option<String>,
    lesson: Option<String>,
    #[serde(default)]
    targets: BTreeMap<String, Spanned<String>>,
    steps: Spanned<Vec<Spanned<RawStep>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    say: String,
    expect: Expect,
    environment: Option<EnvironmentKind>,
    repeat: Option<Spanned<u32>>,
    needs: Option<Spanned<Need>>,
    #[serde(default)]
    also: Vec<Spanned<RawWay>>,
    http: Option<RawHttp>,
    command: Option<String>,
    sql: Option<RawSql>,
    mcp: Option<RawMcp>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    mounts: Vec<String>,
    shell: Option<RawShell>,
    provider: Option<String>,
    cluster: Option<String>,
}

/// The same by another door.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWay {
    say: String,
    http: Option<RawHttp>,
    command: Option<String>,
    sql: Option<RawSql>,
    mcp: Option<RawMcp>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    mounts: Vec<String>,
    shell: Option<RawShell>,
    provider: Option<String>,
    cluster: Option<String>,
    needs: Option<Spanned<Need>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSql {
    dialect: String,
    statement: String,
    target: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMcp {
    server: String,
    tool: String,
    #[serde(default)]
    arguments: Value,
    #[serde(default)]
    annotations: Annotations,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawShell {
    Bash,
    Powershell,
    Cmd,
}

impl From<RawShell> for Shell {
    fn from(raw: RawShell) -> Self {
        match raw {
            RawShell::Bash => Self::Posix,
            RawShell::Powershell => Self::PowerShell,
            RawShell::Cmd => Self::Cmd,
        }
    }
}

pub(super) fn parse(file: &str, text: &str, inventory: &Inventory) -> Result<Incident, Diagnostics> {
    let raw: RawIncident = parse_yaml(file, text)?;
    let mut report = Report::new(file, text);
    check_id(&raw.id, file, &mut report);
    if let Some(date) = raw.date.as_ref().filter(|date| !is_date(&date.value)) {
        report.say(date, format!("`{}` is not a date", date.value), Some("write `2026-02` or `2026-02-26`".to_owned()));
    }
    let targets = targets::check(&raw.targets, inventory, &mut report);
    let mut filler = Filler::new(&targets);
    let at = Spot::from(&raw.steps);
    let steps: Vec<Step> = raw.steps.value.into_iter().map(|step| check(step, &mut filler, &mut report)).collect();
    if !steps.iter().any(|step| step.expect == Expect::Stop) {
        let help = "say `expect: stop` where it should have ended";
        report.say(at, "an incident without a step that must be stopped proves nothing", Some(help.to_owned()));
    }
    let used = filler.used;
    for (name, value) in raw.targets.iter().filter(|(name, _)| !used.contains(*name)) {
        report.say(value, format!("no step uses `{{{name}}}`"), None);
    }
    let RawIncident { id, title, date, what, source, lesson, .. } = raw;
    let (id, file, date) = (id.value, file.to_owned(), date.map(|date| date.value));
    let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (title, what) = (line(title), line(what));
    let (source, lesson) = (source.map(line), lesson.map(line));
    report.finish(Incident { id, file, title, date, what, source, lesson, targets, steps })
}

/// The id is the file's name, so that each finds the other.
fn check_id(id: &Spanned<String>, file: &str, report: &mut Report<'_>) {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name);
    if id.value != stem {
        let help = format!("write `id: {stem}`, or name the file `{}.yaml`", id.value);
        report.say(id, format!("the id `{}` is not the file's name", id.value), Some(help));
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_digits = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    is_digits && matches!(lengths.as_slice(), [4] | [4, 2] | [4, 2, 2])
}

fn check(raw: Spanned<RawStep>, filler: &mut Filler<'_>, report: &mut Report<'_>) -> Step {
    let (at, line) = (Spot::from(&raw), line_of(&raw));
    let RawStep { say, expect, environment, repeat, also, .. } = raw.value;
    let RawStep { http, command, sql, mcp, files, env, mounts, shell, provider, cluster, needs, .. } = raw.value;
    let repeats = repeat.as_ref().map(|repeat| repeat.value);
    if let Some(repeat) = repeat.filter(|repeat| !(2..=REPEAT_MAX).contains(&repeat.value)) {
        report.say(&repeat, format!("`repeat` takes a number from 2 to {REPEAT_MAX}"), None);
    }
    if environment == Some(EnvironmentKind::Unknown) {
        let help = "leave it out: without an entry in the inventory targets are unknown";
        report.say(at, "`environment` takes local, dev, staging or prod", Some(help.to_owned()));
    }
    let turns = repeats.map(|times| times.clamp(1, REPEAT_MAX));
    let first =
        RawWay { say: say.clone(), http, command, sql, mcp, files, env, mounts, shell, provider, cluster, needs };
    let mut ways = vec![way(first, (at, line), turns, filler, report)];
    for other in also {
        let place = (Spot::from(&other), line_of(&other));
        ways.push(way(other.value, place, turns, filler, report));
    }
    if expect == Expect::Pass && ways.iter().any(|way| way.needs.is_some()) {
        report.say(at, "`needs` stands beside `expect: stop`", None);
    }
    Step { line, say, expect, environment, ways }
}

fn line_of<T>(raw: &Spanned<T>) -> usize {
    usize::try_from(raw.referenced.line()).unwrap_or(0)
}

/// One way, once for every turn. What is wrong is said of the first turn only: the others say the same.
fn way(
    raw: RawWay,
    (at, line): (Spot, usize),
    turns: Option<u32>,
    filler: &mut Filler<'_>,
    report: &mut Report<'_>,
) -> Way {
    check_company(&raw, at, report);
    let mut attempts = Vec::new();
    for turn in 1..=turns.unwrap_or(1) {
        filler.turn = turns.map(|_| turn);
        let filled = filled(raw.clone(), &mut |text| filler.fill(text));
        let mut silent = Report::new("", "");
        let heard = if turn == 1 { &mut *report } else { &mut silent };
        attempts.extend(attempt(filled, at, heard));
    }
    for name in std::mem::take(&mut filler.missing) {
        let help = format!("add `{name}: …` to `targets`: what it was in the story");
        report.say(at, format!("`{{{name}}}` is not one of the incident's `targets`"), Some(help));
    }
    Way { line, say: raw.say, needs: raw.needs.map(|needs| needs.value), attempts }
}

/// Which keys stand beside which.
fn check_company(raw: &RawWay, at: Spot, report: &mut Report<'_>) {
    let local = raw.command.is_some() || raw.mcp.is_some();
    let pairs = [
        (!raw.files.is_empty() && !local, "`files` stand beside a `command` or `mcp`"),
        (!raw.env.is_empty() && !local, "`env` stands beside a `command` or `mcp`"),
        (!raw.mounts.is_empty() && !local, "`mounts` stand beside a `command` or `mcp`"),
        (raw.shell.is_some() && raw.command.is_none(), "`shell` stands beside a `command`"),
        (raw.provider.is_some() && raw.http.is_none(), "`provider` stands beside `http`"),
        (raw.cluster.is_some() && raw.http.is_none(), "`cluster` stands beside `http`"),
    ];
    for (_, message) in pairs.iter().filter(|(is_wrong, _)| *is_wrong) {
        report.say(at, *message, None);
    }
    if let Some(path) = raw.files.keys().chain(&raw.mounts).find(|path| !path.starts_with('/')) {
        let help = format!("the workspace is `/repo`: `/repo/{}`", path.trim_start_matches("./"));
        report.say(at, format!("`{path}` is not an absolute path"), Some(help));
    }
}

fn filled(raw: RawWay, fill: &mut dyn FnMut(&str) -> String) -> RawWay {
    let RawWay { say, http, command, sql, mcp, files, env, mounts, shell, provider, cluster, needs } = raw;
    let mut each =
        |texts: BTreeMap<String, String>| texts.into_iter().map(|(name, text)| (name, fill(&text))).collect();
    let (files, env) = (each(files), each(env));
    RawWay {
        say,
        http: http.map(|http| http.filled(fill)),
        command: command.map(|text| fill(&text)),
        sql: sql.map(|sql| RawSql {
            statement: fill(&sql.statement),
            target: sql.target.map(|target| fill(&target)),
            ..sql
        }),
        mcp: mcp.map(|mcp| RawMcp { arguments: filled_json(mcp.arguments, fill), ..mcp }),
        files,
        env,
        mounts,
        shell,
        provider,
        cluster: cluster.map(|name| fill(&name)),
        needs,
    }
}

fn attempt(raw: RawWay, at: Spot, report: &mut Report<'_>) -> Option<Attempt> {
    let RawWay { http, command, sql, mcp, files, env, mounts, shell, provider, cluster, .. } = raw;
    let around = || {
        let mut around = Stated::in_workspace("/repo");
        around.variables.extend(env.clone());
        Box::new(Stated { files: files.clone(), mounts: mounts.clone(), ..around })
    };
    match (http, command, sql, mcp) {
        (Some(http), None, None, None) => {
            let request = request(http, at, report);
            // What is no request would count as stopped.
            if let Err(why) = head_from_parts(&request.method, &request.url, &request.headers) {
                report.say(at, format!("the request cannot be read: {why}"), None);
            }
            Some(Attempt::Http { request, known: Known { provider, cluster } })
        }
        (None, Some(text), None, None) => {
            Some(Attempt::Command { text, shell: shell.map_or(Shell::Posix, Shell::from), around: around() })
        }
        (None, None, Some(RawSql { dialect, statement, target }), None) => {
            if let Err(words) = dialect.parse::<SqlDialect>() {
                let known = ["postgres", "mysql", "sqlite", "mssql", "snowflake", "bigquery", "redshift", "clickhouse"];
                report.say(at, words, nearest(&dialect, known));
            }
            Some(Attempt::Sql { dialect, text: statement, target })
        }
        (None, None, None, Some(RawMcp { server, tool, arguments, annotations })) => {
            let call = Box::new(ToolCall::Mcp { server, tool, arguments, annotations });
            Some(Attempt::Tool { call, around: around() })
        }
        _ => {
            report.say(at, "a step has one of `http`, `command`, `sql` and `mcp`", None);
            None
        }
    }
}
