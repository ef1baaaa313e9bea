//! Tests of the shell's reading: what would be run, in order; and the laws that hold for every text.

mod laws;

use crate::identify::command::tests::stated;
use crate::identify::command::{Shell, Stated, command};

/// The innermost command of everything found, parted by ` ; `. What is unknown has a `?` before it.
pub(super) fn runs_in(text: &str, around: &Stated) -> String {
    match command(text, Shell::Posix, around) {
        Ok(heard) => {
            let one = |(found, trail): (&crate::identify::Identified, &Vec<String>)| {
                let reading = found.reading();
                let unknown = reading.operation.as_str() == "shell:unidentified:unidentified";
                let shown = trail.last().cloned().unwrap_or_default();
                let at = if reading.place.loopback { "" } else { reading.place.host.as_deref().unwrap_or("") };
                match (unknown, at) {
                    (true, _) => format!("?{shown}"),
                    (false, "") => shown,
                    (false, host) => format!("{host}: {shown}"),
                }
            };
            heard.identified.iter().zip(&heard.trail).map(one).collect::<Vec<_>>().join(" ; ")
        }
        Err(unreadable) => format!("refused {}", unreadable.status),
    }
}

fn check(text: &str, expected: &str) {
    assert_eq!(runs_in(text, &stated()), expected, "{text}");
}

fn check_with(text: &str, files: &[(&str, &str)], expected: &str) {
    let mut around = stated();
    for (path, contents) in files {
        around.files.insert((*path).to_owned(), (*contents).to_owned());
    }
    assert_eq!(runs_in(text, &around), expected, "{text}");
}

#[test]
fn lists_and_compound_commands_are_walked_in_order() {
    check("a; b && c || d & e", "a ; b ; c ; d ; e");
    check("if a; then b; elif c; then d; else e; fi", "a ; b ; c ; d ; e");
    check("for x in 1 2; do a $x; done", "a 1 ; a 2");
    check("for ((i=0;i<2;i++)); do a $i; done", "a 0 ; a 1");
    check("while a; do b; done; c", "a ; b ; c");
    check("case x in x) a ;; *) b ;; esac", "a");
    check("case $Q in x) a ;; *) b ;; esac", "a ; b");
    check("(a; b); { c; }; ! d; time e", "a ; b ; c ; d ; e");
    check("f() { a \"$1\"; }; f 1; f 2", "a 1 ; a 2");
    check("f() { a; }; b", "b");
    check("select x in a b; do c $x; done", "c a ; c b");
    check("trap 'a' EXIT; b", "b ; a");
    check("a <(b) > >(c)", "b ; c ; a /dev/fd/63");
    check("coproc a; [[ $(b) == c ]]", "a ; b");
    check("exit 0; a", "");
    check("a && exit 0; b", "a ; b");
}

#[test]
fn what_is_certain_decides_a_branch() {
    check("X=1; if [ \"$X\" = 1 ]; then a; else b; fi", "[ 1 = 1 ] ; a");
    check("X=1; if [[ $X == 2 ]]; then a; else b; fi", "b");
    check("X=a; [ -n \"$Q\" ] && X=b; c \"$X\"", "[ -n $Q ] ; c $X");
    check("cd x && cd y; a; cd - ; b", "a ; b");
    check("X=$Q; if a; then X=1; fi; $X b", "a ; ?$X …");
}

