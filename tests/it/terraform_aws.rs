//! Terraform's own AWS provider, where a folder of this machine mirrors it: `TERRAFORM_MIRROR`, or one of those where
//! mirrors commonly stand.

use std::path::PathBuf;
use std::time::Duration;

use crate::support::child::{self, Ended};
use crate::support::clients;
use crate::support::moto::{Aws, credentials};
use crate::support::stage::{DEV_ACCOUNT, PROD_ACCOUNT, Stage};

/// The provider is hundreds of megabytes large, and is started for each step.
const PATIENCE: Duration = Duration::from_secs(240);

const MAIN: &str = r#"
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  region                      = "us-east-1"
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
resource "aws_cloudformation_stack" "billing" {
  name          = "made-by-terraform"
  template_body = jsonencode({ Resources = { Jobs = { Type = "AWS::SQS::Queue" } } })
}
"#;

/// A folder with the provider in it.
fn mirror() -> Option<PathBuf> {
    let named = std::env::var_os("TERRAFORM_MIRROR").map(PathBuf::from);
    let home = std::env::home_dir().map(|home| home.join(".terraform.d/plugins"));
    let usual = ["/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins"].map(PathBuf::from);
    let opt = std::fs::read_dir("/opt").into_iter().flatten().flatten().map(|entry| entry.path());
    let found = named.into_iter().chain(home).chain(usual).chain(opt).find(|folder| {
        let provider = folder.join("registry.terraform.io/hashicorp/aws");
        std::fs::read_dir(provider).is_ok_and(|mut versions| versions.next().is_some())
    });
    if found.is_none() {
        eprintln!("SKIPPED: no folder mirrors Terraform's AWS provider, so nothing was tested with it");
    }
    found
}

#[track_caller]
fn terraform(stage: &Stage, account: &str, arguments: &[&str]) -> Ended {
    let mut command = stage.blastgate(["run", "--", "terraform"]);
    command.args(arguments).arg("-no-color").envs(credentials(account)).env("AWS_EC2_METADATA_DISABLED", "true");
    child::run(command, PATIENCE)
}

#[test]
fn a_stack_is_made_anywhere_and_destroyed_in_development_only() {
    let (Some(_), Some(mirror)) = (clients::optional("terraform"), mirror()) else { return };
    let mut stage = Stage::new();
    let cloud = Aws::on(&mut stage, &[]);
    let mirrored =
        format!("provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n", mirror.display());
    let settings = stage.write("work/terraform.rc", mirrored).display().to_string();
    stage
        .variable("TF_CLI_CONFIG_FILE", settings)
        .variable("CHECKPOINT_DISABLE", "1")
        .variable("TF_IN_AUTOMATION", "1");
    stage.write("work/main.tf", MAIN);
    terraform(&stage, DEV_ACCOUNT, &["init"]).succeeded();
    for account in [DEV_ACCOUNT, PROD_ACCOUNT] {
        let made = terraform(&stage, account, &["apply", "-auto-approve"]).succeeded();
        assert!(made.stdout.contains("1 added, 0 changed, 0 destroyed"), "{made:#?}");
        let same = terraform(&stage, account, &["plan"]).succeeded();
        assert!(same.stdout.contains("No changes"), "{same:#?}");
        let gone = terraform(&stage, account, &["destroy", "-auto-approve"]);
        if account == DEV_ACCOUNT {
            assert!(gone.code == Some(0) && gone.stdout.contains("1 destroyed"), "{gone:#?}");
        } else {
            assert_eq!(gone.code, Some(1), "{gone:#?}");
            let said: Vec<&str> =
                gone.stderr.split(|c: char| c.is_whitespace() || c == '│').filter(|w| !w.is_empty()).collect();
            let said = said.join(" ");
            assert!(said.contains("Approval needed (a_") && said.contains("aws/delete-stack"), "{gone:#?}");
        }
    }
    assert_eq!(cloud.asked_for("DeleteStack"), 1, "in development");
    assert_eq!(stage.log().stopped(), ["aws:cloudformation:DeleteStack escalate"]);
}
