//! A checked expression: typed, and of nothing but what can be evaluated.

use regex::Regex;

use super::schema::Path;

/// True or false.
#[derive(Clone, Debug)]
pub(super) enum Flag {
    Const(bool),
    Path(Path),
    /// A closed word is one of those whose bits are set.
    Word(Path, u16),
    /// A closed word is this text.
    WordIs(Path, Text),
    /// The path is known.
    Has(Path),
    /// The parameter is there.
    HasParameter(Text),
    Not(Box<Flag>),
    And(Vec<Flag>),
    Or(Vec<Flag>),
    If(Box<[Flag; 3]>),
    Same(Box<[Flag; 2]>),
    Numbers(Order, Number, Number),
    /// Milliseconds since the Unix epoch.
    Times(Order, Time, Time),
    TextIs(Text, Text),
    NumberIn(Number, Vec<Number>),
    TextIn(Text, Texts),
    Part(Part, Text, Text),
    Matches(Text, Regex),
    Each(Each, Texts, Box<Flag>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

impl Order {
    pub(super) fn holds<T: Ord>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Equal => a == b,
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::More => a > b,
            Self::MoreOrEqual => a >= b,
        }
    }
}

/// Where a text stands in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Anywhere,
    Start,
    End,
}

/// For how many elements of a list something must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    Any,
    All,
    One,
}

/// A whole number.
#[derive(Clone, Debug)]
pub(super) enum Number {
    Const(i64),
    Path(Path),
    /// The characters of a text.
    Length(Box<Text>),
    /// The elements of a list.
    Size(Box<Texts>),
    Negate(Box<Number>),
    Two(Sign, Box<[Number; 2]>),
    /// A text read as a number.
    Parse(Box<Text>),
    /// A part of the action's time, in the wall time of a zone.
    Clock(Unit, Time, jiff::tz::TimeZone),
    If(Box<(Flag, Number, Number)>),
}

/// What is done with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
    Times,
    Divide,
    Rest,
}

/// A part of a point in time, counted as CEL counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    /// From 0.
    Month,
    /// Of the month, from 1.
    Date,
    /// From 0, Sunday.
    Weekday,
    Hour,
    Minute,
}

impl Unit {
    /// By the name of CEL's function.
    pub(super) fn of(function: &str) -> Option<Self> {
        Some(match function {
            "getFullYear" => Self::Year,
            "getMonth" => Self::Month,
            "getDate" => Self::Date,
            "getDayOfWeek" => Self::Weekday,
            "getHours" => Self::Hour,
            "getMinutes" => Self::Minute,
            _ => return None,
        })
    }

    /// The least and the most.
    pub(super) const fn range(self) -> (i64, i64) {
        match self {
            Self::Year => (1970, 9999),
            Self::Month => (0, 11),
            Self::Date => (1, 31),
            Self::Weekday => (0, 6),
            Self::Hour => (0, 23),
            Self::Minute => (0, 59),
        }
    }
}

/// A text.
#[derive(Clone, Debug)]
pub(super) enum Text {
    Const(String),
    Path(Path),
    /// The value of the parameter of this name.
    Parameter(Box<Text>),
    /// The element that an enclosing [`Each`] looks at, counted from the outermost.
    Element(usize),
    Join(Box<[Text; 2]>),
    Lower(Box<Text>),
    Upper(Box<Text>),
    Number(Box<Number>),
    Item(Box<(Texts, Number)>),
    If(Box<(Flag, Text, Text)>),
}

/// A list of texts.
#[derive(Clone, Debug)]
pub(super) enum Texts {
    Items(Vec<Text>),
    Path(Path),
    /// The parameters' names.
    Names,
    Filter(Box<(Texts, Flag)>),
    Map(Box<(Texts, Text)>),
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Const(i64),
    At,
}
