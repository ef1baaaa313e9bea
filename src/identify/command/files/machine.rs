//! The machine itself: services, processes, disks, packages, users, the firewall.

use super::super::face::Reader;
use super::super::{Effect, Input, Invocation, Machine, Scene, Word};
use super::delete::reads;
use super::disk;
use super::options::{Given, options};
use super::standing::{Reach, standing};
use crate::model::{Count, Hazard, Impact, Scope};

/// The programs that are read here.
pub(in crate::identify::command) const FACES: &[(&str, Reader)] = &[
    ("systemctl", systemctl),
    ("service", service),
    ("rc-service", service),
    ("launchctl", launchctl),
    ("kill", kill),
    ("pkill", pkill),
    ("killall", pkill),
    ("xkill", pkill),
    ("shutdown", power),
    ("reboot", power),
    ("halt", power),
    ("poweroff", power),
    ("init", power),
    ("telinit", power),
    ("at", at_),
    ("batch", at_),
    ("mkfs", disk::format),
    ("mke2fs", disk::format),
    ("mkfs.ext2", disk::format),
    ("mkfs.ext3", disk::format),
    ("mkfs.ext4", disk::format),
    ("mkfs.xfs", disk::format),
    ("mkfs.btrfs", disk::format),
    ("mkfs.vfat", disk::format),
    ("mkfs.fat", disk::format),
    ("mkfs.ntfs", disk::format),
    ("mkfs.exfat", disk::format),
    ("mkfs.f2fs", disk::format),
    ("mkntfs", disk::format),
    ("mkdosfs", disk::format),
    ("mkswap", disk::format),
    ("newfs", disk::format),
    ("fdisk", disk::disk),
    ("sfdisk", disk::disk),
    ("gdisk", disk::disk),
    ("sgdisk", disk::disk),
    ("cfdisk", disk::disk),
    ("parted", disk::disk),
    ("wipefs", disk::disk),
    ("blkdiscard", disk::disk),
    ("hdparm", disk::disk),
    ("badblocks", disk::disk),
    ("cryptsetup", disk::volumes),
    ("lvremove", disk::volumes),
    ("vgremove", disk::volumes),
    ("pvremove", disk::volumes),
    ("lvreduce", disk::volumes),
    ("mdadm", disk::volumes),
    ("zfs", disk::volumes),
    ("zpool", disk::volumes),
    ("btrfs", disk::volumes),
    ("diskutil", disk::volumes),
    ("mount", mount),
    ("umount", mount),
    ("swapoff", settings),
    ("iptables", settings),
    ("ip6tables", settings),
    ("nft", settings),
    ("ufw", settings),
    ("firewall-cmd", settings),
    ("ip", settings),
    ("ifconfig", settings),
    ("route", settings),
    ("sysctl", settings),
    ("modprobe", settings),
    ("rmmod", settings),
    ("insmod", settings),
    ("setenforce", settings),
    ("hostnamectl", settings),
    ("hostname", settings),
    ("timedatectl", settings),
    ("loginctl", settings),
    ("journalctl", settings),
    ("dmesg", settings),
    ("auditctl", settings),
    ("update-alternatives", settings),
    ("useradd", users),
    ("adduser", users),
    ("usermod", users),
    ("userdel", users),
    ("deluser", users),
    ("groupadd", users),
    ("groupmod", users),
    ("groupdel", users),
    ("gpasswd", users),
    ("passwd", users),
    ("chpasswd", users),
    ("visudo", users),
    ("vipw", users),
    ("chsh", users),
    ("chage", users),
    ("apt", packages),
    ("apt-get", packages),
    ("aptitude", packages),
    ("dpkg", packages),
    ("dnf", packages),
    ("yum", packages),
    ("rpm", packages),
    ("zypper", packages),
    ("apk", packages),
    ("pacman", packages),
    ("brew", packages),
    ("port", packages),
    ("snap", packages),
    ("flatpak", packages),
    ("apt-cache", plain),
    ("dpkg-query", plain),
    ("dpkg-deb", plain),
    ("apt-mark", plain),
    ("apt-file", plain),
];

fn plain(at: &Invocation, scene: &mut Scene<'_>) {
    reads(at, scene);
}

/// An effect on the machine that the command runs on.
pub(super) fn machine(what: &str, impact: Impact, at: &Invocation, scene: &mut Scene<'_>) {
    scene.effect(at, Effect::new(&format!("shell:system:{what}"), impact, Scope::Resource).on(at.shown()));
}

/// Whether a word speaks of the guard.
fn is_guard(words: &[Word]) -> bool {
    words.iter().any(|word| word.to_string().contains("blastgate"))
}

