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
    named(&name(segment))
}

/// All blocks under the first part of a key.
pub fn named(name: &JsValue) -> KeyRange<JsValue> {
    KeyRange::Bound(key([name.clone()]), false, end(name), false)
}

/// The first part of a block's key; nothing if it was not written by us.
pub fn name_in(block: &JsValue) -> Option<JsValue> {
    block.dyn_ref::<Array>().map(|parts| parts.get(0))
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
    named(&"state".into())
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
