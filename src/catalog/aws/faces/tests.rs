use super::*;
use crate::catalog::aws::{has_operation, services};

fn spelt(name: &'static str) -> String {
    kebab(name).map(char::from).collect()
}

#[test]
fn names_are_spelt_as_the_aws_cli_spells_them() {
    for (name, expected) in [
        ("DeleteDBInstance", "delete-db-instance"),
        ("ListHITs", "list-hits"),
        ("CreateVpcEndpointARNs", "create-vpc-endpoint-arns"),
        ("GetSAMLProvider", "get-saml-provider"),
        ("ListObjectsV2", "list-objects-v2"),
        ("DescribeReservedInstancesOfferings", "describe-reserved-instances-offerings"),
        ("EnableMFADevice", "enable-mfa-device"),
        ("CreateApi2Key", "create-api2-key"),
        ("AssociateVPCWithHostedZone", "associate-vpc-with-hosted-zone"),
        ("X", "x"),
        ("", ""),
    ] {
        assert_eq!(spelt(name), expected, "{name}");
    }
}

#[test]
fn commands_are_operations() {
    for (command, expected) in [
        ("rds delete-db-instance", "rds:DeleteDBInstance"),
        ("deploy delete-application", "deploy:DeleteApplication"),
        ("configservice stop-configuration-recorder", "configservice:StopConfigurationRecorder"),
        ("s3api delete-bucket", "s3:DeleteBucket"),
        ("rds add-option-to-option-group", "rds:ModifyOptionGroup"),
        ("storagegateway create-cached-iscsi-volume", "storagegateway:CreateCachediSCSIVolume"),
        ("runtime.sagemaker invoke-endpoint", "sagemaker-runtime:InvokeEndpoint"),
        ("socialmessaging send-whatsapp-message", "socialmessaging:SendWhatsAppMessage"),
        ("s3 delete-bucket", ""),
        ("s3 rm", ""),
        ("rds DeleteDBInstance", ""),
        ("rds delete-db-instance ", ""),
        ("rds ", ""),
        ("nosuch delete-db-instance", ""),
    ] {
        let (service, name) = command.split_once(' ').unwrap();
        let found = by_command(service, name)
            .map(|(service, operation)| format!("{}:{}", service.name.get(), operation.name.get()));
        assert_eq!(found.unwrap_or_default(), expected, "{command}");
    }
}

/// Every operation is found by its own command, so no two of a service share one.
#[test]
fn every_operation_has_a_command() {
    for service in services() {
        for operation in service.operations() {
            let command = command_of(service, operation);
            let (prefix, name) = command.split_once(' ').unwrap();
            let (_, found) = by_command(prefix, name).unwrap_or_else(|| panic!("{command}"));
            assert!(std::ptr::eq(found, operation), "{command}");
        }
    }
}

#[test]
fn commands_that_are_more_or_less_than_an_operation() {
    let describe = |service, command| -> Vec<String> {
        let rows = commands(service, command).iter();
        let row = |row: &Command| {
            let operations: Vec<String> = row.operations().map(|(service, name)| format!("{service}:{name}")).collect();
            let count = if row.is_unbounded() { "unbounded" } else { "one" };
            format!("[{}] {} {count}", row.when.get(), operations.join("+"))
        };
        rows.map(row).collect()
    };
    assert_eq!(
        describe("s3", "rm"),
        ["[] s3:DeleteObject one", "[--recursive] s3:ListObjectsV2+s3:DeleteObject unbounded"]
    );
    assert_eq!(
        describe("s3", "rb"),
        ["[] s3:DeleteBucket one", "[--force] s3:ListObjectsV2+s3:DeleteObject unbounded"]
    );
    assert!(describe("s3", "sync").contains(&"[s3>s3 & --delete] s3:DeleteObject unbounded".to_owned()));
    assert_eq!(describe("emr", "terminate-clusters"), ["[] emr:TerminateJobFlows unbounded"]);
    for (service, command) in [("configure", "set"), ("rds", "help"), ("ec2", "wait"), ("history", "show")] {
        assert_eq!(describe(service, command), ["[]  one"], "{service} {command}");
    }
    assert_eq!(describe("rds", "delete-db-instance"), [""; 0]);
}

