//! After a restore all clients hear at once that they must pull from nothing: they do it one after the other, within half
//! a minute. Until then they show what they have.

use super::Machine;
use crate::engine::interface::At;

const SPREAD_MS: u64 = 30_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spread {
    Never,
    /// The pull from nothing waits so long.
    Next(u64),
    /// It has waited.
    Done,
}

impl Machine {
    /// The server asks for a pull from nothing. Whoever asked for this run waits for it.
    pub(super) fn spread(&mut self, reason: &str, at: At) {
        if !self.asked && self.spread == Spread::Never && reason != "expired" {
            self.spread = Spread::Next(SPREAD_MS * u64::from(at.entropy) / u64::from(u32::MAX));
        }
    }
}
