//! Redis' client.

use super::options::{Taken, given};
use super::postgres::local;
use super::run::contents;
use super::target::{Target, dsn, variable};
use crate::identify::command::{Effect, Input, Invocation, Scene, Word};
use crate::model::{Count, Hazard, Impact, Place, Scope};

const TAKEN: Taken = Taken {
    values: "h=h p=p s=s a=a u=u r=r i=i n=n d=d D=D t=t user pass eval pattern quoted-pattern sni cacert cacertdir cert key tls-ciphers \
             tls-ciphersuites lru-test pipe-timeout memkeys-samples count rdb functions-rdb cluster-yes show-pushes",
    attached: "pipe cluster help",
    single_dash: false,
    stops: true,
};

/// Options that only ask.
const ASKS: &[&str] = &[
    "scan",
    "bigkeys",
    "memkeys",
    "hotkeys",
    "stat",
    "latency",
    "latency-history",
    "rdb",
    "functions-rdb",
    "intrinsic-latency",
];

/// `redis-cli` and `valkey-cli`.
pub(super) fn redis(one: &Invocation, scene: &mut Scene<'_>) {
    // Long options stand behind two dashes, and `-h` names the host.
    let given = given(one, &TAKEN);
    if given.has(&["help", "version", "v"]) {
        return local(one, scene, "help");
    }
    let mut target = Target::host("localhost");
    // Of host and URI the last one counts; a socket goes before both.
    for (name, value) in &given.options {
        match name.as_str() {
            "h" => target.set_host(value),
            "u" => match value.text().or_else(|| {
                (!dsn(value.leading()).host.unwrap_or_default().is_empty()).then(|| value.to_string().into())
            }) {
                Some(text) => (target.host, target.is_unknown) = (dsn(&text).host, false),
                None => target = Target { is_unknown: true, ..Target::default() },
            },
            _ => {}
        }
    }
    if let Some(socket) = given.value("s") {
        target.set_host(socket);
    }
    if given.value("u").is_none()
        && given.value("h").is_none()
        && let Some(host) = variable(one, scene, "REDISCLI_HOST")
    {
        target.set_host(&host);
    }
    let place = target.place(one);
    let mut says =
        |name: &str, impact, scope| add(one, scene, &place, Effect::new(&format!("redis:core:{name}"), impact, scope));
    if given.has(&["pipe"]) {
        return says("script", Impact::Execute, Scope::Resource);
    }
    if given.has(&["cluster"]) {
        return cluster(one, scene, &place, &given.operands);
    }
    if let Some(file) = given.value("eval") {
        let text = file.text().and_then(|path| contents(one, scene, &path));
        return script(one, scene, &place, text.as_deref());
    }
    if given.has(ASKS) {
        return says("scan", Impact::Read, Scope::Resource);
    }
    if !given.operands.is_empty() {
        return command(one, scene, &place, &given.operands);
    }
    input(one, scene, &place);
}

/// Commands on standard input, one a line.
fn input(one: &Invocation, scene: &mut Scene<'_>, place: &Place) {
    let lines = match &one.input {
        Input::Inherited => {
            return add(one, scene, place, Effect::new("redis:core:connect", Impact::Read, Scope::Resource));
        }
        Input::Text(text) => Some(text.clone()),
        Input::File(word) => word.text().and_then(|path| contents(one, scene, &path)),
        Input::Unknown(_) => None,
    };
    let Some(lines) = lines else {
        return add(one, scene, place, Effect::new("redis:core:script", Impact::Execute, Scope::Resource));
    };
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).take(4000) {
        let words: Vec<Word> =
            line.split_whitespace().map(|word| Word::known(word.trim_matches(['"', '\'']))).collect();
        command(one, scene, place, &words);
    }
}

fn add(one: &Invocation, scene: &mut Scene<'_>, place: &Place, effect: Effect) {
    scene.effect(one, effect.at(place.clone()));
}

