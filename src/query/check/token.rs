//! The words of an SQL expression as PostgreSQL prints it: no comments, no escapes but doubled quotes.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'s> {
    /// Of a keyword, a function, a type, or a name without quotes.
    Word(&'s str),
    /// In double quotes: never a keyword.
    Name(String),
    Number(&'s str),
    /// In single quotes.
    Text(String),
    Sign(&'s str),
}

const OPERATORS: &str = "+-*/<>=~!@#%^&|`?";

/// None if something is no such word.
pub(super) fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let until = |ends: fn(char) -> bool| rest.find(ends).unwrap_or(rest.len());
        let (token, length) = match first {
            '\'' => quoted(rest, '\'').map(|(text, length)| (Token::Text(text), length))?,
            '"' => quoted(rest, '"').map(|(name, length)| (Token::Name(name), length))?,
            '0'..='9' => {
                let length = until(|c| !c.is_ascii_digit() && c != '.');
                (Token::Number(&rest[..length]), length)
            }
            '(' | ')' | '[' | ']' | ',' | '.' => (Token::Sign(&rest[..1]), 1),
            ':' if rest.starts_with("::") => (Token::Sign("::"), 2),
            c if OPERATORS.contains(c) => {
                let length = until(|c| !OPERATORS.contains(c));
                (Token::Sign(&rest[..length]), length)
            }
            c if c.is_alphabetic() || c == '_' => {
                let length = until(|c| !c.is_alphanumeric() && c != '_' && c != '$');
                (Token::Word(&rest[..length]), length)
            }
            _ => return None,
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// What stands between quotes, and how much text that took.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let (mut value, mut at) = (String::new(), 1);
    loop {
        let length = text[at..].find(quote)?;
        value.push_str(&text[at..at + length]);
        at += length + 1;
        if !text[at..].starts_with(quote) {
            return Some((value, at));
        }
        value.push(quote);
        at += 1;
    }
}
