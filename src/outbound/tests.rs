use super::*;
use crate::head::authority;

#[track_caller]
fn check(allow: &[&str], target: &str, address: &str, expected: Result<(), &str>) {
    let allow = allow.iter().map(|range| range.parse().unwrap()).collect();
    let outbound = Outbound::new(OutboundParts { allow, ..OutboundParts::default() });
    let authority = authority::parse(target, Scheme::Https).unwrap();
    let found = outbound.check(&authority, address.parse().unwrap(), false).map_err(|error| error.to_string());
    match expected {
        Ok(()) => assert_eq!(found, Ok(()), "{target} {address}"),
        Err(part) => assert!(found.as_ref().is_err_and(|said| said.contains(part)), "{target} {address}: {found:?}"),
    }
}

#[test]
fn a_name_leads_outside_or_nowhere() {
    check(&[], "hooks.example", "93.184.216.34", Ok(()));
    check(&[], "hooks.example", "2606:4700::1111", Ok(()));
    for address in ["127.0.0.1", "::1", "10.0.0.5", "192.168.1.1", "172.16.0.1", "100.64.1.1", "fd12::1", "169.254.1.1"]
    {
        check(&[], "hooks.example", address, Err("no public address"));
        check(&[], "localhost", address, Err("no public address"));
    }
    for address in ["::ffff:10.0.0.5", "64:ff9b::a00:5", "::10.0.0.5", "0.0.0.0", "198.18.0.1", "240.0.0.1", "fe80::1"]
    {
        check(&[], "hooks.example", address, Err("no public address"));
    }
    for address in ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200"] {
        check(&["0.0.0.0/0", "::/0"], "hooks.example", address, Err("metadata service"));
    }
}

#[test]
fn what_the_operator_named_may_be_told() {
    check(&[], "10.0.0.5", "10.0.0.5", Ok(()));
    check(&[], "127.0.0.1", "127.0.0.1", Ok(()));
    check(&[], "[::1]", "::1", Ok(()));
    check(&[], "10.0.0.5", "10.0.0.6", Err("no public address"));
    check(&["10.0.0.0/8"], "hooks.corp.example", "10.9.8.7", Ok(()));
    check(&["10.0.0.0/8"], "hooks.corp.example", "192.168.1.1", Err("no public address"));
    check(&[], "169.254.169.254", "169.254.169.254", Err("metadata service"));
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_not_dialled() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let target = Authority { host: "localhost".to_owned(), port };
    let outbound = Outbound::new(OutboundParts::default());
    let error = outbound.connect(&target).await.unwrap_err();
    assert!(matches!(error, OutboundError::Inside { .. }), "{error}");
    let listed = OutboundParts { allow: vec!["127.0.0.1".parse().unwrap()], ..OutboundParts::default() };
    assert!(Outbound::new(listed).connect(&target).await.is_ok());
}

#[tokio::test]
async fn nothing_is_told_in_clear_to_others() {
    let url = WebUrl {
        scheme: Scheme::Http,
        authority: Authority { host: "hooks.example".to_owned(), port: 80 },
        path: "/".to_owned(),
    };
    let outbound = Outbound::new(OutboundParts::default());
    let error = outbound.post(&url, &[], Bytes::new()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Clear(_)), "{error}");
}
