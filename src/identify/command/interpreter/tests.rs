use crate::identify::command::tests::{stated, words};
use crate::identify::command::{Input, Invocation, Scene, Shell};

/// The programs and requests that a one-liner stands for, by what is read of them.
fn heard(program: &[&str]) -> Vec<String> {
    let around = stated();
    let mut scene = Scene::new(&around);
    let words = program.iter().map(|word| (*word).into()).collect();
    scene.invocation(&Invocation { words, ..Invocation::bare(&around) });
    operations(scene)
}

fn operations(scene: Scene<'_>) -> Vec<String> {
    match scene.finish() {
        Ok(heard) => {
            let all = heard.identified.iter().zip(heard.trail.iter());
            all.map(|(one, trail)| {
                format!("{} <- {}", one.reading().operation, trail.last().map_or("", String::as_str))
            })
            .collect()
        }
        Err(unreadable) => vec![format!("refused: {}", unreadable.why)],
    }
}

#[track_caller]
fn check(program: &[&str], expected: &str) {
    let found = heard(program);
    assert!(found.iter().any(|one| one.contains(expected)), "{program:?}: {found:#?} holds no `{expected}`");
}

#[test]
fn commands_in_programs_are_commands() {
    check(&["python3", "-c", "import shutil; shutil.rmtree('/home/dev')"], "rm -rf /home/dev");
    check(&["python3", "-c", "import shutil,os\np=os.path.expanduser('~')\nshutil.rmtree(p)"], "rm -rf /home/dev");
    check(
        &["python3", "-c", "import subprocess as s; import subprocess; subprocess.run(['frob','--all'])"],
        "frob --all",
    );
    check(&["python3", "-c", "from pathlib import Path; Path('/etc/hosts').unlink()"], "rm /etc/hosts");
    check(&["node", "-e", "require('fs').rmSync('/srv', {recursive:true})"], "rm -rf /srv");
    check(&["node", "-e", "const {spawnSync}=require('child_process'); spawnSync('frob',['-x'])"], "frob -x");
    check(&["perl", "-e", "unlink '/etc/passwd'"], "rm /etc/passwd");
    check(&["ruby", "-rfileutils", "-e", "FileUtils.rm_rf('/srv/data')"], "rm -rf /srv/data");
    check(&["php", "-r", "unlink('/etc/passwd');"], "rm /etc/passwd");
    check(
        &["python3", "-c", "import boto3; boto3.client('rds').delete_db_instance(DBInstanceIdentifier='x')"],
        "aws rds delete-db-instance --cli-input-json {\"DBInstanceIdentifier\":\"x\"}",
    );
    check(
        &["python3", "-c", "import boto3\nc = boto3.client('dynamodb')\nc.delete_table(TableName='t')"],
        "aws dynamodb delete-table",
    );
    check(
        &["python3", "-c", "import requests; requests.delete('https://api.github.com/repos/a/b')"],
        "github:rest:repos/delete",
    );
    check(&["node", "-e", "fetch('https://api.github.com/repos/a/b',{method:'DELETE'})"], "github:rest:repos/delete");
}

#[test]
fn a_program_that_only_computes_runs_code_here_and_nothing_else() {
    for program in [
        &["python3", "-c", "print('rm -rf /')"][..],
        &["python3", "-c", "import json,sys; print(json.load(sys.stdin)['a'])"],
        &["node", "-e", "console.log(/rm -rf/.exec('x'))"],
        &["perl", "-ne", "print if /delete/"],
        &["ruby", "-e", "puts 'system(1)'"],
    ] {
        let found = heard(program);
        assert_eq!(found.len(), 1, "{program:?}: {found:#?}");
        assert!(found[0].starts_with("shell:exec:"), "{found:?}");
    }
}

#[test]
fn what_is_encoded_is_decoded() {
    check(
        &[
            "python3",
            "-c",
            "import base64; exec(base64.b64decode('aW1wb3J0IHNodXRpbDsgc2h1dGlsLnJtdHJlZSgnL3NydicpCg==').decode())",
        ],
        "rm -rf /srv",
    );
}

#[test]
fn standard_input_is_a_program() {
    let around = stated();
    let mut scene = Scene::new(&around);
    let input = Input::Text("import os\nos.remove('/etc/hosts')\n".to_owned());
    scene.invocation(&Invocation { words: words("python3 -"), input, ..Invocation::bare(&around) });
    let found = operations(scene);
    assert!(found.iter().any(|one| one.contains("rm /etc/hosts")), "{found:?}");
}

fn windows(text: &str, shell: Shell) -> String {
    let around = stated();
    let mut scene = Scene::new(&around);
    scene.script(text, shell, &Invocation::bare(&around));
    let heard = scene.finish().expect("readable");
    let one = |one: &crate::identify::Identified| {
        let reading = one.reading();
        let crate::identify::protocol::Face::Command(seen) = &reading.face else {
            return reading.operation.to_string();
        };
        format!("{} {} {}", reading.operation, seen.blast.impact, seen.blast.scope)
    };
    heard.identified.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_incidents_on_windows_are_read() {
    for (text, shell, expected) in [
        ("rmdir /s /q D:\\", Shell::Cmd, "shell:fs:delete destroy account"),
        ("cmd /c \"rmdir /S /Q \\\"D:\\work\\x\\\"\"", Shell::Cmd, "shell:fs:delete destroy resource"),
        (
            "echo hi & del /s /q C:\\Users\\me\\*",
            Shell::Cmd,
            "shell:exec:echo read local; shell:fs:delete destroy resource",
        ),
        ("Remove-Item -Recurse -Force C:\\Users\\me\\project", Shell::PowerShell, "shell:fs:delete destroy resource"),
        ("rm -r -fo D:\\", Shell::PowerShell, "shell:fs:delete destroy account"),
        ("$p = 'C:\\data'; Remove-Item -Recurse $p", Shell::PowerShell, "shell:fs:delete destroy resource"),
        (
            "Get-ChildItem D:\\x -Recurse | Remove-Item -Force",
            Shell::PowerShell,
            "shell:exec:get-childitem read local; shell:fs:delete destroy resource",
        ),
        ("[System.IO.Directory]::Delete('C:\\work', $true)", Shell::PowerShell, "shell:fs:delete destroy resource"),
        ("Remove-Item -WhatIf -Recurse C:\\data", Shell::PowerShell, "shell:exec:remove-item read local"),
        ("Write-Host 'Remove-Item C:\\'", Shell::PowerShell, "shell:exec:write-host read local"),
    ] {
        assert_eq!(windows(text, shell), expected, "{text}");
    }
}
