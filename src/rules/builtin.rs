//! The packs of `rules/`, compiled in. A file that is not on this list is not part of the program; a test compares.

use super::{Layer, Source};

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$((concat!("rules/", $path), include_str!(concat!("../../rules/", $path)))),+]
    };
}

/// Path and text of every file.
const FILES: &[(&str, &str)] = files![
    "aws/account-close.yaml",
    "aws/delete-stack.yaml",
    "aws/delete-table.yaml",
    "aws/final-snapshot-skipped.yaml",
    "aws/log-group-delete.yaml",
    "aws/pack.yaml",
    "aws/protection-off.yaml",
    "aws/terminate-environment.yaml",
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
    "docker/local-volumes.yaml",
    "docker/pack.yaml",
    "git/lose-work.yaml",
    "git/pack.yaml",
    "kubernetes/cluster-wide-delete.yaml",
    "kubernetes/delete-collection.yaml",
    "kubernetes/namespace-delete.yaml",
    "kubernetes/pack.yaml",
    "kubernetes/volume-delete.yaml",
    "shell/disk.yaml",
    "shell/machine-access.yaml",
    "shell/machine.yaml",
    "shell/outside-workspace.yaml",
    "shell/pack.yaml",
    "shell/workspace-loss.yaml",
    "sql/drop-database.yaml",
    "sql/drop-table.yaml",
    "sql/migration-reset.yaml",
    "sql/pack.yaml",
    "sql/unbounded-change.yaml",
    "terraform/apply-without-plan.yaml",
    "terraform/destroy.yaml",
    "terraform/force-unlock.yaml",
    "terraform/pack.yaml",
    "terraform/replace.yaml",
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
