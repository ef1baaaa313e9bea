//! `terraform` and `tofu`: which command the words name, and what it does.
//!
//! Sources: `terraform -help` and `terraform COMMAND -help` (1.11), `internal/command` and `main.go` of Terraform for what
//! `TF_CLI_ARGS` adds and where, `mitchellh/cli` for how the command's name is found.

use super::arguments::{Arguments, after};
use super::plan::{self, Known};
use super::state::{self, Project};
use crate::identify::command::{Contents, Effect, Invocation, Scene, Word};
use crate::model::{Count, Hazard, Impact, Place, Reversible, Scope};

/// Commands of two words.
const FAMILIES: [&str; 5] = ["state", "workspace", "providers", "metadata", "stacks"];
/// Nothing but reads: the command, and what it reads may hold secrets.
const READS: &[(&str, bool)] = &[
    ("plan", false),
    ("query", false),
    ("show", false),
    ("output", true),
    ("console", true),
    ("state list", false),
    ("state show", false),
    ("state pull", true),
    ("state", false),
    ("workspace list", false),
    ("workspace show", false),
    ("workspace", false),
];
/// What reads or writes the workspace only: formatting, dependencies, `.terraform`, a login.
const HERE: &[&str] = &[
    "0.12upgrade",
    "0.13upgrade",
    "env",
    "fmt",
    "get",
    "graph",
    "init",
    "install-autocomplete",
    "login",
    "logout",
    "metadata",
    "metadata functions",
    "modules",
    "providers",
    "providers lock",
    "providers mirror",
    "providers schema",
    "stacks",
    "stacks fmt",
    "stacks init",
    "stacks providers-lock",
    "stacks validate",
    "stacks version",
    "validate",
    "version",
];

/// One call: the words behind the program, and where it works.
pub(super) struct Call<'a> {
    pub(super) one: &'a Invocation,
    pub(super) arguments: Arguments,
    /// The folder of the configuration; `None` when nobody knows.
    pub(super) project: Project,
}

impl Call<'_> {
    /// An effect on what the state holds.
    pub(super) fn effect(&self, name: &str, impact: Impact, scope: Scope) -> Effect {
        Effect::new(&format!("terraform:state:{name}"), impact, scope).at(self.place())
    }

    /// Where the state is kept; unknown rather than this machine.
    pub(super) fn place(&self) -> Place {
        let place = self.project.place();
        if place == Place::default() { Place { host: Some("unknown".to_owned()), ..place } } else { place }
    }
}

/// Reads one call.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    // Where the words end that may be options of Terraform itself: `--` ends the search for help.
    let known = words.iter().take_while(|word| !word.is("--"));
    let is_help = |word: &Word| ["-h", "-help", "--help"].iter().any(|help| word.is(help));
    if known.clone().any(is_help) {
        return local(one, scene, "help");
    }
    let mut directory = one.directory.clone();
    let mut rest = words;
    while let Some((word, behind)) = rest.split_first().filter(|(word, _)| word.leading().starts_with('-')) {
        if word.leading().starts_with("-chdir=") {
            let folder = after(word, "-chdir=".len());
            directory = folder.text().and_then(|folder| state::join(directory.as_deref()?, &folder));
        } else if ["-v", "-version", "--version"].iter().any(|version| word.is(version)) {
            return local(one, scene, "version");
        } else {
            // Terraform knows no other here; what it would make of it is not guessed at.
            directory = None;
        }
        rest = behind;
    }
    let Some((first, behind)) = rest.split_first() else { return local(one, scene, "help") };
    let Some(first) = first.text() else {
        scene.unknown(one, "which of Terraform's commands this is cannot be told");
        return;
    };
    let second = behind.first().filter(|word| !word.leading().starts_with('-'));
    let (name, behind) = match second {
        Some(word) if FAMILIES.contains(&first.as_ref()) || first == "env" => match word.text() {
            Some(second) => (format!("{first} {second}"), behind.get(1..).unwrap_or_default()),
            None => {
                scene.unknown(one, "which of Terraform's commands this is cannot be told");
                return;
            }
        },
        _ => (first.into_owned(), behind),
    };
    let added = added(&name, one, scene);
    let mut arguments = Arguments::read(added.iter().flatten().chain(behind));
    arguments.is_open |= added.is_none();
    let project = Project::read(directory, one, scene);
    carry_out(&name, &Call { one, arguments, project }, scene);
}

/// What `TF_CLI_ARGS_NAME` and `TF_CLI_ARGS` put before the command's own words; `None` when nobody knows.
fn added(name: &str, one: &Invocation, scene: &Scene<'_>) -> Option<Vec<Word>> {
    let own = format!("TF_CLI_ARGS_{}", name.replace(['-', ' '], "_"));
    let mut words = vec![];
    for variable in [own.as_str(), "TF_CLI_ARGS"] {
        let Some(value) = scene.variable(one, variable) else { continue };
        words.extend(split(&value.text()?).into_iter().map(Word::known));
    }
    Some(words)
}