/// What stops the guard, whatever else it does.
fn stops_guard(at: &Invocation, scene: &mut Scene<'_>) -> bool {
    let stops = at.machine == Machine::Own && is_guard(at.arguments());
    if stops {
        let effect = Effect::new("shell:system:guard", Impact::Disrupt, Scope::Resource).hazard(Hazard::GuardTamper);
        scene.effect(at, effect.on(at.shown()));
    }
    stops
}

/// Plain words before options.
fn verb(given: &Given) -> String {
    given.operands.first().map(ToString::to_string).unwrap_or_default()
}

/// `systemctl`.
fn systemctl(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "t/type= state= p/property= P= a/all r/recursive reverse after before l/full value show-types job-mode= T dry-run \
         fail check-inhibitors= i kill-whom= kill-value= s/signal= what= now no-block wait user system failed no-wall global \
         no-reload no-ask-password f/force preset-mode= root= runtime n/lines= o/output= firmware-setup plain timestamp= \
         read-only mkdir legend=? no-legend no-pager H/host= M/machine= C/capsule= q/quiet h/help version message=",
    );
    let far = given.value("host").map(|host| {
        let name = host.to_string();
        Invocation { machine: Machine::Remote(name.rsplit('@').next().unwrap_or(&name).to_owned()), ..at.clone() }
    });
    let at = far.as_ref().unwrap_or(at);
    let verb = verb(&given);
    if given.any(&["help", "version"]) || given.operands.is_empty() {
        return reads(at, scene);
    }
    match verb.as_str() {
        "status" | "show" | "cat" | "list-units" | "list-unit-files" | "list-timers" | "list-sockets"
        | "list-dependencies" | "list-jobs" | "list-paths" | "list-machines" | "is-active" | "is-enabled"
        | "is-failed" | "is-system-running" | "get-default" | "help" | "show-environment" | "log-level" | "whoami"
        | "list-automounts" => reads(at, scene),
        _ if given.has("dry-run") => reads(at, scene),
        "stop" | "disable" | "mask" | "kill" | "restart" | "try-restart" | "reload-or-restart" | "isolate" | "edit"
        | "revert" | "clean" | "freeze"
            if stops_guard(at, scene) => {}
        "start" | "reload" | "daemon-reload" | "daemon-reexec" | "reset-failed" | "enable" | "unmask" | "thaw"
        | "preset" | "reenable" | "link" | "add-wants" | "set-environment" | "import-environment"
        | "unset-environment" => {
            machine("service_start", Impact::Update, at, scene);
        }
        "poweroff" | "reboot" | "halt" | "kexec" | "soft-reboot" | "suspend" | "hibernate" | "rescue" | "emergency"
        | "exit" | "switch-root" | "isolate" | "default" | "set-default" => {
            machine("shutdown", Impact::Disrupt, at, scene)
        }
        "edit" | "set-property" | "revert" | "clean" => machine("settings", Impact::Disrupt, at, scene),
        _ if given.operands.first().is_some_and(Word::has_unknown) => scene.unknown(at, "what it is told is not known"),
        _ => machine("service_stop", Impact::Disrupt, at, scene),
    }
}

/// `service NAME start|stop|status`.
fn service(at: &Invocation, scene: &mut Scene<'_>) {
    let words: Vec<String> = at.arguments().iter().map(ToString::to_string).collect();
    match words.get(1).map(String::as_str) {
        None | Some("status") => reads(at, scene),
        Some("start" | "reload") => machine("service_start", Impact::Update, at, scene),
        _ if stops_guard(at, scene) => {}
        _ => machine("service_stop", Impact::Disrupt, at, scene),
    }
}

/// `launchctl` of macOS.
fn launchctl(at: &Invocation, scene: &mut Scene<'_>) {
    match at.arguments().first().map(ToString::to_string).as_deref() {
        None | Some("list" | "print" | "print-disabled" | "blame" | "help" | "version" | "getenv" | "managername") => {
            reads(at, scene)
        }
        Some("start" | "kickstart" | "load" | "bootstrap" | "enable" | "setenv") => {
            machine("service_start", Impact::Update, at, scene)
        }
        _ if stops_guard(at, scene) => {}
        Some("reboot") => machine("shutdown", Impact::Disrupt, at, scene),
        _ => machine("service_stop", Impact::Disrupt, at, scene),
    }
}

