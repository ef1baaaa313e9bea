//! Programs that only read, or whose few options that write are known.

use super::super::face::Reader;
use super::super::{Effect, Input, Invocation, Scene, Word};
use super::change::{Writing, write};
use super::options::options;
use super::standing::{Reach, standing};
use crate::model::{Hazard, Impact, Scope};

/// A list of programs with one reader.
macro_rules! with {
    ($($reader:path: $($name:literal)+;)+) => { &[$($(($name, $reader as Reader),)+)+] };
}

/// The programs that are read here.
pub(in crate::identify::command) const FACES: &[(&str, Reader)] = with! {
    plain:
        "cat" "tac" "nl" "head" "tail" "more" "ls" "dir" "vdir" "exa" "eza" "lsd" "ncdu" "dust" "duf" "stat" "du" "df" "realpath"
        "readlink" "basename" "dirname" "md5sum" "sha1sum" "sha224sum" "sha256sum" "sha384sum" "sha512sum" "shasum" "b2sum" "cksum"
        "sum" "md5" "od" "hexdump" "strings" "nm" "objdump" "readelf" "otool" "ldd" "size" "column" "rev" "tr" "comm" "join" "paste"
        "fold" "fmt" "expand" "unexpand" "pr" "wc" "diff" "sdiff" "diff3" "cmp" "colordiff" "delta" "grep" "egrep" "fgrep" "zgrep"
        "ugrep" "ack" "jq" "gron" "cut" "numfmt" "factor" "bc" "dc" "expr" "tsort" "shuf" "seq" "yes" "true" "false" "test" "["
        "echo" "printf" "pwd" "tput" "clear" "reset" "tty" "locale" "getconf" "getent" "whoami" "id" "groups" "users" "who" "w" "last"
        "lastlog" "finger" "uname" "arch" "nproc" "uptime" "free" "vmstat" "iostat" "mpstat" "sar" "lsblk" "blkid" "lspci" "lsusb"
        "lscpu" "lsmem" "lshw" "dmidecode" "lsof" "fuser" "pgrep" "pidof" "ps" "pstree" "top" "htop" "btop" "atop" "iotop" "sleep"
        "usleep" "date" "cal" "ncal" "which" "whereis" "whatis" "apropos" "man" "info" "tldr" "help" "type" "locate" "mdfind" "zcat"
        "bzcat" "xzcat" "zstdcat" "gzcat" "zless" "zmore" "zdiff" "lzcat" "zipinfo" "funzip" "cloc" "tokei" "scc" "loc" "netstat" "ss" "ping" "ping6"
        "traceroute" "tracepath" "mtr" "dig" "host" "nslookup" "whois" "arp" "lsns" "lsmod" "modinfo" "sw_vers" "system_profiler"
        "file" "printenv" "wait" "fc" "history" "jobs" "ulimit" "umask" "times" "getopts" "let" "hash" "hostid" "logname" "pathchk"
        "lsattr" "getfacl" "getfattr" "mountpoint" "findmnt" "swapon" "lvs" "pvs" "vgs" "lvdisplay" "pvdisplay" "vgdisplay" "errno"
        "pdftotext" "exiftool" "identify" "ffprobe" "mediainfo" "xmllint" "tidy" "ccze" "glow" "mdcat" "pygmentize" "highlight" "cowsay"
        "figlet" "say" "look" "spell" "aspell" "vipe" "pv" "ts" "csvlook" "csvcut" "csvgrep" "csvstat" "xsv" "mlr" "jless" "fx" "dasel"
        "hexyl" "procs" "bandwhich" "gping" "dog" "drill" "nproc" "sysctl-list" "pbpaste" "pbcopy" "xclip" "wl-copy" "wl-paste";
    less: "less" "bat" "batcat" "most";
    sort: "sort" "gsort";
    uniq: "uniq";
    output: "tree" "iconv" "base64" "base32" "uuencode" "uudecode" "gpg-list";
    xxd: "xxd";
    yq: "yq";
    rg: "rg" "ag" "ripgrep";
};

/// Reads what its words name.
pub(super) fn plain(at: &Invocation, scene: &mut Scene<'_>) {
    let program = at.program().unwrap_or_default();
    let mut effect = Effect::new(&format!("shell:exec:{program}"), Impact::Read, Scope::Local);
    if prints(&program) {
        return scene.effect(at, effect);
    }
    let file = match &at.input {
        Input::File(word) => Some(word),
        _ => None,
    };
    for word in at.arguments().iter().filter(|word| !word.leading().starts_with('-')).chain(file) {
        let it = standing(word, at, Reach::default(), scene);
        if it.secret {
            effect = effect.hazard(Hazard::SecretRead).on(it.path);
        }
    }
    if at.program().as_deref() == Some("date")
        && at.arguments().iter().any(|word| word.is("-s") || word.leading().starts_with("--set"))
    {
        effect = Effect::new("shell:system:settings", Impact::Disrupt, Scope::Resource);
    }
    scene.effect(at, effect);
}

