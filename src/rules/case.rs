//! The tests inside a rule: requests, written short, that it must match or must not match.

use std::fmt;
use std::time::Duration;

use serde_saphyr::Spanned;

use super::after::{Outcomes, StepOutcome};
use super::moment::{Edge, checked};
use super::text::{RawAction, RawCase, RawHttp, RawPrincipal, RawSigner, RawTests};
use crate::classify::{self, Action, Declaration};
use crate::config::{Report, Spot, duration};
use crate::identify::command::Stated;
use crate::model::{
    BlastRadius, Context, Door, Environment, EnvironmentKind, Operation, Parameter, Place, Principal, Resource,
    SessionId, Standing, Timestamp,
};

/// All tests of a rule.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    /// The rule must match these.
    pub matches: Vec<Case>,
    /// The rule must not match these.
    pub not_match: Vec<Case>,
    /// What the rule's `instead` suggests: the whole set must allow these.
    pub passes: Vec<Case>,
}

/// One request of a test.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its line in the rule's file.
    pub line: usize,
    /// Its column.
    pub column: usize,
    /// What is attempted.
    pub attempt: Attempt,
    /// What it must be recognised as.
    pub operation: Option<String>,
    /// The environment of everything in it; nothing stands for an empty inventory.
    pub environment: Option<Environment>,
    /// Who asks, and when.
    pub context: Context,
    /// What is known of the person.
    pub standing: Option<Standing>,
    /// What a listener or a kubeconfig would say of the host.
    pub provider: Option<String>,
    /// The cluster's name, likewise.
    pub cluster: Option<String>,
    /// What the same session did before, in the order of time.
    pub after: Vec<Earlier>,
}

/// An earlier call of a test.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The call.
    pub case: Case,
    /// What became of it.
    pub outcome: Outcomes,
    /// How long before the test's own call it was.
    pub ago: Duration,
}

/// What a test attempts.
#[derive(Clone, Debug)]
pub enum Attempt {
    /// A request.
    Http(Request),
    /// An action that a caller declares.
    Declared(Box<Action>),
    /// A command line, in a workspace at `/repo`.
    Command {
        /// The text.
        text: String,
        /// What stands around it.
        around: Stated,
    },
}

/// An HTTP request as text.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers, signature included.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

/// One line that tells it from its neighbours.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHARS_MAX: usize = 160;
        let text = match self {
            Self::Command { text, .. } => text.clone(),
            Self::Http(request) => {
                // The AWS JSON protocols name the operation there.
                let is_target = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("x-amz-target");
                let target = request.headers.iter().find(is_target).map_or("", |(_, target)| target.as_str());
                [request.method.as_str(), request.url.as_str(), target, request.body.as_str()].join(" ")
            }
            Self::Declared(action) => {
                let resources = action.resources().iter().map(Resource::as_str);
                let mut words = vec![action.operation().as_str()];
                words.extend(resources);
                words.join(" ")
            }
        };
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= CHARS_MAX {
            return f.write_str(&line);
        }
        let cut: String = line.chars().take(CHARS_MAX).collect();
        write!(f, "{cut}…")
    }
}

impl Cases {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.matches.is_empty() && self.not_match.is_empty() && self.passes.is_empty()
    }

    pub(super) fn check(raw: RawTests, report: &mut Report<'_>) -> Self {
        let mut all = |cases: Vec<Spanned<RawCase>>| cases.into_iter().map(|case| with_past(case, report)).collect();
        Self { matches: all(raw.matches), not_match: all(raw.not_match), passes: all(raw.passes) }
    }
}

/// How long before the next call an earlier one was, where nothing says it.
const APART: Duration = Duration::from_secs(60);

/// A test with what the session did before.
fn with_past(mut raw: Spanned<RawCase>, report: &mut Report<'_>) -> Case {
    let earlier = std::mem::take(&mut raw.value.after);
    for (key, at) in
        [("outcome", raw.value.outcome.as_ref().map(Spot::from)), ("ago", raw.value.ago.as_ref().map(Spot::from))]
    {
        if let Some(at) = at {
            report.say(at, format!("`{key}` is that of an earlier call, under `after`"), None);
        }
    }
    let case = check(raw, report);
    let mut ago = Duration::ZERO;
    let mut after: Vec<Earlier> = Vec::new();
    for one in earlier.into_iter().rev() {
        let one = before(one, (&case, ago + APART), report);
        if one.ago < ago {
            report.say((one.case.line, one.case.column), "the earlier calls do not stand in the order of time", None);
        }
        ago = one.ago;
        after.push(one);
    }
    after.reverse();
    Case { after, ..case }
}

