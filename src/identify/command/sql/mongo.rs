//! MongoDB's clients.

use super::options::{Given, Taken, given};
use super::postgres::local;
use super::run::{contents, filled};
use super::target::{Target, dsn};
use crate::identify::command::{Effect, Input, Invocation, Scene, Word};
use crate::model::{BlastRadius, Count, Hazard, Impact, Place, Scope};

const TAKEN: Taken = Taken {
    values: "host port u=username username p=password password eval db d=db c=collection collection uri o=out out f=fields file q=query query \
             authenticationDatabase authenticationMechanism tlsCertificateKeyFile tlsCAFile type j=numParallelCollections nsInclude nsExclude nsFrom nsTo \
             mode upsertFields readPreference gssapiServiceName apiVersion retryWrites",
    attached: "",
    single_dash: false,
    stops: false,
};

/// Methods of the shell: what each is called, its impact and scope.
///
/// Source: the MongoDB manual, "mongosh Methods".
const METHODS: &[(&str, Impact, Scope)] = &[
    ("dropDatabase", Impact::Destroy, Scope::Environment),
    ("drop", Impact::Destroy, Scope::Resource),
    ("deleteMany", Impact::Destroy, Scope::Resource),
    ("remove", Impact::Destroy, Scope::Resource),
    ("deleteOne", Impact::Destroy, Scope::Item),
    ("findOneAndDelete", Impact::Destroy, Scope::Item),
    ("findAndModify", Impact::Destroy, Scope::Item),
    ("dropIndex", Impact::Destroy, Scope::Resource),
    ("dropIndexes", Impact::Destroy, Scope::Resource),
    ("bulkWrite", Impact::Destroy, Scope::Item),
    ("mapReduce", Impact::Execute, Scope::Resource),
    ("replaceOne", Impact::Update, Scope::Item),
    ("findOneAndReplace", Impact::Update, Scope::Item),
    ("updateOne", Impact::Update, Scope::Item),
    ("updateMany", Impact::Update, Scope::Item),
    ("update", Impact::Update, Scope::Item),
    ("findOneAndUpdate", Impact::Update, Scope::Item),
    ("save", Impact::Update, Scope::Item),
    ("renameCollection", Impact::Update, Scope::Resource),
    ("convertToCapped", Impact::Destroy, Scope::Resource),
    ("insert", Impact::Create, Scope::Item),
    ("insertOne", Impact::Create, Scope::Item),
    ("insertMany", Impact::Create, Scope::Item),
    ("createIndex", Impact::Create, Scope::Resource),
    ("createIndexes", Impact::Create, Scope::Resource),
    ("createCollection", Impact::Create, Scope::Resource),
    ("createView", Impact::Create, Scope::Resource),
    ("shutdownServer", Impact::Disrupt, Scope::Environment),
    ("stepDown", Impact::Disrupt, Scope::Environment),
    ("fsyncLock", Impact::Disrupt, Scope::Environment),
    ("killOp", Impact::Disrupt, Scope::Resource),
    ("freeze", Impact::Disrupt, Scope::Environment),
    ("reconfig", Impact::Disrupt, Scope::Environment),
    ("removeShard", Impact::Disrupt, Scope::Environment),
    ("createUser", Impact::Permission, Scope::Resource),
    ("updateUser", Impact::Permission, Scope::Resource),
    ("changeUserPassword", Impact::Permission, Scope::Resource),
    ("dropUser", Impact::Permission, Scope::Resource),
    ("dropAllUsers", Impact::Permission, Scope::Resource),
    ("createRole", Impact::Permission, Scope::Resource),
    ("dropRole", Impact::Permission, Scope::Resource),
    ("grantRolesToUser", Impact::Permission, Scope::Resource),
    ("revokeRolesFromUser", Impact::Permission, Scope::Resource),
    ("grantPrivilegesToRole", Impact::Permission, Scope::Resource),
];
/// What only asks, and what belongs to the language.
const READS: &str = " find findOne count countDocuments estimatedDocumentCount distinct aggregate stats explain getIndexes getCollection getSiblingDB \
    getCollectionNames getCollectionInfos listCollections listDatabases getMongo getDB getName limit skip sort toArray forEach map filter reduce pretty \
    print printjson log project hint batchSize next hasNext size length join slice push keys values entries stringify parse serverStatus hello isMaster \
    status conf currentOp getUsers getUser getRoles version hostInfo dataSize storageSize totalSize totalIndexSize latencyStats adminCommand runCommand \
    ObjectId ISODate Date NumberLong NumberInt NumberDecimal UUID now toISOString getTime concat includes startsWith endsWith match test \
    toString toFixed split trim toLowerCase toUpperCase printReplicationInfo printSecondaryReplicationInfo getSecondaryReplicationInfo getReplicationInfo \
    getShardDistribution validate collStats watch if for while function return catch switch typeof sleep quit exit itcount isCapped getLastError EJSON \
    readPref maxTimeMS allowDiskUse collation tojson tojsononeline some every find findIndex sum max min round floor abs Number String parseInt ping use show ";
