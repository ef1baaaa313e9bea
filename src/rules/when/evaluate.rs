//! What an expression says about an action.
//!
//! Total: no loop but over the action's own lists, and a budget of steps bounds those, whatever an agent puts into them.
//! `&&` and `||` are CEL's: a part that cannot be evaluated does not matter where another part decides.

use std::borrow::Cow;
use std::cell::Cell;

use super::form::{Each, Flag, Number, Part, Sign, Text, Texts, Time, Unit};
use super::read::{Input, Stop};

/// A step is one value looked at, or some bytes of a long one; all of them together take some milliseconds.
const STEPS_MAX: usize = 200_000;
const BYTES_A_STEP: usize = 16;

/// One evaluation.
#[derive(Debug)]
pub(super) struct Evaluation<'a> {
    input: Input<'a>,
    steps: Cell<usize>,
}

/// The element that an enclosing list stands at.
#[derive(Clone, Copy, Debug)]
struct Frame<'e> {
    value: &'e str,
    depth: usize,
    outer: Option<&'e Frame<'e>>,
}

type At<'e> = Option<&'e Frame<'e>>;

fn fault<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Fault(why.into()))
}

/// What is certainly not there equals nothing.
fn settle(result: Result<bool, Stop>) -> Result<bool, Stop> {
    match result {
        Err(Stop::Absent) => Ok(false),
        other => other,
    }
}

/// The value on which one part is enough, else the first part that cannot be evaluated.
fn any_of(parts: impl Iterator<Item = Result<bool, Stop>>, enough: bool) -> Result<bool, Stop> {
    let mut stop = None;
    for part in parts {
        match part {
            Ok(value) if value == enough => return Ok(enough),
            Ok(_) => {}
            Err(why) => stop = stop.or(Some(why)),
        }
    }
    stop.map_or(Ok(!enough), Err)
}

impl<'a> Evaluation<'a> {
    pub(super) const fn of(input: Input<'a>) -> Self {
        Self { input, steps: Cell::new(0) }
    }

    /// Whether the expression holds.
    pub(super) fn holds(&self, flag: &Flag) -> Result<bool, Stop> {
        self.flag(flag, None)
    }

    fn spend(&self, bytes: usize) -> Result<(), Stop> {
        let steps = self.steps.get() + 1 + bytes / BYTES_A_STEP;
        self.steps.set(steps);
        if steps > STEPS_MAX { fault("the action has more values than `when` may look at") } else { Ok(()) }
    }

