//! What the inventory could say about accounts and clusters that this machine's own files name.
//!
//! A guess from a name is a proposal and never more: only what a person answered is written as an entry, everything
//! else stands as a comment.

use std::fmt::Write as _;

use serde::Serialize;

use crate::config::Inventory;
use crate::model::EnvironmentKind;

const HEADER: &str = include_str!("files/inventory.yaml");
const EXAMPLES: &str = include_str!("files/inventory-examples.yaml");

/// Which of the operator's files names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The AWS configuration.
    Aws,
    /// A kubeconfig.
    Kubernetes,
}

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// An AWS account.
    Account,
    /// A Kubernetes cluster.
    Cluster,
}

/// An account or a cluster that a file of the operator names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Whose file.
    pub source: SourceKind,
    /// What it is.
    pub key: Named,
    /// The account's id, the cluster's name.
    pub value: String,
    /// The profiles or contexts that lead to it.
    pub names: Vec<String>,
}

impl Candidate {
    /// What its names make likely: the strictest of what they say. For a person to confirm.
    #[must_use]
    pub fn proposal(&self) -> Option<EnvironmentKind> {
        let own = match self.key {
            Named::Account => None,
            Named::Cluster => guess(&self.value),
        };
        self.names.iter().filter_map(|name| guess(name)).chain(own).max_by_key(|kind| kind.strictness())
    }

    /// `profiles shop, shop-admin`, for a person.
    #[must_use]
    pub fn known_as(&self) -> String {
        const SHOWN_MAX: usize = 4;
        let noun = match (self.source, self.names.len()) {
            (_, 0) => return "no context".to_owned(),
            (SourceKind::Aws, 1) => "profile",
            (SourceKind::Aws, _) => "profiles",
            (SourceKind::Kubernetes, 1) => "context",
            (SourceKind::Kubernetes, _) => "contexts",
        };
        let shown: Vec<&str> = self.names.iter().take(SHOWN_MAX).map(String::as_str).collect();
        let mut text = format!("{noun} {}", shown.join(", "));
        if self.names.len() > SHOWN_MAX {
            let _ = write!(text, " and {} more", self.names.len() - SHOWN_MAX);
        }
        text
    }
}

/// The entry under `match:` that names it; `None` when no entry can (a name that is a pattern, or empty).
#[must_use]
pub fn entry_line(candidate: &Candidate) -> Option<String> {
    // JSON's strings are YAML's double-quoted scalars.
    let value = serde_json::Value::from(candidate.value.as_str());
    let line = match candidate.key {
        Named::Account => format!("- {{ provider: aws, account: {value} }}"),
        Named::Cluster => format!("- {{ provider: kubernetes, cluster: {value} }}"),
    };
    let proof = format!("version: 1\nenvironments:\n  - name: prod\n    match:\n      {line}\n");
    let reads = Inventory::parse("inventory.yaml", &proof).is_ok_and(|inventory| {
        let mut keys = inventory.entries().flat_map(|(entry, _)| &entry.keys);
        keys.any(|(_, glob)| glob.is_exact() && glob.as_str() == candidate.value)
    });
    reads.then_some(line)
}

/// What a name makes likely. Of several words the strictest stands, and a denial (`non-prod`) says nothing sure.
#[must_use]
pub fn guess(name: &str) -> Option<EnvironmentKind> {
    let name = name.to_ascii_lowercase();
    if ["nonprod", "non-prod", "non_prod", "notprod", "not-prod"].iter().any(|denial| name.contains(denial)) {
        return None;
    }
    if ["kind-", "k3d-"].iter().any(|start| name.starts_with(start))
        || ["minikube", "docker-desktop", "rancher-desktop", "orbstack", "colima", "microk8s"].contains(&name.as_str())
    {
        return Some(EnvironmentKind::Local);
    }
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(|word| {
        match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "prod" | "prd" | "production" | "live" => Some(EnvironmentKind::Prod),
            "staging" | "stage" | "stg" | "preprod" | "preproduction" | "uat" => Some(EnvironmentKind::Staging),
            "dev" | "develop" | "development" | "sandbox" | "sbx" | "test" | "tst" | "playground" => {
                Some(EnvironmentKind::Dev)
            }
            _ => None,
        }
    });
    words.max_by_key(|kind| kind.strictness())
}

/// The text of `inventory.yaml`: an entry for every candidate that a person named an environment for, a comment for every
/// other. Without an answer the examples stand in it as comments.
#[must_use]
pub fn inventory_text(candidates: &[(Candidate, Option<EnvironmentKind>)]) -> String {
    let mut text = HEADER.to_owned();
    let lines = |wanted: Option<EnvironmentKind>| {
        candidates
            .iter()
            .filter(move |(_, answer)| *answer == wanted)
            .filter_map(|(candidate, _)| Some((entry_line(candidate)?, candidate.known_as(), candidate.proposal())))
    };
    let any = candidates.iter().any(|(candidate, answer)| answer.is_some() && entry_line(candidate).is_some());
    if any {
        text.push_str("version: 1\nenvironments:\n");
        for kind in [EnvironmentKind::Prod, EnvironmentKind::Staging, EnvironmentKind::Dev, EnvironmentKind::Local] {
            let mut lines = lines(Some(kind)).peekable();
            if lines.peek().is_none() {
                continue;
            }
            let _ = writeln!(text, "  - name: {kind}\n    match:");
            for (line, known_as, _) in lines {
                let _ = writeln!(text, "      {line} # {}", one_line(&known_as));
            }
        }
    } else {
        text.push_str(EXAMPLES);
    }
    let mut open = lines(None).peekable();
    if open.peek().is_some() {
        text.push_str(
            "\n# Named by files of this machine, and by nobody yet an environment: they count as production.\n",
        );
        for (line, known_as, proposal) in open {
            let likely = proposal.map_or_else(String::new, |kind| format!("; the name looks like {kind}"));
            let _ = writeln!(text, "#      {line} # {}{likely}", one_line(&known_as));
        }
    }
    text
}

/// A name as it may stand in a comment: nothing in it ends the line.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}
