//! A service command's options as a document of parameters: names by their words, unique beginnings too, values as text, JSON,
//! shorthand or a file's.

use serde_json::{Map, Value};

use super::globals::{self, Token};
use super::shorthand;
use crate::catalog::aws::{Member, Operation, Role};
use crate::identify::command::{Contents, Invocation, Machine, Scene, Word};
use crate::identify::protocol::aws::declared::Parameters;

/// What a service command was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) parameters: Parameters,
    /// It prints a template of its input and sends nothing.
    pub(super) skeleton: bool,
    /// Every option by its name as given, with its values.
    pub(super) options: Vec<(String, Vec<Word>)>,
    /// Words that belong to no option.
    pub(super) operands: Vec<Word>,
    /// An option may stand where nobody knows what stands.
    pub(super) open: bool,
}

impl Given {
    /// Whether the option is given, in either form.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(given, _)| given == name)
    }

    /// The option's last value.
    pub(super) fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().find(|(given, _)| given == name).and_then(|(_, values)| values.first())
    }
}

/// Options that the client has for every operation.
const INPUTS: [&str; 3] = ["cli-input-json", "cli-input-yaml", "generate-cli-skeleton"];

/// Options that are not called as their members are: service, option, member and the value of a flag. Source: awscli's
/// `customizations/argrename.py`.
const RENAMED: [(&str, &str, &str, Option<bool>); 32] = [
    ("apigateway", "api-version", "version", None),
    ("apigatewayv2", "api-version", "Version", None),
    ("codepipeline", "action-version", "version", None),
    ("codepipeline", "pipeline-version", "version", None),
    ("controltower", "landing-zone-version", "landingZoneVersion", None),
    ("datapipeline", "objects-query", "query", None),
    ("datapipeline", "pipeline-version", "version", None),
    ("ec2", "enable-api-termination", "DisableApiTermination", Some(false)),
    ("ec2", "ingress", "Egress", Some(false)),
    ("ec2", "reboot", "NoReboot", Some(false)),
    ("ecs", "disable-execute-command", "enableExecuteCommand", Some(false)),
    ("ecs", "non-interactive", "interactive", Some(false)),
    ("eks", "kubernetes-version", "version", None),
    ("emr", "cluster-id", "JobFlowId", None),
    ("emr", "cluster-ids", "JobFlowIds", None),
    ("gamelift", "build-version", "Version", None),
    ("gamelift", "script-version", "Version", None),
    ("glue", "resource-region", "Region", None),
    ("lex-models", "bot-version", "version", None),
    ("lex-models", "intent-version", "version", None),
    ("lex-models", "resource-version", "version", None),
    ("lex-models", "slot-type-version", "version", None),
    ("license-manager", "grant-version", "Version", None),
    ("license-manager", "license-version", "Version", None),
    ("pinpoint", "template-version", "version", None),
    ("route53", "traffic-policy-version", "Version", None),
    ("sagemaker", "version-number", "Version", None),
    ("schemas", "schema-version", "Version", None),
    ("sns", "notification-endpoint", "Endpoint", None),
    ("stepfunctions", "task-output", "output", None),
    ("swf", "activity-version", "version", None),
    ("workdocs", "notification-endpoint", "Endpoint", None),
];

/// Which member an option sets, and to what where it is a flag.
struct Meant {
    top: &'static str,
    flag: Option<bool>,
}

fn top(member: &Member) -> &'static str {
    let path = member.path.get();
    path.split(['.', '[', '{']).next().unwrap_or(path)
}

fn is_called(member: &str, option: &str) -> bool {
    let mut option = option.bytes().filter(|byte| *byte != b'-');
    member
        .bytes()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .all(|byte| option.next() == Some(byte.to_ascii_lowercase()))
        && option.next().is_none()
}

fn begins(member: &str, option: &str) -> bool {
    let mut member = member.bytes();
    let mut letters = option.bytes().filter(|byte| *byte != b'-');
    letters.all(|byte| member.next().is_some_and(|next| next.to_ascii_lowercase() == byte))
}

/// Whether no further word of a member's name begins behind its beginning.
fn is_almost(member: &str, option: &str) -> bool {
    let letters = option.bytes().filter(|byte| *byte != b'-').count();
    member.as_bytes().get(letters..).is_some_and(|rest| !rest.iter().any(u8::is_ascii_uppercase))
}

