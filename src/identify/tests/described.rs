//! The cases of every described provider, and what holds for all of their tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::catalog::described::{Book, Operation as Row, book};
use crate::catalog::{self, Condition, Manifest};
use crate::classify::described::{at_most, by_row};
use crate::model::{Reversible, Scope};

/// Every provider with tables of its own.
pub(super) fn all() -> impl Iterator<Item = (&'static Manifest, &'static Book)> {
    catalog::providers().filter_map(|api| Some((api, book(api.folder)?)))
}

/// How many cases a folder must have.
fn least(folder: &str) -> usize {
    match folder {
        "gcp" | "azure" | "github" => 80,
        "docker" => 40,
        _ => 10,
    }
}

#[test]
fn the_cases_of_every_described_provider() {
    for (api, _) in all() {
        let path = Path::new("src/catalog").join(api.folder).join("cases.yaml");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let count = run(&text);
        assert!(count >= least(api.folder), "{} has {count} cases", api.folder);
    }
}

/// Every folder with tables is a provider: none is left out by its one line.
#[test]
fn every_folder_of_the_catalog_is_a_provider() {
    let folders = std::fs::read_dir("src/catalog").unwrap().map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.join("provider.yaml").is_file()) {
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(catalog::providers().any(|api| api.folder == name), "{name} is not in the list");
    }
}

#[test]
fn no_two_providers_share_a_host() {
    let mut seen = BTreeMap::new();
    for api in catalog::providers() {
        for pattern in &api.hosts {
            assert_eq!(*pattern, pattern.to_ascii_lowercase(), "{}", api.folder);
            let labels = pattern.trim_start_matches("*.");
            assert!(labels.contains('.') || labels.starts_with("kubernetes"), "`{pattern}` of {}", api.folder);
            if let Some(other) = seen.insert(pattern, api.folder) {
                panic!("`{pattern}` is a host of {other} and of {}", api.folder);
            }
        }
        for base in api.bases.iter().filter(|base| !base.is_empty()) {
            assert!(base.starts_with('/') && !base.ends_with('/'), "`{base}` of {}", api.folder);
        }
    }
    let mut folders: Vec<_> = catalog::providers().map(|api| api.folder).collect();
    folders.sort_unstable();
    folders.dedup();
    assert_eq!(folders.len(), catalog::providers().count());
}

fn is_known<T: std::str::FromStr>(cell: &str) -> bool {
    cell.is_empty() || cell.parse::<T>().is_ok()
}

fn hazards_are_known(cell: &str) -> bool {
    cell.is_empty() || cell.split(',').all(|word| word.parse::<Hazard>().is_ok())
}

