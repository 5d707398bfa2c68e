//! A person who mends dead letters and conflicts: tries them again, changed or as they are, or lets them go.
//!
//! After every decision what is pending is compared with what it was: a decision changes what it is about, takes
//! edits of the same row along, and nothing else (invariants 2 and 10). One that comes too late changes nothing.

use crate::client::{Acknowledged, Client};
use crate::context::Context;
use crate::dice::Dice;
use crate::faults::Faults;
use crate::tab::{Letter, Tab, Wish};
use crate::world::trace;
use std::collections::BTreeMap;
use thermocline::engine::{Outbox, Pending, RowId, Standing};
use thermocline::protocol::{Change, Decision, Mutation, MutationId, Op, Request, Seq, Text};

/// Tabs of a client that stay open.
const TABS: usize = 2;

/// Last values of a row's columns as its pending mutations make them; a removal leaves none.
type Cells = BTreeMap<Text, Text>;

impl Client {
    /// What a tab shows that may have been open for long.
    pub fn letters(&mut self, dice: &mut Dice) -> Option<(usize, Vec<Letter>)> {
        if self.tabs.len() < TABS || dice.chance(200) {
            self.tabs.truncate(TABS - 1);
            self.tabs.push(Tab::open(&self.ground.store));
        }
        let at = dice.below(self.tabs.len());
        if dice.chance(500) {
            self.tabs[at].catch_up();
        }
        let letters = self.tabs[at].letters();
        (!letters.is_empty()).then_some((at, letters))
    }

    /// A person decides in a tab. Its answer may be lost, and it may be too late.
    pub fn mend(
        &mut self,
        tab: usize,
        mutation: MutationId,
        wish: &Wish,
        faults: &Faults,
        now_ms: u64,
        dice: &mut Dice,
    ) {
        let before = self.open();
        self.fail_soon(1, faults, dice);
        let now_ms = self.clock(now_ms);
        let said = self.tabs[tab].mend(mutation, wish, now_ms, dice);
        let after = self.open();
        trace(|| format!("client {}: {wish:?} for {mutation}: {said:?}", self.number));
        let Some(place) =
            before.state.outbox.place(mutation).filter(|_| after.state.outbox.get(mutation).is_none())
        else {
            assert!(
                said.is_err() || matches!(wish, Wish::Discard),
                "invariant 2: {mutation} is tried again twice"
            );
            assert_eq!(
                before.state.outbox, after.state.outbox,
                "invariant 2: {wish:?} for {mutation} came too late"
            );
            return;
        };
        self.ground.tally.mended += 1;
        let fresh = after.state.outbox.at(place).filter(|fresh| before.state.outbox.get(fresh.id).is_none());
        match wish {
            Wish::Discard => {
                check_discarded(&before, &after, mutation);
                let row = &before.state.outbox.get(mutation).expect("it was pending").row;
                let gone =
                    before.state.outbox.of_row(row).filter(|(at, _)| after.state.outbox.at(*at).is_none());
                let values = |pending: &Pending| -> Vec<_> {
                    let cells = pending.cells.iter();
                    cells.map(|cell| (row.clone(), cell.column.clone(), cell.value.clone())).collect()
                };
                let let_go = gone.flat_map(|(_, pending)| values(pending)).collect();
                self.note(Vec::new(), let_go, after.state.seq);
            }
            Wish::Retry(_) => {
                let fresh = fresh.expect("invariant 2: what is tried again is in its place");
                assert!(fresh.is_waiting() && !fresh.sealed, "invariant 10: {fresh:?} may leave");
                assert!(said.is_err() || said == Ok(Some(fresh.id)), "invariant 2: {said:?} but {fresh:?}");
                self.note_retry(&before, &after, (mutation, fresh), wish);
            }
        }
        if said.is_ok() {
            let tab = &mut self.tabs[tab];
            assert_eq!(tab.picture(), *after.picture(), "invariant 7: a tab that has settled {mutation}");
        }
    }

