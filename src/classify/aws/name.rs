//! What an operation's name says: its first words (the verb) give the impact, its last words (the noun) the scope, the
//! hazards and sometimes another impact: permission nouns count before verbs.

use crate::catalog::aws as catalog;
use crate::model::{BlastRadius, Hazard, Impact, Scope};

/// The base that verb and noun give. Where the Service Authorization Reference calls a read a change, it is none; where it
/// calls an unknown word a read, it is one.
pub(super) fn blast_radius(service: &str, operation: &catalog::Operation) -> BlastRadius {
    use catalog::AccessLevel::{List, Permissions, Read, Tagging, Write};
    let blast = of_name(service, operation.name.get());
    match (blast.impact, operation.level()) {
        (Impact::Read, Some(Permissions)) => BlastRadius::new(Impact::Permission, blast.scope),
        (Impact::Read, Some(Write)) => BlastRadius::new(Impact::Update, blast.scope),
        (Impact::Read, Some(Tagging)) => BlastRadius::new(Impact::Update, Scope::Item),
        (Impact::Unknown, Some(Read | List)) => BlastRadius::new(Impact::Read, Scope::Resource),
        _ => blast,
    }
}

/// What the words of a name say.
pub(super) fn of_name(service: &str, operation: &str) -> BlastRadius {
    let (row, noun_at) = verb(operation);
    let verb = row.and_then(|row| row.impact.get().parse().ok()).unwrap_or(Impact::Unknown);
    if verb == Impact::Read {
        return BlastRadius::new(Impact::Read, Scope::Resource);
    }
    let noun = noun(service, operation, noun_at);
    let impact = noun.and_then(|noun| noun.impact.get().parse().ok()).unwrap_or(verb);
    let scope = row.and_then(|row| row.scope.get().parse().ok());
    let scope = scope.or_else(|| noun.and_then(|noun| noun.scope.get().parse().ok())).unwrap_or(Scope::Resource);
    let mut blast = BlastRadius::new(impact, scope);
    // A second trail or detector changes nothing for what is there: the setting that it holds begins with it.
    if impact == Impact::Create && matches!(scope, Scope::Region | Scope::Account) {
        blast.scope = Scope::Resource;
    }
    if let (Impact::Destroy | Impact::Disrupt, Some(noun)) = (verb, noun) {
        let hazards = noun.hazards.get().split(',').filter_map(|word| word.parse::<Hazard>().ok());
        // What only stops keeps its data and its backups.
        let lost = |hazard: &Hazard| matches!(hazard, Hazard::DataLoss | Hazard::BackupLoss);
        blast.hazards = hazards.filter(|hazard| verb == Impact::Destroy || !lost(hazard)).collect();
    }
    blast
}

/// The longest verb that the name begins with on a word boundary, and where the noun begins.
fn verb(name: &str) -> (Option<&'static catalog::Verb>, usize) {
    for end in boundaries(name).into_iter().rev() {
        let (Some(begins), Some(rest)) = (name.get(..end), name.get(end..)) else { continue };
        let fits = |ends: &str| ends.is_empty() || ends_with_word(rest, ends);
        let rows = catalog::verbs(begins).iter().filter(|row| fits(row.ends.get()));
        if let Some(row) = rows.max_by_key(|row| row.ends.get().len()) {
            return (Some(row), end);
        }
    }
    (None, boundaries(name).first().copied().unwrap_or(name.len()))
}

/// `Job` ends `ImportJob` and `ExportJobs`; `Query` ends `Query` itself.
fn ends_with_word(rest: &str, ends: &str) -> bool {
    rest.strip_suffix('s').unwrap_or(rest).ends_with(ends) || rest.ends_with(ends)
}

/// The longest noun of the tables that the name ends with, among equally long ones the service's own. Where the service
/// has a default, it stands before the nouns that hold everywhere.
fn noun(service: &str, name: &str, from: usize) -> Option<&'static catalog::Noun> {
    let starts = std::iter::once(from).chain(boundaries(name).into_iter().filter(|at| *at > from));
    let words = || starts.clone().filter_map(|at| name.get(at..)).filter(|text| !text.is_empty());
    let of = |service: &str, text: &str| {
        let singular = text.strip_suffix("ies").map(|stem| format!("{stem}y"));
        catalog::noun(service, text)
            .or_else(|| catalog::noun(service, text.strip_suffix('s')?))
            .or_else(|| catalog::noun(service, &singular?))
    };
    match catalog::noun(service, "*") {
        Some(default) => words().find_map(|text| of(service, text)).or(Some(default)),
        None => words().find_map(|text| of(service, text).or_else(|| of("*", text))),
    }
}

/// Where words end: before every capital, and at the end.
fn boundaries(name: &str) -> Vec<usize> {
    let inner = name.char_indices().skip(1).filter(|(_, letter)| letter.is_ascii_uppercase()).map(|(at, _)| at);
    inner.chain([name.len()]).collect()
}
