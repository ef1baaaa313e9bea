//! What each program's words mean. A program has a reader in code, or a table under `catalog/commands`.

mod table;

use super::{Invocation, Scene, Shell, shell, wrapper};
use super::{
    aws, clouds, containers, files, git, guard, http, interpreter, kubernetes, platforms, recipe, sql, terraform,
};
use crate::model::{Impact, Scope as Reach};

/// Reads one invocation of a program.
pub(in crate::identify) type Reader = fn(&Invocation, &mut Scene<'_>);

/// Programs with a reader in code.
const CODED: [&[(&str, Reader)]; 15] = [
    guard::FACES,
    wrapper::FACES,
    interpreter::FACES,
    recipe::FACES,
    files::FACES,
    files::READERS,
    files::MACHINE,
    git::FACES,
    aws::FACES,
    kubernetes::FACES,
    containers::FACES,
    clouds::FACES,
    http::FACES,
    terraform::FACES,
    sql::FACES,
];

/// Reads a text in this shell's language.
pub(super) fn script(text: &str, shell: Shell, at: &Invocation, scene: &mut Scene<'_>) {
    match shell {
        Shell::Posix => shell::read(text, at, scene),
        Shell::PowerShell => interpreter::powershell(text, at, scene),
        Shell::Cmd => interpreter::cmd(text, at, scene),
    }
}

/// Reads one simple command.
pub(super) fn invocation(one: &Invocation, scene: &mut Scene<'_>) {
    for written in &one.writes {
        files::written(one, written, scene);
    }
    if one.words.is_empty() {
        return;
    }
    let Some(program) = one.program() else {
        scene.unknown(one, "the program's name is not known");
        return;
    };
    wrapper::carried(one, scene);
    if wrapper::read(&program, one, scene) {
        return;
    }
    if let Some(reader) = coded(&program) {
        reader(one, scene);
    } else if !platforms::read(&program, one, scene) && !table::read(&program, one, scene) {
        unlisted(&program, one, scene);
    }
}

fn coded(program: &str) -> Option<Reader> {
    CODED.iter().flat_map(|list| list.iter()).find(|(name, _)| *name == program).map(|(_, reader)| *reader)
}

/// Reads an invocation by this program's table; `false` when there is none.
pub(in crate::identify) fn by_table(program: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    table::read(program, one, scene)
}

/// Whether a program's words are understood.
pub(in crate::identify) fn is_listed(program: &str) -> bool {
    wrapper::is_listed(program) || coded(program).is_some() || table::is_listed(program)
}

/// A program that nobody knows runs code on its machine. Where it is a script that can be read, that is what it does; and
/// what its words name, it may run or do.
fn unlisted(program: &str, one: &Invocation, scene: &mut Scene<'_>) {
    if wrapper::script_file(one, scene) {
        return;
    }
    let effect = super::Effect::new(&format!("shell:exec:{program}"), Impact::Execute, Reach::Local);
    scene.effect(one, effect);
    wrapper::mentioned(one, scene);
}

#[cfg(test)]
mod tests {
    use crate::identify::command::tests::said;

    #[test]
    fn a_program_that_nobody_knows_runs_code_here() {
        assert_eq!(said("frobnicate --all 'a b'"), "shell:exec:frobnicate execute local");
    }
}
