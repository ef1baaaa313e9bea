//! Files that are more than files: the guard's own and those that tell an agent what it may do, secrets, and what gives
//! power over the machine.

use super::super::Scene;
use super::path::{Path, Step};

/// Below a person's folder: the guard's configuration and state, and the hooks, plugins and permissions of agents.
/// Sources: the agents' own documentation of their settings, November 2026.
const HOME: &[&str] = &[
    ".config/blastgate",
    ".local/state/blastgate",
    ".local/share/blastgate",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".codex/hooks",
    ".gemini/settings.json",
    ".gemini/config/hooks.json",
    ".cursor/hooks.json",
    ".kiro/hooks",
    ".kiro/agents",
    ".kiro/settings/permissions.yaml",
    ".aws/amazonq/cli-agents",
    ".copilot/hooks",
    ".config/opencode/plugins",
    ".config/opencode/plugin",
    ".config/opencode/opencode.json",
    ".config/opencode/opencode.jsonc",
    ".cline/hooks",
    "Documents/Cline/Hooks",
    ".codeium/windsurf/hooks.json",
];

/// The same in a project's folder, wherever that is.
const PROJECT: &[&str] = &[
    ".blastgate.yaml",
    ".blastgate.yml",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".codex/hooks",
    ".gemini/settings.json",
    ".cursor/hooks.json",
    ".kiro/hooks",
    ".kiro/agents",
    ".kiro/settings/permissions.yaml",
    ".amazonq/cli-agents",
    ".github/hooks",
    ".opencode/plugins",
    ".opencode/plugin",
    "opencode.json",
    "opencode.jsonc",
    ".clinerules/hooks",
    ".cline/hooks",
    ".windsurf/hooks.json",
    ".agents/hooks.json",
];

/// The same for everybody on the machine.
const MACHINE: &[&str] = &[
    "/etc/blastgate",
    "/var/lib/blastgate",
    "/var/log/blastgate",
    "/etc/claude-code",
    "/etc/codex",
    "/etc/opencode",
    "/Library/Application Support/ClaudeCode",
];

/// Whether writing to this path changes what guards the agent. `whole`: the command takes in what stands below it too.
pub(super) fn is_guard(path: &Path, whole: bool, scene: &Scene<'_>) -> bool {
    let around = scene.around();
    let mut bases: Vec<(String, &[&str])> = vec![];
    if let Some(home) = around.home() {
        bases.push((home.to_owned(), HOME));
    }
    for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        if let Some(folder) = around.variable(variable).filter(|folder| folder.starts_with('/')) {
            let own = Path::absolute(&format!("{folder}/blastgate"));
            if touches(path, &own.steps, whole, own.steps.len().saturating_sub(1)) {
                return true;
            }
        }
    }
    if let Some(workspace) = around.workspace() {
        bases.push((workspace.to_owned(), PROJECT));
    }
    bases.push(("/".to_owned(), MACHINE));
    let named = |(base, names): &(String, &[&str])| {
        let folders = Path::absolute(base).steps.len();
        names.iter().any(|name| {
            let guard = Path::absolute(&format!("{base}/{name}"));
            // Folders that hold much else beside are not the guard's.
            let shared = name
                .split('/')
                .take_while(|name| {
                    matches!(
                        *name,
                        ".config"
                            | ".local"
                            | "state"
                            | "share"
                            | ".github"
                            | "etc"
                            | "var"
                            | "lib"
                            | "log"
                            | "Library"
                            | "Application Support"
                            | "Documents"
                    )
                })
                .count();
            touches(path, &guard.steps, whole, folders + shared)
        })
    };
    bases.iter().any(named) || elsewhere(path) || is_program(path)
}

/// Whether a path leads to what `guard` names, below it, or (`whole`, or not known to the end) above it.
fn touches(path: &Path, guard: &[Step], whole: bool, shared: usize) -> bool {
    let mut names = guard.iter();
    for (at, step) in path.steps.iter().enumerate() {
        if step.text() == "**" && matches!(step, Step::Pattern(_)) {
            let rest = path.steps.get(at + 1..).unwrap_or_default();
            return anywhere(rest, names.as_slice(), whole, (at, path.steps.len(), shared));
        }
        match names.next() {
            // At it, and further down.
            None => return true,
            Some(name) if step.fits(name.text()) => {}
            Some(_) => return false,
        }
    }
    let ended = names.next().is_none();
    // `rm -rf .claude` takes its settings with it; what takes in all of a home or a workspace is judged as that.
    ended || path.steps.len() > shared && (whole || path.open)
}

/// What follows `**` at any depth, `at` steps from the root.
fn anywhere(rest: &[Step], names: &[Step], whole: bool, (at, length, shared): (usize, usize, usize)) -> bool {
    match rest {
        // By its own name at any depth.
        [Step::Name(first), ..] => (0..names.len()).any(|skipped| {
            let tail = names.get(skipped..).unwrap_or_default();
            tail.first().is_some_and(|name| name.text() == first)
                && rest.iter().zip(tail).all(|(step, name)| step.fits(name.text()))
                && (whole || rest.len() >= tail.len())
        }),
        // In the guard's own folder: `.claude/**/*.json`.
        [last @ Step::Pattern(_)] if at > shared => whole || names.last().is_some_and(|name| last.fits(name.text())),
        // A pattern that many names fit says nothing of this one.
        _ => whole && length > shared + 1,
    }
}

