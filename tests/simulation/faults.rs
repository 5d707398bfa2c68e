//! What may go wrong, how often in a thousand; all zero while the world heals.

use crate::dice::Dice;

#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A request is lost on its way; the client hears of it.
    pub lose_request: u32,
    /// The server commits, the answer is lost.
    pub lose_answer: u32,
    /// The client gives up waiting; the request still arrives, later.
    pub time_out: u32,
    /// A request arrives once more, after its answer.
    pub repeat: u32,
    /// The server is busy, or asks for smaller batches.
    pub refuse: u32,
    /// A context dies, between any two effects or right after a frame was stored.
    pub crash: u32,
    /// All contexts of a client die and relaxed transactions may be undone.
    pub power_loss: u32,
    /// The browser throws a client's database away; its contexts survive, and take their outbox over.
    pub evict: u32,
    /// An append fails, or its answer is lost.
    pub storage: u32,
    /// A context takes the sync lease from one that only seems to be frozen.
    pub steal_lease: u32,
    /// The server is restored from a backup.
    pub restore: u32,
    /// Someone else's transaction begins, and commits much later.
    pub foreign: u32,
    /// Somebody alters a table.
    pub redefine: u32,
    /// The user may see some row no more, or again.
    pub rights: u32,
    /// And nothing says so: only an audit finds it.
    pub untouched: u32,
    /// A network connection is lost or found, a user signs out or in, sync is stopped or started.
    pub whims: u32,
    /// A client's clock jumps, up to an hour ahead of the true time or behind it.
    pub clock: u32,
    /// A context is frozen for a while: it does nothing and hears of nothing.
    pub freeze: u32,
}

impl Faults {
    /// A mix of its own for every seed: some worlds are calm but for one thing.
    pub fn of(dice: &mut Dice) -> Self {
        let mut some = |most: u32| if dice.chance(600) { dice.below(most as usize + 1) as u32 } else { 0 };
        Self {
            lose_request: some(250),
            lose_answer: some(400),
            time_out: some(200),
            repeat: some(200),
            refuse: some(150),
            crash: some(120),
            power_loss: some(30),
            evict: 0,
            storage: some(150),
            steal_lease: some(100),
            restore: 0,
            foreign: some(300),
            redefine: 0,
            rights: 0,
            untouched: 0,
            whims: some(80),
            clock: some(200),
            freeze: some(300),
        }
    }

    pub fn none() -> Self {
        Self::default()
    }
}
