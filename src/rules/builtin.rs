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
    "kubernetes/cluster-wide-delete.yaml",
    "kubernetes/delete-collection.yaml",
    "kubernetes/namespace-delete.yaml",
    "kubernetes/pack.yaml",
    "kubernetes/volume-delete.yaml",
    "sql/drop-database.yaml",
    "sql/drop-table.yaml",
    "sql/migration-reset.yaml",
    "sql/pack.yaml",
    "sql/unbounded-change.yaml",
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
