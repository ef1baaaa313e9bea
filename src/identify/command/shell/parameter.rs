//! Parameters and the operators on them.

use brush_parser::word::{
    Parameter, ParameterExpr, ParameterTestType, ParameterTransformOp, SpecialParameter, SubstringMatchKind,
};

use super::fields::{self, Atom};
use super::pattern;
use super::state::{VALUE_BYTES_MAX, Value};
use super::walk::Walk;

/// What a parameter stands for.
enum Found {
    /// One text; `None` when it is certain that there is none.
    One(Option<String>),
    /// Several, and whether they become one where they are quoted.
    Several(Vec<String>, bool),
    /// Nobody knows.
    Unknown,
}

impl Walk<'_, '_> {
    pub(super) fn parameter(&mut self, expression: &ParameterExpr, quoted: bool, atoms: &mut Vec<Atom>) {
        let one = |text: String| if quoted { Atom::Quoted(text) } else { Atom::Loose(text) };
        match self.expanded(expression, quoted) {
            Ok(Found::One(text)) => atoms.push(one(text.unwrap_or_default())),
            Ok(Found::Several(all, true)) if quoted => {
                let separators = self.separators();
                let between = separators.chars().next().map(String::from).unwrap_or_default();
                atoms.push(one(all.join(&between)));
            }
            Ok(Found::Several(all, _)) => {
                for (n, text) in all.into_iter().enumerate() {
                    if n > 0 {
                        atoms.push(Atom::Break);
                    }
                    atoms.push(one(text));
                }
            }
            Ok(Found::Unknown) | Err(()) => {
                let shown = shown(expression);
                let is_several = shown == "$@" || shown.ends_with("[@]}");
                let unknown = self.unknown(shown).to_string();
                atoms.push(if quoted && !is_several { Atom::Quoted(unknown) } else { Atom::Loose(unknown) });
            }
        }
    }

    fn find(&mut self, parameter: &Parameter, indirect: bool) -> Found {
        let found = self.find_directly(parameter);
        if !indirect {
            return found;
        }
        match found {
            Found::One(Some(name)) if fields::is_known(&name) => match name.parse::<u32>() {
                Ok(n) => self.find_directly(&Parameter::Positional(n)),
                Err(_) => self.find_directly(&Parameter::Named(name)),
            },
            _ => Found::Unknown,
        }
    }

    fn find_directly(&mut self, parameter: &Parameter) -> Found {
        match parameter {
            Parameter::Positional(0) | Parameter::Special(SpecialParameter::ShellName) => {
                Found::One(Some(self.state.name.clone()))
            }
            Parameter::Positional(n) => match &self.state.arguments {
                Some(all) => Found::One(usize::try_from(*n - 1).ok().and_then(|n| all.get(n)).cloned()),
                None => Found::Unknown,
            },
            Parameter::Special(SpecialParameter::AllPositionalParameters { concatenate }) => {
                match &self.state.arguments {
                    Some(all) => Found::Several(all.clone(), *concatenate),
                    None => Found::Unknown,
                }
            }
            Parameter::Special(SpecialParameter::PositionalParameterCount) => match &self.state.arguments {
                Some(all) => Found::One(Some(all.len().to_string())),
                None => Found::Unknown,
            },
            // A number, whichever.
            Parameter::Special(SpecialParameter::ProcessId | SpecialParameter::LastBackgroundProcessId) => {
                Found::One(Some("4194305".to_owned()))
            }
            Parameter::Special(_) => Found::Unknown,
            Parameter::Named(name) => match self.state.scalar(name, &self.at, self.scene) {
                Ok(text) => Found::One(text),
                Err(()) => Found::Unknown,
            },
            Parameter::NamedWithIndex { name, index } => self.element(name, index),
            Parameter::NamedWithAllIndices { name, concatenate } => {
                match self.state.variables.get(name).map(|variable| &variable.value) {
                    Some(Value::Array(all)) => {
                        Found::Several(all.iter().map(|(_, text)| text.clone()).collect(), *concatenate)
                    }
                    Some(Value::Scalar(text)) => Found::Several(vec![text.clone()], *concatenate),
                    Some(Value::Unset) => Found::Several(vec![], *concatenate),
                    None => match self.state.scalar(name, &self.at, self.scene) {
                        Ok(text) => Found::Several(text.into_iter().collect(), *concatenate),
                        Err(()) => Found::Unknown,
                    },
                }
            }
        }
    }

