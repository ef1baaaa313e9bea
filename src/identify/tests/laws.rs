//! What holds for every provider of the catalog, by one test each: hostile heads are read without panic, no re-encoding of
//! a call is milder than the call, and what cannot be named is no read.

use std::path::Path;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::described::{all, host_of, sample};
use super::*;
use crate::catalog;
use crate::model::Scope;

/// A call of a provider.
struct Call {
    call: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    known: Known,
}

/// The calls of every case beside a provider's data, and of a part of its rows.
fn calls(random: &mut StdRng) -> Vec<Call> {
    let mut calls = Vec::new();
    for api in catalog::providers() {
        let path = Path::new("src/catalog").join(api.folder).join("cases.yaml");
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let cases: Vec<Case> = serde_saphyr::from_str(&text).unwrap();
        for case in cases.into_iter().filter(|case| case.refused.is_none() && case.hex.is_none()) {
            let (method, target) = case.call.split_once(' ').unwrap();
            let (call, known) = match target.strip_prefix('/') {
                Some(path) => (format!("{method} https://kube.prod.example:6443/{path}"), cluster()),
                None => (case.call.clone(), Known::default()),
            };
            let mut headers: Vec<_> = case.headers.into_iter().collect();
            headers.extend(case.media.map(|media| ("content-type".to_owned(), media)));
            let known = Known { provider: case.listener.or(known.provider), ..known };
            calls.push(Call { call, headers, body: case.body.into_bytes(), known });
        }
    }
    for (api, book) in all() {
        for row in book.operations().iter().filter(|_| random.random_ratio(1, 12)) {
            let (host, known) = host_of(api, book, row);
            let call = format!("{} https://{host}{}", row.method.get(), sample(api, row));
            calls.push(Call { call, headers: vec![], body: vec![], known });
        }
    }
    calls
}

/// How strict the answer is; a refusal is the strictest.
fn strictness(one: &Call, call: &str) -> u8 {
    let headers: Vec<(&str, &str)> = one.headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    match judge(&head(call, &headers), &one.known, &one.body) {
        // What an agent needs to live is an update that reaches nothing.
        Ok(actions) => {
            let reaches = actions.iter().filter(|one| one.blast().scope != Scope::Local);
            reaches.map(|one| one.blast().impact.strictness()).max().unwrap_or(0)
        }
        Err(_) => u8::MAX,
    }
}

/// One change of the path that a server may undo.
fn changed(call: &str, random: &mut StdRng) -> Option<String> {
    let (start, rest) = call.split_once("://")?;
    let (host, target) = rest.split_at(rest.find('/')?);
    let (path, query) = target.split_once('?').map_or((target, String::new()), |(p, q)| (p, format!("?{q}")));
    let slashes: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    let letters: Vec<usize> = path.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(at, _)| at).collect();
    let slash = *slashes.choose(random)?;
    let letter = *letters.choose(random)?;
    let mut path = path.to_owned();
    match random.random_range(0..7) {
        0 => path.insert(slash, '/'),
        1 => path.insert_str(slash, "/."),
        2 => path.insert_str(slash, "/x/.."),
        3 => path.replace_range(letter..=letter, &format!("%{:02x}", path.as_bytes()[letter])),
        4 => path.replace_range(letter..=letter, &format!("%25{:02X}", path.as_bytes()[letter])),
        5 => path.push('/'),
        _ if slash > 0 => path.replace_range(slash..=slash, "%2F"),
        _ => path.insert_str(slash, "/%2e"),
    }
    Some(format!("{start}://{host}{path}{query}"))
}

/// A path in which the change may name something else by right: an object's key, a file, a package, a page behind a proxy.
fn is_free(call: &str) -> bool {
    let registry = ["registry", "pypi", "crates", "npm", "debian"].iter().any(|word| call.contains(word));
    registry || call.contains("/proxy/")
}

#[test]
fn no_spelling_of_a_call_is_milder() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut wrong = Vec::new();
    let calls = calls(&mut random);
    assert!(calls.len() > 300, "{}", calls.len());
    for one in calls.iter().filter(|one| !is_free(&one.call)) {
        let plain = strictness(one, &one.call);
        for _ in 0..6 {
            let Some(odd) = changed(&one.call, &mut random) else { continue };
            let judged = strictness(one, &odd);
            if judged < plain {
                wrong.push(format!("{} ({plain}) -> {odd} ({judged})", one.call));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "seed {seed}, {}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn hostile_heads_of_every_provider_are_read_without_panic() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let pieces = [
        "/", "//", "%", "%2f", "%zz", "%00", ":", "::", "{", "}", "?", "&", "=", "..", ";", "\\", "*", "@", "~", "%ff",
        "$batch", ":delete", "[]", "+", "%25", "a", "v1", "-",
    ];
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "LOCK", "X", "get"];
    let media = [
        "application/json",
        "application/x-www-form-urlencoded",
        "application/grpc",
        "application/xml",
        "multipart/mixed; boundary=b",
        "text/plain",
        "",
    ];
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"{\"a\":[[[",
        b"\xff\xfe",
        b"a=b&a=c",
        b"<a>",
        b"--b\r\n\r\nDELETE /x HTTP/1.1\r\n\r\n--b--",
        b"\0\0\0\0\x05hello",
    ];
    for one in calls(&mut random) {
        let (_, url) = one.call.split_once("://").unwrap();
        let (host, path) = url.split_at(url.find('/').unwrap());
        let mut path = path.to_owned();
        for _ in 0..random.random_range(0..4) {
            let at = random.random_range(1..=path.len());
            if path.is_char_boundary(at) {
                path.insert_str(at, pieces.choose(&mut random).unwrap());
            }
        }
        if path.parse::<http::uri::PathAndQuery>().is_err() {
            continue;
        }
        let call = format!("{} https://{host}{path}", methods.choose(&mut random).unwrap());
        let media = *media.choose(&mut random).unwrap();
        let body = *bodies.choose(&mut random).unwrap();
        let head = head(&call, &[("content-type", media)]);
        let first = judge(&head, &one.known, body).map(|all| all.iter().map(Action::digest).collect::<Vec<_>>());
        let second = judge(&head, &one.known, body).map(|all| all.iter().map(Action::digest).collect::<Vec<_>>());
        assert_eq!(first, second, "seed {seed}: {call}");
    }
}

/// A write that the tables do not hold is unknown, on every host of every provider.
#[test]
fn an_unnamed_write_is_no_read() {
    for api in catalog::providers().filter(|api| api.protocol != catalog::ProtocolName::Lifeline) {
        for host in api.hosts.iter().map(|host| host.replace("*.", "x.")) {
            for method in ["POST", "PUT", "PATCH", "DELETE", "FROBNICATE"] {
                let call = format!("{method} https://{host}/no/such/path/anywhere");
                let actions = match judge(&head(&call, &[]), &Known::default(), b"{}") {
                    Ok(actions) => actions,
                    Err(_) => continue,
                };
                let impact = actions[0].blast().impact;
                // On a store of files every path is one.
                let is_named = !actions[0].operation().as_str().ends_with(":unidentified");
                assert_ne!(impact, Impact::Read, "{call}");
                if api.protocol == catalog::ProtocolName::Described && !is_named {
                    assert_eq!(impact, Impact::Unknown, "{call}");
                }
            }
        }
    }
}
