//! Who is told about calls that wait: from the settings to a spool, and the task that sends what is in it.

use std::sync::Arc;

use super::base::StartError;
use super::clock::SystemClock;
use super::files::{LoadError, Places, configured, read_pem_certificates};
use crate::config::Config;
use crate::model::Clock;
use crate::notify::{Channels, Spool, Worker};
use crate::outbound::{Outbound, OutboundParts, Proxies};
use crate::store::Store;

/// The spool of these settings in this state.
///
/// # Errors
/// A file or a proxy that is needed on the way out cannot be used. Where nobody is told nothing is needed.
pub(super) fn spool(
    places: &Places,
    config: &Config,
    store: Store,
    clock: Arc<dyn Clock>,
) -> Result<Spool, StartError> {
    let notify = &config.notify;
    let mut parts = OutboundParts { allow: notify.allow_addresses.clone(), ..OutboundParts::default() };
    if notify.webhook.is_some() || notify.slack.is_some() || notify.email.is_some() {
        parts.resolve = config.egress.resolve.clone();
        parts.proxies = Proxies::of(&config.egress.proxy, |name| std::env::var_os(name))?;
        for path in &config.egress.extra_ca {
            parts.extra_roots.extend(read_pem_certificates(&places.config.join(path))?);
        }
    }
    let folder = places.config.clone();
    let channels = Channels::new(notify, folder, Outbound::new(parts), clock, |name| std::env::var_os(name));
    let scope = std::fs::canonicalize(&places.config).unwrap_or_else(|_| places.config.clone());
    Ok(Spool::new(store, scope.display().to_string(), channels))
}

/// The same for a command that looks at it or tries it.
///
/// # Errors
/// The settings cannot be used.
pub fn notices(places: Places) -> Result<Spool, LoadError> {
    let (places, config) = configured(places)?;
    spool(&places, &config, Store::at(&places.state), Arc::new(SystemClock)).map_err(|error| match error {
        StartError::Load(error) => error,
        other => LoadError::Outbound(other.to_string()),
    })
}

/// Sends what waits, for as long as the runtime lives.
pub(super) fn send(spool: &Spool) -> impl Future<Output = ()> + Send + use<> {
    Worker::new(spool.clone()).run(std::future::pending())
}
