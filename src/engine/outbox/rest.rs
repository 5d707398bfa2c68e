//! Pending mutations at rest: what outlives a second checkpoint, or is one of many, moves into segments, so that a
//! long outbox is not written anew by each.
//!
//! A segment of mutations is one block and never changes. They stay in memory; one that is edited or answered
//! is dead in its segment, and the state record holds it again, if it is still pending.

use super::{Outbox, OutboxRecord, Pending, Place, Placed};
use crate::engine::frame::{self, Damage, OUTBOX_SEGMENT};
use crate::engine::rows::Dead;
use crate::engine::segment::SegmentId;
use crate::engine::segment::container::{self, BLOCK_BYTES};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// Mutations that make a segment, if their bytes do not before.
pub const SEGMENT_MUTATIONS: usize = 256;
/// Where more than so many segments' mutations are loose, new ones move too: a record is written in one go.
const LOOSE_SEGMENTS: usize = 4;

/// A segment of mutations as the state record names it.
#[derive(Clone, Serialize, Deserialize)]
pub struct NamedMutations {
    pub id: SegmentId,
    /// Of its first and last mutation: another block in its place is told by them.
    places: (Place, Place),
    dead: Dead,
}

/// Which mutations are at rest.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    segments: Vec<Rested>,
    /// Pending, and in no segment as they are.
    loose: BTreeSet<Place>,
    /// Above the places that the last checkpoint knew.
    written: Place,
    /// Edits and removals so far, and the last one of each place since the last checkpoint.
    changes: u64,
    changed: BTreeMap<Place, u64>,
}

#[derive(Clone, Debug)]
struct Rested {
    id: SegmentId,
    places: Rc<[Place]>,
    /// Those that were edited or removed.
    dead: Dead,
}

impl Rested {
    fn new(id: SegmentId, mutations: &[Placed], dead: Dead) -> Self {
        Self { id, places: mutations.iter().map(|(place, _)| *place).collect(), dead }
    }

    fn named(&self) -> NamedMutations {
        NamedMutations { id: self.id, places: ends(&self.places, |place| *place), dead: self.dead.clone() }
    }

    fn mark(&mut self, place: Place) {
        if let Ok(at) = self.places.binary_search(&place) {
            self.dead.mark(at as u16);
        }
    }

    fn living(&self) -> impl Iterator<Item = Place> {
        let living = self.places.iter().enumerate().filter(|(at, _)| !self.dead.is_dead(*at as u16));
        living.map(|(_, place)| *place)
    }

    /// Mostly dead: its mutations are written anew.
    fn is_withered(&self) -> bool {
        2 * self.dead.count() as usize > self.places.len()
    }
}

impl Rest {
    pub(super) fn push(&mut self, place: Place) {
        self.loose.insert(place);
    }

    /// A mutation was edited, and is still pending, or removed.
    pub(super) fn change(&mut self, place: Place, is_pending: bool) {
        self.changes += 1;
        self.changed.insert(place, self.changes);
        self.segments.iter_mut().for_each(|rested| rested.mark(place));
        if is_pending {
            self.loose.insert(place)
        } else {
            self.loose.remove(&place)
        };
    }
}

/// The outbox in a checkpoint that is being made.
pub struct OutboxPlan {
    next: Place,
    /// For the state record.
    kept: Vec<Placed>,
    /// For segments, as long as there are enough for one.
    moving: VecDeque<Placed>,
    least: usize,
    staying: Vec<Rested>,
    built: Vec<Rested>,
    changes: u64,
}

impl OutboxPlan {
    /// `least`: so many mutations make a segment.
    pub fn of(outbox: &Outbox, least: usize) -> Self {
        let rest = &outbox.rest;
        let (withered, staying): (Vec<_>, Vec<_>) =
            rest.segments.iter().cloned().partition(Rested::is_withered);
        let mut loose: Vec<Place> = rest.loose.iter().copied().collect();
        loose.extend(withered.iter().flat_map(Rested::living));
        loose.sort_unstable();
        let is_long = loose.len() > LOOSE_SEGMENTS * least;
        let placed =
            loose.into_iter().filter_map(|place| Some((place, Rc::clone(outbox.pending.get(&place)?))));
        // What is under way is answered soon, and so is most of what is new.
        let moves = |(place, pending): &Placed| !pending.sealed && (is_long || *place < rest.written);
        let (moving, kept): (Vec<_>, Vec<_>) = placed.partition(moves);
        let (moving, built, changes) = (moving.into(), Vec::new(), rest.changes);
        Self { next: outbox.next, kept, moving, least, staying, built, changes }
    }

