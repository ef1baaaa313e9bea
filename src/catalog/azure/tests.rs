use super::*;
use crate::model::{Hazard, Impact, Reversible, Scope};

/// A table that is out of order hides rows from the look-up; a word that is none would be read as the default.
#[test]
fn tables_are_sorted_and_say_known_words() {
    for (name, table) in [("effects", &EFFECTS), ("graph", &GRAPH)] {
        let key = |row: &Effect| (row.kind.to_lowercase(), row.verb.to_lowercase(), row.when != "-", row.when);
        for pair in table.windows(2) {
            assert!(key(&pair[0]) < key(&pair[1]), "{name}: {:?} {:?}", pair[0], pair[1]);
        }
        for row in table.iter() {
            assert!(row.impact.parse::<Impact>().is_ok(), "{row:?}");
            assert!(row.scope == "where" || row.scope.parse::<Scope>().is_ok(), "{row:?}");
            assert!(row.reversible == "-" || row.reversible.parse::<Reversible>().is_ok(), "{row:?}");
            let hazards = row.hazards.split(',').filter(|word| *word != "-");
            hazards.for_each(|word| assert!(word.parse::<Hazard>().is_ok(), "{row:?}"));
            if row.kind.starts_with("Microsoft.") {
                assert!(row.kind.split('/').all(|word| spelt(word) == Some(word)), "{row:?}");
            }
        }
    }
    assert!(WORDS.is_sorted_by(|a, b| order(a, b) == Ordering::Less));
    assert!(GRAPH_WORDS.is_sorted_by(|a, b| order(a.0, b.0) == Ordering::Less));
}

#[test]
fn ids_have_one_spelling() {
    for (id, exists) in [
        ("azure:Microsoft.Resources:resourceGroups.delete", true),
        ("azure:Microsoft.Resources:resourcegroups.delete", false),
        ("azure:Microsoft.Compute:virtualMachines.deallocate", true),
        ("azure:Microsoft.Compute:virtualMachineScaleSets.delete/action", true),
        ("azure:microsoft.compute:virtualMachines.read", false),
        ("azure:Microsoft.Storage:checkNameAvailability", true),
        ("azure:contoso.things:widgets.write", true),
        ("azure:Contoso.Things:widgets.write", false),
        ("azure:graph:users.delete", true),
        ("azure:graph:groups/members/$ref.create", true),
        ("azure:graph:Users.delete", false),
        ("azure:graph:users.frobnicate", false),
        ("azure:unidentified", true),
        ("azure:Microsoft.Compute:", false),
    ] {
        assert_eq!(crate::catalog::operation_exists(id), exists, "{id}");
    }
}
