//! What the tools of agents mean, by their names: one list for all, since agents took each other's.

use serde_json::{Map, Value};

use super::super::Agent;
use super::super::decode::Fields;
use super::patch;
use crate::identify::command::Shell;
use crate::identify::tool::{Annotations, ToolCall};

/// A tool call as the agent names it.
pub(super) struct Named<'a> {
    pub(super) tool: &'a str,
    pub(super) input: &'a Map<String, Value>,
    /// The MCP server that the agent says the tool is of.
    pub(super) server: Option<&'a str>,
    pub(super) agent: Agent,
}

/// What a tool does with its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Shell,
    PowerShell,
    /// A list of command lines.
    Commands,
    Patch,
    Write,
    Edit,
    Delete,
    Move,
    Read,
    Fetch,
    Aws,
    /// Amazon Q and Kiro: `{command: view|create|str_replace|insert|append, path}`.
    FileCommand,
    /// Cline: `{server_name, tool_name, arguments}`.
    Mcp,
    Own,
}

/// By name, in lower case without `_` and `-`.
const TOOLS: &[(&str, Does)] = &[
    // Shells: Claude Code, Copilot, opencode · Gemini CLI · Kiro, Q · Cline · Antigravity · VS Code · Codex.
    ("bash", Does::Shell),
    ("shell", Does::Shell),
    ("runshellcommand", Does::Shell),
    ("executebash", Does::Shell),
    ("executecommand", Does::Shell),
    ("executecmd", Does::Shell),
    ("runcommand", Does::Shell),
    ("runinterminal", Does::Shell),
    ("runterminalcommand", Does::Shell),
    ("runterminalcmd", Does::Shell),
    ("terminal", Does::Shell),
    ("localshell", Does::Shell),
    ("shellcommand", Does::Shell),
    ("execcommand", Does::Shell),
    ("unifiedexec", Does::Shell),
    ("containerexec", Does::Shell),
    ("monitor", Does::Shell),
    ("powershell", Does::PowerShell),
    ("pwsh", Does::PowerShell),
    ("runcommands", Does::Commands),
    ("applypatch", Does::Patch),
    // Files.
    ("write", Does::Write),
    ("writefile", Does::Write),
    ("create", Does::Write),
    ("createfile", Does::Write),
    ("writetofile", Does::Write),
    ("newfile", Does::Write),
    ("notebookedit", Does::Edit),
    ("edit", Does::Edit),
    ("editfile", Does::Edit),
    ("multiedit", Does::Edit),
    ("replace", Does::Edit),
    ("replaceinfile", Does::Edit),
    ("replacestringinfile", Does::Edit),
    ("multireplacestringinfile", Does::Edit),
    ("inserteditintofile", Does::Edit),
    ("replacefilecontent", Does::Edit),
    ("multireplacefilecontent", Does::Edit),
    ("searchreplace", Does::Edit),
    ("strreplace", Does::Edit),
    ("editnotebook", Does::Edit),
    ("editnotebookfile", Does::Edit),
    ("insert", Does::Edit),
    ("patch", Does::Edit),
    ("strreplaceeditor", Does::FileCommand),
    ("fswrite", Does::FileCommand),
    ("delete", Does::Delete),
    ("deletefile", Does::Delete),
    ("removefile", Does::Delete),
    ("movefile", Does::Move),
    ("renamefile", Does::Move),
    ("read", Does::Read),
    ("readfile", Does::Read),
    ("viewfile", Does::Read),
    ("view", Does::Read),
    ("fsread", Does::Read),
    ("readmanyfiles", Does::Read),
    ("notebookread", Does::Read),
    ("openfile", Does::Read),
    // The web.
    ("webfetch", Does::Fetch),
    ("fetch", Does::Fetch),
    ("fetchwebpage", Does::Fetch),
    ("readurlcontent", Does::Fetch),
    ("webreader", Does::Fetch),
    ("openurl", Does::Fetch),
    ("useaws", Does::Aws),
    ("aws", Does::Aws),
    ("usemcptool", Does::Mcp),
    // Their own affairs.
    ("todowrite", Does::Own),
    ("todoread", Does::Own),
    ("todolist", Does::Own),
    ("writetodos", Does::Own),
    ("managetodolist", Does::Own),
    ("updateplan", Does::Own),
    ("updatetodolist", Does::Own),
    ("todo", Does::Own),
    ("enterworktree", Does::Own),
    ("exitworktree", Does::Own),
    ("sendmessage", Does::Own),
    ("cronlist", Does::Own),
    ("codebaseinvestigator", Does::Own),
    ("runtests", Does::Own),
    ("askquestion", Does::Own),
    ("condense", Does::Own),
    ("useskill", Does::Own),
    ("reportissue", Does::Own),
    ("task", Does::Own),
    ("agent", Does::Own),
    ("subagent", Does::Own),
    ("usesubagent", Does::Own),
    ("delegate", Does::Own),
    ("runsubagent", Does::Own),
    ("spawnagent", Does::Own),
    ("closeagent", Does::Own),
    ("sendinput", Does::Own),
    ("taskoutput", Does::Own),
    ("taskstop", Does::Own),
    ("taskcreate", Does::Own),
    ("taskupdate", Does::Own),
    ("taskget", Does::Own),
    ("tasklist", Does::Own),
    ("newtask", Does::Own),
    ("bashoutput", Does::Own),
    ("killshell", Does::Own),
    ("killbash", Does::Own),
    ("readbash", Does::Own),
    ("stopbash", Does::Own),
    ("readpowershell", Does::Own),
    ("commandstatus", Does::Own),
    ("getterminaloutput", Does::Own),
    ("getcommandoutput", Does::Own),
    ("skill", Does::Own),
    ("slashcommand", Does::Own),
    ("toolsearch", Does::Own),
    ("activateskill", Does::Own),
    ("enterplanmode", Does::Own),
    ("exitplanmode", Does::Own),
    ("planmoderespond", Does::Own),
    ("actmoderespond", Does::Own),
    ("askuserquestion", Does::Own),
    ("askuser", Does::Own),
    ("askfollowupquestion", Does::Own),
    ("question", Does::Own),
    ("requestuserinput", Does::Own),
    ("notifyuser", Does::Own),
    ("taskboundary", Does::Own),
    ("attemptcompletion", Does::Own),
    ("taskcomplete", Does::Own),
    ("reportintent", Does::Own),
    ("savememory", Does::Own),
    ("memory", Does::Own),
    ("storememory", Does::Own),
    ("thinking", Does::Own),
    ("think", Does::Own),
    ("introspect", Does::Own),
    ("knowledge", Does::Own),
    ("ls", Does::Own),
    ("list", Does::Own),
    ("listdir", Does::Own),
    ("listdirectory", Does::Own),
    ("listfiles", Does::Own),
    ("listcodedefinitionnames", Does::Own),
    ("glob", Does::Own),
    ("findbyname", Does::Own),
    ("filesearch", Does::Own),
    ("findfiles", Does::Own),
    ("grep", Does::Own),
    ("grepsearch", Does::Own),
    ("searchfilecontent", Does::Own),
    ("searchfiles", Does::Own),
    ("codebasesearch", Does::Own),
    ("codesearch", Does::Own),
    ("semanticsearch", Does::Own),
    ("searchworkspacesymbols", Does::Own),
    ("listcodeusages", Does::Own),
    ("viewcodeitem", Does::Own),
    ("viewfileoutline", Does::Own),
    ("geterrors", Does::Own),
    ("readlints", Does::Own),
    ("getchangedfiles", Does::Own),
    ("lsp", Does::Own),
    ("websearch", Does::Own),
    ("googlewebsearch", Does::Own),
    ("searchweb", Does::Own),
    ("viewimage", Does::Own),
    ("listmcpresources", Does::Own),
    ("listmcpresourcestool", Does::Own),
    ("readmcpresource", Does::Own),
    ("readmcpresourcetool", Does::Own),
    ("accessmcpresource", Does::Own),
    ("listmcpresourcetemplates", Does::Own),
    ("fetchrules", Does::Own),
    ("fetchcopilotclidocumentation", Does::Own),
    ("listbash", Does::Own),
    ("readagent", Does::Own),
    ("listagents", Does::Own),
    ("updatetodo", Does::Own),
    ("rg", Does::Own),
    ("invalid", Does::Own),
    ("codeinterpreter", Does::Shell),
    ("writestdin", Does::Shell),
    ("sendcommandinput", Does::Shell),
    ("writebash", Does::Shell),
];

