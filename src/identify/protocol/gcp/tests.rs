//! What the cases beside the tables cannot say.

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::*;
use crate::catalog;
use crate::model::http::{Authority, Scheme};

fn head(call: &str, headers: &[(&'static str, &str)]) -> Head {
    let (method, url) = call.split_once(' ').unwrap();
    let (host, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        _ = map.insert(*name, value.parse().unwrap());
    }
    Head {
        scheme: Scheme::Https,
        authority: Authority { host: host.to_owned(), port: 443 },
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        target: format!("/{path}").parse().unwrap(),
        headers: map,
        upgrade: None,
    }
}

fn names(head: &Head, body: &[u8]) -> Result<Vec<String>, u16> {
    let api = catalog::provider("gcp").unwrap();
    let known = Known::default();
    let body = Captured::Whole(Bytes::copy_from_slice(body));
    let readings = Gcp.route(api, head, &known).and_then(|_| Gcp.identify(api, &Partial::None, &known, head, &body));
    readings
        .map(|all| all.iter().map(|one| one.operation.as_str().to_owned()).collect())
        .map_err(|refused| refused.status)
}

/// Every call of a batch is named, in their order.
#[test]
fn a_batch_holds_all_its_calls() {
    let part = |call: &str| format!("--b\r\nContent-Type: application/http\r\n\r\n{call} HTTP/1.1\r\n\r\n\r\n");
    let outer = head(
        "POST https://storage.googleapis.com/batch/storage/v1",
        &[("content-type", "multipart/mixed; boundary=b")],
    );
    let batch = |calls: &[&str]| calls.iter().map(|call| part(call)).collect::<String>() + "--b--\r\n";
    let check = |calls: &[&str], expected: Result<&[&str], u16>| {
        let expected = expected.map(|all| all.iter().map(|name| format!("gcp:{name}")).collect::<Vec<_>>());
        assert_eq!(names(&outer, batch(calls).as_bytes()), expected, "{calls:?}");
    };
    check(
        &["GET /storage/v1/b/a/o/x", "DELETE /storage/v1/b/a/o/y", "DELETE /storage/v1/b/a"],
        Ok(&["storage:objects.get", "storage:objects.delete", "storage:buckets.delete"]),
    );
    check(&["DELETE /storage/v1/nothing"], Ok(&["unidentified"]));
    check(&["GET /storage/v1/b", "DELETE https://compute.googleapis.com/compute/v1/projects/p"], Err(400));
    check(&["POST /upload/storage/v1/b/a/o?uploadType=media"], Err(400));
    check(&[], Err(400));
}

/// What stands around the parts, or makes two of one, refuses the batch.
#[test]
fn a_batch_has_one_reading() {
    let outer = head("POST https://storage.googleapis.com/batch", &[("content-type", "multipart/mixed; boundary=b")]);
    let call = "Content-Type: application/http\r\n\r\nGET /storage/v1/b HTTP/1.1\r\n";
    for body in [
        format!("DELETE /storage/v1/b/a HTTP/1.1\r\n--b\r\n{call}\r\n--b--"),
        format!("--b\r\n{call}\r\n--b--\r\n--b\r\n{call}\r\n--b--"),
        format!("--b\r\n{call}\r\n--bb\r\n{call}\r\n--b--"),
        format!("--b\r\n{call}X-HTTP-Method-Override: DELETE\r\n\r\n--b--"),
        format!("--b\r\n{call}Host: compute.googleapis.com\r\n\r\n--b--"),
        format!("--b\r\n{call}Content-Length: 1\r\nContent-Length: 2\r\n\r\n--b--"),
        format!("--b\r\n{call}Transfer-Encoding: chunked\r\n\r\n--b--"),
        "--b\r\nContent-Type: text/plain\r\n\r\nGET /storage/v1/b HTTP/1.1\r\n\r\n--b--".to_owned(),
    ] {
        assert_eq!(names(&outer, body.as_bytes()), Err(400), "{body}");
    }
    assert_eq!(
        names(&outer, format!("--b\r\n{call}\r\n--b--").as_bytes()),
        Ok(vec!["gcp:storage:buckets.list".to_owned()])
    );
}

/// No prefix of a message, and no byte changed in it, is milder than what is opaque allows: it is read, or it is the worst.
#[test]
fn a_message_is_whole_or_opaque() {
    let head = head(
        "POST https://spanner.googleapis.com/google.spanner.v1.Spanner/ExecuteSql",
        &[("content-type", "application/grpc")],
    );
    let message = b"\0\0\0\0\x0a\x1a\x08SELECT 1";
    let api = catalog::provider("gcp").unwrap();
    let sql = |bytes: &[u8]| {
        let body = Captured::Whole(Bytes::copy_from_slice(bytes));
        let readings = Gcp.identify(api, &Partial::None, &Known::default(), &head, &body).unwrap();
        let Face::Described(seen) = &readings.first().face else { panic!() };
        seen.members.of("body.sql").map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sql(message), ["SELECT 1"]);
    for length in 0..message.len() {
        assert!(sql(&message[..length]).is_empty(), "{length}");
    }
}