/// `kill [-SIGNAL] PID…`; `-1` as a process is every one.
fn kill(at: &Invocation, scene: &mut Scene<'_>) {
    let words = at.arguments();
    let first = words.first().map(ToString::to_string).unwrap_or_default();
    let signal = match first.as_str() {
        "-l" | "-L" | "--list" | "--table" | "--help" => return reads(at, scene),
        "-s" | "-n" | "--signal" => 2,
        "--" => 0,
        text if text.starts_with('-') && words.len() > 1 => 1,
        _ => 0,
    };
    let asked = words.get(..signal.min(words.len())).unwrap_or_default();
    if asked.last().is_some_and(|word| word.is("-0") || word.is("0")) {
        return reads(at, scene);
    }
    if stops_guard(at, scene) {
        return;
    }
    let every = |word: &Word| word.is("-1") || word.is("1");
    let everything = words.get(signal..).unwrap_or_default().iter().any(every);
    stopped(everything, at, scene);
}

/// Processes are ended.
fn stopped(everything: bool, at: &Invocation, scene: &mut Scene<'_>) {
    let (what, scope) = if everything { ("kill_all", Scope::Resource) } else { ("kill", Scope::Local) };
    let count = if everything { Count::Unbounded } else { Count::ONE };
    scene.effect(at, Effect::new(&format!("shell:system:{what}"), Impact::Disrupt, scope).on(at.shown()).count(count));
}

/// `pkill PATTERN`, `killall NAME`.
fn pkill(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "f/full x/exact n/newest o/oldest v/inverse i/ignore-case e/echo c/count l/list u/euid/user= U/uid= G/group= g/pgroup= P/parent= \
         s/session= t/terminal= F/pidfile= signal= 9 w/wait I/interactive q/quiet r/regexp Z= V/version help y O= d=",
    );
    if given.any(&["list", "version", "help"]) || given.has("0") {
        return reads(at, scene);
    }
    if stops_guard(at, scene) {
        return;
    }
    let wide = |word: &Word| matches!(word.to_string().as_str(), "." | ".*" | "");
    let everything = given.has("inverse")
        || given.operands.iter().any(wide)
        || given.operands.is_empty() && given.any(&["user", "uid"]);
    stopped(everything, at, scene);
}

/// Switches the machine off or over.
fn power(at: &Invocation, scene: &mut Scene<'_>) {
    let words: Vec<String> = at.arguments().iter().map(ToString::to_string).collect();
    if words
        .iter()
        .any(|word| matches!(word.as_str(), "-c" | "--show" | "--help" | "-k" | "--version" | "-w" | "--wtmp-only"))
    {
        return reads(at, scene);
    }
    machine("shutdown", Impact::Disrupt, at, scene);
}

/// `at TIME`: runs what it reads, later.
fn at_(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), "V q= m M l c v t= f= b d r");
    if given.any(&["V", "l", "c"]) {
        return reads(at, scene);
    }
    match &at.input {
        Input::Text(text) => {
            let text = text.clone();
            scene.script(&text, super::super::Shell::Posix, at);
        }
        _ => scene.unknown(at, "what it will run is not known"),
    }
}

/// `mount`, `umount`.
fn mount(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "t/types= o/options= a/all f/fake n l/lazy show-labels r/read-only w/rw v/verbose B/bind R/rbind M/move L/label= U/uuid= source= target= \
         T/fstab= h/help V/version d R/recursive q/quiet c",
    );
    if given.any(&["help", "version"])
        || given.operands.is_empty() && !given.has("all") && given.value("target").is_none()
    {
        return reads(at, scene);
    }
    if at.program().as_deref() == Some("mount")
        && let Some(point) = given.value("target").or_else(|| given.operands.last())
    {
        let it = standing(point, at, Reach::default(), scene);
        scene.remember("mount", it.path, "");
    }
    machine("mount", Impact::Disrupt, at, scene);
}

