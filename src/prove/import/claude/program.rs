//! `Bash(git push:*)`, `Bash(rm -rf *)`: beginnings and patterns of command lines.

use crate::classify::Action;
use crate::rules::import::{Fit, Note};

use super::pattern as pattern_of;
use super::{ANY, Meant, Refused, heard, malformed, samples};

/// Programs that are one API's client. A beginning that is no more than that denies the API.
const CLIENTS: [(&str, &str); 14] = [
    ("aws", "aws"),
    ("az", "azure"),
    ("gcloud", "gcp"),
    ("gsutil", "gcp"),
    ("bq", "gcp"),
    ("kubectl", "kubernetes"),
    ("gh", "github"),
    ("terraform", "terraform"),
    ("tofu", "terraform"),
    ("docker", "docker"),
    ("heroku", "heroku"),
    ("flyctl", "fly"),
    ("vercel", "vercel"),
    ("railway", "railway"),
];

/// What the commands that the pattern covers ask for.
pub(super) fn meant(inside: &str) -> Result<Meant, Refused> {
    if inside.trim() != inside {
        return Err(malformed("it begins or ends with a space"));
    }
    if inside.strip_suffix(":*").unwrap_or(inside).contains(":*") {
        return Err(malformed("`:*` counts at the end only"));
    }
    let (fixed, is_open) = match inside.strip_suffix(":*").or_else(|| inside.strip_suffix('*')) {
        Some(fixed) => (fixed.trim_end(), true),
        None => (inside, false),
    };
    let fixed_filled = fixed.replace('*', ANY);
    let words: Vec<&str> = fixed.split_whitespace().collect();
    let Some(program) = words.first() else { return Err(malformed("it names no program")) };
    if program.contains('*') {
        let why = "it begins with a pattern: it speaks of texts, and rules speak of what is done".to_owned();
        return Err((
            why,
            Some("write a rule for the operation that is meant, for instance by `impact:` or `hazards:`"),
        ));
    }
    let client = CLIENTS.iter().find(|(name, _)| name == program).filter(|_| is_open && words.len() == 1);
    if let Some((_, provider)) = client {
        return Ok(whole(program, provider));
    }
    let mut tries = vec![fixed_filled.clone()];
    if is_open {
        let whole_word = inside.ends_with(":*") || inside.ends_with(" *");
        let tail = if whole_word { format!("{fixed_filled} {ANY}") } else { format!("{fixed_filled}{ANY}") };
        tries.insert(0, tail);
        if *program == "kubectl" && words.len() == 2 {
            tries.insert(0, format!("{fixed_filled} pod {ANY}"));
        }
    }
    let found = tries.iter().map(|line| (line, heard(line))).find(|(_, actions)| is_named(actions));
    let Some((line, actions)) = found else {
        let hint =
            "keep it in Claude Code's settings; `blastgate explain -- COMMAND` shows what the gate makes of a command";
        return Err(("the gate names no operation for such a command".to_owned(), Some(hint)));
    };
    if actions.iter().any(|action| matches!(action.operation().provider(), "http" | "net")) {
        let why = "what it sends depends on where to: by itself the program is neither harmful nor harmless".to_owned();
        return Err((why, Some("write a rule for the host, or for the operation that is meant")));
    }
    let mut meant = Meant { samples: samples(&actions, Some(line)), ..Meant::default() };
    let is_verb = *program == "kubectl" && is_open && words.len() == 2;
    operations(&actions, (&fixed_filled, is_verb), &mut meant);
    // With an option of its own it means that one.
    if is_open && !words.iter().any(|word| word.starts_with('-')) {
        options(&fixed_filled, &mut meant);
    }
    resources(&actions, fixed, &mut meant);
    flags(&words, &actions, &mut meant);
    Ok(meant)
}

fn whole(program: &str, provider: &str) -> Meant {
    let mut meant = Meant::default();
    meant.matches.set("provider", [provider.to_owned()]);
    let text = format!("every call of `{provider}` counts, whichever program sends it, not `{program}` alone");
    meant.notes.push(Note { fit: Fit::Wider, text });
    let lines: &[&str] = match provider {
        "aws" => &["aws ec2 describe-instances"],
        "azure" => &["az group list"],
        "gcp" => &["gcloud projects list", "gsutil ls"],
        "kubernetes" => &["kubectl get pods"],
        "github" => &["gh repo list", "gh repo delete owner/name --yes"],
        "terraform" => &["terraform destroy"],
        "docker" => &["docker ps", "docker rm -f example"],
        "heroku" => &["heroku apps:destroy example"],
        "fly" => &["flyctl apps destroy example"],
        "vercel" => &["vercel remove example"],
        _ => &["railway down"],
    };
    meant.samples = lines.iter().flat_map(|line| samples(&heard(line), Some(line))).collect();
    meant
}

