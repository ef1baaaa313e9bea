use super::*;
use crate::model::BlastRadius;
use crate::model::{Impact, Scope};

const INVENTORY: &str = r#"
version: 1
environments:
  - name: prod
    tier: 1
    match:
      - { provider: aws, account: "111122223333" }
      - { provider: kubernetes, cluster: shop, namespace: payments }
      - { provider: aws, account: "444455556666", resource: "arn:aws:s3:::prod-*" }
  - name: staging
    match: [ { provider: kubernetes, cluster: shop }, { host: "*.example" } ]
  - name: dev
    match:
      - { provider: aws, account: "444455556666" }
      - { provider: kubernetes, cluster: "*" }
      - { host: api.example }
      - { region: eu-* }
  - { name: retail, like: prod, match: [ { region: "*" } ] }
"#;

fn resolved(operation: &str, place: Place, resources: &[&str]) -> Environment {
    let inventory = Inventory::parse("inventory.yaml", INVENTORY).unwrap();
    let resources: Vec<Resource> = resources.iter().map(|one| Resource::from(*one)).collect();
    strictest(&inventory, (&Operation::from_id(operation), false), &place, &resources)
}

fn aws(account: Option<&str>) -> Place {
    Place { account: account.map(str::to_owned), ..Place::default() }
}

fn kubernetes(namespace: Option<&str>) -> Place {
    Place { cluster: Some("shop".to_owned()), namespace: namespace.map(str::to_owned), ..Place::default() }
}

#[test]
fn the_most_specific_entry_wins() {
    let s3 = "aws:s3:DeleteBucket";
    let pod = "kubernetes:core:pods.delete";
    for (operation, place, resources, expected) in [
        (s3, aws(Some("111122223333")), vec![], "prod"),
        (s3, aws(Some("444455556666")), vec!["arn:aws:s3:::scratch"], "dev"),
        (s3, aws(Some("444455556666")), vec!["arn:aws:s3:::prod-a"], "prod"),
        (s3, aws(Some("444455556666")), vec!["arn:aws:s3:::scratch", "arn:aws:s3:::prod-a"], "prod"),
        (s3, aws(Some("999999999999")), vec![], "unknown"),
        (s3, aws(None), vec![], "unknown"),
        (pod, kubernetes(Some("payments")), vec![], "prod"),
        (pod, kubernetes(Some("other")), vec![], "staging"),
        (pod, kubernetes(None), vec![], "staging"),
        ("http:api.example:GET", Place { host: Some("api.example".to_owned()), ..Place::default() }, vec![], "dev"),
        ("http:x.example:GET", Place { host: Some("x.example".to_owned()), ..Place::default() }, vec![], "staging"),
        // As many keys and as many exact values: the stricter.
        ("gcp:a:b", Place { region: Some("eu-1".to_owned()), ..Place::default() }, vec![], "retail"),
    ] {
        let found = resolved(operation, place.clone(), &resources);
        assert_eq!(found.name, expected, "{operation} {place:?} {resources:?}: {:?}", found.because);
    }
}

#[test]
fn this_machine_is_local_unless_somebody_says_otherwise() {
    let loopback = |host: &str| Place { host: Some(host.to_owned()), loopback: true, ..Place::default() };
    assert_eq!(resolved("http:localhost:GET", loopback("localhost"), &[]).kind, EnvironmentKind::Local);
    let tunnel = Place { account: Some("111122223333".to_owned()), ..loopback("127.0.0.1") };
    assert_eq!(resolved("aws:s3:DeleteBucket", tunnel, &[]).name, "prod");
}

#[test]
fn the_lines_to_add_name_the_target_when_they_are_added() {
    let blast = BlastRadius::new(Impact::Destroy, Scope::Resource);
    for (operation, place, resource, expected) in [
        ("aws:s3:DeleteBucket", aws(Some("012345678901")), "b", r#"{ provider: aws, account: "012345678901" }"#),
        ("kubernetes:core:pods.delete", kubernetes(None), "b", "{ provider: kubernetes, cluster: shop }"),
        ("aws:s3:DeleteBucket", aws(None), "arn:aws:s3:::b", r#"{ provider: aws, resource: "arn:aws:s3:::b" }"#),
        (
            "http:shop.test:DELETE",
            Place { host: Some("shop.test".to_owned()), ..Place::default() },
            "/x",
            "{ host: shop.test }",
        ),
        (
            "http:evil:DELETE",
            Place { host: Some("a\" }, { host: \"*".to_owned()), ..Place::default() },
            "/x",
            r#"{ host: "a\" }, { host: \"*" }"#,
        ),
    ] {
        let action = Action::for_test(operation, blast, EnvironmentKind::Unknown).at(place.clone()).on([resource]);
        let lines = inventory_lines(&action);
        assert!(lines.contains(expected), "{lines}");
        let text = format!("version: 1\nenvironments:\n  {lines}\n");
        let inventory = Inventory::parse("inventory.yaml", &text).unwrap();
        let operation = (&Operation::from_id(operation), false);
        let found = strictest(&inventory, operation, &place, &[Resource::from(resource)]);
        assert_eq!(found.kind, EnvironmentKind::Prod, "{text}");
    }
}

/// The caller's account is not the bucket's: an entry that names the bucket holds.
#[test]
fn an_account_that_only_the_access_key_tells_does_not_hide_a_resource() {
    let inventory = Inventory::parse(
        "inventory.yaml",
        r#"
version: 1
environments:
  - { name: prod, match: [ { resource: "arn:aws:s3:::prod-*" }, { host: "prod-*.amazonaws.com" } ] }
  - name: dev
    match: [ { provider: aws, account: "111122223333" }, { resource: "arn:aws:s3:::scratch" } ]
"#,
    )
    .unwrap();
    for (account_of_key, host, resource, expected) in [
        (true, "s3.amazonaws.com", "arn:aws:s3:::prod-data", "prod"),
        (true, "s3.amazonaws.com", "arn:aws:s3:::other", "dev"),
        (true, "s3.amazonaws.com", "arn:aws:s3:::scratch", "dev"),
        (true, "prod-a.s3.amazonaws.com", "arn:aws:s3:::x", "prod"),
        // Formed with the account: the resource does stand there.
        (true, "prod-a.s3.amazonaws.com", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "dev"),
        (false, "s3.amazonaws.com", "arn:aws:s3:::prod-data", "dev"),
    ] {
        let place = Place { host: Some(host.to_owned()), ..aws(Some("111122223333")) };
        let operation = (&Operation::from_id("aws:s3:DeleteBucket"), account_of_key);
        let found = strictest(&inventory, operation, &place, &[Resource::from(resource)]);
        assert_eq!(found.name, expected, "{account_of_key} {host} {resource}: {:?}", found.because);
    }
}
