//! The wrappers whose arguments are options, perhaps some operands, and then what they run. From their manuals.

use super::super::Word;
use crate::model::Impact;

/// What the rest of the arguments is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runs {
    /// A program and its arguments.
    Words,
    /// The same, where the program's name may have a version.
    Package,
    /// A text for a shell, in pieces that are joined.
    Joined,
    /// Every operand is a text for a shell.
    Each,
    /// Nothing: only an option's value is run.
    Nothing,
}

/// One wrapper.
pub(super) struct Row {
    /// The program, and the words that must follow.
    pub(super) command: &'static str,
    /// Options that take a value.
    pub(super) values: &'static [&'static str],
    /// Options whose value is a text for a shell.
    pub(super) texts: &'static [&'static str],
    /// How many operands stand before what is run.
    pub(super) before: usize,
    /// Assignments may stand before what is run.
    pub(super) assigns: bool,
    /// It may run many times.
    pub(super) repeats: bool,
    pub(super) runs: Runs,
    /// What it does when it runs nothing.
    pub(super) bare: Impact,
}

const fn row(command: &'static str, values: &'static [&'static str]) -> Row {
    let (texts, before, assigns, repeats) = (&[] as &[&str], 0, false, false);
    Row { command, values, texts, before, assigns, repeats, runs: Runs::Words, bare: Impact::Read }
}

impl Row {
    const fn after(mut self, before: usize) -> Self {
        self.before = before;
        self
    }

    const fn assigning(mut self) -> Self {
        self.assigns = true;
        self
    }

    const fn runs(mut self, runs: Runs) -> Self {
        self.runs = runs;
        self
    }

    const fn texts(mut self, texts: &'static [&'static str]) -> Self {
        self.texts = texts;
        self
    }

    const fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    const fn bare(mut self, bare: Impact) -> Self {
        self.bare = bare;
        self
    }

    /// The program's name.
    pub(super) fn program(&self) -> &'static str {
        self.command.split(' ').next().unwrap_or(self.command)
    }

    /// What follows the options; texts among their values are added to `texts`.
    pub(super) fn after_options<'w>(&self, words: &'w [Word], texts: &mut Vec<&'w Word>) -> &'w [Word] {
        let mut rest = words;
        while let Some((word, others)) = rest.split_first() {
            let text = word.leading();
            if text == "--" && word.is("--") {
                return rest;
            }
            if text.len() < 2 || !text.starts_with('-') && !text.starts_with('+') {
                return rest;
            }
            rest = others;
            let (takes, is_text) = self.takes_next(text);
            if takes && let Some((value, others)) = rest.split_first() {
                if is_text {
                    texts.push(value);
                }
                rest = others;
            }
        }
        rest
    }

    /// Whether the option's value is the next word, and whether that is a text for a shell.
    fn takes_next(&self, option: &str) -> (bool, bool) {
        if self.texts.contains(&option) {
            return (true, true);
        }
        if self.values.contains(&option) {
            return (true, false);
        }
        if option.starts_with("--") {
            return (false, false);
        }
        // In a cluster the first letter that takes a value ends it: what follows there is the value.
        let letters: Vec<char> = option.chars().skip(1).collect();
        let single = |list: &[&str], letter: char| {
            list.iter().any(|value| {
                let mut characters = value.chars();
                characters.next() == Some('-') && characters.next() == Some(letter) && characters.next().is_none()
            })
        };
        for (n, letter) in letters.iter().enumerate() {
            let last = n + 1 == letters.len();
            if single(self.texts, *letter) {
                return (last, last);
            }
            if single(self.values, *letter) {
                return (last, false);
            }
        }
        (false, false)
    }
}

const SUDO: &[&str] = &[
    "-u",
    "--user",
    "-g",
    "--group",
    "-C",
    "--close-from",
    "-h",
    "--host",
    "-p",
    "--prompt",
    "-r",
    "--role",
    "-t",
    "--type",
    "-T",
    "--command-timeout",
    "-U",
    "--other-user",
    "-D",
    "--chdir",
    "-R",
    "--chroot",
];
const SYSTEMD_RUN: &[&str] = &[
    "-p",
    "--property",
    "-u",
    "--unit",
    "-E",
    "--setenv",
    "-M",
    "--machine",
    "-H",
    "--host",
    "--uid",
    "--gid",
    "--nice",
    "--description",
    "--slice",
    "--on-active",
    "--on-boot",
    "--on-calendar",
    "--working-directory",
    "--service-type",
];
const UV: &[&str] = &[
    "-p",
    "--python",
    "--with",
    "--with-editable",
    "--with-requirements",
    "--extra",
    "--group",
    "--only-group",
    "--env-file",
    "--project",
    "--directory",
    "--index",
    "--package",
    "--from",
    "-m",
    "--module",
    "--no-group",
    "--index-url",
];

