//! Laws that hold for every text that an operator could write; random texts print their seed. `fuzz/fuzz_targets/rules.rs`
//! holds them against as many texts as there is time for; both begin with the same files.

use super::*;
use crate::config::{Bodies, Config, Inventory, People};
use crate::prove::{Bench, Request, nobody};
use crate::rules::format::format;

/// Files between zero bytes; the first character of each says which file it is.
const SEEDS: &[&str] = &[
    include_str!("../../../fuzz/seeds/rules/rule"),
    include_str!("../../../fuzz/seeds/rules/sets"),
    include_str!("../../../fuzz/seeds/rules/exceptions"),
    include_str!("../../../fuzz/seeds/rules/freeze"),
    include_str!("../../../fuzz/seeds/rules/limits"),
    include_str!("../../../fuzz/seeds/rules/pack"),
    include_str!("../../../fuzz/seeds/rules/repository"),
    include_str!("../../../fuzz/seeds/rules/people"),
    include_str!("../../../fuzz/seeds/rules/config"),
];

/// Pieces that are put in.
const PIECES: &[&str] = &[
    "*",
    "&a ",
    "*a",
    "!!str ",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    "\"",
    "'",
    "#",
    "\n",
    "\n  ",
    "\t",
    "|",
    ">-",
    "\\",
    "é",
    "\u{1F600}",
    "\r\n",
    "---\n",
    "<<: ",
    "~",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "regex:",
    "regex:(",
    "regex:a{9999}",
    "$",
    "$teams",
    "aws:s3:DeleteBucket",
    "aws:*:*",
    "kubernetes:core:pods.delete",
    ">= ",
    "unbounded",
    "deny",
    "allow",
    "prod",
    "unknown",
    "resource.name",
    "matrix:",
    "tests:\n",
    "match: ",
    "unless: {}",
    "when: ",
    "size(",
    "has(account)",
    " && ",
    ".matches(\"(\")",
    "2026-02-30",
    "T25:00Z",
    "Europe/Nowhere",
    "10 per 0s",
];

fn file(kind: char) -> Option<(&'static str, Layer)> {
    Some(match kind {
        'r' => ("rules/acme/one.yaml", Layer::Organisation),
        't' => ("rules/acme/two.yaml", Layer::Team),
        's' => ("rules/acme/sets.yaml", Layer::Organisation),
        'e' => ("rules/acme/exceptions.yaml", Layer::Organisation),
        'f' => ("rules/acme/freezes.yaml", Layer::Organisation),
        'l' => ("rules/acme/limits.yaml", Layer::Organisation),
        'p' => ("rules/acme/pack.yaml", Layer::Organisation),
        'o' => ("/repo/.blastgate.yaml", Layer::Repository),
        _ => return None,
    })
}

fn decisions(rules: &RuleSet) -> Vec<crate::decide::Decision> {
    let (inventory, bodies) = (Inventory::default(), Bodies::default());
    let bench = Bench { rules, inventory: &inventory, bodies: &bodies, posture: Posture::Guarded };
    let context = nobody(crate::model::Timestamp::from_millis(1_790_000_000_000));
    let requests =
        [("DELETE", "https://a.example/team/orders"), ("POST", "https://a.example/x1"), ("GET", "https://b.example/")];
    let judged = requests.iter().map(|(method, url)| {
        let request = Request { method, url, headers: &[], body: b"" };
        bench.judge(&request, &crate::identify::Known::default(), &context).unwrap().decision
    });
    judged.collect()
}

/// Whether it loads.
fn hold(input: &str) -> bool {
    let mut sources: Vec<Source> = Vec::new();
    for part in input.split('\0') {
        let mut rest = part.chars();
        let Some(kind) = rest.next() else { continue };
        let text = rest.as_str();
        let name = match (kind, file(kind)) {
            (_, Some((file, layer))) => {
                sources.push(Source { file: file.to_owned(), text: text.to_owned(), layer });
                file
            }
            ('i', _) => Inventory::parse("inventory.yaml", text).map_or("inventory.yaml", |_| "inventory.yaml"),
            ('w', _) => People::parse("people.yaml", text).map_or("people.yaml", |_| "people.yaml"),
            ('c', _) => Config::parse("config.yaml", text).map_or("config.yaml", |_| "config.yaml"),
            _ => continue,
        };
        if let Ok(once) = format(name, text) {
            assert_eq!(format(name, &once).as_ref(), Ok(&once));
        }
    }
    let told = |rules: &RuleSet| decisions(rules).iter().map(|one| format!("{one:?}")).collect::<Vec<_>>();
    match (RuleSet::load(&sources), RuleSet::judging(&sources)) {
        (Ok(rules), judging) => {
            assert_eq!(told(&rules), told(&RuleSet::load(&sources).unwrap()));
            assert_eq!(told(&rules), told(&judging.unwrap()));
            for (mine, builtin) in decisions(&rules).iter().zip(decisions(&RuleSet::builtin())) {
                assert!(!rules.exceptions().is_empty() || mine.effect() >= builtin.effect());
            }
            true
        }
        (Err(wrong), judging) => {
            assert!(!wrong.0.is_empty() && judging.err().is_none_or(|wrong| !wrong.0.is_empty()));
            false
        }
    }
}

fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

fn mutated(random: &mut impl FnMut(usize) -> usize) -> String {
    let mut text: Vec<char> = SEEDS[random(SEEDS.len())].chars().collect();
    for _ in 0..1 + random(3) {
        let at = random(text.len() + 1);
        match random(4) {
            0 => {
                let end = (at + random(12)).min(text.len());
                text.drain(at..end);
            }
            1 => {
                let end = (at + random(40)).min(text.len());
                let copy: Vec<char> = text[at..end].to_vec();
                let to = random(text.len() + 1);
                text.splice(to..to, copy);
            }
            _ => {
                text.splice(at..at, PIECES[random(PIECES.len())].chars());
            }
        }
    }
    text.into_iter().collect()
}

#[test]
fn whatever_is_written_loads_or_is_refused() {
    for seed in SEEDS {
        assert!(hold(seed), "a seed loads: {seed}\n{:?}", RuleSet::load(&[]).err());
    }
    let seed: u64 = rand::random();
    println!("seed {seed:#x}");
    let mut random = random(seed);
    let mut loaded = 0;
    for round in 0..1_000 {
        let input = mutated(&mut random);
        let held = std::panic::catch_unwind(|| hold(&input));
        loaded += usize::from(*held.as_ref().unwrap_or(&false));
        assert!(held.is_ok(), "seed {seed:#x} round {round}: {input:?}");
    }
    assert!(loaded > 50, "{loaded}: most is refused, not all");
}
