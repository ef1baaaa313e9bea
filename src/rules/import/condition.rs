//! IAM's conditions, one operator and key at a time: what they narrow, what they excuse, and what the gate cannot see.

use serde_json::{Map, Value};

use super::action::Target;
use super::pattern::carried;
use super::{Fit, Note};
use crate::catalog::aws::Role;

/// One operator, one key, its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

/// Where a value stands in the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A key of `match:`.
    Place(&'static str),
    /// A parameter.
    Parameter(String),
}

/// What a condition becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The rule speaks of these values only.
    Narrows(Key, Vec<String>),
    /// The rule excuses these values.
    Excuses(Key, Vec<String>),
    /// It always holds for what comes through the gate.
    Holds(&'static str),
    /// It never holds for what comes through the gate: there is nothing to carry over.
    Never(&'static str),
    /// An exception for some callers, which the gate does not see.
    Exempts,
    /// It cannot be seen, and the statement means little without it.
    Unseen(&'static str),
}

/// A condition's meaning, and what differs.
pub(super) struct Read {
    pub(super) meaning: Meaning,
    pub(super) notes: Vec<Note>,
}

/// All conditions of a statement.
///
/// # Errors
/// What is not a block of conditions.
pub(super) fn conditions(block: &Map<String, Value>) -> Result<Vec<Condition>, String> {
    let mut found = vec![];
    for (operator, keys) in block {
        let Value::Object(keys) = keys else { return Err(format!("`{operator}` holds no keys")) };
        for (key, values) in keys {
            let values = texts(values).ok_or_else(|| format!("`{key}` holds no texts"))?;
            found.push(Condition { operator: operator.clone(), key: key.clone(), values });
        }
    }
    Ok(found)
}

/// One text or a list of them; IAM also takes numbers and booleans.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) => Some(vec![value.to_string()]),
        Value::Array(items) => items.iter().map(|item| texts(item)?.pop()).collect(),
        _ => None,
    }
}

/// An operator, taken apart.
struct Operator {
    /// `StringLike`, without `Not`.
    base: String,
    /// `StringNotLike`.
    negated: bool,
    /// Holds when the key is missing.
    if_exists: bool,
}

impl Operator {
    fn parse(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let body = text.rsplit(':').next().unwrap_or_default();
        // `ForAllValues` holds when there is no value at all.
        let if_exists = body.ends_with("ifexists") || text.starts_with("forallvalues:");
        let body = body.trim_end_matches("ifexists");
        let negated = body.contains("not");
        Self { base: body.replace("not", ""), negated, if_exists }
    }

    fn is_text(&self) -> bool {
        ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"].contains(&self.base.as_str())
    }

    fn is_wild(&self) -> bool {
        ["stringlike", "arnequals", "arnlike"].contains(&self.base.as_str())
    }
}

impl Condition {
    /// As a person would say it.
    pub(super) fn said(&self) -> String {
        let values: Vec<&str> = self.values.iter().map(String::as_str).take(4).collect();
        let more = if self.values.len() > values.len() { ", …" } else { "" };
        format!("`{} {} [{}{more}]`", self.operator, self.key, values.join(", "))
    }

    /// What it means for these operations.
    pub(super) fn read(&self, targets: &[Target]) -> Read {
        let operator = Operator::parse(&self.operator);
        let key = self.key.to_ascii_lowercase();
        if let Some(meaning) = self.through_the_gate(&key, &operator) {
            return Read { meaning, notes: vec![] };
        }
        let place = match key.as_str() {
            "aws:requestedregion" | "ec2:region" => Some(Key::Place("region")),
            "aws:resourceaccount" | "s3:resourceaccount" => Some(Key::Place("account")),
            _ => parameter(&key, targets).map(Key::Parameter),
        };
        let always_there = key == "aws:requestedregion" || key == "aws:resourceaccount";
        match place {
            Some(place) if operator.base == "null" => self.null(place, always_there),
            Some(place) if operator.is_text() || operator.base == "bool" => self.values(place, &operator, always_there),
            _ => Read { meaning: unseen(&key, &operator, &self.values), notes: vec![] },
        }
    }

    /// Keys whose value is the same for every call that an agent sends itself.
    fn through_the_gate(&self, key: &str, operator: &Operator) -> Option<Meaning> {
        let value = self.values.first().map(|value| value.to_ascii_lowercase());
        let wants = value.as_deref() == Some("true");
        let by_service = ["aws:viaawsservice", "aws:principalisawsservice"].contains(&key);
        match (key, operator.base.as_str()) {
            (_, "bool") if by_service && wants => Some(Meaning::Never("no call of an agent comes from an AWS service")),
            (_, "bool") if by_service => Some(Meaning::Holds("a call of an agent comes from no AWS service")),
            ("aws:securetransport", "bool") if !wants => {
                Some(Meaning::Never("the gate itself speaks TLS to AWS: no call goes out without it"))
            }
            ("aws:securetransport", "bool") => Some(Meaning::Holds("the gate itself speaks TLS to AWS")),
            ("aws:calledvia" | "aws:calledviafirst" | "aws:calledvialast", _) if !operator.negated => {
                match (operator.base.as_str(), wants) {
                    ("null", true) => Some(Meaning::Holds("a call of an agent comes through no other service")),
                    _ if operator.if_exists => None,
                    _ => Some(Meaning::Never("no call of an agent comes through another AWS service")),
                }
            }
            _ => None,
        }
    }

