//! Where data would be lost, a rule names the command that makes a copy first.

use vec1::Vec1;

use super::super::*;
use crate::classify::Action;
use crate::model::{Hazard, Impact};
use crate::rules::{Past, Rule};

/// What a rule would have to name none for: nothing that it stops can be copied by a command.
const WITHOUT: &[&str] = &[
    // What is closed is an account with all that is in it; nobody copies that by a command.
    "aws/account-close",
    "azure/subscription-cancel",
    "gcp/billing-unlink",
    "gcp/project-delete",
    "github/organization-delete",
    // Records, addresses, teams, messages that are read once, and secrets that nobody should copy.
    "base/audit-off",
    "cloudflare/zone-delete",
    "linear/team-delete",
    "netlify/site-delete",
    "aws/queue-purge",
    "aws/secret-force-delete",
    // Disks and processes of this machine, of which nothing is to be kept.
    "shell/disk",
    "shell/machine",
];

/// Whether a rule speaks of something that loses data in the tests that it must match.
fn loses_data(rules: &RuleSet, rule: &Rule) -> bool {
    rule.tests().matches.iter().any(|case| {
        let Ok(actions) = attempt_of(rules, case) else { return false };
        let mut loses = false;
        rules.each_view(&actions, (&case.context, case.standing.as_ref()), &Past::default(), |_, view| {
            let is_lost = view.action.blast().hazards.contains(Hazard::DataLoss);
            rules.hits(view, |hit| loses |= hit.rule.id == rule.id && is_lost);
        });
        loses
    })
}

fn attempt_of(rules: &RuleSet, case: &crate::rules::Case) -> Result<Vec1<Action>, String> {
    crate::prove::trials::attempt(rules, case)
}

/// Whether a text is a command that copies and takes nothing away.
fn copies(rules: &RuleSet, text: &str) -> bool {
    const WORDS: &[&str] = &[
        "azcopy copy",
        "backup",
        "bgsave",
        "bundle",
        "clone --mirror",
        "copy-db-snapshot",
        "create-image",
        "cp -r",
        "dump",
        "env pull",
        "export",
        "extract",
        "fork",
        "snapshot",
        "stash",
        "state pull",
        "sync",
        "tar c",
    ];
    let lower = text.to_ascii_lowercase();
    if !WORDS.iter().any(|word| lower.contains(word)) {
        return false;
    }
    let around = crate::identify::command::Stated::in_workspace("/repo");
    let command = crate::rules::Case {
        attempt: crate::rules::Attempt::Command { text: text.to_owned(), around },
        ..rules.rules()[0].tests().matches[0].clone()
    };
    let Ok(actions) = attempt_of(rules, &command) else { return false };
    let is_harmless = |action: &Action| !matches!(action.blast().impact, Impact::Destroy | Impact::Unknown);
    actions.iter().all(is_harmless)
}

#[test]
fn what_loses_data_is_told_how_to_copy_it_first() {
    let rules = RuleSet::builtin();
    let mut silent = Vec::new();
    let mut asked = 0;
    for rule in rules.rules().into_iter().filter(|rule| loses_data(&rules, rule)) {
        asked += 1;
        let commands = rule.instead.split('`').skip(1).step_by(2);
        if !WITHOUT.contains(&rule.id.as_str()) && !commands.into_iter().any(|text| copies(&rules, text)) {
            silent.push(format!("{}: {}", rule.id, rule.instead));
        }
    }
    assert!(asked > 40, "{asked}");
    assert!(silent.is_empty(), "{} of {asked} name no command that copies:\n{}", silent.len(), silent.join("\n"));
}
