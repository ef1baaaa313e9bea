//! JSON Schemas (2020-12) of the files that people write: for editors, which complete keys and words by them.
//!
//! The loader decides what a file means; a schema only helps to write it. A test compares the keys of both.

mod files;
mod rule;
mod settings;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::model::blast_words as words;

words! {
    /// What kind of file.
    Form {
        /// One rule.
        Rule = "rule",
        /// `limits.yaml`.
        Limits = "limits",
        /// `exceptions.yaml`.
        Exceptions = "exceptions",
        /// `freezes.yaml`.
        Freezes = "freezes",
        /// `sets.yaml`.
        Sets = "sets",
        /// `pack.yaml`.
        Pack = "pack",
        /// `.blastgate.yaml`.
        Repository = "repository",
        /// `people.yaml`.
        People = "people",
        /// `inventory.yaml`.
        Inventory = "inventory",
        /// `config.yaml`.
        Config = "config",
    }
}

/// The schema of this kind of file.
#[must_use]
pub fn schema(form: Form) -> Value {
    let (title, body) = match form {
        Form::Rule => ("A rule of blastgate", rule::rule()),
        Form::Limits => ("Limits of blastgate", files::limits()),
        Form::Exceptions => ("Exceptions of blastgate", files::exceptions()),
        Form::Freezes => ("Freezes of blastgate", files::freezes()),
        Form::Sets => ("Named sets of blastgate", files::sets()),
        Form::Pack => ("A pack of blastgate", files::pack()),
        Form::Repository => ("A repository's rules of blastgate", files::repository()),
        Form::People => ("People of blastgate", files::people()),
        Form::Inventory => ("Inventory of blastgate", settings::inventory()),
        Form::Config => ("Settings of blastgate", settings::config()),
    };
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    whole.insert("title".to_owned(), title.into());
    if let Value::Object(body) = body {
        whole.extend(body);
    }
    let defs = rule::defs(form);
    if !defs.is_empty() {
        whole.insert("$defs".to_owned(), Value::Object(defs));
    }
    Value::Object(whole)
}

/// A map with exactly these keys, of which some must be there.
fn object(about: &str, keys: &[(&str, Value)], required: &[&str]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut all = Map::new();
    all.insert("type".to_owned(), "object".into());
    if !about.is_empty() {
        all.insert("description".to_owned(), about.into());
    }
    all.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        all.insert("required".to_owned(), json!(required));
    }
    all.insert("additionalProperties".to_owned(), false.into());
    Value::Object(all)
}

/// A text.
fn text(about: &str, examples: &[&str]) -> Value {
    with_examples(json!({ "type": "string", "description": about }), examples)
}

/// One of these words.
fn word(about: &str, words: &[&str]) -> Value {
    json!({ "description": about, "enum": words })
}

/// One of these words, or a list of them.
fn some_of(about: &str, words: &[&str], examples: &[&str]) -> Value {
    let one = json!({ "enum": words });
    let list = json!({ "type": "array", "items": one, "minItems": 1 });
    let both = json!({ "description": about, "anyOf": [one, list] });
    if examples.is_empty() { both } else { merged(both, &json!({ "examples": [examples] })) }
}

/// A text or a list of texts, in which `*` is any run of characters.
fn patterns(about: &str, examples: &[&str]) -> Value {
    let listed = json!([examples]);
    json!({ "description": about, "$ref": "#/$defs/texts", "examples": listed })
}

fn with_examples(value: Value, examples: &[&str]) -> Value {
    if examples.is_empty() { value } else { merged(value, &json!({ "examples": examples })) }
}

fn list_of(about: &str, items: &Value) -> Value {
    json!({ "description": about, "type": "array", "items": items })
}

fn map_of(about: &str, values: &Value) -> Value {
    json!({ "description": about, "type": "object", "additionalProperties": values })
}

fn merged(mut value: Value, more: &Value) -> Value {
    if let (Value::Object(all), Value::Object(more)) = (&mut value, more) {
        all.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    value
}

/// The spelling of a closed list of words.
macro_rules! spelled {
    ($type:ty) => {
        <$type>::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>()
    };
}
use spelled;

#[cfg(test)]
mod tests;