const PATHS: &[&str] = &[
    "file_path",
    "filePath",
    "path",
    "notebook_path",
    "target_file",
    "targetFile",
    "TargetFile",
    "AbsolutePath",
    "absolute_path",
    "absolutePath",
    "filename",
    "file",
];
const COMMANDS: &[&str] =
    &["command", "CommandLine", "command_line", "commandLine", "cmd", "script", "input", "code", "chars"];
const FOLDERS: &[&str] = &["dir_path", "workdir", "cwd", "Cwd", "directory", "working_directory", "workingDirectory"];

/// What the call would do.
pub(super) fn calls(named: &Named<'_>) -> Vec<ToolCall> {
    if let Some((server, tool)) = mcp_name(named) {
        return vec![mcp(server, tool, Value::Object(named.input.clone()))];
    }
    let key: String = named.tool.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect::<String>().to_lowercase();
    let found = TOOLS.iter().find(|(name, _)| *name == key).map(|(_, does)| *does);
    let read = match found {
        Some(does) => known(does, named),
        None => joined_name(named).map(|(server, tool)| vec![mcp(server, tool, Value::Object(named.input.clone()))]),
    };
    // A tool that is not known, or one whose input has another form than it should.
    read.unwrap_or_else(|| vec![ToolCall::Unknown { name: named.tool.to_owned() }])
}

