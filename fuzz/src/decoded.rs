//! Uses what a decoder has let pass, as the engine would.

use crate::definitions::schema;
use crate::rows;
use crate::shelf::Room;
use std::collections::BTreeSet;
use thermocline::engine::frame::{Pulled, Pushed};
use thermocline::engine::segment::SegmentId;
use thermocline::engine::{Found, Frame, State, apply, needs};
use thermocline::protocol::pull::{Page, PullAnswer, SchemaAnswer};
use thermocline::protocol::push::PushAnswer;
use thermocline::protocol::{Row, Schema, Seq};

/// Folds a frame twice: the second time it meets what it has left behind. What comes of it is the same after a
/// checkpoint, and takes the frame again with its rows in segments.
pub fn fold(frame: Frame) {
    let (mut state, mut room) = (State::at(0), Room::default());
    apply(&mut state, Found::new(), 1, Frame::Schema(schema().clone()));
    take(&mut state, &mut room, 2, &frame);
    take(&mut state, &mut room, 3, &frame);
    let before = room.picture(&state);
    let record = room.checkpoint(&mut state);
    assert_eq!(room.picture(&state), before, "a checkpoint changes nothing");
    let mut again = room.open(&record);
    assert_eq!(room.picture(&again), before, "what is written is read as it was");
    take(&mut state, &mut room, 4, &frame);
    take(&mut again, &mut room, 4, &frame);
    assert_eq!(room.picture(&again), room.picture(&state), "contexts agree, whichever way they came");
}

fn take(state: &mut State, room: &mut Room, seq: Seq, frame: &Frame) {
    let found = room.find(state, &needs(state, frame));
    apply(state, found, seq, frame.clone());
}

/// Looks at every row of a state, and lets it rest. Segments that it names hold the same few rows each.
pub fn walk(mut state: State) {
    let mut room = Room::default();
    let named: BTreeSet<SegmentId> =
        state.rows.tables().flat_map(|(_, rows)| rows.segments()).map(|rested| rested.id).collect();
    named.into_iter().for_each(|id| room.disk.put(id, rows::segment()));
    room.know(&state);
    room.picture(&state);
    room.checkpoint(&mut state);
    room.picture(&state);
}

/// An answer becomes a frame, which every context must read as the one that had the answer.
pub fn pulled(answer: PullAnswer) {
    let PullAnswer::Page { pages, round, cursor } = answer else { return };
    pages.iter().for_each(canonical);
    logged(Frame::Pulled(Pulled { request: Default::default(), pages, round, cursor, time_ms: 0 }));
}

fn canonical(page: &Page) {
    let Some(table) = schema().tables.get(&page.table) else { return };
    for (_, json) in page.rows.iter().chain(&page.gone) {
        let row = Row::from_json(table, json).expect("a page holds objects");
        let again = Row::from_json(table, row.as_str()).expect("a row's text is a row");
        assert_eq!(again, row, "canonical text is canonical");
    }
}

pub fn pushed(answer: PushAnswer) {
    let PushAnswer::Done { outcomes, xid } = answer else { return };
    assert_eq!(outcomes.len(), 2, "one outcome a mutation");
    logged(Frame::Pushed(Pushed { outcomes, xid, time_ms: 0 }));
}

pub fn defined(answer: SchemaAnswer) {
    if let SchemaAnswer::Tables { schema: Schema { tables }, .. } = answer {
        logged(Frame::Schema(Schema { tables }));
    }
}

/// What one context has written, all read.
pub fn logged(frame: Frame) {
    assert_eq!(Frame::decode(&frame.encode()).as_ref(), Ok(&frame), "what is written is read as it was");
    fold(frame);
}
