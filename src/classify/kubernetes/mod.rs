//! Blast radius of Kubernetes calls: verb and kind, and what the body adds.

mod facts;

use crate::catalog::kubernetes::{Kind, kind};
use crate::identify::Reading;
use crate::identify::protocol::kubernetes::{Call, Fact, Object, Target, Verb, is_review};
use crate::model::{BlastRadius, Hazard, Impact, Reversible, Scope};

/// What it would do.
pub(super) fn blast_radius(reading: &Reading, call: &Call) -> BlastRadius {
    let mut blast = match &call.target {
        Target::Server(_) => BlastRadius::new(Impact::Read, Scope::Resource),
        Target::Unidentified => BlastRadius::new(Impact::Unknown, Scope::Environment),
        Target::Object(object) => object_blast(call, object),
    };
    blast.count = reading.count;
    if call.impersonates {
        blast = blast.hazard(Hazard::Privilege);
    }
    blast
}

fn object_blast(call: &Call, object: &Object) -> BlastRadius {
    let known = kind(&object.group, &object.plural);
    let scope = scope(call, object, known);
    if object.verb.reads() {
        let blast = BlastRadius::new(Impact::Read, scope);
        let secret = object.plural == "secrets" && object.group.is_empty() && !call.metadata_only;
        return if secret { blast.hazard(Hazard::SecretRead) } else { blast };
    }
    if call.dry_run || is_review(object) {
        return BlastRadius::new(Impact::Read, scope);
    }
    let mut blast = BlastRadius::new(facts::impact(call, impact(object, known)), scope);
    if maps_identities(call, object) {
        blast.impact = blast.impact.stricter(Impact::Permission);
        blast.scope = Scope::Account;
        blast = blast.hazard(Hazard::Privilege);
    }
    match object.verb {
        Verb::DeleteCollection => blast = blast.hazard(Hazard::Bulk),
        // Somebody's controller brings a managed pod or replica set back; what a release holds runs on without its record.
        Verb::Delete
            if matches!(object.plural.as_str(), "pods" | "replicasets" | "nodes") || is_record(call, object) =>
        {
            blast.reversible = Reversible::Partly;
        }
        _ => {}
    }
    hazards(call, object, known, blast)
}

/// The config map in which EKS keeps which IAM roles are who in the cluster.
fn maps_identities(call: &Call, object: &Object) -> bool {
    object.group.is_empty()
        && object.plural == "configmaps"
        && object.namespace.as_deref() == Some("kube-system")
        && name(call, object) == Some("aws-auth")
}

fn name<'a>(call: &'a Call, object: &'a Object) -> Option<&'a str> {
    object.name.as_deref().or(call.written.name.as_deref())
}

/// What Helm remembers of one revision of a release: nothing that runs goes with it, only the way back to the revision.
fn is_record(call: &Call, object: &Object) -> bool {
    let named = name(call, object).is_some_and(|name| name.starts_with("sh.helm.release.v1."));
    object.group.is_empty()
        && (object.plural == "secrets" && named || call.written.facts.contains(Fact::Record))
        && object.verb != Verb::DeleteCollection
}

/// What the verb does, or what the kind and the subresource make of it.
fn impact(object: &Object, known: Option<Kind>) -> Impact {
    let base = match object.verb {
        Verb::Get | Verb::List | Verb::Watch => Impact::Read,
        Verb::Create => Impact::Create,
        Verb::Update | Verb::Patch => Impact::Update,
        Verb::Delete | Verb::DeleteCollection => Impact::Destroy,
        Verb::Connect => Impact::Execute,
    };
    // Grants and revocations alike, so a deleted binding is a permission too; a whole collection of them is destroyed.
    let base = known.and_then(|kind| kind.impact(object.verb.as_str())).unwrap_or(base);
    object.sub.as_deref().map_or(base, |sub| base.stricter(subresource(object, sub)))
}

/// What a write to a subresource does beyond its verb.
fn subresource(object: &Object, sub: &str) -> Impact {
    match (object.plural.as_str(), sub) {
        (_, "eviction") => Impact::Disrupt,
        ("pods", "ephemeralcontainers") => Impact::Execute,
        ("namespaces", "finalize") => Impact::Destroy,
        ("serviceaccounts", "token") | ("certificatesigningrequests", "approval" | "status") => Impact::Permission,
        // Of virtual machines and OpenShift's deployments.
        (
            _,
            "stop" | "restart" | "reboot" | "pause" | "freeze" | "softreboot" | "reset" | "rollback" | "removevolume",
        ) => Impact::Disrupt,
        _ => Impact::Update,
    }
}

fn scope(call: &Call, object: &Object, known: Option<Kind>) -> Scope {
    let own = known.and_then(Kind::scope);
    if object.verb == Verb::DeleteCollection {
        return match (object.namespace.is_some(), own) {
            (true, Some(Scope::Item)) => Scope::Resource,
            (true, _) | (false, Some(Scope::Item)) => Scope::Environment,
            (false, _) => Scope::Account,
        };
    }
    let status = object.sub.as_deref() == Some("status");
    match (object.plural.as_str(), object.sub.as_deref()) {
        // Who is signed is trusted everywhere.
        ("certificatesigningrequests", Some(_)) => Scope::Account,
        _ if is_record(call, object) => Scope::Item,
        _ if let Some(own) = own => own,
        // Custom kinds that hold for the whole cluster announce it: ClusterPolicy, ClusterIssuer, ClusterSecretStore.
        (plural, _) if object.namespace.is_none() && known.is_none() && plural.starts_with("cluster") => Scope::Account,
        _ if status => Scope::Item,
        _ if serves_the_cluster(object) => Scope::Environment,
        _ => Scope::Resource,
    }
}

/// Whether what changes serves every namespace: DNS, the network and the cloud controllers run in the system's. A pod of
/// theirs is one of several.
fn serves_the_cluster(object: &Object) -> bool {
    let changes = matches!(object.verb, Verb::Update | Verb::Patch | Verb::Delete);
    let system = |name: &str| name == "kube-system" || name.starts_with("openshift-");
    changes && object.plural != "pods" && object.namespace.as_deref().is_some_and(system)
}

fn hazards(call: &Call, object: &Object, known: Option<Kind>, mut blast: BlastRadius) -> BlastRadius {
    let destroys = blast.impact == Impact::Destroy;
    let plural = object.plural.as_str();
    let unlisted = known.is_none() && object.group.contains('.');
    blast.hazards = blast.hazards.union(facts::hazards(call));
    if let Some(kind) = known {
        if destroys {
            blast.hazards = blast.hazards.union(kind.destroyed());
        }
        if object.verb != Verb::Create {
            blast.hazards = blast.hazards.union(kind.changed());
        }
    }
    let governs = blast.impact == Impact::Permission && object.verb != Verb::Delete;
    for (holds, hazard) in [
        (governs, Hazard::Privilege),
        // Kinds that nobody listed, by their names.
        (destroys && unlisted && is_backup(plural), Hazard::BackupLoss),
        (unlisted && is_way_in(plural) && object.verb != Verb::Create, Hazard::Traffic),
        (plural == "serviceaccounts" && object.sub.as_deref() == Some("token"), Hazard::SecretRead),
    ] {
        if holds {
            blast = blast.hazard(hazard);
        }
    }
    blast
}

fn is_backup(plural: &str) -> bool {
    plural.ends_with("backups") || plural.ends_with("snapshots") || matches!(plural, "schedules" | "snapshotcontents")
}

fn is_way_in(plural: &str) -> bool {
    matches!(plural, "ingresses" | "ingressroutes" | "httproutes" | "gateways" | "virtualservices" | "routes")
}
