//! The house's own rules, read from the source tree: layer order, what the core may use, sizes, leftovers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers in order, from `src/lib.rs` itself.
fn layers() -> Vec<String> {
    let text = fs::read_to_string("src/lib.rs").unwrap();
    let layers: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect();
    assert!(layers.len() > 10, "src/lib.rs lists the layers");
    layers
}

/// The last layer of the core.
const CORE_ENDS_WITH: &str = "prove";

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.file_name().is_some_and(|name| name == "tests.rs")
}

/// The lines outside `#[cfg(test)]` blocks at the file's end, without comments and doc tests.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let mut out = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        if !line.trim_start().starts_with("//") {
            out.push((index + 1, line.to_owned()));
        }
    }
    out
}

fn layer_of(path: &Path) -> Option<String> {
    let rest = path.strip_prefix("src").ok()?;
    let first = rest.components().next()?.as_os_str().to_str()?;
    Some(first.trim_end_matches(".rs").to_owned())
}

#[test]
fn a_module_imports_only_from_above() {
    let order: BTreeMap<String, usize> = layers().into_iter().enumerate().map(|(at, name)| (name, at)).collect();
    let mut wrong = Vec::new();
    for path in sources(Path::new("src")) {
        let Some(own) = layer_of(&path).and_then(|name| order.get(&name).copied()) else { continue };
        if is_test(&path) {
            continue;
        }
        for (number, line) in code(&path) {
            for (at, _) in line.match_indices("crate::") {
                let name: String =
                    line[at + 7..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if order.get(&name).is_some_and(|other| *other > own) {
                    wrong.push(format!("{}:{number}: imports `{name}` from below", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_does_no_io_and_reads_no_clock() {
    let layers = layers();
    let end = layers.iter().position(|name| name == CORE_ENDS_WITH).unwrap();
    let banned = [
        "tokio",
        "hyper::",
        "rustls",
        "axum",
        "rusqlite",
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "SystemTime",
        "Instant::now",
        "std::env",
        "std::process",
        "std::thread",
        "rand::",
    ];
    let mut wrong = Vec::new();
    for layer in &layers[..=end] {
        for path in sources(Path::new("src").join(layer).as_path()).into_iter().filter(|path| !is_test(path)) {
            for (number, line) in code(&path) {
                for word in banned.iter().filter(|word| line.contains(**word)) {
                    wrong.push(format!("{}:{number}: `{word}` in the core", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Bans beyond the order: who must not know whom.
#[test]
fn special_bans() {
    let bans: &[(&str, &[&str])] = &[
        (
            "wire",
            &[
                "catalog",
                "identify",
                "classify",
                "rules",
                "decide",
                "record",
                "store",
                "sessions",
                "approvals",
                "enforce",
                "limits",
            ],
        ),
        ("sandbox", &["wire", "egress", "enforce", "record", "decide", "doors"]),
        ("install", &["wire", "egress", "enforce", "record", "decide", "doors", "sandbox", "store"]),
        ("doors", &["record::", "decide::"]),
        ("outbound", &["catalog", "identify", "classify", "rules", "decide", "record", "store"]),
        ("notify", &["catalog", "identify", "classify", "rules", "decide", "prove"]),
        ("record", &["store", "sessions", "approvals", "limits", "enforce"]),
        ("store", &["record"]),
        ("sessions", &["approvals", "limits"]),
        ("approvals", &["sessions", "limits"]),
        ("limits", &["sessions", "approvals"]),
    ];
    let mut wrong = Vec::new();
    for (layer, names) in bans {
        for path in sources(&Path::new("src").join(layer)).into_iter().filter(|path| !is_test(path)) {
            for (number, line) in code(&path) {
                for name in names.iter().filter(|name| line.contains(&format!("crate::{name}"))) {
                    wrong.push(format!("{}:{number}: `{layer}` must not know `{name}`", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_egress_and_outbound_dial() {
    let dials = ["TcpStream::connect", "lookup_host", "to_socket_addrs", "UnixStream::connect"];
    for path in sources(Path::new("src")).into_iter().filter(|path| !is_test(path)) {
        // The operator's commands ask the gate over its own socket, and so does the next gate.
        let is_own = path.ends_with("control/client.rs") || path.starts_with("src/app/serve");
        // `run` asks the operator's SSH agent which keys it holds, before it starts anything.
        let is_own = is_own || path.ends_with("sandbox/ssh_agent.rs");
        // The operator's own traffic has a dialler of its own.
        if path.starts_with("src/egress") || path.starts_with("src/outbound") || path.starts_with("src/demo") || is_own
        {
            continue;
        }
        for (number, line) in code(&path) {
            assert!(!dials.iter().any(|dial| line.contains(dial)), "{}:{number}: {line}", path.display());
        }
    }
}

#[test]
fn files_and_functions_stay_readable() {
    let mut wrong = Vec::new();
    for path in sources(Path::new("src")) {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        let own = if is_test(&path) { 0 } else { code(&path).last().map_or(0, |(number, _)| *number) };
        if own > 500 {
            wrong.push(format!("{}: {lines} lines, {own} of them code (at most 500)", path.display()));
        }
        if !is_test(&path) {
            wrong.extend(long_functions(&path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Functions of more than 70 lines: rustfmt indents a function's closing brace like its first line.
fn long_functions(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut wrong = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let is_function = [
            "fn ",
            "pub fn ",
            "async fn ",
            "pub async fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "pub(super) async fn ",
            "pub(crate) async fn ",
        ]
        .iter()
        .any(|prefix| bare.starts_with(prefix));
        if !is_function || line.ends_with(';') || line.trim_end().ends_with('}') {
            continue;
        }
        let indent = &line[..line.len() - bare.len()];
        let close = format!("{indent}}}");
        if let Some(length) = lines[start..].iter().position(|line| *line == close)
            && length + 1 > 70
        {
            wrong.push(format!("{}:{}: a function of {} lines (at most 70)", path.display(), start + 1, length + 1));
        }
    }
    wrong
}

#[test]
fn nothing_is_left_lying() {
    let marks = ["todo!(", "unimplemented!(", "#[ignore", "FIXME:", "XXX:", "dbg!("];
    for root in ["src", "tests", "benches"] {
        if !Path::new(root).exists() {
            continue;
        }
        for path in sources(Path::new(root)).into_iter().filter(|path| !path.ends_with("tidy.rs")) {
            for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
                for mark in marks {
                    assert!(!line.contains(mark), "{}:{}: {mark}", path.display(), number + 1);
                }
                assert_eq!(line.trim_end(), line, "{}:{}: trailing space", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for path in sources(Path::new("src")).into_iter().filter(|path| !is_test(path)) {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} has no module documentation", path.display());
    }
}
