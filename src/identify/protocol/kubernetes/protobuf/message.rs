//! The wire format: a message's fields, each of which is there as often as the reader says, and else no single reading.

use serde_json::Value;

/// One message's fields, undecoded.
pub(super) struct Message<'a>(Vec<(u64, Field<'a>)>);

#[derive(Clone, Copy)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> Message<'a> {
    pub(super) fn parse(mut bytes: &'a [u8]) -> Result<Self, String> {
        let broken = || "the protobuf body is cut or broken".to_owned();
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes).ok_or_else(broken)?;
            let mut skip = |count: usize| {
                let (head, rest) = bytes.split_at_checked(count)?;
                bytes = rest;
                Some(head)
            };
            let field = match tag & 7 {
                1 => skip(8).map(|_| Field::Fixed),
                5 => skip(4).map(|_| Field::Fixed),
                0 => varint(&mut bytes).map(Field::Number),
                2 => {
                    let length = varint(&mut bytes).and_then(|n| usize::try_from(n).ok()).ok_or_else(broken)?;
                    let (head, rest) = bytes.split_at_checked(length).ok_or_else(broken)?;
                    bytes = rest;
                    Some(Field::Bytes(head))
                }
                _ => None,
            };
            fields.push((tag >> 3, field.ok_or_else(broken)?));
        }
        Ok(Self(fields))
    }

    /// The field, which may be there once: parsers merge or replace repeated ones.
    fn one(&self, number: u64) -> Result<Option<Field<'a>>, String> {
        let mut found = self.0.iter().filter(|(tag, _)| *tag == number).map(|(_, field)| *field);
        let first = found.next();
        if found.next().is_some() { Err("a protobuf field is there twice".to_owned()) } else { Ok(first) }
    }

    /// A message in a field; an empty one when it is absent.
    pub(super) fn message(&self, number: u64) -> Result<Message<'a>, String> {
        match self.one(number)? {
            Some(Field::Bytes(bytes)) => Message::parse(bytes),
            None => Ok(Message(Vec::new())),
            Some(_) => Err("a protobuf field has another type".to_owned()),
        }
    }

    pub(super) fn messages(&self, number: u64) -> Result<Vec<Message<'a>>, String> {
        self.0
            .iter()
            .filter(|(tag, _)| *tag == number)
            .map(|(_, field)| match field {
                Field::Bytes(bytes) => Message::parse(bytes),
                _ => Err("a protobuf field has another type".to_owned()),
            })
            .collect()
    }

    pub(super) fn text(&self, number: u64) -> Result<Option<String>, String> {
        match self.one(number)? {
            Some(Field::Bytes(bytes)) => text(bytes).map(Some),
            None => Ok(None),
            Some(_) => Err("a protobuf field has another type".to_owned()),
        }
    }

    pub(super) fn texts(&self, number: u64) -> Result<Vec<String>, String> {
        self.0
            .iter()
            .filter(|(tag, _)| *tag == number)
            .map(|(_, field)| match field {
                Field::Bytes(bytes) => text(bytes),
                _ => Err("a protobuf field has another type".to_owned()),
            })
            .collect()
    }

    pub(super) fn number(&self, number: u64) -> Result<Option<u64>, String> {
        match self.one(number)? {
            Some(Field::Number(value)) => Ok(Some(value)),
            None => Ok(None),
            Some(_) => Err("a protobuf field has another type".to_owned()),
        }
    }

    pub(super) fn flag(&self, number: u64) -> Result<Option<Value>, String> {
        Ok(self.number(number)?.map(|value| Value::Bool(value != 0)))
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "a protobuf text is not UTF-8".to_owned())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
