//! Functions and the macros that look at every element of a list.

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue, operators};
use regex::RegexBuilder;

use super::{Checker, Typed};
use crate::config::nearest;
use crate::rules::when::Refers;
use crate::rules::when::form::{Each, Flag, Number, Part, Text, Texts, Time, Unit};
use crate::rules::when::schema::{Path, Words, members};

/// As large as a compiled regular expression may be.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// How every function is called, for people.
const FUNCTIONS: &[(&str, &str)] = &[
    ("has", "has(account)"),
    ("at_least", "at_least(scope, \"environment\")"),
    ("size", "size(resources)"),
    ("int", "int(parameters[\"replicas\"])"),
    ("string", "string(count.resources)"),
    ("timestamp", "timestamp(\"2026-12-31T18:00:00Z\")"),
    ("contains", "account.contains(\"…\")"),
    ("startsWith", "region.startsWith(\"eu-\")"),
    ("endsWith", "host.endsWith(\".example\")"),
    ("matches", "host.matches(\"^db[0-9]+\")"),
    ("lowerAscii", "environment.name.lowerAscii()"),
    ("upperAscii", "environment.name.upperAscii()"),
    ("exists", "resources.exists(r, r.startsWith(\"…\"))"),
    ("all", "resources.all(r, r.startsWith(\"…\"))"),
    ("exists_one", "resources.exists_one(r, r.startsWith(\"…\"))"),
    ("filter", "resources.filter(r, r.startsWith(\"…\"))"),
    ("map", "resources.map(r, r.lowerAscii())"),
    ("getFullYear", "at.getFullYear(\"Europe/Berlin\")"),
    ("getMonth", "at.getMonth(\"Europe/Berlin\")"),
    ("getDate", "at.getDate(\"Europe/Berlin\")"),
    ("getDayOfWeek", "at.getDayOfWeek(\"Europe/Berlin\")"),
    ("getHours", "at.getHours(\"Europe/Berlin\")"),
    ("getMinutes", "at.getMinutes(\"Europe/Berlin\")"),
];

/// What an element-wise macro does; the parser has already spelled it out as a loop.
enum Macro<'a> {
    Each(Each, &'a IdedExpr),
    Map(Option<&'a IdedExpr>, &'a IdedExpr),
}

