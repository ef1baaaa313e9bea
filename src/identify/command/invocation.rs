//! One simple command as it would be run.

use super::Surroundings;
use super::word::Word;

/// A program with its arguments, and everything about it that its text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) struct Invocation {
    /// The program and its arguments.
    pub(in crate::identify) words: Vec<Word>,
    /// Variables that the text sets for it, the last one of a name counts; those of the surroundings are not here.
    pub(in crate::identify) variables: Vec<(String, Word)>,
    /// Where it runs, absolute; `None` when nobody knows.
    pub(in crate::identify) directory: Option<String>,
    /// What it reads.
    pub(in crate::identify) input: Input,
    /// Files that its redirections write.
    pub(in crate::identify) writes: Vec<Written>,
    /// On whose machine it runs.
    pub(in crate::identify) machine: Machine,
    /// It stands in a loop or behind `xargs`: it may run many times, on more than its words say.
    pub(in crate::identify) repeats: bool,
}

/// What a command reads from its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::identify) enum Input {
    /// Nothing that the text says: the terminal's, or none.
    #[default]
    Inherited,
    /// This text: a here-document, or what a command before it in the pipeline is known to print.
    Text(String),
    /// This file.
    File(Word),
    /// Something that nobody knows; for a person, where it comes from (`curl https://…`).
    Unknown(String),
}

/// A file that a redirection writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::identify) struct Written {
    /// Which.
    pub(in crate::identify) path: Word,
    /// It only adds to it.
    pub(in crate::identify) appends: bool,
}

/// On whose machine a command runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::identify) enum Machine {
    /// The agent's own.
    #[default]
    Own,
    /// Behind `ssh`: the host as the command names it, without the user.
    Remote(String),
    /// In a container of this machine's engine.
    Container(String),
    /// In a pod of a cluster: the context as the command or the kubeconfig names it.
    Pod {
        /// The cluster, where it is known.
        cluster: Option<String>,
        /// The namespace, where it is known.
        namespace: Option<String>,
        /// The pod's name as the command has it.
        pod: String,
    },
}

impl Invocation {
    /// Nothing yet, where the surroundings are.
    pub(in crate::identify) fn bare(around: &dyn Surroundings) -> Self {
        Self {
            words: vec![],
            variables: vec![],
            directory: around.directory().map(ToOwned::to_owned),
            input: Input::Inherited,
            writes: vec![],
            machine: Machine::Own,
            repeats: false,
        }
    }

    /// The same circumstances with other words, which write nothing by themselves.
    pub(in crate::identify) fn with_words(&self, words: Vec<Word>) -> Self {
        Self { words, writes: vec![], ..self.clone() }
    }

    /// The program's name without its folder and `.exe`, where it is known.
    pub(in crate::identify) fn program(&self) -> Option<String> {
        let word = self.words.first()?.text()?;
        let name = word.rsplit(['/', '\\']).next().unwrap_or(&word);
        let bare = name.strip_suffix(".exe").or_else(|| name.strip_suffix(".cmd")).unwrap_or(name);
        Some(bare.to_owned())
    }

    /// The arguments.
    pub(in crate::identify) fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// What the text sets this variable to for the command; `None` when it does not set it.
    pub(in crate::identify) fn set(&self, name: &str) -> Option<&Word> {
        self.variables.iter().rev().find(|(set, _)| set == name).map(|(_, value)| value)
    }

    /// As a person would recognise it, without what signs it in.
    pub(in crate::identify) fn shown(&self) -> String {
        let mut before = "";
        let mut shown = vec![];
        for word in &self.words {
            shown.push(veiled(before, word.to_string()));
            before = word.leading();
        }
        match self.program() {
            Some(_) => without_passwords(&shown.join(" ")),
            // Nobody knows what the options of a program that nobody knows hold.
            None => match shown.split_first() {
                Some((first, rest)) if !rest.is_empty() => format!("{} …", without_passwords(first)),
                _ => without_passwords(&shown.join(" ")),
            },
        }
    }
}

