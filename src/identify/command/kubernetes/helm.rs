//! helm: releases of charts. It sends many requests for one command; the release is what it acts upon.

use super::context::{self, Chosen};
use super::pflag::{self, Given};
use super::{Invocation, Scene};
use crate::identify::command::{Effect, Word};
use crate::model::{Hazard, Impact, Place, Reversible, Scope};

const GLOBAL: &str = "burst-limit= color= colour= debug kube-apiserver= kube-as-group= kube-as-user= kube-ca-file= kube-context= \
    kube-insecure-skip-tls-verify kube-tls-server-name= kube-token= kubeconfig= namespace/n= qps= registry-config= \
    repository-cache= repository-config= content-cache=";
const COMMON: &str = "values/f= set= set-string= set-file= set-json= set-literal= version= repo= username= password= ca-file= \
    cert-file= key-file= keyring= output/o= timeout= wait=?watcher wait-for-jobs atomic rollback-on-failure \
    dry-run=?client install/i force force-replace reset-values reuse-values reset-then-reuse-values history-max= description= \
    labels/l= post-renderer= post-renderer-args= name-template= generate-name/g create-namespace cascade= keep-history no-hooks \
    ignore-not-found revision= all/a all-namespaces/A filter/f= max/m= offset= selector/l= short/q date/d reverse/r \
    destination/d= untardir/d= untar devel api-versions/a= kube-version= output-dir= show-only/s= logs hide-notes hide-secret \
    cleanup-on-fail skip-crds verify password-stdin plain-http insecure";

/// Reads an invocation of helm.
pub(super) fn read(at: &Invocation, scene: &mut Scene<'_>) {
    words(at, at.arguments(), scene);
}

fn words(at: &Invocation, arguments: &[Word], scene: &mut Scene<'_>) {
    let Some((verb, rest)) = pflag::command(arguments, &[GLOBAL]) else {
        return local(at, scene, "help", Impact::Read);
    };
    let Some(verb) = verb.text().map(std::borrow::Cow::into_owned) else {
        return scene.unknown(at, "the command of helm is not known");
    };
    if verb == "secrets"
        && rest.first().is_some_and(|word| {
            matches!(
                word.text().as_deref(),
                Some("upgrade" | "install" | "uninstall" | "rollback" | "template" | "diff" | "lint")
            )
        })
    {
        // A plugin that decrypts values for the command behind it.
        return words(at, &rest, scene);
    }
    let given = pflag::parse(&rest, &[own(&verb), GLOBAL, COMMON], true);
    if given.help {
        return local(at, scene, &verb, Impact::Read);
    }
    if let Some(program) = given.word("post-renderer") {
        scene.invocation(&at.with_words(vec![program.clone()]));
    }
    let release = Release { at, given, verb: &verb };
    match verb.as_str() {
        "install" | "upgrade" | "uninstall" | "delete" | "del" | "un" | "rollback" | "test" => release.changes(scene),
        "list" | "ls" | "status" | "history" | "hist" | "get" => release.reads(scene),
        "diff" if !rest.is_empty() => release.reads(scene),
        "push" | "cm-push" => release.push(scene),
        "plugin" => release.plugin(scene),
        "repo" | "registry" | "dependency" | "dep" | "dependencies" | "pull" | "fetch" | "package" | "create"
        | "verify" => {
            local(at, scene, &verb, Impact::Update);
        }
        "template" | "lint" | "show" | "inspect" | "search" | "version" | "env" | "completion" | "help"
        | "unittest" | "docs" | "schema-gen" | "schema" => local(at, scene, &verb, Impact::Read),
        "secrets" => {
            let effect = Effect::new("helm:client:secrets", Impact::Update, Scope::Local);
            scene.effect(at, effect.hazard(Hazard::SecretRead));
        }
        "mapkubeapis" | "adopt" | "release" => release.effect("update", Impact::Update, Scope::Resource, scene),
        _ => scene.unknown(at, "a command or plugin of helm that is not known"),
    }
}

/// Letters that mean something else in one command.
fn own(verb: &str) -> &'static str {
    match verb {
        "list" | "ls" => "filter/f= selector/l= date/d reverse/r all/a max/m= output/o= time-format=",
        "uninstall" | "delete" | "del" | "un" | "rollback" | "test" => {
            "dry-run=?client wait=?watcher filter= force recreate-pods"
        }
        "package" => "destination/d= sign key= app-version= dependency-update/u",
        "template" => "api-versions/a= is-upgrade include-crds validate skip-tests dry-run=?client release-name",
        _ => {
            "devel dependency-update enable-dns disable-openapi-validation take-ownership server-side=?true force-conflicts render-subchart-notes skip-schema-validation replace"
        }
    }
}

