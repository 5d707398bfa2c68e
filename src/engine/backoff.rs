//! How long to wait after a failed round: 1 s · 2ⁿ with full jitter, 30 s at most.

/// First step of the back-off.
pub const BASE_MS: u64 = 1_000;
/// Longest wait.
pub const MOST_MS: u64 = 30_000;

/// Milliseconds to wait after the `failures`-th failure in a row; `entropy` is any random number.
/// A server's `Retry-After` is the least.
pub fn wait_ms(failures: u32, entropy: u32, retry_after_ms: Option<u64>) -> u64 {
    let most = BASE_MS.checked_shl(failures.saturating_sub(1).min(16)).map_or(MOST_MS, |ms| ms.min(MOST_MS));
    let jittered = most * u64::from(entropy) / u64::from(u32::MAX);
    retry_after_ms.unwrap_or(0).max(jittered).max(BASE_MS / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_half_a_minute() {
        let most: Vec<u64> = (1..=7).map(|failures| wait_ms(failures, u32::MAX, None)).collect();
        assert_eq!(most, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert!(wait_ms(7, 0, None) < 1_000, "full jitter reaches down");
    }

    #[test]
    fn retry_after_is_obeyed() {
        assert_eq!(wait_ms(1, 0, Some(90_000)), 90_000);
    }
}