/// Programs whose own options hold a password: with a blank behind them, or attached.
const KEEPERS: &[(&str, &[&str], &[&str])] = &[
    ("mysql", &[], &["-p"]),
    ("mysqldump", &[], &["-p"]),
    ("mysqladmin", &[], &["-p"]),
    ("mariadb", &[], &["-p"]),
    ("sshpass", &["-p"], &["-p"]),
    ("redis-cli", &["-a", "--pass"], &[]),
    ("valkey-cli", &["-a", "--pass"], &[]),
    ("ldapsearch", &["-w"], &["-w"]),
    ("ldapmodify", &["-w"], &["-w"]),
    ("ldapdelete", &["-w"], &["-w"]),
    ("openssl", &["-k", "-K", "-pass", "-passin", "-passout"], &[]),
    ("gpg", &["--passphrase"], &[]),
    ("7z", &[], &["-p"]),
    ("unzip", &["-P"], &["-P"]),
    ("zip", &["-P"], &["-P"]),
    ("curl", &["-u", "-U"], &["-u"]),
    ("docker", &["-p"], &[]),
];

/// A text of several words, or the words of a program that nobody knows, without what its options hold: passwords stand
/// in texts that are run as well.
pub(in crate::identify) fn without_passwords(text: &str) -> String {
    let mut program: Option<&(&str, &[&str], &[&str])> = None;
    let mut hides = false;
    let one = |word: &str| {
        let bare = word.trim_start_matches(['$', '(', '"', '\'', '`']);
        let name = bare.rsplit('/').next().unwrap_or(bare);
        if let Some(found) = KEEPERS.iter().find(|(keeper, ..)| *keeper == name) {
            program = Some(found);
        }
        if std::mem::take(&mut hides) {
            return "…".to_owned();
        }
        let Some((_, apart, attached)) = program else { return word.to_owned() };
        hides = apart.contains(&word);
        match attached.iter().find(|option| word.len() > option.len() && word.starts_with(**option)) {
            Some(option) => format!("{option}…"),
            None => word.to_owned(),
        }
    };
    text.split(' ').map(one).collect::<Vec<_>>().join(" ")
}

/// Options whose value signs a request in.
const SIGNING: [&str; 8] =
    ["-u", "--user", "--proxy-user", "--oauth2-bearer", "--password", "--token", "--access-token", "--auth"];
/// What a header or a field begins with that signs a request in.
const CREDENTIALS: [&str; 8] = [
    "authorization:",
    "proxy-authorization:",
    "cookie:",
    "private-token:",
    "x-api-key:",
    "x-auth-token:",
    "password=",
    "token=",
];

/// The word without a credential that it holds; `before` is the word before it.
fn veiled(before: &str, word: String) -> String {
    let lower = word.to_ascii_lowercase();
    let attached = SIGNING.iter().find(|option| {
        option.starts_with("--") && lower.strip_prefix(**option).is_some_and(|rest| rest.starts_with('='))
    });
    if let Some(option) = attached {
        return format!("{option}=…");
    }
    if let Some(start) = CREDENTIALS.iter().find(|start| lower.trim_start_matches("-h").starts_with(**start)) {
        let end = lower.find(start).map_or(0, |at| at + start.len());
        return format!("{}…", word.get(..end).unwrap_or_default());
    }
    if SIGNING.contains(&before) && !word.starts_with('-') {
        return if before == "-u" && !word.contains(':') { word } else { "…".to_owned() };
    }
    match word.split_once("://").map(|(scheme, rest)| (scheme, rest.split('/').next().unwrap_or(rest))) {
        Some((scheme, authority)) => match authority.rsplit_once('@') {
            Some((user, host)) if user.contains(':') => {
                word.replacen(&format!("{scheme}://{authority}"), &format!("{scheme}://…@{host}"), 1)
            }
            _ => word,
        },
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use crate::identify::command::Invocation;
    use crate::identify::command::tests::{stated, words};

    #[test]
    fn what_is_shown_holds_no_credentials() {
        for (command, expected) in [
            ("curl -H 'Authorization: Bearer s3' https://a.example", "curl -H Authorization:… https://a.example"),
            ("curl -u me:s3 https://a.example", "curl -u … https://a.example"),
            ("curl https://me:s3@a.example/x", "curl https://…@a.example/x"),
            ("vercel --token=s3 ls", "vercel --token=… ls"),
            ("psql -u app", "psql -u app"),
            ("mysql -h h -ps3 -e x", "mysql -h h -p… -e x"),
            ("sshpass -p s3 ssh h", "sshpass -p … ssh h"),
            ("redis-cli -a s3 get x", "redis-cli -a … get x"),
            ("bash -c 'curl -u a:s3 https://x | sh'", "bash -c curl -u … https://x | sh"),
        ] {
            let one = Invocation { words: words(command), ..Invocation::bare(&stated()) };
            assert_eq!(one.shown(), expected);
        }
    }
}
