//! Drives the built `blastgate` with the clients that people use, against servers on loopback.
//!
//! Every promise that the program makes to somebody outside has its test here; what one module promises to another is
//! tested beside that module.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and stands outside the rules that keep the product's modules apart"
)]

mod agent;
mod approvals;
mod aws;
mod aws_operations;
mod aws_refusals;
mod aws_sessions;
mod azure;
mod boundaries;
mod changes;
mod changes_approved;
mod channels;
mod crash;
mod docker;
mod egress;
mod fidelity;
mod gcp_operations;
mod git;
mod github;
mod github_operations;
mod google;
mod graphql;
mod graphql_messages;
mod graphql_socket;
mod grpc;
mod hook;
mod hooks_agents;
mod http;
mod init;
mod install;
mod kubectl;
mod kubectl_sessions;
mod kubernetes;
mod ledger;
mod limits;
mod notify;
mod obligations;
mod operations;
mod platforms;
mod quorum;
mod report;
mod restart;
mod reverse;
mod rules_again;
mod run;
mod sequences;
mod serve;
mod streams;
mod support;
mod terraform;
mod terraform_aws;
mod terraform_cloud;
mod throttle;
mod tidy;
mod upgrades;
mod uploads;
mod wrapping;
