//! Where a configuration's state is kept, and whose credentials reach it: from `.terraform/terraform.tfstate`, which `init`
//! writes, else from the `backend` block; the workspace from `TF_WORKSPACE` or `.terraform/environment`.
//!
//! What cannot be read names nothing, and an environment that nobody names is unknown.

use serde_json::Value;

use super::configuration::{self, Block};
use crate::identify::command::{Contents, Invocation, Machine, Scene};
use crate::model::Place;

/// Files of one folder that are looked into.
const FILES_MAX: usize = 64;

/// A configuration's folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Project {
    directory: Option<String>,
    data: Option<String>,
    place: Place,
}

impl Project {
    /// Looks at the folder.
    pub(super) fn read(directory: Option<String>, one: &Invocation, scene: &Scene<'_>) -> Self {
        let mut project = Self { directory, ..Self::default() };
        // Elsewhere these files are other files.
        let Some(directory) = project.directory.clone().filter(|_| one.machine == Machine::Own) else {
            project.directory = None;
            project.place = crate::identify::command::place_of(&one.machine);
            project.place.loopback = false;
            return project;
        };
        let data = scene.variable(one, "TF_DATA_DIR");
        project.data = match &data {
            None => join(&directory, ".terraform"),
            Some(word) => word.text().and_then(|folder| join(&directory, &folder)),
        };
        let blocks = files(&directory, scene);
        let backend = project.initialised(scene).or_else(|| declared(&blocks));
        let workspace = match scene.variable(one, "TF_WORKSPACE") {
            Some(word) => word.text().map(std::borrow::Cow::into_owned),
            None => match project.workspace_file().map(|path| scene.contents(&path)) {
                Some(Contents::Whole(bytes)) => String::from_utf8(bytes).ok().map(|name| name.trim().to_owned()),
                Some(Contents::Absent) => Some(String::new()),
                _ => None,
            },
        };
        if let (Some(backend), Some(workspace)) = (backend, workspace) {
            project.place.state = backend.state(&directory, &workspace);
        }
        let variable = |name: &str| scene.variable(one, name).and_then(|word| Some(word.text()?.into_owned()));
        let providers: Vec<&Block> = blocks.iter().flat_map(|file| file.inner("provider")).collect();
        of_providers(&providers, &mut project.place);
        let is_bound = |block: &Block| block.text("profile").is_some() || block.inner("assume_role").next().is_some();
        // Keys of the environment go before its profile.
        let is_named = providers.iter().any(|block| is_aws(block) && is_bound(block));
        if !is_named && scene.variable(one, "AWS_ACCESS_KEY_ID").is_none() {
            project.place.profile = variable("AWS_PROFILE");
        }
        project
    }

    /// Where it works; `None` when nobody knows.
    pub(super) fn directory(&self) -> Option<&str> {
        self.directory.as_deref()
    }

    /// Where the state is kept, and what the configuration says of the providers' targets.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// The file that names the workspace.
    pub(super) fn workspace_file(&self) -> Option<String> {
        join(self.data.as_deref()?, "environment")
    }

    /// What `init` wrote.
    fn initialised(&self, scene: &Scene<'_>) -> Option<Backend> {
        let Contents::Whole(bytes) = scene.contents(&join(self.data.as_deref()?, "terraform.tfstate")?) else {
            return None;
        };
        let document: Value = serde_json::from_slice(&bytes).ok()?;
        let backend = document.get("backend").or_else(|| document.get("cloud"))?;
        let kind = backend.get("type")?.as_str()?.to_owned();
        Some(Backend { kind, settings: texts(backend.get("config").unwrap_or(&Value::Null)) })
    }
}

/// Every `.tf` file of a folder that can be read. Generated JSON configurations say nothing here.
pub(super) fn files(directory: &str, scene: &Scene<'_>) -> Vec<Block> {
    let names = scene.around().list(directory).unwrap_or_default();
    let is_its = |name: &&String| name.ends_with(".tf") || name.ends_with(".tofu");
    let read = |name: &String| match scene.contents(&join(directory, name)?) {
        Contents::Whole(bytes) => configuration::read(std::str::from_utf8(&bytes).ok()?),
        _ => None,
    };
    names.iter().filter(is_its).take(FILES_MAX).filter_map(read).collect()
}

/// Where a state is kept.
struct Backend {
    kind: String,
    settings: Vec<(String, String)>,
}

fn declared(files: &[Block]) -> Option<Backend> {
    let settings = files.iter().flat_map(|file| file.inner("terraform"));
    let mut found = settings.flat_map(|block| block.inner("backend").chain(block.inner("cloud")));
    let block = found.next()?;
    let kind = block.labels.first().cloned().unwrap_or_else(|| block.kind.clone());
    let plain = |(name, value): &(String, Option<String>)| Some((name.clone(), value.clone()?));
    let mut settings: Vec<(String, String)> = block.attributes.iter().filter_map(plain).collect();
    for inner in block.inner("workspaces") {
        settings.extend(
            inner.attributes.iter().filter_map(plain).map(|(name, value)| (format!("workspaces.{name}"), value)),
        );
    }
    Some(Backend { kind, settings })
}