/// Whether everything that a command does has a name.
fn is_named(actions: &[Action]) -> bool {
    let named = |action: &Action| {
        let id = action.operation().as_str();
        !id.ends_with(":unidentified") && !id.starts_with("shell:exec")
    };
    !actions.is_empty() && actions.iter().all(named)
}

fn operations(actions: &[Action], (fixed, is_verb): (&str, bool), meant: &mut Meant) {
    let id = |action: &Action| action.operation().as_str().to_owned();
    if is_verb {
        let verbs = actions.iter().filter_map(|action| id(action).rsplit_once('.').map(|(_, verb)| verb.to_owned()));
        let verbs = verbs.flat_map(|verb| match verb.as_str() {
            "delete" => vec!["kubernetes:*.delete".to_owned(), "kubernetes:*.deletecollection".to_owned()],
            verb => vec![format!("kubernetes:*.{verb}")],
        });
        meant.matches.set("operation", verbs);
        return;
    }
    // What stands for the star may be read as something by itself: a file to write to.
    let bare: Vec<String> = heard(fixed).iter().map(id).collect();
    let both = actions.iter().map(id).filter(|one| bare.contains(one)).map(|one| pattern_of(&one)).collect::<Vec<_>>();
    let all = || actions.iter().map(|action| pattern_of(&id(action))).collect();
    meant.matches.set("operation", if both.is_empty() { all() } else { both });
}

/// Options that commonly make another operation of a command: a push becomes a deletion.
const OPTIONS: [&str; 10] =
    ["--force", "--force-with-lease", "-f", "--delete", "--mirror", "--all", "--recursive", "-r", "--hard", "--purge"];

/// What is open at its end covers the command with any option.
fn options(fixed: &str, meant: &mut Meant) {
    let family = |id: &str| id.split(':').take(2).map(str::to_owned).collect::<Vec<_>>();
    let mut all: Vec<String> = meant.matches.of("operation").to_vec();
    let known: Vec<Vec<String>> = all.iter().map(|id| family(id)).collect();
    for option in OPTIONS {
        let more = heard(&format!("{fixed} {option} {ANY}"));
        let ids = more.iter().map(|action| action.operation().as_str()).filter(|_| is_named(&more));
        all.extend(ids.filter(|id| known.contains(&family(id))).map(pattern_of));
    }
    meant.matches.set("operation", all);
}

/// Resources that the pattern itself names; what its star stands for is any.
fn resources(actions: &[Action], fixed: &str, meant: &mut Meant) {
    let mut patterns = vec![];
    for resource in actions.iter().flat_map(Action::resources) {
        let text = resource.as_str();
        let pattern = text.replace(ANY, "*");
        let local = pattern.strip_prefix("/repo/").map(|rest| format!("*/{rest}"));
        let pattern = local.unwrap_or(pattern);
        let own =
            if pattern.starts_with("arn:") { pattern.splitn(6, ':').last().unwrap_or_default() } else { &pattern };
        let named = own.trim_matches(['*', '/']);
        let last = named.rsplit(['/', ':']).find(|part| !part.is_empty() && *part != "*").unwrap_or_default();
        if last.is_empty() || !fixed.contains(last) {
            return;
        }
        patterns.push(pattern);
    }
    if !patterns.is_empty() {
        meant.matches.set("resource", patterns);
    }
}

/// Options that say more than the operation does.
fn flags(words: &[&str], actions: &[Action], meant: &mut Meant) {
    let options: Vec<&str> = words.iter().copied().filter(|word| word.starts_with('-')).collect();
    if options.is_empty() {
        return;
    }
    let without: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let plain = format!("{} {ANY}", without.join(" "));
    let same = |other: &Action| actions.iter().any(|action| action.operation() == other.operation());
    let bare = heard(&without.join(" "));
    if heard(&plain).iter().chain(&bare).any(same) {
        let text =
            format!("the operation is the same without {}, and the rule does not look at options", options.join(" "));
        meant.notes.push(Note { fit: Fit::Wider, text });
    }
}
