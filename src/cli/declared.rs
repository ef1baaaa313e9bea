//! What a session declares when it is opened: the same words for `run` and `sessions open`.

use super::Failure;
use crate::memory::{Boundary, Declared};

/// What a session declares.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Declaring {
    /// What the session is to do, for whoever reads its calls
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,
    /// Where it may change things: account=, region=, project=, subscription=, cluster=, namespace=, repository=, tenant=, with
    /// commas and `*`; again for more [default: where its first change lands]
    #[arg(long, value_name = "AXIS=VALUE")]
    boundary: Vec<String>,
}

impl Declaring {
    /// Checked.
    pub(crate) fn checked(&self) -> Result<Declared, Failure> {
        let task = self.task.as_deref().map(str::trim).filter(|task| !task.is_empty()).map(str::to_owned);
        Ok(Declared { task, boundary: Boundary::parse(&self.boundary).map_err(Failure::usage)? })
    }
}