#[test]
fn types_name_operations() {
    let name = |found: Option<(&Service, &Operation)>| {
        found.map(|(service, operation)| format!("{}:{}", service.name.get(), operation.name.get())).unwrap_or_default()
    };
    for (of, change, expected) in [
        ("AWS::RDS::DBInstance", Change::Delete, "rds:DeleteDBInstance"),
        ("AWS::RDS::DBInstance", Change::Update, "rds:ModifyDBInstance"),
        ("AWS::S3::Bucket", Change::Delete, "s3:DeleteBucket"),
        ("AWS::S3::Bucket", Change::Update, ""),
        ("AWS::EC2::Instance", Change::Create, "ec2:RunInstances"),
        ("AWS::EC2::Instance", Change::Delete, "ec2:TerminateInstances"),
        ("AWS::KMS::Key", Change::Delete, "kms:ScheduleKeyDeletion"),
        ("AWS::IAM::ManagedPolicy", Change::Update, "iam:CreatePolicyVersion"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", Change::Delete, "elbv2:DeleteLoadBalancer"),
        ("AWS::ECS::TaskDefinition", Change::Create, "ecs:RegisterTaskDefinition"),
        ("AWS::Organizations::Account", Change::Delete, "organizations:CloseAccount"),
        ("aws_db_instance", Change::Delete, "rds:DeleteDBInstance"),
        ("aws_instance", Change::Delete, "ec2:TerminateInstances"),
        ("aws_iam_role_policy_attachment", Change::Create, "iam:AttachRolePolicy"),
        ("aws_cloudwatch_log_group", Change::Delete, "logs:DeleteLogGroup"),
        ("aws_rds_cluster", Change::Delete, "rds:DeleteDBCluster"),
        ("aws_kms_key", Change::Delete, "kms:ScheduleKeyDeletion"),
        ("aws_s3_bucket_public_access_block", Change::Delete, "s3:DeletePublicAccessBlock"),
        ("aws_backup_vault", Change::Delete, "backup:DeleteBackupVault"),
        ("aws_lb", Change::Delete, "elbv2:DeleteLoadBalancer"),
        ("aws_eip", Change::Delete, "ec2:ReleaseAddress"),
        ("aws_eks_node_group", Change::Update, "eks:UpdateNodegroupConfig"),
        ("aws_elasticache_replication_group", Change::Delete, "elasticache:DeleteReplicationGroup"),
        ("aws_docdb_cluster", Change::Delete, "docdb:DeleteDBCluster"),
    ] {
        let row = cloudformation_type(of).or_else(|| terraform_type(of)).unwrap_or_else(|| panic!("{of}"));
        assert_eq!(name(row.operation(change)), expected, "{of} {change:?}");
    }
    for of in ["AWS::S3::Bucket/VersioningConfiguration", "AWS::EC2::", "", "aws_", "aws_security_group_rule"] {
        assert!(cloudformation_type(of).is_none() && terraform_type(of).is_none(), "{of}");
    }
    let property = property("AWS::S3::Bucket", "PublicAccessBlockConfiguration").unwrap();
    assert_eq!(name(property.operation(Change::Update)), "s3:PutPublicAccessBlock");
}

#[test]
fn tables_are_sorted_unique_and_name_what_there_is() {
    let sorted = |names: Vec<&str>| assert!(names.is_sorted_by(|a, b| a < b));
    sorted(table::cloudformation().iter().map(|row| row.name.get()).collect());
    sorted(table::terraform().iter().map(|row| row.name.get()).collect());
    let renamed: Vec<_> = table::renamed().iter().map(|row| (row.service.get(), row.command.get())).collect();
    assert!(renamed.is_sorted_by(|a, b| a < b));
    let commands: Vec<_> =
        table::commands().iter().map(|row| (row.service.get(), row.command.get(), row.when.get())).collect();
    assert!(commands.is_sorted_by(|a, b| a < b));
    for row in table::commands() {
        for (service, name) in row.operations() {
            assert!(has_operation(service, name), "{row:?}");
        }
    }
    for row in table::cloudformation().iter().chain(table::terraform()) {
        for name in [row.create, row.update, row.delete].map(Text::get).iter().filter(|name| !name.is_empty()) {
            assert!(has_operation(row.service.get(), name), "{row:?}");
        }
        let gone = row.delete.get();
        assert!(!["Create", "Describe", "List", "Run"].iter().any(|verb| gone.starts_with(verb)), "{row:?}");
    }
    assert!(table::cloudformation().len() > 1500 && table::terraform().len() > 1000);
}

#[test]
fn an_operation_knows_its_types() {
    let names: Vec<&str> = types_of("rds", "DeleteDBInstance").map(|(row, _)| row.name.get()).collect();
    assert_eq!(names, ["AWS::RDS::DBInstance", "aws_db_instance", "aws_rds_cluster_instance"]);
}
