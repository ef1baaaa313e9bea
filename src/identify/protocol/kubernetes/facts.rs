//! From a body, or a part of one, to the facts that decide.
//!
//! Only what is certain counts: a list that may be shorter than the one that is there says nothing, an empty one does.
//! Texts that YAML's parsers take for true or zero count as such.

use serde_json::{Map, Value};

use super::body::Written;
use super::fact::Fact;
use super::patch::Form;
use super::path::{Object, Verb};
use super::pod;
use crate::catalog::kubernetes as catalog;
use crate::model::Parameter;

/// Adds what `value` says of `object` to `written`.
pub(super) fn read(object: &Object, form: Form, value: &Value, written: &mut Written) {
    let changes = matches!(object.verb, Verb::Update | Verb::Patch);
    Sight { object, form, changes, value, written }.read();
}

struct Sight<'a> {
    object: &'a Object,
    form: Form,
    /// It changes what may be there, rather than add to it or delete it.
    changes: bool,
    value: &'a Value,
    written: &'a mut Written,
}

impl<'a> Sight<'a> {
    fn at(&self, pointer: &str) -> Option<&'a Value> {
        self.value.pointer(pointer)
    }

    fn text(&self, pointer: &str) -> Option<&'a str> {
        self.at(pointer).and_then(Value::as_str)
    }

    fn is(&self, group: &str, plural: &str) -> bool {
        self.object.group == group && self.object.plural == plural
    }

    fn mark(&mut self, fact: Fact, holds: bool) {
        if holds && (self.changes || self.object.verb == Verb::Create && fact.holds_for_new()) {
            self.written.facts.insert(fact);
        }
    }

    fn tell(&mut self, name: &str, value: &Value) {
        self.written.parameters.push(Parameter::new(name, short(value)));
    }

    fn read(mut self) {
        let generated = || self.text("/metadata/generateName").map(|prefix| format!("{prefix}*"));
        if let Some(name) = self.text("/metadata/name").map(str::to_owned).or_else(generated) {
            self.written.name = Some(name);
        }
        if matches!(self.object.verb, Verb::Delete | Verb::DeleteCollection) {
            return self.delete_options(self.value);
        }
        if let Some(options) = self.value.get("deleteOptions").filter(|_| self.sub() == Some("eviction")) {
            self.delete_options(options);
        }
        self.annotations();
        self.scale();
        self.guards();
        self.emptied();
        self.nodes_and_namespaces();
        self.volumes();
        self.network();
        self.rights();
        self.custom();
        let host = pod::reaches_host(self.value, self.object.group.contains('.') && !self.built_in());
        self.mark(Fact::HostAccess, host);
    }

    fn sub(&self) -> Option<&'a str> {
        self.object.sub.as_deref()
    }

    /// Null in a patch that takes away what is null. In other forms it may stand for what is not known.
    fn takes_away(&self, value: &Value) -> bool {
        value.is_null() && matches!(self.form, Form::Merge | Form::Strategic)
    }

    /// Whether the API server puts one replica where none are named. In a Scale it leaves them at zero; what a custom
    /// resource has by default is not known.
    fn defaults_to_one(&self) -> bool {
        self.sub().is_none() && matches!(self.object.group.as_str(), "" | "apps" | "extensions")
    }

    fn built_in(&self) -> bool {
        !self.object.group.contains('.') || self.object.group.ends_with(".k8s.io")
    }

    fn delete_options(&mut self, options: &Value) {
        self.written.dry_run |= options.get("dryRun").is_some_and(|run| run == &serde_json::json!(["All"]));
        for name in ["propagationPolicy", "gracePeriodSeconds", "orphanDependents"] {
            if let Some(value) = options.get(name) {
                self.tell(name, value);
            }
        }
    }

    fn annotations(&mut self) {
        let all = self.at("/metadata/annotations").and_then(Value::as_object);
        for (name, value) in all.into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            if let Some(fact) = catalog::annotation(name, &short(value)).and_then(Fact::from_word) {
                self.mark(fact, true);
                self.tell(name, value);
            }
        }
    }

    /// Scale, suspension and restarts.
    fn scale(&mut self) {
        if let Some(replicas) = self.at("/spec/replicas") {
            let one = self.takes_away(replicas) && self.defaults_to_one();
            self.mark(Fact::ScaledToZero, !one && replicas.as_u64().is_none_or(|n| n == 0));
            self.tell("replicas", replicas);
        }
        for name in ["minReplicas", "maxReplicas", "maxReplicaCount", "instances", "nodeCount", "size", "parallelism"] {
            let Some(number) = self.value.get("spec").and_then(|spec| spec.get(name)) else { continue };
            let fact = if name == "parallelism" { Fact::Suspended } else { Fact::ScaledToZero };
            self.mark(fact, is_zero(number));
            if name != "size" {
                self.tell(name, number);
            }
        }
        // Parts of what a custom object runs: brokers, proxies, shards.
        if !self.built_in() && !self.form.repeats() {
            let parts = self.at("/spec").and_then(Value::as_object).into_iter().flat_map(Map::values);
            let stopped = parts.filter_map(|part| part.get("replicas")).any(is_zero);
            self.mark(Fact::ScaledToZero, stopped);
        }
        let suspended = self.at("/spec/suspend").is_some_and(|suspend| suspend != &Value::Bool(false));
        self.mark(Fact::Suspended, suspended);
        if self.object.verb == Verb::Patch && !self.form.repeats() {
            let renewed = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
            self.mark(Fact::Restarted, self.at(renewed).is_some_and(|at| !at.is_null()));
            self.mark(Fact::Restarted, self.is("argoproj.io", "rollouts") && self.text("/spec/restartAt").is_some());
            let elsewhere = ["nodeSelector", "affinity"];
            let pods = self.at("/spec/template/spec");
            let moves = pods.is_some_and(|spec| elsewhere.iter().any(|name| spec.get(name).is_some()));
            self.mark(Fact::Withdrawn, moves && self.is("apps", "daemonsets"));
        }
    }

    /// Finalizers and owners.
    fn guards(&mut self) {
        let drops = self.form != Form::Json && drops_finalizers(self.value);
        // Guarded since they were made: an object without the guard is one that loses it.
        let guarded = matches!(
            self.object.plural.as_str(),
            "persistentvolumeclaims" | "persistentvolumes" | "volumesnapshots" | "volumesnapshotcontents"
        );
        let bare = self.form == Form::Whole && self.sub().is_none() && self.at("/metadata/finalizers").is_none();
        self.mark(Fact::Unguarded, drops || guarded && bare);
        let owners = self.object.verb == Verb::Patch && self.at("/metadata/ownerReferences").is_some();
        self.mark(Fact::Disowned, owners);
    }

    /// The spec, or all data, is gone.
    fn emptied(&mut self) {
        if self.form == Form::Json || self.sub().is_some() {
            return;
        }
        let gone = |part: &Value| part.is_null() || part.get("$patch").is_some_and(|directive| directive == "delete");
        let parts = ["spec", "data", "binaryData"];
        let cleared = parts.iter().any(|name| self.value.get(name).is_some_and(gone));
        let keeps = self.value.get("$retainKeys").and_then(Value::as_array);
        let dropped = keeps.is_some_and(|keys| !keys.iter().any(|key| parts.iter().any(|part| key == part)));
        let holds_data = self.is("", "configmaps") || self.is("", "secrets");
        let full = |name: &&str| self.value.get(*name).and_then(Value::as_object).is_some_and(|map| !map.is_empty());
        let bare = self.form == Form::Whole && !["data", "binaryData", "stringData"].iter().any(full);
        // Another form of null: a Whole object of another kind may well have no spec.
        let whole = self.form == Form::Whole;
        self.mark(Fact::Emptied, cleared && !whole || dropped || holds_data && bare);
    }

    fn nodes_and_namespaces(&mut self) {
        if self.is("", "nodes") {
            // `kubectl uncordon` takes the flag away.
            let schedulable = |flag: &Value| flag == &Value::Bool(false) || self.takes_away(flag);
            let cordoned = self.at("/spec/unschedulable").is_some_and(|flag| !schedulable(flag));
            let evicting = items(self.at("/spec/taints")).any(evicts);
            self.mark(Fact::Drained, cordoned || evicting);
        }
        if self.is("resource.k8s.io", "devicetaintrules") && self.at("/spec/taint").is_some_and(evicts) {
            self.written.facts.insert(Fact::Drained);
        }
        if self.is("", "namespaces") {
            let labels = self.at("/metadata/labels");
            let cleared = labels.is_some_and(|labels| {
                let bare = labels.as_object().is_some_and(Map::is_empty);
                let directed = ["$patch", "$retainKeys"].iter().any(|name| labels.get(name).is_some());
                labels.is_null() || directed || bare && self.form == Form::Json
            });
            let labels = labels.and_then(Value::as_object);
            let weakens = |(key, level): (&String, &Value)| {
                key.starts_with("pod-security.kubernetes.io/enforce")
                    && (self.object.verb != Verb::Create || level.as_str() == Some("privileged"))
                    || key == "admission.gatekeeper.sh/ignore"
            };
            self.mark(Fact::PodSecurity, labels.is_some_and(|labels| labels.iter().any(weakens)));
            self.mark(Fact::PodSecurity, cleared && self.changes);
        }
    }

    fn volumes(&mut self) {
        if self.is("", "persistentvolumes") {
            let policy = self.text("/spec/persistentVolumeReclaimPolicy");
            self.mark(Fact::Reclaimed, policy.is_some_and(|policy| matches!(policy, "Delete" | "Recycle")));
            let released = match self.form {
                Form::Whole => self.sub().is_none() && self.at("/spec/claimRef").is_none_or(Value::is_null),
                _ => self.at("/spec/claimRef").is_some_and(Value::is_null),
            };
            self.mark(Fact::Detached, released);
        }
        if self.is("apps", "statefulsets") {
            let policies = self.at("/spec/persistentVolumeClaimRetentionPolicy");
            self.mark(Fact::Reclaimed, items(policies).any(|policy| policy == "Delete"));
        }
    }

    fn network(&mut self) {
        if self.is("networking.k8s.io", "networkpolicies") {
            let none = |list: &Value| list.is_null() || list.as_array().is_some_and(Vec::is_empty);
            let open = |rules: &str, peers: &str| {
                items(self.at(rules)).any(|rule| {
                    rule.is_object() && [peers, "ports"].iter().all(|name| rule.get(*name).is_none_or(none))
                })
            };
            let outward = self.object.verb == Verb::Patch && open("/spec/egress", "to");
            self.mark(Fact::Opened, open("/spec/ingress", "from") || outward);
        }
        if self.is("", "services") {
            let kind = self.text("/spec/type");
            let outside = kind.is_some_and(|kind| matches!(kind, "LoadBalancer" | "NodePort"));
            let addresses = items(self.at("/spec/externalIPs")).any(|address| !address.is_null());
            self.mark(Fact::Published, outside || addresses);
            let ranges = self.at("/spec/loadBalancerSourceRanges");
            let any = |range: &Value| matches!(range.as_str(), Some("0.0.0.0/0" | "::/0"));
            let opened = ranges.is_some_and(|list| list.is_null() || list.as_array().is_some_and(Vec::is_empty));
            self.mark(Fact::Opened, opened || items(ranges).any(any));
            if let Some(kind) = self.at("/spec/type") {
                self.tell("type", kind);
            }
        }
    }

    /// RBAC, tokens and what records Helm's releases.
    fn rights(&mut self) {
        for (pointer, name) in [("/roleRef/kind", "roleRef.kind"), ("/roleRef/name", "roleRef.name")] {
            if let Some(text) = self.at(pointer) {
                self.tell(name, text);
            }
        }
        for name in ["subjects", "rules"] {
            if let Some(list) = self.value.get(name).filter(|list| !list.is_null()) {
                self.tell(name, list);
            }
        }
        if self.object.group == "rbac.authorization.k8s.io" {
            let anybody = |subject: &Value| {
                matches!(
                    subject.get("name").and_then(Value::as_str),
                    Some("system:anonymous" | "system:unauthenticated" | "system:authenticated")
                )
            };
            let subjects = self.value.get("subjects");
            self.mark(Fact::Anybody, items(subjects).any(anybody) || subjects.is_some_and(anybody));
        }
        if self.is("", "secrets") {
            let kind = self.text("/type");
            let of_account = kind == Some("kubernetes.io/service-account-token");
            self.mark(Fact::Token, of_account && self.object.verb == Verb::Create);
            self.mark(Fact::Record, kind == Some("helm.sh/release.v1"));
        }
        if self.is("", "configmaps") {
            let owner = ["owner", "OWNER"].iter().find_map(|name| self.text(&format!("/metadata/labels/{name}")));
            self.mark(Fact::Record, matches!(owner, Some("helm" | "TILLER")));
        }
    }

    /// Objects that make controllers delete.
    fn custom(&mut self) {
        if self.is("argoproj.io", "applications") {
            let on = |pointer: &str| self.at(pointer).is_some_and(pod::is_true);
            let pruned = on("/operation/sync/prune");
            let forced =
                on("/operation/sync/syncStrategy/apply/force") || on("/operation/sync/syncStrategy/hook/force");
            let replaced = items(self.at("/operation/sync/syncOptions"))
                .any(|option| matches!(option.as_str(), Some("Replace=true" | "Force=true")));
            self.mark(Fact::Discarded, pruned);
            self.mark(Fact::Recreated, forced || replaced);
        }
    }
}

