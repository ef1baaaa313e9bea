//! Refusals as git shows them.
//!
//! Of an error status git prints the number only, except where it asks for refs and the text is plain. So a fetch and a
//! push are answered in the protocol that follows (`gitprotocol-common`, `gitprotocol-pack`): with 200, as gRPC is.

use super::{Form, RefusalKind, Said};

/// `GET …/info/refs`: git prints a plain text as `remote: …`.
pub(super) fn refs(said: &Said<'_>) -> Form {
    plain(said)
}

/// `POST …/git-upload-pack`: an ERR packet, printed as `fatal: remote error: …`.
pub(super) fn fetch(said: &Said<'_>) -> Form {
    if !is_spoken(said) {
        return plain(said);
    }
    let mut body = Vec::new();
    packet(&mut body, &[b"ERR ", said.message.as_bytes(), b"\n"]);
    Form { status: 200, media: "application/x-git-upload-pack-result", headers: vec![], body }
}

/// `POST …/git-receive-pack`: progress, printed as `remote: …`, and a report that nothing was unpacked. Every git asks for
/// `side-band-64k` and `report-status` where the server has them, as all since 2008 do.
pub(super) fn push(said: &Said<'_>) -> Form {
    if !is_spoken(said) {
        return plain(said);
    }
    let mut body = Vec::new();
    packet(&mut body, &[&[2], said.message.as_bytes(), b"\n"]);
    let mut report = Vec::new();
    packet(&mut report, &[b"unpack stopped by blastgate\n"]);
    report.extend_from_slice(b"0000");
    packet(&mut body, &[&[1], &report]);
    body.extend_from_slice(b"0000");
    Form { status: 200, media: "application/x-git-receive-pack-result", headers: vec![], body }
}

/// What the gate itself cannot do now is no answer of the repository's.
fn is_spoken(said: &Said<'_>) -> bool {
    !matches!(said.kind(), RefusalKind::Unavailable { .. })
}

fn plain(said: &Said<'_>) -> Form {
    let status = match said.kind() {
        RefusalKind::Denied | RefusalKind::ApprovalNeeded(_) | RefusalKind::Throttled { .. } => 403,
        RefusalKind::Unreadable { status } | RefusalKind::Unavailable { status } => *status,
    };
    Form { status, media: "text/plain; charset=utf-8", headers: vec![], body: said.message.clone().into_bytes() }
}

/// A pkt-line: its length in four hex digits, these included, and at most 65,516 bytes.
fn packet(out: &mut Vec<u8>, parts: &[&[u8]]) {
    const DATA_BYTES_MAX: usize = 65_516;
    let data: Vec<u8> = parts.concat().into_iter().take(DATA_BYTES_MAX).collect();
    out.extend_from_slice(format!("{:04x}", data.len() + 4).as_bytes());
    out.extend_from_slice(&data);
}
