//! The same request as a dry run, where its API or its client has one: judged like any other, so that what is said of it is
//! what the gate would say.

use crate::app::Setup;
use crate::cli::explain::{ExplainArgs, Language, judge};
use crate::model::{Effect, Timestamp};

/// A dry run of what was asked, and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rehearsal {
    /// The command, or the request's method and URL.
    pub(super) text: String,
    /// The answer.
    pub(super) effect: Effect,
}

/// Those that are answered more mildly than `now`; the mildest first.
pub(super) fn rehearse(args: &ExplainArgs, setup: &Setup, at: Timestamp, now: Effect) -> Vec<Rehearsal> {
    let mut found: Vec<Rehearsal> = variants(args)
        .into_iter()
        .filter_map(|(text, args)| {
            let judged = judge(&args, setup, at, &mut std::io::empty()).ok()?.outcome.ok()?;
            Some(Rehearsal { text, effect: judged.decision.effect() })
        })
        .filter(|one| one.effect < now)
        .collect();
    found.sort_by_key(|one| one.effect);
    found.dedup_by_key(|one| one.effect);
    found
}

fn variants(args: &ExplainArgs) -> Vec<(String, ExplainArgs)> {
    if !args.command.is_empty() {
        let text = args.command.join(" ");
        let texts = if args.shell == Language::Bash { commands(&text) } else { Vec::new() };
        return texts
            .into_iter()
            .map(|text| (text.clone(), ExplainArgs { command: vec![text], ..args.clone() }))
            .collect();
    }
    let Some(url) = args.url.as_deref().filter(|_| args.sql.is_none() && args.script.is_none()) else {
        return Vec::new();
    };
    requests(args, url)
}

/// Only of one plain command: what a dry run of a script would be, nobody knows.
fn commands(text: &str) -> Vec<String> {
    if text.contains(|one: char| ";&|<>`$(){}\"'\\\n#*?".contains(one)) {
        return Vec::new();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let with = |option: &str| format!("{} {option}", words.join(" "));
    let instead = |from: &str, to: &str| {
        let mut is_done = false;
        let words = words.iter().filter(|word| !matches!(**word, "-auto-approve" | "--yes" | "-y")).map(|word| {
            let is_it = *word == from && !is_done;
            is_done |= is_it;
            if is_it { to } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let has = |word: &str| words.contains(&word);
    match words.first().copied() {
        Some("kubectl" | "oc") => vec![with("--dry-run=server"), with("--dry-run=client")],
        Some("helm" | "argocd" | "flux") => vec![with("--dry-run")],
        Some("aws") if has("s3") => vec![with("--dryrun")],
        Some("aws") => vec![with("--dry-run"), with("--no-execute-changeset")],
        Some("terraform" | "tofu" | "terragrunt") if has("destroy") => vec![instead("destroy", "plan -destroy")],
        Some("terraform" | "tofu" | "terragrunt") if has("apply") => vec![instead("apply", "plan")],
        Some("pulumi") if has("up") => vec![instead("up", "preview")],
        Some("ansible-playbook") => vec![with("--check")],
        Some("git" | "rsync" | "npm") => vec![with("--dry-run")],
        _ => Vec::new(),
    }
}

/// Kubernetes' own `dryRun`, and EC2's.
fn requests(args: &ExplainArgs, url: &str) -> Vec<(String, ExplainArgs)> {
    let method = args.method.clone().unwrap_or_else(|| if args.body.is_some() { "POST" } else { "GET" }.to_owned());
    let mark = if url.contains('?') { '&' } else { '?' };
    let mut found = Vec::new();
    if !url.contains('#') {
        let url = format!("{url}{mark}dryRun=All");
        found.push((format!("{method} {url}"), ExplainArgs { url: Some(url), ..args.clone() }));
    }
    if let Some(body) = args.body.as_deref().filter(|body| body.contains("Action=") && !body.contains("DryRun=")) {
        let body = format!("{body}&DryRun=true");
        found.push((format!("{method} {url} with DryRun=true"), ExplainArgs { body: Some(body), ..args.clone() }));
    }
    found
}
