//! Processes that the gate starts for itself and waits for itself: a check of the operator's.
//!
//! Beside an agent's command, `run` takes note of the end of whatever that left behind; of these here it must not, or their
//! exit code would be lost.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

static OWN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Held while processes are counted or started.
pub(super) fn own() -> MutexGuard<'static, BTreeSet<u32>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process in a group of its own. What is left of the group is killed with it, at the latest when this is dropped.
#[derive(Debug)]
pub struct OwnProcess {
    child: Child,
    is_ended: bool,
}

impl OwnProcess {
    /// Starts it.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut own = own();
        let child = command.process_group(0).spawn()?;
        own.insert(child.id());
        Ok(Self { child, is_ended: false })
    }

    /// The process, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its id, until it is ended.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// Kills it and its group, where they still run, and gives how it ended.
    ///
    /// # Errors
    /// That cannot be told.
    pub fn end(&mut self) -> io::Result<ExitStatus> {
        // Not yet waited for, it keeps its number: nobody else's group is meant.
        if !std::mem::replace(&mut self.is_ended, true)
            && let Some(pid) = self.pid()
        {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let status = self.child.wait();
        own().remove(&self.child.id());
        status
    }
}

impl Drop for OwnProcess {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
