//! Where a path stands: in the workspace, among throw-aways, or where a deletion hurts somebody.

use super::super::{Contents, Invocation, Kept, Machine, Part, RealKind, Scene, Word};
use super::guard;
use super::path::{Path, Step};

/// Where a path stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::identify::command) enum Where {
    /// Below the workspace's root.
    Workspace,
    /// The workspace's root, or everything in it.
    WorkspaceRoot,
    /// Its `.git`, or what makes it a repository.
    Repository,
    /// What is made again or thrown away anyway: output, caches, temporary files.
    ThrowAway,
    /// In the folder of whoever runs it.
    Home,
    /// Elsewhere on the machine.
    System,
    /// On another file system that is mounted there.
    OtherMount,
    /// What guards the agent.
    Guard,
    /// A disk.
    Device,
    /// In a container of this machine, in a layer of its own.
    Container,
    /// On a machine that is not the agent's.
    Elsewhere,
    /// Nobody knows.
    Unknown,
}

impl Where {
    /// As rules and records spell it.
    pub(in crate::identify::command) const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::WorkspaceRoot => "workspace-root",
            Self::Repository => "repository",
            Self::ThrowAway => "throw-away",
            Self::Home => "home",
            Self::System => "system",
            Self::OtherMount => "mount",
            Self::Guard => "guard",
            Self::Device => "device",
            Self::Container => "container",
            Self::Elsewhere => "elsewhere",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the agent may write and delete there as it likes.
    pub(in crate::identify::command) const fn is_own(self) -> bool {
        matches!(self, Self::Workspace | Self::ThrowAway | Self::Container)
    }
}

/// A path, and what is known of where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify::command) struct Standing {
    /// The absolute path as far as it is known, else as the command has it.
    pub(in crate::identify::command) path: String,
    /// Where.
    pub(in crate::identify::command) place: Where,
    /// Reading it tells a secret.
    pub(in crate::identify::command) secret: bool,
    /// Who writes it decides what the machine or its owner's shell does.
    pub(in crate::identify::command) power: bool,
    /// A whole home, a folder at the root of the machine, or the root itself.
    pub(in crate::identify::command) root: bool,
    /// It stands for many names.
    pub(in crate::identify::command) many: bool,
    /// Data that no repository is likely to hold: a database, a dump, local secrets.
    pub(in crate::identify::command) precious: bool,
    /// What stands there.
    pub(in crate::identify::command) kind: RealKind,
}

/// What a command does with a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// It takes in what stands below.
    pub(super) whole: bool,
    /// It acts on the link itself, not on what that leads to.
    pub(super) link: bool,
}

/// Where what the word names stands, for a program that reads or writes it.
pub(in crate::identify::command) fn place(word: &Word, at: &Invocation, scene: &Scene<'_>) -> Standing {
    standing(word, at, Reach::default(), scene)
}

pub(super) fn standing(word: &Word, at: &Invocation, reach: Reach, scene: &Scene<'_>) -> Standing {
    let mut standing = Standing {
        path: word.to_string(),
        place: Where::Unknown,
        secret: false,
        power: false,
        root: false,
        many: word.has_glob() || word.has_unknown(),
        precious: false,
        kind: RealKind::Unknown,
    };
    let own = at.machine == Machine::Own;
    let Some(path) = Path::of(&told(word, at, scene), at) else {
        if !own && at.directory.is_none() && !word.has_unknown() {
            // Somewhere in the folder that one logs in to.
            standing.place =
                if matches!(at.machine, Machine::Container(_)) { Where::Container } else { Where::Elsewhere };
        }
        return standing;
    };
    let path = if own { path.real(!reach.link, scene) } else { path };
    standing.path = path.shown();
    let home = scene.around().home().map(ToOwned::to_owned).or_else(|| owner(&path));
    standing.secret = guard::is_secret(&path, home.as_deref());
    standing.power = guard::is_power(&path, home.as_deref());
    standing.root = is_root(&path, home.as_deref());
    if !own {
        standing.place = away(&path, at);
        return standing;
    }
    if path.is_exact() {
        standing.kind = scene.around().real(&standing.path).kind;
    }
    standing.place = here(&path, at, reach, scene);
    standing.precious = matches!(standing.place, Where::Workspace) && is_precious(&path, &standing.path, reach, scene);
    standing
}