/// The plain settings of a document; those of an inner one behind its name.
fn texts(document: &Value) -> Vec<(String, String)> {
    let mut found = vec![];
    for (name, value) in document.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => found.push((name.clone(), text.clone())),
            Value::Object(_) => {
                found.extend(texts(value).into_iter().map(|(inner, text)| (format!("{name}.{inner}"), text)))
            }
            Value::Array(items) => items.iter().for_each(|item| {
                found.extend(texts(item).into_iter().map(|(inner, text)| (format!("{name}.{inner}"), text)))
            }),
            _ => {}
        }
    }
    found
}

impl Backend {
    fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// One name for the state: `s3://bucket/key`, with the backend's own way of parting workspaces.
    fn state(&self, directory: &str, workspace: &str) -> Option<String> {
        let workspace = if workspace.is_empty() { "default" } else { workspace };
        let is_default = workspace == "default";
        let get = |name: &str| self.setting(name);
        match self.kind.as_str() {
            "s3" => get("bucket").zip(get("key")).map(|(bucket, key)| {
                let prefix = get("workspace_key_prefix").unwrap_or("env:");
                if is_default {
                    format!("s3://{bucket}/{key}")
                } else {
                    format!("s3://{bucket}/{prefix}/{workspace}/{key}")
                }
            }),
            "gcs" => get("bucket").map(|bucket| {
                let prefix = get("prefix").map(|prefix| format!("{}/", prefix.trim_matches('/'))).unwrap_or_default();
                format!("gs://{bucket}/{prefix}{workspace}.tfstate")
            }),
            "azurerm" => get("storage_account_name").zip(get("container_name")).zip(get("key")).map(
                |((account, container), key)| {
                    let suffix = if is_default { String::new() } else { format!("env:{workspace}") };
                    format!("azurerm://{account}/{container}/{key}{suffix}")
                },
            ),
            "remote" | "cloud" => get("organization").map(|organization| {
                let host = get("hostname").unwrap_or("app.terraform.io");
                let prefixed = get("workspaces.prefix").map(|prefix| format!("{prefix}{workspace}"));
                let name =
                    get("workspaces.name").map(ToOwned::to_owned).or(prefixed).unwrap_or_else(|| workspace.to_owned());
                format!("{host}/{organization}/{name}")
            }),
            "http" => get("address").map(ToOwned::to_owned),
            "kubernetes" => get("secret_suffix").map(|suffix| {
                let namespace = get("namespace").unwrap_or("default");
                format!("kubernetes://{namespace}/tfstate-{workspace}-{suffix}")
            }),
            "local" => {
                let file = get("path").unwrap_or("terraform.tfstate");
                let file = if is_default {
                    file.to_owned()
                } else {
                    format!("terraform.tfstate.d/{workspace}/terraform.tfstate")
                };
                join(directory, &file).map(|path| format!("file://{path}"))
            }
            other => Some(format!("{other}://{workspace}")),
        }
    }
}

/// The account of the role that a provider takes; the inner `None` when it takes one that nobody knows.
fn role(block: &Block) -> Option<Option<String>> {
    let role = block.inner("assume_role").chain(block.inner("assume_role_with_web_identity")).next()?;
    Some(role.text("role_arn").and_then(|arn| arn.split(':').nth(4)).map(ToOwned::to_owned))
}

fn is_aws(block: &Block) -> bool {
    block.labels.first().is_some_and(|label| label == "aws")
}

/// What the providers say of where their resources stand, where they say the same.
fn of_providers(blocks: &[&Block], place: &mut Place) {
    let only = |provider: &str, setting: &str| {
        let mut values = blocks.iter().filter(|block| block.labels.first().is_some_and(|label| label == provider));
        let first = values.next()?.text(setting)?.to_owned();
        values.all(|other| other.text(setting) == Some(&first)).then_some(first)
    };
    let mut roles = blocks.iter().filter(|block| is_aws(block)).map(|block| role(block));
    match roles.next().filter(|first| roles.all(|other| other == *first)) {
        Some(Some(account)) => place.account = account,
        Some(None) => place.profile = only("aws", "profile"),
        None => {}
    }
    if let Some(region) = only("aws", "region") {
        place.region = Some(region);
    }
    if let Some(project) = only("google", "project") {
        place.project = Some(project);
    }
    if let Some(subscription) = only("azurerm", "subscription_id") {
        place.subscription = Some(subscription);
    }
    if let Some(context) = only("kubernetes", "config_context") {
        place.context = Some(context);
    }
}

/// A path as seen from a folder, `.` and `..` undone as far as names tell.
pub(super) fn join(folder: &str, path: &str) -> Option<String> {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = vec![];
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    whole.starts_with('/').then(|| format!("/{}", parts.join("/")))
}
