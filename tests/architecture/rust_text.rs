//! Reading source as text, no better than the rules need: it relies on the formatter's layout and knows
//! no macros. Comments count only from `//` on, so a `//` in a string hides the rest of its line.

/// The text before the file's `#[cfg(test)] mod tests`.
pub fn without_tests(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_start = |at: usize| {
        let next = lines.get(at + 1).is_some_and(|line| line.trim_start().starts_with("mod "));
        lines[at].starts_with("#[cfg(") && lines[at].contains("test") && next
    };
    let end = (0..lines.len()).find(|at| is_start(*at)).unwrap_or(lines.len());
    lines[..end].join("\n")
}

/// The lines with their numbers, from 1, without comments and outer blanks.
pub fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| {
        let code = line.split_once("//").map_or(line, |(code, _)| code);
        (at + 1, code.trim())
    })
}

/// Whether `word` occurs in `code` as a word of its own, not as a part of a longer name.
pub fn mentions(code: &str, word: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(is_name);
        let after = code[at + word.len()..].chars().next().is_some_and(is_name);
        let joins = |edge: Option<char>| edge.is_some_and(is_name);
        !(before && joins(word.chars().next()) || after && joins(word.chars().next_back()))
    })
}

/// The functions of Rust or JavaScript as (line number, length in lines). A function ends at the first
/// line that closes at its own indentation, which is where formatters put the brace.
pub fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let starts = (0..lines.len()).filter(|at| starts_function(lines[*at].trim_start()));
    starts.map(|start| (start + 1, function_length(&lines[start..]))).collect()
}

fn starts_function(line: &str) -> bool {
    let words = line.split_whitespace().take_while(|word| {
        let qualifiers = ["pub", "async", "const", "unsafe", "export", "default", "fn", "function"];
        qualifiers.contains(word) || word.starts_with("pub(") || word.starts_with("function")
    });
    words.into_iter().any(|word| word == "fn" || word.starts_with("function"))
}

fn function_length(lines: &[&str]) -> usize {
    let indent = lines[0].len() - lines[0].trim_start().len();
    let closes = |line: &&str| {
        let code = line.trim_end();
        let outer = code.len() - code.trim_start().len() == indent;
        let brace = code.trim_start().starts_with('}') && !code.ends_with('{'); // not `}) {`
        outer && (brace || code.ends_with(';') || code.ends_with('}'))
    };
    lines.iter().position(closes).map_or(lines.len(), |end| end + 1)
}

#[test]
fn a_function_is_measured_from_its_first_line_to_its_brace() {
    let text = "fn one() {}\npub(crate) async fn two(\n    a: u8,\n) -> u8 {\n    if a {\n    }\n    a\n}\n    fn three();\n";
    assert_eq!(functions(text), [(1, 1), (2, 7), (9, 1)]);
}

#[test]
fn javascript_functions_are_measured_too() {
    assert_eq!(functions("export async function a({\n  b,\n}) {\n  c()\n}\n"), [(1, 5)]);
    assert_eq!(functions("function a() {\n  c()\n}\n"), [(1, 3)]);
}

#[test]
fn a_word_is_not_found_inside_a_longer_one() {
    assert!(mentions("use std::time::Instant;", "Instant"));
    assert!(!mentions("struct Instantly;", "Instant"));
    assert!(mentions("Utc::now()", "now()"));
}

#[test]
fn tests_do_not_count_as_production_code() {
    assert_eq!(without_tests("a\n#[cfg(all(test, unix))]\nmod tests {\n}\n"), "a");
    assert_eq!(without_tests("#[cfg(test)]\nuse x;\nb"), "#[cfg(test)]\nuse x;\nb");
}