    fn element(&mut self, name: &str, index: &str) -> Found {
        let key = self.value(index);
        match self.state.variables.get(name).map(|variable| variable.value.clone()) {
            Some(Value::Array(all)) if fields::is_known(&key) => {
                let by_key = all.iter().find(|(known, _)| *known == key).map(|(_, text)| text.clone());
                let by_number = || {
                    let number = self.arithmetic(&key)?;
                    let number = match usize::try_from(number) {
                        Ok(number) => number,
                        Err(_) => all.len().checked_sub(usize::try_from(number.unsigned_abs()).ok()?)?,
                    };
                    all.iter().find(|(known, _)| *known == number.to_string()).map(|(_, text)| text.clone())
                };
                Found::One(by_key.or_else(by_number))
            }
            Some(Value::Scalar(text)) if key == "0" => Found::One(Some(text)),
            Some(Value::Unset) => Found::One(None),
            Some(_) => Found::Unknown,
            None => match self.state.scalar(name, &self.at, self.scene) {
                Ok(text) if key == "0" => Found::One(text),
                _ => Found::Unknown,
            },
        }
    }

    /// What a parameter that may be unset is taken for; `None` when nobody knows whether it is.
    fn tested(&mut self, parameter: &Parameter, indirect: bool, test: &ParameterTestType) -> Option<Option<Found>> {
        let found = self.find(parameter, indirect);
        let or_null = matches!(test, ParameterTestType::UnsetOrNull);
        match found {
            Found::One(None) => Some(None),
            Found::One(Some(text)) if text.is_empty() && or_null => Some(None),
            Found::One(Some(text)) if or_null && !text.is_empty() && text.chars().all(super::super::is_veiled) => None,
            Found::Several(all, _) if all.is_empty() => Some(None),
            Found::Unknown => match parameter {
                // What neither the text nor the surroundings set is not there.
                Parameter::Named(name) if !self.is_remote() && !self.state.variables.contains_key(name) => Some(None),
                _ => None,
            },
            found => Some(Some(found)),
        }
    }

    fn is_remote(&self) -> bool {
        self.at.machine != super::Machine::Own
    }

    fn expanded(&mut self, expression: &ParameterExpr, quoted: bool) -> Result<Found, ()> {
        match expression {
            ParameterExpr::Parameter { parameter, indirect } => Ok(self.find(parameter, *indirect)),
            ParameterExpr::UseDefaultValues { parameter, indirect, test_type, default_value } => {
                match self.tested(parameter, *indirect, test_type).ok_or(())? {
                    Some(found) => Ok(found),
                    None => Ok(Found::One(Some(self.inner(default_value.as_deref(), quoted)))),
                }
            }
            ParameterExpr::AssignDefaultValues { parameter, indirect, test_type, default_value } => {
                match self.tested(parameter, *indirect, test_type).ok_or(())? {
                    Some(found) => Ok(found),
                    None => {
                        let value = self.inner(default_value.as_deref(), quoted);
                        if let Parameter::Named(name) = parameter {
                            self.state.set(name, Value::Scalar(value.clone()));
                        }
                        Ok(Found::One(Some(value)))
                    }
                }
            }
            ParameterExpr::IndicateErrorIfNullOrUnset { parameter, indirect, test_type, .. } => {
                self.tested(parameter, *indirect, test_type).ok_or(())?.ok_or(())
            }
            ParameterExpr::UseAlternativeValue { parameter, indirect, test_type, alternative_value } => {
                match self.tested(parameter, *indirect, test_type).ok_or(())? {
                    Some(_) => Ok(Found::One(Some(self.inner(alternative_value.as_deref(), quoted)))),
                    None => Ok(Found::Several(vec![], false)),
                }
            }
            ParameterExpr::ParameterLength { parameter, indirect } => match self.find(parameter, *indirect) {
                Found::One(text) => {
                    let text = text.unwrap_or_default();
                    fields::is_known(&text).then(|| Found::One(Some(text.chars().count().to_string()))).ok_or(())
                }
                Found::Several(all, _) => Ok(Found::One(Some(all.len().to_string()))),
                Found::Unknown => Err(()),
            },
            ParameterExpr::Substring { parameter, indirect, offset, length } => {
                let offset = self.arithmetic(&offset.value).ok_or(())?;
                let length = match length {
                    Some(length) => Some(self.arithmetic(&length.value).ok_or(())?),
                    None => None,
                };
                self.sliced(parameter, *indirect, offset, length)
            }
            ParameterExpr::Transform { parameter, indirect, op: ParameterTransformOp::PromptExpand } => {
                let texts = match self.find(parameter, *indirect) {
                    Found::One(text) => text.into_iter().collect(),
                    Found::Several(all, _) => all,
                    Found::Unknown => vec![],
                };
                texts.iter().for_each(|text| self.prompt(text));
                Err(())
            }
            ParameterExpr::VariableNames { .. } | ParameterExpr::MemberKeys { .. } => self.names(expression),
            other => self.changed(other),
        }
    }

