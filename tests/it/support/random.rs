//! Randomness whose seed is printed, so that a failure can be repeated with `BLASTGATE_TEST_SEED`.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A generator; says its seed.
pub(crate) fn seeded(test: &str) -> StdRng {
    let seed = std::env::var("BLASTGATE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("{test}: BLASTGATE_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// A number below `end`.
pub(crate) fn below(random: &mut StdRng, end: u64) -> u64 {
    random.random_range(0..end)
}