/// Scripts: what they call is read where it stands there.
fn script(one: &Invocation, scene: &mut Scene<'_>, place: &Place, text: Option<&str>) {
    let calls: Vec<String> = text
        .into_iter()
        .flat_map(|text| text.split(['\'', '"']).skip(1).step_by(2))
        .map(str::to_ascii_uppercase)
        .filter(|word| DESTROYS.contains(&word.as_str()) || EMPTIES.contains(&word.as_str()))
        .collect();
    let effect = if calls.is_empty() {
        Effect::new("redis:core:eval", Impact::Execute, Scope::Resource)
    } else {
        Effect::new("redis:core:eval", Impact::Destroy, Scope::Resource)
            .hazard(Hazard::DataLoss)
            .count(Count::Unbounded)
            .with("calls", calls.join(", "))
    };
    add(one, scene, place, effect);
}

fn cluster(one: &Invocation, scene: &mut Scene<'_>, place: &Place, words: &[Word]) {
    let name = words.first().map(ToString::to_string).unwrap_or_default();
    let reads = matches!(name.as_str(), "check" | "info" | "help" | "backup");
    // Its nodes are operands, wherever they stand.
    let (impact, scope) = if reads { (Impact::Read, Scope::Resource) } else { (Impact::Disrupt, Scope::Environment) };
    let unknown = Place { host: Some("unknown".to_owned()), ..Place::default() };
    let place = if reads { place } else { &unknown };
    add(one, scene, place, Effect::new(&format!("redis:cluster:{name}"), impact, scope));
}

/// Empties more than a key.
const EMPTIES: &[&str] = &["FLUSHALL", "FLUSHDB"];
/// Deletes keys, or what is in them.
const DESTROYS: &[&str] = &[
    "DEL",
    "UNLINK",
    "GETDEL",
    "HDEL",
    "HGETDEL",
    "SREM",
    "ZREM",
    "ZREMRANGEBYRANK",
    "ZREMRANGEBYSCORE",
    "ZREMRANGEBYLEX",
    "LTRIM",
    "XTRIM",
    "XDEL",
    "LREM",
    "SPOP",
    "ZPOPMIN",
    "ZPOPMAX",
    "JSON.DEL",
    "FT.DROPINDEX",
    "FT.DROP",
    "TS.DEL",
    "RESTORE",
];
const READS: &[&str] = &[
    "GET",
    "MGET",
    "EXISTS",
    "TTL",
    "PTTL",
    "TYPE",
    "KEYS",
    "SCAN",
    "HSCAN",
    "SSCAN",
    "ZSCAN",
    "HGET",
    "HGETALL",
    "HMGET",
    "HKEYS",
    "HVALS",
    "HLEN",
    "HEXISTS",
    "LLEN",
    "LRANGE",
    "LINDEX",
    "LPOS",
    "SCARD",
    "SMEMBERS",
    "SISMEMBER",
    "SRANDMEMBER",
    "SINTER",
    "SUNION",
    "SDIFF",
    "ZCARD",
    "ZCOUNT",
    "ZRANGE",
    "ZREVRANGE",
    "ZRANGEBYSCORE",
    "ZSCORE",
    "ZRANK",
    "XLEN",
    "XRANGE",
    "XREVRANGE",
    "XREAD",
    "XINFO",
    "XPENDING",
    "STRLEN",
    "GETRANGE",
    "GETBIT",
    "BITCOUNT",
    "PFCOUNT",
    "DUMP",
    "OBJECT",
    "RANDOMKEY",
    "DBSIZE",
    "INFO",
    "PING",
    "ECHO",
    "TIME",
    "SELECT",
    "AUTH",
    "HELLO",
    "QUIT",
    "EXIT",
    "LASTSAVE",
    "ROLE",
    "COMMAND",
    "MONITOR",
    "SUBSCRIBE",
    "PSUBSCRIBE",
    "MULTI",
    "EXEC",
    "DISCARD",
    "WATCH",
    "UNWATCH",
    "WAIT",
    "LOLWUT",
    "READONLY",
    "READWRITE",
    "ASKING",
    "GEOPOS",
    "GEOSEARCH",
    "GEODIST",
    "EXPIRETIME",
    "JSON.GET",
    "JSON.TYPE",
    "JSON.MGET",
    "FT.SEARCH",
    "FT.INFO",
    "FT._LIST",
    "TS.RANGE",
    "TS.GET",
    "TS.INFO",
    "SUBSTR",
    "HSTRLEN",
    "LCS",
    "SORT_RO",
    "EVAL_RO",
    "BITPOS",
    "ZREVRANK",
    "ZMSCORE",
    "SMISMEMBER",
];
const CREATES: &[&str] = &[
    "LPUSH",
    "RPUSH",
    "SADD",
    "ZADD",
    "XADD",
    "PUBLISH",
    "SPUBLISH",
    "SETNX",
    "HSETNX",
    "PFADD",
    "COPY",
    "SAVE",
    "BGSAVE",
    "BGREWRITEAOF",
];
const UPDATES: &[&str] = &[
    "SET",
    "MSET",
    "GETSET",
    "SETEX",
    "PSETEX",
    "APPEND",
    "INCR",
    "INCRBY",
    "INCRBYFLOAT",
    "DECR",
    "DECRBY",
    "HSET",
    "HMSET",
    "HINCRBY",
    "LSET",
    "LPOP",
    "RPOP",
    "RPOPLPUSH",
    "LMOVE",
    "BLPOP",
    "BRPOP",
    "SMOVE",
    "RENAME",
    "RENAMENX",
    "PERSIST",
    "SETBIT",
    "SETRANGE",
    "GETEX",
    "TOUCH",
    "XACK",
    "XGROUP",
    "XCLAIM",
    "XAUTOCLAIM",
    "ZINCRBY",
    "JSON.SET",
    "TS.ADD",
    "GEOADD",
    "SORT",
    "PFMERGE",
    "LINSERT",
    "BITFIELD",
    "BITOP",
    "XSETID",
    "SWAPDB",
    "MOVE",
];

