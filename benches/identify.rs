//! From a head to its blast radius, for requests as real clients send them: route, identify, classify.
#![allow(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use std::hint::black_box;

use blastgate::classify::classify;
use blastgate::config::Inventory;
use blastgate::head::text::head_from_parts;
use blastgate::identify::{Known, identify, route};
use blastgate::model::Evidence;
use blastgate::model::http::{Captured, Head};
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};

/// An access-key id in the form that names its account.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIAQNNE6W3H2GXJ5F7A/20261122/eu-west-1/SERVICE/aws4_request, \
                      SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=00";

struct Case {
    name: &'static str,
    method: &'static str,
    url: &'static str,
    service: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "aws query",
        method: "POST",
        url: "https://cloudformation.eu-west-1.amazonaws.com/",
        service: "cloudformation",
        headers: &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
        body: "Action=DeleteStack&Version=2010-05-15&StackName=billing",
    },
    Case {
        name: "aws json",
        method: "POST",
        url: "https://dynamodb.eu-west-1.amazonaws.com/",
        service: "dynamodb",
        headers: &[("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "DynamoDB_20120810.GetItem")],
        body: r#"{"TableName":"prices","Key":{"id":{"S":"1"}}}"#,
    },
    Case {
        name: "aws s3",
        method: "PUT",
        url: "https://reports.s3.eu-west-1.amazonaws.com/2026/11/22.csv",
        service: "s3",
        headers: &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
        body: "",
    },
    Case {
        name: "kubernetes",
        method: "GET",
        url: "https://x.gr7.eu-west-1.eks.amazonaws.com/apis/apps/v1/namespaces/shop/deployments/web",
        service: "",
        headers: &[("accept", "application/json")],
        body: "",
    },
    Case {
        name: "generic",
        method: "POST",
        url: "https://api.example.com/v1/agents?page=2",
        service: "",
        headers: &[("content-type", "application/json"), ("accept", "application/json")],
        body: r#"{"name":"x"}"#,
    },
];

fn head(case: &Case) -> Head {
    let mut headers: Vec<(String, String)> =
        case.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if !case.service.is_empty() {
        headers.push(("authorization".to_owned(), SIGNED.replace("SERVICE", case.service)));
        headers.push(("x-amz-date".to_owned(), "20261122T000000Z".to_owned()));
    }
    head_from_parts(case.method, case.url, &headers).expect("a request")
}

fn readings(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("identify");
    let (known, inventory) = (Known::default(), Inventory::default());
    for case in CASES {
        let head = head(case);
        let body = Captured::Whole(Bytes::from_static(case.body.as_bytes()));
        group.bench_function(case.name, |bencher| {
            bencher.iter(|| {
                let route = route(black_box(&head), &known).expect("a route");
                let identified = identify(&route, &head, &body).expect("a reading");
                classify(identified, &inventory, Evidence::Observed)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, readings);
criterion_main!(benches);