/// Commands that `runCommand` may be given without changing anything.
const COMMANDS: &[&str] = &[
    "ping",
    "dbStats",
    "collStats",
    "serverStatus",
    "buildInfo",
    "listDatabases",
    "listCollections",
    "listIndexes",
    "count",
    "find",
    "aggregate",
    "hello",
    "isMaster",
    "replSetGetStatus",
    "getParameter",
    "currentOp",
    "connectionStatus",
    "explain",
    "top",
    "hostInfo",
    "dbHash",
    "validate",
    "distinct",
];

fn target(given: &Given, at: &Invocation, scene: &Scene<'_>) -> Target {
    let uri = given.value("uri").or_else(|| given.operands.iter().find(|word| !is_script(word)));
    let mut target = Target::host("localhost");
    if let Some(word) = uri {
        let shown = word.to_string();
        if shown.contains("://") || word.text().is_none() {
            target.host = None;
            target.set_database(word, at, scene);
            if target.host.is_none() {
                target.is_unknown = true;
            }
        } else if let Some((host, database)) = shown.split_once('/') {
            target.host = dsn(&format!("x://{host}")).host;
            target.database = Some(database.to_owned());
        } else if given.has(&["uri"]) || shown.contains('.') || shown.contains(':') {
            target.host = dsn(&format!("x://{shown}")).host;
        } else {
            target.database = Some(shown);
        }
    }
    if let Some(host) = given.value("host") {
        // `set/host:port,host:port`.
        match host.text() {
            Some(text) => {
                let hosts = text.rsplit('/').next().unwrap_or(&text).to_owned();
                target.host = dsn(&format!("x://{hosts}")).host;
            }
            None => target.set_host(host),
        }
    }
    if let Some(database) = given.value("db") {
        target.database = Some(database.to_string());
    }
    target
}

fn is_script(word: &Word) -> bool {
    let shown = word.to_string();
    !shown.contains("://") && [".js", ".mongodb", ".mjs"].iter().any(|end| shown.ends_with(end))
}

/// `mongosh` and `mongo`.
pub(super) fn shell(one: &Invocation, scene: &mut Scene<'_>) {
    let given = given(one, &TAKEN);
    if given.has(&["help", "version", "h"]) {
        return local(one, scene, "help");
    }
    let place = target(&given, one, scene).place(one);
    let mut some = false;
    for text in given.values("eval") {
        some = true;
        script(one, scene, &place, Some(filled(text)));
    }
    for file in given.operands.iter().chain(given.values("file")).filter(|word| is_script(word)) {
        some = true;
        let text = file.text().and_then(|path| contents(one, scene, &path));
        script(one, scene, &place, text);
    }
    if some {
        return;
    }
    match one.input.clone() {
        Input::Inherited => {
            add(one, scene, &place, Effect::new("mongodb:shell:connect", Impact::Read, Scope::Resource))
        }
        Input::Text(text) => script(one, scene, &place, Some(text)),
        Input::File(word) => {
            let text = word.text().and_then(|path| contents(one, scene, &path));
            script(one, scene, &place, text);
        }
        Input::Unknown(_) => script(one, scene, &place, None),
    }
}

