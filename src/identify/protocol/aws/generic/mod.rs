//! Cloud Control: one API for the objects of every CloudFormation type. A call whose type the catalog knows is read as the
//! operation of that type's own service, with the properties that decide; one of another type stays what it says it is.
//!
//! What the properties do not tell is unknown to the gate and counts as such: a deletion says nothing about a last snapshot, so
//! the deciding members hold a value that nobody understands, and every condition on them holds.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use sha2::{Digest, Sha256};
use vec1::Vec1;

use super::{Candidate, Face, Reading, Twin, Values, resources};
use crate::catalog::aws::faces::{self, Change, ResourceType};
use crate::catalog::aws::{Member, Operation as Row, Role, Service};
use crate::model::http::{Head, Unreadable};
use crate::model::{Count, Operation, Parameter, Resource};

/// What a change of a property is when its value cannot be known.
const UNKNOWN: &str = "";
/// Deeper properties than any type's.
const DEPTH_MAX: usize = 32;

/// The readings of a call; those of its type's operations where it is a change through Cloud Control.
///
/// # Errors
/// The properties have no single reading.
pub(super) fn readings(
    candidate: &Candidate,
    head: &Head,
    (service, operation, twins): (&'static Service, &'static Row, Vec<Twin>),
    values: Values,
) -> Result<Vec1<Reading>, Unreadable> {
    let change = match (service.name.get(), operation.name.get()) {
        ("cloudcontrol", "CreateResource") => Change::Create,
        ("cloudcontrol", "UpdateResource") => Change::Update,
        ("cloudcontrol", "DeleteResource") => Change::Delete,
        _ => return super::readings(candidate, head, (service, operation, twins), values),
    };
    // S3 alone knows the header; the readings below must not take it for the account.
    if resources::bucket_owner(head, candidate)?.is_some() {
        return Err(Unreadable::new("the request names a bucket's owner, and goes to Cloud Control"));
    }
    let call = Call::read(change, &values)?;
    let mut found = vec![];
    for (meant_service, meant, row) in call.operations() {
        let own = call.values(meant, row);
        for mut reading in super::readings(candidate, head, (meant_service, meant, vec![]), own)? {
            reading.aliases.push(Operation::new("aws", service.name.get(), operation.name.get()));
            if reading.resources.is_empty() && !call.identifier.is_empty() {
                reading.resources.push(call.resource());
            }
            reading.count = Count::ONE;
            if let Face::Aws(seen) = &mut reading.face {
                seen.through = Some(((service, operation), values.clone()));
            }
            found.push(reading);
        }
    }
    let mut found = match Vec1::try_from_vec(found) {
        Ok(found) => found,
        Err(_) => super::readings(candidate, head, (service, operation, twins), values.clone())?,
    };
    for reading in &mut found {
        reading.parameters.retain(|parameter| !DOCUMENTS.contains(&parameter.name.as_str()));
        reading.parameters.extend(call.digest.clone());
    }
    Ok(found)
}

/// The members that hold a document of properties.
const DOCUMENTS: [&str; 2] = ["DesiredState", "PatchDocument"];

/// What a call to Cloud Control says.
struct Call<'a> {
    change: Change,
    type_name: &'a str,
    identifier: &'a str,
    /// Dotted names, list places left out, and values as text.
    properties: Vec<(String, String)>,
    /// The document without what may be a password, for the record and for approvals to bind to.
    digest: Option<Parameter>,
}