/// The member that an option of this name sets; exact names first, then unique beginnings among those that are known.
fn meant(service: &str, operation: &'static Operation, option: &str) -> Option<Meant> {
    let tops = || operation.members().iter().map(top);
    let exact = |name: &str| tops().find(|top| is_called(top, name));
    if let Some(top) = exact(option) {
        return Some(Meant { top, flag: None });
    }
    if let Some((.., member, flag)) = RENAMED.iter().find(|row| row.0 == service && row.1 == option) {
        return tops().find(|top| top == member).map(|top| Meant { top, flag: *flag });
    }
    let denied = option.strip_prefix("no-");
    if let Some(top) = denied.and_then(exact) {
        return Some(Meant { top, flag: Some(false) });
    }
    // The tables hold only what matters: a beginning of a resource's name may be the whole name of a member that they do not
    // hold, unless nothing but the end of its last word is missing. For one that decides it is taken all the same.
    let is_resource = |top: &str| {
        let named = |one: &&Member| self::top(one) == top;
        operation.members().iter().filter(named).any(|one| one.roles.contains(Role::Resource))
    };
    let by_beginning = |name: &str| {
        let fits = tops().filter(|top| name.len() > 1 && begins(top, name));
        let mut fits = fits.filter(|top| !is_resource(top) || is_almost(top, name));
        let first = fits.next()?;
        fits.all(|other| other == first).then_some(first)
    };
    let plain = by_beginning(option).map(|top| Meant { top, flag: None });
    plain.or_else(|| denied.and_then(by_beginning).map(|top| Meant { top, flag: Some(false) }))
}

/// Options and operands of a command, without their meaning. One takes all values up to the next; where it takes one only, the
/// others are operands.
pub(super) fn sort(arguments: &[Word]) -> Given {
    let mut given = Given::default();
    let mut is_over = false;
    for word in arguments {
        if !is_over && word.is("--") {
            is_over = true;
            continue;
        }
        let found = if is_over { Token::Value(word.clone()) } else { globals::token(word) };
        match (found, given.options.last_mut()) {
            (Token::Option(name, value), _) => given.options.push((name, value.into_iter().collect())),
            (Token::Value(word) | Token::Open(word), Some((_, values))) => values.push(word),
            (Token::Value(word), None) => given.operands.push(word),
            (Token::Open(word), None) => {
                given.open = true;
                given.operands.push(word);
            }
        }
    }
    given
}

