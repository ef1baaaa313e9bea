//! Laws that hold for every text; random texts print their seed.

use super::super::super::tests::stated;
use super::super::super::{Shell, command};
use super::runs_in;

/// Texts that are changed at random.
const SEEDS: &[&str] = &[
    "for b in a b; do rm -rf \"/srv/$b\" > /dev/null 2>&1; done",
    "if [ -d x ]; then cd x && make -j4; else echo \"$(date) ${X:-y}\" | tee -a log; fi",
    "cat <<EOF | sed 's/a/b/' | xargs -I{} sh -c 'echo {}'\nx $Y $(z)\nEOF",
    "f() { local a=$1; echo \"${a%%.*}\" \"${a//x/y}\" $((a + 1)); }; f {a,b}.c",
    "case \"$1\" in start|stop) $0 ;; *) eval \"$@\" ;; esac",
    "echo YQ== | base64 -d | bash -s -- a b; arr=(1 2 3); echo ${arr[@]:1}",
    "sudo -u x env A=b timeout 5 ssh h 'docker exec c ls' && find . -name '*.o' -exec rm {} +",
    "while read -r l; do printf '%s\\n' \"$l\"; done < <(git ls-files); trap 'x' EXIT",
];

/// Pieces that are put in.
const PIECES: &[&str] = &[
    "$(",
    "${",
    "`",
    "\"",
    "'",
    "\\",
    "((",
    "))",
    ")",
    "}",
    "{",
    "|",
    "&",
    ";",
    "<<EOF\n",
    ">",
    "<(",
    "$'",
    "\n",
    " ",
    "#",
    "~",
    "*",
    "[[",
    "]]",
    "if ",
    "fi",
    "do ",
    "done",
    "case ",
    "esac",
    "\u{F0000}",
    "é",
    "\0",
    "${x:-",
    "$((",
    "!",
    "=",
    "%s",
    "{1..9}",
    "eval ",
    "bash -c ",
    "in ",
    "1e9",
    "-",
    "[",
    "]",
    "@",
    "function ",
    "select ",
    "coproc ",
    "time ",
];

fn random(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

fn mutated(random: &mut impl FnMut(usize) -> usize) -> String {
    let mut text: Vec<char> = SEEDS[random(SEEDS.len())].chars().collect();
    for _ in 0..1 + random(6) {
        let at = random(text.len() + 1);
        match random(4) {
            0 => {
                let end = (at + random(8)).min(text.len());
                text.drain(at..end);
            }
            1 => {
                let end = (at + random(20)).min(text.len());
                let copy: Vec<char> = text[at..end].to_vec();
                let to = random(text.len() + 1);
                text.splice(to..to, copy);
            }
            _ => {
                text.splice(at..at, PIECES[random(PIECES.len())].chars());
            }
        }
    }
    text.into_iter().collect()
}

#[test]
fn reading_is_total() {
    let seed: u64 = rand::random();
    println!("seed {seed:#x}");
    let mut random = random(seed);
    let around = stated();
    for round in 0..400 {
        let text = mutated(&mut random);
        let read = std::panic::catch_unwind(|| command(&text, Shell::Posix, &around).is_ok());
        assert!(read.is_ok(), "seed {seed:#x} round {round}: {text:?}");
    }
}

#[test]
fn hostile_texts_end_soon() {
    let nested = |open: &str, close: &str, n: usize| format!("{}a{}", open.repeat(n), close.repeat(n));
    let texts = [
        nested("(", ")", 30),
        nested("(", ")", 5000),
        nested("$(", ")", 20),
        nested("\"$(", ")\"", 12),
        nested("${x:-", "}", 30),
        nested("{a,", "}", 12),
        nested("if a; then ", "; fi", 30),
        nested("if a; then ", "; fi", 3000),
        nested("! ", "", 3000),
        nested("while a; do ", "; done", 12),
        "a;".repeat(20_000),
        "{0..9}".repeat(30),
        "f() { f | f; f & f; }; f".to_owned(),
        "x=aaaaaaaa; ".to_owned() + &"x=$x$x$x; ".repeat(60) + "echo $x",
        "x='eval \"$x\"'; eval \"$x\"".to_owned(),
        "while :; do x=$x.; done; a".to_owned(),
        "a ".to_owned() + &"'".repeat(2001),
        "((".to_owned() + &"1+(".repeat(2000),
        "alias a='a b'; alias b='a'; a; b".to_owned(),
        "bash -c 'bash -c \"$0\" \"$0\"' 'bash -c \"$0\" \"$0\"'".to_owned(),
        "`".repeat(1999),
        "$".repeat(5000),
        "<<a ".repeat(300),
    ];
    let around = stated();
    for text in texts {
        let start = std::time::Instant::now();
        let _ = command(&text, Shell::Posix, &around).is_ok();
        let taken = start.elapsed();
        assert!(taken.as_secs() < 20, "{taken:?}: {}", text.chars().take(60).collect::<String>());
    }
}

/// Simple lines that are put together.
const LINES: &[&str] = &[
    "a b",
    "rm -rf \"$X/y\"",
    "ls | wc -l",
    "for x in 1 2; do a $x; done",
    "echo 'a b' | sh",
    "sudo env A=b c d",
    "x=$(a) b",
    "git push --force origin main",
    "if a; then b; fi",
    "bash -c 'a; b'",
    "printf '%s' a | xargs rm",
];

#[test]
fn a_comment_changes_nothing() {
    let around = stated();
    for line in LINES {
        let plain = runs_in(line, &around);
        assert_eq!(runs_in(&format!("{line} # rm -rf / $(a)"), &around), plain);
        assert_eq!(runs_in(&format!("# terraform destroy\n{line}"), &around), plain);
        assert_eq!(runs_in(&format!("\n\n  {line}\n"), &around), plain);
    }
}

#[test]
fn how_a_word_is_quoted_changes_nothing() {
    let around = stated();
    let ways = |word: &str| {
        let (first, rest) = word.split_at(1);
        vec![
            format!("'{word}'"),
            format!("\"{word}\""),
            format!("{first}''{rest}"),
            format!("\\{word}"),
            format!("$'{word}'"),
            format!("\"{first}\"{rest}"),
        ]
    };
    for words in [["rm", "-rf", "/srv"], ["aws", "s3", "rb"], ["git", "push", "-f"]] {
        let plain = runs_in(&words.join(" "), &around);
        for at in 0..words.len() {
            for way in ways(words[at]) {
                let mut other = words.map(str::to_owned);
                other[at] = way;
                assert_eq!(runs_in(&other.join(" "), &around), plain, "{other:?}");
            }
        }
    }
}

#[test]
fn a_list_finds_what_its_parts_find() {
    let around = stated();
    for one in LINES {
        for two in LINES {
            let apart = format!("{} ; {}", runs_in(one, &around), runs_in(two, &around));
            for joint in ["; ", "\n", " && ", " || "] {
                assert_eq!(runs_in(&format!("{one}{joint}{two}"), &around), apart, "{one}{joint}{two}");
            }
        }
    }
}
