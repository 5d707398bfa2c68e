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

/// Results by plan and prints.
pub type Memo<V> = RefCell<BTreeMap<(u64, [u64; 3]), V>>;

pub fn remembered<V: Clone>(
    memo: &'static LocalKey<Memo<V>>,
    plan: &Plan,
    prints: [u64; 3],
    make: impl FnOnce() -> V,
) -> V {
    let place = (plan.print(), prints);
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
