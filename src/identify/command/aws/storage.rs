//! Objects by the command lines that copy, move and delete them: `aws s3`, `s3cmd`, `s5cmd`. Each becomes the
//! calls that it sends to S3, with what is known of bucket and key.

use serde_json::{Map, Value};

use super::custom::{many, shown};
use super::globals::{self, Token};
use super::options::Given;
use super::{Call, place, reads, told};
use crate::catalog::aws as catalog;
use crate::catalog::aws::faces;
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::identify::protocol::aws::declared::{Parameters, Target};
use crate::model::{Count, Impact, Scope};

/// Options of `aws s3` without a value, and those with one. Source: awscli's `customizations/s3/subcommands.py`.
const FLAGS: [&str; 19] = [
    "case-conflict",
    "delete",
    "dryrun",
    "exact-timestamps",
    "follow-symlinks",
    "force",
    "force-glacier-transfer",
    "human-readable",
    "ignore-glacier-warnings",
    "no-follow-symlinks",
    "no-guess-mime-type",
    "no-overwrite",
    "no-progress",
    "only-show-errors",
    "quiet",
    "recursive",
    "size-only",
    "summarize",
    "validate-same-s3-paths",
];
const VALUES: [&str; 31] = [
    "acl",
    "cache-control",
    "checksum-algorithm",
    "checksum-mode",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "copy-props",
    "error-document",
    "exclude",
    "expected-size",
    "expires",
    "expires-in",
    "grants",
    "include",
    "index-document",
    "metadata",
    "metadata-directive",
    "page-size",
    "progress-frequency",
    "progress-multiline",
    "request-payer",
    "source-region",
    "sse",
    "sse-c",
    "sse-c-copy-source",
    "sse-c-key",
    "sse-kms-key-id",
    "storage-class",
    "website-redirect",
];

/// What a copying command was given.
#[derive(Debug, Default)]
struct Work {
    flags: Vec<String>,
    values: Vec<(String, Vec<Word>)>,
    paths: Vec<Word>,
    /// An option may stand where nobody knows what stands.
    open: bool,
}

impl Work {
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|one| one == flag)
    }

    fn value(&self, name: &str) -> Option<String> {
        self.values.iter().rev().find(|(one, _)| one == name).and_then(|(_, words)| words.first()).map(shown)
    }

    fn read(arguments: &[Word]) -> Self {
        let mut work = Self::default();
        let mut left = arguments.iter().peekable();
        while let Some(word) = left.next() {
            let (given, value) = match globals::token(word) {
                Token::Option(given, value) => (given, value),
                Token::Value(word) => {
                    work.paths.push(word);
                    continue;
                }
                Token::Open(word) => {
                    // A path, as far as anybody knows; unquoted it may be options as well.
                    work.open |= word.splits();
                    work.paths.push(word);
                    continue;
                }
            };
            match globals::one_of(FLAGS.into_iter().chain(VALUES), &given) {
                Some(name) if VALUES.contains(&name) => {
                    let mut values: Vec<Word> = value.or_else(|| left.next().cloned()).into_iter().collect();
                    // `--grants` takes all that follow.
                    while name == "grants" && left.peek().is_some_and(|word| word.leading().contains('=')) {
                        values.extend(left.next().cloned());
                    }
                    work.values.push((name.to_owned(), values));
                }
                // `--sse` and `--checksum` stand alone too; nothing depends on them.
                Some(name) => work.flags.push(name.to_owned()),
                None => {}
            }
        }
        work
    }
}

/// One side of a copy.
enum Side {
    /// Bucket and key; of a path that nobody knows, as it looks.
    Bucket(String, String),
    Local(Word),
}

fn side(word: &Word) -> Side {
    let text = shown(word);
    match text.strip_prefix("s3://") {
        Some(path) => {
            let (bucket, key) = bucket_and_key(path);
            Side::Bucket(bucket, key)
        }
        None => Side::Local(word.clone()),
    }
}

/// `BUCKET/KEY`; a bucket may be an access point's ARN.
fn bucket_and_key(path: &str) -> (String, String) {
    if path.starts_with("arn:")
        && let Some((before, rest)) = path.split_once("accesspoint")
    {
        let sign = rest.get(..1).unwrap_or_default();
        let rest = rest.get(1..).unwrap_or_default();
        let (name, key) = rest.split_once('/').unwrap_or((rest, ""));
        return (format!("{before}accesspoint{sign}{name}"), key.to_owned());
    }
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (bucket.to_owned(), key.to_owned())
}

/// One call to S3.
struct Sent<'a> {
    name: &'a str,
    bucket: &'a str,
    key: Option<String>,
    is_many: bool,
}

