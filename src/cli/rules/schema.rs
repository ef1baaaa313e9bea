//! `rules schema`: JSON Schemas for editors.

use std::io::{self, Write};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::rules::schema::{Form, schema};

/// Print the JSON Schema of a kind of file, by which editors complete and check it.
#[derive(Debug, Args)]
#[command(after_help = "\
Editors with a YAML language server read the file's first line:
  # yaml-language-server: $schema=../rule.schema.json

Examples:
  blastgate rules schema > rules/rule.schema.json
  blastgate rules schema --kind inventory > inventory.schema.json")]
pub(super) struct Schema {
    /// The kind of file.
    #[arg(long, value_name = "KIND", default_value = "rule", value_parser = forms())]
    kind: Form,
}

fn forms() -> impl clap::builder::TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Form::ALL.iter().map(|form| form.as_str())).try_map(|name| name.parse::<Form>())
}

pub(super) fn run(args: &Schema, out: &mut impl Write) -> io::Result<u8> {
    writeln!(out, "{:#}", schema(args.kind))?;
    Ok(0)
}