fn known(does: Does, named: &Named<'_>) -> Option<Vec<ToolCall>> {
    let fields = Fields(named.input);
    let path = || fields.owned(PATHS);
    Some(match does {
        Does::Shell => return shell(fields, Shell::Posix),
        Does::PowerShell => return shell(fields, Shell::PowerShell),
        Does::Commands => {
            let commands = fields.get(&["commands", "command"])?;
            let lines = match commands.as_array() {
                Some(lines) => lines.iter().map(|line| Some(line.as_str()?.to_owned())).collect::<Option<Vec<_>>>()?,
                None => vec![commands.as_str()?.to_owned()],
            };
            let line = |text| ToolCall::Shell { text, shell: Shell::Posix, directory: fields.owned(FOLDERS) };
            lines.into_iter().map(line).collect()
        }
        Does::Patch => return patch::calls(fields.text(&["command", "input", "patch", "patchText"])?),
        Does::Write => vec![ToolCall::Write { path: path()?, keeps: false }],
        Does::Edit => match fields.get(&["edits", "replacements"]).and_then(Value::as_array) {
            Some(edits) if path().is_none() => {
                let of = |edit: &Value| Fields(edit.as_object()?).owned(PATHS);
                let edited = |edit| Some(ToolCall::Write { path: of(edit)?, keeps: true });
                edits.iter().map(edited).collect::<Option<_>>()?
            }
            _ => vec![ToolCall::Write { path: path()?, keeps: true }],
        },
        Does::Delete => {
            let mut paths = fields.texts(&["paths", "files", "file_paths"]);
            paths.extend(path());
            if paths.is_empty() {
                return None;
            }
            paths.into_iter().map(|path| ToolCall::Delete { path }).collect()
        }
        Does::Move => {
            let from = fields.owned(&["source", "from", "old_path", "oldPath", "path"])?;
            vec![ToolCall::Move { from, to: fields.owned(&["destination", "to", "new_path", "newPath"])? }]
        }
        Does::Read => read(named, fields),
        Does::Fetch => return fetch(named, fields),
        Does::Aws => vec![aws(fields)?],
        Does::FileCommand => {
            let path = path()?;
            match fields.text(&["command"]) {
                Some("view") => vec![ToolCall::Read { path }],
                Some("create") => vec![ToolCall::Write { path, keeps: false }],
                _ => vec![ToolCall::Write { path, keeps: true }],
            }
        }
        Does::Mcp => {
            let server = fields.owned(&["server_name", "serverName"])?;
            let arguments = fields.object(&["arguments"]).unwrap_or_default();
            vec![mcp(server, fields.owned(&["tool_name", "toolName"])?, Value::Object(arguments))]
        }
        Does::Own => vec![own(named)],
    })
}

fn aws(fields: Fields<'_>) -> Option<ToolCall> {
    Some(ToolCall::Aws {
        service: fields.owned(&["service_name", "serviceName"])?,
        operation: fields.owned(&["operation_name", "operationName"])?,
        parameters: fields.object(&["parameters"]).unwrap_or_default(),
        region: fields.owned(&["region"]),
        profile: fields.owned(&["profile_name", "profileName"]),
    })
}

