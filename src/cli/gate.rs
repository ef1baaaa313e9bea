//! Asking a running gate: what the operator's commands share.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::app::{self, Places};
use crate::control::{Client, ClientError, ControlError};

/// The sockets of the gates that may run: the shared one first, then the private ones of each `run`.
pub(crate) fn sockets(config: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let places = Places::of(config, |name| std::env::var_os(name)).map_err(Failure::usage)?;
    let (places, config) = app::settings(places);
    let mut found = vec![app::control_socket(&config.listen, &places, runtime_folder().as_deref())];
    let mut private: Vec<PathBuf> = std::fs::read_dir(places.state.join("run"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join(app::PRIVATE_SOCKET))
        .filter(|path| path.exists())
        .collect();
    private.sort();
    found.extend(private);
    Ok(found)
}

/// The state folder.
pub(crate) fn state(config: Option<&Path>) -> Result<PathBuf, Failure> {
    let places = Places::of(config, |name| std::env::var_os(name)).map_err(Failure::usage)?;
    Ok(app::settings(places).0.state)
}

/// `$XDG_RUNTIME_DIR`.
pub(crate) fn runtime_folder() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// A runtime for a command that only asks.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::fault)
}

/// Asks the first gate that answers.
pub(crate) fn ask<T>(
    config: Option<&Path>,
    question: impl AsyncFn(&Client) -> Result<T, ClientError>,
) -> Result<T, Failure> {
    ask_or(config, question, || None)
}

/// The same; where no gate runs the answer is `alone`'s, if it has one.
pub(crate) fn ask_or<T>(
    config: Option<&Path>,
    question: impl AsyncFn(&Client) -> Result<T, ClientError>,
    alone: impl FnOnce() -> Option<Result<T, ControlError>>,
) -> Result<T, Failure> {
    let sockets = sockets(config)?;
    let shared = sockets.first().cloned().unwrap_or_default();
    let runtime = runtime()?;
    for socket in &sockets {
        match runtime.block_on(question(&Client::new(socket))) {
            Err(ClientError::Absent { .. }) => {}
            answer => return answer.map_err(failure),
        }
    }
    let absent = || failure(ClientError::Absent { path: shared, source: std::io::ErrorKind::NotFound.into() });
    alone().ok_or_else(absent)?.map_err(refused)
}

/// What is said where no gate runs, as a gate would say it.
pub(crate) fn refused(error: ControlError) -> Failure {
    match error {
        ControlError::Refused(said) => failure(ClientError::Refused(said)),
        ControlError::Unknown(said) => failure(ClientError::Unknown(said)),
        ControlError::Fault(said) => Failure::fault(anyhow::anyhow!(said)),
    }
}

/// Asks one gate after the other until one knows what it is asked about.
pub(crate) fn ask_each<T>(
    config: Option<&Path>,
    question: impl AsyncFn(&Client) -> Result<T, ClientError>,
) -> Result<T, Failure> {
    let (sockets, runtime) = (sockets(config)?, runtime()?);
    let mut unknown = None;
    for socket in &sockets {
        match runtime.block_on(question(&Client::new(socket))) {
            Err(error @ ClientError::Unknown(_)) => unknown = Some(error),
            Err(error @ ClientError::Absent { .. }) => _ = unknown.get_or_insert(error),
            answer => return answer.map_err(failure),
        }
    }
    let nobody = || ClientError::Unknown("no gate is running".to_owned());
    Err(failure(unknown.unwrap_or_else(nobody)))
}

/// Only the shared gate.
pub(crate) fn ask_shared<T>(
    config: Option<&Path>,
    question: impl AsyncFn(&Client) -> Result<T, ClientError>,
) -> Result<T, Failure> {
    let socket = sockets(config)?.into_iter().next().unwrap_or_default();
    runtime()?.block_on(question(&Client::new(&socket))).map_err(failure)
}

/// Exit codes: 3 when the gate says no, 1 when what was asked about is not there, 2 when there is no gate.
pub(crate) fn failure(error: ClientError) -> Failure {
    let code = match &error {
        ClientError::Refused(_) => 3,
        ClientError::Unknown(_) => 1,
        ClientError::Absent { .. } => 2,
        ClientError::Broken { .. } => 4,
    };
    let error = match error {
        ClientError::Absent { path, .. } => anyhow::anyhow!(
            "no gate is running (nobody answers at `{}`); start one with `blastgate serve`, or wrap a command with \
             `blastgate run`",
            path.display()
        ),
        other => other.into(),
    };
    Failure { error, code }
}
