//! The keys of `blocks` and `meta`, and ranges of them.
//!
//! In keys an array sorts behind every text and every text behind every number: `[x, []]` ends what
//! begins with x. A segment is named by its hexadecimal digits, which sort as its bytes do.

use crate::protocol::SegmentId;
use indexed_db_futures::KeyRange;
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

pub fn block(segment: SegmentId, n: u32) -> JsValue {
    key([name(segment), n.into()])
}

/// Blocks of a segment, from one number to another, both included.
pub fn run(segment: SegmentId, first: u32, last: u32) -> KeyRange<JsValue> {
    KeyRange::Bound(block(segment, first), false, block(segment, last), false)
}

/// All blocks of a segment.
pub fn segment(segment: SegmentId) -> KeyRange<JsValue> {
    blocks_from(&name(segment), 0)
}

/// Blocks from a number on, to the last one.
fn blocks_from(name: &JsValue, first: u32) -> KeyRange<JsValue> {
    KeyRange::Bound(key([name.clone(), first.into()]), false, end(name), false)
}

/// Blocks under one name, which need not be a segment's, with the number behind the last one.
#[derive(Clone)]
pub struct Stretch {
    name: JsValue,
    count: u32,
}

impl Stretch {
    pub fn of(segment: SegmentId, count: u32) -> Self {
        Self { name: name(segment), count }
    }

    /// The stretches that a run of keys is made of.
    pub fn join(keys: impl IntoIterator<Item = JsValue>) -> Vec<Self> {
        let mut stretches: Vec<Self> = Vec::new();
        for key in keys {
            let Some(parts) = key.dyn_ref::<Array>() else { continue };
            let (name, n) = (parts.get(0), parts.get(1).as_f64().unwrap_or_default());
            match stretches.last_mut() {
                Some(stretch) if stretch.name == name => stretch.count = n as u32 + 1,
                _ => stretches.push(Self { name, count: n as u32 + 1 }),
            }
        }
        stretches
    }

    /// All of it, in pieces of so many blocks.
    pub fn pieces(&self, blocks: u32) -> impl Iterator<Item = KeyRange<JsValue>> {
        (0..self.count.max(1)).step_by(blocks as usize).map(move |first| match first.checked_add(blocks) {
            Some(next) if next < self.count => {
                let [from, to] = [first, next].map(|n| key([self.name.clone(), n.into()]));
                KeyRange::Bound(from, false, to, true)
            }
            _ => blocks_from(&self.name, first),
        })
    }
}

/// Everything in `blocks` that is of none of these segments, which are sorted: one more range than segments.
pub fn gaps(segments: &[SegmentId]) -> Vec<KeyRange<JsValue>> {
    let starts: Vec<JsValue> = segments.iter().map(|segment| key([name(*segment)])).collect();
    let ends: Vec<JsValue> = segments.iter().map(|segment| end(&name(*segment))).collect();
    (0..=segments.len())
        .map(|at| match (at.checked_sub(1).map(|before| &ends[before]), starts.get(at)) {
            (Some(end), Some(start)) => KeyRange::Bound(end.clone(), true, start.clone(), true),
            (Some(end), None) => KeyRange::LowerBound(end.clone(), true),
            (None, Some(start)) => KeyRange::UpperBound(start.clone(), true),
            (None, None) => KeyRange::LowerBound(f64::NEG_INFINITY.into(), false),
        })
        .collect()
}

/// The pieces of a state record where the first release kept them.
pub fn former_state() -> KeyRange<JsValue> {
    blocks_from(&"state".into(), 0)
}

pub fn value(name: &str) -> JsValue {
    key(["value".into(), name.into()])
}

/// The named values whose names begin so, and perhaps some behind them.
pub fn values_from(prefix: &str) -> KeyRange<JsValue> {
    KeyRange::Bound(value(prefix), false, end(&"value".into()), false)
}

fn end(name: &JsValue) -> JsValue {
    key([name.clone(), Array::new().into()])
}

fn name(segment: SegmentId) -> JsValue {
    segment.to_string().into()
}

fn key(parts: impl IntoIterator<Item = JsValue>) -> JsValue {
    parts.into_iter().collect::<Array>().into()
}
