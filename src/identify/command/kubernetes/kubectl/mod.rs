//! kubectl's commands as the requests that it sends (`k8s.io/kubectl/pkg/cmd`).
//!
//! What it reads before it writes is left out: the write is what counts. `--all` and selectors, which kubectl resolves to one
//! call an object, are the one call that the API has for all of them.

mod change;
mod create;
mod inside;
mod look;
mod node;
mod openshift;

use serde_json::{Value, json};

use super::context::{self, Chosen, Cluster};
use super::manifest::Manifests;
use super::pflag::{self, Given};
use super::types::{self, Type};
use crate::identify::command::{Effect, Invocation, Scene, Sent, Word};
use crate::model::{Count, Hazard, Impact, Scope};

/// `genericclioptions.ConfigFlags`, klog's, and kubectl's own for every command.
const GLOBAL: &str = "as= as-group= as-uid= as-user-extra= cache-dir= certificate-authority= client-certificate= client-key= \
    cluster= context= disable-compression insecure-skip-tls-verify kubeconfig= kuberc= log-flush-frequency= \
    match-server-version namespace/n= password= profile= profile-output= request-timeout= server/s= tls-server-name= token= \
    user= username= v/v= vmodule= warnings-as-errors";

/// Options of many commands. Where a letter means something else, the command's own list comes first.
const COMMON: &str = "all all-namespaces/A selector/l= field-selector= filename/f= kustomize/k= recursive/R output/o= \
    template= dry-run=?client force grace-period= cascade=?background ignore-not-found now timeout= wait raw= overwrite \
    local show-labels show-managed-fields allow-missing-template-keys chunk-size= resource-version= field-manager= record \
    save-config validate=?strict subresource= patch/p= type= patch-file= replicas= current-replicas= prune \
    prune-allowlist= prune-whitelist= applyset= server-side force-conflicts openapi-patch windows-line-endings \
    output-patch image= env/e= port= labels= overrides= override-type= list resolve keys= from= prefix= containers/c= \
    limits= requests= min= max= cpu-percent= name= cpu= memory= to-revision= revision= watch/w watch-only output-watch-events \
    no-headers label-columns/L= sort-by= for= interactive/i show-kind use-openapi-print-columns server-print concurrency= \
    show-events append-hash edit serviceaccount= user= group= verb= resource= resource-name= clusterrole= role= \
    from-literal= from-file= from-env-file= cert= key= docker-server= docker-username= docker-password= docker-email= \
    schedule= restart= rule= class= annotation= default-backend= tcp= external-name= clusterip= node-port= hard= scopes= \
    min-available= max-unavailable= value= global-default preemption-policy= description= audience= duration= \
    bound-object-kind= bound-object-name= bound-object-uid= aggregation-rule= non-resource-url= target-port= protocol= \
    external-ip= load-balancer-ip= session-affinity= generator= cluster-ip= quiet/q fail-fast";

/// Whether a command changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dry {
    /// It does.
    Live,
    /// It only looks.
    Client,
    /// The server carries it out, and keeps nothing.
    Server,
}

/// One command, read.
struct Kube<'i> {
    at: &'i Invocation,
    given: Given,
    cluster: Cluster,
    dry: Dry,
}

/// Something in the API.
struct Target {
    /// `None` where the type is not known.
    kind: Option<Type>,
    /// `None` for all of the type.
    name: Option<String>,
    namespace: Option<String>,
}

/// Reads an invocation of kubectl, or of a program that takes its words.
pub(super) fn read(at: &Invocation, scene: &mut Scene<'_>) {
    words(at, at.arguments(), scene);
}

/// Reads kubectl's arguments.
pub(super) fn words(at: &Invocation, arguments: &[Word], scene: &mut Scene<'_>) {
    let Some((verb, rest)) = pflag::command(arguments, &[GLOBAL]) else {
        return local(at, scene, "help", Impact::Read);
    };
    let Some(verb) = verb.text().map(std::borrow::Cow::into_owned) else {
        return scene.unknown(at, "the command of kubectl is not known");
    };
    run(at, &verb, &rest, scene);
}

fn run(at: &Invocation, verb: &str, rest: &[Word], scene: &mut Scene<'_>) {
    let kube = |own: &str, mixes: bool, scene: &Scene<'_>| {
        Kube::new(at, pflag::parse(rest, &[own, GLOBAL, COMMON], mixes), scene)
    };
    match verb {
        "exec" | "rsh" | "attach" | "cp" | "rsync" | "port-forward" | "proxy" | "debug" => {
            inside::read(verb, at, rest, scene)
        }
        "logs" | "log" => look::logs(&kube(look::LOGS, true, scene), scene),
        "top" | "events" | "get" | "describe" | "wait" | "diff" | "explain" | "cluster-info" | "version"
        | "api-resources" | "api-versions" | "options" | "completion" | "kustomize" | "help" | "whoami" | "status" => {
            look::read(verb, &kube(look::OWN, true, scene), scene);
        }
        "config" | "auth" | "plugin" | "krew" | "certificate" | "rollout" | "set" | "create" | "adm" | "policy"
        | "secrets" => {
            nested(at, verb, rest, scene);
        }
        "ctx" => super::local::kubectx_words(at, rest, scene),
        "ns" => super::local::kubens_words(at, rest, scene),
        "run" => create::run(&kube(create::RUN, true, scene), scene),
        "expose" => create::expose(&kube("", true, scene), scene),
        "autoscale" => create::autoscale(&kube("", true, scene), scene),
        "drain" | "cordon" | "uncordon" | "taint" => node::read(verb, &kube(node::OWN, true, scene), scene),
        "delete" | "apply" | "replace" | "patch" | "edit" | "scale" | "label" | "annotate" => {
            change::read(verb, &kube("", true, scene), scene);
        }
        other => openshift::read(other, at, rest, scene),
    }
}

