//! From a decision to what happens: a pure map.

use crate::model::{Disposition, Effect, Posture};

/// What becomes of a request. `limited`: a limit is used up.
pub(super) const fn disposition(effect: Effect, posture: Posture, limited: bool) -> Disposition {
    let stopped = match effect {
        Effect::Allow | Effect::Throttle if limited => Disposition::Throttled,
        Effect::Allow | Effect::Throttle => return Disposition::Forwarded,
        // No approval can be live yet: an escalation is a refusal that names its request.
        Effect::Escalate | Effect::Deny => Disposition::Refused,
    };
    match posture {
        Posture::Observe => Disposition::Observed,
        Posture::Guarded | Posture::Strict => stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_map() {
        use Disposition::{Forwarded, Observed, Refused, Throttled};
        for posture in [Posture::Guarded, Posture::Strict] {
            assert_eq!(disposition(Effect::Allow, posture, false), Forwarded);
            assert_eq!(disposition(Effect::Throttle, posture, false), Forwarded);
            assert_eq!(disposition(Effect::Allow, posture, true), Throttled);
            assert_eq!(disposition(Effect::Escalate, posture, false), Refused);
            assert_eq!(disposition(Effect::Deny, posture, true), Refused);
        }
        assert_eq!(disposition(Effect::Allow, Posture::Observe, false), Forwarded);
        for (effect, limited) in [(Effect::Allow, true), (Effect::Escalate, false), (Effect::Deny, false)] {
            assert_eq!(disposition(effect, Posture::Observe, limited), Observed);
        }
    }
}