#[test]
fn words_are_expanded_as_far_as_they_are_known() {
    check("X='a  b'; c $X \"$X\"", "c a b a  b");
    check("X=/a/b.c; d ${X%.c} ${X##*/} ${X/b/z} ${#X} ${X:1:1} ${X^^}", "d /a/b b.c /a/z.c 6 a /A/B.C");
    check("a ${X:-b} \"${X:=c d}\" $X ${Y:+e}", "a b c d c d");
    check("a=(x 'y z'); b \"${a[@]}\" ${#a[@]} ${a[1]} ${a[-1]}", "b x y z 2 y z y z");
    check("X=Y; Y=1; a ${!X} $((Y + 2 * 3)) $[1+1]", "a 1 7 2");
    check("a {b,c}d{1..3} $'\\x41\\n' ~ ~/x", "a bd1 bd2 bd3 cd1 cd2 cd3 A\n /home/dev /home/dev/x");
    check("a r''m \"-r\"'f' \\x", "a rm -rf x ; rm -rf x");
    check("a $(echo b) `echo c` \"$(printf '%s-%s' d e)\"", "echo b ; echo c ; printf %s-%s d e ; a b c d-e");
    check("a *.rs 'x*'", "a *.rs x*");
    check("set -- 1 2 3; shift; a \"$@\" $# $1", "a 2 3 2 2");
    check("X=1 a $X; export Y=2; b $Y", "a $X ; b 2");
    check("x=$(mktemp -d); a \"$x/y\"", "mktemp -d ; a /tmp/tmp.000001/y");
    check("cd \"$(dirname a/b/c)\"; a $(pwd)", "dirname a/b/c ; pwd ; a /repo/a/b");
}

#[test]
fn texts_that_are_run_are_read() {
    check("eval 'a; b'", "a ; b");
    check("bash -c 'a \"$1\" $0' n x", "a x n");
    check("echo 'a b' | sh", "echo a b ; a b");
    check("echo YSBi | base64 -d | sh", "echo YSBi ; base64 -d ; a b");
    check("bash <<'EOF'\na $HOME\nEOF", "a /home/dev");
    check("sh <<EOF\na \\$HOME $(b)\nEOF", "b ; a /home/dev $(b)");
    check("cat > x.sh <<'EOF'\na\nEOF\nsh x.sh", "cat ; cat ; a");
    check("printf 'a\\nb\\n' | while read -r x; do c $x; done", "printf a\\nb\\n ; c a ; c b");
    check("curl https://x | sh", "x: curl https://x ; ?sh");
    check("bash -c \"$X\"", "?bash -c $X");
    check("bash -c \"cd $X && a\"", "a");
    check("$X a", "?$X …");
    check("alias k='a -b'; k c", "a -b c ; ?k c");
    check("f() { command f \"$@\"; }; f 1", "f 1");
    check("f() { a \"$1\"; }; export -f f; bash -c 'f 1'", "a 1");
    check("echo a > x; cp x y; sh y", "echo a ; echo a ; cp x y ; cp x y ; a");
    check("rm${IFS}-rf${IFS}x", "rm -rf x");
    check("let b=2*3; a $b; for ((;;)); do c; done", "a 6 ; c");
    check("bash -n x.sh; sh -n -c 'a'", "bash -n x.sh ; sh -n -c a");
    check_with("sh x.sh 1", &[("/repo/x.sh", "#!/bin/sh\na $1 $2 \"$0\"\n")], "a 1 x.sh");
    check_with("./x 1", &[("/repo/x", "#!/usr/bin/env bash\na \"$@\"\n")], "a 1");
    check_with(". ./e; f $X", &[("/repo/e", "X=1\nf() { a $1; }\n")], " ; a 1");
}

#[test]
fn what_cannot_be_read_is_unknown() {
    for text in ["if a; then", "a $(", "a 'b", "a | | b", "for", "a\n(", "(((((((((("] {
        assert!(runs_in(text, &stated()).contains('?'), "{text}: {}", runs_in(text, &stated()));
    }
    // What stands before a mistake is run, and read.
    check("a\nb\nif c; then", "a ; b ; ?");
}

#[test]
fn redirections_say_what_is_written() {
    use crate::identify::command::Scene;
    // Files are another module's to judge; here, that there is something to judge.
    let around = stated();
    let mut scene = Scene::new(&around);
    scene.script("echo x > a.txt", Shell::Posix, &crate::identify::command::Invocation::bare(&around));
    assert_eq!(scene.contents("/repo/a.txt"), crate::identify::command::Contents::Whole(b"x\n".to_vec()));
    let mut scene = Scene::new(&around);
    scene.script("a > b; echo c >> b", Shell::Posix, &crate::identify::command::Invocation::bare(&around));
    assert_eq!(scene.contents("/repo/b"), crate::identify::command::Contents::Unknown);
}
