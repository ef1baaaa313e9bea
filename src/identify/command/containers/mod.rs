//! docker, podman and compose: what they ask of which engine, and what runs in containers.

mod compose;
mod docker;
mod engine;
mod run;

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[
    ("docker", docker::read),
    ("com.docker.cli", docker::read),
    ("podman", docker::read),
    ("podman-remote", docker::read),
    ("nerdctl", docker::read),
    ("nerdctl.lima", docker::read),
    ("finch", docker::read),
    ("docker-compose", compose::alone),
    ("podman-compose", compose::alone),
];

/// Images whose arguments are those of one program, by their names without registry, tag and digest.
const ENTRYPOINTS: &[(&str, &str)] = &[
    ("alpine/git", "git"),
    ("alpine/helm", "helm"),
    ("alpine/kubectl", "kubectl"),
    ("alpine/terragrunt", "terragrunt"),
    ("amazon/aws-cli", "aws"),
    ("aws-cli/aws-cli", "aws"),
    ("bitnami/kubectl", "kubectl"),
    ("bitnamilegacy/kubectl", "kubectl"),
    ("curlimages/curl", "curl"),
    ("digitalocean/doctl", "doctl"),
    ("eksctl/eksctl", "eksctl"),
    ("flyio/flyctl", "flyctl"),
    ("flyway/flyway", "flyway"),
    ("fluxcd/flux-cli", "flux"),
    ("hashicorp/packer", "packer"),
    ("hashicorp/terraform", "terraform"),
    ("hashicorp/vault", "vault"),
    ("hashicorp/consul", "consul"),
    ("hashicorp/nomad", "nomad"),
    ("kubectl", "kubectl"),
    ("lachlanevenson/k8s-kubectl", "kubectl"),
    ("lachlanevenson/k8s-helm", "helm"),
    ("liquibase/liquibase", "liquibase"),
    ("migrate/migrate", "migrate"),
    ("minio/mc", "mc"),
    ("opentofu/opentofu", "tofu"),
    ("pulumi/pulumi", "pulumi"),
    ("rancher/kubectl", "kubectl"),
    ("rclone/rclone", "rclone"),
    ("restic/restic", "restic"),
    ("velero/velero", "velero"),
];

/// The program that an image starts with, where its arguments are that program's.
pub(super) fn entrypoint(image: &str) -> Option<&'static str> {
    let bare = image.split('@').next().unwrap_or(image);
    // A tag stands behind the last slash; what is before it may be a registry's port.
    let (folder, last) = bare.rsplit_once('/').map_or(("", bare), |(folder, last)| (folder, last));
    let last = last.split(':').next().unwrap_or(last);
    let owner = folder.rsplit('/').next().filter(|owner| !owner.contains(['.', ':']));
    let name = owner.map_or_else(
        || last.to_owned(),
        |owner| if owner.is_empty() { last.to_owned() } else { format!("{owner}/{last}") },
    );
    ENTRYPOINTS.iter().find(|(known, _)| *known == name).map(|(_, program)| *program)
}

#[cfg(test)]
mod tests;
