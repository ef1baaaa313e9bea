//! What runs in containers: `run`, `create`, `exec`.
//!
//! A folder of this machine that a container sees is this machine's: what a command does below it is read as done here.

use serde_json::{Map, Value, json};

use super::engine::{Engine, segment};
use super::entrypoint;
use crate::identify::command::kubernetes::pflag::{self, Given};
use crate::identify::command::{Effect, Input, Invocation, Machine, Part, Scene, Word, wrapper};
use crate::model::{Impact, Scope};

/// Options of `docker run` and `docker create`, podman's and nerdctl's among them.
const RUN: &str = "add-host= annotation= attach/a= blkio-weight= blkio-weight-device= cap-add= cap-drop= cgroup-parent= cgroupns= \
    cgroups= cidfile= cpu-count= cpu-percent= cpu-period= cpu-quota= cpu-rt-period= cpu-rt-runtime= cpu-shares/c= cpus= \
    cpuset-cpus= cpuset-mems= detach/d detach-keys= device= device-cgroup-rule= device-read-bps= device-read-iops= \
    device-write-bps= device-write-iops= disable-content-trust dns= dns-opt= dns-option= dns-search= domainname= entrypoint= \
    env/e= env-file= expose= gpus= group-add= health-cmd= health-interval= health-retries= health-start-interval= \
    health-start-period= health-timeout= hostname/h= init interactive/i ip= ip6= ipc= isolation= kernel-memory= label/l= \
    label-file= link= link-local-ip= log-driver= log-opt= mac-address= memory/m= memory-reservation= memory-swap= \
    memory-swappiness= mount= name= net= net-alias= network= network-alias= no-healthcheck oom-kill-disable oom-score-adj= \
    pid= pids-limit= platform= privileged publish/p= publish-all/P pull= quiet/q read-only restart= rm runtime= \
    security-opt= shm-size= sig-proxy stop-signal= stop-timeout= storage-opt= sysctl= tmpfs= tty/t ulimit= use-api-socket \
    user/u= userns= uts= volume/v= volume-driver= volumes-from= workdir/w= authfile= pod= replace secret= systemd= tz= umask= \
    uidmap= gidmap= rmi http-proxy image-volume= init-path= no-hosts no-hostname preserve-fds= requires= rootfs timeout= \
    tls-verify unsetenv= variant= arch= os= env-host env-merge= passwd passwd-entry= personality= pidfile= read-only-tmpfs \
    sdnotify= hostuser= help";
const EXEC: &str = "detach/d detach-keys= env/e= env-file= interactive/i privileged tty/t user/u= workdir/w= latest/l preserve-fds= \
    cidfile= help";

/// A folder of this machine, or a volume, and where a container sees it.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) writable: bool,
}

/// A command as a container would run it.
pub(super) struct Contained<'e> {
    pub(super) engine: &'e Engine,
    pub(super) name: String,
    pub(super) words: Vec<Word>,
    pub(super) mounts: Vec<Mount>,
    pub(super) folder: Option<String>,
    pub(super) variables: Vec<(String, Word)>,
}

/// Reads one of them.
pub(super) fn read(verb: &str, at: &Invocation, engine: &Engine, rest: &[Word], scene: &mut Scene<'_>) {
    let given = pflag::parse(rest, &[if verb == "exec" { EXEC } else { RUN }], false);
    if given.help || given.on("help") {
        return scene.effect(at, Effect::new(&format!("docker:client:{verb}"), Impact::Read, Scope::Local));
    }
    let words = given.operands.get(1..).unwrap_or_default().to_vec();
    let first = given.operand(0).unwrap_or_default();
    if verb == "exec" {
        let contained =
            Contained { engine, name: first, words, mounts: vec![], folder: None, variables: variables(&given) };
        return contained.exec(at, scene);
    }
    let mounts = mounts(&given, at, scene);
    let name = given.text("name").unwrap_or_else(|| "new".to_owned());
    let path = format!("/containers/create?name={}", segment(&name));
    engine.send(at, scene, ("POST", &path), Some(body(&given, &first, &words, &mounts)));
    if verb == "create" {
        return;
    }
    engine.send(at, scene, ("POST", &format!("/containers/{}/start", segment(&name))), None);
    let words = started(given.word("entrypoint"), &first, words);
    let folder = given.text("workdir");
    Contained { engine, name, words, mounts, folder, variables: variables(&given) }.run(at, scene);
}