/// Their words are no names of files, or only names.
fn prints(program: &str) -> bool {
    matches!(
        program,
        "echo"
            | "printf"
            | "ls"
            | "stat"
            | "du"
            | "test"
            | "["
            | "basename"
            | "dirname"
            | "realpath"
            | "readlink"
            | "file"
            | "man"
            | "which"
            | "type"
            | "whereis"
            | "tree"
            | "wc"
            | "seq"
            | "expr"
            | "pgrep"
    )
}

/// `less` keeps a log of its input with `-o`; `bat` pages.
fn less(at: &Invocation, scene: &mut Scene<'_>) {
    plain(at, scene);
    let mut words = at.arguments().iter();
    while let Some(word) = words.next() {
        let joined = word.leading().strip_prefix("--log-file=").or_else(|| word.leading().strip_prefix("--LOG-FILE="));
        let file = match joined {
            Some(file) => Some(Word::known(file)),
            None if at.program().as_deref() == Some("less") && (word.is("-o") || word.is("-O")) => {
                words.next().cloned()
            }
            None => None,
        };
        if let Some(file) = file {
            write(&file, Writing::Replace, at, scene);
        }
        if let Some(pager) = word.leading().strip_prefix("--pager=") {
            scene.script(pager, super::super::Shell::Posix, at);
        }
    }
}

/// `sort -o FILE`.
fn sort(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "b/ignore-leading-blanks d/dictionary-order f/ignore-case g i M h/human-numeric-sort n/numeric-sort R/random-sort \
         random-source= r/reverse sort= V/version-sort batch-size= c/check=? C compress-program= debug files0-from= k/key= m/merge \
         o/output= s/stable S/buffer-size= t/field-separator= T/temporary-directory= parallel= u/unique z/zero-terminated help version",
    );
    plain(at, scene);
    if let Some(program) = given.value("compress-program") {
        scene.invocation(&at.with_words(vec![program.clone()]));
    }
    given.values("output").for_each(|word| write(word, Writing::Replace, at, scene));
}

/// `uniq [IN [OUT]]`.
fn uniq(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(
        at.arguments(),
        "c/count d/repeated D all-repeated=? f/skip-fields= group=? i/ignore-case s/skip-chars= u/unique z w/check-chars= help version",
    );
    plain(at, scene);
    given.operands.get(1).into_iter().for_each(|word| write(word, Writing::Replace, at, scene));
}

/// `-o FILE`, `--output=FILE`.
fn output(at: &Invocation, scene: &mut Scene<'_>) {
    plain(at, scene);
    let mut words = at.arguments().iter();
    while let Some(word) = words.next() {
        if word.is("-o") || word.is("--output") {
            words.next().into_iter().for_each(|file| write(file, Writing::Replace, at, scene));
        } else if word.leading().starts_with("--output=") {
            write(&super::without(word, "--output=".len()), Writing::Replace, at, scene);
        }
    }
}

/// `xxd [IN [OUT]]`.
fn xxd(at: &Invocation, scene: &mut Scene<'_>) {
    let given = options(at.arguments(), "a b c= C d e E g= h i l= n= o= p ps postscript r plain R= s= u v");
    plain(at, scene);
    given.operands.get(1).into_iter().for_each(|word| write(word, Writing::Replace, at, scene));
}

/// `yq -i`.
fn yq(at: &Invocation, scene: &mut Scene<'_>) {
    plain(at, scene);
    let in_place = |word: &Word| {
        word.is("--inplace")
            || word.is("--in-place")
            || word.leading().starts_with('-') && !word.leading().starts_with("--") && word.leading().contains('i')
    };
    if at.arguments().iter().any(in_place) {
        let files = at.arguments().iter().filter(|word| !word.leading().starts_with('-')).skip(1);
        files.for_each(|word| write(word, Writing::Replace, at, scene));
    }
}

/// `rg --pre COMMAND`.
fn rg(at: &Invocation, scene: &mut Scene<'_>) {
    plain(at, scene);
    let mut words = at.arguments().iter();
    while let Some(word) = words.next() {
        let command = if word.is("--pre") || word.is("--hostname-bin") {
            words.next().cloned()
        } else {
            word.leading().strip_prefix("--pre=").map(Word::known)
        };
        if let Some(command) = command {
            scene.invocation(&at.with_words(vec![command]));
        }
    }
}
