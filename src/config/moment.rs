//! Points in time as people write them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_saphyr::Spanned;

use super::diagnostic::Report;
use crate::model::Timestamp;

/// Which edge of a span a date stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Its first moment.
    Begin,
    /// The moment after its last.
    End,
}

/// Reads `2026-12-31` (UTC) or `2026-12-31T18:00Z`.
fn moment(text: &str, edge: Edge) -> Option<Timestamp> {
    let stamp = if let Ok(date) = text.parse::<Date>() {
        let day = match edge {
            Edge::Begin => date,
            Edge::End => date.tomorrow().ok()?,
        };
        day.to_zoned(TimeZone::UTC).ok()?.timestamp()
    } else {
        text.parse::<jiff::Timestamp>().ok()?
    };
    u64::try_from(stamp.as_millisecond()).ok().map(Timestamp::from_millis)
}

/// The same; what is wrong is reported.
pub(crate) fn checked_moment(text: &Spanned<String>, edge: Edge, report: &mut Report<'_>) -> Option<Timestamp> {
    let moment = moment(&text.value, edge);
    if moment.is_none() {
        let help = "write a date such as `2026-12-31`, or a moment with its zone such as `2026-12-31T18:00Z`";
        report.say(text, format!("`{}` is not a point in time", text.value), Some(help.to_owned()));
    }
    moment
}
