//! Disks, partitions, volumes: what holds everything else.

use super::super::{Effect, Invocation, Scene, Word};
use super::delete::reads;
use super::machine::machine;
use super::standing::{Reach, Where, standing};
use crate::model::{Hazard, Impact, Scope};

/// Whether disks are meant; a file is only a file.
fn disks<'a>(words: impl Iterator<Item = &'a Word>, at: &Invocation, scene: &Scene<'_>) -> Vec<(String, bool)> {
    let named =
        words.filter(|word| !word.leading().starts_with('-')).map(|word| standing(word, at, Reach::default(), scene));
    named
        .filter(|it| it.path.contains('/'))
        .map(|it| (it.path.clone(), !it.place.is_own() || it.place == Where::Device))
        .collect()
}

/// A file system is made over what a disk holds.
pub(super) fn format(at: &Invocation, scene: &mut Scene<'_>) {
    let program = at.program().unwrap_or_default();
    let dry: &[&str] = match program.as_str() {
        "mkfs.xfs" => &["-N"],
        "mkfs.btrfs" | "mkswap" | "mkfs.vfat" | "mkfs.fat" | "mkdosfs" => &[],
        "mkfs" => &["-V"],
        _ => &["-n"],
    };
    let words = at.arguments();
    let asks = |word: &Word| word.is("--help") || word.is("-V") || dry.iter().any(|option| word.is(option));
    if words.is_empty() || words.iter().any(asks) {
        return reads(at, scene);
    }
    erased(disks(words.iter(), at, scene), "shell:disk:format", at, scene);
}

/// What a disk holds is gone; a file that is used as one may be made again.
fn erased(targets: Vec<(String, bool)>, operation: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let lost = targets.is_empty() || targets.iter().any(|(_, disk)| *disk);
    let scope = if lost { Scope::Resource } else { Scope::Local };
    let mut effect = Effect::new(operation, Impact::Destroy, scope);
    for (path, _) in targets {
        effect = effect.on(path);
    }
    scene.effect(at, if lost { effect.hazard(Hazard::DataLoss) } else { effect });
}

/// Tables of partitions and signatures.
pub(super) fn disk(at: &Invocation, scene: &mut Scene<'_>) {
    let program = at.program().unwrap_or_default();
    let words = at.arguments();
    let has = |options: &[&str]| words.iter().any(|word| options.iter().any(|option| word.is(option)));
    let short = |letter: char| {
        words.iter().any(|word| {
            word.leading().starts_with('-') && !word.leading().starts_with("--") && word.leading().contains(letter)
        })
    };
    let only_reads = match program.as_str() {
        "fdisk" => has(&["-l", "--list", "-s", "--getsz", "-x", "--list-details", "-v", "--version", "--help"]),
        "sfdisk" => has(&[
            "-l",
            "--list",
            "-d",
            "--dump",
            "-J",
            "--json",
            "-s",
            "-V",
            "--verify",
            "-n",
            "--no-act",
            "-F",
            "--list-free",
            "--help",
        ]),
        "sgdisk" | "gdisk" => {
            !words.is_empty()
                && has(&[
                    "-p",
                    "--print",
                    "-i",
                    "--info",
                    "-v",
                    "--verify",
                    "-l",
                    "-P",
                    "--pretend",
                    "--help",
                    "-O",
                    "--print-mbr",
                    "-b",
                    "--backup",
                ])
                && !has(&["-Z", "-z", "--zap-all", "--zap", "-o", "--clear", "-d"])
        }
        "parted" => {
            has(&["-l", "--list", "print", "p", "unit", "--help", "-v", "--version"])
                && !has(&["mklabel", "mktable", "rm", "mkpart", "resizepart", "set"])
        }
        "wipefs" => {
            !(has(&["--all", "-o", "--offset"]) || short('a') || short('o'))
                || has(&["--no-act", "--help"])
                || short('n')
        }
        "hdparm" => !words.iter().any(|word| {
            word.leading().starts_with("--security")
                || word.leading().starts_with("--trim")
                || word.leading().starts_with("--write")
        }),
        "badblocks" => !short('w'),
        _ => words.is_empty() || has(&["--help"]),
    };
    if only_reads {
        return reads(at, scene);
    }
    erased(disks(words.iter(), at, scene), "shell:disk:partition", at, scene);
}

