//! Points and windows of time, as rules name them.

use jiff::civil::{Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::text::RawWindow;
pub(super) use crate::config::{Edge, checked_moment as checked};
use crate::config::{Report, Spot, nearest};
use crate::model::Timestamp;

/// From a moment (inclusive) to a moment (exclusive); open where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

impl Span {
    pub(super) fn contains(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

/// Some hours of some days of the week, in the wall time of a zone.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// One bit each from Monday.
    days: u8,
    /// Minutes of the day; where the end is not after the beginning, it is that of the next day.
    hours: (u16, u16),
    zone: TimeZone,
}

const ALL_DAYS: u8 = 0b111_1111;
const DAY_MINUTES: u16 = 24 * 60;

impl Window {
    /// Whether `at` lies in it. Where clocks are set back an hour counts twice.
    pub(super) fn contains(&self, at: Timestamp) -> bool {
        let Some(stamp) = i64::try_from(at.millis()).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        else {
            return true;
        };
        let here = stamp.to_zoned(self.zone.clone());
        let minute = u16::try_from(here.hour()).unwrap_or(0) * 60 + u16::try_from(here.minute()).unwrap_or(0);
        let is_on = |day: Weekday| self.days & bit(day) != 0;
        let (from, to) = self.hours;
        if from < to {
            return is_on(here.weekday()) && (from..to).contains(&minute);
        }
        // Over midnight: its evening, or the morning after it.
        is_on(here.weekday()) && minute >= from || is_on(here.weekday().previous()) && minute < to
    }

    pub(super) fn check(raw: &RawWindow, at: Spot, report: &mut Report<'_>) -> Self {
        let days = raw.days.as_ref().map_or(ALL_DAYS, |days| {
            if days.value.0.is_empty() {
                report.say(days, "an empty list can match nothing", Some("remove the key or name a day".to_owned()));
            }
            days.value.0.iter().fold(0, |bits, (day, _)| bits | 1 << *day as u8)
        });
        let hours = raw.hours.as_ref().map_or((0, DAY_MINUTES), |text| {
            hours(&text.value).unwrap_or_else(|| {
                let help = "write them as `16:00-24:00` or `22:00-06:00`";
                report.say(text, format!("`{}` are not hours of a day", text.value), Some(help.to_owned()));
                (0, DAY_MINUTES)
            })
        });
        if raw.days.is_none() && raw.hours.is_none() {
            report.say(at, "`time` without `days` or `hours` says nothing", None);
        }
        let zone = raw.zone.as_ref().map_or(TimeZone::UTC, |zone| {
            // Bundled, so that the same rules say the same on every machine.
            let known = TimeZoneDatabase::bundled();
            known.get(&zone.value).unwrap_or_else(|_| {
                let names: Vec<String> = known.available().map(|name| name.to_string()).collect();
                let help = nearest(&zone.value, names.iter().map(String::as_str))
                    .unwrap_or_else(|| "write a name such as `Europe/Berlin` or `UTC`".to_owned());
                report.say(zone, format!("`{}` is not a time zone", zone.value), Some(help));
                TimeZone::UTC
            })
        });
        Self { days, hours, zone }
    }

    /// As it was written, for people.
    pub(super) fn in_words(raw: &RawWindow) -> String {
        let days = raw.days.as_ref().map_or_else(
            || "every day".to_owned(),
            |days| days.value.0.iter().map(|(day, _)| format!("{day:?}").to_lowercase()).collect::<Vec<_>>().join(", "),
        );
        let hours = raw.hours.as_ref().map_or("all day", |hours| hours.value.as_str());
        let zone = raw.zone.as_ref().map_or("UTC", |zone| zone.value.as_str());
        format!("{days} {hours} {zone}")
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset().unsigned_abs()
}

/// `16:00-24:00` as minutes of the day.
fn hours(text: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        if text == "24:00" {
            return Some(DAY_MINUTES);
        }
        let time: Time = text.parse().ok()?;
        let of = |part: i8| u16::try_from(part).ok();
        Some(of(time.hour())? * 60 + of(time.minute())?)
    };
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from.trim())?, minute(to.trim())?);
    (from != to && from < DAY_MINUTES).then_some((from, to))
}
