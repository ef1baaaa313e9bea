//! `sets.yaml`: named lists, for `$name` in the patterns of rules.

use std::collections::BTreeMap;

use super::text::RawSets;
use crate::config::{Diagnostics, Report, parse_yaml};

/// Every set by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets(BTreeMap<String, Vec<String>>);

impl Sets {
    /// Adds the sets of one file.
    pub(super) fn read(&mut self, file: &str, text: &str) -> Result<(), Diagnostics> {
        let raw: RawSets = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        for (name, list) in raw.sets {
            if !crate::config::is_role(&name) {
                let help = "write it in lower case, with hyphens".to_owned();
                report.say(&list, format!("`{name}` is not a name for a set"), Some(help));
            }
            if list.value.0.is_empty() {
                report.say(&list, format!("the set `{name}` is empty: what names it could match nothing"), None);
            }
            if let Some((value, at)) = list.value.0.iter().find(|(value, _)| value.0.starts_with('$')) {
                report.say(at.unwrap_or((&list).into()), format!("`{}`: a set does not name sets", value.0), None);
            }
            let values = list.value.0.iter().map(|(value, _)| value.0.clone()).collect();
            if self.0.insert(name.clone(), values).is_some() {
                report.say(&list, format!("the set `{name}` is already there"), Some("choose another name".to_owned()));
            }
        }
        report.finish(())
    }

    pub(super) fn named(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
