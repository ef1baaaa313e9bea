use super::*;

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

#[test]
fn the_tables_are_sorted_and_every_word_is_one() {
    assert!(KINDS.is_ascii() && ANNOTATIONS.is_ascii());
    let kinds: Vec<_> = rows(KINDS).collect();
    assert!(kinds.len() > 200);
    for pair in kinds.windows(2) {
        assert!(pair[0][..2] < pair[1][..2], "{pair:?}");
    }
    for row in &kinds {
        let [group, plural, scope, impact, destroyed, changed, why] = row[..] else { panic!("{row:?}") };
        assert!(scope == "-" || scope.parse::<Scope>().is_ok(), "{row:?}");
        for cell in impact.split(',').filter(|cell| *cell != "-") {
            let (verb, impact) = cell.split_once(':').unwrap();
            assert!(["write", "create", "update", "patch", "delete"].contains(&verb), "{row:?}");
            assert!(impact.parse::<Impact>().is_ok(), "{row:?}");
        }
        for word in [destroyed, changed].iter().flat_map(|cell| cell.split(',')).filter(|word| *word != "-") {
            assert!(word.parse::<Hazard>().is_ok(), "{row:?}");
        }
        assert!(why.len() > 4, "{row:?}");
        let found = kind(group, plural).unwrap();
        assert_eq!(found.cells.to_vec(), row[2..6], "{row:?}");
    }
    let annotations: Vec<_> = rows(ANNOTATIONS).collect();
    for pair in annotations.windows(2) {
        assert!(pair[0][0] < pair[1][0], "{pair:?}");
    }
    for row in &annotations {
        assert_eq!(row.len(), 4, "{row:?}");
        assert_eq!(annotation(row[0], row[1]), Some(row[2]), "{row:?}");
    }
}

#[test]
fn a_kind_is_found_by_itself_its_group_or_its_family() {
    let check = |group: &str, plural: &str, scope: Option<Scope>, known: bool| {
        let found = kind(group, plural);
        assert_eq!(found.is_some(), known, "{plural}.{group}");
        assert_eq!(found.and_then(Kind::scope), scope, "{plural}.{group}");
    };
    check("", "namespaces", Some(Scope::Environment), true);
    check("", "pods", None, false);
    check("rbac.authorization.k8s.io", "clusterroles", Some(Scope::Account), true);
    check("rbac.authorization.k8s.io", "roles", None, true);
    check("s3.aws.upbound.io", "buckets", None, true);
    check("upbound.io", "x", None, false);
    check("", "", None, false);
    check("\t", "*", None, false);
    check("zzz.example", "x", None, false);
    check("#", "kinds", None, false);
    for (group, custom) in [
        ("argoproj.io", true),
        ("velero.io", true),
        ("s3.aws.upbound.io", true),
        ("example.com", false),
        ("metrics.k8s.io", false),
        ("route.openshift.io", false),
        ("projectcalico.org", false),
        ("crd.projectcalico.org", true),
        ("apps", false),
        ("", false),
        ("policy", false),
    ] {
        assert_eq!(is_custom(group), custom, "{group}");
    }
}

#[test]
fn annotations_say_something_by_their_value() {
    for (name, value, fact) in [
        ("cnpg.io/hibernation", "on", Some("suspended")),
        ("cnpg.io/hibernation", "off", None),
        ("eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/x", Some("identity")),
        ("autoscaling.keda.sh/paused-replicas", "3", None),
        ("a", "b", None),
        ("zz", "b", None),
    ] {
        assert_eq!(annotation(name, value), fact, "{name}={value}");
    }
}