impl<'a> Checker<'a> {
    pub(super) fn function(
        &mut self,
        expr: &'a IdedExpr,
        name: &str,
        target: Option<&'a IdedExpr>,
        arguments: &'a [IdedExpr],
    ) -> Typed {
        let at = self.own_name(expr);
        let Some((_, usage)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let help = nearest(name, FUNCTIONS.iter().map(|(known, _)| *known));
            let all =
                || format!("there are {}", FUNCTIONS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "));
            return self.say(at, format!("unknown function `{name}`"), Some(&help.unwrap_or_else(all)));
        };
        if name == "at_least" {
            return match (target, arguments) {
                (None, [path, word]) => self.at_least(path, word),
                _ => self.misused(at, name, usage),
            };
        }
        // As macros these would be loops by now.
        if ["exists", "all", "exists_one", "filter", "map"].contains(&name) {
            return self.misused(at, name, usage);
        }
        let mut typed: Vec<Typed> = target.into_iter().chain(arguments).map(|part| self.check(part)).collect();
        if typed.iter().any(|part| matches!(part, Typed::Broken)) {
            return Typed::Broken;
        }
        let is_member = target.is_some();
        if let (true, Some(Typed::Word(path, _))) = (is_member, typed.first()) {
            let help = format!("compare it, as in `{path} in [\"…\", \"…\"]`");
            return self.say(at, format!("`{path}` is a closed word and has no functions"), Some(&help));
        }
        let second = (typed.len() == 2).then(|| typed.pop()).flatten();
        let Some(first) = typed.pop().filter(|_| typed.is_empty()) else { return self.misused(at, name, usage) };
        match (name, first, second, is_member) {
            ("size", Typed::Text(text, _), None, _) => Typed::Number(Number::Length(Box::new(text))),
            ("size", Typed::Texts(list, _), None, _) => Typed::Number(Number::Size(Box::new(list))),
            ("size", Typed::Map, None, _) => Typed::Number(Number::Size(Box::new(self.names()))),
            ("int", Typed::Text(text, _), None, false) => Typed::Number(Number::Parse(Box::new(text))),
            ("string", Typed::Number(number), None, false) => Typed::Text(Text::Number(Box::new(number)), None),
            ("timestamp", Typed::Text(Text::Const(text), _), None, false) => self.timestamp(arguments, &text),
            ("lowerAscii", Typed::Text(text, _), None, true) => Typed::Text(Text::Lower(Box::new(text)), None),
            ("upperAscii", Typed::Text(text, _), None, true) => Typed::Text(Text::Upper(Box::new(text)), None),
            ("matches", Typed::Text(text, _), Some(Typed::Text(Text::Const(pattern), _)), _) => {
                self.matches(text, &pattern, arguments.last())
            }
            (_, Typed::Text(..), Some(Typed::Text(Text::Const(part), _)), true) if part.is_empty() => {
                self.say(at, "every text contains the empty one", None)
            }
            (_, Typed::Text(whole, _), Some(Typed::Text(part, _)), true) => match part_of(name) {
                Some(place) => Typed::Flag(Flag::Part(place, whole, part)),
                None => self.misused(at, name, usage),
            },
            (_, Typed::Time(time), zone, true) => match (Unit::of(name), zone) {
                (Some(unit), None) => Typed::Number(Number::Clock(unit, time, jiff::tz::TimeZone::UTC)),
                (Some(unit), Some(Typed::Text(Text::Const(zone), _))) => {
                    self.clock(unit, time, &zone, arguments.last())
                }
                _ => self.misused(at, name, usage),
            },
            _ => self.misused(at, name, usage),
        }
    }

    fn misused(&mut self, at: usize, name: &str, usage: &str) -> Typed {
        self.say(at, format!("`{name}` is not called so"), Some(&format!("write it as in `{usage}`")))
    }

    fn at_least(&mut self, path: &'a IdedExpr, word: &'a IdedExpr) -> Typed {
        let (typed, limit) = (self.check(path), self.check(word));
        let at = self.start(path);
        match (typed, limit) {
            (Typed::Broken, _) | (_, Typed::Broken) => Typed::Broken,
            (Typed::Word(path, words), Typed::Text(Text::Const(limit), _)) if words.is_ordered() => {
                if self.word_mask(path.as_str(), words, &limit, word).is_none() {
                    return Typed::Broken;
                }
                Typed::Flag(Flag::Word(path, words.at_least(&limit).unwrap_or(0)))
            }
            (Typed::Word(_, words), other) if words.is_ordered() => {
                self.say(self.start(word), format!("{} is no word that is written here", other.noun()), None)
            }
            (other, _) => {
                let help = "it compares `scope`, `impact` and `principal.level`";
                self.say(at, format!("`at_least` does not know an order of {}", other.noun()), Some(help))
            }
        }
    }

    fn timestamp(&mut self, arguments: &'a [IdedExpr], text: &str) -> Typed {
        match text.parse::<jiff::Timestamp>() {
            Ok(stamp) => Typed::Time(Time::Const(stamp.as_millisecond())),
            Err(_) => {
                let at = arguments.first().map_or(0, |argument| self.start(argument));
                let help = "write it as in `2026-12-31T18:00:00Z`";
                self.say(at, format!("`{text}` is not a point in time"), Some(help))
            }
        }
    }

    fn clock(&mut self, unit: Unit, time: Time, zone: &str, argument: Option<&'a IdedExpr>) -> Typed {
        // Bundled, so that the same rules say the same on every machine.
        let known = jiff::tz::TimeZoneDatabase::bundled();
        match known.get(zone) {
            Ok(zone) => Typed::Number(Number::Clock(unit, time, zone)),
            Err(_) => {
                let names: Vec<String> = known.available().map(|name| name.to_string()).collect();
                let help = nearest(zone, names.iter().map(String::as_str));
                let help = help.unwrap_or_else(|| "write a name such as `Europe/Berlin` or `UTC`".to_owned());
                let at = argument.map_or(0, |argument| self.start(argument));
                self.say(at, format!("`{zone}` is not a time zone"), Some(&help))
            }
        }
    }

    /// A regular expression is compiled once, here.
    fn matches(&mut self, text: Text, pattern: &str, argument: Option<&'a IdedExpr>) -> Typed {
        let error = match RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build() {
            Ok(_) if pattern.is_empty() => "the empty regular expression is found in every text".to_owned(),
            Ok(regex) => return Typed::Flag(Flag::Matches(text, regex)),
            Err(regex::Error::CompiledTooBig(_)) => format!("the regular expression `{pattern}` is too large"),
            Err(error) => {
                // The last line says it in words; the lines before draw it.
                let words = error.to_string();
                let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("`{pattern}` is not a regular expression: {last}")
            }
        };
        self.say(argument.map_or(0, |argument| self.start(argument)), error, None)
    }

    /// `has(account)`, `has(environment.tier)`, `has(parameters.force)`.
    pub(super) fn has(&mut self, expr: &'a IdedExpr) -> Typed {
        let at = self.start(expr);
        let usage = "write it as in `has(account)` or `has(parameters.force)`";
        let asked = match &expr.expr {
            Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
                [map, name] if matches!(&map.expr, Expr::Ident(root) if root == "parameters") => match self.check(name)
                {
                    Typed::Text(name, _) => return self.has_parameter(name),
                    _ => None,
                },
                _ => None,
            },
            _ => self.chain(expr),
        };
        let Some(chain) = asked.filter(|chain| chain.first().is_some_and(|(root, _)| !self.is_element(root))) else {
            return self.say(at, "`has` asks for a path or a parameter", Some(usage));
        };
        if let [("parameters", _), (name, _)] = chain.as_slice() {
            return self.has_parameter(Text::Const((*name).to_owned()));
        }
        let Some(path) = self.path(&chain) else { return Typed::Broken };
        if !path.is_optional() {
            let help = match path {
                Path::EnvironmentKind | Path::Impact => Some(format!("write `{path} != \"unknown\"`")),
                Path::Resources | Path::Hazards | Path::Parameters => Some(format!("write `size({path}) > 0`")),
                _ => None,
            };
            return self.say(at, format!("`{path}` is always known"), help.as_deref());
        }
        self.note(Refers::Path(path));
        Typed::Flag(Flag::Has(path))
    }