    fn names(&mut self, expression: &ParameterExpr) -> Result<Found, ()> {
        match expression {
            ParameterExpr::MemberKeys { variable_name, concatenate } => {
                match self.state.variables.get(variable_name).map(|variable| &variable.value) {
                    Some(Value::Array(all)) => {
                        Ok(Found::Several(all.iter().map(|(key, _)| key.clone()).collect(), *concatenate))
                    }
                    _ => Err(()),
                }
            }
            _ => Err(()),
        }
    }

    /// The word inside an expansion.
    fn inner(&mut self, text: Option<&str>, quoted: bool) -> String {
        let text = text.unwrap_or_default();
        // Inside quotes, quotes of its own still part words, but single quotes stand for themselves.
        if quoted && text.contains('\'') && !text.contains('"') {
            return self.document(text);
        }
        self.value(text)
    }

    fn sliced(&mut self, parameter: &Parameter, indirect: bool, offset: i64, length: Option<i64>) -> Result<Found, ()> {
        let bounds = |count: usize| {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let start = if offset < 0 { count + offset } else { offset }.clamp(0, count);
            let end = match length {
                None => count,
                Some(length) if length < 0 => (count + length).max(start),
                Some(length) => start.saturating_add(length).min(count),
            };
            (usize::try_from(start).unwrap_or(0), usize::try_from(end - start).unwrap_or(0))
        };
        match self.find(parameter, indirect) {
            Found::One(text) => {
                let text = text.unwrap_or_default();
                if !fields::is_known(&text) {
                    return Err(());
                }
                let (start, taken) = bounds(text.chars().count());
                Ok(Found::One(Some(text.chars().skip(start).take(taken).collect())))
            }
            Found::Several(mut all, joined) => {
                if matches!(parameter, Parameter::Special(_)) {
                    // `$0` stands before the first of `$@`.
                    all.insert(0, self.state.name.clone());
                }
                let (start, taken) = bounds(all.len());
                Ok(Found::Several(all.into_iter().skip(start).take(taken).collect(), joined))
            }
            Found::Unknown => Err(()),
        }
    }

    /// What changes each text.
    fn changed(&mut self, expression: &ParameterExpr) -> Result<Found, ()> {
        let (parameter, indirect, change) = self.change(expression).ok_or(())?;
        let apply = |text: &str| {
            let known = fields::is_known(text) || text.chars().all(|one| !super::super::is_veiled(one));
            known.then(|| change(text)).flatten().filter(|new| new.len() <= VALUE_BYTES_MAX).ok_or(())
        };
        match self.find(&parameter, indirect) {
            Found::One(None) => Ok(Found::One(None)),
            Found::One(Some(text)) => Ok(Found::One(Some(apply(&text)?))),
            Found::Several(all, joined) => {
                Ok(Found::Several(all.iter().map(|text| apply(text)).collect::<Result<_, _>>()?, joined))
            }
            Found::Unknown => Err(()),
        }
    }

