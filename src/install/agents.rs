//! What is known of each agent, as data: its files, their form, what it does with answers, and what to say of it.
//!
//! Sources: Claude Code 2.1.330 (agent SDK's types); Codex CLI 0.169 (`codex-rs/hooks`); Gemini CLI 0.61
//! (`docs/hooks/reference.md`); Cursor's, Kiro's, Amazon Q's, Windsurf's and Antigravity's documentation of hooks;
//! GitHub's `hooks-reference.md`; VS Code's documentation; `@opencode-ai/plugin` 1.18; Cline's hook sources; all as of
//! November 2026. `docs/hooks.md` says which of them are tested with the real agent.

use super::entries::{Cell, Entries};

/// What is known of an agent's hooks.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Its name on our command line.
    pub agent: &'static str,
    /// Its own name.
    pub title: &'static str,
    /// Its programs.
    pub programs: &'static [&'static str],
    /// What it leaves in a home or a project.
    pub traces: &'static [&'static str],
    /// Whose form its hook's input has, as the hook's command line says it.
    pub(super) form: &'static str,
    /// Put behind the command line, for an agent that goes on when the program cannot be started.
    pub(super) otherwise: &'static str,
    pub(super) targets: &'static [Target],
    pub(super) switches: &'static [Switch],
    /// Why nothing can be installed, whatever is there.
    pub(super) never: Option<&'static str>,
    pub(super) notes: &'static [&'static str],
}

/// A file that its hooks stand in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// Below the home; the folder before the first `|` gives way to the variable's, where it is set.
    pub(super) user: Option<(&'static str, Option<&'static str>)>,
    /// Below the project.
    pub(super) project: Option<&'static str>,
    pub(super) form: Form,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// A file that may hold other things too.
    Entries(&'static Entries),
    /// The same, in TOML, when it holds hooks already and the file before it does not exist.
    TomlInstead(&'static Entries),
    /// The same in every file of the folder that ends in `.json`.
    Each(&'static Entries),
    /// A file of our own.
    Whole { text: &'static str, executable: bool },
}

/// A setting that turns hooks off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Switch {
    pub(super) user: (&'static str, Option<&'static str>),
    pub(super) project: &'static str,
    pub(super) keys: &'static [&'static str],
    /// The value that turns them off; a list does when it names our hook.
    pub(super) off: bool,
}

/// An agent without hooks.
#[derive(Clone, Copy, Debug)]
pub struct Hookless {
    /// Its name.
    pub agent: &'static str,
    /// Its program.
    pub program: &'static str,
    /// What it leaves.
    pub traces: &'static [&'static str],
}

/// What is said of every agent.
pub const WALL: &str = "Hooks are early warning: agents skip them in places. The wall is `blastgate run -- AGENT`, which \
                        judges what goes over the network.";

/// Agents that ask nobody.
pub const HOOKLESS: &[Hookless] = &[
    Hookless { agent: "goose", program: "goose", traces: &[".config/goose"] },
    Hookless { agent: "aider", program: "aider", traces: &[".aider.conf.yml", ".aider.chat.history.md"] },
];

const CLAUDE: Entries = Entries {
    root: &["hooks"],
    first: &[],
    events: &[("PreToolUse", Some("*"))],
    grouped: true,
    handler: &[("type", Cell::Text("command")), ("command", Cell::Command), ("timeout", Cell::Number(30))],
};

/// Milliseconds, and a pattern.
const GEMINI: Entries = Entries {
    events: &[("BeforeTool", Some(".*"))],
    handler: &[
        ("type", Cell::Text("command")),
        ("name", Cell::Text("blastgate")),
        ("command", Cell::Command),
        ("timeout", Cell::Number(30_000)),
    ],
    ..CLAUDE
};

/// Without `failClosed` a hook that breaks lets the call through.
const CURSOR: Entries = Entries {
    root: &["hooks"],
    first: &[("version", Cell::Number(1))],
    events: &[
        ("beforeShellExecution", None),
        ("beforeMCPExecution", None),
        ("beforeReadFile", None),
        ("preToolUse", Some("Write|Delete")),
    ],
    grouped: false,
    handler: &[("command", Cell::Command), ("timeout", Cell::Number(30)), ("failClosed", Cell::Yes)],
};

/// Inside an agent's own file. `cache_ttl_seconds` is left out: an answer must not be used twice.
const KIRO_AGENT: Entries = Entries {
    root: &["hooks"],
    first: &[],
    events: &[("preToolUse", Some("*"))],
    grouped: false,
    handler: &[("command", Cell::Command), ("timeout_ms", Cell::Number(30_000))],
};

const WINDSURF: Entries = Entries {
    root: &["hooks"],
    first: &[],
    events: &[("pre_run_command", None), ("pre_mcp_tool_use", None), ("pre_write_code", None), ("pre_read_code", None)],
    grouped: false,
    handler: &[("command", Cell::Command), ("show_output", Cell::Yes)],
};

