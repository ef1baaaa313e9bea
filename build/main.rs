//! Turns the sorted text tables of `src/catalog` into packed rows of numbers, which the program holds as they are and
//! reads in place: nothing is built when it starts, and the compiler has nothing to chew, however many operations there are.
//!
//! Every text goes once into one long string; a row holds offsets into it (`Text`: place and length). All numbers are little
//! endian without padding; `src/catalog/packed.rs` and the `types.rs` beside the tables describe the rows field by field, in
//! the order written here. The packs of `rules` are listed and indexed in the same way (`rules.rs`).

mod aws;
mod commands;
mod described;
mod matches;
mod rules;
mod writer;

use std::env;
use std::path::PathBuf;

fn main() -> writer::Result<()> {
    println!("cargo::rerun-if-changed=build");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    commands::list(&out)?;
    rules::list(&out)?;
    let mut writer = writer::Writer::new(out.join("catalog"))?;
    aws::pack(&mut writer)?;
    described::pack(&mut writer)?;
    writer.finish()
}
