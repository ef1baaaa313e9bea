use super::*;

#[test]
fn words_round_trip() {
    for impact in Impact::ALL {
        assert_eq!(impact.as_str().parse::<Impact>().unwrap(), *impact);
    }
    assert!("Destroy".parse::<Impact>().unwrap_err().contains("read, create"));
}

#[test]
fn strictness_is_the_published_order() {
    use Impact::*;
    let order = [Read, Create, Update, Execute, Disrupt, Destroy];
    assert!(order.windows(2).all(|pair| pair[0].strictness() < pair[1].strictness()));
    assert_eq!(Disrupt.strictness(), Permission.strictness());
    assert_eq!(Destroy.strictness(), Unknown.strictness());
}

#[test]
fn ids_round_trip_and_sort_by_time() {
    let early = DecisionId::new(Timestamp::from_millis(1_000), u128::MAX);
    let late = DecisionId::new(Timestamp::from_millis(1_001), 0);
    assert!(early < late && early.to_string() < late.to_string());
    assert_eq!(early.to_string().parse::<DecisionId>().unwrap(), early);
    let session = SessionId::new(Timestamp::from_millis(1_795_312_800_000), 0xdead_beef);
    assert_eq!(session.to_string().len(), 22);
    assert_eq!(session.to_string().parse::<SessionId>().unwrap(), session);
    assert!("d_nope".parse::<DecisionId>().is_err());
    assert!("s_short".parse::<SessionId>().is_err());
}

#[test]
fn operation_parts() {
    let operation = Operation::from_id("kubernetes:rbac.authorization.k8s.io:roles.delete");
    assert_eq!(
        (operation.provider(), operation.service(), operation.name()),
        ("kubernetes", "rbac.authorization.k8s.io", "roles.delete")
    );
}

#[test]
fn counts_add_up() {
    assert_eq!(Count::Exact(2).plus(Count::Exact(3)), Count::Exact(5));
    assert_eq!(Count::AtLeast(2).plus(Count::Exact(3)), Count::AtLeast(5));
    assert_eq!(Count::Exact(2).plus(Count::Unbounded), Count::Unbounded);
    assert_eq!(serde_json::to_string(&Count::Exact(2)).unwrap(), r#"{"exact":2}"#);
    assert_eq!(serde_json::to_string(&Count::Unbounded).unwrap(), r#""unbounded""#);
}

#[test]
fn hazards_are_a_set() {
    let hazards: Hazards = [Hazard::AuditOff, Hazard::DataLoss].into_iter().collect();
    assert_eq!(serde_json::to_string(&hazards).unwrap(), r#"["data-loss","audit-off"]"#);
    assert!(hazards.contains(Hazard::AuditOff) && !hazards.contains(Hazard::Cost));
}
