//! Reading what an operator writes is total: any text loads or is refused with findings, a set that loads decides the same
//! twice and never more mildly than the built-in rules, and the canonical form of a file is its own canonical form.
//!
//! `just fuzz rules`. The same laws hold for a small random sample in `cargo test` (`rules::tests::laws`). An input is up to
//! six files between zero bytes; the first character of each says which file it is.

#![no_main]

use std::sync::LazyLock;

use blastgate::config::{Bodies, Config, Inventory, People};
use blastgate::decide::Decision;
use blastgate::identify::Known;
use blastgate::identify::command::{Shell, Stated};
use blastgate::model::{Effect, Posture, Timestamp};
use blastgate::prove::{Bench, Command, Request, nobody};
use blastgate::rules::{Layer, RuleSet, Source, format::format};
use libfuzzer_sys::fuzz_target;

/// The files of rules, by the character that stands for them.
const FILES: &[(char, &str, Layer)] = &[
    ('r', "rules/acme/one.yaml", Layer::Organisation),
    ('t', "rules/acme/two.yaml", Layer::Team),
    ('s', "rules/acme/sets.yaml", Layer::Organisation),
    ('e', "rules/acme/exceptions.yaml", Layer::Organisation),
    ('f', "rules/acme/freezes.yaml", Layer::Organisation),
    ('l', "rules/acme/limits.yaml", Layer::Organisation),
    ('p', "rules/acme/pack.yaml", Layer::Organisation),
    ('o', "/repo/.blastgate.yaml", Layer::Repository),
];

static BUILTIN: LazyLock<RuleSet> = LazyLock::new(RuleSet::builtin);

fn decisions(rules: &RuleSet, inventory: &Inventory) -> Vec<Decision> {
    let bodies = Bodies::default();
    let bench = Bench { rules, inventory, bodies: &bodies, posture: Posture::Guarded };
    let context = nobody(Timestamp::from_millis(1_790_000_000_000));
    let around = Stated { directory: Some("/repo".into()), workspace: Some("/repo".into()), ..Stated::default() };
    let commands =
        ["rm -rf build /srv/data", "aws s3 rb s3://team-orders --force", "kubectl -n shop delete pods --all"];
    let heard = commands.iter().filter_map(|text| {
        let asked = Command { text, shell: Shell::Posix, around: &around };
        bench.hear(&asked, &context).ok().map(|(judged, _)| judged.decision)
    });
    let request = Request { method: "DELETE", url: "https://a.example/team/orders", headers: &[], body: b"" };
    heard.chain(bench.judge(&request, &Known::default(), &context).ok().map(|judged| judged.decision)).collect()
}

fn told(decisions: &[Decision]) -> Vec<String> {
    decisions.iter().map(|one| format!("{one:?}")).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(input) = std::str::from_utf8(bytes) else { return };
    let mut sources: Vec<Source> = Vec::new();
    let mut inventory = Inventory::default();
    for part in input.split('\0').take(6) {
        let mut rest = part.chars();
        let Some(kind) = rest.next() else { continue };
        let text = rest.as_str();
        let file = match (kind, FILES.iter().find(|(known, _, _)| *known == kind)) {
            (_, Some((_, file, layer))) => {
                sources.retain(|source| source.file != *file);
                sources.push(Source { file: (*file).to_owned(), text: text.to_owned(), layer: *layer });
                file
            }
            ('i', _) => {
                inventory = Inventory::parse("inventory.yaml", text).unwrap_or_default();
                "inventory.yaml"
            }
            ('w', _) => {
                let _ = People::parse("people.yaml", text);
                "people.yaml"
            }
            ('c', _) => {
                let _ = Config::parse("config.yaml", text);
                "config.yaml"
            }
            _ => continue,
        };
        if let Ok(once) = format(file, text) {
            assert_eq!(format(file, &once).ok(), Some(once), "{text:?}");
        }
    }
    let (once, again, judging) = (RuleSet::load(&sources), RuleSet::load(&sources), RuleSet::judging(&sources));
    match (once, again, judging) {
        (Ok(once), Ok(again), Ok(judging)) => {
            let decided = decisions(&once, &inventory);
            assert_eq!(told(&decided), told(&decisions(&again, &inventory)));
            assert_eq!(told(&decided), told(&decisions(&judging, &inventory)));
            if once.exceptions().is_empty() {
                for (mine, builtin) in decided.iter().zip(decisions(&BUILTIN, &inventory)) {
                    assert!(mine.effect() >= builtin.effect(), "{mine:?} {builtin:?}");
                    assert!(mine.effect() <= Effect::Deny);
                }
            }
        }
        (Err(once), Err(again), judging) => {
            assert_eq!(once.to_string(), again.to_string());
            assert!(!once.0.is_empty());
            // What is wrong with tests is all that it may leave to others.
            assert!(judging.err().is_none_or(|wrong| !wrong.0.is_empty()));
        }
        _ => panic!("loading is not deterministic"),
    }
});