/// A word with what commands are known to print at its beginning: the workspace, a new temporary file.
fn told(word: &Word, at: &Invocation, scene: &Scene<'_>) -> Word {
    let Some(Part::Unknown { shown, .. }) = word.parts.first() else { return word.clone() };
    let bare = shown.trim_matches('"').trim_matches('`');
    let bare = bare.strip_prefix("$(").and_then(|bare| bare.strip_suffix(')')).unwrap_or(bare).trim();
    let text = match bare {
        "git rev-parse --show-toplevel" => scene.around().workspace().map(ToOwned::to_owned),
        "pwd" | "$PWD" | "${PWD}" => at.directory.clone(),
        _ if bare == "mktemp" || bare.starts_with("mktemp ") => Some("/tmp/mktemp".to_owned()),
        _ => None,
    };
    let mut word = word.clone();
    if let (Some(text), Some(first)) = (text, word.parts.first_mut()) {
        *first = Part::Text(text);
    }
    word
}

/// The home that a path is in, where nobody says which is whose.
fn owner(path: &Path) -> Option<String> {
    let mut names = path.names();
    match (names.next()?, names.next()) {
        ("root", _) => Some("/root".to_owned()),
        (homes @ ("home" | "Users"), Some(name)) => Some(format!("/{homes}/{name}")),
        _ => None,
    }
}

fn here(path: &Path, at: &Invocation, reach: Reach, scene: &Scene<'_>) -> Where {
    if let Some(device) = device(path) {
        return device;
    }
    if guard::is_guard(path, reach.whole, scene) {
        return Where::Guard;
    }
    let around = scene.around();
    let workspace = around.workspace().or(at.directory.as_deref()).or(around.directory()).unwrap_or("/");
    let place = match path.below(workspace).filter(|_| workspace != "/") {
        Some(below) => inside(below, path, reach),
        None if path.holds(workspace) && workspace != "/" && reach.whole => {
            return Where::WorkspaceRoot.unless_outer(path, workspace);
        }
        None => outside(path, scene),
    };
    if reach.whole && place != Where::WorkspaceRoot && mounted_below(path, scene) {
        return Where::OtherMount;
    }
    place
}

impl Where {
    /// What takes in more than the workspace stands outside it.
    fn unless_outer(self, path: &Path, workspace: &str) -> Self {
        if path.names().count() < Path::absolute(workspace).steps.len() { Self::System } else { self }
    }
}

/// In the workspace.
fn inside(below: &[Step], path: &Path, reach: Reach) -> Where {
    let Some(first) = below.first() else { return Where::WorkspaceRoot };
    let deep = below.iter().any(|step| step.text() == "**");
    if below.iter().all(Step::is_everything) && (reach.whole || deep) {
        return Where::WorkspaceRoot;
    }
    if let Some(git) = below.iter().position(|step| step.text() == ".git") {
        return match below.get(git + 1).map(Step::text) {
            None | Some("objects" | "refs" | "logs" | "packed-refs" | "HEAD" | "*" | "**" | "index") => {
                Where::Repository
            }
            Some(_) if path.open => Where::Repository,
            Some(_) => Where::Workspace,
        };
    }
    if matches!(first, Step::Pattern(pattern) if pattern.starts_with(".*") || pattern == ".g*" ) && reach.whole {
        return Where::Repository;
    }
    if below.iter().any(is_output) { Where::ThrowAway } else { Where::Workspace }
}