const ANTIGRAVITY: Entries = Entries { root: &["blastgate"], ..CLAUDE };

const KIRO: Target = Target {
    user: Some((".kiro|hooks/blastgate.json", None)),
    project: Some(".kiro/hooks/blastgate.json"),
    form: Form::Whole { text: include_str!("files/kiro.json"), executable: false },
};

const CLAUDE_SETTINGS: Target = Target {
    user: Some((".claude|settings.json", Some("CLAUDE_CONFIG_DIR"))),
    project: Some(".claude/settings.json"),
    form: Form::Entries(&CLAUDE),
};

const CLAUDE_SWITCH: Switch = Switch {
    user: (".claude|settings.json", Some("CLAUDE_CONFIG_DIR")),
    project: ".claude/settings.json",
    keys: &["disableAllHooks"],
    off: true,
};

const NOBODY: Facts = Facts {
    agent: "",
    title: "",
    programs: &[],
    traces: &[],
    form: "",
    otherwise: "",
    targets: &[],
    switches: &[],
    never: None,
    notes: &[],
};

/// Every agent that `blastgate hook` knows.
pub const AGENTS: &[Facts] = &[
    Facts {
        agent: "claude-code",
        title: "Claude Code",
        programs: &["claude"],
        traces: &[".claude"],
        form: "claude-code",
        targets: &[CLAUDE_SETTINGS],
        switches: &[CLAUDE_SWITCH],
        notes: &["A hook that is killed, or ends with another code than 0 or 2, lets the call through."],
        ..NOBODY
    },
    Facts {
        agent: "codex",
        title: "Codex CLI",
        programs: &["codex"],
        traces: &[".codex"],
        form: "codex",
        targets: &[
            Target {
                user: Some((".codex|hooks.json", Some("CODEX_HOME"))),
                project: Some(".codex/hooks.json"),
                form: Form::Entries(&CLAUDE),
            },
            Target {
                user: Some((".codex|config.toml", Some("CODEX_HOME"))),
                project: Some(".codex/config.toml"),
                form: Form::TomlInstead(&CLAUDE),
            },
        ],
        switches: &[Switch {
            user: (".codex|config.toml", Some("CODEX_HOME")),
            project: ".codex/config.toml",
            keys: &["features", "hooks"],
            off: false,
        }],
        notes: &[
            "Codex skips this hook until you trust it: start codex, type /hooks, and trust it. After each change again.",
            "`codex exec` skips a hook that is not trusted without a word.",
            "A project's hooks count only in a project that Codex trusts.",
            "A hook that times out or fails lets the call through.",
        ],
        ..NOBODY
    },
    Facts {
        agent: "gemini-cli",
        title: "Gemini CLI",
        programs: &["gemini"],
        traces: &[".gemini"],
        form: "gemini-cli",
        targets: &[Target {
            user: Some((".gemini|settings.json", None)),
            project: Some(".gemini/settings.json"),
            form: Form::Entries(&GEMINI),
        }],
        switches: &[
            Switch {
                user: (".gemini|settings.json", None),
                project: ".gemini/settings.json",
                keys: &["hooksConfig", "enabled"],
                off: false,
            },
            Switch {
                user: (".gemini|settings.json", None),
                project: ".gemini/settings.json",
                keys: &["hooksConfig", "disabled"],
                off: true,
            },
        ],
        notes: &["A hook that is killed, or ends with another code than 0 or 2, lets the call through."],
        ..NOBODY
    },
    Facts {
        agent: "cursor",
        title: "Cursor",
        programs: &["cursor", "cursor-agent"],
        traces: &[".cursor"],
        form: "cursor",
        targets: &[Target {
            user: Some((".cursor|hooks.json", None)),
            project: Some(".cursor/hooks.json"),
            form: Form::Entries(&CURSOR),
        }],
        notes: &["Restart Cursor after a change."],
        ..NOBODY
    },
    Facts {
        agent: "kiro-cli",
        title: "Kiro CLI",
        programs: &["kiro-cli"],
        traces: &[".kiro"],
        form: "kiro-cli",
        targets: &[
            KIRO,
            Target { user: Some((".kiro|agents", None)), project: Some(".kiro/agents"), form: Form::Each(&KIRO_AGENT) },
        ],
        notes: &[
            "Kiro CLI 3 reads `.kiro/hooks`. Kiro CLI 2 reads hooks only from the file of the agent that runs: its built-in \
             agent has none, so make one and run this again after each new agent.",
            "A hook that is killed, or ends with another code than 0 or 2, lets the call through.",
        ],
        ..NOBODY
    },
    Facts {
        agent: "kiro-ide",
        title: "Kiro",
        programs: &["kiro"],
        traces: &[".kiro"],
        form: "kiro-cli",
        targets: &[KIRO],
        notes: &["Needs Kiro 1.x: the hooks of 0.x (`.kiro.hook`) are not told what the tool is asked to do."],
        ..NOBODY
    },
    Facts {
        agent: "q-cli",
        title: "Amazon Q Developer CLI",
        programs: &["qchat"],
        traces: &[".aws/amazonq", ".amazonq"],
        form: "q-cli",
        targets: &[Target {
            user: Some((".aws/amazonq|cli-agents", None)),
            project: Some(".amazonq/cli-agents"),
            form: Form::Each(&KIRO_AGENT),
        }],
        notes: &[
            "Hooks stand in the file of the agent that runs: its built-in agent has none. Run this again after each new one.",
            "A hook that is killed, or ends with another code than 0 or 2, lets the call through.",
        ],
        ..NOBODY
    },
    Facts {
        agent: "copilot",
        title: "GitHub Copilot CLI",
        programs: &["copilot"],
        traces: &[".copilot"],
        form: "copilot",
        targets: &[Target {
            user: Some((".copilot|hooks/blastgate.json", None)),
            project: Some(".github/hooks/blastgate.json"),
            form: Form::Whole { text: include_str!("files/copilot.json"), executable: false },
        }],
        notes: &[
            "A hook that times out lets the call through, whatever it would have said.",
            "In a project it counts for the cloud agent too, where every call fails unless blastgate is at that path.",
            "Copilot reads `.claude/settings.json` too: with both, each call is judged twice.",
        ],
        ..NOBODY
    },
    Facts {
        agent: "vscode",
        title: "VS Code",
        programs: &["code", "code-insiders"],
        traces: &[".vscode", ".config/Code"],
        form: "claude-code",
        targets: &[CLAUDE_SETTINGS],
        switches: &[CLAUDE_SWITCH],
        notes: &[
            "VS Code reads Claude Code's settings: the entry is the same one, and serves both.",
            "New sessions may run on Copilot's runtime: install `copilot` too where that is so.",
        ],
        ..NOBODY
    },
    Facts {
        agent: "opencode",
        title: "opencode",
        programs: &["opencode"],
        traces: &[".config/opencode", ".opencode"],
        form: "opencode",
        targets: &[Target {
            user: Some((".config|opencode/plugins/blastgate.ts", Some("XDG_CONFIG_HOME"))),
            project: Some(".opencode/plugins/blastgate.ts"),
            form: Form::Whole { text: include_str!("files/opencode.ts"), executable: false },
        }],
        notes: &[
            "A plugin, which stops a call by an error. Some versions pass over plugins for MCP tools and sub-agents.",
        ],
        ..NOBODY
    },
    Facts {
        agent: "windsurf",
        title: "Windsurf",
        programs: &["windsurf"],
        traces: &[".codeium/windsurf", ".windsurf"],
        form: "windsurf",
        targets: &[Target {
            user: Some((".codeium/windsurf|hooks.json", None)),
            project: Some(".windsurf/hooks.json"),
            form: Form::Entries(&WINDSURF),
        }],
        notes: &["Only exit code 2 stops a call: a hook that is killed lets it through."],
        ..NOBODY
    },
    Facts {
        agent: "cline",
        title: "Cline",
        programs: &["cline"],
        traces: &[".cline", ".clinerules", "Documents/Cline"],
        form: "cline",
        targets: &[
            Target {
                user: Some(("Documents/Cline|Hooks/PreToolUse", None)),
                project: Some(".clinerules/hooks/PreToolUse"),
                form: CLINE,
            },
            Target {
                user: Some((".cline|hooks/PreToolUse.sh", None)),
                project: Some(".cline/hooks/PreToolUse.sh"),
                form: CLINE,
            },
        ],
        notes: &[
            "A hook that times out, or says anything but its JSON, lets the call through.",
            "Hooks must be on in Cline's settings.",
        ],
        ..NOBODY
    },
    Facts {
        agent: "antigravity",
        title: "Antigravity CLI",
        programs: &["antigravity", "agy"],
        traces: &[".gemini/antigravity", ".gemini/config", ".agents/hooks.json"],
        form: "antigravity",
        otherwise: r#" || echo '{"decision":"deny","reason":"blastgate could not be started."}'"#,
        targets: &[Target {
            user: Some((".gemini|config/hooks.json", None)),
            project: Some(".agents/hooks.json"),
            form: Form::Entries(&ANTIGRAVITY),
        }],
        notes: &[
            "It ignores exit codes, and lets a call through when a hook says nothing. Sub-agents have passed hooks by.",
        ],
        ..NOBODY
    },
    Facts {
        agent: "claude-compatible",
        title: "agents that copied Claude Code's hooks",
        form: "claude-compatible",
        never: Some(
            "each has a file of its own; put this under the `hooks` of its settings, and try it with a call that must be \
             stopped",
        ),
        ..NOBODY
    },
];

const CLINE: Form = Form::Whole { text: include_str!("files/cline.sh"), executable: true };

/// What one adds by hand for an agent that is like Claude Code.
pub(super) const BY_HAND: &Entries = &CLAUDE;