    fn flag<'e>(&'e self, flag: &'e Flag, at: At<'e>) -> Result<bool, Stop> {
        self.spend(0)?;
        match flag {
            Flag::Const(value) => Ok(*value),
            Flag::Path(path) => Ok(self.input.flag(*path)),
            Flag::Not(inner) => self.flag(inner, at).map(|value| !value),
            Flag::And(parts) => any_of(parts.iter().map(|part| self.flag(part, at)), false),
            Flag::Or(parts) => any_of(parts.iter().map(|part| self.flag(part, at)), true),
            Flag::If(parts) => {
                let [condition, one, other] = parts.as_ref();
                self.flag(if self.flag(condition, at)? { one } else { other }, at)
            }
            Flag::Same(sides) => {
                let [a, b] = sides.as_ref();
                Ok(self.flag(a, at)? == self.flag(b, at)?)
            }
            leaf => settle(self.leaf(leaf, at)),
        }
    }

    /// A comparison. What is absent in it makes it false.
    fn leaf<'e>(&'e self, flag: &'e Flag, at: At<'e>) -> Result<bool, Stop> {
        match flag {
            Flag::Word(path, mask) => {
                self.input.word(*path).map(|index| u32::try_from(index).is_ok_and(|index| mask >> index & 1 == 1))
            }
            Flag::WordIs(path, text) => {
                let super::schema::Type::Word(words) = path.kind() else { return Err(Stop::Absent) };
                let mask = words.mask(&self.text(text, at)?).ok_or(Stop::Absent)?;
                self.input.word(*path).map(|index| mask >> index & 1 == 1)
            }
            Flag::Has(path) => Ok(self.input.has(*path)),
            Flag::HasParameter(name) => Ok(self.input.has_parameter(&self.text(name, at)?)),
            Flag::Numbers(order, a, b) => Ok(order.holds(&self.number(a, at)?, &self.number(b, at)?)),
            Flag::Times(order, a, b) => Ok(order.holds(&self.time(*a)?, &self.time(*b)?)),
            Flag::TextIs(a, b) => Ok(self.text(a, at)? == self.text(b, at)?),
            Flag::NumberIn(number, list) => {
                let wanted = self.number(number, at)?;
                any_of(list.iter().map(|one| settle(self.number(one, at).map(|one| one == wanted))), true)
            }
            Flag::TextIn(text, list) => {
                let wanted = self.text(text, at)?;
                Ok(self.texts(list, at)?.contains(&wanted))
            }
            Flag::Part(part, whole, inner) => {
                let (whole, inner) = (self.text(whole, at)?, self.text(inner, at)?);
                self.spend(whole.len())?;
                Ok(match part {
                    Part::Anywhere => whole.contains(inner.as_ref()),
                    Part::Start => whole.starts_with(inner.as_ref()),
                    Part::End => whole.ends_with(inner.as_ref()),
                })
            }
            Flag::Matches(text, regex) => {
                let text = self.text(text, at)?;
                self.spend(text.len().saturating_mul(4))?;
                Ok(regex.is_match(&text))
            }
            Flag::Each(each, list, body) => self.each(*each, &self.texts(list, at)?, body, at),
            _ => self.flag(flag, at),
        }
    }

    fn each<'e>(&'e self, each: Each, list: &'e [Cow<'e, str>], body: &'e Flag, at: At<'e>) -> Result<bool, Stop> {
        let mut results = list.iter().map(|value| self.inside(value, at, |frame| self.flag(body, Some(frame))));
        match each {
            Each::Any => any_of(results, true),
            Each::All => any_of(results, false),
            Each::One => results
                .try_fold(0usize, |count, result| result.map(|holds| count + usize::from(holds)))
                .map(|count| count == 1),
        }
    }

    /// Looks at one element.
    fn inside<T>(&self, value: &str, outer: At<'_>, look: impl FnOnce(&Frame<'_>) -> T) -> T {
        look(&Frame { value, depth: outer.map_or(0, |outer| outer.depth + 1), outer })
    }

    fn number<'e>(&'e self, number: &'e Number, at: At<'e>) -> Result<i64, Stop> {
        self.spend(0)?;
        let large = || Stop::Fault("a number in `when` is too large".to_owned());
        match number {
            Number::Const(value) => Ok(*value),
            Number::Path(path) => self.input.number(*path),
            Number::Length(text) => {
                let text = self.text(text, at)?;
                self.spend(text.len())?;
                i64::try_from(text.chars().count()).map_err(|_| large())
            }
            Number::Size(list) => i64::try_from(self.texts(list, at)?.len()).map_err(|_| large()),
            Number::Negate(inner) => self.number(inner, at)?.checked_neg().ok_or_else(large),
            Number::Two(sign, sides) => {
                let [a, b] = sides.as_ref();
                let (a, b) = (self.number(a, at)?, self.number(b, at)?);
                if b == 0 && matches!(sign, Sign::Divide | Sign::Rest) {
                    return fault("`when` divides by zero");
                }
                let result = match sign {
                    Sign::Plus => a.checked_add(b),
                    Sign::Minus => a.checked_sub(b),
                    Sign::Times => a.checked_mul(b),
                    Sign::Divide => a.checked_div(b),
                    Sign::Rest => a.checked_rem(b),
                };
                result.ok_or_else(large)
            }
            Number::Parse(text) => match self.text(text, at)?.parse() {
                Ok(value) => Ok(value),
                // Not the text itself: it may be a secret.
                Err(_) => fault("a text that `int()` should read is not a whole number"),
            },
            Number::Clock(unit, time, zone) => clock(*unit, self.time(*time)?, zone),
            Number::If(parts) => {
                let (condition, one, other) = parts.as_ref();
                self.number(if self.flag(condition, at)? { one } else { other }, at)
            }
        }
    }

    fn text<'e>(&'e self, text: &'e Text, at: At<'e>) -> Result<Cow<'e, str>, Stop> {
        let value = match text {
            Text::Const(value) => Cow::Borrowed(value.as_str()),
            Text::Path(path) => self.input.text(*path)?,
            Text::Parameter(name) => Cow::Borrowed(self.input.parameter(&self.text(name, at)?)?),
            Text::Element(depth) => {
                let frame = std::iter::successors(at, |frame| frame.outer).find(|frame| frame.depth == *depth);
                Cow::Borrowed(frame.ok_or(Stop::Absent)?.value)
            }
            Text::Join(sides) => {
                let [a, b] = sides.as_ref();
                let (a, b) = (self.text(a, at)?, self.text(b, at)?);
                self.spend(a.len() + b.len())?;
                a + b
            }
            Text::Lower(inner) => Cow::Owned(self.text(inner, at)?.to_ascii_lowercase()),
            Text::Upper(inner) => Cow::Owned(self.text(inner, at)?.to_ascii_uppercase()),
            Text::Number(number) => Cow::Owned(self.number(number, at)?.to_string()),
            Text::Item(parts) => {
                let (list, index) = parts.as_ref();
                let index = usize::try_from(self.number(index, at)?).map_err(|_| Stop::Absent)?;
                self.texts(list, at)?.into_iter().nth(index).ok_or(Stop::Absent)?
            }
            Text::If(parts) => {
                let (condition, one, other) = parts.as_ref();
                return self.text(if self.flag(condition, at)? { one } else { other }, at);
            }
        };
        self.spend(value.len())?;
        Ok(value)
    }

    fn texts<'e>(&'e self, texts: &'e Texts, at: At<'e>) -> Result<Vec<Cow<'e, str>>, Stop> {
        let values = match texts {
            Texts::Path(path) => self.input.texts(*path)?,
            Texts::Names => self.input.names(),
            Texts::Items(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    match self.text(item, at) {
                        // In a list, what is absent is not there.
                        Err(Stop::Absent) => {}
                        value => values.push(value?),
                    }
                }
                values
            }
            Texts::Filter(parts) => {
                let (list, body) = parts.as_ref();
                let mut kept = Vec::new();
                for value in self.texts(list, at)? {
                    if self.inside(&value, at, |frame| self.flag(body, Some(frame)))? {
                        kept.push(value);
                    }
                }
                kept
            }
            Texts::Map(parts) => {
                let (list, body) = parts.as_ref();
                let map = |value: &Cow<'_, str>| {
                    self.inside(value, at, |frame| {
                        self.text(body, Some(frame)).map(|text| Cow::Owned(text.into_owned()))
                    })
                };
                self.texts(list, at)?.iter().map(map).collect::<Result<_, _>>()?
            }
        };
        self.spend(values.len().saturating_mul(BYTES_A_STEP))?;
        Ok(values)
    }

    fn time(&self, time: Time) -> Result<i64, Stop> {
        match time {
            Time::Const(millis) => Ok(millis),
            Time::At => i64::try_from(self.input.view.context.at.millis())
                .map_err(|_| Stop::Fault("the action's time is too late to be read".to_owned())),
        }
    }
}

fn clock(unit: Unit, millis: i64, zone: &jiff::tz::TimeZone) -> Result<i64, Stop> {
    let Ok(stamp) = jiff::Timestamp::from_millisecond(millis) else {
        return fault("the action's time is too late to be read");
    };
    let here = stamp.to_zoned(zone.clone());
    Ok(match unit {
        Unit::Year => here.year().into(),
        Unit::Month => i64::from(here.month()) - 1,
        Unit::Date => here.day().into(),
        Unit::Weekday => here.weekday().to_sunday_zero_offset().into(),
        Unit::Hour => here.hour().into(),
        Unit::Minute => here.minute().into(),
    })
}
