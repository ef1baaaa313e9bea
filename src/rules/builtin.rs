//! The packs of `rules/`, compiled in. A file that is not on this list is not part of the program; a test compares.

use super::{Layer, Source};

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$((concat!("rules/", $path), include_str!(concat!("../../rules/", $path)))),+]
    };
}

/// Path and text of every file.
const FILES: &[(&str, &str)] = files![
    "aws/access-key-create.yaml",
    "aws/account-close.yaml",
    "aws/admin-grant.yaml",
    "aws/bucket-delete.yaml",
    "aws/bucket-empty.yaml",
    "aws/bucket-public.yaml",
    "aws/cluster-delete.yaml",
    "aws/control-policy-off.yaml",
    "aws/database-delete.yaml",
    "aws/database-public.yaml",
    "aws/delete-stack.yaml",
    "aws/delete-table.yaml",
    "aws/dns-zone-delete.yaml",
    "aws/final-snapshot-skipped.yaml",
    "aws/identity-delete.yaml",
    "aws/instance-terminate.yaml",
    "aws/log-group-delete.yaml",
    "aws/open-security-group.yaml",
    "aws/org-leave.yaml",
    "aws/pack.yaml",
    "aws/protection-off.yaml",
    "aws/queue-purge.yaml",
    "aws/scale-to-zero.yaml",
    "aws/secret-force-delete.yaml",
    "aws/silent-expiry.yaml",
    "aws/snapshot-delete.yaml",
    "aws/snapshot-public.yaml",
    "aws/terminate-environment.yaml",
    "azure/app-credential.yaml",
    "azure/app-delete.yaml",
    "azure/cluster-delete.yaml",
    "azure/complete-mode.yaml",
    "azure/database-delete.yaml",
    "azure/dns-zone-delete.yaml",
    "azure/lock-delete.yaml",
    "azure/open-network-rule.yaml",
    "azure/pack.yaml",
    "azure/public-storage.yaml",
    "azure/resource-group-delete.yaml",
    "azure/role-assignment.yaml",
    "azure/storage-account-delete.yaml",
    "azure/subscription-cancel.yaml",
    "azure/vault-delete.yaml",
    "base/audit-off.yaml",
    "base/backup-loss.yaml",
    "base/bulk.yaml",
    "base/delete-and-recreate.yaml",
    "base/environment-destroy.yaml",
    "base/exposure.yaml",
    "base/guard-tamper.yaml",
    "base/key-loss.yaml",
    "base/limits.yaml",
    "base/matrix.yaml",
    "base/pack.yaml",
    "base/privilege.yaml",
    "base/rest-delete.yaml",
    "base/traffic.yaml",
    "base/unknown-operation.yaml",
    "docker/host-takeover.yaml",
    "docker/local-volumes.yaml",
    "docker/pack.yaml",
    "docker/remote-prune.yaml",
    "gcp/billing-unlink.yaml",
    "gcp/bucket-delete.yaml",
    "gcp/cluster-delete.yaml",
    "gcp/database-delete.yaml",
    "gcp/dataset-delete.yaml",
    "gcp/deletion-protection-off.yaml",
    "gcp/disk-delete.yaml",
    "gcp/dns-zone-delete.yaml",
    "gcp/open-firewall.yaml",
    "gcp/pack.yaml",
    "gcp/project-access.yaml",
    "gcp/project-delete.yaml",
    "gcp/public-access.yaml",
    "gcp/service-account-delete.yaml",
    "gcp/service-account-key.yaml",
    "gcp/service-disable.yaml",
    "gcp/sql-instance-delete.yaml",
    "git/force-push.yaml",
    "git/lose-work.yaml",
    "git/pack.yaml",
    "git/remote-branch-delete.yaml",
    "kubernetes/cluster-admin-grant.yaml",
    "kubernetes/cluster-wide-delete.yaml",
    "kubernetes/crd-delete.yaml",
    "kubernetes/delete-collection.yaml",
    "kubernetes/finalizer-removal.yaml",
    "kubernetes/helm-uninstall.yaml",
    "kubernetes/namespace-delete.yaml",
    "kubernetes/node-drain.yaml",
    "kubernetes/pack.yaml",
    "kubernetes/pod-exec.yaml",
    "kubernetes/privileged-pod.yaml",
    "kubernetes/scale-to-zero.yaml",
    "kubernetes/volume-delete.yaml",
    "kubernetes/webhook-delete.yaml",
    "kubernetes/workload-delete.yaml",
    "pulumi/pack.yaml",
    "pulumi/stack-destroy.yaml",
    "pulumi/state-surgery.yaml",
    "shell/disk.yaml",
    "shell/machine-access.yaml",
    "shell/machine.yaml",
    "shell/outside-workspace.yaml",
    "shell/pack.yaml",
    "shell/unread-script.yaml",
    "shell/workspace-loss.yaml",
    "sql/collection-drop.yaml",
    "sql/drop-database.yaml",
    "sql/drop-table.yaml",
    "sql/grant-to-everybody.yaml",
    "sql/keyvalue-flush.yaml",
    "sql/migration-reset.yaml",
    "sql/pack.yaml",
    "sql/restore-over.yaml",
    "sql/unbounded-change.yaml",
    "terraform/apply-without-plan.yaml",
    "terraform/destroy.yaml",
    "terraform/force-unlock.yaml",
    "terraform/pack.yaml",
    "terraform/replace.yaml",
    "terraform/state-file-overwrite.yaml",
    "terraform/state-surgery.yaml",
];

/// The built-in packs as sources; `rules export` writes them out.
#[must_use]
pub fn builtin_sources() -> Vec<Source> {
    let source = |(file, text): &(&str, &str)| Source {
        file: (*file).to_owned(),
        text: (*text).to_owned(),
        layer: Layer::BuiltIn,
    };
    FILES.iter().map(source).collect()
}

/// The same without the tests inside them, which nobody needs to judge by them: most of each text.
pub(super) fn untested_sources() -> Vec<Source> {
    let source = |(file, text): &(&str, &str)| Source {
        file: (*file).to_owned(),
        text: untested(text).to_owned(),
        layer: Layer::BuiltIn,
    };
    FILES.iter().map(source).collect()
}

/// The text before the tests, where they come last.
fn untested(text: &str) -> &str {
    match text.split_once("\ntests:\n") {
        Some((before, tests)) if tests.lines().all(|line| line.is_empty() || line.starts_with([' ', '#', '-'])) => {
            before
        }
        _ => text,
    }
}
