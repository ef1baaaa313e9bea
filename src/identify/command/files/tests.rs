//! What commands on files and on the machine mean, one simple command each.

use super::path::Step;
use super::*;
use crate::identify::command::tests::{actions_in, said, said_in, stated};
use crate::identify::command::{Machine, Part, RealKind, Stated, Word};
use crate::model::Hazard;

fn check(command: &str, expected: &str) {
    assert_eq!(said(command), expected, "{command}");
}

/// What is done by words that a shell has expanded as far as it could.
fn done(words: Vec<Word>, around: &Stated) -> String {
    let mut scene = Scene::new(around);
    scene.invocation(&Invocation { words, ..Invocation::bare(around) });
    let heard = scene.finish().unwrap();
    let actions = crate::classify::classify(
        heard.identified,
        &crate::config::Inventory::default(),
        crate::model::Evidence::Parsed,
    );
    let one = |action: &crate::classify::Action| {
        let blast = action.blast();
        format!("{} {} {}", action.operation(), blast.impact, blast.scope)
    };
    actions.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn glob(before: &str, pattern: &str) -> Word {
    let mut parts = vec![Part::Text(before.to_owned()), Part::Glob(pattern.to_owned())];
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    Word { parts }
}

fn open(before: &str, shown: &str, after: &str) -> Word {
    let text = |text: &str| Part::Text(text.to_owned());
    let mut parts = vec![text(before), Part::Unknown { shown: shown.to_owned(), splits: false }, text(after)];
    parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    Word { parts }
}

#[test]
fn deletions_are_told_apart_by_where_they_reach() {
    let local = "shell:fs:delete destroy local";
    let resource = "shell:fs:delete destroy resource";
    check("rm -rf src/legacy", local);
    check("rm src/a.ts", local);
    check("rm -rf /tmp/build-17", local);
    check("rm -rf ./build/../dist", local);
    check("rm -rf '~'", local);
    check("rm .git/index.lock", local);
    check("rm -rf /var/lib/apt/lists/x", local);
    check("rm -rf .git", resource);
    check("rm -rf .", resource);
    check("rm -rf /repo", resource);
    check("rm -rf ./build/../../dist", "shell:fs:delete destroy account");
    check("rm -rf /srv/../opt/other", resource);
    check("rm -r --force /home/dev/Documents", resource);
    check("rm --rec -f /srv/data", resource);
    check("rm /etc/nginx/nginx.conf", "shell:fs:delete destroy item");
    check("rm -rf /home/dev", "shell:fs:delete destroy account");
    check("rm -rf /", "shell:fs:delete destroy account");
    check("rm -rf build /", &format!("{local}; shell:fs:delete destroy account"));
    check("rm .env", "shell:fs:delete destroy item");
    check("rm .env.example", local);
    check("rm -rf data", resource);
    check("rm --help", "shell:exec:rm read local");
    check("rm -f -- --help", local);
    check("shred -n 1 /dev/nvme0n1", "shell:disk:write destroy resource");
    check("truncate -s 0 /var/log/auth.log", "shell:fs:overwrite destroy item");
    check("truncate -s 0 /tmp/app.log", "shell:fs:overwrite destroy local");
}

#[test]
fn what_is_not_known_is_the_stricter_of_what_it_may_be() {
    let around = stated();
    let rm = |word: Word| done(vec!["rm".into(), "-rf".into(), word], &around);
    assert_eq!(rm(Word::unknown("$DIR", true)), "shell:unidentified:unidentified unknown resource");
    assert_eq!(rm(open("", "$DIR", "/x")), "shell:unidentified:unidentified unknown resource");
    assert_eq!(rm(open("/tmp/", "$X", "/y")), "shell:fs:delete destroy local");
    assert_eq!(rm(open("/tmp/", "$X", "/../../home")), "shell:unidentified:unidentified unknown resource");
    // It may be empty.
    assert_eq!(rm(open("/home/dev/", "$X", "")), "shell:fs:delete destroy account");
    assert_eq!(rm(open("", "$(mktemp -d)", "")), "shell:fs:delete destroy local");
    assert_eq!(rm(open("", "$(git rev-parse --show-toplevel)", "")), "shell:fs:delete destroy resource");
    assert_eq!(rm(open("", "$(git rev-parse --show-toplevel)", "/dist")), "shell:fs:delete destroy local");
    assert_eq!(rm(glob("/home/dev/", "*")), "shell:fs:delete destroy account");
    assert_eq!(rm(glob("", "*")), "shell:fs:delete destroy resource");
    assert_eq!(rm(glob("", "*.egg-info")), "shell:fs:delete destroy local");
    assert_eq!(rm(glob("/", "ho*e/dev/Doc*")), "shell:fs:delete destroy resource");
}

/// Operands that are the guard's own, and near misses.
#[test]
fn the_guards_own_files_are_told_apart() {
    let check = |command: &str, expected: bool| {
        let actions = actions_in(command, &stated()).unwrap();
        let any = actions.iter().any(|action| action.blast().hazards.contains(Hazard::GuardTamper));
        assert_eq!(any, expected, "{command}");
    };
    check("rm -rf /home/dev/.config/blastgate", true);
    check("rm -f /home/dev/.local/state/blastgate/log/1", true);
    check("sed -i s/a/b/ /home/dev/.config/blastgate/config.yaml", true);
    check("sed -n 1p /home/dev/.config/blastgate/config.yaml", false);
    check("cat .claude/settings.json", false);
    check("tee .claude/settings.local.json", true);
    check("rm -rf .claude", true);
    check("rm .claude/notes.md", false);
    check("mv .cursor/hooks.json .cursor/hooks.json.off", true);
    check("chmod 000 .clinerules/hooks/PreToolUse", true);
    check("cp /dev/null .windsurf/hooks.json", true);
    check("ln -sf /dev/null .github/hooks/blastgate.json", true);
    check("rm -rf .github/workflows", false);
    check("rm -f .blastgate.yaml", true);
    check("rm /usr/local/bin/blastgate", true);
    check("rm target/debug/blastgate", false);
    check("pkill -f blastgate", true);
    check("systemctl --user stop blastgate.service", true);
    check("systemctl status blastgate", false);
    check("touch docs/settings.json", false);
    let around = stated();
    let tampers = |words| done(words, &around) == "shell:fs:delete destroy resource";
    assert!(tampers(vec!["rm".into(), "-rf".into(), glob("/home/dev/.config/", "blast*")]));
    assert!(tampers(vec!["rm".into(), "-f".into(), open(".claude/", "$f", ".json")]));
}

#[test]
fn writing_gives_power_or_is_work() {
    check("tee test.log", "shell:exec:tee read local; shell:fs:write update local");
    check("tee -a /etc/hosts", "shell:exec:tee read local; shell:fs:write permission resource");
    check("cp nginx.conf /etc/nginx/nginx.conf", "shell:exec:cp read local; shell:fs:write permission resource");
    check("cp /dev/null /var/log/syslog", "shell:exec:cp read local; shell:fs:overwrite destroy item");
    check("cp a /home/dev/notes.md", "shell:exec:cp read local; shell:fs:write update item");
    check("ln -sfn /tmp/x /etc/resolv.conf", "shell:fs:write permission resource");
    check("dd if=/dev/zero of=/dev/sda bs=1M", "shell:exec:dd read local; shell:disk:write destroy resource");
    check("dd if=/dev/sda of=/tmp/mbr.bin", "shell:exec:dd read local; shell:fs:write update local");
    check("chmod -R 777 /", "shell:fs:permissions permission account");
    check("chmod +x scripts/run.sh", "shell:fs:permissions update local");
    check("chmod 600 /home/dev/.ssh/config", "shell:fs:permissions update item");
    check("chmod 4755 /usr/local/bin/x", "shell:fs:permissions permission resource");
    check("tar xzf a.tgz -C /", "shell:exec:tar read local; shell:fs:extract permission resource");
    check("tar tzf a.tgz", "shell:exec:tar read local");
    check("tar -xf a.tar -C vendor", "shell:exec:tar read local; shell:fs:write update local");
    check("sort -o out.txt in.txt", "shell:exec:sort read local; shell:fs:write update local");
    check("sort --outp=/etc/passwd in.txt", "shell:exec:sort read local; shell:fs:write permission resource");
    check("mv /home/dev/projects /tmp/gone", "shell:fs:move destroy resource; shell:fs:write update local");
    check("mv src/a.ts src/b.ts", "shell:fs:move update local; shell:fs:write update local");
}

#[test]
fn links_and_mounts_lead_elsewhere() {
    let around = stated();
    let mut scene = Scene::new(&around);
    for words in [vec!["ln", "-s", "/srv/www/live", "current"], vec!["rm", "-rf", "current/x"]] {
        let words = words.into_iter().map(Word::from).collect();
        scene.invocation(&Invocation { words, ..Invocation::bare(&around) });
    }
    let heard = scene.finish().unwrap();
    assert_eq!(heard.identified.last().reading().resources[0].as_str(), "/srv/www/live/x");
    let mut around = stated();
    let mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/export /repo/data/old/nas nfs4 rw 0 0\n";
    around.files.insert("/proc/self/mounts".to_owned(), mounts.to_owned());
    assert_eq!(said_in("rm -rf data/old", &around), "shell:fs:delete destroy resource");
    assert_eq!(said_in("rm -rf docs/old", &around), "shell:fs:delete destroy local");
    around.files.insert("/repo/inner/.git/HEAD".to_owned(), "ref: refs/heads/main\n".to_owned());
    assert_eq!(said_in("rm -rf inner", &around), "shell:fs:delete destroy resource");
}

#[test]
fn find_deletes_what_it_meets() {
    let read = "shell:exec:find read local";
    check("find . -name '*.pyc'", read);
    check("find / -name '*.log' -delete", &format!("{read}; shell:fs:delete destroy item"));
    check("find dist -name '*.map' -delete", &format!("{read}; shell:fs:delete destroy local"));
    check("find . -delete", &format!("{read}; shell:fs:delete destroy resource"));
    check("find . -name node_modules -prune -exec rm -rf {} +", &format!("{read}; shell:fs:delete destroy local"));
    check("find . -path ./node_modules -prune -o -name '*.graphql' -print", read);
    check("find /srv -type d -empty -execdir rmdir {} +", &format!("{read}; shell:fs:delete destroy account"));
    let unnamed = "find . '(' -name '*.a' -o -type f ')' -delete";
    check(unnamed, &format!("{read}; shell:fs:delete destroy resource"));
    let named = "find . '(' -name '*.a' -o -name '*.b' ')' -delete";
    check(named, &format!("{read}; shell:fs:delete destroy local; shell:fs:delete destroy local"));
}

#[test]
fn other_machines_are_other_machines() {
    let send = "shell:exec:rsync read local";
    check("rsync -a --delete dist/ web1:/var/www/", &format!("{send}; shell:fs:delete destroy resource"));
    check("rsync -a --del dist/ /tmp/preview/", &format!("{send}; shell:fs:write update local"));
    check("rsync -an --delete dist/ /srv/www/", send);
    check("rsync -a web1:/var/log/nginx/ ./logs/", &format!("{send}; shell:fs:write update local"));
    check("scp a.txt web1:/srv/a.txt", "shell:exec:scp read local; shell:fs:write update item");
    let around = stated();
    let mut scene = Scene::new(&around);
    let words = ["rm", "-rf", "/srv/data"].map(Word::from).to_vec();
    let machine = Machine::Remote("web1".to_owned());
    scene.invocation(&Invocation { words, machine, ..Invocation::bare(&around) });
    let heard = scene.finish().unwrap();
    assert_eq!(heard.identified.first().reading().place.host.as_deref(), Some("web1"));
}

#[test]
fn the_machine_and_its_disks() {
    check("kill 48213", "shell:system:kill disrupt local");
    check("kill -0 48213", "shell:exec:kill read local");
    check("kill -9 -1", "shell:system:kill_all disrupt resource");
    check("kill -1 123", "shell:system:kill disrupt local");
    check("systemctl status nginx", "shell:exec:systemctl read local");
    check("systemctl -H root@db1 restart nginx", "shell:system:service_stop disrupt resource");
    check("crontab -l", "shell:exec:crontab read local");
    check("crontab -r", "shell:crontab:remove destroy resource");
    check("crontab -", "shell:crontab:set update resource");
    check("mkfs.ext4 -F /dev/sdb1", "shell:disk:format destroy resource");
    check("mkfs.ext4 -n /dev/sdb1", "shell:exec:mkfs.ext4 read local");
    check("mkfs.ext4 /tmp/disk.img", "shell:disk:format destroy local");
    check("wipefs /dev/sdb", "shell:exec:wipefs read local");
    check("wipefs -af /dev/sdb", "shell:disk:partition destroy resource");
    check("zfs destroy -nv -r tank/home", "shell:exec:zfs read local");
    check("iptables -F", "shell:system:settings disrupt resource");
    check("journalctl --vacuum-time=1s", "shell:system:log_delete destroy resource");
    check("apt-get install -y jq", "shell:package:install create local");
}

#[test]
fn secrets_are_known_by_their_names() {
    let check = |command: &str, expected: bool| {
        let actions = actions_in(command, &stated()).unwrap();
        assert_eq!(
            actions.iter().any(|action| action.blast().hazards.contains(Hazard::SecretRead)),
            expected,
            "{command}"
        );
    };
    check("cat .env", true);
    check("cat .env.example", false);
    check("head /home/dev/.aws/credentials", true);
    check("cat /home/dev/.ssh/id_ed25519", true);
    check("cat /home/dev/.ssh/id_ed25519.pub", false);
    check("cat src/main.rs", false);
}

#[test]
fn little_languages_run_and_write() {
    check("sed -n 1,20p /etc/passwd", "shell:exec:sed read local");
    check("sed -i '' s/a/b/ src/x.ts", "shell:exec:sed read local; shell:fs:write update local");
    check("sed -i.bak /x/d src/x.ts", "shell:exec:sed read local; shell:fs:write update local");
    assert!(said("sed 's/.*/rm &/e' names").contains("unidentified"));
    check("awk '{print $1}' a.txt", "shell:exec:awk read local");
    check("awk '$3 > 5' a.txt", "shell:exec:awk read local");
}

#[test]
fn patterns_fit_as_shells_read_them() {
    let check = |pattern: &str, name: &str, expected: bool| {
        assert_eq!(Step::Pattern(pattern.to_owned()).fits(name), expected, "{pattern} {name}");
    };
    check("*", "a", true);
    check("*", ".a", false);
    check(".*", ".git", true);
    check("blast*", "blastgate", true);
    check("b?a[ab]*", "bla", false);
    check("b?a[sx]*", "blastgate", true);
    check("*.ts", "a.tsx", false);
}

#[test]
fn surroundings_that_know_no_file_say_so() {
    let around = stated();
    let scene = Scene::new(&around);
    let it = place(&"src/a.ts".into(), &Invocation::bare(&around), &scene);
    assert_eq!((it.place, it.kind, it.path.as_str()), (Where::Workspace, RealKind::Unknown, "/repo/src/a.ts"));
}
