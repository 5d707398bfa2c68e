//! A configuration: who writes what, what may go wrong how often, and which fix is taken out.

use thermocline::protocol::Op;

pub const TABLE: &str = "notes";
pub const USER: &str = "u1";
/// No time passes, but for an alarm that goes off.
pub const NOW_MS: u64 = 1_700_000_000_000;

#[derive(Clone, Debug)]
pub struct Plan {
    pub name: &'static str,
    pub policy: Policy,
    /// Rows that are there, and known to every client, before anything happens.
    pub given: &'static [&'static str],
    pub clients: Vec<Role>,
    /// What someone else does, in this order, each in a transaction that commits at once or late.
    pub foreign: Vec<Deed>,
    /// Rows in a page.
    pub page_rows: usize,
    pub faults: Faults,
    /// What must be seen in some state.
    pub sometimes: &'static [&'static str],
    pub mutant: Option<Mutant>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// Columns that one side changed merge; of both, the later edit stands.
    Merge,
    RemoteWins,
}

/// What one client does.
#[derive(Clone, Debug)]
pub struct Role {
    pub contexts: usize,
    /// Its clock is that much before the others'.
    pub ahead_ms: u64,
    /// In this order, each at any time.
    pub deeds: Vec<Deed>,
    /// Runs of the sync machine that an alarm begins.
    pub runs: u8,
}

#[derive(Clone, Copy, Debug)]
pub struct Deed {
    pub op: Op,
    pub row: &'static str,
    /// A column with its value, as JSON; none for a delete.
    pub cell: Option<(&'static str, &'static str)>,
}

/// How often each may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A context gives up waiting; what it asked may still arrive, at any time, or never.
    pub time_outs: u8,
    /// A request arrives, and once more at any time.
    pub repeats: u8,
    /// A context dies, or all of a client and with them what was not flushed.
    pub crashes: u8,
    /// A context takes the lease from one that only seems to be frozen.
    pub steals: u8,
}

/// A fix that is taken out. Each has to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// A write coalesces into a mutation that a `Sent` frame named.
    CoalesceIntoSent,
    /// A page is folded after its cursor has moved on.
    StalePage,
    /// An answer that tells no rev lets a younger version go.
    ForgetYounger,
    /// The cursor is stored before the rows it covers.
    CursorBeforeRows,
    /// A `Sent` frame is not flushed before the batch leaves.
    SentNotFlushed,
    /// The server does not remember what it has answered.
    ForgetfulServer,
}

impl Plan {
    /// Stands for it: no two plans of one name and mutant differ.
    pub fn print(&self) -> u64 {
        let mutant = self.mutant.map_or(0, |mutant| mutant as u64 + 1);
        self.name.bytes().fold(mutant, |print, byte| print.wrapping_mul(31).wrapping_add(byte.into()))
    }
}

pub const fn insert(row: &'static str, value: &'static str) -> Deed {
    Deed { op: Op::Insert, row, cell: Some(("title", value)) }
}

pub const fn update(row: &'static str, column: &'static str, value: &'static str) -> Deed {
    Deed { op: Op::Update, row, cell: Some((column, value)) }
}

pub const fn delete(row: &'static str) -> Deed {
    Deed { op: Op::Delete, row, cell: None }
}
