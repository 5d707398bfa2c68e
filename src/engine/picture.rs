//! A picture of a state: everything that two contexts at the same seq must agree on (invariant 7).
//!
//! Which rows are in memory and which in segments is not part of it; what is visible, known and pending is.

use super::answers::Answers;
use super::audited::Audit;
use super::horizon::{Horizon, Paged};
use super::imported::Imports;
use super::outbox::Outbox;
use super::own::OwnPushes;
use super::rekeyed::Rekeyed;
use super::rows::{Known, View};
use super::state::{Batch, Round, State};
use crate::protocol::{Key, Rev, Schema, Seq, Stamp, Text};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub seq: Seq,
    pub schema: Schema,
    pub tables: BTreeMap<Text, TablePicture>,
    pub outbox: Outbox,
    pub batch: Option<Batch>,
    pub cursors: BTreeMap<Text, Text>,
    pub round: Option<Round>,
    pub held: BTreeSet<Text>,
    pub horizons: BTreeMap<Text, Horizon>,
    pub paged: BTreeMap<Text, Paged>,
    pub own: OwnPushes,
    pub stamp: Stamp,
    pub answers: Answers,
    pub imports: Imports,
    pub audits: BTreeMap<Text, Audit>,
    pub rekeyed: Rekeyed,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TablePicture {
    pub shape: (u32, bool, Seq),
    pub visible: BTreeMap<String, String>,
    /// Base rows with their revs.
    pub base: BTreeMap<String, (Rev, String)>,
    /// What older pages must not replace: revs, and what they were made from.
    pub recent: BTreeMap<Key, (Option<Rev>, Option<Rev>)>,
}

impl View<'_> {
    /// What is seen of the state from here; whole where all blocks are at hand.
    pub fn picture(&self) -> Picture {
        picture(self, self.state())
    }
}

fn picture(view: &View, state: &State) -> Picture {
    let tables = state.rows.tables().map(|(name, rows)| {
        let mut table = TablePicture { shape: rows.shape(), ..TablePicture::default() };
        view.each(name, |key, row| drop(table.visible.insert(key.into(), row.into())));
        view.each_base(name, |key, rev, row| drop(table.base.insert(key.into(), (rev, row.into()))));
        for (key, slot) in rows.slots().filter(|(_, slot)| slot.recent) {
            let made_from = match &slot.known {
                Known::Row(base) => base.made_from,
                Known::Gone(_) | Known::Absent => None,
            };
            table.recent.insert(key.clone(), (slot.known.rev(), made_from));
        }
        (name.clone(), table)
    });
    Picture {
        seq: state.seq,
        schema: state.schema.clone(),
        tables: tables.collect(),
        outbox: state.outbox.clone(),
        batch: state.batch.clone(),
        cursors: state.cursors.clone(),
        round: state.round.clone(),
        held: state.held.clone(),
        horizons: state.horizons.clone(),
        paged: state.paged.clone(),
        own: state.own.clone(),
        stamp: state.stamp,
        answers: state.answers.clone(),
        imports: state.imports.clone(),
        audits: state.audits.clone(),
        rekeyed: state.rekeyed.clone(),
    }
}
