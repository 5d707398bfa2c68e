//! The rules of the house, kept by a test: who may import whom, what a pure layer may not know, how long
//! things may get, and what no file may say. A rule that needs an exception gets it here, with its reason.
//!
//! Reads the files that git tracks or would track, so it needs a checkout with git.

#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/repository.rs"]
mod repository;
#[path = "architecture/rust_text.rs"]
mod rust_text;

use repository::{File, files, under};

const FILE_LINES_MAX: usize = 400;
const TEST_FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;

/// What each layer may import, from the bottom up. What is not listed is not allowed.
const LAYERS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("query", &["protocol"]),
    ("engine", &["protocol", "query"]),
    ("recipes", &["protocol", "query", "engine"]),
    ("store", &["protocol", "query", "engine"]),
    ("remote", &["protocol", "query", "engine"]),
    ("driver", &["protocol", "query", "engine", "recipes", "store", "remote"]),
    ("js", &["protocol", "query", "engine", "recipes", "store", "remote", "driver"]),
];

const PURE: &[&str] = &["protocol", "query", "engine", "recipes"];

/// What a pure layer may not mention, and what it does instead.
const IMPURE: &[(&str, &str)] = &[
    ("HashMap", "its order is random: BTreeMap"),
    ("HashSet", "its order is random: BTreeSet"),
    ("Instant", "the clock is an argument"),
    ("SystemTime", "the clock is an argument"),
    ("now()", "the clock is an argument"),
    ("new_v4", "randomness is an argument"),
    ("now_v7", "randomness is an argument"),
    ("rand::", "randomness is an argument"),
    ("async fn", "waiting is the driver's"),
    (".await", "waiting is the driver's"),
    ("std::fs", "files are a store's"),
    ("std::net", "the network is a remote's"),
    ("std::thread", "there is one thread in a page"),
    ("wasm_bindgen", "JavaScript is js/'s"),
    ("js_sys", "JavaScript is js/'s"),
    ("web_sys", "the browser is the driver's"),
];

/// Names that say nothing about what is inside; `core` also shadows Rust's.
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "data", "misc", "core"];

#[test]
fn each_layer_imports_only_what_is_below_it() {
    let rust = under("src/").filter(|file| file.has_extension("rs"));
    no_violations(rust.flat_map(|file| {
        let (layer, allowed) = LAYERS.iter().find(|(layer, _)| file.is_in_layer(layer))?.to_owned();
        let bad = imports::of(&rust_text::without_tests(&file.text))
            .into_iter()
            .filter(|name| LAYERS.iter().any(|(known, _)| known == name))
            .find(|name| name != layer && !allowed.contains(&name.as_str()))?;
        Some(format!("{}: {layer} may not import {bad}", file.path))
    }));
}

#[test]
fn every_module_of_the_crate_is_a_known_layer() {
    let modules = under("src/").filter_map(|file| file.path["src/".len()..].split('/').next());
    no_violations(modules.filter_map(|name| {
        let name = name.trim_end_matches(".rs");
        let known = name == "lib" || LAYERS.iter().any(|(layer, _)| *layer == name);
        (!known).then(|| format!("src/{name}: not in the table of layers"))
    }));
}

#[test]
fn no_import_climbs_out_of_its_folder() {
    no_violations(
        production_lines()
            .filter(|line| line.code.contains("super::super::"))
            .map(|line| format!("{}: super::super:: hides where it leads, write crate::", line.place())),
    );
}

#[test]
fn the_pure_layers_know_no_clock_no_chance_no_waiting_and_no_browser() {
    let pure = production_lines().filter(|line| PURE.iter().any(|layer| line.file.is_in_layer(layer)));
    no_violations(pure.flat_map(|line| {
        let (word, instead) = IMPURE.iter().find(|(word, _)| rust_text::mentions(line.code, word))?;
        Some(format!("{}: {word} in a pure layer; {instead}", line.place()))
    }));
}