/// What tools make and make again.
fn is_output(step: &Step) -> bool {
    const FOLDERS: &[&str] = &[
        "node_modules",
        "target",
        "dist",
        "build",
        "out",
        "coverage",
        "htmlcov",
        "tmp",
        "temp",
        "cdk.out",
        "Pods",
        "DerivedData",
        "__pycache__",
        ".next",
        ".nuxt",
        ".turbo",
        ".cache",
        ".parcel-cache",
        ".svelte-kit",
        ".angular",
        ".output",
        ".vite",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        ".eggs",
        ".gradle",
        ".nyc_output",
        ".serverless",
        ".terraform",
        ".terragrunt-cache",
        "_build",
        "storybook-static",
        ".docusaurus",
        ".coverage",
        ".expo",
        ".dart_tool",
        "zig-out",
        "zig-cache",
        ".zig-cache",
        "bazel-out",
        "test-results",
        "playwright-report",
        "obj",
    ];
    const ENDS: &[&str] = &[
        ".pyc",
        ".pyo",
        ".o",
        ".obj",
        ".class",
        ".log",
        ".tmp",
        ".tsbuildinfo",
        ".egg-info",
        ".swp",
        ".DS_Store",
        ".map",
    ];
    let text = step.text();
    FOLDERS.contains(&text) || ENDS.iter().any(|end| text.ends_with(end))
}

/// Outside the workspace, on this machine.
fn outside(path: &Path, scene: &Scene<'_>) -> Where {
    let temporary = scene.around().variable("TMPDIR").filter(|folder| folder.len() > 1 && folder.starts_with('/'));
    if temporary.is_some_and(|folder| path.below(&folder).is_some()) || is_temporary(path) {
        return Where::ThrowAway;
    }
    if let Some(below) = scene.around().home().and_then(|home| path.below(home)) {
        let names: Vec<&str> = below.iter().map(Step::text).collect();
        return match names.as_slice() {
            [".cache" | ".npm" | ".ccache" | ".sccache", ..] | ["Library", "Caches", ..] => Where::ThrowAway,
            [".cargo", "registry" | "git", ..] | [".gradle", "caches", ..] | [".bun", "install", ..] => {
                Where::ThrowAway
            }
            ["go", "pkg", ..] | [".pnpm-store", ..] | [".yarn", "cache", ..] | [".m2", "repository", ..] => {
                Where::ThrowAway
            }
            [".local", "share", "pnpm", ..] => Where::ThrowAway,
            _ => Where::Home,
        };
    }
    match path.names().next() {
        Some("mnt" | "media" | "Volumes" | "net") => Where::OtherMount,
        _ => Where::System,
    }
}

/// Temporary files and caches of every system.
fn is_temporary(path: &Path) -> bool {
    let names: Vec<&str> = path.names().collect();
    let names = if names.first() == Some(&"private") { names.get(1..).unwrap_or_default() } else { &names };
    matches!(
        names,
        ["tmp", ..]
            | ["var", "tmp", ..]
            | ["var", "folders", ..]
            | ["dev", "shm", ..]
            | ["var", "cache", ..]
            | ["var", "lib", "apt", "lists", ..]
    )
}

/// What stands under `/dev`.
fn device(path: &Path) -> Option<Where> {
    const DISKS: &[&str] =
        &["sd", "hd", "vd", "xvd", "nvme", "mmcblk", "disk", "rdisk", "dm-", "md", "mapper", "mem", "kmem"];
    let below = path.below("/dev")?;
    let name = below.first()?.text();
    if name == "shm" {
        return None;
    }
    Some(if DISKS.iter().any(|disk| name.starts_with(disk)) || matches!(below.first(), Some(Step::Pattern(_))) {
        Where::Device
    } else {
        Where::ThrowAway
    })
}

/// On another machine, or in a container.
fn away(path: &Path, at: &Invocation) -> Where {
    if matches!(device(path), Some(Where::Device)) {
        return Where::Device;
    }
    if is_temporary(path) || device(path).is_some() {
        return Where::ThrowAway;
    }
    let Machine::Container(_) = at.machine else { return Where::Elsewhere };
    let mut names = path.names();
    match (names.next(), names.next()) {
        // Where images keep what volumes hold.
        (None, _) | (Some("data" | "mnt" | "media" | "srv" | "bitnami" | "host" | "backup" | "backups"), _) => {
            Where::OtherMount
        }
        (Some("var"), Some("lib")) => Where::OtherMount,
        _ => Where::Container,
    }
}