/// All of them. A program with several has its rows tried in order.
pub(super) const ROWS: &[Row] = &[
    row("sudo", SUDO).assigning(),
    row("doas", &["-u", "-C", "-a"]).assigning(),
    row("run0", &["-u", "--user", "-g", "--group", "--setenv", "-D", "--chdir", "--nice"]).assigning(),
    row("pkexec", &["--user"]),
    row("gosu", &[]).after(1),
    row("su-exec", &[]).after(1),
    row("timeout", &["-s", "--signal", "-k", "--kill-after"]).after(1),
    row("gtimeout", &["-s", "--signal", "-k", "--kill-after"]).after(1),
    row("nohup", &[]),
    row("nice", &["-n", "--adjustment"]),
    row("ionice", &["-c", "--class", "-n", "--classdata", "-p", "--pid"]),
    row("chrt", &["-T", "-P", "-D"]).after(1),
    row("taskset", &[]).after(1),
    row("numactl", &["-C", "-m", "-N", "-i"]),
    row("stdbuf", &["-i", "--input", "-o", "--output", "-e", "--error"]),
    row("unbuffer", &[]),
    row("setsid", &[]),
    row("time", &["-f", "--format", "-o", "--output"]),
    row("gtime", &["-f", "--format", "-o", "--output"]),
    row("command", &[]),
    row("builtin", &[]),
    row("exec", &["-a"]),
    row("noglob", &[]),
    row("nocorrect", &[]),
    row("strace", &["-e", "-o", "-p", "-s", "-u", "-E", "-a", "-b", "-I", "-O", "-P", "-S", "-U", "-X"]),
    row("ltrace", &["-e", "-o", "-p", "-s", "-u", "-n", "-l", "-a", "-x", "-F"]),
    row("perf stat|record|trace", &["-e", "-o", "-p", "-F", "-r", "-C"]),
    row("valgrind", &[]),
    row("unshare", &["-R", "--root", "-w", "--wd", "-S", "--setuid", "-G", "--setgid"]).bare(Impact::Execute),
    row("nsenter", &["-t", "--target", "-S", "--setuid", "-G", "--setgid"]).bare(Impact::Execute),
    row("chroot", &[]).after(1).bare(Impact::Execute),
    row("caffeinate", &["-t", "-w"]),
    row("setarch", &[]).after(1),
    row("linux32", &[]),
    row("linux64", &[]),
    row("xvfb-run", &["-n", "-s", "-e", "-f", "-w", "-p", "--server-args", "--server-num"]),
    row("dbus-run-session", &["--config-file"]),
    row("faketime", &[]).after(1),
    row("chronic", &[]),
    row("tini", &["-p", "-e"]),
    row("dumb-init", &["-r", "--rewrite"]),
    row("firejail", &[]),
    row("cgexec", &["-g"]),
    row("systemd-run", SYSTEMD_RUN),
    row("systemd-inhibit", &[]),
    row("entr", &[]).texts(&["-s"]).repeating(),
    row("shx", &[]),
    row("watchexec", &["-w", "-e", "-i", "-s", "-d", "-f"]).repeating(),
    row("retry", &["-t", "-d", "-n"]).repeating(),
    row("rlwrap", &["-a", "-f", "-H", "-s"]),
    row("catchsegv", &[]),
    row("gdb --args", &[]),
    row("watch", &["-n", "--interval"]).runs(Runs::Joined).repeating(),
    row("hyperfine", &["-w", "--warmup", "-r", "--runs", "-m", "--export-json", "--export-markdown", "-N"])
        .texts(&["-p", "--prepare", "-s", "--setup", "-c", "--cleanup"])
        .runs(Runs::Each)
        .repeating(),
    row("concurrently", &["-n", "--names", "-c", "--prefix-colors", "-p", "--prefix"]).runs(Runs::Each),
    row("script", &["-I", "-O", "-B", "-T", "-E", "-m", "-o"]).texts(&["-c", "--command"]).runs(Runs::Nothing),
    row("nix-shell", &["-p", "-A", "-I", "-E", "--attr", "-j"]).texts(&["--run", "--command"]).runs(Runs::Nothing),
    row("nix develop|shell|run", &["-f", "--file", "-I", "--override-input"]).texts(&[]).runs(Runs::Nothing),
    row("sops exec-env|exec-file", &[]).after(1).runs(Runs::Joined),
    row(
        "tmux new|new-session|neww|new-window|splitw|split-window|respawn-pane",
        &["-s", "-n", "-c", "-t", "-x", "-y", "-F", "-e", "-l"],
    )
    .runs(Runs::Joined),
    row("screen", &["-S", "-L", "-c", "-e", "-h", "-p", "-s", "-t", "-T"]),
    row("cross-env", &[]).assigning(),
    row("cross-env-shell", &[]).assigning().runs(Runs::Joined),
    row("env-cmd", &["-f", "-e", "-r"]),
    row("dotenv run", &["-f", "--file", "-e"]),
    row("dotenv", &["-e", "-f", "--file", "-p", "-v", "-c"]),
    row("dotenvx run", &["-f", "-e", "--env"]),
    row("direnv exec", &[]).after(1),
    row("aws-vault exec", &["-d", "--duration", "--region", "-t", "--mfa-token"]).after(1),
    row("saml2aws exec", &["-a", "--exec-profile", "-p"]),
    row("doppler run", &["-p", "--project", "-c", "--config", "-t", "--token"]).texts(&["--command"]),
    row("op run", &["--env-file", "--account"]),
    row("infisical run", &["--env", "--path", "--projectId"]).texts(&["--command"]),
    row("teller run", &[]),
    row("chamber exec", &[]).after(1),
    row("envchain", &[]).after(1),
    row("railway run", &["-s", "--service", "-e", "--environment"]),
    row("heroku local:run", &["-e", "--env"]),
    row("bundle exec", &[]),
    row("poetry run", &["-C", "--directory", "-P"]),
    row("pipenv run", &[]),
    row("pdm run", &["-p", "--project"]),
    row("rye run", &[]),
    row("hatch run", &["-e", "--env"]),
    row("uv tool run", UV).runs(Runs::Package),
    row("uv run", UV),
    row("uvx", UV).runs(Runs::Package),
    row("pipx run", &["--spec", "--python", "--pip-args"]).runs(Runs::Package),
    row("conda run", &["-n", "--name", "-p", "--prefix", "--cwd"]),
    row("mamba run", &["-n", "--name", "-p", "--prefix", "--cwd"]),
    row("micromamba run", &["-n", "--name", "-p", "--prefix", "--cwd"]),
    row("npx", &["-p", "--package", "--node-arg"]).texts(&["-c", "--call"]).runs(Runs::Package),
    row("bunx", &["-p", "--package"]).runs(Runs::Package),
    row("pnpx", &["-p", "--package"]).runs(Runs::Package),
    row("npm exec|x", &["-p", "--package", "-w", "--workspace", "--prefix"])
        .texts(&["-c", "--call"])
        .runs(Runs::Package),
    row("pnpm dlx", &["--package", "-C", "--dir", "--filter", "-F"]).runs(Runs::Package),
    row("pnpm exec", &["-C", "--dir", "--filter", "-F"]).runs(Runs::Package),
    row("yarn dlx", &["-p", "--package"]).runs(Runs::Package),
    row("yarn exec", &["--cwd"]),
    row("bun x", &["-p", "--package"]).runs(Runs::Package),
    row("mise exec|x", &["-C", "--cd", "-j"]),
    row("mise watch", &[]).runs(Runs::Nothing),
    row("asdf exec", &[]),
    row("rbenv exec", &[]),
    row("pyenv exec", &[]),
    row("nodenv exec", &[]),
    row("nvm exec", &[]).after(1),
    row("fnm exec", &["--using"]),
    row("volta run", &["--node", "--npm", "--yarn"]),
    row("devbox run", &["-c", "--config", "-e"]).runs(Runs::Joined),
    row("go tool", &[]).runs(Runs::Nothing),
    row("busybox", &[]),
    row("toybox", &[]),
    row("rustup run", &[]).after(1),
];