    /// What was changed on the way is a write like any other: it must not be lost.
    fn note_retry(
        &mut self,
        before: &Context,
        after: &Context,
        (old, fresh): (MutationId, &Pending),
        wish: &Wish,
    ) {
        let mended = &before.state.outbox.get(old).expect("it was pending");
        let row = mended.row.clone();
        let given = given(wish);
        let mut expected = last_values(&before.state.outbox, &row, Some((old, &given)));
        // Of a row that is gone, the other columns come along, unless it is deleted later on.
        if mended.op == Op::Update && fresh.op == Op::Upsert && !expected.is_empty() {
            for (column, value) in mended.shown.iter().filter(|(column, _)| &**column != "id") {
                expected.entry(column.clone()).or_insert_with(|| value.clone());
            }
        }
        assert_eq!(
            last_values(&after.state.outbox, &row, None),
            expected,
            "invariant 1: {wish:?} for {mended:?} of {row:?} made {fresh:?}"
        );
        assert_eq!(
            others(&before.state.outbox, &row),
            others(&after.state.outbox, &row),
            "invariant 10: {wish:?}"
        );
        let retries = &mut self.ground.retries;
        let was_conflict = retries.get(&old).is_some_and(|(_, was_conflict)| *was_conflict);
        let is_conflict =
            matches!(mended.standing, Standing::Conflict { .. } | Standing::Lost { .. }) || was_conflict;
        retries.insert(fresh.id, (old, is_conflict));
        let changed = expected.into_iter().filter(|(column, value)| given.get(column) == Some(value));
        let changes = changed.map(|(column, value)| Change { column, value, old: None }).collect();
        let (table, key) = row;
        let mutation =
            Mutation { id: fresh.id, op: Op::Update, changes, shown: Vec::new(), base: None, table, key };
        self.note(vec![mutation], Vec::new(), after.state.seq);
    }

    fn note(&mut self, mutations: Vec<Mutation>, let_go: Vec<(RowId, Text, Text)>, seq: Seq) {
        let decision = Decision::Done(vec![true; mutations.len()]);
        let request = Request { id: MutationId([0; 16]), user: None, time_ms: 0, mutations };
        self.acknowledged.push(Acknowledged {
            request,
            decision,
            mended_at: Some(seq),
            let_go,
            is_gone: false,
        });
    }
}

/// The values that a person has given, as the driver reads them.
fn given(wish: &Wish) -> Cells {
    let Wish::Retry(Some(values)) = wish else { return Cells::new() };
    let values: BTreeMap<String, serde_json::Value> = serde_json::from_str(values).expect("an object");
    values.into_iter().map(|(column, value)| (column.as_str().into(), value.to_string().into())).collect()
}

/// The server's row stands; what was made over a row that is not there goes too.
fn check_discarded(before: &Context, after: &Context, mutation: MutationId) {
    let outbox = &before.state.outbox;
    let (gone, place) =
        (outbox.get(mutation).expect("it was pending"), outbox.place(mutation).expect("it has a place"));
    let (table, key) = &gone.row;
    let has_base = before.picture().tables[table].base.contains_key(key.as_str());
    let goes =
        |at: u64, pending: &Pending| pending.row == gone.row && (at == place || at > place && !has_base);
    let expected: Vec<_> = outbox.iter().filter(|(at, pending)| !goes(*at, pending)).collect();
    let left: Vec<_> = after.state.outbox.iter().collect();
    assert_eq!(left, expected, "invariant 10: {mutation} is discarded");
}

fn others<'a>(outbox: &'a Outbox, row: &RowId) -> Vec<(u64, &'a Pending)> {
    outbox.iter().filter(|(_, pending)| pending.row != *row).collect()
}

fn last_values(outbox: &Outbox, row: &RowId, mended: Option<(MutationId, &Cells)>) -> Cells {
    let mut cells = Cells::new();
    for (_, pending) in outbox.of_row(row) {
        let given = mended.filter(|(id, _)| *id == pending.id).map(|(_, given)| given);
        if pending.op == Op::Delete {
            cells.clear();
        }
        let own = pending.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone()));
        cells.extend(own.chain(given.into_iter().flatten().map(|(c, v)| (c.clone(), v.clone()))));
    }
    cells.remove("id");
    cells
}
