//! Reads secrets where the settings say they stand, each time one is needed: a new one counts without a restart.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::channel::Failure;
use crate::config::SecretSource;

/// A file of secrets is a line or two.
const BYTES_MAX: u64 = 64 * 1024;

/// The text: the variable's where it is set, else the file's. What is said never holds any of it.
pub(super) fn read(
    source: &SecretSource,
    folder: &Path,
    variable: fn(&str) -> Option<OsString>,
) -> Result<String, Failure> {
    if let Some(name) = &source.variable
        && let Some(value) = variable(name).filter(|value| !value.is_empty())
    {
        return value.into_string().map_err(|_| Failure::new(format!("the variable `{name}` is not text")));
    }
    let Some(file) = &source.file else {
        let name = source.variable.as_deref().unwrap_or_default();
        return Err(Failure::new(format!("the variable `{name}` is not set")));
    };
    let path = folder.join(file);
    let mut text = String::new();
    let read = File::open(&path).and_then(|opened| opened.take(BYTES_MAX).read_to_string(&mut text));
    read.map_err(|error| Failure::new(format!("cannot read `{}`: {}", path.display(), error.kind())))?;
    Ok(text)
}