impl<'a> Call<'a> {
    fn read(change: Change, values: &'a Values) -> Result<Self, Unreadable> {
        let one = |name: &'a str| values.of(name).next().unwrap_or_default();
        let mut call = Self {
            change,
            type_name: one("TypeName"),
            identifier: one("Identifier"),
            properties: vec![],
            digest: None,
        };
        let name = match change {
            Change::Create => "DesiredState",
            Change::Update => "PatchDocument",
            Change::Delete => return Ok(call),
        };
        let Some(text) = values.of(name).next() else { return Ok(call) };
        let mut document = parse(text).map_err(|()| broken(name))?;
        let read = match (&document, change) {
            (Value::Object(_), Change::Create) => flatten("", &document, DEPTH_MAX, &mut call.properties),
            (Value::Array(steps), Change::Update) => {
                steps.iter().try_for_each(|step| patch(step, &mut call.properties))
            }
            _ => Err(()),
        };
        read.map_err(|()| broken(name))?;
        hide(&mut document);
        let text = document.to_string();
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&text));
        call.digest = Some(Parameter::new(name, format!("sha256:{digest} ({} bytes)", text.len())));
        Ok(call)
    }

    /// The operations of the type that the call carries out, each with the row of the property that it changes.
    fn operations(&self) -> Vec<(&'static Service, &'static Row, Option<&'static ResourceType>)> {
        let Some(of) = faces::cloudformation_type(self.type_name) else { return vec![] };
        let mut found: Vec<(&'static Service, &'static Row, Option<&'static ResourceType>)> = vec![];
        let mut is_own = self.change != Change::Update || self.properties.is_empty();
        for (name, _) in self.properties.iter().filter(|_| self.change == Change::Update) {
            let top = name.split('.').next().unwrap_or_default();
            let row = faces::property(self.type_name, top).filter(|row| row.is_property());
            match row.and_then(|row| row.operation(Change::Update).map(|found| (found, row))) {
                Some(((service, operation), row)) => {
                    if !found.iter().any(|(.., other)| other.is_some_and(|other| std::ptr::eq(other, row))) {
                        found.push((service, operation, Some(row)));
                    }
                }
                None => is_own = true,
            }
        }
        if is_own && let Some((service, operation)) = of.operation(self.change) {
            found.push((service, operation, None));
        }
        found
    }

    /// The values of the operation's members that the identifier and the properties are.
    fn values(&self, operation: &'static Row, row: Option<&'static ResourceType>) -> Values {
        let mut values = Values::default();
        for (member, value) in self.named(operation) {
            values.push(member, value);
        }
        let top = row.and_then(|row| row.name.get().split_once('/')).map(|(_, name)| name);
        let renamed = row.map(|row| row.identifier.get()).filter(|name| !name.is_empty());
        let deciding = || operation.members().iter().filter(|member| member.roles.contains(Role::Deciding));
        let mut is_any = false;
        for (name, value) in &self.properties {
            let rest = top.and_then(|top| name.strip_prefix(top));
            if top.is_some() && !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
                continue;
            }
            let name = match (renamed, rest) {
                (Some(renamed), Some(rest)) => format!("{renamed}{rest}"),
                _ => name.clone(),
            };
            for member in deciding().filter(|member| member.name.get().eq_ignore_ascii_case(&name)) {
                values.push(member, value.as_str());
                is_any = true;
            }
            // What is taken away takes with it whatever stood below.
            let below = |member: &&Member| value == UNKNOWN && is_below(member.name.get(), &name);
            deciding().filter(below).for_each(|member| values.push(member, UNKNOWN));
        }
        let is_silent = self.change == Change::Delete || top.is_some() && !is_any;
        if is_silent {
            deciding().for_each(|member| values.push(member, UNKNOWN));
        }
        values
    }

    /// The members that the parts of the identifier are: `A|B`, or a JSON object by property.
    fn named(&self, operation: &'static Row) -> Vec<(&'static Member, String)> {
        let of = faces::cloudformation_type(self.type_name).map_or("", |row| row.identifier.get());
        let members = || operation.members().iter().filter(|member| member.roles.contains(Role::Resource));
        let called = |name: &str| members().find(|member| is_same(top_of(member), name));
        if let Ok(Value::Object(parts)) = parse(self.identifier) {
            let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return parts.into_iter().filter_map(|(name, value)| Some((called(&name)?, text(value)))).collect();
        }
        if !of.contains('|') {
            let only = members().next().filter(|_| members().count() == 1);
            let member = called(of).or(only).filter(|_| !self.identifier.is_empty());
            return member.map(|member| (member, self.identifier.to_owned())).into_iter().collect();
        }
        let pairs = of.split('|').zip(self.identifier.split('|'));
        pairs.filter_map(|(name, value)| Some((called(name)?, value.to_owned()))).collect()
    }

    fn resource(&self) -> Resource {
        Resource::from(format!("cloudcontrol/{}/{}", self.type_name, self.identifier))
    }
}