/// Volume managers and file systems that hold others.
pub(super) fn volumes(at: &Invocation, scene: &mut Scene<'_>) {
    let program = at.program().unwrap_or_default();
    let words: Vec<String> = at.arguments().iter().map(ToString::to_string).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let first = words.iter().find(|word| !word.starts_with('-')).map(String::as_str).unwrap_or_default();
    let short = |letter: char| {
        words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    let impact = match (program.as_str(), first) {
        _ if has(&["--help", "--version", "help"]) => Impact::Read,
        ("lvremove" | "vgremove" | "pvremove" | "lvreduce", _) if has(&["-t", "--test"]) => Impact::Read,
        ("lvremove" | "vgremove" | "pvremove" | "lvreduce", _) => Impact::Destroy,
        (
            "cryptsetup",
            "luksErase" | "erase" | "luksFormat" | "luksKillSlot" | "luksRemoveKey" | "reencrypt" | "luksHeaderRestore",
        ) => Impact::Destroy,
        ("cryptsetup", "luksDump" | "status" | "isLuks" | "luksUUID" | "benchmark") => Impact::Read,
        ("zfs", "destroy" | "rollback") if short('n') => Impact::Read,
        ("zfs", "destroy" | "rollback" | "receive" | "recv") | ("zpool", "destroy" | "labelclear" | "create") => {
            Impact::Destroy
        }
        ("zfs", "list" | "get" | "diff" | "holds" | "send" | "userspace")
        | ("zpool", "list" | "status" | "get" | "iostat" | "history" | "events") => Impact::Read,
        ("btrfs", "subvolume" | "sub" | "device" | "filesystem" | "fi") if has(&["delete", "del", "remove"]) => {
            Impact::Destroy
        }
        ("btrfs", _) if has(&["list", "show", "df", "usage", "status", "stats"]) => Impact::Read,
        ("mdadm", _) if has(&["--zero-superblock", "--create", "-C", "--remove", "--stop", "-S", "--fail"]) => {
            Impact::Destroy
        }
        ("mdadm", _) if has(&["--detail", "-D", "--examine", "-E", "--query", "-Q"]) => Impact::Read,
        ("diskutil", "list" | "info" | "activity" | "verifyVolume" | "verifyDisk" | "listFilesystems") => Impact::Read,
        ("diskutil", verb)
            if verb.starts_with("erase")
                || verb.starts_with("partition")
                || matches!(
                    verb,
                    "zeroDisk" | "randomDisk" | "secureErase" | "reformat" | "mergePartitions" | "splitPartition"
                ) =>
        {
            Impact::Destroy
        }
        ("diskutil", "apfs" | "cs" | "coreStorage")
            if words.iter().any(|word| word.to_lowercase().contains("delete") || word.contains("erase")) =>
        {
            Impact::Destroy
        }
        ("diskutil", "apfs" | "cs") if has(&["list"]) => Impact::Read,
        ("zfs" | "zpool" | "btrfs", "") => Impact::Read,
        ("zfs", "snapshot" | "snap" | "create" | "clone") => Impact::Create,
        _ => Impact::Disrupt,
    };
    match impact {
        Impact::Read => reads(at, scene),
        Impact::Create => machine("volume", Impact::Create, at, scene),
        Impact::Destroy => {
            let effect =
                Effect::new("shell:disk:volume_delete", Impact::Destroy, Scope::Resource).hazard(Hazard::DataLoss);
            scene.effect(at, effect.on(at.shown()));
        }
        other => machine("volume_change", other, at, scene),
    }
}