/// What a container starts: the entry point, then the arguments.
pub(super) fn started(entry: Option<&Word>, image: &str, words: Vec<Word>) -> Vec<Word> {
    match (entry, entrypoint(image)) {
        (Some(entry), _) if !entry.is("") => std::iter::once(entry.clone()).chain(words).collect(),
        (None, Some(program)) => std::iter::once(Word::known(program)).chain(words).collect(),
        _ => words,
    }
}

/// `-e NAME=VALUE`.
fn variables(given: &Given) -> Vec<(String, Word)> {
    let pair = |word: &Word| {
        let (name, _) = word.leading().split_once('=')?;
        Some((name.to_owned(), pflag::behind(word, name.len() + 1)))
    };
    given.all("env").filter_map(pair).collect()
}

/// What the container sees of this machine.
fn mounts(given: &Given, at: &Invocation, scene: &Scene<'_>) -> Vec<Mount> {
    let mut all = vec![];
    for word in given.all("volume") {
        let shown = word.to_string();
        all.extend(bind(&shown, word.has_unknown(), at, scene));
    }
    for word in given.all("mount") {
        let shown = word.to_string();
        let value = |names: &[&str]| {
            shown.split(',').find_map(|part| {
                part.split_once('=').filter(|(name, _)| names.contains(name)).map(|(_, v)| v.to_owned())
            })
        };
        let source = value(&["source", "src"]);
        if let (Some(source), Some(target)) = (source, value(&["target", "destination", "dst"])) {
            let writable =
                !shown.split(',').any(|part| matches!(part, "readonly" | "ro" | "ro=true" | "readonly=true"));
            let end = if writable { "" } else { ":ro" };
            let source = if value(&["type"]).as_deref() == Some("bind")
                && !source.starts_with(['/', '~', '.'])
                && !word.has_unknown()
            {
                format!("./{source}")
            } else {
                source
            };
            all.extend(bind(&format!("{source}:{target}{end}"), word.has_unknown(), at, scene));
        }
    }
    all
}

/// `SOURCE:TARGET[:OPTIONS]`; a source without a slash is a volume.
pub(super) fn bind(text: &str, unknown: bool, at: &Invocation, scene: &Scene<'_>) -> Option<Mount> {
    let (source, rest) = text.split_once(':')?;
    let (target, options) = rest.split_once(':').unwrap_or((rest, ""));
    let source = if unknown && !source.starts_with('/') {
        "/unknown/mount".to_owned()
    } else if source.starts_with(['/', '.', '~']) {
        let home = scene.around().home().unwrap_or("/unknown");
        let source = source.strip_prefix('~').map_or_else(|| source.to_owned(), |rest| format!("{home}{rest}"));
        clean(at.directory.as_deref().unwrap_or("/unknown"), &source)
    } else {
        format!("/var/lib/docker/volumes/{source}/_data")
    };
    let writable = !options.split(',').any(|option| matches!(option, "ro" | "readonly"));
    Some(Mount { source, target: clean("/", target), writable })
}

