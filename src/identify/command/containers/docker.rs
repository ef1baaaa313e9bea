//! docker's commands, and those of programs with the same words, as calls of the Engine API.
//!
//! podman's own API has other paths; what its commands do is the same, and so are their names here.

use serde_json::json;

use super::engine::{self, Engine, image, segment};
use super::{compose, run};
use crate::identify::command::kubernetes::pflag::{self, Given};
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::model::{Impact, Place, Scope};

const DOCKER: &str =
    "config= context/c= debug/D host/H= log-level/l= tls tlscacert= tlscert= tlskey= tlsverify version/v";
const PODMAN: &str = "cgroup-manager= config= conmon= connection/c= events-backend= hooks-dir= identity= imagestore= log-level= \
    module= network-cmd-path= network-config-dir= out= remote/r root= runroot= runtime= runtime-flag= ssh= storage-driver= \
    storage-opt= syslog tmpdir= transient-store url= volumepath= cdi-spec-dir= noout context= version/v";
const NERDCTL: &str = "address/a= host/H= namespace/n= snapshotter= storage-driver= cgroup-manager= cni-netconfpath= cni-path= \
    data-root= experimental debug debug-full hosts-dir= insecure-registry version/v";

/// Options of many commands.
const COMMON: &str = "force/f all/a volumes/v link/l filter= format= no-trunc quiet/q time/t= timeout= signal/s= since= until= \
    tail/n= follow details timestamps no-prune driver= opt/o= label= subnet= gateway= attachable internal ip-range= ipv6 \
    scope= name= size latest last= no-stream type= depend ignore cidfile= author= change/c= message/m= pause \
    disable-content-trust all-tags platform= input/i= output/o= username/u= password/p= password-stdin limit= alias= ip= \
    keep-storage= reserved-space= max-used-space= verbose build rotate help prefix";

struct Docker<'i> {
    at: &'i Invocation,
    engine: Engine,
    given: Given,
}

/// Reads an invocation of docker, podman or nerdctl.
pub(super) fn read(at: &Invocation, scene: &mut Scene<'_>) {
    let globals = match at.program().as_deref() {
        Some("podman" | "podman-remote") => PODMAN,
        Some("nerdctl" | "nerdctl.lima" | "finch") => NERDCTL,
        _ => DOCKER,
    };
    let global = pflag::parse(at.arguments(), &[globals], false);
    let Some((first, rest)) = global.operands.split_first().filter(|_| !global.help && !global.on("version")) else {
        return local(at, scene, "help", Impact::Read);
    };
    let Some(first) = first.text() else {
        return scene.unknown(at, "the command of docker is not known");
    };
    let engine = Engine::of(at, &global, scene);
    match first.as_ref() {
        "compose" => compose::read(at, engine, rest, scene),
        "run" | "create" | "exec" => run::read(&first, at, &engine, rest, scene),
        "container" | "image" | "volume" | "network" | "system" | "builder" | "buildx" | "service" | "stack"
        | "swarm" | "node" | "secret" | "config" | "plugin" | "context" | "manifest" | "trust" | "checkpoint"
        | "pod" | "machine" | "kube" | "play" | "artifact" | "namespace" => nested(at, &first, &engine, rest, scene),
        verb => verbs(at, alias(verb), &engine, rest, scene),
    }
}

fn nested(at: &Invocation, group: &str, engine: &Engine, rest: &[Word], scene: &mut Scene<'_>) {
    let Some((second, rest)) = rest.split_first().filter(|(word, _)| !word.leading().starts_with('-')) else {
        return local(at, scene, group, Impact::Read);
    };
    match second.text().as_deref() {
        Some(verb @ ("run" | "create" | "exec")) if group == "container" => run::read(verb, at, engine, rest, scene),
        Some(verb) => verbs(at, (group, verb), engine, rest, scene),
        None => scene.unknown(at, "the command of docker is not known"),
    }
}

