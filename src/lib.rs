//! blastgate: a gate between coding agents and infrastructure APIs.
//!
//! A request flows one way through four proof types; each can be made only by the stage that earns it:
//! [`identify::Identified`] → [`classify::Action`] → [`decide::Decision`] + [`record::Receipt`] → [`enforce::Permit`] →
//! [`egress`]. Skipping a stage does not compile. `ARCHITECTURE.md` has the map, `docs/life-of-a-request.md` the walk.
//!
//! The modules below stand in layer order: a module may import only from modules above it (`tests/it/tidy.rs`).

pub mod model;

pub mod head;

pub mod config;

pub mod catalog;

pub mod identify;

pub mod classify;

pub mod rules;

pub mod decide;

pub mod prove;

pub mod record;

pub mod store;

pub mod outbound;

pub mod notify;

pub mod memory;

pub mod sessions;

pub mod approvals;

pub mod limits;

pub mod enforce;

pub mod report;

pub mod wire;

pub mod egress;

pub mod doors;

pub mod sandbox;

pub mod control;

pub mod install;

pub mod app;

pub mod demo;

pub mod cli;
