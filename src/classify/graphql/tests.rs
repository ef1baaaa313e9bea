use std::collections::BTreeSet;

use super::*;

fn judged(field: &str, inner: &[&str]) -> String {
    let inner: BTreeSet<String> = inner.iter().map(|name| (*name).to_owned()).collect();
    let blast = by_words(&Mutation { field: field.to_owned(), calls: vec![], inner });
    format!("{} {}", blast.impact, blast.scope)
}

#[test]
fn names_and_what_they_mean() {
    let mut wrong = vec![];
    for (names, expected) in [
        (
            "deleteVolume volumeDelete volume_delete DeleteVolume deletevolume volumeDELETE bulkDeleteVolumes hardDeleteVolume",
            "destroy resource",
        ),
        (
            "deleteProject projectDelete project_delete deleteProjectById deleteProjects removeProject teamDelete",
            "destroy environment",
        ),
        ("deleteAccount closeAccount accountDelete requestAccountDeletion", "destroy account"),
        ("deleteOrganization organizationDelete", "destroy organization"),
        ("deleteComment commentDelete projectUpdateCommentDelete removeAttachment issueRelationDelete", "destroy item"),
        ("removeItemFromCart deleteMessageFromProject", "destroy item"),
        (
            "updateOrDeleteThing createAndDestroyThing markForDeletion setDeleted softDeleteThing thingUnpublish",
            "destroy resource",
        ),
        ("rebuildServer recreateInstance serverReinstall backupRestore restoreSnapshot", "destroy resource"),
        (
            "resetBranch discardChanges wipeDisk truncateTable emptyTrash purgeQueue pruneImages deleteRestorePoint restorePointDelete dropView restoreThenDelete removeMemberAndDelete \
             cancelAndDelete",
            "destroy resource",
        ),
        (
            "undeleteVolume restoreVolume issueUnarchive recoverProject unDeleteThing restoreDeletedThings",
            "create resource",
        ),
        ("createVolume volumeCreate insert_users insert_users_one addComment duplicateBoard", "create resource"),
        ("updateVolume volumeUpdate setStatus markAsRead renameThing upsertThing frobnicate", "update resource"),
        (
            "removeReaction removeLabel clearFilter resetFilter removeAssignees archiveNotification removeStar resetView",
            "update resource",
        ),
        ("updateDeletedAt cancelDeletion", "update resource"),
        ("login signIn refreshToken tokenRefresh verifyToken authenticate logout", "update resource"),
        ("closeIssue closePullRequest closeDiscussion", "update resource"),
        (
            "stopServer serverStop rebootInstance deploymentRollback pauseThing detachDisk failoverDatabase",
            "disrupt resource",
        ),
        ("pauseProject projectPause suspendTeam", "disrupt environment"),
        (
            "addMember removeMember teamMemberRemove grantRole revokeAccess createToken apiKeyCreate createDeployKey",
            "permission resource",
        ),
        (
            "makeRepositoryPublic shareDocument transferIssue leaveTeam updateBranchProtectionRule updateDeletePolicy resetPassword",
            "permission resource",
        ),
        ("runJob executeQuery triggerBuild invokeFunction workflowDispatch", "execute resource"),
        ("refundTransaction chargePaymentMethod captureTransaction voidTransaction createPayout", "execute resource"),
    ] {
        for name in names.split(' ') {
            let said = judged(name, &[]);
            if said != expected {
                wrong.push(format!("{name}: {said}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn deeds_further_inside_count() {
    for (field, inner, expected) in [
        ("project", &["delete"][..], "destroy environment"),
        ("admin", &["deleteUser"], "destroy resource"),
        ("issueUpdate", &["issue", "deletedAt", "accessTokens", "nodes", "roles", "members"], "update resource"),
        ("server", &["stop"], "disrupt resource"),
        ("issueUpdate", &["archivedAt", "volumeDeleteEvents"], "update resource"),
    ] {
        assert_eq!(judged(field, inner), expected, "{field} {inner:?}");
    }
}

#[test]
fn a_row_of_the_table_is_what_counts() {
    let asked = |field: &str| Mutation { field: field.into(), calls: vec![], inner: BTreeSet::new() };
    let judged = |provider: &str, field: &str| of(provider, &asked(field)).impact;
    assert_eq!(judged("railway", "serviceInstanceRedeploy"), by_words(&asked("serviceInstanceRedeploy")).impact);
    assert_eq!(judged("linear", "commentDelete"), Impact::Destroy);
    assert_eq!(judged("nobody", "commentDelete"), Impact::Destroy, "by its words");
    let scope = |provider: &str| of(provider, &asked("issueArchive")).scope;
    assert_ne!(scope("linear"), scope("nobody"), "the table knows better than the words");
}

#[test]
fn money_and_archives() {
    let blast = |field: &str| by_name(&Name::of(field));
    assert!(blast("refundTransaction").hazards.contains(Hazard::Cost));
    assert_eq!(blast("refundTransaction").reversible, Reversible::No);
    assert_eq!(blast("issueArchive").reversible, Reversible::Yes);
    for name in ["issueDelete", "deleteArchive", "emptyTrash"] {
        assert_eq!(blast(name).reversible, Reversible::No, "{name}");
    }
    assert!(blast("makeRepositoryPublic").hazards.contains(Hazard::Exposure));
    assert!(blast("deleteSnapshot").hazards.contains(Hazard::BackupLoss));
}
