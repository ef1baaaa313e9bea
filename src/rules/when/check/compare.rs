//! Comparisons: what may stand on both sides of `==`, `<` and `in`.

use cel::IdedExpr;
use cel::common::ast::{Expr, operators};

use super::{Checker, Typed};
use crate::config::nearest;
use crate::rules::lint;
use crate::rules::when::constant;
use crate::rules::when::form::{Flag, Number, Order, Sign, Text, Texts};
use crate::rules::when::schema::{Path, Words};

/// How to make a condition of what is none.
pub(super) fn question(typed: &Typed) -> Option<String> {
    Some(match typed {
        Typed::Word(path, words) => {
            format!("compare it, as in `{path} == \"{}\"`", words.all().last().copied().unwrap_or_default())
        }
        Typed::Text(Text::Path(path), _) => format!("compare it, as in `{path} == \"…\"`, or ask `has({path})`"),
        Typed::Text(..) => "compare it, as in `… == \"…\"`".to_owned(),
        Typed::Number(_) => "compare it, as in `… > 0`".to_owned(),
        Typed::Texts(Texts::Path(path), _) => format!("ask as in `\"…\" in {path}`"),
        Typed::Texts(..) | Typed::Numbers(_) => "ask with `in`, `exists` or `all`".to_owned(),
        Typed::Map => "ask as in `\"…\" in parameters`".to_owned(),
        Typed::Time(_) => "compare it with `timestamp(\"…\")`".to_owned(),
        Typed::Flag(_) | Typed::Broken => return None,
    })
}

fn order_of(operator: &str) -> Option<Order> {
    Some(match operator {
        operators::EQUALS | operators::NOT_EQUALS => Order::Equal,
        operators::LESS => Order::Less,
        operators::LESS_EQUALS => Order::LessOrEqual,
        operators::GREATER => Order::More,
        operators::GREATER_EQUALS => Order::MoreOrEqual,
        _ => return None,
    })
}

fn sign_of(operator: &str) -> Option<Sign> {
    Some(match operator {
        operators::ADD => Sign::Plus,
        operators::SUBSTRACT => Sign::Minus,
        operators::MULTIPLY => Sign::Times,
        operators::DIVIDE => Sign::Divide,
        operators::MODULO => Sign::Rest,
        _ => return None,
    })
}

impl<'a> Checker<'a> {
    /// An operator between two operands.
    pub(super) fn two(&mut self, expr: &'a IdedExpr, a: &'a IdedExpr, b: &'a IdedExpr) -> Typed {
        let Expr::Call(call) = &expr.expr else { return Typed::Broken };
        let operator = call.func_name.as_str();
        let (left, right) = (self.check(a), self.check(b));
        if matches!(left, Typed::Broken) || matches!(right, Typed::Broken) {
            return Typed::Broken;
        }
        if let Some(sign) = sign_of(operator) {
            return self.arithmetic(expr, sign, left, right);
        }
        if operator == operators::IN {
            return self.within(expr, (a, left), (b, right));
        }
        match order_of(operator) {
            Some(Order::Equal) => match self.equal(expr, (a, left), (b, right)) {
                Some(flag) if operator == operators::NOT_EQUALS => Typed::Flag(Flag::Not(Box::new(flag))),
                Some(flag) => Typed::Flag(flag),
                None => Typed::Broken,
            },
            Some(order) => self.ordered(expr, order, (a, left), (b, right)),
            None => self.say(self.own(expr), "this operator has no meaning here", None),
        }
    }

    /// Says it and gives nothing.
    fn refuse(&mut self, offset: usize, message: String, help: Option<&str>) -> Option<Flag> {
        self.say(offset, message, help);
        None
    }

    fn equal(&mut self, expr: &'a IdedExpr, a: (&'a IdedExpr, Typed), b: (&'a IdedExpr, Typed)) -> Option<Flag> {
        let ((left_at, left), (right_at, right)) = (a, b);
        let is_same = format!("{left:?}") == format!("{right:?}");
        if is_same {
            return self.refuse(self.own(expr), "both sides are the same".to_owned(), None);
        }
        match (left, right) {
            (Typed::Word(path, words), Typed::Text(text, _)) => self.word_is(path, words, text, right_at),
            (Typed::Text(text, _), Typed::Word(path, words)) => self.word_is(path, words, text, left_at),
            (Typed::Text(a, words), Typed::Text(b, other)) => {
                self.known_word(words, &b, right_at)?;
                self.known_word(other, &a, left_at)?;
                self.known_name(&a, &b, right_at)?;
                self.known_name(&b, &a, left_at)?;
                Some(Flag::TextIs(a, b))
            }
            (Typed::Number(a), Typed::Number(b)) => self.numbers(expr, Order::Equal, a, b),
            (Typed::Time(a), Typed::Time(b)) => Some(Flag::Times(Order::Equal, a, b)),
            (Typed::Flag(a), Typed::Flag(b)) => Some(Flag::Same(Box::new([a, b]))),
            (Typed::Texts(..) | Typed::Numbers(_) | Typed::Map, _)
            | (_, Typed::Texts(..) | Typed::Numbers(_) | Typed::Map) => {
                let help = "ask with `in`, `exists` or `all`";
                self.refuse(self.own(expr), "lists are not compared as a whole".to_owned(), Some(help))
            }
            (left, right) => {
                let message = format!("{} is compared with {}", left.noun(), right.noun());
                self.refuse(self.own(expr), message, unlike(&left, &right).as_deref())
            }
        }
    }