/// One command.
fn command(one: &Invocation, scene: &mut Scene<'_>, place: &Place, words: &[Word]) {
    let Some(first) = words.first() else { return };
    let Some(verb) = first.text().map(|text| text.to_ascii_uppercase()) else {
        return add(
            one,
            scene,
            place,
            Effect::new("redis:core:unidentified", Impact::Unknown, Scope::Resource).on(first.to_string()),
        );
    };
    let upper = |at: usize| words.get(at).map(|word| word.to_string().to_ascii_uppercase()).unwrap_or_default();
    let second = upper(1);
    let keys = words.len().saturating_sub(1).max(1) as u64;
    let lower = verb.to_ascii_lowercase();
    let says = |impact, scope| Effect::new(&format!("redis:core:{lower}"), impact, scope);
    let names = |effect: Effect| words.iter().skip(1).take(16).fold(effect, |effect, word| effect.on(word.to_string()));
    // The value of an expiry in the past, or none left, deletes.
    let expires_now = words
        .get(2)
        .is_some_and(|word| word.text().is_none_or(|text| text.parse::<i64>().is_ok_and(|seconds| seconds <= 0)));
    let effect = match verb.as_str() {
        verb if EMPTIES.contains(&verb) => {
            says(Impact::Destroy, Scope::Environment).hazard(Hazard::DataLoss).count(Count::Unbounded)
        }
        "DEL" | "UNLINK" => {
            names(says(Impact::Destroy, Scope::Item).hazard(Hazard::DataLoss).count(Count::Exact(keys)))
        }
        verb if DESTROYS.contains(&verb) => {
            says(Impact::Destroy, Scope::Item).hazard(Hazard::DataLoss).on(second.to_ascii_lowercase())
        }
        "EXPIRE" | "PEXPIRE" if expires_now => {
            says(Impact::Destroy, Scope::Item).hazard(Hazard::DataLoss).on(second.to_ascii_lowercase())
        }
        "EXPIRE" | "PEXPIRE" | "EXPIREAT" | "PEXPIREAT" => says(Impact::Update, Scope::Item),
        verb if READS.contains(&verb) => says(Impact::Read, Scope::Resource),
        verb if CREATES.contains(&verb) => says(Impact::Create, Scope::Item),
        verb if UPDATES.contains(&verb) => says(Impact::Update, Scope::Item),
        "CONFIG" => configure(says, &second, &upper(2)),
        "SHUTDOWN" | "FAILOVER" | "REPLICAOF" | "SLAVEOF" => says(Impact::Disrupt, Scope::Environment),
        "EVAL" => return script(one, scene, place, words.get(1).and_then(Word::text).as_deref()),
        "EVALSHA" | "FCALL" => says(Impact::Execute, Scope::Resource),
        _ => administered(says, &verb, &second),
    };
    add(one, scene, place, effect);
}