fn sends(sent: &Sent<'_>, work: &Work, target: &Target, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let Some((service, operation)) = catalog::service("s3").and_then(|s3| Some((s3, s3.operation(sent.name)?))) else {
        return;
    };
    let mut document = Map::new();
    document.insert("Bucket".to_owned(), Value::from(sent.bucket));
    if let Some(key) = &sent.key {
        document.insert("Key".to_owned(), Value::from(key.as_str()));
    }
    if let Some(acl) = work.value("acl") {
        document.insert("ACL".to_owned(), Value::from(acl));
    }
    for (_, words) in work.values.iter().filter(|(name, _)| name == "grants") {
        for (kind, whom) in
            words.iter().filter_map(|word| shown(word).split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())))
        {
            let member = match kind.as_str() {
                "read" => "GrantRead",
                "readacl" => "GrantReadACP",
                "writeacl" => "GrantWriteACP",
                _ => "GrantFullControl",
            };
            document.insert(member.to_owned(), Value::from(whom));
        }
    }
    let given = Given { parameters: Parameters { document, ..Parameters::default() }, ..Given::default() };
    if sent.is_many {
        many((service, operation), &given, target, (one, scene));
    } else {
        told((service, operation), &given, target, (one, scene));
    }
}

/// `aws s3 COMMAND`.
pub(super) fn aws(call: &Call, one: &Invocation, scene: &mut Scene<'_>) {
    let work = Work::read(&call.arguments);
    let target = call.target(one, scene);
    let rows = faces::commands("s3", &call.command);
    if rows.is_empty() {
        return super::unnamed(("s3", &call.command), &target, one, scene);
    }
    if call.command == "presign" {
        // A link for whoever has it.
        return reads(one, scene);
    }
    copies(&call.command, &work, &target, (one, scene));
}

/// The rows of `aws s3` that hold, with the buckets and keys that they are about.
fn copies(command: &str, work: &Work, target: &Target, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let dry = ["cp", "mv", "rm", "sync"].contains(&command) && work.has("dryrun") && !work.open;
    let sides: Vec<Side> = work.paths.iter().map(side).collect();
    let is_local = |at: usize| matches!(sides.get(at), Some(Side::Local(_)));
    let way = match (is_local(0), is_local(1)) {
        (true, _) => "local>s3",
        (false, true) => "s3>local",
        (false, false) => "s3>s3",
    };
    let names_bucket = matches!(sides.first(), Some(Side::Bucket(bucket, _)) if !bucket.is_empty());
    let holds = |part: &str| match part {
        "" => true,
        "bucket" => names_bucket,
        "!bucket" => !names_bucket,
        _ => match part.strip_prefix("--") {
            Some(flag) => work.has(flag) || work.open,
            None => part == way,
        },
    };
    let mut is_any = false;
    for row in faces::commands("s3", command).iter().filter(|row| row.when.get().split(" & ").all(holds)) {
        for (_, name) in row.operations() {
            let takes_from = matches!(name, "GetObject") || name == "DeleteObject" && command == "mv";
            let at = usize::from(!takes_from && !matches!(command, "rm" | "rb" | "mb" | "ls" | "website"));
            let (bucket, key) = match (sides.get(at), sides.first()) {
                (Some(Side::Bucket(bucket, key)), _) | (_, Some(Side::Bucket(bucket, key))) => (bucket.as_str(), key),
                _ => ("", &String::new()),
            };
            if dry && !name.starts_with("List") {
                continue;
            }
            is_any = true;
            let is_many = row.is_unbounded();
            let key = match name {
                "DeleteBucket" | "CreateBucket" | "PutBucketWebsite" | "ListObjectsV2" | "ListBuckets" => None,
                _ if is_many => Some(format!("{key}*")),
                _ => Some(name_of(key, &sides)),
            };
            sends(&Sent { name, bucket, key, is_many }, work, target, (one, scene));
        }
    }
    if way == "s3>local" && !dry {
        writes(command, work, (one, scene));
    }
    if !is_any {
        reads(one, scene);
    }
}

/// `cp a.txt s3://bucket/folder/` writes `folder/a.txt`.
fn name_of(key: &str, sides: &[Side]) -> String {
    let from = match sides.first() {
        Some(Side::Local(word)) => shown(word),
        Some(Side::Bucket(_, key)) => key.clone(),
        None => String::new(),
    };
    let last = from.rsplit('/').next().unwrap_or_default();
    if key.is_empty() || key.ends_with('/') { format!("{key}{last}") } else { key.to_owned() }
}

