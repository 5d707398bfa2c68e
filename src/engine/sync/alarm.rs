//! When the machine wants to be woken, and what for: the earliest of all that is to come.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Something is to be sent.
    Outbox,
    /// Nothing happened for long.
    Interval,
    /// A failed run is tried again.
    Retry,
    /// A run that has waited for its turn, or for the network to settle.
    Run,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Alarm {
    pub due_ms: u64,
    set_ms: u64,
    pub cause: Cause,
}

impl Alarm {
    pub fn new(set_ms: u64, wait_ms: u64, cause: Cause) -> Self {
        Self { due_ms: set_ms + wait_ms, set_ms, cause }
    }

    /// A clock that was put back makes it due: how long it has waited, nobody can tell.
    pub fn is_due(&self, now_ms: u64) -> bool {
        now_ms >= self.due_ms || now_ms < self.set_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_put_back_does_not_put_off_what_is_due() {
        let alarm = Alarm::new(1_000_000, 30_000, Cause::Retry);
        assert!(!alarm.is_due(1_029_999) && alarm.is_due(1_030_000));
        assert!(alarm.is_due(5));
    }
}