    /// A closed word beside a text: one of its words, or a text of the action's own.
    fn word_is(&mut self, path: Path, words: Words, text: Text, at: &'a IdedExpr) -> Option<Flag> {
        match text {
            Text::Const(word) => self.word_mask(path.as_str(), words, &word, at).map(|mask| Flag::Word(path, mask)),
            text => Some(Flag::WordIs(path, text)),
        }
    }

    pub(super) fn word_mask(&mut self, of: &str, words: Words, word: &str, at: &'a IdedExpr) -> Option<u16> {
        let mask = words.mask(word);
        if mask.is_none() {
            let all = words.all();
            let one_of = || format!("one of {}", all.join(", "));
            let help = nearest(word, all.iter().copied()).unwrap_or_else(one_of);
            self.say(self.start(at), format!("`{word}` is not a word of `{of}`"), Some(&help));
        }
        mask
    }

    /// What is compared with an element of a closed list must be one of its words.
    fn known_word(&mut self, words: Option<Words>, text: &Text, at: &'a IdedExpr) -> Option<()> {
        match (words, text) {
            (Some(words), Text::Const(word)) => self.word_mask("hazards", words, word, at).map(|_| ()),
            _ => Some(()),
        }
    }

    /// A text that the path can never be: no catalog knows it, or it was meant as a pattern.
    fn known_name(&mut self, path: &Text, text: &Text, at: &'a IdedExpr) -> Option<()> {
        let (Text::Path(path), Text::Const(name)) = (path, text) else { return Some(()) };
        let found = match path {
            _ if name.is_empty() => {
                let help =
                    if path.is_optional() { format!("ask `!has({path})`") } else { "remove the comparison".to_owned() };
                Some((format!("`{path}` is never empty"), Some(help)))
            }
            _ if name.contains('*') => {
                let help = format!("write `{path}.startsWith(\"…\")`, or name it in `match:`");
                Some(("`*` stands for itself here".to_owned(), Some(help)))
            }
            Path::Operation => lint::unknown_operation(name),
            Path::Provider => lint::unknown_provider(name),
            Path::Account if name.len() != 12 && name.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some((format!("`{name}` is not an account: those of AWS have 12 digits"), None))
            }
            _ => None,
        };
        match found {
            None => Some(()),
            Some((message, help)) => self.refuse(self.start(at), message, help.as_deref()).map(|_| ()),
        }
    }

    /// Two numbers; a comparison that no value of the path can change is an error.
    fn numbers(&mut self, expr: &'a IdedExpr, order: Order, a: Number, b: Number) -> Option<Flag> {
        let is_written_out = matches!((&a, &b), (Number::Const(_), Number::Const(_)));
        let always = constant::of_ranges(order, constant::range(&a), constant::range(&b));
        if let Some(value) = always.filter(|_| !is_written_out) {
            return self.refuse(self.own(expr), format!("this comparison is always `{value}`"), None);
        }
        Some(Flag::Numbers(order, a, b))
    }

    fn ordered(
        &mut self,
        expr: &'a IdedExpr,
        order: Order,
        a: (&'a IdedExpr, Typed),
        b: (&'a IdedExpr, Typed),
    ) -> Typed {
        let ((_, left), (_, right)) = (a, b);
        let at = self.own(expr);
        match (left, right) {
            (Typed::Number(a), Typed::Number(b)) => self.numbers(expr, order, a, b).map_or(Typed::Broken, Typed::Flag),
            (Typed::Time(a), Typed::Time(b)) => Typed::Flag(Flag::Times(order, a, b)),
            (Typed::Word(path, words), other) | (other, Typed::Word(path, words)) => {
                let word = match &other {
                    Typed::Text(Text::Const(word), _) if words.mask(word).is_some() => word.as_str(),
                    _ => words.all().get(1).copied().unwrap_or_default(),
                };
                let help = if words.is_ordered() {
                    format!("write `at_least({path}, \"{word}\")`, or `!at_least(…)`")
                } else {
                    format!("write `{path} in [\"{word}\", …]`")
                };
                self.say(at, format!("`{path}` is a word and not a number"), Some(&help))
            }
            (Typed::Text(..), Typed::Text(..)) => {
                self.say(at, "texts have no order", Some("read a number with `int(…)`"))
            }
            (left, right) => {
                let help = unlike(&left, &right);
                self.say(at, format!("{} is compared with {}", left.noun(), right.noun()), help.as_deref())
            }
        }
    }

    /// `x in list`.
    fn within(&mut self, expr: &'a IdedExpr, a: (&'a IdedExpr, Typed), b: (&'a IdedExpr, Typed)) -> Typed {
        let ((left_at, left), (right_at, right)) = (a, b);
        let at = self.own(expr);
        let flag = match (left, right) {
            (Typed::Word(path, words), Typed::Texts(Texts::Items(items), _)) => {
                self.word_in(path, words, &items, right_at)
            }
            (Typed::Text(text, words), Typed::Texts(list, listed)) => {
                self.text_in((left_at, text, words), (right_at, list, listed))
            }
            (Typed::Number(number), Typed::Numbers(list)) => Some(Flag::NumberIn(number, list)),
            (Typed::Text(name, _), Typed::Map) => return self.has_parameter(name),
            (_, Typed::Text(Text::Path(path), _)) => {
                let help = format!("write `{path}.contains(\"…\")`");
                self.refuse(at, format!("`{path}` is a text and no list"), Some(&help))
            }
            (_, Typed::Word(path, words)) => {
                let word = words.all().last().copied().unwrap_or_default();
                self.refuse(
                    at,
                    format!("`{path}` is one word and no list"),
                    Some(&format!("write `{path} == \"{word}\"`")),
                )
            }
            (left, right) => self.refuse(at, format!("{} cannot be in {}", left.noun(), right.noun()), None),
        };
        flag.map_or(Typed::Broken, Typed::Flag)
    }

    fn word_in(&mut self, path: Path, words: Words, items: &[Text], list: &'a IdedExpr) -> Option<Flag> {
        let Expr::List(written) = &list.expr else { return None };
        let mut mask = 0;
        for (item, at) in items.iter().zip(&written.elements) {
            let Text::Const(word) = item else {
                let help = format!("write its words, as in `{path} in [\"…\", \"…\"]`");
                return self.refuse(self.start(at), format!("`{path}` is a closed word"), Some(&help));
            };
            mask |= self.word_mask(path.as_str(), words, word, at)?;
        }
        Some(Flag::Word(path, mask))
    }

    fn text_in(
        &mut self,
        (at, text, words): (&'a IdedExpr, Text, Option<Words>),
        (list_at, list, listed): (&'a IdedExpr, Texts, Option<Words>),
    ) -> Option<Flag> {
        self.known_word(listed, &text, at)?;
        if let (Texts::Items(items), Expr::List(written)) = (&list, &list_at.expr) {
            for (item, at) in items.iter().zip(&written.elements) {
                self.known_word(words, item, at)?;
                self.known_name(&text, item, at)?;
            }
        }
        Some(Flag::TextIn(text, list))
    }
}

/// What to write where a number stands beside a text.
fn unlike(left: &Typed, right: &Typed) -> Option<String> {
    let is_number = matches!(left, Typed::Number(_)) || matches!(right, Typed::Number(_));
    match (left, right) {
        (Typed::Number(_), Typed::Text(Text::Const(text), _))
        | (Typed::Text(Text::Const(text), _), Typed::Number(_))
            if text.parse::<i64>().is_ok() =>
        {
            Some(format!("write `{text}` without quotes"))
        }
        (Typed::Text(Text::Path(_), _), Typed::Number(Number::Const(number)))
        | (Typed::Number(Number::Const(number)), Typed::Text(Text::Path(_), _)) => {
            Some(format!("write `\"{number}\"`"))
        }
        (Typed::Text(Text::Const(_), _), _) | (_, Typed::Text(Text::Const(_), _)) if is_number => None,
        (Typed::Text(..), Typed::Number(_)) | (Typed::Number(_), Typed::Text(..)) => {
            Some("read the number in a text with `int(…)`".to_owned())
        }
        (Typed::Flag(_), _) | (_, Typed::Flag(_)) => Some("a condition stands alone, or behind `!`".to_owned()),
        (Typed::Word(path, words), _) | (_, Typed::Word(path, words)) => {
            Some(format!("write `{path} == \"{}\"`", words.all().last().copied().unwrap_or_default()))
        }
        (Typed::Time(_), _) | (_, Typed::Time(_)) => Some("write `timestamp(\"2026-12-31T18:00:00Z\")`".to_owned()),
        _ => None,
    }
}