/// Commands with commands of their own.
fn nested(at: &Invocation, verb: &str, rest: &[Word], scene: &mut Scene<'_>) {
    let (second, rest) = match pflag::command(rest, &[GLOBAL, if verb == "create" { COMMON } else { "" }]) {
        None => (Word::default(), rest.to_vec()),
        Some(found) => found,
    };
    let Some(second) = second.text().map(std::borrow::Cow::into_owned) else {
        return scene.unknown(at, "the command of kubectl is not known");
    };
    let kube = Kube::new(at, pflag::parse(&rest, &[GLOBAL, COMMON], true), scene);
    if kube.given.help || second == "help" {
        return local(at, scene, verb, Impact::Read);
    }
    match verb {
        "config" => look::config(&second, &kube, scene),
        "auth" => look::auth(&second, &kube, scene),
        "plugin" | "krew" => look::plugin(&second, &kube, scene),
        "certificate" => change::certificate(&second, &kube, scene),
        "rollout" => change::rollout(&second, &kube, scene),
        "set" => change::set(&second, &kube, scene),
        "create" => create::create(&second, &kube, scene),
        _ => openshift::nested(verb, &second, &rest, &kube, scene),
    }
}

/// What concerns the machine that kubectl runs on, and nothing else.
fn local(at: &Invocation, scene: &mut Scene<'_>, what: &str, impact: Impact) {
    scene.effect(at, Effect::new(&format!("kubernetes:client:{what}"), impact, Scope::Local));
}

impl<'i> Kube<'i> {
    fn new(at: &'i Invocation, given: Given, scene: &Scene<'_>) -> Self {
        let word = |name: &str| given.word(name).cloned();
        let chosen = Chosen {
            context: word("context"),
            cluster: word("cluster"),
            server: word("server"),
            kubeconfig: word("kubeconfig"),
        };
        let mut cluster = context::cluster(at, scene, &chosen);
        if let Some(namespace) = given.word("namespace").map(ToString::to_string).filter(|name| !name.is_empty()) {
            cluster.namespace = Some(namespace);
        }
        let dry = match given.word("dry-run").map(|word| word.text()) {
            Some(Some(value)) => match value.as_ref() {
                // Without a value, and as its older form, a client's.
                "client" | "true" | "unchanged" => Dry::Client,
                "server" => Dry::Server,
                _ => Dry::Live,
            },
            _ => Dry::Live,
        };
        Self { at, given, cluster, dry }
    }

    fn chosen(&self) -> Chosen {
        Chosen { kubeconfig: self.given.word("kubeconfig").cloned(), ..Chosen::default() }
    }

    fn namespace(&self) -> String {
        self.cluster.namespace.clone().unwrap_or_else(|| "default".to_owned())
    }

    /// The namespace of objects that are asked for together; none of all of them.
    fn everywhere(&self) -> Option<String> {
        (!self.given.on("all-namespaces")).then(|| self.namespace())
    }

    /// Sends a request, or what the dry run makes of it.
    fn send(&self, scene: &mut Scene<'_>, method: &str, path: &str, body: Option<Value>) {
        let media = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        self.send_as(scene, (method, media), path, body);
    }

    fn send_as(&self, scene: &mut Scene<'_>, (method, media): (&str, &str), path: &str, mut body: Option<Value>) {
        let writes = method != "GET";
        let (mut method, mut url) = (method, format!("{}{path}", self.cluster.server));
        match self.dry {
            Dry::Client if writes && method == "POST" => {
                return local(self.at, scene, "dry-run", Impact::Read);
            }
            Dry::Client if writes => (method, body) = ("GET", None),
            Dry::Server if writes => {
                url.push_str(if path.contains('?') { "&dryRun=All" } else { "?dryRun=All" });
                if let Some(Value::Object(options)) = body.as_mut().filter(|_| method == "DELETE") {
                    options.insert("dryRun".to_owned(), json!(["All"]));
                }
            }
            _ => {}
        }
        let mut headers = vec![];
        if body.is_some() {
            headers.push(("content-type".to_owned(), media.to_owned()));
        }
        let plain = |word: &Word| word.to_string().chars().filter(|c| c.is_ascii_graphic()).collect::<String>();
        for (option, header) in [("as", "impersonate-user"), ("as-group", "impersonate-group")] {
            headers.extend(self.given.word(option).map(|word| (header.to_owned(), plain(word))));
        }
        let body = body.map(|body| body.to_string().into_bytes()).or_else(|| Some(vec![]));
        let known = self.cluster.known();
        let sent = Sent { method: method.to_owned(), url, headers, body, known };
        scene.sends_to(self.at, &sent, &self.cluster.names());
    }