fn add(one: &Invocation, scene: &mut Scene<'_>, place: &Place, effect: Effect) {
    scene.effect(one, effect.at(place.clone()));
}

/// What a script calls.
fn script(one: &Invocation, scene: &mut Scene<'_>, place: &Place, text: Option<String>) {
    let Some(text) = text else {
        return add(one, scene, place, Effect::new("mongodb:shell:script", Impact::Execute, Scope::Resource));
    };
    let (code, strings) = parted(&text);
    let mut some = false;
    for name in calls(&code) {
        if let Some((_, impact, scope)) = METHODS.iter().find(|(method, ..)| *method == name) {
            some = true;
            let mut effect = Effect::new(&format!("mongodb:shell:{name}"), *impact, *scope);
            if *impact == Impact::Destroy {
                effect = effect.hazard(Hazard::DataLoss).count(if *scope == Scope::Item {
                    Count::ONE
                } else {
                    Count::Unbounded
                });
            }
            if name == "updateMany" && has_empty_filter(&code, "updateMany") {
                effect.blast = BlastRadius::new(Impact::Destroy, Scope::Resource).hazard(Hazard::DataLoss);
            }
            add(one, scene, place, effect);
        } else if !READS.split_whitespace().any(|known| known == name) {
            some = true;
            let effect = Effect::new("mongodb:shell:unidentified", Impact::Unknown, Scope::Resource);
            add(one, scene, place, effect.on(name.clone()).with("why", "what it calls is not known"));
        }
    }
    if has_stage(&code, &strings, "$out") || has_stage(&code, &strings, "$merge") {
        some = true;
        let effect = Effect::new("mongodb:shell:aggregate", Impact::Destroy, Scope::Resource);
        add(one, scene, place, effect.hazard(Hazard::Replace));
    }
    let commands = code.contains("runCommand") || code.contains("adminCommand");
    let first = first_key(&code);
    if commands && !first.is_some_and(|name| COMMANDS.contains(&name.as_str())) {
        some = true;
        add(
            one,
            scene,
            place,
            Effect::new("mongodb:shell:unidentified", Impact::Unknown, Scope::Resource)
                .with("why", "a command of the server's"),
        );
    }
    if !some {
        add(one, scene, place, Effect::new("mongodb:shell:find", Impact::Read, Scope::Resource));
    }
}

fn has_stage(code: &str, strings: &[String], stage: &str) -> bool {
    code.contains(stage) || strings.iter().any(|text| text == stage)
}

/// The first key of what `runCommand` is given, in braces or as a string.
fn first_key(code: &str) -> Option<String> {
    let at = code.find("Command")?;
    let rest = code.get(at..)?.split_once('(')?.1;
    let name: String =
        rest.trim_start_matches([' ', '{', '\'', '"', '\u{1}']).chars().take_while(|c| c.is_alphanumeric()).collect();
    (!name.is_empty()).then_some(name)
}

fn has_empty_filter(code: &str, method: &str) -> bool {
    code.split(method).skip(1).any(|rest| {
        let plain: String = rest.chars().filter(|c| !c.is_whitespace()).take(4).collect();
        plain.starts_with("({}") || plain.starts_with("()")
    })
}