/// Settings of the kernel, the network, the log.
fn settings(at: &Invocation, scene: &mut Scene<'_>) {
    let program = at.program().unwrap_or_default();
    let words: Vec<String> = at.arguments().iter().map(ToString::to_string).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let starts = |wanted: &str| words.iter().any(|word| word.starts_with(wanted));
    let first = words.iter().find(|word| !word.starts_with('-')).map(String::as_str).unwrap_or_default();
    let only_reads = match program.as_str() {
        _ if words.is_empty() || has(&["--help", "--version"]) => true,
        "iptables" | "ip6tables" => {
            has(&["-L", "-S", "-C", "--list", "--list-rules", "--check"])
                || words.iter().any(|word| word.starts_with("-n") && word.contains('L'))
                || starts("-L")
                || starts("-nL")
                || starts("-vnL")
        }
        "nft" => first == "list" || has(&["-c", "--check"]),
        "ufw" => first == "status" || first == "show" || has(&["--dry-run", "version"]),
        "firewall-cmd" => starts("--list") || starts("--get") || starts("--query") || has(&["--state"]),
        "ip" => !has(&["add", "del", "delete", "set", "flush", "replace", "change", "append"]),
        "ifconfig" => words.iter().filter(|word| !word.starts_with('-')).count() <= 1,
        "route" => !has(&["add", "del", "delete", "flush", "change"]),
        "sysctl" => {
            !(has(&["-w", "--write", "-p", "--load", "--system"]) || words.iter().any(|word| word.contains('=')))
        }
        "modprobe" => has(&["-n", "--dry-run", "--show-depends", "-D", "-c", "--showconfig"]),
        "hostnamectl" => first.is_empty() || first == "status",
        "hostname" => words.iter().all(|word| word.starts_with('-')),
        "timedatectl" => !first.starts_with("set"),
        "loginctl" => !has(&["terminate-session", "terminate-user", "kill-session", "kill-user", "terminate-seat"]),
        "journalctl" => !(starts("--vacuum") || has(&["--rotate"])),
        "dmesg" => !has(&["-C", "--clear", "-c", "--read-clear", "-D", "--console-off"]),
        "auditctl" => has(&["-l", "-s"]),
        "update-alternatives" => starts("--list") || starts("--display") || starts("--get") || starts("--query"),
        _ => false,
    };
    if only_reads {
        return reads(at, scene);
    }
    let log = matches!(program.as_str(), "journalctl" | "dmesg" | "auditctl");
    let effect = if log {
        Effect::new("shell:system:log_delete", Impact::Destroy, Scope::Resource).hazard(Hazard::DataLoss)
    } else {
        Effect::new("shell:system:settings", Impact::Disrupt, Scope::Resource)
    };
    scene.effect(at, effect.on(at.shown()));
}

/// Who may log in, and as whom.
fn users(at: &Invocation, scene: &mut Scene<'_>) {
    let words = at.arguments();
    let asks = |word: &Word| ["-S", "--status", "--help", "-l", "-c", "--check"].iter().any(|option| word.is(option));
    let program = at.program().unwrap_or_default();
    if matches!(program.as_str(), "passwd" | "visudo" | "chage") && words.iter().any(asks) {
        return reads(at, scene);
    }
    let deletes = matches!(program.as_str(), "userdel" | "deluser");
    let impact = if deletes { Impact::Destroy } else { Impact::Permission };
    scene.effect(at, Effect::new("shell:system:users", impact, Scope::Resource).on(at.shown()));
}

/// Installing is what agents do; what takes the machine's own programs away stays on the machine as well.
fn packages(at: &Invocation, scene: &mut Scene<'_>) {
    if is_guard(at.arguments())
        && at.arguments().iter().any(|word| {
            ["remove", "purge", "uninstall", "-r", "-R", "-e", "--remove", "erase", "delete"]
                .iter()
                .any(|verb| word.is(verb))
        })
    {
        stops_guard(at, scene);
        return;
    }
    let words: Vec<String> = at.arguments().iter().map(ToString::to_string).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let of = |what: &str, impact| Effect::new(&format!("shell:package:{what}"), impact, Scope::Local);
    let first = words.iter().find(|word| !word.starts_with('-')).map(String::as_str).unwrap_or_default();
    let short = words
        .iter()
        .find(|word| word.starts_with('-') && !word.starts_with("--"))
        .map(String::as_str)
        .unwrap_or_default();
    let simulates = has(&[
        "-s",
        "--simulate",
        "--dry-run",
        "--just-print",
        "--no-act",
        "-n",
        "--download-only",
        "--help",
        "--version",
    ]);
    let effect = match first {
        _ if simulates => of("list", Impact::Read),
        "install" | "add" | "reinstall" | "upgrade" | "dist-upgrade" | "full-upgrade" | "update" | "refresh" | "in"
        | "up" | "tap" | "build-dep" => of("install", Impact::Create),
        "remove" | "purge" | "autoremove" | "uninstall" | "rm" | "erase" | "delete" | "del" | "autopurge" => {
            of("remove", Impact::Destroy)
        }
        "services" if has(&["stop", "restart", "kill"]) => of("service_stop", Impact::Disrupt),
        _ if short.starts_with("-S") && !short.starts_with("-Ss") && !short.starts_with("-Si") => {
            of("install", Impact::Create)
        }
        _ if short.starts_with("-i") || short.starts_with("-U") => of("install", Impact::Create),
        _ if short.starts_with("-r") || short.starts_with("-R") || short.starts_with("-P") || short == "-e" => {
            of("remove", Impact::Destroy)
        }
        "" | "list" | "search" | "show" | "info" | "policy" | "depends" | "rdepends" | "outdated" | "config"
        | "doctor" | "deps" | "desc" | "leaves" | "cat" | "home" | "shellenv" | "find" | "changes" | "check"
        | "provides" | "repolist" | "history" | "madison" | "moo" => of("list", Impact::Read),
        _ => of("change", Impact::Update),
    };
    scene.effect(at, effect.on(at.shown()));
}
