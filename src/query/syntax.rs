//! The small pieces of PostgREST's query language: names, JSON paths, quoted values, lists.
//!
//! A [`Cursor`] walks one parameter's decoded text and knows how to complain about it with
//! PostgREST's message and place (`PGRST100`).

use super::refusal::syntax;
use crate::protocol::PgError;
use std::borrow::Cow;

/// One step of a JSON path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(i64),
}

/// A column, and where in its JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path<'a> {
    pub column: Cow<'a, str>,
    pub steps: Vec<Step>,
    /// The last arrow was `->>`.
    pub as_text: bool,
}

#[derive(Clone)]
pub(super) struct Cursor<'a> {
    what: &'static str,
    text: &'a str,
    /// Characters that PostgREST has before the text when it counts columns.
    before: usize,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(what: &'static str, text: &'a str) -> Self {
        Self { what, text, before: 0, at: 0 }
    }

    /// The value of `or` or `not.and`, which PostgREST reads together with its key.
    pub(super) fn after(key: &str, what: &'static str, text: &'a str) -> Self {
        Self { before: key.len(), ..Self::new(what, text) }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn spaces(&mut self) {
        while self.eat(" ") || self.eat("\t") {}
    }

    /// A punctuation mark with spaces around it.
    pub(super) fn lexeme(&mut self, token: &str) -> bool {
        let start = self.at;
        self.spaces();
        if self.eat(token) {
            self.spaces();
            return true;
        }
        self.at = start;
        false
    }

    /// Everything up to one of these characters, or the end.
    pub(super) fn until(&mut self, stop: &[char]) -> &'a str {
        let rest = self.rest();
        let length = rest.find(stop).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Everything up to the end.
    pub(super) fn take_rest(&mut self) -> &'a str {
        let rest = self.rest();
        self.at = self.text.len();
        rest
    }

    /// The complaint at this place.
    pub(super) fn expected(&self, expected: &str) -> PgError {
        let found = match self.peek() {
            Some(c) => format!("unexpected \"{c}\" expecting {expected}"),
            None => format!("unexpected end of input expecting {expected}"),
        };
        let column = self.before + self.text[..self.at].chars().count() + 1;
        syntax(self.what, self.text, column, &found)
    }

    /// A field name: quoted, or letters, digits, `_`, `$`, spaces and single hyphens.
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>, PgError> {
        if self.peek() == Some('"') {
            return self.quoted().map(Cow::Owned).ok_or_else(|| self.expected("\"\\\"\""));
        }
        let rest = self.rest();
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            let hyphen = c == '-' && at > 0 && !rest[at + 1..].starts_with('>');
            if !(c.is_alphanumeric() || matches!(c, '_' | ' ' | '$') || hyphen) {
                break;
            }
            end = at + c.len_utf8();
        }
        let name = rest[..end].trim();
        if name.is_empty() {
            return Err(self.expected("field name (* or [a..z0..9_$])"));
        }
        self.at += end;
        Ok(Cow::Borrowed(name))
    }

    /// A column with its JSON path.
    pub(super) fn path(&mut self) -> Result<Path<'a>, PgError> {
        let mut path = Path { column: self.name()?, steps: Vec::new(), as_text: false };
        while self.rest().starts_with("->") {
            path.as_text = self.eat("->>") || !self.eat("->");
            path.steps.push(self.step()?);
        }
        Ok(path)
    }

    fn step(&mut self) -> Result<Step, PgError> {
        let rest = self.rest();
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        let length = rest.len() - digits.len() + count;
        let after = &rest[length..];
        let ends = after.is_empty() || ["->", "::", ".", ",", ")"].iter().any(|end| after.starts_with(end));
        if count > 0 && ends {
            let index = rest[..length].parse().map_err(|_| self.expected("a smaller index"))?;
            self.at += length;
            return Ok(Step::Index(index));
        }
        if rest.starts_with('-') {
            return Err(self.expected("digit"));
        }
        self.name().map(|name| Step::Key(name.into_owned()))
    }

    /// A `"quoted"` value with backslash escapes, if one starts here; else nothing is taken.
    pub(super) fn quoted(&mut self) -> Option<String> {
        let mut chars = self.rest().strip_prefix('"')?.char_indices();
        let mut value = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 2;
                    return Some(value);
                }
                '\\' => value.push(chars.next()?.1),
                c => value.push(c),
            }
        }
        None
    }

    /// One value of a list or of a condition inside `or=(…)`: quoted, or up to `,` or `)`.
    pub(super) fn element(&mut self) -> Cow<'a, str> {
        let start = self.at;
        if let Some(value) = self.quoted() {
            if matches!(self.peek(), None | Some(',' | ')')) {
                return Cow::Owned(value);
            }
            self.at = start;
        }
        Cow::Borrowed(self.until(&[',', ')']))
    }

    /// A value inside `or=(…)`, where `{…}` may hold commas.
    pub(super) fn logic_value(&mut self) -> Cow<'a, str> {
        let array = self.rest().strip_prefix('{').and_then(|rest| {
            let end = rest.find(['{', '}'])?;
            rest[end..].starts_with('}').then_some(end + 2)
        });
        match array {
            Some(length) => {
                let value = &self.rest()[..length];
                self.at += length;
                Cow::Borrowed(value)
            }
            None => self.element(),
        }
    }

    /// `(a,"b",c)`.
    pub(super) fn list(&mut self) -> Result<Vec<Cow<'a, str>>, PgError> {
        if !self.lexeme("(") {
            return Err(self.expected("\"(\""));
        }
        let mut values = vec![self.element()];
        while self.eat(",") {
            values.push(self.element());
        }
        if !self.lexeme(")") {
            return Err(self.expected("\",\" or \")\""));
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_quoted_spaced_and_hyphenated() {
        let name = |text| Cursor::new("filter", text).name().expect("a name");
        assert_eq!(name(" a b "), "a b");
        assert_eq!(name("a-b->c"), "a-b");
        assert_eq!(name("\"a.b\\\"\""), "a.b\"");
        assert!(Cursor::new("filter", ":").name().is_err());
    }

    #[test]
    fn a_json_path_has_keys_and_indexes() {
        let path = Cursor::new("filter", "meta->a->-1->>b").path().expect("a path");
        assert_eq!(path.steps, [Step::Key("a".into()), Step::Index(-1), Step::Key("b".into())]);
        assert!(path.as_text);
    }

    #[test]
    fn list_elements_are_quoted_only_as_a_whole() {
        let list = |text| Cursor::new("filter", text).list().expect("a list");
        assert_eq!(list(r#"(a,"b,\"c",d"e,)"#), ["a", "b,\"c", "d\"e", ""]);
    }
}
