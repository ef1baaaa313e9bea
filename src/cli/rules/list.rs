//! `rules list`: every rule with what it says.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::{complain, load};
use crate::rules::{Layer, RuleSet};

/// List every rule with what it says.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  blastgate rules list
  blastgate rules list --config /etc/blastgate")]
pub(super) struct List {
    /// A configuration folder whose rules are listed too.
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &List, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    match load(args.config.as_ref()) {
        Ok(rules) => list(&rules, args.json, out),
        Err(wrong) => complain(&wrong, err),
    }
}

fn list(rules: &RuleSet, json: bool, out: &mut impl Write) -> io::Result<u8> {
    if json {
        for rule in rules.rules() {
            let line = serde_json::json!({
                "id": rule.id, "decision": rule.decision, "mode": rule.mode, "severity": rule.severity,
                "layer": rule.layer.as_str(), "owner": rule.owner, "message": rule.message, "instead": rule.instead,
            });
            writeln!(out, "{line}")?;
        }
        return Ok(0);
    }
    let width = rules.rules().iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    for rule in rules.rules() {
        let own = match rule.layer {
            Layer::BuiltIn => String::new(),
            layer => format!("  ({})", layer.as_str()),
        };
        writeln!(out, "{:width$}  {:8}  {:7}  {:8}{own}", rule.id, rule.decision, rule.mode, rule.severity)?;
    }
    for limit in rules.limits() {
        writeln!(out, "{:width$}  {:8}  beyond {}", limit.id, limit.decision, limit.allowance_in_words())?;
    }
    writeln!(out, "{} rules, {} limits ({})", rules.rules().len(), rules.limits().len(), rules.revision())?;
    Ok(0)
}
