//! The incidents of `tests/incidents/`, compiled in. A file that is not on this list is not part of the program; a test compares.

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$((concat!("tests/incidents/", $path), include_str!(concat!("../../../tests/incidents/", $path)))),+]
    };
}

/// Path and text of every file.
const FILES: &[(&str, &str)] = files![
    "amazon-q-cleaner-prompt.yaml",
    "antigravity-drive-root.yaml",
    "audit-and-keys.yaml",
    "browser-click-delete.yaml",
    "clone-over-folder.yaml",
    "datatalks-terraform-destroy.yaml",
    "deploy-keys-thirty-days.yaml",
    "drizzle-push-force.yaml",
    "drop-table-named-staging.yaml",
    "dropdb-after-error.yaml",
    "firebase-rewrite.yaml",
    "from-the-root.yaml",
    "gemini-move-onto-one-name.yaml",
    "git-clean-after-refusal.yaml",
    "git-clean-loop.yaml",
    "git-reset-hard.yaml",
    "git-restore.yaml",
    "home-in-commit-script.yaml",
    "home-in-test-cleanup.yaml",
    "kiro-cdk-destroy.yaml",
    "kiro-delete-and-recreate.yaml",
    "kiro-dynamodb-delete-table.yaml",
    "memorystore-delete-and-recreate.yaml",
    "nfs-mount-in-folder.yaml",
    "old-files-backup.yaml",
    "password-hash-overwrite.yaml",
    "pocketos-volume-delete.yaml",
    "podman-volume-prune.yaml",
    "powershell-compiled-files.yaml",
    "prisma-accept-data-loss.yaml",
    "prisma-drift-reset.yaml",
    "replit-code-freeze.yaml",
    "rest-delete-loop.yaml",
    "retail-config-change.yaml",
    "subagent-home.yaml",
    "supabase-reset-linked.yaml",
    "tilde-directory.yaml",
];

/// File and text of every incident of the library.
#[must_use]
pub fn library_sources() -> &'static [(&'static str, &'static str)] {
    FILES
}
