//! A segment of format version 2: its blocks as they were once written, and what is in them, byte for byte.
//!
//! Segments of this version exist in databases and are never rewritten only because the program is newer. How
//! well a block packs may change with the packer; what it unpacks to may not.

use crate::golden_format::{compare, hex, unhex};
use crate::segment_damage::opened;
use crate::segments::{ID, Shelf, Visit, noise, packed, table};
use thermocline::engine::segment::{Packed, Place, build};

fn rows() -> Vec<Packed> {
    let visit = |id: &str, at: Option<u32>, place: Option<&str>, n, note_bytes| Visit {
        id: id.into(),
        at,
        place: place.map(str::to_owned),
        n,
        note_bytes,
    };
    packed(&[
        visit("b", Some(86_399), Some("é"), 1, 0),
        visit("a", None, Some("park"), -2, 20),
        visit("d", Some(0), None, i32::MAX, 0),
        visit("c", Some(0), Some(&noise(5, 40)), 7, 3),
    ])
}

/// A block's kind and what it unpacks to.
fn unpacked(sealed: &[u8]) -> String {
    let (kind, payload) = opened(sealed);
    format!("kind {kind} {}\n", hex(&payload))
}

#[test]
fn a_segment_of_version_2_unpacks_to_what_it_ever_did() {
    let blocks = build("visits", &table(), 3, rows());
    let sealed: Vec<String> = blocks.iter().map(|block| format!("sealed {}\n", hex(block))).collect();
    let unpacked: Vec<String> = blocks.iter().map(|block| unpacked(block)).collect();
    if std::env::var_os("BLESS").is_some() {
        compare("segment_v2.txt", &(sealed.concat() + &unpacked.concat()));
    }
    let fixture = include_str!("../fixtures/segment_v2.txt");
    let expected: Vec<&str> = fixture.lines().filter(|line| line.starts_with("kind")).collect();
    assert_eq!(unpacked.iter().map(|line| line.trim()).collect::<Vec<_>>(), expected);
}

#[test]
fn a_segment_of_version_2_is_read_as_ever() {
    let fixture = include_str!("../fixtures/segment_v2.txt");
    let sealed: Vec<Vec<u8>> =
        fixture.lines().filter_map(|line| line.strip_prefix("sealed ")).map(unhex).collect();
    assert!(sealed.iter().any(|block| block[12] == 1), "one of them is packed");
    let shelf = Shelf::of(&sealed);
    assert_eq!((&*shelf.directory.table, shelf.directory.generation, shelf.directory.rows), ("visits", 3, 4));
    for row in rows() {
        let Place::Row(n) = shelf.directory.find(ID, row.key.as_str(), &shelf) else {
            panic!("{:?}", row.key)
        };
        let found = shelf.directory.row(ID, n, &shelf).expect("a row");
        assert_eq!((found.key, found.rev, found.text), (row.key.as_str(), row.rev, row.row.as_str()));
    }
    let order: Vec<String> = (0..4).map(|list| keys(&shelf, list)).collect();
    assert_eq!(order, ["abcd", "cdba", "cabd", ""]);
}

/// The ids of a list's rows, in its order.
fn keys(shelf: &Shelf, list: usize) -> String {
    let positions = 0..shelf.directory.rows;
    let rows = positions.filter_map(|position| shelf.directory.at(ID, list, position, shelf));
    let ids = rows.filter_map(|(_, row)| shelf.directory.row(ID, row, shelf));
    ids.map(|row| row.key.trim_matches(['[', ']', '"'])).collect()
}