/// A whole home, a folder at the machine's root, or everything in one of them.
fn is_root(path: &Path, home: Option<&str>) -> bool {
    let everything = path.steps.iter().rev().take_while(|step| step.is_everything()).count();
    let named = path.steps.len() - everything;
    let top = named <= 1 && !(named == 1 && is_temporary(path));
    top || home.is_some_and(|home| path.below(home).is_some_and(|below| below.len() == everything)) && named > 0
        || named == 2 && matches!(path.steps.first().map(Step::text), Some("home" | "Users"))
}

/// Data by its name, as far as the repository does not say that it holds it.
fn is_precious(path: &Path, text: &str, reach: Reach, scene: &Scene<'_>) -> bool {
    let around = scene.around();
    if reach.whole && has_repository(text, scene) {
        return true;
    }
    match around.kept(text) {
        Kept::Committed => return false,
        Kept::Untracked | Kept::Modified if reach.whole && around.real(text).kind != RealKind::File => return true,
        _ => {}
    }
    let Some(name) = path.steps.last().map(|step| step.text().to_lowercase()) else { return false };
    if ["test", "tmp", "temp", "cache", "fixture", "example", "sample"].iter().any(|word| name.contains(word)) {
        return false;
    }
    const ENDS: &[&str] = &[
        ".db",
        ".sqlite",
        ".sqlite3",
        ".sqlite-wal",
        ".db-wal",
        ".sql.gz",
        ".dump",
        ".sql.zst",
        ".bak.gz",
        ".tfstate",
        ".tfstate.backup",
        ".rdb",
        ".mdb",
        ".parquet",
        ".pem",
        ".key",
        ".p12",
    ];
    const FOLDERS: &[&str] = &[
        "data",
        "dumps",
        "dump",
        "backups",
        "backup",
        "uploads",
        "pgdata",
        "postgres-data",
        "mysql-data",
        "db-data",
        "terraform.tfstate.d",
    ];
    guard::is_environment_file(&name)
        || ENDS.iter().any(|end| name.ends_with(end))
        || reach.whole && FOLDERS.contains(&name.as_str()) && around.kept(text) != Kept::Ignored
        || reach.whole
            && path.steps.iter().rev().nth(1).is_some_and(|step| FOLDERS.contains(&step.text()))
            && path.steps.last().is_some_and(Step::is_everything)
}

/// Whether a repository of its own stands there.
fn has_repository(path: &str, scene: &Scene<'_>) -> bool {
    let around = scene.around();
    let is = |path: &str| around.list(path).is_some_and(|names| names.iter().any(|name| name == ".git"));
    is(path) || around.list(path).unwrap_or_default().iter().take(200).any(|name| is(&format!("{path}/{name}")))
}

/// Whether another file system is mounted below what the path takes in.
fn mounted_below(path: &Path, scene: &Scene<'_>) -> bool {
    let around = scene.around();
    let named = if path.is_exact() { path.shown() } else { return holds_mount(path, scene) };
    around.real(&named).mounts || holds_mount(path, scene)
}

fn holds_mount(path: &Path, scene: &Scene<'_>) -> bool {
    if scene.recalled("mount").any(|(point, _)| path.holds(point)) {
        return true;
    }
    let Contents::Whole(bytes) = scene.around().read("/proc/self/mounts") else { return false };
    let text = String::from_utf8_lossy(&bytes);
    // `proc(5)`: device, mount point with octal escapes, type.
    text.lines().any(|line| {
        let mut fields = line.split(' ').skip(1);
        let point = fields.next().unwrap_or_default().replace("\\040", " ");
        let kind = fields.next().unwrap_or_default();
        !matches!(kind, "tmpfs" | "overlay" | "proc" | "sysfs" | "devtmpfs" | "cgroup" | "cgroup2")
            && path.holds(&point)
    })
}
