use super::make;
use crate::identify::command::tests::{stated, words};
use crate::identify::command::{Invocation, Scene, Stated};

fn heard(command: &str, file: (&str, &str)) -> Vec<String> {
    let around = Stated { files: [(file.0.to_owned(), file.1.to_owned())].into(), ..stated() };
    let mut scene = Scene::new(&around);
    let one = Invocation { words: words(command), ..Invocation::bare(&around) };
    if command.starts_with("make") {
        make::read(&one, &mut scene);
    } else if command.starts_with("just") {
        super::just::read(&one, &mut scene);
    } else {
        let name = one.words.get(1).and_then(|word| Some(word.text()?.into_owned())).unwrap_or_default();
        let rest = one.with_words(one.words.iter().skip(1).cloned().collect());
        assert!(super::script(&name, &rest, &mut scene), "{command}: no such script");
    }
    let heard = scene.finish().expect("readable");
    heard.identified.iter().map(|one| one.reading().operation.to_string()).collect()
}

const MAKEFILE: &str = "
ENV ?= dev
STACK = shop-$(ENV)
all: build
build: gen
\techo building $@
gen:
\t@echo generating
destroy:: check
\tfrobnicate $(STACK)
check: ; twiddle
.PHONY: all
";

#[test]
fn targets_stand_for_their_recipes_and_those_of_what_they_need() {
    let all = |command: &str| heard(command, ("/repo/Makefile", MAKEFILE)).len();
    assert_eq!(all("make"), 3, "make itself, gen, build");
    assert_eq!(all("make destroy ENV=prod"), 3, "make itself, check, destroy");
    assert_eq!(all("make -n destroy"), 1, "nothing of it is run");
    assert_eq!(all("make -C sub destroy"), 1, "no file there");
}

#[test]
fn scripts_run_with_what_stands_before_and_after() {
    let package = r#"{"scripts":{"prebuild":"one","build":"two","postbuild":"three","x":"four"}}"#;
    assert_eq!(heard("npm build --now", ("/repo/package.json", package)).len(), 3);
    assert_eq!(heard("npm x", ("/repo/package.json", package)).len(), 1);
}

#[test]
fn recipes_of_a_justfile_take_arguments() {
    let file = "env := \"dev\"\n\ndefault: build\n\nbuild target=\"all\": clean\n  echo {{target}}\n\nclean:\n  @frob {{env}}\n";
    assert_eq!(heard("just", ("/repo/justfile", file)).len(), 3);
    assert_eq!(heard("just clean", ("/repo/justfile", file)).len(), 2);
    assert_eq!(heard("just --list", ("/repo/justfile", file)).len(), 1);
}