fn own(named: &Named<'_>) -> ToolCall {
    ToolCall::Own { name: named.tool.to_owned() }
}

fn mcp(server: String, tool: String, arguments: Value) -> ToolCall {
    ToolCall::Mcp { server, tool, arguments, annotations: Annotations::default() }
}

/// A command line; or a program with its arguments, which a shell reads only where it is one of them.
fn shell(fields: Fields<'_>, shell: Shell) -> Option<Vec<ToolCall>> {
    let directory = fields.owned(FOLDERS);
    match fields.get(COMMANDS)? {
        Value::Array(words) => {
            let words = words.iter().map(|word| Some(word.as_str()?.to_owned())).collect::<Option<Vec<_>>>()?;
            Some(vec![ToolCall::Program { words, directory }])
        }
        Value::String(text) => Some(vec![ToolCall::Shell { text: text.clone(), shell, directory }]),
        _ => None,
    }
}

/// The pages that are named, or those that a prompt names.
fn fetch(named: &Named<'_>, fields: Fields<'_>) -> Option<Vec<ToolCall>> {
    let mut urls = fields.texts(&["urls"]);
    urls.extend(fields.owned(&["url", "Url", "uri"]));
    if urls.is_empty() {
        urls = urls_in(fields.text(&["prompt", "query"])?);
    }
    let is_none = urls.is_empty();
    let calls = urls.into_iter().map(|url| ToolCall::Fetch { url });
    Some(if is_none { vec![own(named)] } else { calls.collect() })
}

/// Some tools read several files at once.
fn read(named: &Named<'_>, fields: Fields<'_>) -> Vec<ToolCall> {
    let mut paths = fields.texts(&["paths", "file_paths", "files", "include"]);
    paths.extend(fields.owned(PATHS));
    for name in ["operations", "files", "file_reads"] {
        let list = fields.get(&[name]).and_then(Value::as_array);
        let objects = list.into_iter().flatten().filter_map(Value::as_object);
        paths.extend(objects.filter_map(|one| Fields(one).owned(PATHS)));
    }
    if paths.is_empty() {
        return vec![own(named)];
    }
    paths.into_iter().map(|path| ToolCall::Read { path }).collect()
}

/// `mcp__server__tool` (Claude Code, Codex), `@server/tool` (Kiro, Q), `mcp_server_tool` (Gemini CLI), `MCP:tool` (Cursor).
fn mcp_name(named: &Named<'_>) -> Option<(String, String)> {
    let tool = named.tool;
    let pair = |server: &str, tool: &str| Some((server.to_owned(), tool.to_owned()));
    if let Some((server, tool)) = tool.strip_prefix("mcp__").and_then(|rest| rest.split_once("__")) {
        return pair(server, tool);
    }
    if let Some((server, tool)) = tool.strip_prefix('@').and_then(|rest| rest.split_once('/')) {
        return pair(server, tool);
    }
    if let Some(tool) = tool.strip_prefix("MCP:") {
        let (server, tool) = tool.split_once(':').unwrap_or(("unnamed", tool));
        return pair(server.trim(), tool.trim());
    }
    // VS Code reads Claude Code's settings, and then names its tools in its own way.
    let is_single = matches!(named.agent, Agent::GeminiCli | Agent::Vscode | Agent::ClaudeCode);
    if let Some(rest) = tool.strip_prefix("mcp_").filter(|_| is_single) {
        let told = named.server.and_then(|server| Some((server, rest.strip_prefix(server)?.strip_prefix('_')?)));
        return told.or_else(|| rest.split_once('_')).and_then(|(server, tool)| pair(server, tool));
    }
    named.server.and_then(|server| pair(server, tool))
}

/// Where MCP tools look like an agent's own: `server_tool` (opencode), `server-tool` (Copilot).
fn joined_name(named: &Named<'_>) -> Option<(String, String)> {
    let (server, tool) = match named.agent {
        Agent::Opencode => named.tool.split_once('_')?,
        Agent::Copilot => named.tool.rsplit_once('-')?,
        _ => return None,
    };
    (!server.is_empty() && !tool.is_empty()).then(|| (server.to_owned(), tool.to_owned()))
}

/// The URLs that a text names.
fn urls_in(text: &str) -> Vec<String> {
    let word = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '/').to_owned();
    let is_url = |word: &&str| word.contains("http://") || word.contains("https://");
    text.split_whitespace().filter(is_url).map(word).collect()
}
