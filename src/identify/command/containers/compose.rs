//! docker compose: projects of containers, networks and volumes.

use serde_json::Value;

use super::engine::{Engine, segment};
use super::run::{self, Contained};
use crate::identify::command::kubernetes::pflag::{self, Given};
use crate::identify::command::surroundings::Contents;
use crate::identify::command::{Effect, Invocation, Machine, Scene, Word};
use crate::model::{Impact, Place, Scope};

const GLOBAL: &str = "all-resources ansi= compatibility dry-run env-file= file/f= parallel= profile= progress= project-directory= \
    project-name/p= verbose version/v host/H= context/c= workdir= no-ansi log-level= tls tlsverify tlscacert= tlscert= tlskey= \
    podman-args= podman-run-args= in-pod= no-pod";

/// Letters mean something else from command to command.
fn own(verb: &str) -> &'static str {
    match verb {
        "down" => "remove-orphans rmi= timeout/t= volumes/v",
        "rm" => "force/f stop/s volumes/v all/a",
        "run" => {
            "build cap-add= cap-drop= detach/d entrypoint= env/e= env-from-file= interactive/i label/l= name= no-TTY/T no-tty no-deps \
             publish/p= pull= quiet quiet-build quiet-pull remove-orphans rm service-ports/P use-aliases user/u= volume/v= workdir/w="
        }
        "exec" => "detach/d env/e= index= interactive/i no-TTY/T no-tty privileged tty/t user/u= workdir/w=",
        "logs" => "follow/f index= no-color no-log-prefix since= tail/n= timestamps/t until=",
        "up" => {
            "abort-on-container-exit abort-on-container-failure always-recreate-deps attach= attach-dependencies build detach/d \
             exit-code-from= force-recreate menu no-attach= no-build no-color no-deps no-log-prefix no-recreate no-start pull= \
             quiet-build quiet-pull remove-orphans renew-anon-volumes/V scale= timeout/t= timestamps wait wait-timeout= watch/w yes/y"
        }
        _ => {
            "all/a filter= format= quiet/q services orphans timeout/t= signal/s= index= archive follow-link/L protocol= no-cache pull \
             push build-arg= memory/m= ssh= with-dependencies ignore-buildable ignore-pull-failures include-deps policy= \
             no-deps environment hash= images lock-image-digests no-consistency no-env-resolution no-interpolate no-normalize \
             no-path-resolution output/o= profiles resolve-image-digests variables volumes json since= until= dry-run \
             detach/d force/f scale= remove-orphans"
        }
    }
}

/// `docker-compose …`, a program of its own.
pub(super) fn alone(at: &Invocation, scene: &mut Scene<'_>) {
    let global = pflag::parse(at.arguments(), &[GLOBAL], false);
    let engine = Engine::of(at, &global, scene);
    read(at, engine, at.arguments(), scene);
}

/// Reads the words behind `compose`.
pub(super) fn read(at: &Invocation, engine: Engine, words: &[Word], scene: &mut Scene<'_>) {
    let global = pflag::parse(words, &[GLOBAL], false);
    let help = |scene: &mut Scene<'_>| scene.effect(at, Effect::new("docker:compose:help", Impact::Read, Scope::Local));
    let Some((verb, rest)) = global.operands.split_first().filter(|_| !global.help && !global.on("version")) else {
        return help(scene);
    };
    let Some(verb) = verb.text() else {
        return scene.unknown(at, "the command of compose is not known");
    };
    let mixes = !matches!(verb.as_ref(), "run" | "exec");
    let given = pflag::parse(rest, &[own(&verb), "dry-run"], mixes);
    if given.help {
        return help(scene);
    }
    let dry = global.surely("dry-run") || given.surely("dry-run");
    let engine = Engine { dry: engine.dry || dry, ..engine };
    Compose { at, engine, global: global.clone(), given }.carries_out(&verb, scene);
}

struct Compose<'i> {
    at: &'i Invocation,
    engine: Engine,
    global: Given,
    given: Given,
}