/// One earlier call; what it does not say is as in the test's own.
fn before(raw: Spanned<RawCase>, (case, ago): (&Case, Duration), report: &mut Report<'_>) -> Earlier {
    let RawCase { after, principal, at, outcome, ago: said, .. } = &raw.value;
    if !after.is_empty() || principal.is_some() || at.is_some() {
        let text = "`after`, `principal` and `at` are those of the test's own call: it is one session";
        report.say(&raw, text, None);
    }
    let ago = said.as_ref().map_or(ago, |text| {
        duration(&text.value).unwrap_or_else(|_| {
            let help = "write a number and s, m, h or d, as in `5m`".to_owned();
            report.say(text, format!("`{}` is not a duration", text.value), Some(help));
            ago
        })
    });
    let outcome = match outcome.as_ref().map(|word| (word.value, Spot::from(word))) {
        None | Some((StepOutcome::Sent, _)) => Outcomes::SENT,
        Some((StepOutcome::Refused, _)) => Outcomes::REFUSED,
        Some((StepOutcome::Failed, _)) => Outcomes::FAILED,
        Some((StepOutcome::Any, at)) => {
            report.say(at, "something became of an earlier call: write `sent`, `refused` or `failed`", None);
            Outcomes::SENT
        }
    };
    let own = check(raw, report);
    let environment = own.environment.or_else(|| case.environment.clone());
    Earlier { case: Case { environment, standing: case.standing.clone(), ..own }, outcome, ago }
}

fn check(raw: Spanned<RawCase>, report: &mut Report<'_>) -> Case {
    let at = Spot::from(&raw);
    let location = raw.referenced;
    let (principal, moment) = (raw.value.principal.clone(), raw.value.at.clone());
    let RawCase {
        http, action, command, files, operation, provider, cluster, environment, tier, owner, tenant, ..
    } = raw.value;
    let is_described = tier.is_some() || owner.is_some() || tenant.is_some();
    if is_described && environment.is_none() && action.is_none() {
        report.say(at, "`tier`, `owner` and `tenant` are those of an `environment`", None);
    }
    let of = |kind: EnvironmentKind| Environment {
        tier,
        owner: owner.clone(),
        tenant: tenant.clone(),
        ..Environment::of(kind)
    };
    let environment = environment.map(of);
    let at_moment =
        moment.as_ref().and_then(|text| checked(text, Edge::Begin, report)).unwrap_or(Timestamp::from_millis(0));
    let (principal, standing) = who(principal.unwrap_or_default(), at_moment);
    if !files.is_empty() && command.is_none() {
        report.say(at, "`files` stand beside a `command`", None);
    }
    let attempt = match (http, action, command) {
        (Some(http), None, None) => Attempt::Http(request(http, at, report)),
        (None, Some(action), None) => {
            let environment = of(action.environment);
            Attempt::Declared(Box::new(declared(action, environment)))
        }
        (None, None, Some(text)) => {
            let around = Stated { files: files.into_iter().collect(), ..Stated::in_workspace("/repo") };
            Attempt::Command { text, around }
        }
        _ => {
            report.say(at, "a test has one of `http`, `command` and `action`", None);
            Attempt::Http(Request::default())
        }
    };
    Case {
        line: usize::try_from(location.line()).unwrap_or(0),
        column: usize::try_from(location.column()).unwrap_or(0),
        attempt,
        operation,
        environment,
        context: Context { principal, door: Door::Http, at: at_moment },
        standing,
        provider,
        cluster,
        after: Vec::new(),
    }
}

/// Who asks, and what is known of the person.
fn who(raw: RawPrincipal, at: Timestamp) -> (Principal, Option<Standing>) {
    let RawPrincipal { person, agent, level, roles, anonymous } = raw;
    let is_known = level.is_some() || roles.is_some();
    let standing = is_known.then(|| Standing { level, roles: roles.unwrap_or_default() });
    (Principal { session: SessionId::new(at, 0), agent, person, anonymous }, standing)
}