/// The script without its comments and strings, and the strings. A string that is a name by itself stays in the code.
fn parted(text: &str) -> (String, Vec<String>) {
    let (mut code, mut strings) = (String::new(), Vec::new());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '/' if characters.peek() == Some(&'/') => {
                for c in characters.by_ref() {
                    if c == '\n' {
                        break;
                    }
                }
                code.push('\n');
            }
            '/' if characters.peek() == Some(&'*') => {
                let mut before = ' ';
                characters.next();
                for c in characters.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
                code.push(' ');
            }
            '\'' | '"' | '`' => {
                let mut inside = String::new();
                while let Some(next) = characters.next() {
                    if next == c {
                        break;
                    }
                    if next == '\\' {
                        inside.extend(characters.next());
                    } else {
                        inside.push(next);
                    }
                }
                // What a template computes is code.
                if c == '`' && inside.contains("${") {
                    code.push_str(&inside);
                }
                let is_name = !inside.is_empty() && inside.chars().all(|c| c.is_alphanumeric() || c == '_');
                code.push('\u{1}');
                if is_name {
                    code.push_str(&inside);
                }
                code.push('\u{1}');
                strings.push(inside);
            }
            c => code.push(c),
        }
    }
    (code, strings)
}

/// Every name that is called; what is computed is called `computed`.
fn calls(code: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut last = String::new();
    let mut bracket = false;
    for c in code.chars() {
        if c == '(' {
            if bracket {
                let is_name = !last.is_empty() && last.starts_with('\u{1}') && last.matches('\u{1}').count() == 2;
                all.push(if is_name { last.replace('\u{1}', "") } else { "computed".to_owned() });
            } else if !last.is_empty() && !last.contains('\u{1}') {
                all.push(last.clone());
            }
            last.clear();
            bracket = false;
        } else if c == ']' {
            bracket = true;
        } else if c == '[' {
            last.clear();
            bracket = false;
        } else if c.is_alphanumeric() || matches!(c, '_' | '$' | '\u{1}') {
            if bracket {
                last.clear();
                bracket = false;
            }
            last.push(c);
        } else if !c.is_whitespace() && c != '?' && (c != '.' || !bracket) {
            if c == '+' {
                last.push('+');
            } else {
                last.clear();
                bracket = false;
            }
        }
        if all.len() > 2000 {
            all.push("computed".to_owned());
            break;
        }
    }
    all.dedup();
    all
}

/// `mongodump`, `mongorestore`, `mongoimport`, `mongoexport`.
pub(super) fn tool(one: &Invocation, scene: &mut Scene<'_>) {
    let given = given(one, &TAKEN);
    if given.has(&["help", "version"]) {
        return local(one, scene, "help");
    }
    let without_operands = Given { operands: vec![], options: given.options.clone() };
    let from_operand = given.operands.iter().find(|word| word.to_string().contains("://"));
    let mut target = target(&without_operands, one, scene);
    if let Some(word) = from_operand.filter(|_| !given.has(&["uri", "host"])) {
        target.host = dsn(&word.to_string()).host;
        target.is_unknown = target.host.is_none();
    }
    let place = target.place(one);
    let program = one.program().unwrap_or_default();
    let writes = program == "mongorestore" || program == "mongoimport";
    let is_dry = given.has(&["dryRun"]);
    let effect = Effect::new(&format!("mongodb:tools:{program}"), Impact::Read, Scope::Resource);
    let effect = match () {
        () if writes && given.has(&["drop"]) && !is_dry => {
            let effect = Effect { blast: BlastRadius::new(Impact::Destroy, Scope::Environment), ..effect };
            effect.hazard(Hazard::DataLoss).hazard(Hazard::Replace).with("drop", "true")
        }
        () if writes && given.value("mode").is_some_and(|mode| mode.is("delete")) => {
            Effect { blast: BlastRadius::new(Impact::Destroy, Scope::Resource), ..effect }.hazard(Hazard::DataLoss)
        }
        () if writes && !is_dry => Effect { blast: BlastRadius::new(Impact::Create, Scope::Resource), ..effect },
        () => effect,
    };
    add(one, scene, &place, effect);
}
