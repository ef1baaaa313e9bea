//! What `-f` and `-k` hold: objects, as far as files and standard input are known.

use serde_json::Value;

use super::types::{Type, of_manifest};
use crate::identify::command::surroundings::Contents;
use crate::identify::command::{Input, Invocation, Machine, Scene, Word};

/// An object as a manifest has it.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) kind: Type,
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) value: Value,
}

/// All objects of some manifests.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    pub(super) objects: Vec<Object>,
    /// What nobody can read: there may be more objects than these, or other ones.
    pub(super) unknown: Vec<String>,
}

/// How deep folders and kustomizations may stand in one another.
const DEPTH_MAX: usize = 12;

impl Manifests {
    /// Reads what `-f WORD` names.
    pub(super) fn file(&mut self, word: &Word, recursive: bool, at: &Invocation, scene: &Scene<'_>) {
        let Some(text) = word.text() else {
            return self.glob(word, at, scene);
        };
        if text == "-" {
            return match &at.input {
                Input::Text(text) => self.documents(text, "standard input"),
                Input::File(file) => self.file(&file.clone(), false, at, scene),
                Input::Unknown(from) => self.unknown.push(from.clone()),
                Input::Inherited => self.unknown.push("standard input".to_owned()),
            };
        }
        // kubectl takes several, parted by commas.
        for path in text.split(',') {
            if path.starts_with("http://") || path.starts_with("https://") || at.machine != Machine::Own {
                self.unknown.push(path.to_owned());
            } else {
                self.path(&super::absolute(path, at, scene), (recursive, 0), scene);
            }
        }
    }

    /// A pattern of files in one folder.
    fn glob(&mut self, word: &Word, at: &Invocation, scene: &Scene<'_>) {
        let shown = word.to_string();
        let (folder, pattern) = shown.rsplit_once('/').unwrap_or((".", &shown));
        let names = scene.around().list(&super::absolute(folder, at, scene)).filter(|_| !word.has_unknown());
        let Some(((before, after), names)) = pattern.split_once('*').zip(names).filter(|_| at.machine == Machine::Own)
        else {
            self.unknown.push(shown.clone());
            return;
        };
        for name in names.iter().filter(|name| name.starts_with(before) && name.ends_with(after)) {
            self.path(&super::absolute(&format!("{folder}/{name}"), at, scene), (false, 0), scene);
        }
    }

    fn path(&mut self, path: &str, (recursive, depth): (bool, usize), scene: &Scene<'_>) {
        match scene.contents(path) {
            Contents::Whole(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => self.documents(text, path),
                Err(_) => self.unknown.push(path.to_owned()),
            },
            _ => match scene.around().list(path).filter(|_| depth < DEPTH_MAX) {
                Some(names) => self.folder(path, &names, (recursive, depth), scene),
                None => self.unknown.push(path.to_owned()),
            },
        }
    }

    fn folder(&mut self, path: &str, names: &[String], (recursive, depth): (bool, usize), scene: &Scene<'_>) {
        let is_manifest = |name: &str| [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
        let mut names: Vec<&String> = names.iter().collect();
        names.dedup();
        for name in names {
            let below = format!("{}/{name}", path.trim_end_matches('/'));
            if is_manifest(name) || recursive && scene.around().list(&below).is_some() {
                self.path(&below, (recursive, depth + 1), scene);
            }
        }
    }

    /// Reads what `-k FOLDER` builds.
    pub(super) fn kustomization(&mut self, word: &Word, at: &Invocation, scene: &Scene<'_>) {
        match word.text() {
            Some(path) if !path.contains("://") && at.machine == Machine::Own => {
                self.build(&super::absolute(&path, at, scene), 0, scene);
            }
            _ => self.unknown.push(word.to_string()),
        }
    }

    /// Names, labels and images change nothing of what is judged; whatever else changes objects makes them unknown.
    fn build(&mut self, folder: &str, depth: usize, scene: &Scene<'_>) {
        let files = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        let text = files.iter().find_map(|name| match scene.contents(&format!("{folder}/{name}")) {
            Contents::Whole(bytes) => String::from_utf8(bytes).ok(),
            _ => None,
        });
        let value = text.filter(|_| depth < DEPTH_MAX).and_then(|text| serde_saphyr::from_str::<Value>(&text).ok());
        let Some(Value::Object(members)) = value else {
            self.unknown.push(folder.to_owned());
            return;
        };
        let first = self.objects.len();
        for (name, value) in &members {
            match name.as_str() {
                "resources" | "bases" => {
                    for entry in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
                        self.entry(folder, entry, depth, scene);
                    }
                }
                "apiVersion" | "kind" | "metadata" | "namespace" | "namePrefix" | "nameSuffix" | "commonLabels"
                | "labels" | "images" | "commonAnnotations" | "buildMetadata" | "sortOptions" | "generatorOptions" => {}
                "configMapGenerator" | "secretGenerator" => {
                    let kind = Type::of(if name == "secretGenerator" { "secrets" } else { "configmaps" });
                    for entry in value.as_array().into_iter().flatten() {
                        let name = entry.get("name").and_then(Value::as_str).map(str::to_owned);
                        let value = serde_json::json!({"metadata": {"name": name}, "data": {"generated": "1"}});
                        self.objects.push(Object { kind: kind.clone(), name, namespace: None, value });
                    }
                }
                other => self.unknown.push(format!("{folder}: {other}")),
            }
        }
        if let Some(namespace) = members.get("namespace").and_then(Value::as_str) {
            for object in self.objects.iter_mut().skip(first) {
                object.namespace = Some(namespace.to_owned());
            }
        }
    }

    fn entry(&mut self, folder: &str, entry: &str, depth: usize, scene: &Scene<'_>) {
        if entry.contains("://") || entry.contains("github.com/") {
            self.unknown.push(entry.to_owned());
            return;
        }
        let path = super::join(folder, entry);
        match scene.contents(&path) {
            Contents::Whole(_) => self.path(&path, (false, depth), scene),
            _ => self.build(&path, depth + 1, scene),
        }
    }

    /// The documents of a text.
    fn documents(&mut self, text: &str, from: &str) {
        match serde_saphyr::from_multiple::<Value>(text) {
            Ok(documents) => documents.into_iter().for_each(|document| self.add(document, from)),
            Err(_) => self.unknown.push(from.to_owned()),
        }
    }

    fn add(&mut self, value: Value, from: &str) {
        if value.is_null() {
            return;
        }
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (Some(api), Some(kind)) = (text("/apiVersion"), text("/kind")) else {
            self.unknown.push(from.to_owned());
            return;
        };
        if let Some(items) = value.get("items").and_then(Value::as_array).filter(|_| kind.ends_with("List")) {
            items.iter().for_each(|item| self.add(item.clone(), from));
            return;
        }
        let name = text("/metadata/name").filter(|name| !name.is_empty());
        let namespace = text("/metadata/namespace").filter(|name| !name.is_empty());
        self.objects.push(Object { kind: of_manifest(&api, &kind), name, namespace, value });
    }
}
