//! From a decision to what happens: a pure map.

use crate::model::{Disposition, Posture};

/// What stands in a request's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Nothing: it is allowed, or approved.
    Nothing,
    /// A limit is used up.
    Limit,
    /// The decision, or that people have not answered: the call is refused and its request waits.
    Decision,
}

/// What becomes of a request.
pub(super) const fn disposition(obstacle: Obstacle, posture: Posture) -> Disposition {
    match (obstacle, posture) {
        (Obstacle::Nothing, _) => Disposition::Forwarded,
        (_, Posture::Observe) => Disposition::Observed,
        (Obstacle::Limit, _) => Disposition::Throttled,
        (Obstacle::Decision, _) => Disposition::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_map() {
        use Disposition::{Forwarded, Observed, Refused, Throttled};
        for posture in [Posture::Guarded, Posture::Strict] {
            assert_eq!(disposition(Obstacle::Nothing, posture), Forwarded);
            assert_eq!(disposition(Obstacle::Limit, posture), Throttled);
            assert_eq!(disposition(Obstacle::Decision, posture), Refused);
        }
        assert_eq!(disposition(Obstacle::Nothing, Posture::Observe), Forwarded);
        assert_eq!(disposition(Obstacle::Limit, Posture::Observe), Observed);
        assert_eq!(disposition(Obstacle::Decision, Posture::Observe), Observed);
    }
}