#[test]
fn nothing_panics_for_want_of_an_error_or_of_an_end() {
    const BANNED: &[&str] = &[".unwrap()", "todo!", "unimplemented!", "dbg!", "println!", "eprintln!"];
    no_violations(production_lines().flat_map(|line| {
        let word = BANNED.iter().find(|word| line.code.contains(*word))?;
        Some(format!("{}: {word}", line.place()))
    }));
}

#[test]
fn the_crate_root_only_maps_the_house() {
    let root = under("src/lib.rs").flat_map(|file| rust_text::code_lines(&file.text));
    no_violations(root.filter_map(|(number, code)| {
        let allowed = ["pub mod ", "mod ", "pub use ", "#[cfg(", "#!["];
        let fine = code.is_empty() || allowed.iter().any(|start| code.starts_with(start));
        (!fine).then(|| format!("src/lib.rs:{number}: only modules and re-exports live here"))
    }));
}

#[test]
fn no_file_is_too_long() {
    no_violations(files().iter().filter(|file| file.is_source()).flat_map(|file| {
        let max = if file.is_test() { TEST_FILE_LINES_MAX } else { FILE_LINES_MAX };
        let text =
            if file.has_extension("rs") { rust_text::without_tests(&file.text) } else { file.text.clone() };
        let lines = text.lines().count();
        (lines > max).then(|| format!("{}: {lines} lines, at most {max}", file.path))
    }));
}

#[test]
fn no_function_is_too_long() {
    let code = files().iter().filter(|file| file.has_function_bodies());
    no_violations(code.flat_map(|file| {
        rust_text::functions(&file.text).into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES_MAX).map(
            |(number, lines)| {
                format!("{}:{number}: a function of {lines} lines, at most {FUNCTION_LINES_MAX}", file.path)
            },
        )
    }));
}

#[test]
fn every_source_file_begins_by_saying_what_it_is() {
    no_violations(files().iter().filter(|file| file.is_source()).flat_map(|file| {
        let mut lines = file.text.lines().skip_while(|line| line.starts_with("#!/"));
        let first = lines.next().unwrap_or_default();
        let says = file.comment_starts().iter().any(|start| first.starts_with(start));
        (!says).then(|| format!("{}: begins with {first:?}, not with what it is", file.path))
    }));
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let code = files().iter().filter(|file| file.is_source());
    no_violations(code.flat_map(|file| {
        let parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or_default());
        let empty = parts.into_iter().find(|part| EMPTY_NAMES.contains(part))?;
        Some(format!("{}: what is in {empty:?}?", file.path))
    }));
}

#[test]
fn every_direct_dependency_says_why_it_is_here() {
    let manifest = under("Cargo.toml").next().expect("a crate has a Cargo.toml");
    let mut in_dependencies = false;
    no_violations(manifest.text.lines().flat_map(|line| {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        }
        let is_dependency = in_dependencies && line.contains(" = ") && !line.starts_with(['#', '[']);
        (is_dependency && !line.contains(" # ")).then(|| format!("Cargo.toml: no reason given for {line}"))
    }));
}

#[test]
fn no_file_names_a_place_on_one_machine_or_a_registry() {
    // Put together here, or this file would be its own violation.
    let places = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];
    let hosts = [concat!("registry.", "npmjs"), concat!("static.", "crates"), concat!("index.", "crates")];
    let address = concat!("\"resolved\": \"", "http");
    no_violations(files().iter().flat_map(|file| {
        let words = places.iter().chain(&hosts).copied().chain([address]);
        let found = words.into_iter().find(|word| file.text.contains(word))?;
        Some(format!("{}: contains {found}", file.path))
    }));
}

/// One line of Rust outside tests, without its comment.
struct Line<'a> {
    file: &'a File,
    number: usize,
    code: &'a str,
}

impl Line<'_> {
    fn place(&self) -> String {
        format!("{}:{}", self.file.path, self.number)
    }
}

fn production_lines() -> impl Iterator<Item = Line<'static>> {
    under("src/").filter(|file| file.has_extension("rs") && !file.is_test()).flat_map(|file| {
        let end = rust_text::without_tests(&file.text).lines().count();
        rust_text::code_lines(&file.text).take(end).map(move |(number, code)| Line { file, number, code })
    })
}

fn no_violations(found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}
