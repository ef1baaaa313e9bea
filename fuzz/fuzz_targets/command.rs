//! Reading a command is total: any text is read, called unknown or refused, and soon.
//!
//! `cargo +nightly fuzz run command`. The same law holds for a small random sample in `cargo test`
//! (`identify::command::shell::tests::laws`).

#![no_main]

use blastgate::identify::command::{Shell, Stated, command};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let around = Stated {
        directory: Some("/repo".to_owned()),
        home: Some("/home/dev".to_owned()),
        workspace: Some("/repo".to_owned()),
        ..Stated::default()
    };
    for shell in [Shell::Posix, Shell::PowerShell, Shell::Cmd] {
        let _ = command(text, shell, &around);
    }
});