fn declared(raw: RawAction, environment: Environment) -> Action {
    let mut blast = BlastRadius::new(raw.impact, raw.scope);
    blast.hazards = raw.hazards.into_iter().collect();
    blast.count = raw.count.unwrap_or(blast.count);
    blast.reversible = raw.reversible.unwrap_or(blast.reversible);
    let RawAction { account, region, cluster, namespace, .. } = raw;
    classify::declared(Declaration {
        operation: Operation::from_id(&raw.operation),
        resources: raw.resources.into_iter().map(Resource).collect(),
        place: Place { account, region, cluster, namespace, ..Place::default() },
        parameters: raw.parameters.into_iter().map(|(name, value)| Parameter { name, value }).collect(),
        blast,
        environment,
    })
}

/// Makes the request: body, its type, and the signature.
pub(crate) fn request(raw: RawHttp, at: Spot, report: &mut Report<'_>) -> Request {
    let RawHttp { method, url, headers, body, form, json, aws } = raw;
    if usize::from(body.is_some()) + usize::from(form.is_some()) + usize::from(json.is_some()) > 1 {
        report.say(at, "a test has one of `body`, `form` and `json`", None);
    }
    let mut headers: Vec<(String, String)> = headers.into_iter().collect();
    let mut imply = |content_type: &str| {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
        }
    };
    let body = match (body, form, json) {
        (Some(body), ..) => body,
        (None, Some(form), _) => {
            imply("application/x-www-form-urlencoded");
            let pairs: Vec<String> =
                form.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            pairs.join("&")
        }
        (None, None, Some(json)) => {
            imply("application/json");
            json.to_string()
        }
        (None, None, None) => String::new(),
    };
    if let Some(signer) = aws
        && let Err(message) = sign(&signer, &mut headers)
    {
        report.say(at, message, None);
    }
    Request { method, url, headers, body }
}

impl RawHttp {
    /// The same with every text in it passed through `fill`.
    pub(crate) fn filled(self, fill: &mut dyn FnMut(&str) -> String) -> Self {
        let Self { method, url, headers, body, form, json, aws } = self;
        Self {
            method,
            url: fill(&url),
            headers: headers.into_iter().map(|(name, value)| (name, fill(&value))).collect(),
            body: body.map(|text| fill(&text)),
            form: form.map(|form| form.into_iter().map(|(name, value)| (name, fill(&value))).collect()),
            json: json.map(|value| filled_json(value, fill)),
            aws: aws.map(|signer| RawSigner {
                account: signer.account.map(|account| fill(&account)),
                region: fill(&signer.region),
                ..signer
            }),
        }
    }
}

/// The same JSON with every string in it passed through `fill`; names of members stay.
pub(crate) fn filled_json(value: serde_json::Value, fill: &mut dyn FnMut(&str) -> String) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(fill(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| filled_json(item, fill)).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, item)| (name, filled_json(item, fill))).collect())
        }
        other => other,
    }
}

/// As forms are encoded: everything but letters, digits and `.-_~`.
fn encode(text: &str) -> String {
    const RESERVED: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-').remove(b'~');
    percent_encoding::utf8_percent_encode(text, &RESERVED).to_string()
}

/// Adds what an SDK adds, with a signature of zeros: nobody here checks it.
fn sign(signer: &RawSigner, headers: &mut Vec<(String, String)>) -> Result<(), String> {
    headers.push(("x-amz-date".to_owned(), "20260101T000000Z".to_owned()));
    let account = signer.account.as_deref().unwrap_or("111122223333");
    let key = access_key(account).ok_or_else(|| format!("`{account}` is not an account id of 12 digits"))?;
    let mut signed: Vec<String> = headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| name.starts_with("x-amz-") || name == "content-type" || name == "content-encoding")
        .collect();
    signed.push("host".to_owned());
    signed.sort();
    signed.dedup();
    let RawSigner { service, region, .. } = signer;
    let signature = "0".repeat(64);
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, SignedHeaders={}, Signature={signature}",
        signed.join(";")
    );
    headers.push(("authorization".to_owned(), value));
    Ok(())
}

/// An access-key id of this account: since 2019 its characters 5–20 are base32, and the first six bytes of that hold the
/// account in bits 7–46 (found by Aidan Steele and Tal Be'ery, 2023; `GetAccessKeyInfo` tells the same).
fn access_key(account: &str) -> Option<String> {
    if account.len() != 12 {
        return None;
    }
    let number: u64 = account.parse().ok()?;
    let high = (number << 7 | 1 << 47).to_be_bytes();
    let mut bytes = [0u8; 10];
    for (slot, byte) in bytes.iter_mut().zip(high.iter().skip(2)) {
        *slot = *byte;
    }
    Some(format!("AKIA{}", data_encoding::BASE32.encode(&bytes)))
}
