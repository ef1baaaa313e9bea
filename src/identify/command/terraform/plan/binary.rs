//! The file that `terraform plan -out` writes: a zip archive whose member `tfplan` is a `tfplan.Plan` (version 3).
//!
//! Fields by their numbers from `internal/plans/planproto/planfile.proto` of Terraform; OpenTofu's are the same. What is not
//! understood whole is no plan.

use serde_json::Value;

use super::archive::{self, Member};
use super::value;
use super::wire::Message;
use super::{Act, Change, Invoked, Plan};
use crate::identify::command::terraform::configuration;

/// The only version of the format so far.
const VERSION: u64 = 3;

/// Reads a plan file.
pub(super) fn read(bytes: &[u8]) -> Option<Plan> {
    let members = archive::members(bytes)?;
    let packed = members.iter().find(|member| member.name == "tfplan")?.read()?;
    let message = Message::parse(&packed)?;
    if message.number(1)? != VERSION {
        return None;
    }
    let changes = message.messages(3)?.iter().map(change).collect::<Option<Vec<_>>>()?;
    let invoked = message.messages(30)?.iter().map(invocation).collect::<Option<Vec<_>>>()?;
    let (modules, is_whole) = configured(&members);
    Some(Plan { changes, invoked, is_destroy: message.number(17)? == 1, modules, is_whole })
}

fn change(message: &Message<'_>) -> Option<Change> {
    let address = message.text(13)?.to_owned();
    let [change] = <[Message<'_>; 1]>::try_from(message.messages(9)?).ok()?;
    let act = match change.number(1)? {
        0 => Act::Nothing,
        1 => Act::Create,
        2 => Act::Read,
        3 => Act::Update,
        5 => Act::Delete,
        6 | 7 => Act::Replace,
        8 => Act::Forget,
        9 => Act::ForgetAndCreate,
        _ => return None,
    };
    let mut values = vec![];
    for encoded in change.messages(2)? {
        let [packed] = <[&[u8]; 1]>::try_from(encoded.bytes(1)?).ok()?;
        values.push(value::read(packed)?.unwrap_or(Value::Null));
    }
    let mut values = values.into_iter();
    let (before, after) = match act {
        Act::Create => (Value::Null, values.next()),
        Act::Delete | Act::Nothing | Act::Forget => (values.next().unwrap_or_default(), None),
        _ => (values.next().unwrap_or_default(), values.next()),
    };
    let importing = !change.bytes(5)?.is_empty();
    Some(Change {
        kind: super::kind_of(&address)?.to_owned(),
        address,
        provider: message.text(8)?.to_owned(),
        act,
        importing,
        before,
        after: after.unwrap_or_default(),
    })
}

fn invocation(message: &Message<'_>) -> Option<Invoked> {
    Some(Invoked { address: message.text(1)?.to_owned() })
}

/// The resources of the configuration that run commands of their own. `false`: not all of it could be read.
fn configured(members: &[Member<'_>]) -> (Vec<configuration::Block>, bool) {
    let (mut files, mut is_whole) = (vec![], true);
    for member in members.iter().filter(|member| member.name.starts_with("tfconfig/m-")) {
        let text = member.read().and_then(|bytes| String::from_utf8(bytes).ok());
        let file = match text {
            Some(text) if member.name.ends_with(".json") => (!text.contains("provisioner")).then(Default::default),
            Some(text) => configuration::read(&text).or_else(|| (!text.contains("provisioner")).then(Default::default)),
            None => None,
        };
        match file {
            Some(file) => files.push(file),
            None => is_whole = false,
        }
    }
    (files, is_whole)
}
