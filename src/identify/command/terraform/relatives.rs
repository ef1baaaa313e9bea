//! Programs that run Terraform under words of their own: what they would run is read in their place.
//!
//! Sources: `terragrunt --help` (0.55 to 0.88: `--terragrunt-NAME` and `--NAME`), atmos' and terramate's command references.

use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::model::{Count, Hazard, Impact, Place, Reversible, Scope};

/// Options of terragrunt that take a value, without `terragrunt-`.
const TERRAGRUNT_VALUES: &[&str] = &[
    "auth-provider-cmd",
    "config",
    "download-dir",
    "exclude-dir",
    "feature",
    "filter",
    "graph-root",
    "hclfmt-exclude-dir",
    "hclfmt-file",
    "iam-assume-role-duration",
    "iam-assume-role-session-name",
    "iam-role",
    "iam-web-identity-token",
    "include-dir",
    "include-module-prefix",
    "json-out",
    "json-out-dir",
    "log-custom-format",
    "log-format",
    "log-level",
    "modules-that-include",
    "out-dir",
    "override-attr",
    "parallelism",
    "provider-cache-dir",
    "provider-cache-hostname",
    "provider-cache-port",
    "provider-cache-registry-names",
    "provider-cache-token",
    "queue-exclude-dir",
    "queue-excludes-file",
    "queue-include-dir",
    "queue-include-units-reading",
    "queue-strict-include",
    "source",
    "source-map",
    "strict-control",
    "tf-path",
    "tfpath",
    "units-that-include",
    "working-dir",
];
/// Commands of terragrunt itself that only read or write the workspace.
const TERRAGRUNT_HERE: &[&str] = &[
    "aws-provider-patch",
    "catalog",
    "dag",
    "find",
    "graph-dependencies",
    "hcl",
    "hclfmt",
    "hclvalidate",
    "info",
    "list",
    "output-module-groups",
    "render",
    "render-json",
    "scaffold",
    "terragrunt-info",
    "validate-inputs",
];

/// `terragrunt`.
pub(super) fn terragrunt(one: &Invocation, scene: &mut Scene<'_>) {
    let mut plain: Vec<Word> = vec![];
    let (mut is_all, mut behind) = (false, false);
    let mut words = one.arguments().iter();
    while let Some(word) = words.next() {
        let leading = word.leading();
        let name = leading.strip_prefix("--").map(|name| name.strip_prefix("terragrunt-").unwrap_or(name));
        match name {
            _ if behind => plain.push(word.clone()),
            Some("") => behind = true,
            Some("all" | "graph") => is_all = true,
            Some(name) if TERRAGRUNT_VALUES.contains(&name) => drop(words.next()),
            Some(name) if is_own(name, leading) => {}
            _ if word.is("-a") => is_all = true,
            _ => plain.push(word.clone()),
        }
    }
    let first = plain.iter().position(|word| !word.leading().starts_with('-')).unwrap_or(plain.len());
    let (before, rest) = plain.split_at_checked(first).unwrap_or((&[], &[]));
    let Some((command, rest)) = rest.split_first() else { return here(one, scene, "terragrunt") };
    let Some(name) = command.text() else {
        scene.unknown(one, "which of terragrunt's commands this is cannot be told");
        return;
    };
    let with = |words: &[Word]| before.iter().chain(words).cloned().collect::<Vec<_>>();
    match name.as_ref() {
        "run-all" | "stack" if rest.first().is_some_and(|word| word.is("run")) => {
            terraform(one, with(rest.get(1..).unwrap_or_default()), true, scene);
        }
        "stack" => here(one, scene, "terragrunt"),
        "run-all" => terraform(one, with(rest), true, scene),
        "graph" if !rest.is_empty() => terraform(one, with(rest), true, scene),
        "run" => terraform(one, with(rest), is_all, scene),
        "exec" => scene.invocation(&one.with_words(rest.to_vec())),
        "backend" => backend(one, rest, scene),
        name if TERRAGRUNT_HERE.contains(&name) => here(one, scene, "terragrunt"),
        name => match name.strip_suffix("-all") {
            Some(name) => {
                let words: Vec<Word> = std::iter::once(Word::known(name)).chain(rest.iter().cloned()).collect();
                terraform(one, with(&words), true, scene);
            }
            None => terraform(one, plain.clone(), is_all, scene),
        },
    }
}

