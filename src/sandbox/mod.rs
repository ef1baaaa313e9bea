//! Starts the agent so that its ordinary clients come through the gate: proxy and CA variables, a private kubeconfig.
//!
//! This guides clients, it does not confine them: a program that ignores its proxy variables goes around the gate.

mod child;
mod environment;
mod kubeconfig;
mod nested;
mod own;
mod ssh_agent;

pub use child::{ChildError, raise_file_limit, run_child};
pub use environment::{JAVA_STORE_PASSWORD, Proxy, Trust, variables};
pub use kubeconfig::{KubeconfigError, Rewritten, Server, rewrite};
pub use nested::{Above, above, holds_socket, is_run, is_this_program, outer_gate};
pub use own::OwnProcess;
pub use ssh_agent::signers;