    fn change(&mut self, expression: &ParameterExpr) -> Option<(Parameter, bool, Change)> {
        let everything =
            |pattern: &Option<String>| pattern.as_deref().is_none_or(|text| matches!(text, "" | "?" | "*"));
        Some(match expression {
            ParameterExpr::RemoveSmallestSuffixPattern { parameter, indirect, pattern } => {
                (parameter.clone(), *indirect, self.removal(pattern.as_deref(), false, false)?)
            }
            ParameterExpr::RemoveLargestSuffixPattern { parameter, indirect, pattern } => {
                (parameter.clone(), *indirect, self.removal(pattern.as_deref(), false, true)?)
            }
            ParameterExpr::RemoveSmallestPrefixPattern { parameter, indirect, pattern } => {
                (parameter.clone(), *indirect, self.removal(pattern.as_deref(), true, false)?)
            }
            ParameterExpr::RemoveLargestPrefixPattern { parameter, indirect, pattern } => {
                (parameter.clone(), *indirect, self.removal(pattern.as_deref(), true, true)?)
            }
            ParameterExpr::ReplaceSubstring { parameter, indirect, pattern, replacement, match_kind } => {
                let wanted = self.pattern(pattern)?;
                let with = self.value(replacement.as_deref().unwrap_or_default());
                let start = matches!(match_kind, SubstringMatchKind::Prefix);
                let end = matches!(match_kind, SubstringMatchKind::Suffix);
                let regex = pattern::regex(&wanted, start, end)?;
                let most = usize::from(!matches!(match_kind, SubstringMatchKind::Anywhere));
                let change: Change =
                    Box::new(move |text| Some(regex.replacen(text, most, regex::NoExpand(&with)).into_owned()));
                (parameter.clone(), *indirect, change)
            }
            ParameterExpr::UppercasePattern { parameter, indirect, pattern } if everything(pattern) => {
                (parameter.clone(), *indirect, Box::new(|text| Some(text.to_uppercase())))
            }
            ParameterExpr::LowercasePattern { parameter, indirect, pattern } if everything(pattern) => {
                (parameter.clone(), *indirect, Box::new(|text| Some(text.to_lowercase())))
            }
            ParameterExpr::UppercaseFirstChar { parameter, indirect, pattern } if everything(pattern) => {
                (parameter.clone(), *indirect, Box::new(|text| Some(first(text, true))))
            }
            ParameterExpr::LowercaseFirstChar { parameter, indirect, pattern } if everything(pattern) => {
                (parameter.clone(), *indirect, Box::new(|text| Some(first(text, false))))
            }
            ParameterExpr::Transform { parameter, indirect, op } => {
                let change: Change = match op {
                    ParameterTransformOp::ToLowerCase => Box::new(|text| Some(text.to_lowercase())),
                    ParameterTransformOp::ToUpperCase => Box::new(|text| Some(text.to_uppercase())),
                    ParameterTransformOp::CapitalizeInitial => Box::new(|text| Some(first(text, true))),
                    ParameterTransformOp::ExpandEscapeSequences => {
                        Box::new(|text| Some(super::expand::ansi(text, false)))
                    }
                    ParameterTransformOp::Quoted => Box::new(|text| Some(format!("'{}'", text.replace('\'', "'\\''")))),
                    _ => return None,
                };
                (parameter.clone(), *indirect, change)
            }
            _ => return None,
        })
    }

    /// Takes away what matches at the beginning, or at the end: as little, or as much, as can be.
    fn removal(&mut self, pattern: Option<&str>, start: bool, largest: bool) -> Option<Change> {
        let wanted = self.pattern(pattern.unwrap_or_default())?;
        Some(Box::new(move |text| {
            let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).take(2000).collect();
            let regex = pattern::regex(&wanted, true, true)?;
            let fits = |at: &usize| {
                let part = if start { text.get(..*at) } else { text.get(*at..) };
                part.is_some_and(|part| regex.is_match(part))
            };
            // From the beginning the smallest cut comes first; from the end, the largest does.
            let cut =
                if start == largest { cuts.iter().rev().find(|at| fits(at)) } else { cuts.iter().find(|at| fits(at)) };
            let rest = cut.and_then(|at| if start { text.get(*at..) } else { text.get(..*at) });
            Some(rest.unwrap_or(text).to_owned())
        }))
    }
}

type Change = Box<dyn Fn(&str) -> Option<String>>;

fn first(text: &str, upper: bool) -> String {
    let mut rest = text.chars();
    match rest.next() {
        Some(one) if upper => one.to_uppercase().chain(rest).collect(),
        Some(one) => one.to_lowercase().chain(rest).collect(),
        None => String::new(),
    }
}

/// The expansion as a person would recognise it.
fn shown(expression: &ParameterExpr) -> String {
    match expression {
        ParameterExpr::Parameter { parameter: Parameter::Named(name), indirect: false } => format!("${name}"),
        ParameterExpr::Parameter { parameter: Parameter::Special(special), .. } => format!("${special}"),
        ParameterExpr::Parameter { parameter, .. }
        | ParameterExpr::UseDefaultValues { parameter, .. }
        | ParameterExpr::AssignDefaultValues { parameter, .. }
        | ParameterExpr::IndicateErrorIfNullOrUnset { parameter, .. }
        | ParameterExpr::UseAlternativeValue { parameter, .. } => parameter.to_string(),
        _ => "${…}".to_owned(),
    }
}
