//! Values in a plan: `MessagePack` as cty writes it. What will be known only while the plan is carried out (an extension) is left
//! out of its object, as the JSON form of a plan does. (Source: package `cty/msgpack` of zclconf/go-cty.)

use serde_json::{Map, Number, Value};

const DEPTH_MAX: usize = 64;

/// The value; the outer `None` when it is broken, the inner when nobody knows it yet.
pub(super) fn read(bytes: &[u8]) -> Option<Option<Value>> {
    let mut reader = Reader(bytes);
    let value = reader.value(DEPTH_MAX)?;
    reader.0.is_empty().then_some(value)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(head)
    }

    /// A number of so many bytes, without a sign.
    fn number(&mut self, bytes: u64) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The same with a sign.
    fn signed(&mut self, bytes: u64) -> Option<Value> {
        let shift = 64 - 8 * bytes;
        Some(Value::from((self.number(bytes)? << shift).cast_signed() >> shift))
    }

    fn value(&mut self, depth: usize) -> Option<Option<Value>> {
        let depth = depth.checked_sub(1)?;
        let first = u64::from(*self.take(1)?.first()?);
        let value = match first {
            0x00..=0x7f => Value::from(first),
            0xe0..=0xff => Value::from(first.cast_signed() - 256),
            0xc0 => Value::Null,
            0xc2 | 0xc3 => Value::Bool(first == 0xc3),
            0x80..=0x8f => self.object(first & 0x0f, depth)?,
            0xde | 0xdf => {
                let length = self.number(2 << (first - 0xde))?;
                self.object(length, depth)?
            }
            0x90..=0x9f => return self.list(first & 0x0f, depth),
            0xdc | 0xdd => {
                let length = self.number(2 << (first - 0xdc))?;
                return self.list(length, depth);
            }
            0xa0..=0xbf => self.text(first & 0x1f)?,
            0xc4..=0xc6 => {
                let length = self.number(1 << (first - 0xc4))?;
                self.text(length)?
            }
            0xd9..=0xdb => {
                let length = self.number(1 << (first - 0xd9))?;
                self.text(length)?
            }
            0xcc..=0xcf => Value::from(self.number(1 << (first - 0xcc))?),
            0xd0..=0xd3 => self.signed(1 << (first - 0xd0))?,
            0xca => float(f64::from(f32::from_bits(u32::try_from(self.number(4)?).ok()?)))?,
            0xcb => float(f64::from_bits(self.number(8)?))?,
            _ => {
                let length = match first {
                    0xd4..=0xd8 => 1 << (first - 0xd4),
                    0xc7..=0xc9 => self.number(1 << (first - 0xc7))?,
                    _ => return None,
                };
                self.take(length.checked_add(1)?)?;
                return Some(None);
            }
        };
        Some(Some(value))
    }

    fn text(&mut self, length: u64) -> Option<Value> {
        std::str::from_utf8(self.take(length)?).ok().map(Value::from)
    }

    fn object(&mut self, length: u64, depth: usize) -> Option<Value> {
        let mut entries = Map::new();
        for _ in 0..length {
            let Some(Value::String(key)) = self.value(depth)? else { return None };
            if let Some(value) = self.value(depth)?
                && entries.insert(key, value).is_some()
            {
                return None;
            }
        }
        Some(Value::Object(entries))
    }

    /// A list; or, where a type in bytes stands before it, a value of no type that the schema says.
    fn list(&mut self, length: u64, depth: usize) -> Option<Option<Value>> {
        let is_typed = length == 2 && self.0.first().is_some_and(|first| (0xc4..=0xc6).contains(first));
        if is_typed {
            self.value(depth)?;
            return self.value(depth);
        }
        let mut items = vec![];
        for _ in 0..length {
            items.push(self.value(depth)?.unwrap_or(Value::Null));
        }
        Some(Some(Value::Array(items)))
    }
}

fn float(value: f64) -> Option<Value> {
    Number::from_f64(value).map(Value::Number)
}