    /// `Null: true` holds when the key is missing.
    fn null(&self, place: Key, always_there: bool) -> Read {
        let missing = self.values.iter().any(|value| value.eq_ignore_ascii_case("true"));
        let any = vec!["*".to_owned()];
        let meaning = match (missing, always_there) {
            (true, true) => Meaning::Never("the key is there in every call"),
            (false, true) => Meaning::Holds("the key is there in every call"),
            (true, false) => Meaning::Excuses(place, any),
            (false, false) => Meaning::Narrows(place, any),
        };
        Read { meaning, notes: vec![] }
    }

    fn values(&self, place: Key, operator: &Operator, always_there: bool) -> Read {
        let mut notes = vec![];
        let mut patterns = vec![];
        for value in &self.values {
            let carried = carried(value, operator.is_wild());
            match carried.wider {
                Some(why) if operator.negated => {
                    let text = format!("the exception for `{value}` of `{}` is left out: {why}", self.key);
                    notes.push(Note { fit: Fit::Wider, text });
                    continue;
                }
                Some(why) => notes.push(Note { fit: Fit::Wider, text: format!("`{value}` of `{}`: {why}", self.key) }),
                None => {}
            }
            patterns.push(carried.text);
        }
        if operator.negated && self.operator.to_ascii_lowercase().starts_with("foranyvalue:") && !always_there {
            let text = format!("{} does not hold where the key is missing, and the rule does", self.said());
            notes.push(Note { fit: Fit::Wider, text });
        }
        let missing_too = operator.if_exists && !operator.negated && !always_there;
        let meaning = match (operator.negated, patterns.is_empty()) {
            (true, true) => Meaning::Holds("no exception of it is left"),
            (true, false) => Meaning::Excuses(place, patterns),
            (false, true) => Meaning::Never("it names no value"),
            (false, false) => Meaning::Narrows(place, patterns),
        };
        if missing_too {
            let text =
                format!("{} also holds where the key is missing, and the rule needs it to be there", self.said());
            notes.push(Note { fit: Fit::Narrower, text });
        }
        Read { meaning, notes }
    }
}

/// Who calls, and from where.
const CALLERS: [&str; 12] = [
    "aws:principal",
    "aws:user",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:vpcsourceip",
    "aws:multifactorauth",
    "aws:federatedprovider",
    "aws:tokenissuetime",
    "aws:ec2instancesource",
    "aws:sourceidentity",
    "aws:assumedroot",
    "saml:",
];

fn unseen(key: &str, operator: &Operator, values: &[String]) -> Meaning {
    let is_caller = CALLERS.iter().any(|one| key.starts_with(one));
    let says_no = operator.base == "bool" && values.iter().all(|value| value.eq_ignore_ascii_case("false"));
    let says_missing = operator.base == "null" && values.iter().all(|value| value.eq_ignore_ascii_case("true"));
    if is_caller && (operator.negated || says_no || says_missing) {
        return Meaning::Exempts;
    }
    Meaning::Unseen(match key {
        _ if is_caller => "the gate does not know IAM principals, nor from where AWS would see the call",
        _ if key.starts_with("aws:resourcetag") || key.contains(":resourcetag") => {
            "a request does not show the tags of what it acts upon"
        }
        _ if key.starts_with("aws:requesttag") || key == "aws:tagkeys" => "the rules do not look at tags in requests",
        _ if key.starts_with("aws:resourceorg") => "a request does not show whose organisation a resource is in",
        _ if key.starts_with("aws:currenttime") || key.starts_with("aws:epochtime") => {
            "a date is said by `until:` in a rule, or by a freeze"
        }
        _ if operator.base.starts_with("numeric") || operator.base.starts_with("date") => {
            "the rules compare parameters with patterns, not with numbers or dates"
        }
        _ => "the gate does not see this key",
    })
}

/// Keys whose parameter is called otherwise.
const PARAMETERS: [(&str, &str); 8] = [
    ("rds:databaseclass", "dbinstanceclass"),
    ("rds:databaseengine", "engine"),
    ("ec2:metadatahttptokens", "httptokens"),
    ("ec2:metadatahttpendpoint", "httpendpoint"),
    ("lambda:functionurlauthtype", "authtype"),
    ("s3:x-amz-acl", "acl"),
    ("s3:object-lock-mode", "mode"),
    ("kms:schedulekeydeletionpendingwindowindays", "pendingwindowindays"),
];

/// The member that a service's own key stands for, where every operation has it among those that the gate reads.
fn parameter(key: &str, targets: &[Target]) -> Option<String> {
    let (prefix, name) = key.split_once(':')?;
    if prefix == "aws" || targets.is_empty() {
        return None;
    }
    let name = PARAMETERS.iter().find(|(known, _)| *known == key).map_or(name, |(_, name)| name);
    let find = |target: &Target| {
        let decides = |role: Role| move |member: &&crate::catalog::aws::Member| member.roles.contains(role);
        let members = target.operation.members().iter().filter(decides(Role::Deciding));
        members
            .map(|member| member.name.get())
            .find(|member| member.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name)))
    };
    let first = find(targets.first()?)?;
    targets.iter().all(|target| find(target) == Some(first)).then(|| first.to_owned())
}
