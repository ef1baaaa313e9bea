//! The one reading of a request head: pure, so that the wire, `explain` and the tests of rules read alike.
//!
//! [`check`] is the strict check of bytes, [`request`] makes the judged [`crate::model::http::Head`] from what the HTTP
//! library read, [`text`] makes it from a method, a URL and headers (by way of the same bytes), [`authority`] reads
//! `host:port`, [`said`] what an agent says about its own request, [`upgrade`] says which openings of another protocol are understood. What can be read in two ways is refused, never repaired.

pub mod authority;
pub mod check;
pub mod request;
pub mod said;
pub mod text;
pub mod upgrade;