/// The parameters of an operation.
pub(super) fn read(
    service: &str,
    operation: &'static Operation,
    mut given: Given,
    (at, scene): (&Invocation, &Scene<'_>),
) -> Given {
    let files = Files { at, scene };
    given.parameters.open = given.open;
    let options = std::mem::take(&mut given.options);
    for (name, values) in &options {
        match globals::one_of(INPUTS.into_iter(), name).filter(|_| name.len() > 5) {
            Some("generate-cli-skeleton") => given.skeleton = true,
            Some(input) => base(input, values, &files, &mut given.parameters),
            None => {}
        }
    }
    for (name, values) in &options {
        let Some(Meant { top, flag }) = meant(service, operation, name) else {
            special(service, name, values, &mut given.parameters);
            // What follows an option of one value, and may be another.
            continue;
        };
        let used = set(operation, (top, flag), values, &files, &mut given.parameters);
        for word in values.get(used..).unwrap_or_default() {
            given.parameters.open |= matches!(globals::token(word), Token::Open(word) if word.splits());
            given.operands.push(word.clone());
        }
    }
    given.options = options;
    given
}

/// `--cli-input-json`: what no option says itself.
fn base(input: &str, values: &[Word], files: &Files<'_, '_>, parameters: &mut Parameters) {
    let text = values.first().and_then(|word| files.text(word));
    let document = text.and_then(|text| match input {
        "cli-input-json" => serde_json::from_str::<Map<String, Value>>(&text).ok(),
        _ => serde_saphyr::from_str::<Map<String, Value>>(&text).ok(),
    });
    match document {
        Some(document) => {
            for (name, value) in document {
                parameters.document.entry(name).or_insert(value);
            }
        }
        None => parameters.open = true,
    }
}

/// Options that are no member, and set some.
fn special(service: &str, name: &str, values: &[Word], parameters: &mut Parameters) {
    let text = values.first().and_then(|word| word.text().map(std::borrow::Cow::into_owned));
    if let ("ec2", "count") = (service, name) {
        let text = text.unwrap_or_default();
        let (least, most) = text.split_once(':').unwrap_or((&text, &text));
        parameters.document.insert("MinCount".to_owned(), Value::from(least));
        parameters.document.insert("MaxCount".to_owned(), Value::from(most));
    }
}

/// Sets a member, the last time counts. How many of the values it took.
fn set(
    operation: &'static Operation,
    (name, flag): (&str, Option<bool>),
    values: &[Word],
    files: &Files<'_, '_>,
    parameters: &mut Parameters,
) -> usize {
    parameters.unknown.retain(|(known, _)| known != name);
    let kind = Kind::of(operation, name);
    if let Some(flag) = flag {
        parameters.document.insert(name.to_owned(), kind.flag(flag));
        return 0;
    }
    if values.is_empty() {
        parameters.document.insert(name.to_owned(), kind.flag(true));
        return 0;
    }
    let used = if kind.is_list { values.len() } else { 1 };
    let taken = values.get(..used).unwrap_or_default();
    let read: Option<Vec<Value>> = taken.iter().map(|word| kind.value(&files.text(word)?)).collect();
    match read {
        Some(all) if kind.is_list => {
            let flat = all.into_iter().flat_map(|one| match one {
                Value::Array(items) => items,
                one => vec![one],
            });
            parameters.document.insert(name.to_owned(), Value::Array(flat.collect()));
        }
        Some(all) => {
            parameters.document.insert(name.to_owned(), all.into_iter().next().unwrap_or_default());
        }
        None => {
            parameters.document.remove(name);
            let shown: Vec<String> = taken.iter().map(ToString::to_string).collect();
            parameters.unknown.push((name.to_owned(), shown.join(" ")));
        }
    }
    used
}

/// Of what form a member is, as far as the members below it tell.
#[derive(Clone, Copy)]
struct Kind {
    is_list: bool,
    /// Structures or maps, or lists of them.
    has_inner: bool,
    /// A structure around one truth value: `DisableApiTermination`.
    holds_value: bool,
}

impl Kind {
    fn of(operation: &'static Operation, name: &str) -> Self {
        let below = || operation.members().iter().filter_map(|member| member.path.get().strip_prefix(name));
        Self {
            is_list: below().any(|rest| rest.starts_with('[')),
            has_inner: below()
                .any(|rest| rest.starts_with(['.', '{']) || rest.starts_with("[].") || rest.starts_with("[]{")),
            holds_value: below().any(|rest| rest == ".Value"),
        }
    }

    fn flag(self, is: bool) -> Value {
        if self.holds_value { Value::from_iter([("Value", is)]) } else { Value::from(is) }
    }

    /// A word's value; `None` where the client refuses it.
    fn value(self, text: &str) -> Option<Value> {
        let trimmed = text.trim_start();
        if !self.is_list && !self.has_inner {
            return Some(Value::from(text));
        }
        if trimmed.starts_with(['{', '[']) {
            return serde_json::from_str(trimmed).ok();
        }
        if self.has_inner { shorthand::read(text) } else { Some(Value::from(text)) }
    }
}

/// What words hold, and the files that they name.
struct Files<'a, 'b> {
    at: &'a Invocation,
    scene: &'a Scene<'b>,
}

impl Files<'_, '_> {
    /// The text; `None` when nobody knows.
    fn text(&self, word: &Word) -> Option<String> {
        let text = word.text()?;
        let Some(path) = text.strip_prefix("file://").or_else(|| text.strip_prefix("fileb://")) else {
            return Some(text.into_owned());
        };
        if self.at.machine != Machine::Own || path.contains('$') {
            return None;
        }
        let around = self.scene.around();
        let path = match path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", around.home()?),
            None if path.starts_with('/') => path.to_owned(),
            None => format!("{}/{}", self.at.directory.as_deref()?, path.trim_start_matches("./")),
        };
        match around.read(&path) {
            Contents::Whole(bytes) => String::from_utf8(bytes).ok(),
            _ => None,
        }
    }
}
