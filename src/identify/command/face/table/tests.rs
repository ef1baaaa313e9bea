use super::*;
use crate::identify::command::tests::{stated, words};
use crate::identify::command::{Heard, Word};
use crate::identify::protocol::Face;

const TABLE: &str = "\
@programs\ttool\tother
@style\tgnu
@options\t-C/--chdir=\t-v/--verbose\t--auto-approve\t-f/--force\t--dry-run=?\t-n/--number=
@options:state rm|remove\t--lock=
@help\t-h\t--help\thelp
@place\tproject=number,$PROJECT
@host\tapi.example.com
command\twhen\toperation\timpact\tscope\tcount\treversible\thazards\tresource\twhy
-\t-\ttool:x:status\tread\tlocal
plan\t-\ttool:x:plan\tread\tenvironment
apply\tdry-run=client\ttool:x:apply\tread\tresource
apply\tauto-approve\ttool:x:apply\tdestroy\tenvironment
apply\t-\ttool:x:apply\tupdate\tenvironment
state rm|remove\t-\ttool:x:state_rm\tdestroy\tresource\targs\tpartly\tdata-loss\t{args}
repo delete\t-\t= DELETE https://api.github.com/repos/{arg1}
";

fn said(command: &str) -> String {
    let table: &'static Table = Box::leak(Box::new(Table::parse(TABLE).expect("a table")));
    let one = |words: Vec<Word>| Invocation { words, ..Invocation::bare(&stated()) };
    let invocation = one(words(command));
    let given = Given::read(table, &invocation);
    if given.is_help {
        return "help".to_owned();
    }
    let around = stated();
    let mut scene = Scene::new(&around);
    let Some((rows, count)) = rows_of(table, &given) else { return "unknown".to_owned() };
    let given = given.without_words(count);
    let mut spoken = vec![];
    for row in rows {
        match given.holds(&row.when, &invocation) {
            Truth::No => {}
            Truth::Maybe => spoken.push(row),
            Truth::Yes => {
                spoken.push(row);
                break;
            }
        }
    }
    speak(table, &spoken, &given, (&invocation, &mut scene));
    let Heard { identified, .. } = scene.finish().expect("readable");
    let reading = identified.first().reading();
    let resources: Vec<&str> = reading.resources.iter().map(Resource::as_str).collect();
    match &reading.face {
        Face::Command(seen) => {
            format!("{} {} {} [{}]", reading.operation, seen.blast.impact, seen.blast.count, resources.join(","))
        }
        _ => reading.operation.to_string(),
    }
}

#[test]
fn words_are_parted_as_the_program_would() {
    for (command, expected) in [
        ("tool", "tool:x:status read 1 []"),
        ("tool -C plan apply", "tool:x:apply update 1 []"),
        ("tool --chdir=plan apply", "tool:x:apply update 1 []"),
        ("tool -vC plan apply", "tool:x:apply update 1 []"),
        ("tool -vCplan apply", "tool:x:apply update 1 []"),
        ("tool apply --auto-approve", "tool:x:apply destroy 1 []"),
        ("tool apply --auto-approve=false", "tool:x:apply update 1 []"),
        ("tool apply --dry-run=client --auto-approve", "tool:x:apply read 1 []"),
        ("tool apply --dry-run client", "tool:x:apply update 1 []"),
        ("tool -- apply --auto-approve", "tool:x:apply update 1 []"),
        ("tool state rm a b", "tool:x:state_rm destroy 2 [a,b]"),
        ("tool state remove --lock false a", "tool:x:state_rm destroy 1 [a]"),
        ("tool apply --help", "help"),
        ("tool help apply", "help"),
        ("tool -C --help apply", "tool:x:apply update 1 []"),
        ("tool repo delete o/r", "github:rest:repos/delete"),
    ] {
        assert_eq!(said(command), expected, "{command}");
    }
}