/// Truth values of terragrunt: everything in its old spelling, and the new spellings that Terraform does not know.
fn is_own(name: &str, leading: &str) -> bool {
    let plain = name.split_once('=').map_or(name, |(name, _)| name);
    leading.starts_with("--terragrunt-")
        || TERRAGRUNT_VALUES.contains(&plain)
        || [
            "non-interactive",
            "no-auto",
            "no-color",
            "queue-",
            "log-",
            "source-update",
            "debug",
            "experiment",
            "provider-cache",
            "dependency-",
        ]
        .iter()
        .any(|start| plain.starts_with(start))
}

fn backend(one: &Invocation, rest: &[Word], scene: &mut Scene<'_>) {
    let effect = match rest.first().and_then(Word::text).as_deref() {
        Some("bootstrap") => Effect::new("terraform:state:bootstrap", Impact::Create, Scope::Environment),
        Some("delete") => {
            Effect::new("terraform:state:delete", Impact::Destroy, Scope::Environment).hazard(Hazard::DataLoss)
        }
        _ => Effect::new("terraform:state:migrate", Impact::Update, Scope::Environment).reversible(Reversible::Partly),
    };
    scene.effect(one, effect.at(somewhere()));
}

/// Options of atmos that take a value.
const ATMOS_VALUES: [&str; 14] = [
    "-s",
    "--stack",
    "-f",
    "--file",
    "--base-path",
    "--config",
    "--config-path",
    "--logs-level",
    "--logs-file",
    "--planfile",
    "--components",
    "--from-step",
    "--query",
    "--format",
];
/// Its truth values.
const ATMOS_FLAGS: [&str; 7] = [
    "--from-plan",
    "--skip-init",
    "--init-run-reconfigure",
    "--auto-generate-backend-file",
    "--deploy-run-init",
    "--redirect-stderr",
    "--",
];

/// The words that are none of atmos' own options; `None` where it only prints, or only says what it would do.
fn of_atmos(one: &Invocation) -> Option<Vec<Word>> {
    let mut plain: Vec<Word> = vec![];
    let mut words = one.arguments().iter();
    while let Some(word) = words.next() {
        let leading = word.leading();
        let (name, is_attached) = leading.split_once('=').map_or((leading, false), |(name, _)| (name, true));
        match name {
            "--help" | "-h" | "--dry-run" if !is_attached => return None,
            "--dry-run" if leading == "--dry-run=true" => return None,
            "--dry-run" => {}
            name if ATMOS_VALUES.contains(&name) => {
                if !is_attached {
                    words.next();
                }
            }
            name if ATMOS_FLAGS.contains(&name) => {}
            _ => plain.push(word.clone()),
        }
    }
    Some(plain)
}

/// `atmos`.
pub(super) fn atmos(one: &Invocation, scene: &mut Scene<'_>) {
    let Some(plain) = of_atmos(one) else { return here(one, scene, "atmos") };
    let text = |at: usize| plain.get(at).and_then(Word::text);
    let is_all = plain.iter().any(|word| ["--all", "--affected"].iter().any(|all| word.is(all)));
    match (text(0).as_deref(), text(1).as_deref()) {
        (
            Some("terraform" | "tf" | "opentofu"),
            Some("generate" | "clean" | "varfile" | "shell" | "write" | "help"),
        ) => {
            here(one, scene, "atmos");
        }
        (Some("terraform" | "tf" | "opentofu"), Some(command)) => {
            let command = if command == "deploy" { "apply" } else { command };
            let two = matches!(command, "state" | "workspace" | "providers");
            let words =
                plain.get(2..).unwrap_or_default().iter().filter(|word| !word.is("--all") && !word.is("--affected"));
            let mut words: Vec<Word> = words.cloned().collect();
            // The component stands first, behind a second word of the command.
            let component =
                words.iter().enumerate().filter(|(_, word)| !word.leading().starts_with('-')).nth(usize::from(two));
            if let Some((at, _)) = component {
                words.remove(at);
            }
            words.insert(0, Word::known(command));
            terraform(one, words, is_all, scene);
        }
        (Some("helmfile" | "packer"), Some(command)) => {
            // The component is the folder that they run in.
            let program = text(0).unwrap_or_default().into_owned();
            let mut invocation = one.with_words(vec![Word::known(program), Word::known(command)]);
            invocation.directory = None;
            scene.invocation(&invocation);
        }
        (Some("workflow"), _) => scene.unknown(one, "what the workflow runs is not known"),
        (
            Some(
                "describe" | "list" | "validate" | "version" | "docs" | "vendor" | "about" | "help" | "completion"
                | "aws" | "theme" | "toolchain" | "support",
            ),
            _,
        )
        | (None, _)
            if plain.first().is_none_or(|word| !word.has_unknown()) =>
        {
            here(one, scene, "atmos")
        }
        _ => scene.unknown(one, "a command of atmos that its configuration defines"),
    }
}

