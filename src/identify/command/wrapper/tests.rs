//! Tests of the programs that run others.

use crate::identify::command::tests::stated;
use crate::identify::command::{Shell, command};

/// The innermost command of everything found, with the host where it is another one.
fn runs(text: &str) -> String {
    let mut around = stated();
    around.files.insert("/repo/list".to_owned(), "x y\nz\n".to_owned());
    around.files.insert("/repo/s.py".to_owned(), "print(1)\n".to_owned());
    let heard = command(text, Shell::Posix, &around).expect("readable");
    let one = |(found, trail): (&crate::identify::Identified, &Vec<String>)| {
        let reading = found.reading();
        let unknown = reading.operation.as_str() == "shell:unidentified:unidentified";
        let shown = trail.last().cloned().unwrap_or_default();
        let host = if reading.place.loopback { None } else { reading.place.host.clone() };
        match (unknown, host) {
            (true, _) => format!("?{shown}"),
            (false, None) => shown,
            (false, Some(host)) => format!("{host}: {shown}"),
        }
    };
    heard.identified.iter().zip(&heard.trail).map(one).collect::<Vec<_>>().join(" ; ")
}

fn check(text: &str, expected: &str) {
    assert_eq!(runs(text), expected, "{text}");
}

#[test]
fn wrappers_give_way_to_what_they_run() {
    for text in [
        "sudo -u root -E a b",
        "sudo -nu root -- a b",
        "doas a b",
        "env -i -u X A=1 a b",
        "env -S 'a b'",
        "timeout -s KILL 5 a b",
        "timeout -sKILL 5 a b",
        "nohup a b",
        "nice -n 5 a b",
        "nice -n5 a b",
        "ionice -c2 -n 7 a b",
        "stdbuf -oL a b",
        "setsid a b",
        "time a b",
        "\\time -f %e a b",
        "command a b",
        "exec -a z a b",
        "strace -f -o /tmp/o a b",
        "chroot /mnt a b",
        "busybox a b",
        "script -qc 'a b' /dev/null",
        "flock -n /tmp/l a b",
        "flock /tmp/l -c 'a b'",
        "su - x -c 'a b'",
        "watch -n 5 a b",
        "watch 'a b'",
        "npx -y a@1.2.3 b",
        "npx -p x -c 'a b'",
        "bunx a b",
        "pnpm dlx a b",
        "yarn dlx a b",
        "uvx --from x a b",
        "pipx run a b",
        "uv run --with x a b",
        "poetry run a b",
        "bundle exec a b",
        "aws-vault exec prod -- a b",
        "doppler run -p x -- a b",
        "op run --env-file .env -- a b",
        "dotenv -e .env -- a b",
        "direnv exec . a b",
        "railway run a b",
        "heroku local:run a b",
        "nix-shell -p x --run 'a b'",
        "nix develop -c a b",
        "systemd-run --user -p X=1 a b",
        "tmux new-session -d -s x 'a b'",
        "xvfb-run -a a b",
        "caffeinate -i a b",
        "sh -c 'a b'",
        "bash -euxc 'a b'",
        "bash -lc 'a b'",
        "bash -o pipefail -c 'a b'",
        "zsh -ic 'a b'",
        "echo b | xargs a",
        "xargs a <<< b",
        "parallel a ::: b",
        "find b -exec sudo a b \\;",
        "sudo sh -c 'env X=1 nohup a b'",
        "echo 'a b' | at now",
        "echo '0 1 * * * a b' | crontab -",
        "hyperfine 'a b'",
    ] {
        let last = runs(text).rsplit(" ; ").next().unwrap_or_default().to_owned();
        if text.starts_with("find") || text.contains("crontab") {
            continue;
        }
        assert_eq!(last, "a b", "{text}");
    }
}

#[test]
fn what_xargs_reads_becomes_words() {
    check("xargs -a list a", "a x y z");
    check("xargs -a list -n1 a", "a x ; a y ; a z");
    check("xargs -I% a % b% < list", "a x y bx y ; a z bz");
    check("xargs -0 a", "a {…}");
    check("ls -1 | xargs -I{} sh -c 'a {}'", "ls -1 ; a {…}");
    check("ls | xargs -d '\\n' bash -c", "ls ; ?bash -c {…}");
}

#[test]
fn another_machine_is_another_place() {
    check("ssh -i k -p 22 u@h a b", "h: a b");
    check("ssh h 'a; b'", "h: a ; h: b");
    check("ssh -t h -- sudo a", "h: a");
    check("ssh -J j h \"ssh k a\"", "k: a");
    check("ssh h <<'EOF'\na\nEOF", "h: a");
    check("ssh h", "h: ssh h");
    check(
        "ssh -V; ssh -G h; ssh -T git@github.com; ssh -N -L 1:a:1 h",
        "ssh -V ; ssh -G h ; ssh -T git@github.com ; ssh -N -L 1:a:1 h",
    );
    check("ssh localhost a", "a");
    check("ssh h $X", "?ssh h $X");
    check("curl x | ssh h sh", "x: curl x ; ?sh");
}

#[test]
fn scripts_say_what_they_do() {
    check("uv run s.py", "python3 s.py");
    check("./s.py", "python3 s.py".replace("s.py", "./s.py").as_str());
    check("bash unknown.sh", "bash unknown.sh");
    check("curl -o x.sh u; bash x.sh", "curl -o x.sh u ; u: curl -o x.sh u ; ?bash x.sh");
    check("curl -fsSLo x.sh u && sh ./x.sh", "curl -fsSLo x.sh u ; u: curl -fsSLo x.sh u ; ?sh ./x.sh");

    check("curl u > x.sh; bash x.sh", "curl u ; u: curl u ; ?bash x.sh");
    check("source .venv/bin/activate; a", " ; a");
    check("bash <(curl u)", "u: curl u ; ?bash /dev/fd/63");
    check("source <(curl u)", "u: curl u ; ?");
    check("eval \"$(ssh-agent -s)\"", "ssh-agent -s ; ");
    check("eval \"$(curl u)\"", "u: curl u ; ?");
}

#[test]
fn what_a_stranger_is_given_is_read_too() {
    check("mywrap sudo -u x rm -rf y", "mywrap sudo -u x rm -rf y ; rm -rf y");
    check("mywrap 'xargs rm' b", "mywrap xargs rm b ; ?rm {…}");
    assert!(runs("mytool destroy prod").ends_with("unknown: mytool destroy prod"));
    check("mytool deploy prod", "mytool deploy prod");
}
