//! Blast radius of Kubernetes calls: verb and kind, and what the body adds.

use crate::identify::Reading;
use crate::identify::protocol::kubernetes::{Call, Object, Target, Verb, is_review};
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
    let scope = scope(object);
    if object.verb.reads() {
        let blast = BlastRadius::new(Impact::Read, scope);
        return if object.plural == "secrets" && object.group.is_empty() {
            blast.hazard(Hazard::SecretRead)
        } else {
            blast
        };
    }
    if call.dry_run || is_review(object) {
        return BlastRadius::new(Impact::Read, scope);
    }
    let mut blast = BlastRadius::new(impact(call, object), scope);
    if maps_identities(call, object) {
        blast.impact = blast.impact.stricter(Impact::Permission);
        blast.scope = Scope::Account;
        blast = blast.hazard(Hazard::Privilege);
    }
    match object.verb {
        Verb::DeleteCollection => blast = blast.hazard(Hazard::Bulk),
        // Somebody's controller brings a managed pod or replica set back.
        Verb::Delete if matches!(object.plural.as_str(), "pods" | "replicasets" | "nodes") => {
            blast.reversible = Reversible::Partly;
        }
        _ => {}
    }
    hazards(call, object, blast)
}

/// The config map in which EKS keeps which IAM roles are who in the cluster.
fn maps_identities(call: &Call, object: &Object) -> bool {
    let named = object.name.as_deref().or(call.written.name.as_deref());
    object.group.is_empty()
        && object.plural == "configmaps"
        && object.namespace.as_deref() == Some("kube-system")
        && named == Some("aws-auth")
}

/// What the verb does, or, where it is stricter, what the kind, the subresource or the body makes of it.
fn impact(call: &Call, object: &Object) -> Impact {
    let written = &call.written;
    let base = match object.verb {
        Verb::Get | Verb::List | Verb::Watch => Impact::Read,
        Verb::Create => Impact::Create,
        Verb::Update | Verb::Patch => Impact::Update,
        Verb::Delete | Verb::DeleteCollection => Impact::Destroy,
        Verb::Connect => Impact::Execute,
    };
    // Grants and revocations alike, so a deleted binding is a permission too; a whole collection of them is destroyed.
    let base = if governs(object) && object.verb != Verb::DeleteCollection { Impact::Permission } else { base };
    let mut impact = object.sub.as_deref().map_or(base, |sub| base.stricter(subresource(object, sub)));
    let changes = matches!(object.verb, Verb::Update | Verb::Patch);
    for (holds, stricter) in [
        (changes && (written.scaled_to_zero || written.restarted || written.suspended), Impact::Disrupt),
        (written.drained && changes, Impact::Disrupt),
        (written.host_access, Impact::Execute),
        (written.pod_security || written.opened || written.token, Impact::Permission),
        (written.reclaimed, Impact::Disrupt),
        (written.disowned, Impact::Destroy),
        (written.unguarded, Impact::Destroy),
    ] {
        if holds {
            impact = impact.stricter(stricter);
        }
    }
    impact
}

/// What a write to a subresource does beyond its verb.
fn subresource(object: &Object, sub: &str) -> Impact {
    match (object.plural.as_str(), sub) {
        ("pods", "eviction") => Impact::Disrupt,
        ("pods", "ephemeralcontainers") => Impact::Execute,
        ("namespaces", "finalize") => Impact::Destroy,
        ("serviceaccounts", "token") | ("certificatesigningrequests", "approval") => Impact::Permission,
        (_, "stop" | "restart" | "reboot" | "pause" | "freeze" | "softreboot" | "reset") => Impact::Disrupt,
        _ => Impact::Update,
    }
}

/// Kinds that say who may do what, or what the API server lets through.
fn governs(object: &Object) -> bool {
    match object.group.as_str() {
        "rbac.authorization.k8s.io" | "admissionregistration.k8s.io" | "authorization.openshift.io" => true,
        "security.openshift.io" => object.plural == "securitycontextconstraints",
        "certificates.k8s.io" => object.plural != "certificatesigningrequests" || object.sub.is_some(),
        "policy" | "extensions" => object.plural == "podsecuritypolicies",
        _ => false,
    }
}

fn scope(object: &Object) -> Scope {
    if object.verb == Verb::DeleteCollection {
        return if object.namespace.is_some() { Scope::Environment } else { Scope::Account };
    }
    match (object.group.as_str(), object.plural.as_str()) {
        ("", "namespaces") => Scope::Environment,
        ("" | "events.k8s.io", "events") | ("coordination.k8s.io", "leases") => Scope::Item,
        ("", "secrets") if object.name.as_deref().is_some_and(|name| name.starts_with("sh.helm.release.v1.")) => {
            Scope::Item
        }
        ("rbac.authorization.k8s.io", "clusterroles" | "clusterrolebindings") => Scope::Account,
        (
            "apiextensions.k8s.io"
            | "apiregistration.k8s.io"
            | "admissionregistration.k8s.io"
            | "flowcontrol.apiserver.k8s.io"
            | "certificates.k8s.io",
            _,
        ) => Scope::Account,
        (_, "storageclasses" | "priorityclasses" | "ingressclasses" | "runtimeclasses" | "csidrivers") => {
            Scope::Account
        }
        (_, "podsecuritypolicies" | "securitycontextconstraints") => Scope::Account,
        // Objects that stand for everything they deploy.
        ("argoproj.io", "applications" | "applicationsets")
        | ("helm.toolkit.fluxcd.io", "helmreleases")
        | ("kustomize.toolkit.fluxcd.io", "kustomizations")
        | ("cluster.x-k8s.io", "clusters") => Scope::Environment,
        // Custom kinds that hold for the whole cluster announce it: ClusterPolicy, ClusterIssuer, ClusterSecretStore.
        (_, plural) if object.namespace.is_none() && plural.starts_with("cluster") => Scope::Account,
        _ if object.sub.as_deref() == Some("status") => Scope::Item,
        _ => Scope::Resource,
    }
}

fn hazards(call: &Call, object: &Object, mut blast: BlastRadius) -> BlastRadius {
    let destroys = matches!(blast.impact, Impact::Destroy);
    let plural = object.plural.as_str();
    let governs_now = blast.impact == Impact::Permission && object.verb != Verb::Delete;
    for (holds, hazard) in [
        (governs_now || call.written.host_access, Hazard::Privilege),
        (
            destroys
                && matches!(
                    plural,
                    "namespaces" | "persistentvolumeclaims" | "persistentvolumes" | "customresourcedefinitions"
                ),
            Hazard::DataLoss,
        ),
        (
            destroys
                && matches!(
                    plural,
                    "volumesnapshots" | "volumesnapshotcontents" | "backups" | "schedules" | "scheduledbackups"
                ),
            Hazard::BackupLoss,
        ),
        (
            matches!(
                plural,
                "services"
                    | "ingresses"
                    | "endpoints"
                    | "endpointslices"
                    | "httproutes"
                    | "gateways"
                    | "virtualservices"
            ) && object.verb != Verb::Create,
            Hazard::Traffic,
        ),
        (destroys && plural == "networkpolicies" || call.written.opened, Hazard::Exposure),
        (plural == "serviceaccounts" && object.sub.as_deref() == Some("token"), Hazard::SecretRead),
    ] {
        if holds {
            blast = blast.hazard(hazard);
        }
    }
    blast
}
