//! `LIKE` and `ILIKE`: `%` any text, `_` one character, `\` takes the next one as it is.
//!
//! `ilike` folds case by Unicode's simple mapping, character by character (DESIGN 5), under collation
//! `C` only that of ASCII, as Postgres does. Matching is iterative with one point to return to, so no pattern can make it slow.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Like {
    pattern: Vec<Part>,
    fold: Fold,
}

/// Which letters are equal to their other case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Nothing,
    Ascii,
    Unicode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Char(char),
}

impl Like {
    /// `None` if the pattern ends with its escape character.
    pub(super) fn new(pattern: &str, fold: Fold) -> Option<Self> {
        let mut parts = Vec::with_capacity(pattern.len());
        let mut chars = pattern.chars();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '%' if parts.last() == Some(&Part::Any) => continue,
                '%' => Part::Any,
                '_' => Part::One,
                '\\' => Part::Char(folded(chars.next()?, fold)),
                c => Part::Char(folded(c, fold)),
            });
        }
        Some(Self { pattern: parts, fold })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let (mut part, mut rest) = (0, text.chars());
        // Where the last `%` stands, and the text it would swallow one more character of.
        let mut back: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let mut ahead = rest.clone();
            match (self.pattern.get(part), ahead.next()) {
                (None, None) => return true,
                (Some(Part::Any), _) => {
                    back = Some((part, rest.clone()));
                    part += 1;
                    continue;
                }
                (Some(Part::One), Some(_)) => {
                    (part, rest) = (part + 1, ahead);
                    continue;
                }
                (Some(Part::Char(want)), Some(c)) if folded(c, self.fold) == *want => {
                    (part, rest) = (part + 1, ahead);
                    continue;
                }
                _ => {}
            }
            match &mut back {
                Some((star, swallowed)) => {
                    if swallowed.next().is_none() {
                        return false;
                    }
                    (part, rest) = (*star + 1, swallowed.clone());
                }
                None => return false,
            }
        }
    }
}

fn folded(c: char, fold: Fold) -> char {
    match fold {
        Fold::Nothing => c,
        Fold::Ascii => c.to_ascii_lowercase(),
        Fold::Unicode => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(single), None) => single,
                _ => c,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn like(pattern: &str, text: &str) -> bool {
        Like::new(pattern, Fold::Nothing).expect("a pattern").matches(text)
    }

    #[test]
    fn patterns_match_as_in_postgres() {
        assert!(like("a%c", "abbbc") && like("%", "") && like("_", "é") && like("%b%", "abc"));
        assert!(!like("_", "") && !like("a", "ab") && !like("a_", "a"));
        assert!(like(r"50\%", "50%") && !like(r"50\%", "500"));
        assert!(like("a%b%c", "a_b_b_c") && !like("a%b%c", "a_c_b"));
        assert!(Like::new("a\\", Fold::Nothing).is_none());
    }

    #[test]
    fn ilike_folds_case_beyond_ascii() {
        let like = Like::new("%ÉTÉ%", Fold::Unicode).expect("a pattern");
        assert!(like.matches("un été chaud") && !like.matches("ete"));
        let under_c = Like::new("É_A", Fold::Ascii).expect("a pattern");
        assert!(under_c.matches("Éxa") && !under_c.matches("éxa"));
    }

    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|n| naive(rest, &text[n..])),
            Some(('_', rest)) => !text.is_empty() && naive(rest, &text[1..]),
            Some((c, rest)) => text.first() == Some(c) && naive(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn matching_agrees_with_the_definition(pattern in "[ab%_]{0,8}", text in "[ab]{0,10}") {
            let chars = |t: &str| t.chars().collect::<Vec<_>>();
            prop_assert_eq!(like(&pattern, &text), naive(&chars(&pattern), &chars(&text)));
        }
    }
}