/// What a copy from a bucket does to this machine's files.
fn writes(command: &str, work: &Work, (one, scene): (&Invocation, &mut Scene<'_>)) {
    let Some(path) = work.paths.get(1) else { return };
    if command == "sync" && (work.has("delete") || work.open) {
        let inside = scene.around().workspace().is_some_and(|root| {
            let text = shown(path);
            let absolute = text.starts_with('/') || text.starts_with('~') || text.contains("..");
            !absolute && one.directory.as_deref().is_some_and(|here| here.starts_with(root))
                || text.starts_with(&format!("{root}/"))
        }) || shown(path).starts_with("/tmp/");
        let scope = if inside && !path.has_unknown() { Scope::Local } else { Scope::Item };
        let effect = Effect::new("shell:fs:delete", Impact::Destroy, scope).on(shown(path)).count(Count::AtLeast(1));
        scene.effect(one, effect);
        return;
    }
    let text = shown(path);
    let is_folder = text == "-" || text == "." || text.ends_with('/') || work.has("recursive");
    if matches!(command, "cp" | "mv") && !is_folder {
        super::super::files::written(one, &super::super::Written { path: path.clone(), appends: false }, scene);
    }
}

/// `s5cmd`: `--dry-run`, `cp`, `mv`, `rm`, `sync --delete`, `rb`, `mb`, `ls`, `cat`. Paths with `*` stand for many.
pub(super) fn s5cmd(one: &Invocation, scene: &mut Scene<'_>) {
    plain(one, ("dry-run", "delete"), scene);
}

/// `s3cmd`: `put`, `get`, `del`, `rm`, `sync --delete-removed`, `rb`, `mb`, `ls`, `setacl`.
pub(super) fn s3cmd(one: &Invocation, scene: &mut Scene<'_>) {
    plain(one, ("dry-run", "delete-removed"), scene);
}

/// Options with a value of these programs.
const MORE_VALUES: [&str; 12] = [
    "access_key",
    "acl-grant",
    "config",
    "credentials-file",
    "endpoint-url",
    "host",
    "host-bucket",
    "mime-type",
    "numworkers",
    "profile",
    "region",
    "secret_key",
];

/// A program whose commands are those of `aws s3` under other names.
fn plain(one: &Invocation, (dry, delete): (&str, &str), scene: &mut Scene<'_>) {
    let mut globals = globals::Globals::default();
    let mut arguments = vec![];
    let (mut is_dry, mut is_forced, mut is_public) = (false, false, false);
    let mut left = one.arguments().iter();
    while let Some(word) = left.next() {
        match globals::token(word) {
            Token::Option(name, value) => {
                let takes = MORE_VALUES.contains(&name.as_str());
                let value = value.or_else(|| left.next().filter(|_| takes).cloned());
                match name.as_str() {
                    "endpoint-url" => globals.endpoint = value,
                    "host" => globals.endpoint = value.map(|host| Word::known(format!("https://{}/", shown(&host)))),
                    "profile" => globals.profile = value,
                    "region" => globals.region = value,
                    "acl-public" => is_public = true,
                    "help" | "version" => return reads(one, scene),
                    name if name == dry => is_dry = true,
                    name if name == delete => arguments.push(Word::known("--delete")),
                    "force" => is_forced = true,
                    "recursive" => arguments.push(Word::known("--recursive")),
                    _ => {}
                }
            }
            _ if word.is("-n") => is_dry = true,
            _ if word.is("-r") => arguments.push(Word::known("--recursive")),
            _ if word.is("-f") => is_forced = true,
            _ if word.is("-P") => is_public = true,
            _ if word.is("-c") => drop(left.next()),
            _ if word.is("-h") => return reads(one, scene),
            _ => arguments.push(word.clone()),
        }
    }
    let Some(at) = arguments.iter().position(|word| !word.leading().starts_with("--")) else {
        return reads(one, scene);
    };
    let Some(command) = arguments.remove(at).text().map(std::borrow::Cow::into_owned) else {
        return scene.unknown(one, "what it does with objects is not known");
    };
    let is_wide = arguments.iter().any(|word| word.has_glob() || shown(word).contains('*'));
    let command = match command.as_str() {
        "put" | "get" | "cp" | "sync" | "mv" | "rm" | "mb" | "rb" | "ls" => command.as_str(),
        "del" => "rm",
        "la" | "du" | "info" | "cat" | "head" | "select" | "pipe" | "version" | "signurl" | "presign" => "ls",
        "setacl" | "setpolicy" | "delpolicy" | "expire" | "setlifecycle" | "dellifecycle" | "run" | "modify"
        | "accesslog" => {
            let target = super::target::of(&globals, "s3", one, scene);
            let id = format!("aws:s3:{command}");
            return scene.effect(one, Effect::new(&id, Impact::Unknown, Scope::Resource).at(place(&target)));
        }
        _ => return scene.unknown(one, "what it does with objects is not known"),
    };
    // `s3cmd rb --force` deletes what is in it; of `rm` it is only the consent.
    let forces = is_forced && command == "rb";
    let flags = [(is_wide, "--recursive"), (is_dry, "--dryrun"), (forces, "--force"), (is_public, "--acl=public-read")];
    arguments.extend(flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| Word::known(flag)));
    if command == "get" && arguments.iter().filter(|word| !word.leading().starts_with("--")).count() < 2 {
        arguments.push(Word::known("."));
    }
    let command = if matches!(command, "put" | "get") { "cp" } else { command };
    if is_dry && matches!(command, "mb" | "rb") {
        return reads(one, scene);
    }
    let call = Call { service: "s3".to_owned(), command: command.to_owned(), arguments, globals };
    aws(&call, one, scene);
}