fn top_of(member: &Member) -> &'static str {
    member.name.get().split('.').next().unwrap_or_default()
}

/// `InstanceIds` is `InstanceId`.
fn is_same(one: &str, other: &str) -> bool {
    fn stem(name: &str) -> &str {
        name.strip_suffix('s').unwrap_or(name)
    }
    stem(one).eq_ignore_ascii_case(stem(other))
}

fn is_below(name: &str, of: &str) -> bool {
    name.get(..of.len()).is_some_and(|start| start.eq_ignore_ascii_case(of))
        && name.get(of.len()..).is_some_and(|rest| rest.starts_with('.'))
}

fn broken(name: &str) -> Unreadable {
    Unreadable::new(format!("`{name}` has no single reading"))
}

/// One step of a JSON patch (RFC 6902). What a step moves or copies has a value that is not in the request.
fn patch(step: &Value, properties: &mut Vec<(String, String)>) -> Result<(), ()> {
    let text = |name: &str| step.get(name).and_then(Value::as_str);
    let path = dotted(text("path").ok_or(())?);
    match text("op").ok_or(())? {
        "test" => {}
        "add" | "replace" => return flatten(&path, step.get("value").ok_or(())?, DEPTH_MAX, properties),
        "remove" => properties.push((path, UNKNOWN.to_owned())),
        "copy" => properties.push((path, UNKNOWN.to_owned())),
        "move" => {
            properties.push((path, UNKNOWN.to_owned()));
            properties.push((dotted(text("from").ok_or(())?), UNKNOWN.to_owned()));
        }
        _ => return Err(()),
    }
    Ok(())
}

/// `/Rules/0/Status` is `Rules.Status`.
fn dotted(pointer: &str) -> String {
    let is_name = |part: &&str| !part.is_empty() && *part != "-" && !part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = pointer.split('/').filter(is_name).map(|part| part.replace("~1", "/").replace("~0", "~"));
    parts.collect::<Vec<_>>().join(".")
}

/// Every value with its dotted name; objects and lists stand as their JSON beside what is in them.
fn flatten(name: &str, value: &Value, depth: usize, out: &mut Vec<(String, String)>) -> Result<(), ()> {
    let depth = depth.checked_sub(1).ok_or(())?;
    let text = match value {
        Value::Null => UNKNOWN.to_owned(),
        // CloudFormation takes a text for the truth value that it spells.
        Value::String(text) if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => {
            text.to_ascii_lowercase()
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if !name.is_empty() {
        out.push((name.to_owned(), text));
    }
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| flatten(name, item, depth, out)),
        Value::Object(entries) => entries.iter().try_for_each(|(key, item)| {
            let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
            flatten(&inner, item, depth, out)
        }),
        _ => Ok(()),
    }
}

/// Takes out what may be a password: not even its digest may stand in the record, since it can be guessed at.
fn hide(document: &mut Value) {
    match document {
        Value::Object(entries) => {
            let secret = entries.get("path").and_then(Value::as_str).is_some_and(is_secret);
            for (key, value) in entries.iter_mut() {
                if is_secret(key) || secret && key == "value" {
                    *value = Value::from("set");
                } else {
                    hide(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passphrase", "secret", "secretstring", "token", "privatekey", "secretkey", "secretvalue"]
        .iter()
        .any(|word| name.ends_with(word))
}

/// The document, when no object in it has a key twice: which of both counts is not known.
fn parse(text: &str) -> Result<Value, ()> {
    let mut reader = serde_json::Deserializer::from_str(text);
    Unique.deserialize(&mut reader).and_then(|()| reader.end()).map_err(|_| ())?;
    serde_json::from_str(text).map_err(|_| ())
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            entries.next_value_seed(Self)?;
            if !keys.insert(key) {
                return Err(A::Error::custom("a key is there twice"));
            }
        }
        Ok(())
    }
}
