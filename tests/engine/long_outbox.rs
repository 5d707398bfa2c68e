//! A long outbox: mutations that outlive a second checkpoint rest in segments, and the state record stays short.

use crate::device::{Device, applied};
use crate::shelf::Room;
use thermocline::engine::frame::{Damage, Sent};
use thermocline::engine::rest::Plan;
use thermocline::engine::{Frame, snapshot};
use thermocline::protocol::MutationId;

const MANY: usize = 600;
/// So many make a segment.
const FULL: usize = 256;

fn name(n: usize) -> String {
    format!("row {n:04}")
}

fn insert(device: &mut Device, rows: std::ops::Range<usize>) {
    for n in rows {
        device.insert(&name(n), &[("title", &format!("\"{n} {}\"", "x".repeat(40)))]);
    }
}

/// Ids of the segments of mutations that the last record names.
fn segments(device: &Device) -> usize {
    let plan = Plan::of(&device.state);
    let rows: usize = device.state.rows.tables().map(|(_, rows)| rows.segments().len()).sum();
    plan.segments().len() - rows
}

fn checkpoint(device: &mut Device) -> Vec<u8> {
    let before = device.picture();
    let record = device.room.checkpoint(&mut device.state);
    assert_eq!(device.picture(), before, "invariant 8");
    let opened = device.room.open(&record);
    assert_eq!(device.room.picture(&opened), before, "what is written is read as it was");
    record
}

fn sent(device: &mut Device, ids: Vec<MutationId>) {
    device.fold(Frame::Sent(Sent { mutations: ids, time_ms: 7 }));
}

fn ids(device: &Device) -> Vec<MutationId> {
    device.state.outbox.iter().map(|(_, pending)| pending.id).collect()
}

#[test]
fn what_outlives_a_second_checkpoint_is_not_written_again() {
    let mut device = Device::synced(&[]);
    insert(&mut device, 0..MANY);
    let first = checkpoint(&mut device);
    assert_eq!(segments(&device), 0, "most changes are answered before the second");
    let second = checkpoint(&mut device);
    assert_eq!(segments(&device), MANY / FULL);
    assert!(second.len() < first.len() / 2, "{} of {} bytes", second.len(), first.len());
    let third = checkpoint(&mut device);
    assert_eq!((third.len(), segments(&device)), (second.len(), MANY / FULL), "nothing has changed");
}

/// A record is written in one go, segments are not.
#[test]
fn of_a_great_many_the_first_checkpoint_writes_segments() {
    let mut device = Device::synced(&[]);
    insert(&mut device, 0..4 * FULL + 1);
    let record = checkpoint(&mut device);
    assert_eq!(segments(&device), 4);
    assert!(record.len() < 64 << 10, "{} bytes", record.len());
}

#[test]
fn an_edited_mutation_leaves_its_segment_and_an_answered_one_too() {
    let mut device = Device::synced(&[]);
    insert(&mut device, 0..MANY);
    checkpoint(&mut device);
    checkpoint(&mut device);
    device.update(&name(3), &[("title", "\"edited\"")]);
    let batch = ids(&device)[..5].to_vec();
    sent(&mut device, batch);
    checkpoint(&mut device);
    for n in 0..2 {
        device.answer(&name(n), applied(5 + n as u64), None);
    }
    checkpoint(&mut device);
    assert_eq!(device.state.outbox.len(), MANY - 2);
    assert!(device.row(&name(3)).is_some_and(|row| row.contains("edited")));
}

#[test]
fn a_segment_that_is_mostly_answered_is_given_up() {
    let mut device = Device::synced(&[]);
    insert(&mut device, 0..FULL);
    checkpoint(&mut device);
    checkpoint(&mut device);
    assert_eq!(segments(&device), 1);
    let batch = ids(&device)[..FULL - 10].to_vec();
    sent(&mut device, batch);
    for n in 0..FULL - 10 {
        device.answer(&name(n), applied(5 + n as u64), None);
    }
    checkpoint(&mut device);
    assert_eq!((segments(&device), device.state.outbox.len()), (0, 10));
}

/// Between the plan and the store's decision, frames are folded on.
#[test]
fn what_changes_while_a_checkpoint_is_made_is_not_lost_to_its_segments() {
    let mut device = Device::synced(&[]);
    insert(&mut device, 0..MANY);
    checkpoint(&mut device);
    let mut plan = Plan::of(&device.state);
    device.update(&name(1), &[("title", "\"meanwhile\"")]);
    device.delete(&name(2));
    insert(&mut device, MANY..MANY + 5);
    let before = device.picture();
    device.room.carry_out(&mut plan, &device.state);
    device.state.rest(plan);
    assert_eq!(device.picture(), before);
    checkpoint(&mut device);
    assert_eq!(device.state.outbox.len(), MANY + 4);
}

/// Invariant 12: the rest is usable.
#[test]
fn a_damaged_segment_of_mutations_is_named_and_the_others_open() {
    let mut device = Device::synced(&[]);
    insert(&mut device, 0..MANY);
    checkpoint(&mut device);
    let record = checkpoint(&mut device);
    let named = Plan::of(&device.state).segments();
    let damaged = named[0];
    let room: &Room = &device.room;
    let opened = snapshot::read(&record, |id| {
        let mut block = room.blocks(id).swap_remove(0);
        block[20] ^= u8::from(id == damaged);
        Some(block)
    })
    .expect("the record is whole");
    assert_eq!(opened.damaged_mutations, [damaged]);
    assert_eq!(opened.state.outbox.len(), MANY - FULL);
    let swapped = snapshot::read(&record, |_| Some(room.blocks(named[1]).swap_remove(0)));
    let swapped = swapped.expect("the record is whole");
    assert_eq!(swapped.damaged_mutations, [damaged], "another's block in its place");
    assert_eq!(
        snapshot::read(&record[..record.len() - 1], |_| None::<Vec<u8>>).err(),
        Some(Damage::Truncated)
    );
}
