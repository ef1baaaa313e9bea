//! The enforcement point.

mod refusal;

pub use refusal::{Refusal, RefusalKind};
