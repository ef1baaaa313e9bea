//! Protocol Buffers as far as plans need them: a message's fields in order.

/// A field's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of a message, undecoded.
pub(super) struct Message<'a>(Vec<(u64, Field<'a>)>);

impl<'a> Message<'a> {
    /// `None` when it is cut or broken.
    pub(super) fn parse(mut bytes: &'a [u8]) -> Option<Self> {
        let mut fields = vec![];
        while !bytes.is_empty() {
            let tag = varint(&mut bytes)?;
            let field = match tag & 7 {
                0 => Field::Number(varint(&mut bytes)?),
                1 => take(&mut bytes, 8).map(|_| Field::Fixed)?,
                2 => {
                    let length = usize::try_from(varint(&mut bytes)?).ok()?;
                    Field::Bytes(take(&mut bytes, length)?)
                }
                5 => take(&mut bytes, 4).map(|_| Field::Fixed)?,
                _ => return None,
            };
            fields.push((tag >> 3, field));
        }
        Some(Self(fields))
    }

    fn all(&self, number: u64) -> impl Iterator<Item = Field<'a>> {
        self.0.iter().filter(move |(tag, _)| *tag == number).map(|(_, field)| *field)
    }

    /// Every value of a field of bytes, text or messages; `None` when one has another type.
    pub(super) fn bytes(&self, number: u64) -> Option<Vec<&'a [u8]>> {
        let bytes = |field| match field {
            Field::Bytes(bytes) => Some(bytes),
            _ => None,
        };
        self.all(number).map(bytes).collect()
    }

    /// The messages of a field.
    pub(super) fn messages(&self, number: u64) -> Option<Vec<Message<'a>>> {
        self.bytes(number)?.into_iter().map(Message::parse).collect()
    }

    /// A text that is there at most once; empty when it is not.
    pub(super) fn text(&self, number: u64) -> Option<&'a str> {
        match self.bytes(number)?.as_slice() {
            [] => Some(""),
            [bytes] => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// A number that is there at most once; 0 when it is not.
    pub(super) fn number(&self, number: u64) -> Option<u64> {
        let mut found = self.all(number);
        match (found.next(), found.next()) {
            (None, _) => Some(0),
            (Some(Field::Number(value)), None) => Some(value),
            _ => None,
        }
    }
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(head)
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
