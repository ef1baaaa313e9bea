//! Changes of AWS' resource types as the calls of their own services: the operation, its members from the attributes, the same
//! reading that the call would have as a request.
//!
//! Attributes are called as members are, in another spelling (`skip_final_snapshot`, `SkipFinalSnapshot`). What decides about a
//! deletion and has no attribute is unknown, and counts as such.

use serde_json::{Map, Value, json};

use super::changed;
use crate::catalog::aws::faces::{self, Change as Kind};
use crate::catalog::aws::{Member, Operation, Role, Service};
use crate::identify::Reading;
use crate::identify::command::terraform::plan::{Act, Change};
use crate::identify::protocol::aws::declared::{self, Parameters, Target};
use crate::model::Place;

/// The readings of the calls that this change stands for; none where the catalog knows none.
pub(super) fn readings(change: &Change, act: Act, place: &Place) -> Vec<Reading> {
    if matches!(act, Act::Create | Act::Delete | Act::Replace)
        && let Some(readings) = rule(change, act, place)
    {
        return readings;
    }
    let Some(of) = faces::terraform_type(&change.kind) else { return vec![] };
    let kind = match act {
        Act::Create => Kind::Create,
        Act::Update => Kind::Update,
        Act::Delete | Act::Replace => Kind::Delete,
        _ => return vec![],
    };
    let Some(found) = of.operation(kind) else { return vec![] };
    let mut readings = read(found, parameters(change, act, found.1), place);
    if kind == Kind::Delete
        && change.before.get("force_destroy") == Some(&Value::Bool(true))
        && change.kind == "aws_s3_bucket"
    {
        readings.extend(emptied(change, found.0, place));
    }
    readings
}

fn read(found: (&'static Service, &'static Operation), parameters: Parameters, place: &Place) -> Vec<Reading> {
    let target = Target {
        region: place.region.clone(),
        account: place.account.clone(),
        profile: place.profile.clone(),
        endpoint: None,
    };
    let Ok(readings) = declared::readings(found, &parameters, &target) else { return vec![] };
    let mut readings = readings.into_vec();
    for reading in &mut readings {
        reading.place.state.clone_from(&place.state);
    }
    readings
}

/// A rule of a security group, whose direction is an attribute, or the type's.
fn rule(change: &Change, act: Act, place: &Place) -> Option<Vec<Reading>> {
    let value = if act == Act::Create { &change.after } else { &change.before };
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let goes_in = match change.kind.as_str() {
        "aws_security_group_rule" => text("type") != Some("egress"),
        "aws_vpc_security_group_ingress_rule" => true,
        "aws_vpc_security_group_egress_rule" => false,
        _ => return None,
    };
    let name = match (act, goes_in) {
        (Act::Create, true) => "AuthorizeSecurityGroupIngress",
        (Act::Create, false) => "AuthorizeSecurityGroupEgress",
        (_, true) => "RevokeSecurityGroupIngress",
        (_, false) => "RevokeSecurityGroupEgress",
    };
    let service = crate::catalog::aws::service("ec2")?;
    let list = |name: &str| value.get(name).and_then(Value::as_array).into_iter().flatten().cloned();
    let fours = list("cidr_blocks").chain(value.get("cidr_ipv4").cloned()).filter(|value| !value.is_null());
    let sixes = list("ipv6_cidr_blocks").chain(value.get("cidr_ipv6").cloned()).filter(|value| !value.is_null());
    let ranges: Vec<Value> = fours.map(|one| json!({ "CidrIp": one })).collect();
    let more: Vec<Value> = sixes.map(|one| json!({ "CidrIpv6": one })).collect();
    let mut document = Map::new();
    document.insert("IpPermissions".to_owned(), json!([{ "IpRanges": ranges, "Ipv6Ranges": more }]));
    if let Some(group) = text("security_group_id") {
        document.insert("GroupId".to_owned(), Value::from(group));
    }
    Some(read((service, service.operation(name)?), Parameters { document, ..Parameters::default() }, place))
}

/// `force_destroy`: every object goes before its bucket.
fn emptied(change: &Change, service: &'static Service, place: &Place) -> Vec<Reading> {
    let Some(operation) = service.operation("DeleteObjects") else { return vec![] };
    let mut document = Map::new();
    if let Some(bucket) = change.before.get("bucket").or_else(|| change.before.get("id")) {
        document.insert("Bucket".to_owned(), bucket.clone());
    }
    let mut readings = read((service, operation), Parameters { document, ..Parameters::default() }, place);
    readings.iter_mut().for_each(|reading| reading.count = crate::model::Count::Unbounded);
    readings
}

fn parameters(change: &Change, act: Act, operation: &'static Operation) -> Parameters {
    let mut parameters = Parameters::default();
    let old = if act == Act::Create { &change.after } else { &change.before };
    for member in operation.members() {
        let name = top(member);
        if parameters.document.contains_key(name) || parameters.unknown.iter().any(|(known, _)| known == name) {
            continue;
        }
        let is_list = member.path.get().contains(['[', '{']);
        if member.roles.contains(Role::Resource) {
            if let Some(value) = identifier(name, old) {
                parameters.document.insert(name.to_owned(), if is_list { Value::from(vec![value]) } else { value });
            }
            continue;
        }
        if !member.roles.contains(Role::Deciding) && !member.roles.contains(Role::Wide) {
            continue;
        }
        let attribute = attribute(name);
        let is_named = old.get(&attribute).is_some() || change.after.get(&attribute).is_some();
        match act {
            Act::Delete | Act::Replace => match old.get(&attribute).filter(|value| !value.is_null()) {
                Some(value) => drop(parameters.document.insert(name.to_owned(), value.clone())),
                None => parameters.unknown.push((name.to_owned(), format!("({attribute})"))),
            },
            Act::Create if is_named => {
                drop(parameters.document.insert(name.to_owned(), old.get(&attribute).cloned().unwrap_or_default()))
            }
            Act::Update => {
                let value = changed(change).find(|(name, _)| *name == attribute).map(|(_, value)| value.clone());
                if let Some(value) = value {
                    parameters.document.insert(name.to_owned(), value);
                } else if is_named && change.after.get(&attribute).is_none() {
                    parameters.unknown.push((name.to_owned(), format!("({attribute})")));
                }
            }
            _ => {}
        }
    }
    parameters.document.retain(|_, value| !value.is_null());
    parameters
}

/// A member that has another name as an attribute.
fn attribute(member: &str) -> String {
    match member {
        "AssumeRolePolicyDocument" => "assume_role_policy".to_owned(),
        "PolicyDocument" => "policy".to_owned(),
        name => snake(name),
    }
}

/// The attribute that names the object as the member does: `identifier` for `DBInstanceIdentifier`, else the `id`.
fn identifier(member: &str, of: &Value) -> Option<Value> {
    let text = |name: &str| of.get(name).filter(|value| value.as_str().is_some_and(|text| !text.is_empty())).cloned();
    let whole = snake(member);
    let single = whole.strip_suffix('s').unwrap_or(&whole);
    let mut rest = Some(single);
    while let Some(name) = rest {
        if let Some(value) = text(name) {
            return Some(value);
        }
        rest = name.split_once('_').map(|(_, rest)| rest);
    }
    text(&whole).or_else(|| text("id"))
}

/// The top-level name of a member.
fn top(member: &Member) -> &'static str {
    let path = member.path.get();
    path.split(['.', '[', '{']).next().unwrap_or(path)
}

/// `DBInstanceIdentifier` is `db_instance_identifier`.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let is_start = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || letters.get(at + 1).is_some_and(char::is_ascii_lowercase)
            });
        if is_start {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}
