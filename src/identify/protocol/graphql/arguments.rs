//! The arguments of a mutation: resolved from literals, variables and their defaults, and flattened.

use std::collections::BTreeSet;

use cynic_parser::values::Value as Written;
use data_encoding::HEXLOWER;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Mutation;
use crate::model::{Count, Parameter};

/// Calls of one field whose arguments are kept one by one.
pub(super) const CALLS_MAX: usize = 256;
/// Values of one call's arguments that are kept.
const VALUES_MAX: usize = 2048;
/// Values that are built of one call's arguments.
const NODES_MAX: usize = 20_000;
/// Levels of objects and lists that are looked into.
const DEPTH_MAX: usize = 32;
/// Parameters of one mutation that stand in the record.
const PARAMETERS_MAX: usize = 32;

/// One call's arguments, flattened: `args.input.visibility` and its value, in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    values: Vec<(String, String)>,
    cut: bool,
}

impl Arguments {
    /// Every path and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(path, value)| (path.as_str(), value.as_str()))
    }

    /// The values at this path; lists are passed through, and what is null or empty is not there.
    pub fn of<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(known, _)| *known == path).map(|(_, value)| value)
    }

    /// Whether there is more than is kept, or a part could not be read: a condition on any of it holds.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    /// Says that more was asked for than is kept.
    pub(super) fn cut(&mut self) {
        self.cut = true;
    }

    fn add(&mut self, path: &str, value: &Value) {
        if self.values.len() >= VALUES_MAX {
            self.cut = true;
            return;
        }
        match value {
            Value::Null => {}
            Value::Array(items) => items.iter().for_each(|item| self.add(path, item)),
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| self.add(&format!("{path}.{name}"), value));
            }
            Value::String(text) => self.values.push((path.to_owned(), text.clone())),
            other => self.values.push((path.to_owned(), other.to_string())),
        }
    }
}

/// What one call's arguments say.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) arguments: Arguments,
    /// How many things they name.
    pub(super) count: Count,
    /// Their ids.
    pub(super) ids: BTreeSet<String>,
}

/// Reads the arguments of one call of `field`.
pub(super) fn read<'a>(
    field: &str,
    written: impl Iterator<Item = (&'a str, Written<'a>)>,
    variables: &dyn Fn(&str) -> Vec<Value>,
) -> Read {
    let mut builder = Builder { variables, nodes: 0, cut: false };
    let mut all = Map::new();
    for (name, value) in written {
        if let Some(value) = builder.build(value, 0) {
            // A name that is there twice: both count.
            let value = match all.remove(name) {
                Some(before) => Value::Array(vec![before, value]),
                None => value,
            };
            all.insert(name.to_owned(), value);
        }
    }
    let mut arguments = Arguments { values: vec![], cut: builder.cut };
    let (mut ids, mut longest) = (BTreeSet::new(), 0u64);
    for (name, value) in &all {
        arguments.add(&format!("args.{name}"), value);
        longest = longest.max(collect(name, value, &mut ids, 0));
    }
    let count = count(field, &all, longest, ids.is_empty());
    Read { count: if arguments.cut { Count::Unbounded } else { count }, arguments, ids }
}

/// A literal's value; variables in it are not there.
pub(super) fn constant(written: Written<'_>) -> Option<Value> {
    Builder { variables: &|_| vec![], nodes: 0, cut: false }.build(written, 0)
}

/// Turns a literal into JSON with the variables in it resolved.
struct Builder<'b> {
    variables: &'b dyn Fn(&str) -> Vec<Value>,
    nodes: usize,
    cut: bool,
}

impl Builder<'_> {
    fn build(&mut self, value: Written<'_>, depth: usize) -> Option<Value> {
        self.nodes += 1;
        if depth > DEPTH_MAX || self.nodes > NODES_MAX {
            self.cut = true;
            return None;
        }
        Some(match value {
            Written::Variable(variable) => {
                let mut values = (self.variables)(variable.name());
                self.cut |= values.iter().any(|value| levels(value, DEPTH_MAX).is_none());
                match values.len() {
                    0 => return None,
                    1 => values.remove(0),
                    _ => Value::Array(values),
                }
            }
            Written::Int(number) => Value::from(number.as_i64()),
            Written::Float(number) => Value::from(number.as_f64()),
            Written::String(text) => Value::from(text.as_str()),
            Written::Boolean(value) => Value::from(value.as_bool()),
            Written::Null(_) => Value::Null,
            Written::Enum(word) => Value::from(word.as_str()),
            Written::List(list) => Value::Array(list.items().filter_map(|item| self.build(item, depth + 1)).collect()),
            Written::Object(object) => {
                let fields = object.fields();
                let built =
                    fields.filter_map(|field| Some((field.name().to_owned(), self.build(field.value(), depth + 1)?)));
                Value::Object(built.collect())
            }
        })
    }
}

/// How many levels a value has; `None` where there are more than `most`.
fn levels(value: &Value, most: usize) -> Option<usize> {
    let deepest = match value {
        Value::Array(items) if most > 0 => items.iter().map(|item| levels(item, most - 1)).try_fold(0, deeper)?,
        Value::Object(members) if most > 0 => {
            members.values().map(|item| levels(item, most - 1)).try_fold(0, deeper)?
        }
        Value::Array(_) | Value::Object(_) => return None,
        _ => return Some(0),
    };
    Some(deepest + 1)
}

