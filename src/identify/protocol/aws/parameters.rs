//! How many, and which parameters decide: what rules, records and approvals see of a call's values.

use sha2::{Digest, Sha256};

use crate::catalog::aws::{Member, Operation as Row, Role};
use crate::model::{Count, Parameter};

use super::members::{self, Values};

/// A longer parameter stands in the record by its digest.
const PARAMETER_BYTES_MAX: usize = 200;
/// Ends of the names of what may be a secret. EC2's and Elastic Beanstalk's `Value` may be user data or a variable.
const SECRETS: [&str; 9] =
    ["hostkey", "mfa", "password", "privatekey", "secret", "secretstring", "token", "userdata", "value"];
/// From this length on a digest does not help who guesses, and tells two values apart that an approval must not mix up.
const UNGUESSABLE_BYTES: usize = 40;
/// Ends of the names of whole documents: they stand by their digest, however short.
const DOCUMENTS: [&str; 3] = ["documents", "script", "scriptbody"];
/// Ends of the names of what is written in a language, and may hold anything.
const STATEMENTS: [&str; 7] = ["statement", "statements", "sql", "sqls", "sqlstatements", "querystring", "query"];

/// Batch envelopes and numbers that say how many first, else the longest list of resources.
pub(super) fn count(operation: &Row, values: &Values) -> Count {
    let is_list = |member: &Member| member.path.get().contains(['[', '{']);
    let has = |role| values.iter().filter(move |(member, _)| member.roles.contains(role));
    if has(Role::Wide).next().is_some() || has(Role::Resource).any(|(member, value)| is_list(member) && value == "*") {
        return Count::Unbounded;
    }
    if has(Role::Counting).next().is_some() {
        return has(Role::Counting).fold(Count::Exact(0), |sum, (member, value)| {
            sum.plus(if is_list(member) { Count::ONE } else { value.parse().map_or(Count::Unbounded, Count::Exact) })
        });
    }
    let named = operation.members().iter().any(|member| member.roles.contains(Role::Resource));
    if named && has(Role::Resource).next().is_none() {
        return Count::AtLeast(1);
    }
    let longest = operation
        .members()
        .iter()
        .filter(|member| is_list(member))
        .map(|member| has(Role::Resource).filter(|(other, _)| std::ptr::eq(*other, member)).count())
        .max();
    Count::Exact(longest.unwrap_or(1).max(1) as u64)
}

/// The members that decide.
pub(super) fn parameters(values: &Values) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = vec![];
    for (member, value) in values.iter().filter(|(member, _)| members::decides(member)) {
        let parameter = Parameter::new(member.name.get(), printable(member.name.get(), value));
        if !parameters.contains(&parameter) {
            parameters.push(parameter);
        }
    }
    parameters
}

/// A long value (a policy, a template) stands as its digest, and so does what may hold a secret: a URL with a query (it
/// may be presigned), and a statement, of which the first word is kept. Of a password nothing is.
pub(super) fn printable(name: &str, value: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let ends = |names: &[&str]| names.iter().any(|end| last.ends_with(end));
    // Not even by its digest, which can be guessed at.
    let guessable = value.len() < UNGUESSABLE_BYTES || ends(&["password"]);
    if ends(&SECRETS) && guessable && !is_setting(value) {
        return "set".to_owned();
    }
    let statement = ends(&STATEMENTS);
    let hidden = statement || ends(&DOCUMENTS) || ends(&SECRETS) && !is_setting(value);
    let url = value.contains("://") && value.contains('?');
    if value.len() <= PARAMETER_BYTES_MAX && !hidden && !url {
        return value.to_owned();
    }
    let word =
        value.split_whitespace().next().filter(|word| statement && word.bytes().all(|b| b.is_ascii_alphabetic()));
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(value));
    format!("{} sha256:{digest} ({} bytes)", word.unwrap_or_default(), value.len()).trim_start().to_owned()
}

/// Switches and numbers, which hold no secret whatever they are called.
fn is_setting(value: &str) -> bool {
    matches!(value, "true" | "false") || value.len() <= 6 && value.bytes().all(|byte| byte.is_ascii_digit())
}
