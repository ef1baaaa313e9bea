//! Sizes (`16MiB`) and durations (`10s`) as people write them.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lapse(pub(crate) Duration);

/// Splits `16MiB` into its number and its unit.
fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, unit))
}

/// Reads `500ms`, `10s`, `2m`, `8h`, `30d`.
///
/// # Errors
/// Another form, or more than can be counted.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = split(text).and_then(|(number, unit)| {
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        number.checked_mul(millis).map(Duration::from_millis)
    });
    parsed.ok_or_else(|| format!("`{text}` is not a duration; help: write a number and ms, s, m, h or d, as in `10s`"))
}

/// Reads `16MiB`, `512KiB`, `20GiB`, `100MB`, `4096B`.
fn size(text: &str) -> Result<u64, String> {
    let parsed = split(text).and_then(|(number, unit)| {
        let factor: u64 = match unit {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => return None,
        };
        number.checked_mul(factor)
    });
    parsed.ok_or_else(|| format!("`{text}` is not a size; help: write a number and B, KiB, MiB or GiB, as in `16MiB`"))
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        size(&String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Lapse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        duration(&String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}
