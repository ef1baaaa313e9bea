use super::super::plan;
use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::identify::command::terraform::arguments::Arguments;
use crate::identify::command::terraform::command::Call;
use crate::identify::command::terraform::state::Project;
use crate::identify::command::tests::{stated, words};
use crate::identify::command::{Invocation, Scene};
use crate::model::{Evidence, Hazard, Place};

fn actions(document: &[u8]) -> Vec<Action> {
    let plan = plan::parse(document).expect("a plan");
    let around = stated();
    let mut scene = Scene::new(&around);
    let one = Invocation { words: words("terraform apply p"), ..Invocation::bare(&around) };
    let project = Project::read(one.directory.clone(), &one, &scene);
    let call = Call { one: &one, arguments: Arguments::default(), project };
    super::carry_out(plan.changes.iter(), (&Place::default(), None), &call, &mut scene);
    let heard = scene.finish().expect("readable");
    classify(heard.identified, &Inventory::default(), Evidence::Parsed).into_vec()
}

fn said(document: &[u8]) -> Vec<String> {
    let one = |action: &Action| {
        let blast = action.blast();
        let hazards: Vec<&str> = blast.hazards.iter().map(Hazard::as_str).collect();
        format!("{} {} {} [{}]", action.operation(), blast.impact, blast.scope, hazards.join(","))
    };
    let mut all: Vec<String> = actions(document).iter().map(one).collect();
    all.sort();
    all
}

#[test]
fn changes_are_the_calls_that_they_stand_for() {
    let expected = [
        "aws:ec2:AuthorizeSecurityGroupIngress permission resource [exposure]",
        "aws:ec2:DeleteVpc destroy environment [traffic]",
        "aws:rds:DeleteDBInstance destroy resource [data-loss,backup-loss]",
        "aws:rds:DeleteDBInstance destroy resource [data-loss]",
        "aws:s3:DeleteBucket destroy resource []",
        "aws:s3:DeleteObjects destroy item [data-loss,bulk]",
        "aws:sqs:CreateQueue create resource []",
        "azure:Microsoft.Resources:resourceGroups.delete destroy environment [data-loss]",
        "cloudflare:dns:records.delete destroy item [traffic]",
        "gcp:sql:instances.delete destroy resource [data-loss,backup-loss]",
        "github:rest:repos/delete destroy resource [data-loss]",
        "kubernetes:core:namespaces.delete destroy environment [data-loss]",
        "terraform:aws_db_instance:replace destroy resource [data-loss,replace]",
        "terraform:aws_instance:tag update item []",
        "terraform:aws_security_group_rule:expose permission resource [exposure]",
        "terraform:mongodbatlas_cluster:delete destroy environment [data-loss]",
        "terraform:random_id:delete destroy local []",
        "terraform:random_thing:delete destroy resource []",
    ];
    assert_eq!(said(include_bytes!("../samples/cloud.json")), expected);
}

#[test]
fn the_place_is_that_of_the_object() {
    let places: Vec<Place> =
        actions(include_bytes!("../samples/cloud.json")).iter().map(|one| one.place().clone()).collect();
    assert!(places.iter().any(|place| place.account.as_deref() == Some("111122223333")));
}

#[test]
fn many_alike_are_told_together_but_for_what_goes() {
    let change = |index: usize, kind: &str, action: &str| {
        format!(
            r#"{{"address":"{kind}.x[{index}]","type":"{kind}","provider_name":"registry.terraform.io/hashicorp/aws","change":{{"actions":["{action}"],"before":{{"name":"n{index}"}},"after":{{"name":"n{index}"}}}}}}"#
        )
    };
    let mut all: Vec<String> = (0..30).map(|index| change(index, "aws_sqs_queue", "create")).collect();
    all.extend((0..30).map(|index| change(index, "datadog_monitor", "create")));
    all.extend((0..30).map(|index| change(index, "aws_sqs_queue", "delete")));
    let document = format!(r#"{{"format_version":"1.2","resource_changes":[{}]}}"#, all.join(","));
    let actions = actions(document.as_bytes());
    let counts: Vec<String> = actions
        .iter()
        .filter(|action| action.blast().impact != crate::model::Impact::Destroy)
        .map(|action| format!("{} {}", action.operation(), action.blast().count))
        .collect();
    assert_eq!(counts, ["aws:sqs:CreateQueue 30", "terraform:datadog_monitor:create 30"]);
    assert_eq!(actions.len(), 32);
}