    /// Something that no one request says.
    fn effect(&self, id: &str, impact: Impact, scope: Scope) -> Effect {
        let impact = if self.dry == Dry::Live { impact } else { Impact::Read };
        Effect::new(&format!("kubernetes:{id}"), impact, scope).at(self.cluster.place())
    }

    /// A write whose contents nobody knows: it may do whatever such a write can.
    fn blind(&self, scene: &mut Scene<'_>, verb: &str, impact: Impact, what: &str) {
        let effect = self.effect(&format!("unidentified:{verb}"), impact, Scope::Environment);
        scene.effect(self.at, effect.count(Count::AtLeast(1)).on(what).with("unknown", what));
    }

    /// The same on an object that is known.
    fn unclear(&self, scene: &mut Scene<'_>, target: &Target, verb: &str) {
        let kind = target.kind.clone().unwrap_or_else(|| Type::of("unknown"));
        let group = if kind.group.is_empty() { "core" } else { &kind.group };
        let effect = self.effect(&format!("{group}:{}.{verb}", kind.plural), Impact::Unknown, Scope::Resource);
        scene.effect(self.at, effect.on(target.name.clone().unwrap_or_default()).with("body", "unknown"));
    }

    /// What `TYPE NAME…`, `TYPE/NAME…` and `TYPE,TYPE` stand for.
    fn targets(&self, operands: &[Word]) -> Vec<Target> {
        let Some(first) = operands.first() else { return vec![] };
        let one = |kind: Option<Type>, name: Option<String>| {
            let namespace = if name.is_some() { Some(self.namespace()) } else { self.everywhere() };
            Target { kind, name, namespace }
        };
        let kinds =
            |word: &str| word.split(',').filter(|name| !name.is_empty()).flat_map(types::named).collect::<Vec<_>>();
        if operands.iter().any(|word| word.to_string().contains('/')) {
            let part = |word: &Word| {
                let shown = word.to_string();
                let (kind, name) = shown.split_once('/').unwrap_or((shown.as_str(), ""));
                let known = !kind.contains('$') && !kind.contains('`');
                let name = if name.is_empty() { shown.clone() } else { name.to_owned() };
                let kinds = if known { kinds(kind).into_iter().map(Some).collect() } else { vec![None] };
                kinds.into_iter().map(|kind| one(kind, Some(name.clone()))).collect::<Vec<_>>()
            };
            return operands.iter().flat_map(part).collect();
        }
        let Some(text) = first.text() else {
            return vec![one(None, operands.get(1).map(ToString::to_string))];
        };
        let names = operands.get(1..).unwrap_or_default();
        let mut found = vec![];
        for kind in kinds(&text) {
            if names.is_empty() {
                found.push(one(Some(kind), None));
            } else {
                found.extend(names.iter().map(|name| one(Some(kind.clone()), Some(name.to_string()))));
            }
        }
        found
    }

    /// What `-f` and `-k` hold; `None` when neither is there.
    fn manifests(&self, scene: &Scene<'_>) -> Option<Manifests> {
        let mut all = Manifests::default();
        let recursive = self.given.on("recursive");
        self.given.all("filename").for_each(|word| all.file(word, recursive, self.at, scene));
        self.given.all("kustomize").for_each(|word| all.kustomization(word, self.at, scene));
        (self.given.has("filename") || self.given.has("kustomize")).then_some(all)
    }

    /// Whether it speaks of all objects of a type, or of those that a selector leaves.
    fn selects(&self) -> bool {
        self.given.on("all")
            || self.given.has("selector")
            || self.given.has("field-selector")
            || self.given.on("all-namespaces")
    }

    /// The selectors as a query.
    fn selectors(&self) -> String {
        let encode = |word: &Word| {
            percent_encoding::utf8_percent_encode(&word.to_string(), percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let pairs: Vec<String> = [("selector", "labelSelector"), ("field-selector", "fieldSelector")]
            .into_iter()
            .filter_map(|(option, name)| Some(format!("{name}={}", encode(self.given.word(option)?))))
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

impl Target {
    fn kind(&self) -> Type {
        self.kind.clone().unwrap_or_else(|| Type::of("unknown"))
    }

    /// Its path; a type's own where it has no name.
    fn path(&self, sub: Option<&str>) -> String {
        let name = self.name.as_deref().or(sub.map(|_| "*"));
        self.kind().path(self.namespace.as_deref(), name, sub)
    }

    /// Its path as one object: `*` stands for those that a selector leaves.
    fn object_path(&self) -> String {
        let namespace = self.namespace.as_deref().unwrap_or("*");
        self.kind().path(Some(namespace), Some(self.name.as_deref().unwrap_or("*")), None)
    }
}

/// A hazard of what deletes what is not named.
fn pruning(effect: Effect, what: &str) -> Effect {
    effect.hazard(Hazard::Bulk).count(Count::Unbounded).on(what)
}