/// The longer form of a short command.
fn alias(verb: &str) -> (&str, &str) {
    match verb {
        "ps" => ("container", "ls"),
        "images" => ("image", "ls"),
        "rmi" => ("image", "rm"),
        "build" | "pull" | "push" | "tag" | "untag" | "save" | "load" | "import" | "history" | "search" => {
            ("image", verb)
        }
        "info" | "df" | "events" => ("system", verb),
        verb => ("container", verb),
    }
}

/// What concerns the client only.
fn local(at: &Invocation, scene: &mut Scene<'_>, what: &str, impact: Impact) {
    scene.effect(at, Effect::new(&format!("docker:client:{what}"), impact, Scope::Local));
}

/// Letters that mean something else in one command.
fn own(group: &str, verb: &str) -> &'static str {
    match (group, verb) {
        ("image", "build") | ("builder" | "buildx", "build" | "b") => {
            "file/f= tag/t= add-host= allow= annotation= attest= build-arg= build-context= builder= cache-from= cache-to= call= \
             cgroup-parent= check iidfile= label= load metadata-file= network= no-cache no-cache-filter= output/o= platform= \
             progress= provenance= pull push quiet/q sbom= secret= shm-size= ssh= target= ulimit= volume/v= memory/m= squash \
             layers rm force-rm format= jobs= isolation= authfile= cpuset-cpus="
        }
        ("container", "ls" | "ps") | ("image" | "volume" | "network", "ls" | "list" | "prune") => {
            "filter/f= all/a force quiet/q last/n= no-trunc size/s format= digests tree volumes"
        }
        ("container" | "system" | "builder" | "buildx", "prune") => {
            "force/f all/a filter= volumes build keep-storage= verbose"
        }
        ("container", "logs" | "stats" | "inspect") | ("image" | "volume" | "network" | "system", "inspect") => {
            "format/f= follow since= until= tail/n= timestamps/t size/s type= details all/a names/n latest/l"
        }
        ("container", "stop" | "restart") => "time/t= timeout= signal/s= all/a ignore/i latest/l cidfile= filter/f=",
        ("container", "attach") => "no-stdin detach-keys= sig-proxy",
        ("container", "update") => "cpus= memory/m= memory-swap= restart= pids-limit= cpu-shares/c=",
        ("service", _) => {
            "image= replicas= env-add= env-rm= detach/d quiet/q force rollback limit-memory= limit-cpu= publish-add= publish-rm= \
             mount-add= mount-rm= constraint-add= constraint-rm= name= publish/p= env/e= mount= mode= network= update-delay= \
             update-parallelism= constraint= with-registry-auth args= follow/f tail/n= since= format= filter/f= secret= config= \
             label/l= user/u= workdir/w= hostname= entrypoint= label-add= label-rm= limit-pids= no-healthcheck"
        }
        ("stack", _) => {
            "compose-file/c= detach/d prune quiet/q resolve-image= with-registry-auth format= filter/f= orchestrator= all"
        }
        _ => "",
    }
}

fn verbs(at: &Invocation, (group, verb): (&str, &str), engine: &Engine, rest: &[Word], scene: &mut Scene<'_>) {
    let given = pflag::parse(rest, &[own(group, verb), COMMON], true);
    let is_help = given.help || given.on("help");
    let docker = Docker { at, engine: engine.clone(), given };
    if is_help {
        return local(at, scene, &format!("{group}.{verb}"), Impact::Read);
    }
    let known = match group {
        "container" => docker.container(verb, rest, scene),
        "image" | "builder" | "buildx" | "manifest" | "trust" => docker.image(group, verb, scene),
        "volume" | "network" | "secret" | "config" | "plugin" | "checkpoint" => docker.object(group, verb, scene),
        "system" => docker.system(verb, scene),
        "service" | "stack" | "swarm" | "node" => docker.swarm(group, verb, scene),
        "context" => docker.context(verb, scene),
        _ => docker.podman(group, verb, scene),
    };
    if !known {
        scene.unknown(at, "a command of docker that is not known");
    }
}

