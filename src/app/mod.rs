//! The composition root: reads files, builds the long-lived values, starts and stops. No decisions are made here.

mod advise;
mod base;
mod certificates;
pub mod changes;
mod checks;
mod clock;
mod desk;
mod files;
mod held;
pub mod init;
mod joined;
mod network;
mod notices;
mod private;
mod said;
mod serve;
mod setup;
mod summary;
pub mod surroundings;
mod trust;

pub use advise::{Advisor, Asking, fault};
pub use base::{StartError, person};
pub use certificates::CertificateError;
pub use clock::SystemClock;
pub use desk::StandingDesk;
pub use files::{
    LoadError, Loaded, Places, load, load_for_work, load_judging, located, read_pem_certificates, settings, standing,
};
pub use joined::{JoinedGate, join};
pub use notices::notices;
pub use private::{Options, PRIVATE_SOCKET, PrivateGate, start};
pub use said::hear_alone;
pub use serve::{Ended, ServeOptions, SharedGate, SocketError, control_socket, serve};
pub use setup::{Setup, Text, Texts, rule_sources};
pub use summary::summary;
pub use surroundings::Environment;