/// `terramate run [OPTIONS] [--] COMMAND`: in every stack.
pub(super) fn terramate(one: &Invocation, scene: &mut Scene<'_>) {
    const VALUES: [&str; 11] = [
        "-C",
        "--chdir",
        "-B",
        "--git-change-base",
        "--tags",
        "--no-tags",
        "--status",
        "--parallel",
        "-j",
        "--log-level",
        "--target",
    ];
    let mut words = one.arguments().iter();
    let mut name = None;
    while let Some(word) = words.next() {
        if VALUES.iter().any(|option| word.is(option)) {
            words.next();
        } else if word.is("--") {
            break;
        } else if word.leading().starts_with('-') {
        } else if name.is_none() && (word.is("run") || word.is("experimental")) {
            name = Some("run");
        } else if name.is_none() {
            name = Some(if word.is("script") || word.has_unknown() { "script" } else { "other" });
        } else if name == Some("run") && !word.is("run") {
            return in_every(one, std::iter::once(word).chain(words).cloned().collect(), scene);
        }
    }
    let rest: Vec<Word> = words.cloned().collect();
    match name {
        Some("run") if !rest.is_empty() => in_every(one, rest, scene),
        Some("script") => scene.unknown(one, "what the script runs is not known"),
        _ => here(one, scene, "terramate"),
    }
}

fn in_every(one: &Invocation, words: Vec<Word>, scene: &mut Scene<'_>) {
    let mut invocation = one.with_words(words);
    invocation.directory = None;
    invocation.repeats = true;
    scene.invocation(&invocation);
}

fn here(one: &Invocation, scene: &mut Scene<'_>, program: &str) {
    scene.effect(one, Effect::new(&format!("shell:exec:{program}"), Impact::Read, Scope::Local));
}

fn somewhere() -> Place {
    Place { host: Some("unknown".to_owned()), ..Place::default() }
}

/// What Terraform would be told, in a folder that is not known; `is_all`: in every unit below, which may be anything.
fn terraform(one: &Invocation, words: Vec<Word>, is_all: bool, scene: &mut Scene<'_>) {
    let named: Vec<Option<String>> = words
        .iter()
        .filter(|word| !word.leading().starts_with('-'))
        .map(|word| word.text().map(std::borrow::Cow::into_owned))
        .collect();
    let arguments = super::arguments::Arguments::read(&words);
    let destroys = arguments.may("destroy");
    let is_help = words.iter().any(|word| ["-h", "-help", "--help"].iter().any(|help| word.is(help)));
    let wide = match named.first() {
        Some(Some(name)) if is_all && !is_help => match name.as_str() {
            "destroy" => Some(("destroy", Impact::Destroy)),
            "apply" if destroys => Some(("destroy", Impact::Destroy)),
            "apply" => Some(("apply", Impact::Update)),
            _ => None,
        },
        _ => None,
    };
    if let Some((name, impact)) = wide {
        let mut effect =
            Effect::new(&format!("terraform:state:{name}"), impact, Scope::Account).count(Count::Unbounded);
        if impact == Impact::Destroy {
            effect = effect.hazard(Hazard::DataLoss);
        }
        effect = effect.reversible(Reversible::No).with("plan.read", "false").with("units", "all");
        return scene.effect(one, effect.at(somewhere()));
    }
    let mut invocation = one.with_words(std::iter::once(Word::known("terraform")).chain(words).collect());
    invocation.directory = None;
    super::command::read(&invocation, scene);
}
