//! The same effect has the same name, the same reach and the same answer at every door: on the command line, as the request
//! that an SDK sends, by curl, through a tool, and in a plan of Terraform's.

use crate::classify::{Action, classify};
use crate::config::{Bodies, Inventory};
use crate::decide::{Facts, decide};
use crate::identify::command::{Shell, Stated};
use crate::identify::tool::{ToolCall, tool};
use crate::identify::{Known, command};
use crate::model::{Evidence, Impact, Posture, Timestamp};
use crate::rules::RuleSet;

use crate::prove::{Bench, Command, Request, nobody};

/// One way to the effect.
enum Way {
    /// A command line.
    Line(&'static str),
    /// A request as an SDK sends it.
    Sent(&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str),
    /// A tool of a server that takes a command line.
    Tool(&'static str),
    /// What `terraform apply` would carry out.
    Plan(&'static str),
}

/// `id impact scope decision` of the strictest action of a way.
fn said(rules: &RuleSet, way: &Way) -> String {
    let inventory = Inventory::default();
    let bench = Bench { rules, inventory: &inventory, bodies: &Bodies::default(), posture: Posture::Guarded };
    let context = nobody(Timestamp::from_millis(0));
    let mut around = Stated::in_workspace("/repo");
    let judged = match way {
        Way::Sent(method, url, headers, body) => {
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let request = Request { method, url, headers: &headers, body: body.as_bytes() };
            bench.judge(&request, &Known::default(), &context).expect("readable")
        }
        Way::Line(text) => {
            let asked = Command { text, shell: Shell::Posix, around: &around };
            bench.hear(&asked, &context).expect("readable").0
        }
        Way::Plan(plan) => {
            around.files.insert("/repo/tfplan".to_owned(), (*plan).to_owned());
            let asked = Command { text: "terraform apply tfplan", shell: Shell::Posix, around: &around };
            bench.hear(&asked, &context).expect("readable").0
        }
        Way::Tool(text) => {
            let call = ToolCall::Mcp {
                server: "aws-api".to_owned(),
                tool: "call_aws".to_owned(),
                arguments: serde_json::json!({ "cli_command": text }),
                annotations: crate::identify::tool::Annotations::default(),
            };
            let command::Heard { identified, .. } = tool(&[call], &around).expect("readable");
            let actions = classify(identified, &inventory, Evidence::Parsed);
            let decision = decide(&actions, &context, rules, &Facts::default(), Posture::Guarded);
            crate::prove::Judged { actions, decision }
        }
    };
    // What carries it out is an action too; of a plan there is one for all of it beside each change.
    let is_it = |action: &&Action| !matches!(action.operation().provider(), "shell" | "terraform");
    let strictest = judged.actions.iter().filter(is_it).max_by_key(|action| action.blast().impact.strictness());
    let Some(action) = strictest else { return format!("nothing of {:?}", judged.actions) };
    let blast = action.blast();
    assert_ne!(blast.impact, Impact::Unknown, "{}", action.operation());
    format!("{} {} {} {}", action.operation(), blast.impact, blast.scope, judged.decision.effect())
}

const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")];

fn target(target: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target)]
}

#[test]
fn the_same_effect_is_the_same_at_every_door() {
    let rules = RuleSet::builtin();
    let dynamo: &'static [(&str, &str)] = Box::leak(target("DynamoDB_20120810.DeleteTable").into_boxed_slice());
    let table: Vec<(&str, Vec<Way>)> = vec![
        (
            "aws:dynamodb:DeleteTable destroy resource escalate",
            vec![
                Way::Line("aws dynamodb delete-table --table-name orders --region eu-west-1"),
                Way::Sent("POST", "https://dynamodb.eu-west-1.amazonaws.com/", dynamo, r#"{"TableName":"orders"}"#),
                Way::Line(
                    "curl -X POST https://dynamodb.eu-west-1.amazonaws.com/ -H 'content-type: application/x-amz-json-1.0' \
                     -H 'x-amz-target: DynamoDB_20120810.DeleteTable' -d '{\"TableName\":\"orders\"}'",
                ),
                Way::Tool("aws dynamodb delete-table --table-name orders --region eu-west-1"),
                Way::Line("python3 -c \"import boto3; boto3.client('dynamodb').delete_table(TableName='orders')\""),
                Way::Plan(
                    r#"{"format_version":"1.2","terraform_version":"1.11.0","resource_changes":[{"address":"aws_dynamodb_table.orders","mode":"managed","type":"aws_dynamodb_table","name":"orders","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["delete"],"before":{"name":"orders","id":"orders"},"after":null}}]}"#,
                ),
            ],
        ),
        (
            "aws:cloudformation:DeleteStack destroy environment escalate",
            vec![
                Way::Line("aws cloudformation delete-stack --stack-name shop --region eu-west-1"),
                Way::Sent(
                    "POST",
                    "https://cloudformation.eu-west-1.amazonaws.com/",
                    FORM,
                    "Action=DeleteStack&Version=2010-05-15&StackName=shop",
                ),
                Way::Line(
                    "curl https://cloudformation.eu-west-1.amazonaws.com/ -d 'Action=DeleteStack&Version=2010-05-15&StackName=shop'",
                ),
                Way::Tool("aws cloudformation delete-stack --stack-name shop --region eu-west-1"),
                Way::Plan(
                    r#"{"format_version":"1.2","terraform_version":"1.11.0","resource_changes":[{"address":"aws_cloudformation_stack.shop","mode":"managed","type":"aws_cloudformation_stack","name":"shop","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["delete"],"before":{"name":"shop","id":"arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/x"},"after":null}}]}"#,
                ),
            ],
        ),
        (
            "github:rest:repos/delete destroy resource escalate",
            vec![
                Way::Line("gh repo delete acme/shop --yes"),
                Way::Line("gh api -X DELETE repos/acme/shop"),
                Way::Sent("DELETE", "https://api.github.com/repos/acme/shop", &[], ""),
                Way::Line("curl -X DELETE https://api.github.com/repos/acme/shop"),
                Way::Line("node -e \"fetch('https://api.github.com/repos/acme/shop',{method:'DELETE'})\""),
                Way::Plan(
                    r#"{"format_version":"1.2","terraform_version":"1.11.0","resource_changes":[{"address":"github_repository.shop","mode":"managed","type":"github_repository","name":"shop","provider_name":"registry.terraform.io/integrations/github","change":{"actions":["delete"],"before":{"name":"shop","full_name":"acme/shop"},"after":null}}]}"#,
                ),
            ],
        ),
        (
            "gcp:compute:instances.delete destroy resource escalate",
            vec![
                Way::Line("gcloud compute instances delete web-1 --zone europe-west1-b --project shop --quiet"),
                Way::Sent(
                    "DELETE",
                    "https://compute.googleapis.com/compute/v1/projects/shop/zones/europe-west1-b/instances/web-1",
                    &[],
                    "",
                ),
                Way::Line(
                    "curl -X DELETE https://compute.googleapis.com/compute/v1/projects/shop/zones/europe-west1-b/instances/web-1",
                ),
                Way::Plan(
                    r#"{"format_version":"1.2","terraform_version":"1.11.0","resource_changes":[{"address":"google_compute_instance.web","mode":"managed","type":"google_compute_instance","name":"web","provider_name":"registry.terraform.io/hashicorp/google","change":{"actions":["delete"],"before":{"self_link":"https://www.googleapis.com/compute/v1/projects/shop/zones/europe-west1-b/instances/web-1","name":"web-1","project":"shop","zone":"europe-west1-b"},"after":null}}]}"#,
                ),
            ],
        ),
        (
            "azure:Microsoft.Resources:resourceGroups.delete destroy environment escalate",
            vec![
                Way::Line("az group delete -n shop --subscription 00000000-0000-0000-0000-000000000001 --yes"),
                Way::Sent(
                    "DELETE",
                    "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/shop?api-version=2024-03-01",
                    &[],
                    "",
                ),
                Way::Line(
                    "curl -X DELETE 'https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/shop?api-version=2024-03-01'",
                ),
                Way::Line(
                    "az rest --method delete --url 'https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/shop?api-version=2024-03-01'",
                ),
            ],
        ),
    ];
    let mut wrong = Vec::new();
    for (expected, ways) in &table {
        for (position, way) in ways.iter().enumerate() {
            let found = said(&rules, way);
            if found != *expected {
                wrong.push(format!("way {} to {expected}: {found}", position + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