/// At blanks outside quotes (`go-shellwords`).
pub(super) fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (vec![], None::<String>, None);
    for letter in text.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if letter == '\'' || letter == '"' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            None if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

fn carry_out(name: &str, call: &Call<'_>, scene: &mut Scene<'_>) {
    let (one, arguments) = (call.one, &call.arguments);
    if let Some((_, tells)) = READS.iter().find(|(command, _)| *command == name) {
        if name == "plan" {
            written(call, scene);
        }
        // A list of outputs masks what is sensitive; one by its name, and every machine's form, do not.
        let is_list = name == "output"
            && !["json", "raw"].iter().any(|form| arguments.may(form))
            && arguments.operands.is_empty();
        let secret = *tells && !is_list;
        let effect = call.effect(&word(name), Impact::Read, Scope::Environment);
        return scene.effect(one, if secret { effect.hazard(Hazard::SecretRead) } else { effect });
    }
    if HERE.contains(&name) {
        if name == "init" {
            return init(call, scene);
        }
        return local(one, scene, &word(name));
    }
    match name {
        "apply" => apply(call, scene),
        "destroy" => destroy(call, scene),
        "refresh" => scene.effect(one, call.effect("refresh", Impact::Update, Scope::Environment)),
        "import" => scene.effect(one, on(call.effect("import", Impact::Update, Scope::Resource), arguments, 0)),
        "taint" => replaced(call, scene),
        "untaint" => scene.effect(one, on(call.effect("untaint", Impact::Update, Scope::Item), arguments, 0)),
        "force-unlock" => {
            let effect = call.effect("force-unlock", Impact::Disrupt, Scope::Resource);
            scene.effect(one, on(effect, arguments, 0));
        }
        "test" => {
            // What it creates it destroys again; what that costs and touches its files say.
            let effect = call.effect("test", Impact::Create, Scope::Environment);
            scene.effect(one, effect.count(Count::Unbounded));
        }
        _ if name.starts_with("state ") => of_state(name, call, scene),
        _ if name.starts_with("workspace ") || name.starts_with("env ") => of_workspace(name, call, scene),
        _ => {
            let effect = Effect::new("terraform:unidentified:unidentified", Impact::Unknown, Scope::Environment);
            scene.effect(one, effect.on(one.shown()).at(call.place()));
        }
    }
}

/// As it stands in an id.
fn word(name: &str) -> String {
    name.rsplit(' ').next().unwrap_or(name).to_owned()
}

fn local(one: &Invocation, scene: &mut Scene<'_>, name: &str) {
    scene.effect(one, Effect::new(&format!("shell:exec:terraform.{name}"), Impact::Read, Scope::Local));
}

/// The effect on every operand from this one on.
fn on(effect: Effect, arguments: &Arguments, first: usize) -> Effect {
    let named: Vec<String> = arguments.operands.iter().skip(first).map(ToString::to_string).collect();
    let splits = arguments.operands.iter().any(Word::splits);
    let count = if splits { Count::Unbounded } else { Count::Exact(named.len().max(1) as u64) };
    named.into_iter().fold(effect.count(count), Effect::on)
}

/// `plan -out`: whatever stands in that file now, it holds something else then.
fn written(call: &Call<'_>, scene: &mut Scene<'_>) {
    let Some(out) = call.arguments.value("out") else { return };
    match out.text().and_then(|out| state::join(call.project.directory()?, &out)) {
        Some(path) => scene.wrote(&path, Contents::Unknown),
        // Any file may be it.
        None => scene.wrote(plan::ANY, Contents::Whole(plan::WRITTEN.to_vec())),
    }
}

/// `init` only fills `.terraform`; with `-migrate-state` or `-force-copy` it may write the state to another place.
fn init(call: &Call<'_>, scene: &mut Scene<'_>) {
    let moves = ["migrate-state", "force-copy"].iter().any(|name| call.arguments.has(name) && call.arguments.may(name));
    if moves {
        let effect = call.effect("migrate", Impact::Update, Scope::Environment).reversible(Reversible::Partly);
        return scene.effect(call.one, effect);
    }
    // Another backend may be told on the command line: what the folder says of its state holds no longer.
    let is_other = call.arguments.is_open || call.arguments.has("backend-config") || call.arguments.has("from-module");
    for file in [".terraform/terraform.tfstate", ".terraform/environment"].into_iter().filter(|_| is_other) {
        if let Some(path) = call.project.directory().and_then(|directory| state::join(directory, file)) {
            scene.wrote(&path, Contents::Unknown);
        }
    }
    local(call.one, scene, "init");
}

