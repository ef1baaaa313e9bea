//! Going through the segments of one log.

use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use super::{ReadError, Stored};
use crate::model::Timestamp;
use crate::record::LogId;
use crate::record::folder::{self, segment_path, segments};
use crate::record::scan::{Cursor, Damage, Found, OpenError, Trouble};

/// A place in a log, moving forward over its segments.
#[derive(Debug)]
pub(super) struct LogCursor {
    folder: PathBuf,
    since: Option<Timestamp>,
    segments: Option<usize>,
    log: LogId,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing was read yet.
    Unread,
    /// In a segment.
    Reading(Box<Reading>),
    /// The log was closed and has been read.
    Done,
}

#[derive(Debug)]
struct Reading {
    number: u64,
    cursor: Cursor,
    /// Its end was seen; when a later segment stood already, whatever comes now is the last of this one.
    ended: bool,
    /// The torn tail that was reported, so that it is reported once.
    reported: u64,
}

impl LogCursor {
    pub(super) fn new(folder: PathBuf, since: Option<Timestamp>) -> Self {
        let mut new =
            Self { folder, since, segments: None, log: LogId::new(Timestamp::from_millis(0), 0), state: State::Unread };
        let first = segments(&new.folder).ok().and_then(|numbers| numbers.first().copied());
        if let Some(header) = first.and_then(|number| new.open(number, 0).ok()).as_ref().and_then(Cursor::header) {
            new.log = header.log;
        }
        if new.is_old() {
            new.state = State::Done;
        }
        new
    }

    /// Only so many segments, the last.
    pub(super) const fn last(mut self, segments: Option<usize>) -> Self {
        self.segments = segments;
        self
    }

    /// When the log began, for the order of logs that have not been read yet.
    pub(super) const fn began(&self) -> Timestamp {
        self.log.began()
    }

    /// Nothing can come any more.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Whether the log was closed before anything that is asked for.
    fn is_old(&self) -> bool {
        let Some(since) = self.since else { return false };
        if folder::is_unclosed(&self.folder) {
            return false;
        }
        let last = segments(&self.folder).ok().and_then(|numbers| numbers.last().copied());
        let changed = last.and_then(|last| fs::metadata(segment_path(&self.folder, last)).ok()?.modified().ok());
        let age = changed.and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
        age.is_some_and(|age| age.as_millis() < u128::from(since.millis()))
    }

    /// The next record or damage; `None` at the end, for now.
    pub(super) fn next(&mut self) -> Option<Result<Stored, ReadError>> {
        loop {
            let reading = match &mut self.state {
                State::Done => return None,
                State::Unread => match self.first()? {
                    Ok(()) => continue,
                    Err(error) => return Some(Err(error)),
                },
                State::Reading(reading) => reading,
            };
            match reading.cursor.next() {
                Ok(Found::Record(record)) => {
                    return Some(Ok(Stored {
                        log: self.log,
                        sequence: record.sequence,
                        at: time(&record.payload),
                        path: reading.cursor.path().to_owned(),
                        payload: record.payload,
                    }));
                }
                Ok(Found::Damage(damage)) => return Some(Err(damage.into())),
                Ok(Found::End { torn }) => match self.end(torn) {
                    Some(Ok(())) => {}
                    Some(Err(error)) => return Some(Err(error)),
                    None => return None,
                },
                Err(source) => return Some(Err(ReadError::Io { path: reading.cursor.path().to_owned(), source })),
            }
        }
    }

    /// Opens the first segment that matters. `None`: there is none.
    fn first(&mut self) -> Option<Result<(), ReadError>> {
        let numbers = match segments(&self.folder) {
            Ok(numbers) => numbers,
            Err(source) => return Some(Err(ReadError::Io { path: self.folder.clone(), source })),
        };
        let skipped = self.segments.map_or(0, |segments| numbers.len().saturating_sub(segments));
        let mut first = *numbers.get(skipped)?;
        if let Some(since) = self.since {
            // A segment ends when the next begins.
            for number in numbers.iter().skip(1) {
                let began = self.open(*number, 0).ok().and_then(|cursor| cursor.header().map(|header| header.at));
                if began.is_none_or(|began| began > since) {
                    break;
                }
                first = *number;
            }
        }
        Some(self.enter(first, None))
    }

    /// The end of a segment: goes on to the next one, if there is one.
    fn end(&mut self, torn: u64) -> Option<Result<(), ReadError>> {
        // Asked before the segments are listed: a log that is closed now gets no new segments.
        let unclosed = folder::is_unclosed(&self.folder);
        let later = segments(&self.folder).unwrap_or_default();
        let State::Reading(reading) = &mut self.state else { return None };
        let later = later.into_iter().find(|number| *number > reading.number);
        // Between our reading and our listing more may have been written here.
        let sure = later.is_some() || !unclosed;
        if sure && !reading.ended {
            reading.ended = true;
            return Some(Ok(()));
        }
        let expected = reading.cursor.expected();
        // A gate that lives, or died, may have left half a record; a closed log has none.
        if later.is_none() && !unclosed && torn > 0 && reading.reported != torn {
            reading.reported = torn;
            let trouble = Trouble::Lost { first: expected, next: None };
            return Some(Err(reading.cursor.damage(trouble).into()));
        }
        match later {
            Some(number) => Some(self.enter(number, Some(expected))),
            None if unclosed => None,
            None => {
                self.state = State::Done;
                None
            }
        }
    }

    /// Goes on in a segment. What should come first there is `expected`.
    fn enter(&mut self, number: u64, expected: Option<u64>) -> Result<(), ReadError> {
        let cursor = self.open(number, expected.unwrap_or(0))?;
        let mut damage = None;
        if let Some(header) = cursor.header() {
            self.log = header.log;
            damage = expected.filter(|expected| header.first != *expected).map(|expected| {
                cursor.damage(if header.first > expected {
                    Trouble::Lost { first: expected, next: Some(header.first) }
                } else {
                    Trouble::Order { sequence: header.first, expected }
                })
            });
        }
        self.state = State::Reading(Box::new(Reading { number, cursor, ended: false, reported: 0 }));
        damage.map_or(Ok(()), |damage: Damage| Err(damage.into()))
    }

    fn open(&self, number: u64, floor: u64) -> Result<Cursor, ReadError> {
        let path = segment_path(&self.folder, number);
        Cursor::open(&path, floor).map_err(|error| match error {
            OpenError::Io(source) => ReadError::Io { path, source },
            OpenError::Version(version) => ReadError::Version { path, version },
        })
    }
}

/// The time of a record, without reading all of it. No free text stands before `at`.
fn time(payload: &[u8]) -> Timestamp {
    const KEY: &[u8] = br#","at":"#;
    let after =
        payload.windows(KEY.len()).position(|window| window == KEY).and_then(|at| payload.get(at + KEY.len()..));
    let digits = after.unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit());
    Timestamp::from_millis(
        digits.fold(0u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0'))),
    )
}