fn evicts(taint: &Value) -> bool {
    taint.get("effect").is_some_and(|effect| effect == "NoExecute")
}

/// 0, in whichever notation; null is the default of what has one, and is not.
fn is_zero(number: &Value) -> bool {
    match number {
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.contains('0') && text.bytes().all(|b| b"0xXoObB_.+-".contains(&b)),
        _ => false,
    }
}

fn short(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The elements of a list, or, for what a JSON patch put at an index, the values of an object.
pub(super) fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    let nested = value.and_then(Value::as_object).into_iter().flat_map(Map::values);
    list.chain(nested)
}

/// Writes that empty the finalizers, delete from them, or replace what holds them.
fn drops_finalizers(value: &Value) -> bool {
    let without = |holder: &Value, name: &str| {
        let keeps = holder.get("$retainKeys").and_then(Value::as_array);
        keeps.is_some_and(|keys| !keys.iter().any(|key| key == name))
    };
    if value.get("$patch").is_some() || value.get("metadata").is_some_and(Value::is_null) || without(value, "metadata")
    {
        return true;
    }
    let Some(metadata) = value.get("metadata").and_then(Value::as_object) else { return false };
    let emptied = |list: &Value| list.is_null() || list.as_array().is_some_and(Vec::is_empty);
    metadata.get("finalizers").is_some_and(emptied)
        || metadata.contains_key("$deleteFromPrimitiveList/finalizers")
        || metadata.get("$patch").is_some()
        || value.get("metadata").is_some_and(|metadata| without(metadata, "finalizers"))
}