    /// The parameters' names.
    fn names(&mut self) -> Texts {
        self.note(Refers::Path(Path::Parameters));
        Texts::Names
    }

    pub(super) fn has_parameter(&mut self, name: Text) -> Typed {
        self.note(match &name {
            Text::Const(name) => Refers::Parameter(name.clone()),
            _ => Refers::Path(Path::Parameters),
        });
        Typed::Flag(Flag::HasParameter(name))
    }

    pub(super) fn comprehension(&mut self, expr: &'a IdedExpr, each: &'a ComprehensionExpr) -> Typed {
        let at = self.own_name(expr);
        let (list, words) = match self.check(&each.iter_range) {
            Typed::Texts(list, words) => (list, words),
            Typed::Map => (self.names(), None),
            Typed::Broken => return Typed::Broken,
            other => {
                let message = format!("{} has no elements to look at", other.noun());
                return self.say(self.start(&each.iter_range), message, None);
            }
        };
        let name = each.iter_var.as_str();
        if self.is_element(name) || is_taken(name) {
            return self.say(at, format!("`{name}` already stands for something else"), Some("choose another name"));
        }
        let Some(spelled) = spelled(each) else { return self.say(at, "this loop has no meaning here", None) };
        self.elements.push((name, words, 0));
        let typed = self.body(at, list, words, spelled);
        let used = self.elements.pop().map_or(0, |(.., used)| used);
        if used == 0 && !matches!(typed, Typed::Broken) {
            return self.say(at, format!("`{name}` is not used: this asks the same of every element"), None);
        }
        typed
    }

    fn body(&mut self, at: usize, list: Texts, words: Option<Words>, spelled: Macro<'a>) -> Typed {
        match spelled {
            Macro::Each(each, body) => {
                self.condition(body).map_or(Typed::Broken, |body| Typed::Flag(Flag::Each(each, list, Box::new(body))))
            }
            Macro::Map(condition, element) => {
                let (list, is_filtered) = match condition {
                    None => (list, false),
                    Some(condition) => match self.condition(condition) {
                        Some(condition) => (Texts::Filter(Box::new((list, condition))), true),
                        None => return Typed::Broken,
                    },
                };
                let is_plain = matches!(&element.expr, Expr::Ident(name) if self.elements.last().is_some_and(|(last, ..)| last == name));
                if is_plain && is_filtered {
                    return Typed::Texts(list, words);
                }
                match self.check(element) {
                    Typed::Text(text, words) => Typed::Texts(Texts::Map(Box::new((list, text))), words),
                    Typed::Broken => Typed::Broken,
                    other => {
                        self.say(at, format!("`map` makes {}, not a text", other.noun()), Some("lists hold texts"))
                    }
                }
            }
        }
    }
}

/// Whether a name of the schema begins so.
fn is_taken(name: &str) -> bool {
    name.parse::<Path>().is_ok() || !members(name).is_empty()
}

fn part_of(function: &str) -> Option<Part> {
    Some(match function {
        "contains" => Part::Anywhere,
        "startsWith" => Part::Start,
        "endsWith" => Part::End,
        _ => return None,
    })
}

/// Which macro a loop was written as: its first value and its step tell.
fn spelled(each: &ComprehensionExpr) -> Option<Macro<'_>> {
    fn arguments<'a>(expr: &'a IdedExpr, function: &str) -> Option<&'a [IdedExpr]> {
        match &expr.expr {
            Expr::Call(call) if call.func_name == function => Some(&call.args),
            _ => None,
        }
    }
    let added = |step| match arguments(step, operators::ADD)? {
        [_, IdedExpr { expr: Expr::List(list), .. }] => list.elements.first(),
        _ => None,
    };
    let step = &each.loop_step;
    match &each.accu_init.expr {
        Expr::Literal(LiteralValue::Boolean(value)) => {
            let kind = if *value.inner() { Each::All } else { Each::Any };
            let joined = arguments(step, if *value.inner() { operators::LOGICAL_AND } else { operators::LOGICAL_OR })?;
            joined.get(1).map(|body| Macro::Each(kind, body))
        }
        Expr::Literal(LiteralValue::Int(_)) => {
            arguments(step, operators::CONDITIONAL)?.first().map(|body| Macro::Each(Each::One, body))
        }
        Expr::List(_) => match arguments(step, operators::CONDITIONAL) {
            Some([condition, step, _]) => Some(Macro::Map(Some(condition), added(step)?)),
            _ => Some(Macro::Map(None, added(step)?)),
        },
        _ => None,
    }
}