/// A path without `.`, `..` and double slashes.
fn clean(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = vec![];
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The body of the container's creation, as far as it decides anything.
fn body(given: &Given, image: &str, words: &[Word], mounts: &[Mount]) -> Value {
    let list = |name: &str| given.all(name).map(|word| json!(word.to_string())).collect::<Vec<_>>();
    let mut host = Map::new();
    let binds = mounts.iter().filter(|mount| !mount.source.starts_with("/var/lib/docker/volumes/"));
    let options = |mount: &Mount| if mount.writable { "" } else { ":ro" };
    let binds: Vec<String> =
        binds.map(|mount| format!("{}:{}{}", mount.source, mount.target, options(mount))).collect();
    host.insert("Binds".to_owned(), json!(binds));
    if given.on("privileged") {
        host.insert("Privileged".to_owned(), json!(true));
    }
    for (option, member) in
        [("cap-add", "CapAdd"), ("security-opt", "SecurityOpt"), ("device-cgroup-rule", "DeviceCgroupRules")]
    {
        if given.has(option) {
            host.insert(member.to_owned(), json!(list(option)));
        }
    }
    for (option, member) in [
        ("pid", "PidMode"),
        ("ipc", "IpcMode"),
        ("userns", "UsernsMode"),
        ("uts", "UTSMode"),
        ("network", "NetworkMode"),
        ("net", "NetworkMode"),
    ] {
        if let Some(word) = given.word(option) {
            host.insert(member.to_owned(), json!(word.to_string()));
        }
    }
    let device = |word: &Word| json!({"PathOnHost": word.to_string().split(':').next().unwrap_or_default()});
    if given.has("device") {
        host.insert("Devices".to_owned(), given.all("device").map(device).collect());
    }
    let command: Vec<String> = words.iter().map(ToString::to_string).collect();
    json!({"Image": image, "Cmd": command, "HostConfig": host})
}

impl Contained<'_> {
    /// Runs in a container that is there.
    pub(super) fn exec(self, at: &Invocation, scene: &mut Scene<'_>) {
        let shell = self.words.first().and_then(Word::text).is_none_or(|first| {
            let bare = matches!(first.rsplit('/').next(), Some("sh" | "bash" | "ash" | "zsh" | "dash" | "fish"));
            let plain = |word: &Word| matches!(word.text().as_deref(), Some("-i" | "-l" | "-il" | "--login"));
            bare && self.words.iter().skip(1).all(plain)
        });
        if self.words.is_empty() || shell && !matches!(at.input, Input::Text(_)) {
            let path = format!("/containers/{}/exec", segment(&self.name));
            return self.engine.send(at, scene, ("POST", &path), Some(json!({})));
        }
        self.run(at, scene);
    }

    /// Reads what runs: in the container, or here where it works on what is this machine's.
    pub(super) fn run(self, at: &Invocation, scene: &mut Scene<'_>) {
        if self.words.is_empty() || self.engine.dry {
            return;
        }
        let inner = Invocation { variables: self.variables.clone(), directory: None, writes: vec![], ..at.clone() };
        let own = self.engine.is_local() && at.machine == Machine::Own;
        let folder = self.folder.as_deref().and_then(|folder| self.here(folder));
        let mapped: Vec<Word> = self.words.iter().map(|word| self.mapped(word)).collect();
        let touches = mapped.iter().zip(&self.words).any(|(mapped, word)| mapped != word);
        if own && (touches || folder.is_some()) {
            let known = folder.filter(|folder| !folder.starts_with("/unknown"));
            let words = mapped
                .into_iter()
                .enumerate()
                .map(|(at, word)| if at == 0 { word } else { self.apart(word) })
                .collect();
            return scene.invocation(&Invocation { words, directory: known, ..inner });
        }
        wrapper::inside(self.words.clone(), self.engine.machine(&self.name), &inner, scene);
    }

    /// What a path of the container is on this machine.
    fn here(&self, path: &str) -> Option<String> {
        let path = clean("/", path);
        let under = |mount: &&Mount| {
            path == mount.target
                || mount.target == "/"
                || path.strip_prefix(&mount.target).is_some_and(|rest| rest.starts_with('/'))
        };
        let mount =
            self.mounts.iter().filter(|mount| mount.writable).filter(under).max_by_key(|mount| mount.target.len())?;
        let rest = path.strip_prefix(mount.target.trim_end_matches('/')).unwrap_or_default();
        Some(format!("{}{rest}", mount.source.trim_end_matches('/')))
            .map(|path| if path.is_empty() { "/".to_owned() } else { path })
    }

    /// A word in which paths of mounts are those of this machine; scripts too.
    fn mapped(&self, word: &Word) -> Word {
        let part = |part: &Part| match part {
            Part::Text(text) => Part::Text(self.text(text)),
            Part::Glob(text) => Part::Glob(self.text(text)),
            other => other.clone(),
        };
        Word { parts: word.parts.iter().map(part).collect() }
    }

    fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = ' ';
        while let Some(next) = rest.chars().next() {
            // A path begins where no name goes on.
            let begins = next == '/' && !(before.is_alphanumeric() || "/._-:~".contains(before));
            let end = rest.find(|c: char| c.is_whitespace() || "'\"`;|&<>()$*?{}=,".contains(c)).unwrap_or(rest.len());
            let path = rest.get(..end).unwrap_or_default();
            if begins && let Some(here) = self.here(path) {
                out.push_str(&here);
                if path.ends_with('/') && path.len() > 1 && !here.ends_with('/') {
                    out.push('/');
                }
                rest = rest.get(end..).unwrap_or_default();
                before = 'x';
                continue;
            }
            out.push(next);
            before = next;
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
        out
    }

    /// A path that is the container's own, out of the way of this machine's.
    fn apart(&self, word: Word) -> Word {
        let is_here = |text: &str| self.mounts.iter().any(|mount| text.starts_with(mount.source.as_str()));
        match word.parts.first() {
            Some(Part::Text(text))
                if text.starts_with('/') && !is_here(text) && !text.contains(char::is_whitespace) =>
            {
                let mut parts = word.parts.clone();
                if let Some(Part::Text(first)) = parts.first_mut() {
                    *first = format!("/tmp/container{first}");
                }
                Word { parts }
            }
            _ => word,
        }
    }
}