impl Compose<'_> {
    fn send(&self, scene: &mut Scene<'_>, method: &str, path: &str) {
        self.engine.send(self.at, scene, (method, path), None);
    }

    /// The project's name: what the command says, else the folder's.
    fn project(&self) -> String {
        let folder = || self.at.directory.as_deref()?.rsplit('/').next().map(str::to_owned);
        self.global.text("project-name").or_else(folder).unwrap_or_else(|| "project".to_owned())
    }

    /// One call for each service, or one for all of the project.
    fn each(&self, scene: &mut Scene<'_>, method: &str, end: &str) {
        let project = self.project();
        let names: Vec<String> = self.given.operands.iter().map(ToString::to_string).collect();
        let all = names.is_empty();
        for name in names.into_iter().chain(all.then(|| "*".to_owned())) {
            let path = format!("/containers/{}{end}", segment(&format!("{project}-{name}")));
            self.send(scene, method, &path);
        }
    }

    fn carries_out(self, verb: &str, scene: &mut Scene<'_>) {
        match verb {
            "up" | "create" | "watch" | "scale" => {
                self.engine.send(self.at, scene, ("POST", "/containers/create"), Some(serde_json::json!({})));
                self.each(scene, "POST", "/start");
            }
            "down" => {
                self.each(scene, "DELETE", "?force=1");
                if self.given.has("rmi") {
                    self.send(scene, "POST", "/images/prune");
                }
                if self.given.on("volumes") {
                    let name = segment(&format!("{}_*", self.project()));
                    self.send(scene, "DELETE", &format!("/volumes/{name}"));
                }
            }
            "rm" => self.each(scene, "DELETE", if self.given.on("volumes") { "?v=1" } else { "" }),
            "stop" | "kill" | "restart" | "pause" | "start" | "unpause" => {
                self.each(scene, "POST", &format!("/{verb}"))
            }
            "build" => {
                self.send(scene, "POST", "/build");
                if self.given.on("push") {
                    self.push(scene);
                }
            }
            "pull" => self.send(scene, "POST", "/images/create"),
            "push" | "publish" => self.push(scene),
            "logs" | "attach" => self.each(scene, "GET", "/logs"),
            "ps" | "ls" | "top" | "port" | "images" | "stats" | "events" | "wait" | "volumes" => {
                self.send(scene, "GET", "/containers/json")
            }
            "config" | "convert" | "version" | "help" | "export" | "bridge" | "alpha" => {
                scene.effect(self.at, Effect::new("docker:compose:config", Impact::Read, Scope::Local));
            }
            "cp" | "commit" => self.send(scene, "PUT", "/containers/project/archive"),
            "run" => self.run(scene),
            "exec" => self.exec(scene),
            "systemd" => scene.effect(self.at, Effect::new("docker:compose:systemd", Impact::Update, Scope::Local)),
            _ => scene.unknown(self.at, "a command of compose that is not known"),
        }
    }

    /// To registries that the project's file names.
    fn push(&self, scene: &mut Scene<'_>) {
        let place = Place { host: Some("registry".to_owned()), ..Place::default() };
        let effect = Effect::new("docker:image:ImagePush", Impact::Update, Scope::Resource).at(place);
        scene.effect(self.at, effect.on(self.project()));
    }

    fn exec(&self, scene: &mut Scene<'_>) {
        let words = self.given.operands.get(1..).unwrap_or_default().to_vec();
        let name = self.given.operand(0).unwrap_or_default();
        let contained =
            Contained { engine: &self.engine, name, words, mounts: vec![], folder: None, variables: vec![] };
        contained.exec(self.at, scene);
    }

    fn run(&self, scene: &mut Scene<'_>) {
        let name = self.given.operand(0).unwrap_or_default();
        let service = self.service(&name, scene).unwrap_or(Value::Null);
        self.engine.send(self.at, scene, ("POST", "/containers/create"), Some(serde_json::json!({})));
        self.each_started(&name, scene);
        let mut words = self.given.operands.get(1..).unwrap_or_default().to_vec();
        if words.is_empty() {
            words = list(service.get("command"));
        }
        let image = service.get("image").and_then(Value::as_str).unwrap_or_default();
        let words = match (self.given.word("entrypoint"), list(service.get("entrypoint"))) {
            (Some(entry), _) => run::started(Some(entry), image, words),
            (None, entry) if !entry.is_empty() => entry.into_iter().chain(words).collect(),
            _ => run::started(None, image, words),
        };
        let bound = |text: &str, unknown: bool| run::bind(text, unknown, self.at, scene);
        let listed = service.get("volumes").and_then(Value::as_array).into_iter().flatten();
        let mut mounts: Vec<_> = listed.filter_map(|entry| bound(&short(entry)?, false)).collect();
        mounts.extend(self.given.all("volume").filter_map(|word| bound(&word.to_string(), word.has_unknown())));
        let folder = self.given.text("workdir");
        let folder = folder.or_else(|| service.get("working_dir").and_then(Value::as_str).map(str::to_owned));
        Contained { engine: &self.engine, name, words, mounts, folder, variables: vec![] }.run(self.at, scene);
    }

    fn each_started(&self, name: &str, scene: &mut Scene<'_>) {
        self.send(scene, "POST", &format!("/containers/{}/start", segment(&format!("{}-{name}", self.project()))));
    }

    /// What the project's files say of a service; the last one that speaks of it counts.
    fn service(&self, name: &str, scene: &Scene<'_>) -> Option<Value> {
        if self.at.machine != Machine::Own {
            return None;
        }
        let folder = self.global.text("project-directory").or_else(|| self.at.directory.clone())?;
        let mut files: Vec<String> = self.global.all("file").map(ToString::to_string).collect();
        if files.is_empty() {
            let usual = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
            files = usual.map(str::to_owned).to_vec();
        }
        let read = |file: &String| {
            let path = if file.starts_with('/') { file.clone() } else { format!("{folder}/{file}") };
            let Contents::Whole(bytes) = scene.contents(&path) else { return None };
            let value: Value = serde_saphyr::from_str(std::str::from_utf8(&bytes).ok()?).ok()?;
            value.get("services")?.get(name).cloned()
        };
        files.iter().rev().find_map(read)
    }
}

/// A volume in its short form.
fn short(entry: &Value) -> Option<String> {
    if let Some(text) = entry.as_str() {
        return Some(text.to_owned());
    }
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let end = if entry.get("read_only").is_some_and(|value| value == true) { ":ro" } else { "" };
    Some(format!("{}:{}{end}", text("source")?, text("target")?))
}

/// A command as a list, or as a text that is split at blanks outside quotes.
fn list(value: Option<&Value>) -> Vec<Word> {
    match value {
        Some(Value::Array(all)) => {
            all.iter().map(|one| Word::known(one.as_str().map_or_else(|| one.to_string(), str::to_owned))).collect()
        }
        Some(Value::String(text)) => {
            let tokens = brush_parser::tokenize_str(text).unwrap_or_default();
            tokens.iter().map(|token| Word::known(brush_parser::unquote_str(token.to_str()))).collect()
        }
        _ => vec![],
    }
}
