//! What commands of git mean, one simple command each.

use crate::identify::command::tests::{said, said_in, stated};

fn check(command: &str, expected: &str) {
    assert_eq!(said(command), expected, "{command}");
}

/// Whether the command loses what no commit holds.
fn loses(command: &str) -> bool {
    let around = stated();
    let actions = crate::identify::command::tests::actions_in(command, &around).unwrap();
    actions.iter().any(|action| {
        action.operation().as_str().starts_with("git:local:")
            && action.blast().hazards.contains(crate::model::Hazard::DataLoss)
    })
}

#[test]
fn unsaved_work_is_lost_by_name_and_option() {
    for command in [
        "git reset --hard origin/main",
        "git reset --har HEAD~2",
        "git -C /repo --no-pager reset -q --hard",
        "git clean -fd",
        "git clean -xdff -e .env",
        "git -c clean.requireForce=false clean -d",
        "git checkout -- .",
        "git checkout .",
        "git checkout -f main",
        "git checkout HEAD~1 -- src/app.ts",
        "git checkout HEAD~1 src/app.ts",
        "git checkout src/app.ts",
        "git switch --discard-changes main",
        "git switch -f main",
        "git restore .",
        "git restore --source=HEAD --staged --worktree -- src",
        "git stash drop",
        "git stash clear",
        "git worktree remove --force ../repo-hotfix",
        "git reflog expire --expire=now --all",
        "git gc --prune=now",
        "git filter-repo --path .env --invert-paths --force",
        "git update-ref -d refs/stash",
    ] {
        assert!(loses(command), "{command}");
    }
    for command in [
        "git reset --soft HEAD~1",
        "git reset HEAD src/app.ts",
        "git clean -nfdx",
        "git clean -d",
        "git checkout main",
        "git checkout -b fix/cors",
        "git checkout -",
        "git checkout feature/x.y",
        "git restore --staged .",
        "git restore --source=HEAD~2 -S src/app.ts",
        "git stash push -u -m x",
        "git stash list",
        "git branch -D spike",
        "git tag -d v1",
        "git rm -r --cached node_modules",
        "git gc",
        "git reset --help",
        "git commit -m 'reset --hard'",
        "git -C /tmp/app reset --hard",
        "git clean -h",
    ] {
        assert!(!loses(command), "{command}");
    }
}

#[test]
fn a_push_is_what_its_request_is() {
    let (push, force, delete) = (
        "git:remote:push update resource",
        "git:remote:push_force destroy item",
        "git:remote:delete_ref destroy resource",
    );
    check("git push origin main", push);
    check("git push --force origin main", force);
    check("git push -f", force);
    check("git push origin +main", force);
    check("git push origin +HEAD:refs/heads/release/2.4", force);
    check("git push --force-with-lease origin main", force);
    check("git push --force-with-lease origin feature/login", push);
    check("git push -f origin feature/login", push);
    check("git push --force --no-force origin main", push);
    check("git push --delete origin release/2.3", delete);
    check("git push --del origin main", delete);
    check("git push origin :main", delete);
    check("git push origin :topic", "git:remote:delete_ref destroy item");
    check("git push origin v1.2.3", "git:remote:push create resource");
    check("git push --tags", "git:remote:push create resource");
    check("git push -nf origin main", "git:remote:push read resource");
    check(
        "git push --mirror git@github.com:acme/shop.git",
        "git:remote:delete_ref destroy resource; git:remote:push_force destroy item",
    );
    check("git push --prune origin 'refs/heads/*:refs/heads/*'", &format!("{delete}; {push}"));
}

#[test]
fn the_repository_says_where_a_push_goes() {
    let mut around = stated();
    let config = "[remote \"origin\"]\n\turl = git@github.com:acme/shop.git # ours\n[alias]\n\tundo = reset --hard HEAD~1\n\tst = status -sb\n\tforce = push --force\n";
    around.files.insert("/repo/.git/config".to_owned(), config.to_owned());
    around.files.insert("/repo/.git/HEAD".to_owned(), "ref: refs/heads/topic\n".to_owned());
    let actions = crate::identify::command::tests::actions_in("git push -f", &around).unwrap();
    let action = actions.first().unwrap();
    assert_eq!(action.operation().as_str(), "git:remote:push");
    assert_eq!(action.resources()[0].as_str(), "github.com/acme/shop#refs/heads/topic");
    assert_eq!(
        (action.place().host.as_deref(), action.place().repository.as_deref()),
        (Some("github.com"), Some("acme/shop"))
    );
    assert_eq!(said_in("git undo", &around), "git:local:reset_hard destroy local");
    assert_eq!(said_in("git st", &around), "git:local:status read local");
    assert_eq!(said_in("git force origin main", &around), "git:remote:push_force destroy item");
}

#[test]
fn what_is_told_is_what_the_wire_says() {
    use crate::identify::protocol::git::{Seen, told};
    use crate::model::Place;
    let place = Place { host: Some("github.com".to_owned()), ..Place::default() };
    let check = |seen: Seen, expected: &str| {
        let readings = told(&place, "github.com/acme/shop", &[("refs/heads/main".to_owned(), seen)]);
        assert_eq!(readings[0].operation.as_str(), expected, "{seen:?}");
        assert_eq!(readings[0].resources[0].as_str(), "github.com/acme/shop#refs/heads/main");
    };
    check(Seen::Forward, "git:remote:push");
    check(Seen::Create, "git:remote:push");
    check(Seen::Unproven { long_lived: true }, "git:remote:push_force");
    check(Seen::Unproven { long_lived: false }, "git:remote:push");
    check(Seen::Delete { long_lived: true }, "git:remote:delete_ref");
}

#[test]
fn reads_and_changes_stay_here() {
    check("git status -sb", "git:local:status read local");
    check("git --no-pager log -5", "git:local:log read local");
    check("git commit -am wip", "git:local:commit update local");
    check("git branch -D spike", "git:local:branch_delete destroy local");
    check("git config user.email", "git:local:config read local");
    check("git absorb --dry-run", "shell:exec:git-absorb execute local");
    check("git bisect run cargo test", "git:local:bisect update local; shell:exec:cargo execute local");
    check("git submodule foreach rm -rf /srv/x", "shell:fs:delete destroy resource");
    // A quote inside quotes is none of the shell's: what the alias runs is one word here.
    let alias = said("git -c alias.x='!rm -rf /srv' x");
    assert!(alias.contains("shell:fs:delete"), "{alias}");
    assert!(said("git rm .codex/hooks.json").contains("shell:fs:write update resource"));
}
