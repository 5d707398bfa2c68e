//! What was worked out once: small worlds are made of few parts, in many combinations.
//!
//! Each thread remembers for itself, since the engine's state does not leave its thread. A part is named by
//! its print, and by its plan.

use crate::plan::Plan;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::thread::LocalKey;

/// Results kept at hand.
const KEPT: usize = 50_000;

/// Results by the prints of what they were worked out from.
pub type Memo<V> = RefCell<BTreeMap<u64, V>>;

pub fn remembered<V: Clone, const N: usize>(
    memo: &'static LocalKey<Memo<V>>,
    plan: &Plan,
    prints: [u64; N],
    make: impl FnOnce() -> V,
) -> V {
    let place = prints.into_iter().fold(plan.print(), mixed);
    if let Some(known) = memo.with_borrow(|known| known.get(&place).cloned()) {
        return known;
    }
    let made = make();
    memo.with_borrow_mut(|known| {
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(place, made.clone());
    });
    made
}

/// One print of two.
pub fn mixed(one: u64, other: u64) -> u64 {
    let wide = u128::from(one ^ 0x9e37_79b9_7f4a_7c15) * u128::from(other ^ 0xd1b5_4a32_d192_ed03);
    (wide ^ (wide >> 64)) as u64 ^ one.rotate_left(23)
}