#[test]
fn every_cell_is_a_word_of_the_vocabulary() {
    let mut wrong = Vec::new();
    for (api, book) in all() {
        let mut effects = BTreeMap::new();
        for row in book.operations() {
            let id = format!("{}:{}:{}", api.id, row.service.get(), row.name.get());
            let method = row.method.get();
            let words = !row.name.get().is_empty()
                && !row.service.get().is_empty()
                && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*')
                && matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "COPY")
                && row.path.get().starts_with('/')
                && row.impact.get().parse::<Impact>().is_ok_and(|impact| impact != Impact::Unknown)
                && row.scope.get().parse::<Scope>().is_ok()
                && matches!(row.count.get(), "" | "least" | "unbounded")
                && is_known::<Reversible>(row.reversible.get())
                && hazards_are_known(row.hazards.get());
            if !words {
                wrong.push(format!("{} {id} {method} {}", api.folder, row.path.get()));
            }
            for one in row.conditions() {
                if !condition_is_known(one, row) {
                    wrong.push(format!("{} {id}: `{}`", api.folder, one.when.get()));
                }
            }
            let cells = [row.impact, row.scope, row.count, row.reversible, row.hazards].map(|cell| cell.get());
            if *effects.entry(id.clone()).or_insert(cells) != cells {
                wrong.push(format!("{} {id} has two effects", api.folder));
            }
        }
        for row in book.mutations() {
            let words = row.impact.get().parse::<Impact>().is_ok()
                && row.scope.get().parse::<Scope>().is_ok()
                && matches!(row.count.get(), "" | "least" | "unbounded")
                && is_known::<Reversible>(row.reversible.get())
                && hazards_are_known(row.hazards.get());
            let conditions = row.conditions().iter().all(|one| {
                let names = Condition::members(one.when.get()).all(|name| name.starts_with("args."));
                names && !Condition::is_silent(one.when.get())
            });
            if !words || !conditions {
                wrong.push(format!("{} mutation {}", api.folder, row.field.get()));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

fn condition_is_known(one: &catalog::Reviewed, row: &Row) -> bool {
    let places = ["query.", "header.", "body.", "path."];
    let names = Condition::members(one.when.get()).all(|name| {
        let label = name.strip_prefix("path.").is_none_or(|label| row.path.get().contains(&format!("{{{label}")));
        (name == "body" || places.iter().any(|place| name.starts_with(place))) && label
    });
    let signs = one.when.get().split(" & ").all(|part| Condition::parse(part).sign != "?");
    let says = Condition::is_silent(one.when.get())
        || [one.impact, one.scope, one.reversible, one.hazards].iter().any(|cell| !cell.get().is_empty());
    names
        && signs
        && says
        && is_known::<Impact>(one.impact.get())
        && is_known::<Scope>(one.scope.get())
        && is_known::<Reversible>(one.reversible.get())
        && hazards_are_known(one.hazards.get())
}

/// Rows of conditions and mutations that stand for nothing are mistakes: no operation has that name.
#[test]
fn no_condition_is_inert() {
    let mut wrong = Vec::new();
    for (api, book) in all() {
        let path = Path::new("src/catalog").join(api.folder).join("conditions.tsv");
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            let there = match cells[..2] {
                ["graphql", field] => book.mutation(field).is_some(),
                [service, "*"] => book.operations().iter().any(|row| row.service.get() == service),
                [service, name] => !book.named(service, name).is_empty(),
                _ => false,
            };
            if !there || cells.len() < 7 {
                wrong.push(format!("{}: {line}", api.folder));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Members are found in every spelling that a server takes.
#[test]
fn a_member_is_found_in_every_spelling() {
    let docker = Known { provider: Some("docker".into()), cluster: None };
    let nothing = Known::default();
    let check = |call: &str, known: &Known, media: &str, body: &str, expected: Impact| {
        let found = judge(&head(call, &[("content-type", media)]), known, body.as_bytes()).unwrap();
        assert_eq!(found[0].blast().impact, expected, "{call} {body}");
    };
    let json = "application/json";
    let create = "POST https://docker.example/v1.43/containers/create";
    for body in [
        r#"{"Image":"x","HostConfig":{"Privileged":true}}"#,
        r#"{"Image":"x","hostconfig":{"PRIVILEGED":true}}"#,
        "{\"Image\":\"x\",\"Ho\u{17f}tConfig\":{\"Privileged\":true}}",
        "{\"Image\":\"x\",\"HostConfig\":{\"Networ\u{212a}Mode\":\"host\"}}",
        r#"{"Image":"x","HostConfig":{"Networ\u212aMode":"host"}}"#,
    ] {
        check(create, &docker, json, body, Impact::Execute);
    }
    let bucket = "PATCH https://logging.googleapis.com/v2/projects/p/locations/global/buckets/_Default";
    for body in [r#"{"retentionDays":1}"#, r#"{"retention_days":1}"#] {
        check(&format!("{bucket}?updateMask=retentionDays"), &nothing, json, body, Impact::Destroy);
    }
    // What the mask names and the body leaves out is set back.
    check(&format!("{bucket}?updateMask=retention_days"), &nothing, json, "{}", Impact::Destroy);
    check(&format!("{bucket}?updateMask=description"), &nothing, json, r#"{"description":"x"}"#, Impact::Update);
    let key = "PATCH https://cloudkms.googleapis.com/v1/projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1?updateMask=state";
    for (body, expected) in [(r#"{"state":"DISABLED"}"#, Impact::Disrupt), (r#"{"state":2}"#, Impact::Disrupt)] {
        check(key, &nothing, json, body, expected);
    }
    let form = "application/x-www-form-urlencoded";
    let scale = "PATCH https://api.heroku.com/apps/a/formation";
    check(scale, &nothing, form, "updates[][type]=web&updates[][quantity]=0", Impact::Disrupt);
    check(scale, &nothing, form, "updates[0][type]=web&updates[0][quantity]=2", Impact::Update);
}

/// A host of the API, or one that only a listener names.
pub(super) fn host_of(api: &Manifest, book: &Book, row: &Row) -> (String, Known) {
    let plain = |pattern: &str| pattern.replace("*.", "x.").replace("*-", "us-east1-");
    let fits = |host: &String| book.services(host).any(|service| service.is_empty() || service == row.service.get());
    match api.hosts.iter().map(|host| plain(host)).chain(book.hosts().map(plain)).find(fits) {
        Some(host) => (host, Known::default()),
        None => ("api.example".into(), Known { provider: Some(api.folder.into()), cluster: None }),
    }
}

/// A call of a row: its template with something in every label.
pub(super) fn sample(api: &Manifest, row: &Row) -> String {
    let base = api.bases.first().map_or("", String::as_str).replace('*', "1");
    let template = row.path.get();
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (label, left) = after.split_once('}').unwrap();
        path.push_str(label.split_once('|').map_or("x7", |(first, _)| first));
        rest = left;
    }
    path.push_str(rest);
    let query = row.query.get().split('&').filter(|part| !part.is_empty());
    let query: Vec<String> =
        query.map(|part| if part.contains('=') { part.to_owned() } else { format!("{part}=x") }).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{base}{path}{query}")
}

/// Every row's own template is named as what it is, and judged as its cells say: nothing in a table is inert.
#[test]
fn every_row_is_named() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (api, book) in all().filter(|(api, _)| api.protocol == catalog::ProtocolName::Described) {
        for row in book.operations() {
            count += 1;
            let (host, known) = host_of(api, book, row);
            let call = format!("{} https://{host}{}", row.method.get(), sample(api, row));
            let id = format!("{}:{}:{}", api.id, row.service.get(), row.name.get());
            let answer = judge(&head(&call, &[("content-type", "application/json")]), &known, b"");
            let Ok(actions) = answer else {
                wrong.push(format!("{call}: {answer:?}"));
                continue;
            };
            let one = &actions[0];
            let named = one.operation().as_str() == id || one.aliases().iter().any(|alias| alias.as_str() == id);
            let judged = one.blast().impact.strictness();
            let range = by_row(row).impact.strictness()..=at_most(row).impact.strictness();
            if !named || judged < *range.start() {
                wrong.push(format!(
                    "{call}: {} {} is not {id} {}",
                    one.operation(),
                    one.blast().impact,
                    row.impact.get()
                ));
            }
        }
    }
    wrong.sort();
    let names: BTreeSet<&String> = wrong.iter().collect();
    assert!(wrong.is_empty(), "{} of {count}:\n{}", names.len(), wrong.join("\n"));
}
