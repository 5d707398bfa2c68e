//! Which way a push takes: straight to the rpc as text, or as gzip by the Edge Function `apply_deltas`.
//!
//! The detour costs one hop more, so it is for large batches on slow or dear connections. That the function is there is
//! learned by using it: where it gives no answer of the rpc's, and the rpc itself then does, it is left alone from then on.
//! The batch is the same either way, so whatever happens to it on the detour, it takes effect once.

use serde::{Deserialize, Serialize};

/// What the app wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gzip {
    #[default]
    Auto,
    Always,
    Never,
}

/// Smallest batch that takes the detour by itself.
pub const LARGE_BYTES: usize = 32_000;
/// Smallest batch that takes it because the app says `always`: less than this fits into one packet or two.
pub const SMALL_BYTES: usize = 2_000;
/// A batch that would be under way for longer is better off with a seventh of its bytes and another hop.
pub const SLOW_MS: u64 = 1_000;
/// Smallest push that tells something of the uplink rather than of the distance.
pub const TELLING_BYTES: usize = 8_000;
/// How long a measurement counts.
pub const MEASURED_MS: u64 = 600_000;
/// Answers lost on the detour, one after the other, until it counts as broken.
pub const STRIKES: u8 = 3;

/// What one context has learned. Times are of any clock that never goes back.
#[derive(Debug, Default)]
pub struct Detour {
    wish: Gzip,
    strikes: u8,
    uplink: Option<Uplink>,
}

#[derive(Clone, Copy, Debug)]
struct Uplink {
    us_per_byte: u64,
    measured_ms: u64,
}

impl Detour {
    pub fn new(wish: Gzip) -> Self {
        Self { wish, ..Self::default() }
    }

    /// Whether a batch of so many bytes takes it; `is_dear`: the connection is known to be slow or metered.
    pub fn pays(&self, bytes: usize, is_dear: bool, now_ms: u64) -> bool {
        if self.strikes >= STRIKES {
            return false;
        }
        match self.wish {
            Gzip::Never => false,
            Gzip::Always => bytes >= SMALL_BYTES,
            Gzip::Auto => bytes >= LARGE_BYTES && (is_dear || self.takes_ms(bytes, now_ms) > SLOW_MS),
        }
    }

    /// A push as text was answered.
    pub fn measured(&mut self, bytes: usize, took_ms: u64, now_ms: u64) {
        if bytes < TELLING_BYTES {
            return;
        }
        let seen = took_ms.saturating_mul(1_000) / bytes as u64;
        let known = self.known(now_ms).map_or(seen, |uplink| uplink.us_per_byte);
        self.uplink = Some(Uplink { us_per_byte: seen.midpoint(known), measured_ms: now_ms });
    }

    /// The rpc's answer came back by it.
    pub fn served(&mut self) {
        self.strikes = 0;
    }

    /// An answer was lost on it, which may be the network's fault.
    pub fn lost(&mut self) {
        self.strikes = self.strikes.saturating_add(1);
    }

    /// It gave no answer of the rpc's, and the rpc did.
    pub fn missing(&mut self) {
        self.strikes = STRIKES;
    }

    fn takes_ms(&self, bytes: usize, now_ms: u64) -> u64 {
        self.known(now_ms).map_or(0, |uplink| uplink.us_per_byte.saturating_mul(bytes as u64) / 1_000)
    }

    fn known(&self, now_ms: u64) -> Option<Uplink> {
        self.uplink.filter(|uplink| now_ms.saturating_sub(uplink.measured_ms) < MEASURED_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: bool = false;
    const DEAR: bool = true;

    #[test]
    fn small_batches_and_quick_uplinks_go_straight() {
        let mut detour = Detour::new(Gzip::Auto);
        assert!(!detour.pays(1 << 20, CHEAP, 0), "nothing is known of the uplink");
        detour.measured(100_000, 90, 0);
        assert!(!detour.pays(1 << 19, CHEAP, 1));
        assert!(!detour.pays(LARGE_BYTES - 1, DEAR, 1));
    }

    #[test]
    fn a_large_batch_takes_the_detour_on_a_dear_connection_or_a_slow_uplink() {
        let mut detour = Detour::new(Gzip::Auto);
        assert!(detour.pays(LARGE_BYTES, DEAR, 0));
        detour.measured(50_000, 2_000, 0); // 25 kB/s
        assert!(!detour.pays(LARGE_BYTES - 1, CHEAP, 1));
        assert!(detour.pays(LARGE_BYTES, CHEAP, 1), "it would take 1.28 s");
    }

    #[test]
    fn what_was_measured_is_forgotten_after_a_while_and_outweighed_by_what_follows() {
        let mut detour = Detour::new(Gzip::Auto);
        detour.measured(50_000, 2_000, 0);
        assert!(detour.pays(50_000, CHEAP, MEASURED_MS - 1));
        assert!(!detour.pays(50_000, CHEAP, MEASURED_MS));
        detour.measured(50_000, 100, 1);
        detour.measured(50_000, 100, 1);
        assert!(!detour.pays(50_000, CHEAP, 2));
        detour.measured(50_000, 3_000, 3);
        assert!(detour.pays(50_000, CHEAP, 4), "one slow push is enough");
    }

    #[test]
    fn a_push_too_small_to_tell_and_one_answered_at_once_do_no_harm() {
        let mut detour = Detour::new(Gzip::Auto);
        detour.measured(TELLING_BYTES - 1, 60_000, 0);
        assert!(!detour.pays(1 << 20, CHEAP, 0));
        detour.measured(100_000, 0, 0);
        assert!(!detour.pays(1 << 20, CHEAP, 0));
        detour.measured(TELLING_BYTES, u64::MAX, 5);
        assert!(detour.pays(LARGE_BYTES, DEAR, 0), "a time before the measurement");
    }

    #[test]
    fn the_app_may_want_it_always_or_never() {
        assert!(!Detour::new(Gzip::Never).pays(1 << 20, DEAR, 0));
        let always = Detour::new(Gzip::Always);
        assert!(always.pays(SMALL_BYTES, CHEAP, 0));
        assert!(!always.pays(SMALL_BYTES - 1, DEAR, 0));
    }

    #[test]
    fn a_detour_that_is_missing_is_taken_no_more_and_lost_answers_are_forgiven_twice() {
        for wish in [Gzip::Auto, Gzip::Always] {
            let mut detour = Detour::new(wish);
            detour.missing();
            assert!(!detour.pays(1 << 20, DEAR, 0));

            let mut detour = Detour::new(wish);
            for _ in 1..STRIKES {
                detour.lost();
                assert!(detour.pays(1 << 20, DEAR, 0));
            }
            detour.served();
            detour.lost();
            assert!(detour.pays(1 << 20, DEAR, 0), "an answer came through in between");
            for _ in 1..STRIKES {
                detour.lost();
            }
            assert!(!detour.pays(1 << 20, DEAR, 0));
        }
    }
}
