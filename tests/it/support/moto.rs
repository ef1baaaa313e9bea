//! AWS: moto behind TLS, with accounts told apart.
//!
//! The front takes the account from the access key id, as AWS does, and hands it to moto in a header; moto itself stays
//! one process for all tests and ends with this process, because its standard input does.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use http::{HeaderValue, Request};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::clients;
use super::local::{Upstream, relay};
use super::server::{self, Answer, Peer, answer};
use super::stage::Stage;
use super::upstream::{Record, Seen};

/// The hosts of the services that the tests use; `BUCKET` is added for virtual-host addressing.
const HOSTS: &[&str] = &[
    "cloudformation.us-east-1.amazonaws.com",
    "dynamodb.us-east-1.amazonaws.com",
    "ecs.us-east-1.amazonaws.com",
    "eks.us-east-1.amazonaws.com",
    "elasticbeanstalk.us-east-1.amazonaws.com",
    "kms.us-east-1.amazonaws.com",
    "lambda.us-east-1.amazonaws.com",
    "logs.us-east-1.amazonaws.com",
    "monitoring.us-east-1.amazonaws.com",
    "route53.amazonaws.com",
    "secretsmanager.us-east-1.amazonaws.com",
    "sns.us-east-1.amazonaws.com",
    "sqs.us-east-1.amazonaws.com",
    "ssm.us-east-1.amazonaws.com",
    "ec2.us-east-1.amazonaws.com",
    "iam.amazonaws.com",
    // Where the command line still sends SQS's calls.
    "queue.amazonaws.com",
    "rds.amazonaws.com",
    "rds.us-east-1.amazonaws.com",
    "s3.amazonaws.com",
    "s3.us-east-1.amazonaws.com",
    "sts.amazonaws.com",
    "sts.us-east-1.amazonaws.com",
    "portal.sso.us-east-1.amazonaws.com",
    "oidc.us-east-1.amazonaws.com",
];

/// AWS as one test sees it.
pub(crate) struct Aws {
    /// What reached AWS.
    pub(crate) record: Record,
}

impl Aws {
    /// Puts AWS onto the stage, with `buckets` that are addressed by their own host names.
    pub(crate) fn on(stage: &mut Stage, buckets: &[&str]) -> Self {
        let mut names: Vec<String> = HOSTS.iter().map(|host| (*host).to_owned()).collect();
        for bucket in buckets {
            names.push(format!("{bucket}.s3.us-east-1.amazonaws.com"));
            names.push(format!("{bucket}.s3.amazonaws.com"));
        }
        let record = Record::default();
        let (moto, seen) = (moto(), record.clone());
        let client = Client::builder(TokioExecutor::new()).build_http();
        let handler: server::Handler =
            Arc::new(move |request, peer| Box::pin(forward(moto, client.clone(), seen.clone(), request, peer)));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let address = server::serve(Some(stage.ca.server(&names, &["http/1.1"])), handler);
        for name in names {
            stage.resolve(name, address);
        }
        stage.variable("AWS_DEFAULT_REGION", "us-east-1");
        Self { record }
    }

    /// Requests that asked for `what` (in target or body's action, as the front read it).
    pub(crate) fn asked_for(&self, what: &str) -> usize {
        self.record.all().iter().filter(|seen| seen.header("x-asked").is_some_and(|asked| asked.contains(what))).count()
    }
}

/// Variables that make a client act in `account`.
pub(crate) fn credentials(account: &str) -> [(&'static str, String); 2] {
    [
        ("AWS_ACCESS_KEY_ID", access_key(account)),
        ("AWS_SECRET_ACCESS_KEY", "test/secret+key".repeat(3)[..40].to_owned()),
    ]
}

/// An access key id of `account` as AWS makes them since 2019: characters 5 to 20 are base32, whose first six bytes hold
/// the account above bit 7; their first bit is set.
pub(crate) fn access_key(account: &str) -> String {
    let number: u64 = account.parse().unwrap();
    let mut bytes = [0x5a; 10];
    bytes[..6].copy_from_slice(&(1 << 47 | number << 7).to_be_bytes()[2..]);
    format!("AKIA{}", data_encoding::BASE32.encode(&bytes))
}

/// What a key tells, as AWS and the gate read it.
pub(crate) fn account_of(key: &str) -> Option<String> {
    let bytes = data_encoding::BASE32.decode(key.get(4..20)?.as_bytes()).ok()?;
    let number = bytes.get(..6)?.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Some(format!("{:012}", (number & 0x7fff_ffff_ff80) >> 7))
}

/// The port of moto, started at the first question.
fn moto() -> SocketAddr {
    static MOTO: OnceLock<(SocketAddr, Mutex<Child>)> = OnceLock::new();
    MOTO.get_or_init(|| {
        let mut process = std::process::Command::new(clients::python().join("bin/python"))
            .args(["-c", include_str!("moto_server.py")])
            .env_clear()
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "true")
            // moto makes its own calls to itself with botocore, which wants a key.
            .envs(credentials("123456789012"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().expect("moto says its port");
        (SocketAddr::from(([127, 0, 0, 1], port)), Mutex::new(process))
    })
    .0
}

async fn forward(moto: SocketAddr, client: Upstream, record: Record, request: Request<Incoming>, peer: Peer) -> Answer {
    let mut seen = Seen::of(&request, &peer);
    let key = seen.header("authorization").and_then(|text| text.split_once("Credential=")?.1.split('/').next());
    let account = key.and_then(account_of);
    let (mut parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return answer(400, "text/plain", "the body broke") };
    let body = body.to_bytes();
    seen.body_bytes = Some(body.len() as u64);
    seen.headers.push(("x-asked".to_owned(), asked(&seen, &body)));
    record.push(seen);
    if let Some(account) = account {
        parts.headers.insert("x-moto-account-id", HeaderValue::try_from(account).unwrap());
    }
    relay(&client, moto, parts, body).await
}

/// What an AWS request is about, for counting: the query's action, the target header, or method and path.
fn asked(seen: &Seen, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let action = text.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let target = seen.header("x-amz-target");
    action.or(target).map_or_else(|| format!("{} {}", seen.method, seen.target), str::to_owned)
}
