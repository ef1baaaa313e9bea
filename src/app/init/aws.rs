//! Accounts that the AWS configuration file names. The credentials file is never read.

use super::proposal::{Candidate, Named, SourceKind};

/// The accounts of `~/.aws/config`, each with the profiles that lead to it, in the order of the file.
///
/// The form is that of <https://docs.aws.amazon.com/cli/latest/topic/config-vars.html>: `[default]`, `[profile NAME]`;
/// `sso_account_id`, `aws_account_id` and the account inside `role_arn` say which account a profile is for. A profile
/// that says none of them is left out.
#[must_use]
pub fn aws_accounts(text: &str) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut profile: Option<String> = None;
    for line in text.lines() {
        // A nested value (`s3 =` and indented lines) belongs to the key above it.
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            profile = profile_name(section.0);
            continue;
        }
        let (Some(profile), Some((key, value))) = (&profile, line.split_once('=')) else { continue };
        let value = value.split(" #").next().unwrap_or_default().split(" ;").next().unwrap_or_default().trim();
        let account = match key.trim() {
            "sso_account_id" | "aws_account_id" => Some(value),
            "role_arn" => value.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3)),
            _ => None,
        };
        let is_account = |id: &&str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        let Some(account) = account.filter(is_account) else { continue };
        match found.iter_mut().find(|known| known.value == account) {
            Some(known) if known.names.contains(profile) => {}
            Some(known) => known.names.push(profile.clone()),
            None => found.push(Candidate {
                source: SourceKind::Aws,
                key: Named::Account,
                value: account.to_owned(),
                names: vec![profile.clone()],
            }),
        }
    }
    found
}

/// `default`, `profile shop`, `profile "shop prod"`; other sections (`sso-session`, `services`) are no profiles.
fn profile_name(section: &str) -> Option<String> {
    let section = section.trim();
    let name = if section == "default" { section } else { section.strip_prefix("profile")?.trim_start() };
    let name = name.trim_matches(['"', '\'']).trim();
    (!name.is_empty()).then(|| name.to_owned())
}