impl Docker<'_> {
    fn send(&self, scene: &mut Scene<'_>, method: &str, path: &str) {
        self.engine.send(self.at, scene, (method, path), None);
    }

    /// One call for each operand, `{}` in the path. What `--all` means stands for all of them as `*`.
    fn each(&self, scene: &mut Scene<'_>, method: &str, path: &str) {
        let names: Vec<String> = self.given.operands.iter().map(ToString::to_string).collect();
        let images = path.starts_with("/images/");
        let all = names.is_empty();
        for name in names.into_iter().chain(all.then(|| "*".to_owned())) {
            let name = if images { image(&name) } else { segment(&name) };
            self.send(scene, method, &path.replacen("{}", &name, 1));
        }
    }

    fn container(&self, verb: &str, rest: &[Word], scene: &mut Scene<'_>) -> bool {
        match verb {
            "rm" | "remove" => {
                let mut flags = vec![];
                if self.given.on("force") {
                    flags.push("force=1");
                }
                if self.given.on("volumes") {
                    flags.push("v=1");
                }
                let query = if flags.is_empty() { String::new() } else { format!("?{}", flags.join("&")) };
                self.each(scene, "DELETE", &format!("/containers/{{}}{query}"));
            }
            "stop" | "kill" | "restart" | "start" | "pause" | "unpause" | "wait" | "update" | "rename" => {
                self.each(scene, "POST", &format!("/containers/{{}}/{verb}"));
            }
            "logs" | "top" | "stats" | "export" => self.each(scene, "GET", &format!("/containers/{{}}/{verb}")),
            "diff" => self.each(scene, "GET", "/containers/{}/changes"),
            "inspect" | "port" => self.each(scene, "GET", "/containers/{}/json"),
            "ls" | "list" | "ps" => self.send(scene, "GET", "/containers/json"),
            "attach" => self.each(scene, "POST", "/containers/{}/attach?stream=1&stdin=1"),
            "commit" => self.send(scene, "POST", "/commit"),
            "cp" | "copy" => self.copy(scene),
            "prune" => self.send(scene, "POST", "/containers/prune"),
            "login" | "logout" => local(self.at, scene, verb, Impact::Update),
            "version" => self.send(scene, "GET", "/version"),
            "help" | "completion" | "scout" | "sbom" | "init" | "debug" | "hints" | "ai" => {
                local(self.at, scene, verb, Impact::Read)
            }
            "desktop" | "model" | "mcp" | "offload" | "extension" | "dev" | "sandbox" => {
                local(self.at, scene, verb, Impact::Update)
            }
            "unshare" if !rest.is_empty() => scene.invocation(&self.at.with_words(rest.to_vec())),
            "generate" | "healthcheck" | "mount" | "exists" | "auto-update" | "init-container" | "restore"
            | "checkpoint" | "clone" | "unmount" | "umount" => local(self.at, scene, verb, Impact::Update),
            _ => return false,
        }
        true
    }

    /// Into a container, or out of one.
    fn copy(&self, scene: &mut Scene<'_>) {
        let to = self.given.operand(1).unwrap_or_default();
        let of = |path: &str| {
            path.split_once(':').map(|(name, _)| name.to_owned()).filter(|name| !name.starts_with(['.', '/']))
        };
        let from = self.given.operand(0).unwrap_or_default();
        match of(&to) {
            Some(name) => self.send(scene, "PUT", &format!("/containers/{}/archive", segment(&name))),
            None => {
                self.send(scene, "GET", &format!("/containers/{}/archive", segment(&of(&from).unwrap_or_default())))
            }
        }
    }

    fn image(&self, group: &str, verb: &str, scene: &mut Scene<'_>) -> bool {
        match (group, verb) {
            ("image", "rm" | "remove") => self.each(scene, "DELETE", "/images/{}"),
            ("image", "ls" | "list") => self.send(scene, "GET", "/images/json"),
            ("image", "inspect") => self.each(scene, "GET", "/images/{}/json"),
            ("image", "history") => self.each(scene, "GET", "/images/{}/history"),
            ("image", "tag" | "untag") => {
                let name = image(&self.given.operand(0).unwrap_or_default());
                self.send(scene, "POST", &format!("/images/{name}/tag"));
            }
            ("image", "push") | ("manifest" | "trust", "push" | "sign") => self.push(scene),
            ("image", "pull" | "import") => self.send(scene, "POST", "/images/create"),
            ("image", "save") => self.send(scene, "GET", "/images/get"),
            ("image", "load") => self.send(scene, "POST", "/images/load"),
            ("image", "search") => self.send(scene, "GET", "/images/search"),
            ("image", "prune") => self.send(scene, "POST", "/images/prune"),
            ("builder" | "buildx", "prune") => self.send(scene, "POST", "/build/prune"),
            ("image" | "builder" | "buildx", "build" | "b" | "bake" | "f") => {
                self.send(scene, "POST", "/build");
                let output = self.given.text("output").unwrap_or_default();
                if self.given.on("push") || output.contains("type=registry") || output.contains("push=true") {
                    self.push(scene);
                }
            }
            (
                "buildx",
                "create" | "use" | "rm" | "stop" | "install" | "uninstall" | "dial-stdio" | "history" | "imagetools"
                | "dap",
            ) => {
                local(self.at, scene, &format!("buildx.{verb}"), Impact::Update);
            }
            ("buildx" | "builder", _) => local(self.at, scene, "buildx", Impact::Read),
            ("manifest" | "trust", "inspect" | "exists") => local(self.at, scene, verb, Impact::Read),
            ("manifest", "create" | "annotate" | "add" | "rm" | "remove") => {
                local(self.at, scene, "manifest", Impact::Update)
            }
            ("trust", "revoke") => self.push(scene),
            ("trust", _) => local(self.at, scene, "trust", Impact::Update),
            (
                "image",
                "mount" | "unmount" | "umount" | "exists" | "tree" | "scp" | "sign" | "trust" | "diff" | "convert"
                | "encrypt" | "decrypt",
            ) => {
                local(self.at, scene, verb, Impact::Update);
            }
            _ => return false,
        }
        true
    }

    /// The engine sends an image to the registry in its name.
    fn push(&self, scene: &mut Scene<'_>) {
        let tags: Vec<String> = self.given.all("tag").map(ToString::to_string).collect();
        let mut names =
            if tags.is_empty() { self.given.operands.iter().map(ToString::to_string).collect() } else { tags };
        if names.is_empty() {
            names.push("unknown".to_owned());
        }
        for name in names {
            let effect = Effect::new("docker:image:ImagePush", Impact::Update, Scope::Resource);
            scene.effect(self.at, effect.at(registry(&name)).on(name));
        }
    }

    fn object(&self, group: &str, verb: &str, scene: &mut Scene<'_>) -> bool {
        match (group, verb) {
            ("volume", "rm" | "remove") if self.given.on("all") => self.send(scene, "POST", "/volumes/prune"),
            (_, "prune") => self.send(scene, "POST", &format!("/{group}s/prune")),
            (_, "rm" | "remove") => self.each(scene, "DELETE", &format!("/{group}s/{{}}")),
            (_, "ls" | "list") => self.send(scene, "GET", &format!("/{group}s")),
            (_, "inspect") if group == "plugin" => self.each(scene, "GET", "/plugins/{}/json"),
            (_, "inspect") => self.each(scene, "GET", &format!("/{group}s/{{}}")),
            ("plugin", "install") => self.send(scene, "POST", "/plugins/pull"),
            ("plugin", "enable" | "disable" | "set" | "upgrade" | "push") => {
                let name = segment(&self.given.operand(0).unwrap_or_default());
                self.send(scene, "POST", &format!("/plugins/{name}/{verb}"));
            }
            ("network", "connect" | "disconnect") => {
                let name = segment(&self.given.operand(0).unwrap_or_default());
                self.send(scene, "POST", &format!("/networks/{name}/{verb}"));
            }
            (_, "create") => {
                let name = self.given.operand(0).unwrap_or_default();
                self.engine.send(self.at, scene, ("POST", &format!("/{group}s/create")), Some(json!({"Name": name})));
            }
            ("volume", "export" | "exists" | "mount" | "unmount")
            | ("network", "exists" | "reload")
            | ("secret", "exists") => {
                local(self.at, scene, verb, Impact::Read);
            }
            // What is imported takes the place of what a volume holds.
            ("volume", "import") => {
                let name = segment(&self.given.operand(0).unwrap_or_default());
                self.send(scene, "PUT", &format!("/volumes/{name}"));
            }
            ("volume", "update") => self.each(scene, "PUT", "/volumes/{}"),
            _ => return false,
        }
        true
    }

    fn system(&self, verb: &str, scene: &mut Scene<'_>) -> bool {
        match verb {
            "df" => self.send(scene, "GET", "/system/df"),
            "info" => self.send(scene, "GET", "/info"),
            "events" => self.send(scene, "GET", "/events"),
            "prune" | "reset" => {
                for what in ["containers", "networks", "images", "build"] {
                    self.send(scene, "POST", &format!("/{what}/prune"));
                }
                if verb == "reset" || self.given.on("volumes") {
                    self.send(scene, "POST", "/volumes/prune");
                }
            }
            "connection" | "migrate" | "renumber" | "service" | "check" => {
                if self.given.operand(0).is_some_and(|verb| verb == "default") {
                    engine::choose(scene, &self.given.operands.get(1).cloned().unwrap_or_default());
                }
                local(self.at, scene, verb, Impact::Update);
            }
            "dial-stdio" => self.send(scene, "POST", "/session"),
            _ => return false,
        }
        true
    }

    fn swarm(&self, group: &str, verb: &str, scene: &mut Scene<'_>) -> bool {
        let first = self.given.operand(0).unwrap_or_default();
        match (group, verb) {
            ("service", "rm" | "remove") => self.each(scene, "DELETE", "/services/{}"),
            ("service", "create") => self.engine.send(self.at, scene, ("POST", "/services/create"), Some(json!({}))),
            ("service", "update" | "rollback" | "scale") => self.service(verb, scene),
            ("service", "logs") => self.each(scene, "GET", "/services/{}/logs"),
            ("service" | "node", "inspect") => self.each(scene, "GET", &format!("/{group}s/{{}}")),
            ("service" | "node" | "stack", "ps") | ("stack", "services") => self.send(scene, "GET", "/tasks"),
            ("service" | "node", "ls" | "list") => self.send(scene, "GET", &format!("/{group}s")),
            ("stack", "ls" | "list" | "config") => self.send(scene, "GET", "/services"),
            ("stack", "rm" | "remove" | "down") => {
                for name in &self.given.operands {
                    let name = segment(&format!("{name}_*"));
                    self.send(scene, "DELETE", &format!("/services/{name}"));
                }
            }
            ("stack", "deploy" | "up") => {
                let name = segment(&format!("{first}_*"));
                self.engine.send(self.at, scene, ("POST", &format!("/services/{name}/update")), Some(json!({})));
                if self.given.on("prune") {
                    self.send(scene, "DELETE", &format!("/services/{name}"));
                }
            }
            ("node", "rm" | "remove") => self.each(scene, "DELETE", "/nodes/{}"),
            ("node", "update" | "promote" | "demote") => self.each(scene, "POST", "/nodes/{}/update"),
            ("swarm", "leave") if self.given.on("force") => self.send(scene, "POST", "/swarm/leave?force=1"),
            ("swarm", "init" | "join" | "leave" | "unlock" | "update") => {
                self.send(scene, "POST", &format!("/swarm/{verb}"))
            }
            ("swarm", "unlock-key") => self.send(scene, "GET", "/swarm/unlockkey"),
            ("swarm", "join-token") => self.send(scene, "GET", "/swarm"),
            ("swarm", "ca") => self.send(scene, "POST", "/swarm/update"),
            _ => return false,
        }
        true
    }

    /// `NAME=0` of `scale` and `--replicas 0` stop a service; nobody knows what an unknown number does.
    fn service(&self, verb: &str, scene: &mut Scene<'_>) {
        let replicas = self.given.word("replicas").map(ToString::to_string);
        for operand in &self.given.operands {
            let shown = operand.to_string();
            let (name, number) = shown.split_once('=').unwrap_or((&shown, ""));
            let number = if verb == "scale" { Some(number.to_owned()) } else { replicas.clone() };
            let body = match number {
                Some(number) => {
                    json!({"Mode": {"Replicated": {"Replicas": number.parse::<u64>().unwrap_or_default()}}})
                }
                None => json!({}),
            };
            self.engine.send(self.at, scene, ("POST", &format!("/services/{}/update", segment(name))), Some(body));
        }
    }

    fn context(&self, verb: &str, scene: &mut Scene<'_>) -> bool {
        match verb {
            "use" => {
                engine::choose(scene, &self.given.operands.first().cloned().unwrap_or_default());
                local(self.at, scene, "context.use", Impact::Update);
            }
            "ls" | "list" | "inspect" | "show" | "export" => local(self.at, scene, "context", Impact::Read),
            "create" | "import" | "rm" | "remove" | "update" => local(self.at, scene, "context", Impact::Update),
            _ => return false,
        }
        true
    }

    fn podman(&self, group: &str, verb: &str, scene: &mut Scene<'_>) -> bool {
        match (group, verb) {
            ("pod", "rm" | "prune") => self.each(scene, "DELETE", "/containers/{}"),
            ("pod", "stop" | "kill" | "restart" | "pause" | "unpause" | "start") => {
                self.each(scene, "POST", &format!("/containers/{{}}/{verb}"));
            }
            ("pod", "create" | "clone") | ("kube", "play" | "apply") | ("play", "kube") => {
                self.send(scene, "POST", "/containers/create")
            }
            ("pod", _) => self.send(scene, "GET", "/containers/json"),
            ("kube", "down") => {
                self.send(scene, "DELETE", "/containers/*");
                if self.given.on("force") {
                    self.send(scene, "DELETE", "/volumes/*");
                }
            }
            ("kube" | "artifact" | "namespace", _) => local(self.at, scene, group, Impact::Update),
            // With the virtual machine go all its volumes.
            ("machine", "rm" | "reset") => {
                self.send(scene, "DELETE", "/containers/*");
                self.send(scene, "POST", "/volumes/prune");
            }
            ("machine", "ls" | "list" | "inspect" | "info") => local(self.at, scene, "machine", Impact::Read),
            ("machine", "ssh") => local(self.at, scene, "machine.ssh", Impact::Execute),
            ("machine", _) => local(self.at, scene, "machine", Impact::Update),
            _ => return false,
        }
        true
    }
}

/// The registry that an image's name begins with.
fn registry(name: &str) -> Place {
    let first = name.split_once('/').map_or("", |(first, _)| first);
    let is_host = first.contains('.') || first.contains(':') || first == "localhost";
    let host = if is_host { first.split(':').next().unwrap_or(first) } else { "docker.io" };
    let loopback = host == "localhost" || host.starts_with("127.");
    Place { host: Some(host.to_owned()), loopback, ..Place::default() }
}