fn deeper(most: usize, next: Option<usize>) -> Option<usize> {
    next.map(|next| most.max(next))
}

/// Adds the ids in a value, and says how long the longest list of things with ids is.
fn collect(name: &str, value: &Value, ids: &mut BTreeSet<String>, depth: usize) -> u64 {
    if depth > DEPTH_MAX {
        return 0;
    }
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| collect(name, value, ids, depth + 1)).max().unwrap_or(0)
        }
        Value::Array(items) => {
            let named = items.iter().filter(|item| collect(name, item, ids, depth + 1) > 0).count();
            u64::try_from(named).unwrap_or(u64::MAX)
        }
        Value::String(text) if names_something(name) => {
            ids.insert(super::super::rest::masked(text));
            1
        }
        Value::Number(number) if names_something(name) => {
            ids.insert(number.to_string());
            1
        }
        _ => 0,
    }
}

/// `id`, `volumeId`, `volume_id`, `ids`, `VOLUMEID`, `name`, `slug`.
fn names_something(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let one = lower.strip_suffix('s').unwrap_or(&lower);
    ["id", "uuid"].iter().any(|end| lower.ends_with(end) || one.ends_with(end))
        || matches!(one, "name" | "slug" | "key" | "fullpath" | "projectpath" | "_eq")
}

/// Filters that stand for what they find: Hasura's `where`, Dgraph's and `pg_graphql`'s `filter`, `condition`.
const FILTERS: &[&str] = &["where", "filter", "filters", "condition"];

/// Arguments that name things say how many; a filter that does not pin one thing may find any number.
fn count(field: &str, all: &Map<String, Value>, longest: u64, nameless: bool) -> Count {
    let filter = all.iter().find(|(name, _)| FILTERS.contains(&name.to_ascii_lowercase().as_str()));
    if let Some((_, filter)) = filter {
        return if pins(filter) { Count::AtLeast(1) } else { Count::Unbounded };
    }
    let lower = field.to_ascii_lowercase();
    let rows = ["delete_", "update_"].iter().any(|start| field.starts_with(start)) && field == lower;
    let many = ["_all", "_many", "all_", "many_", "every"].iter().any(|word| lower.contains(word))
        || ["All", "Many", "Everything", "Bulk"].iter().any(|word| field.contains(word));
    if nameless && (rows && !lower.contains("_by_") || many) {
        return Count::Unbounded;
    }
    Count::Exact(longest.max(1))
}

/// Whether a filter is one comparison of an id with one value. Alternatives (`_or`, `_not`) pin nothing.
fn pins(filter: &Value) -> bool {
    let Value::Object(members) = filter else { return false };
    let mut members = members.iter().filter(|(_, value)| !value.is_null());
    let (Some((name, value)), None) = (members.next(), members.next()) else { return false };
    let lower = name.to_ascii_lowercase();
    let is_id = lower == "id" || lower == "uuid" || lower.ends_with("_id") || name.ends_with("Id");
    let equal = |name: &String| matches!(name.as_str(), "_eq" | "eq" | "equals" | "equalTo");
    is_id
        && match value {
            Value::String(_) | Value::Number(_) => true,
            Value::Object(tests) => {
                tests.len() == 1
                    && tests.iter().all(|(name, value)| equal(name) && (value.is_string() || value.is_number()))
            }
            _ => false,
        }
}

/// What rules and records see of the arguments: switches, numbers and enumerated words. Texts may hold secrets and are in
/// the document's digest.
pub(super) fn parameters(mutation: &Mutation) -> Vec<Parameter> {
    let mut all: Vec<Parameter> = vec![];
    for (path, value) in mutation.calls.iter().flat_map(Arguments::iter) {
        let parameter = Parameter::new(path, value);
        if is_plain(path, value) && !all.contains(&parameter) {
            all.push(parameter);
        }
        if all.len() >= PARAMETERS_MAX {
            break;
        }
    }
    if !mutation.calls.is_empty() {
        let mut digest = Sha256::new();
        for call in &mutation.calls {
            for (path, value) in call.iter() {
                digest.update(format!("{}:{path}={}:{value};", path.len(), value.len()).as_bytes());
            }
            digest.update(b"|");
        }
        let digest = HEXLOWER.encode(digest.finalize().get(..16).unwrap_or_default());
        all.push(Parameter::new("args.sha256", digest));
    }
    all
}

/// `true`, `3`, `PUBLIC`: words that no secret looks like, under a name that no secret has.
fn is_plain(path: &str, value: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    let secret = ["password", "secret", "token", "value", "pin", "code", "otp", "key", "cvv", "passphrase"];
    if matches!(value, "true" | "false") {
        return true;
    }
    if secret.iter().any(|word| last.contains(word)) {
        return false;
    }
    let number = value.len() <= 6 && value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let word = value.len() <= 40
        && value.starts_with(|c: char| c.is_ascii_uppercase())
        && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    number || word
}
