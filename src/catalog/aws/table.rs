//! The packed AWS tables.

use crate::catalog::packed::{Entry, Reviewed, tables};

use super::faces::{Command, Renamed, ResourceType};
use super::types::{Arn, Member, Noun, Operation, Partition, Plane, Service, Verb};

tables! {
    arns: Arn = "aws_arns";
    by_host: Entry = "aws_by_host";
    by_signing: Entry = "aws_by_signing";
    by_target: Entry = "aws_by_target";
    cloudformation: ResourceType = "aws_cloudformation";
    commands: Command = "aws_commands";
    members: Member = "aws_members";
    nouns: Noun = "aws_nouns";
    operations: Operation = "aws_operations";
    partitions: Partition = "aws_partitions";
    planes: Plane = "aws_planes";
    renamed: Renamed = "aws_renamed";
    reviewed: Reviewed = "aws_reviewed";
    services: Service = "aws_services";
    terraform: ResourceType = "aws_terraform";
    verbs: Verb = "aws_verbs";
}