fn local(at: &Invocation, scene: &mut Scene<'_>, what: &str, impact: Impact) {
    scene.effect(at, Effect::new(&format!("helm:client:{what}"), impact, Scope::Local));
}

struct Release<'i> {
    at: &'i Invocation,
    given: Given,
    verb: &'i str,
}

impl Release<'_> {
    fn place(&self, scene: &Scene<'_>) -> Place {
        let or = |name: &str, variable: &str| {
            self.given.word(name).cloned().or_else(|| scene.variable(self.at, variable)).filter(|word| !word.is(""))
        };
        let chosen = Chosen {
            context: or("kube-context", "HELM_KUBECONTEXT"),
            cluster: None,
            server: or("kube-apiserver", "HELM_KUBEAPISERVER"),
            kubeconfig: self.given.word("kubeconfig").cloned(),
        };
        let mut cluster = context::cluster(self.at, scene, &chosen);
        if let Some(namespace) = or("namespace", "HELM_NAMESPACE") {
            cluster.namespace = Some(namespace.to_string());
        }
        cluster.place()
    }

    fn effect(&self, verb: &str, impact: Impact, scope: Scope, scene: &mut Scene<'_>) {
        let effect = Effect::new(&format!("helm:release:{verb}"), impact, scope).at(self.place(scene));
        scene.effect(self.at, effect.on(self.given.operand(0).unwrap_or_default()));
    }

    /// `--dry-run` without a value, and with one that says so.
    fn is_dry(&self) -> bool {
        let value = self.given.text("dry-run");
        value.is_some_and(|value| {
            matches!(value.as_str(), "client" | "server" | "true" | "1" | "t" | "T" | "TRUE" | "True")
        })
    }

    fn changes(&self, scene: &mut Scene<'_>) {
        let verb = match self.verb {
            "delete" | "del" | "un" => "uninstall",
            verb => verb,
        };
        let place = self.place(scene);
        let (impact, scope) = match verb {
            _ if self.is_dry() && verb != "test" => (Impact::Read, Scope::Resource),
            "install" => (Impact::Create, Scope::Resource),
            "upgrade" if self.given.on("force") || self.given.on("force-replace") => (Impact::Disrupt, Scope::Resource),
            "upgrade" => (Impact::Update, Scope::Resource),
            "rollback" => (Impact::Disrupt, Scope::Resource),
            "test" => (Impact::Execute, Scope::Resource),
            _ => (Impact::Destroy, Scope::Environment),
        };
        let names: Vec<&Word> = match verb {
            "uninstall" => self.given.operands.iter().collect(),
            _ => self.given.operands.first().into_iter().collect(),
        };
        let mut effect = Effect::new(&format!("helm:release:{verb}"), impact, scope).at(place);
        for name in names {
            effect = effect.on(name.to_string());
        }
        match impact {
            Impact::Destroy => effect = effect.reversible(Reversible::Partly).hazard(Hazard::DataLoss),
            Impact::Disrupt if verb == "upgrade" || self.given.on("force") || self.given.on("recreate-pods") => {
                effect = effect.hazard(Hazard::Replace)
            }
            _ => {}
        }
        scene.effect(self.at, effect);
    }

    fn reads(&self, scene: &mut Scene<'_>) {
        let what = self.given.operand(0).unwrap_or_default();
        let verb = match self.verb {
            "ls" => "list",
            "hist" => "history",
            verb => verb,
        };
        let mut effect =
            Effect::new(&format!("helm:release:{verb}"), Impact::Read, Scope::Resource).at(self.place(scene));
        // Values and manifests hold what was given to the release, secrets among them.
        if verb == "get" && matches!(what.as_str(), "all" | "values" | "manifest") {
            effect = effect.hazard(Hazard::SecretRead);
        }
        scene.effect(self.at, effect.on(what));
    }

    /// A chart goes to a registry.
    fn push(&self, scene: &mut Scene<'_>) {
        let to = self.given.operand(1).unwrap_or_default();
        let host = to.split_once("://").map_or(to.as_str(), |(_, rest)| rest).split('/').next().unwrap_or_default();
        let bare = host.split(':').next().unwrap_or_default();
        let loopback = matches!(bare, "localhost" | "127.0.0.1");
        let place = Place { host: Some(bare.to_owned()), loopback, ..Place::default() };
        scene.effect(self.at, Effect::new("helm:chart:push", Impact::Update, Scope::Resource).at(place).on(to));
    }

    /// A plugin's install runs what it brings.
    fn plugin(&self, scene: &mut Scene<'_>) {
        let impact = match self.given.operand(0).as_deref() {
            Some("install" | "add" | "update" | "up") => Impact::Execute,
            Some("uninstall" | "rm" | "remove") => Impact::Update,
            _ => Impact::Read,
        };
        local(self.at, scene, "plugin", impact);
    }
}