/// Commands about the server itself.
fn administered(says: impl Fn(Impact, Scope) -> Effect, verb: &str, second: &str) -> Effect {
    match verb {
        "DEBUG" if matches!(second, "OBJECT" | "LISTPACK" | "SDSLEN") => says(Impact::Read, Scope::Resource),
        "DEBUG" => says(Impact::Disrupt, Scope::Environment),
        "CLIENT" if matches!(second, "KILL" | "PAUSE" | "UNPAUSE") => says(Impact::Disrupt, Scope::Resource),
        "ACL" if matches!(second, "LIST" | "WHOAMI" | "GETUSER" | "USERS" | "CAT" | "LOG" | "DRYRUN" | "GENPASS") => {
            says(Impact::Read, Scope::Resource)
        }
        "ACL" => says(Impact::Permission, Scope::Resource),
        "CLUSTER"
            if matches!(
                second,
                "INFO" | "NODES" | "SLOTS" | "SHARDS" | "MYID" | "KEYSLOT" | "COUNTKEYSINSLOT" | "REPLICAS" | "LINKS"
            ) =>
        {
            says(Impact::Read, Scope::Resource)
        }
        "CLUSTER" | "SENTINEL" => says(Impact::Disrupt, Scope::Environment),
        "CLIENT" | "MEMORY" | "LATENCY" | "SLOWLOG" | "PUBSUB" => says(Impact::Read, Scope::Resource),
        "SCRIPT" | "FUNCTION" if matches!(second, "FLUSH" | "DELETE" | "KILL") => {
            says(Impact::Destroy, Scope::Resource)
        }
        "SCRIPT" | "FUNCTION" | "MODULE" if matches!(second, "LIST" | "EXISTS" | "DUMP" | "STATS") => {
            says(Impact::Read, Scope::Resource)
        }
        "MODULE" => says(Impact::Execute, Scope::Environment),
        "SCRIPT" | "FUNCTION" => says(Impact::Create, Scope::Resource),
        _ => Effect::new("redis:core:unidentified", Impact::Unknown, Scope::Resource).on(verb),
    }
}

/// `CONFIG SET` of what guards the server is a matter of rights.
fn configure(says: impl Fn(Impact, Scope) -> Effect, verb: &str, name: &str) -> Effect {
    let guards = [
        "REQUIREPASS",
        "MASTERAUTH",
        "PROTECTED-MODE",
        "BIND",
        "DIR",
        "DBFILENAME",
        "ACLFILE",
        "RENAME-COMMAND",
        "ENABLE-DEBUG-COMMAND",
    ];
    match verb {
        "SET" if guards.contains(&name) => {
            says(Impact::Permission, Scope::Resource).with("set", name.to_ascii_lowercase())
        }
        "SET" if matches!(name, "SAVE" | "APPENDONLY") => {
            says(Impact::Disrupt, Scope::Resource).with("set", name.to_ascii_lowercase())
        }
        "SET" | "REWRITE" | "RESETSTAT" => says(Impact::Update, Scope::Resource),
        _ => says(Impact::Read, Scope::Resource),
    }
}
