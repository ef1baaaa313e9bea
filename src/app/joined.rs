//! A run that joins a shared gate: the session is the gate's, the files for the agent's clients are this run's own.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::base::StartError;
use super::files::Places;
use super::trust::{self, RunFolder};
use crate::control::protocol::{ClosedSession, OpenSession, OpenedSession};
use crate::control::{Client, ClientError};
use crate::enforce::Tally;
use crate::model::SessionId;
use crate::sandbox::{Proxy, Trust};

/// A session of a shared gate.
#[derive(Debug)]
pub struct JoinedGate {
    /// Which.
    pub session: SessionId,
    /// Where the agent's clients go, with the session's credentials.
    pub proxy: Proxy,
    /// The files for them.
    pub trust: Trust,
    /// The agent's own kubeconfig, when the operator has one.
    pub kubeconfig: Option<PathBuf>,
    /// The gate stops nothing.
    pub observing: bool,
    /// What the operator should know.
    pub warnings: Vec<String>,
    client: Client,
    _folder: RunFolder,
}

/// Asks the gate at this socket for a session; `None` when there is none, or one with another configuration.
///
/// # Errors
/// There is a gate, and it does not open a session; or the files cannot be written.
pub async fn join(socket: &Path, places: &Places, ask: OpenSession) -> Result<Option<JoinedGate>, StartError> {
    let client = Client::new(socket);
    let opened: OpenedSession = match client.post("/v1/sessions", &ask).await {
        Ok(opened) => opened,
        Err(ClientError::Absent { .. } | ClientError::Unknown(_)) => return Ok(None),
        Err(error) => return Err(StartError::Running(format!("the running gate opens no session: {error}"))),
    };
    let io = |doing: &'static str| move |source| StartError::Io { doing, source };
    let folder = RunFolder::create(&places.state.join("run"), &opened.session.to_string())
        .map_err(io("make a folder for this run"))?;
    let extra: Vec<_> =
        CertificateDer::pem_slice_iter(opened.extra_roots_pem.as_bytes()).filter_map(Result::ok).collect();
    let trust = trust::write(&folder, &extra, &opened.ca_pem).map_err(io("write the certificate bundle"))?;
    let kubeconfig = match &opened.kubeconfig {
        Some(text) => Some(folder.write("kubeconfig", text.as_bytes()).map_err(io("write the kubeconfig"))?),
        None => None,
    };
    Ok(Some(JoinedGate {
        session: opened.session,
        proxy: Proxy { address: opened.proxy, credentials: Some(opened.credentials) },
        trust,
        kubeconfig,
        observing: opened.observing,
        warnings: opened.warnings,
        client,
        _folder: folder,
    }))
}

impl JoinedGate {
    /// Ends the session, and tells what went through it.
    ///
    /// # Errors
    /// The gate is gone, or does not know the session any more.
    pub async fn close(self) -> Result<Tally, ClientError> {
        let path = format!("/v1/sessions/{}/close", self.session);
        let closed: ClosedSession = self.client.post(&path, &serde_json::json!({})).await?;
        Ok(closed.tally)
    }
}
