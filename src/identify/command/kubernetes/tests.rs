use crate::identify::command::testing::{said, said_in, stated};

fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(command, expected)| {
            let got = said(command);
            (got != *expected).then(|| format!("{command}\n   is {got}\n  not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn kubectl_says_what_it_sends() {
    check(&[
        ("kubectl delete ns payments", "kubernetes:core:namespaces.delete destroy environment"),
        ("kubectl get pods -A", "kubernetes:core:pods.list read resource"),
    ]);
}