    /// How many mutations the next segment holds; 0: they are too few for one.
    fn count(&self) -> usize {
        let mut bytes = 0;
        for (count, (_, pending)) in (1..).zip(&self.moving) {
            bytes += pending.text_bytes();
            if count == self.least || bytes >= BLOCK_BYTES {
                return count;
            }
        }
        0
    }

    /// The block of the next segment, to be written and added.
    pub fn next(&mut self) -> Option<Vec<u8>> {
        let count = self.count();
        let mutations = &self.moving.make_contiguous()[..count];
        (count > 0).then(|| encode(mutations))
    }

    pub fn add(&mut self, id: SegmentId) {
        let mutations: Vec<Placed> = self.moving.drain(..self.count()).collect();
        self.built.push(Rested::new(id, &mutations, Dead::default()));
    }

    pub fn ids(&self) -> impl Iterator<Item = SegmentId> {
        self.staying.iter().chain(&self.built).map(|rested| rested.id)
    }

    /// As the state record names them.
    pub fn segments(&self) -> Vec<NamedMutations> {
        self.staying.iter().chain(&self.built).map(Rested::named).collect()
    }

    /// What the state record holds.
    pub fn record(&self) -> OutboxRecord {
        let mut pending: Vec<Placed> = self.kept.iter().chain(&self.moving).cloned().collect();
        pending.sort_unstable_by_key(|(place, _)| *place);
        OutboxRecord { next: self.next, pending }
    }
}

impl Outbox {
    /// Takes over a checkpoint that the store has accepted.
    pub(in crate::engine) fn rest(&mut self, plan: OutboxPlan) {
        let stays = |rested: &Rested| plan.staying.iter().any(|staying| staying.id == rested.id);
        let rest = &mut self.rest;
        let (staying, withered): (Vec<_>, Vec<_>) =
            std::mem::take(&mut rest.segments).into_iter().partition(stays);
        rest.segments = staying;
        rest.loose.extend(withered.iter().flat_map(Rested::living));
        for mut built in plan.built {
            for place in Rc::clone(&built.places).iter() {
                let is_changed = rest.changed.get(place).is_some_and(|change| *change > plan.changes);
                if is_changed {
                    built.mark(*place);
                } else {
                    rest.loose.remove(place);
                }
            }
            rest.segments.push(built);
        }
        rest.changed.retain(|_, change| *change > plan.changes);
        rest.written = plan.next;
    }

    /// The outbox of a state record, with the segments it names.
    pub(in crate::engine) fn restored(record: OutboxRecord, segments: Vec<RestedMutations>) -> Self {
        let mut rest = Rest { written: record.next, ..Rest::default() };
        let mut all: BTreeMap<Place, Rc<Pending>> = record.pending.into_iter().collect();
        rest.loose.extend(all.keys());
        for (NamedMutations { id, dead, .. }, mutations) in segments {
            let rested = Rested::new(id, &mutations, dead);
            let living = |at: usize| !rested.dead.is_dead(at as u16);
            let living = mutations.into_iter().enumerate().filter(|(at, _)| living(*at));
            all.extend(living.map(|(_, mutation)| mutation));
            rest.segments.push(rested);
        }
        let mut outbox = Self { next: record.next, rest, ..Self::default() };
        for (place, pending) in all {
            outbox.insert(place, pending);
        }
        outbox
    }
}

/// A segment of mutations, with all of them.
pub type RestedMutations = (NamedMutations, Vec<Placed>);

fn encode(mutations: &[Placed]) -> Vec<u8> {
    let payload = postcard::to_allocvec(mutations).expect("writing to a growing buffer cannot fail");
    container::seal(OUTBOX_SEGMENT, &payload)
}

/// The mutations of a segment, in the order of their places.
pub fn decode(named: &NamedMutations, block: &[u8]) -> Result<Vec<Placed>, Damage> {
    let mutations: Vec<Placed> = frame::read(&container::open(OUTBOX_SEGMENT, block)?)?;
    let is_sound = mutations.is_sorted_by(|(a, _), (b, _)| a < b) && mutations.len() <= usize::from(u16::MAX);
    match ends(&mutations, |(place, _)| *place) == named.places {
        _ if !is_sound => Err(Damage::Payload),
        true => Ok(mutations),
        false => Err(Damage::Misplaced),
    }
}

fn ends<T>(mutations: &[T], place: impl Fn(&T) -> Place) -> (Place, Place) {
    let place = |mutation: Option<&T>| mutation.map_or(0, &place);
    (place(mutations.first()), place(mutations.last()))
}
