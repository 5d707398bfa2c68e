//! A state together with where it stands in the store: the replica's own, or one that is being folded anew.
//!
//! What is folded anew takes the place of the replica's own in one step, once it has come as far as the log:
//! until then reads, live queries and the sync machine see the former one, which never goes back.

use crate::driver::tail::TailSize;
use crate::engine::{Changes, State};
use crate::store::Manifest;
use std::cell::{Cell, RefCell};

pub struct Folded {
    pub state: RefCell<State>,
    pub manifest: RefCell<Manifest>,
    pub tail: Cell<TailSize>,
    /// Changes that nobody was told of.
    pub untold: RefCell<Vec<Changes>>,
}

impl Folded {
    pub fn new(state: State, manifest: Manifest) -> Self {
        Self {
            state: RefCell::new(state),
            manifest: RefCell::new(manifest),
            tail: Cell::default(),
            untold: RefCell::default(),
        }
    }

    /// What was folded anew takes the place of this.
    pub fn take_over(&self, other: Self) {
        self.state.replace(other.state.into_inner());
        self.manifest.replace(other.manifest.into_inner());
        self.tail.set(other.tail.get());
        self.untold.borrow_mut().extend(other.untold.into_inner());
    }

    pub fn grow(&self, records: u64, bytes: usize) {
        self.tail.set(self.tail.get().with(records, bytes));
    }

    /// A checkpoint of our own was taken over.
    pub fn rest_at(&self, manifest: Manifest) {
        self.tail.set(TailSize::default());
        self.manifest.replace(manifest);
    }
}