/// The guard's files that a pattern over whole paths (`find -path`) means: one that names the agent or the file.
pub(super) fn met(pattern: &str) -> Vec<String> {
    let means = |guard: &&&str| {
        let mut names = guard.split('/');
        let agent = names.next().unwrap_or_default().trim_start_matches('.');
        let speaks = pattern.contains(agent) || names.next_back().is_some_and(|file| pattern.contains(file));
        speaks && guard.contains('/') && super::path::fits(pattern, &format!("./{guard}"))
    };
    PROJECT.iter().filter(means).map(|guard| (*guard).to_owned()).collect()
}

/// A project's file in a project that is not the workspace.
fn elsewhere(path: &Path) -> bool {
    let names: Vec<&str> = path.names().collect();
    if !path.is_exact() || matches!(names.first(), Some(&("tmp" | "private"))) || names.contains(&"node_modules") {
        return false;
    }
    PROJECT.iter().any(|guard| {
        let guard: Vec<&str> = guard.split('/').collect();
        guard.len() > 1 && names.windows(guard.len()).any(|window| window == guard)
    })
}

/// The guard's own program where programs are installed.
fn is_program(path: &Path) -> bool {
    let names: Vec<&str> = path.names().collect();
    matches!(names.as_slice(), [.., "bin", "blastgate" | "blastgate.exe"]) && !names.contains(&"target")
}

/// Whether reading this file tells a secret.
pub(super) fn is_secret(path: &Path, home: Option<&str>) -> bool {
    let Some(name) = path.steps.last().map(Step::text) else { return false };
    if is_environment_file(name) || name.starts_with("terraform.tfstate") {
        return true;
    }
    if [".pem", ".p12", ".pfx", ".key", ".jks", ".keystore"].iter().any(|end| name.ends_with(end)) {
        return true;
    }
    let text = path.shown();
    if matches!(text.as_str(), "/etc/shadow" | "/etc/gshadow") || text.starts_with("/run/secrets/") {
        return true;
    }
    let Some(below) = home.and_then(|home| path.below(home)) else { return false };
    let below = below.iter().map(Step::text).collect::<Vec<_>>().join("/");
    const WHOLE: &[&str] = &[
        ".aws/credentials",
        ".netrc",
        ".pgpass",
        ".my.cnf",
        ".npmrc",
        ".pypirc",
        ".git-credentials",
        ".docker/config.json",
        ".kube/config",
        ".config/gh/hosts.yml",
        ".cargo/credentials.toml",
        ".terraform.d/credentials.tfrc.json",
        ".vault-token",
        ".config/doctl/config.yaml",
    ];
    const FOLDERS: &[&str] = &[".config/gcloud", ".azure", ".gnupg", ".aws/sso", ".aws/cli", ".password-store"];
    WHOLE.contains(&below.as_str())
        || FOLDERS.iter().any(|folder| below.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
        || below.strip_prefix(".ssh/").is_some_and(|name| name.starts_with("id_") && !name.ends_with(".pub"))
}

/// `.env` and its kin, but not their examples.
pub(super) fn is_environment_file(name: &str) -> bool {
    const EXAMPLES: &[&str] = &["example", "sample", "template", "dist", "defaults", "schema", "tpl"];
    (name == ".env" || name.starts_with(".env.") || name == ".envrc" || name.ends_with(".env"))
        && !EXAMPLES.iter().any(|word| name.contains(word))
}

/// Whether who writes this file decides what the machine or its owner's shell does.
pub(super) fn is_power(path: &Path, home: Option<&str>) -> bool {
    if let Some(below) = home.and_then(|home| path.below(home)) {
        let names: Vec<&str> = below.iter().map(Step::text).collect();
        return match names.as_slice() {
            [".ssh", name, ..] => !matches!(*name, "known_hosts" | "known_hosts.old"),
            [
                ".bashrc" | ".bash_profile" | ".bash_login" | ".bash_logout" | ".bash_aliases" | ".profile" | ".zshrc"
                | ".zprofile" | ".zshenv" | ".zlogin" | ".zlogout" | ".kshrc" | ".cshrc" | ".tcshrc" | ".login"
                | ".xprofile" | ".xinitrc" | ".xsession" | ".pam_environment" | ".inputrc",
            ] => true,
            [".config", "fish", ..] | [".config", "autostart", ..] | [".config", "systemd", ..] => true,
            [".config", "environment.d", ..] | [".zsh" | ".oh-my-zsh", ..] => true,
            ["Library", "LaunchAgents", ..] => true,
            _ => false,
        };
    }
    let mut names = path.names();
    let (first, second, third) = (names.next(), names.next(), names.next());
    let Some(first) = first else { return true };
    const FOLDERS: &[&str] = &[
        "etc",
        "usr",
        "bin",
        "sbin",
        "lib",
        "lib32",
        "lib64",
        "boot",
        "root",
        "proc",
        "sys",
        "System",
        "Library",
        "Applications",
    ];
    FOLDERS.contains(&first)
        || (first, second) == ("private", Some("etc"))
        || (first, second) == ("var", Some("spool")) && matches!(third, Some("cron" | "at"))
}
