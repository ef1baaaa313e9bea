use super::*;
use crate::identify::tests::head;

#[test]
fn what_a_call_does_to_a_state() {
    let lock = r#"{"ID":"a","Operation":"OperationTypeApply","Who":"me"}"#;
    let full = r#"{"version":4,"serial":1,"lineage":"l","resources":[{"type":"a"}]}"#;
    let empty = r#"{"version":4,"serial":2,"lineage":"l","resources":[]}"#;
    for (call, body, expected) in [
        ("LOCK https://a.example/state", lock, Some(Call::Lock)),
        ("LOCK https://a.example/dav/file", "<lockinfo/>", None),
        ("UNLOCK https://a.example/state", lock, Some(Call::Unlock)),
        ("POST https://a.example/api/v4/projects/1/terraform/state/web/lock", lock, Some(Call::Lock)),
        ("POST https://a.example/state?ID=a", full, Some(Call::Update)),
        ("POST https://a.example/state?ID=a", empty, Some(Call::Emptied)),
        ("PUT https://a.example/state", r#"{"serial":2,"lineage":"l"}"#, Some(Call::Emptied)),
        ("POST https://a.example/state", r#"{"resources":[]}"#, None),
        ("POST https://a.example/state", "[]", None),
        ("DELETE https://a.example/web.tfstate", "", Some(Call::Delete)),
        ("DELETE https://a.example/web.tfstate.backup", "", Some(Call::Delete)),
        ("DELETE https://a.example/terraform/state/web%2Flock", "", Some(Call::Unlock)),
        ("DELETE https://a.example/terraform/state/web/versions/3", "", Some(Call::DeleteVersion)),
        ("DELETE https://a.example/terraform/state/web", "", Some(Call::Delete)),
        ("DELETE https://a.example/state", "", None),
        ("GET https://a.example/web.tfstate", "", None),
    ] {
        let body = Captured::Whole(body.as_bytes().to_vec().into());
        assert_eq!(read(&head(call, &[]), &body), expected, "{call}");
    }
}
