//! gcloud, gsutil, bq and az: what they ask for is the request that they would send, so that an effect has the same name
//! and the same verdict as at the door of the API itself.
//!
//! Which words lead to which API stands in `catalog/commands/clouds`; what a request does is the catalog's to say.

mod az;
mod body;
mod bq;
mod bucket;
mod gcloud;
mod google;
mod line;
mod storage;
mod words;

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] =
    &[("gcloud", gcloud::read), ("gsutil", storage::gsutil), ("bq", bq::read), ("az", az::read)];

#[cfg(test)]
mod tests;
