use super::*;

/// Every table's key, in order: binary search needs it sorted, a look-up needs it unique.
#[test]
fn tables_are_sorted_and_unique() {
    fn check<K: Ord + std::fmt::Debug>(keys: impl IntoIterator<Item = K>) {
        let keys: Vec<K> = keys.into_iter().collect();
        for pair in keys.windows(2) {
            assert!(pair[0] < pair[1], "{:?} comes before {:?}", pair[0], pair[1]);
        }
    }
    check(table::services().iter().map(|one| one.name.get()));
    for service in services() {
        assert!(!service.operations().is_empty(), "{} has no operations", service.name.get());
        check(service.operations().iter().map(|one| one.name.get()));
    }
    let operations: usize = services().iter().map(|service| service.operations().len()).sum();
    assert_eq!(operations, table::operations().len(), "an operation belongs to no service");
    check(table::verbs().iter().map(|one| (one.begins.get(), one.ends.get())));
    check(table::nouns().iter().map(|one| (one.service.get(), one.noun.get())));
    check(table::arns().iter().map(|one| (one.service.get(), one.operation.get(), one.member.get())));
}

#[test]
fn look_ups_find_what_is_there() {
    for (service, name, there) in [
        ("cloudformation", "DeleteStack", true),
        ("s3", "DeleteObject", true),
        ("configservice", "StopConfigurationRecorder", true),
        ("ec2", "unidentified", true),
        ("cloudformation", "deletestack", false),
        ("cloudformation", "DeleteBucket", false),
        ("nosuch", "DeleteStack", false),
    ] {
        assert_eq!(has_operation(service, name), there, "{service} {name}");
    }
    assert_eq!(by_signing("s3").map(|one| one.name.get()).collect::<Vec<_>>(), ["s3", "s3control"]);
    assert_eq!(by_host("portal.sso").map(|one| one.name.get()).collect::<Vec<_>>(), ["sso"]);
    assert_eq!(by_target("DynamoDB_20120810").map(|one| one.name.get()).collect::<Vec<_>>(), ["dynamodb"]);
    assert_eq!(by_host("").count(), 0);
}

#[test]
fn no_data_plane_is_called_like_a_service() {
    for kind in PLANES {
        assert!(service(kind).is_none(), "{kind}");
    }
    for row in table::planes() {
        assert!(PLANES.contains(&row.kind.get()), "{row:?}");
    }
}

#[test]
fn tables_hold_whole_rows() {
    for (name, rows) in table::lengths() {
        assert!(rows > 0, "{name}");
    }
}

#[test]
fn reviewed_rows_belong_to_operations() {
    let is_twin = |service: &&Service| service.judged_as.get() != service.name.get();
    let of = |service: &Service| -> usize {
        let own = service.operations().iter().map(|one| one.reviewed().len());
        service.reviewed().len() + own.sum::<usize>()
    };
    let owned: usize = services().iter().filter(|service| !is_twin(service)).map(of).sum();
    let twins: usize = services().iter().filter(is_twin).map(of).sum();
    assert!(owned <= table::reviewed().len() && owned + twins >= table::reviewed().len(), "{owned} {twins}");
}
