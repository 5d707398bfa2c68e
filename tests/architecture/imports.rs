//! Which modules of the crate a file names: every `crate::x` in it, in `use` lines, groups and paths.

use std::collections::BTreeSet;

/// The first segments after `crate::` in the code of `text`.
pub fn of(text: &str) -> BTreeSet<String> {
    let code: String = super::rust_text::code_lines(text).map(|(_, line)| format!("{line}\n")).collect();
    code.match_indices("crate::").flat_map(|(at, found)| first_segments(&code[at + found.len()..])).collect()
}

/// `a::b` gives a; `{a::b, c::{d, e}, f}` gives a, c and f.
fn first_segments(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut depth = 1;
    let mut segments = vec![name(group)];
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => segments.push(name(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

fn name(path: &str) -> String {
    path.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let text = "use crate::a::X;\nuse crate::{\n    b::{Y, Z},\n    c,\n};\nfn f() -> crate::d::W {} // crate::not\n";
    assert_eq!(of(text).into_iter().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
}