fn apply(call: &Call<'_>, scene: &mut Scene<'_>) {
    let arguments = &call.arguments;
    if arguments.may("destroy") {
        return destroy(call, scene);
    }
    match arguments.operands.first() {
        Some(file) => match plan::read(call, file, scene) {
            Known::Plan(plan) => return plan::carry_out(&plan, call, scene),
            Known::Hint(plan) => plan::show(&plan, call, scene),
            Known::Nothing => {}
        },
        None if arguments.is_sure("refresh-only") => {
            let effect = call.effect("refresh", Impact::Update, Scope::Environment);
            return scene.effect(call.one, effect.with("refresh-only", "true"));
        }
        None => {}
    }
    replacements(call, scene);
    let targets: Vec<String> = arguments.values("target").map(ToString::to_string).collect();
    let mut effect = call.effect("apply", Impact::Update, Scope::Environment).count(Count::Unbounded);
    effect = targets.into_iter().fold(effect, Effect::on);
    effect = arguments.operands.iter().fold(effect, |effect, file| effect.with("plan", file.to_string()));
    scene.effect(call.one, effect.with("plan.read", "false").reversible(Reversible::Partly));
}

fn destroy(call: &Call<'_>, scene: &mut Scene<'_>) {
    let targets: Vec<&Word> = call.arguments.values("target").collect();
    let known = !targets.is_empty() && !call.arguments.is_open && !targets.iter().any(|word| word.splits());
    // What depends on a target goes with it.
    let count = if known { Count::AtLeast(targets.len() as u64) } else { Count::Unbounded };
    let mut effect = call.effect("destroy", Impact::Destroy, Scope::Environment).count(count).hazard(Hazard::DataLoss);
    effect = targets.into_iter().fold(effect, |effect, target| effect.on(target.to_string()));
    effect = call.arguments.operands.iter().fold(effect, |effect, file| effect.with("plan", file.to_string()));
    scene.effect(call.one, effect.with("plan.read", "false"));
}

/// `-replace=ADDRESS` of `apply`.
fn replacements(call: &Call<'_>, scene: &mut Scene<'_>) {
    for address in call.arguments.values("replace") {
        let effect = call.effect("replace", Impact::Destroy, Scope::Resource).hazard(Hazard::Replace);
        scene.effect(call.one, effect.on(address.to_string()));
    }
}

/// `taint`: the next apply deletes and recreates it.
fn replaced(call: &Call<'_>, scene: &mut Scene<'_>) {
    let effect = call.effect("taint", Impact::Destroy, Scope::Resource).hazard(Hazard::Replace);
    scene.effect(call.one, on(effect.reversible(Reversible::Yes), &call.arguments, 0));
}

fn of_state(name: &str, call: &Call<'_>, scene: &mut Scene<'_>) {
    let (one, arguments) = (call.one, &call.arguments);
    let effect = match name {
        "state rm" | "state mv" if arguments.is_sure("dry-run") => {
            return scene.effect(one, call.effect(&word(name), Impact::Read, Scope::Resource));
        }
        // What is dropped is managed by nobody any more.
        "state rm" => call.effect("rm", Impact::Destroy, Scope::Resource).reversible(Reversible::Partly),
        // Under an address that no configuration holds, the next apply destroys it.
        "state mv" => call.effect("mv", Impact::Update, Scope::Environment),
        "state replace-provider" => call.effect("replace-provider", Impact::Update, Scope::Environment),
        "state push" => {
            let effect = call.effect("push", Impact::Destroy, Scope::Environment).hazard(Hazard::DataLoss);
            if arguments.may("force") { effect.with("force", "true") } else { effect }
        }
        "state identities" => call.effect("identities", Impact::Read, Scope::Environment),
        _ => Effect::new("terraform:state:unidentified", Impact::Unknown, Scope::Environment).at(call.place()),
    };
    scene.effect(one, on(effect, arguments, 0));
}

fn of_workspace(name: &str, call: &Call<'_>, scene: &mut Scene<'_>) {
    let (one, arguments) = (call.one, &call.arguments);
    let which = arguments.operands.first();
    let effect = match word(name).as_str() {
        "list" | "show" => call.effect("workspaces", Impact::Read, Scope::Environment),
        "new" | "select" => {
            // Whatever runs next in this folder stands in that workspace.
            if let Some(path) = call.project.workspace_file() {
                let contents = which
                    .and_then(Word::text)
                    .map_or(Contents::Unknown, |name| Contents::Whole(name.as_bytes().to_vec()));
                scene.wrote(&path, contents);
            }
            if name.ends_with("new") || arguments.may("or-create") {
                call.effect("workspace-new", Impact::Create, Scope::Resource)
            } else {
                return local(one, scene, "workspace-select");
            }
        }
        // Without `-force` only an empty one goes.
        "delete" if arguments.may("force") => {
            call.effect("workspace-delete", Impact::Destroy, Scope::Environment).hazard(Hazard::DataLoss)
        }
        "delete" => call.effect("workspace-delete", Impact::Destroy, Scope::Resource).reversible(Reversible::Partly),
        _ => Effect::new("terraform:state:unidentified", Impact::Unknown, Scope::Environment).at(call.place()),
    };
    scene.effect(one, on(effect, arguments, 0));
}
