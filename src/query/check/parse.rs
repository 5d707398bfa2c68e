//! Reads an expression as `pg_get_expr` prints it: by precedence, though nearly all is in parentheses.

use super::node::{Node, Operator};
use super::token::{Token, tokens};
use super::typed::{Typed, operator};
use crate::protocol::Table;
use crate::query::decimal::Decimal;
use crate::query::kind::{Int, Kind};
use crate::query::value::{Collation, Value};
use std::borrow::Cow;

const DEPTH_MAX: usize = 60;

/// How tightly each sort of operator binds.
mod tight {
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const IS: u8 = 4;
    pub const COMPARISON: u8 = 5;
    pub const OTHER: u8 = 6;
    pub const SUM: u8 = 7;
    pub const PRODUCT: u8 = 8;
    pub const POSTFIX: u8 = 9;
    pub const CAST: u8 = 10;
}

/// A table's condition; none if its form is not known, or nothing of it is understood.
pub(super) fn condition(table: &Table, text: &str) -> Option<Node> {
    let tokens = tokens(text)?;
    let mut parser = Parser { table, tokens: &tokens, depth: 0 };
    let condition = parser.expression(0)?;
    let is_understood = parser.tokens.is_empty() && condition.kind == Kind::Bool;
    (is_understood && !matches!(condition.node, Node::Unknown)).then_some(condition.node)
}

struct Parser<'s> {
    table: &'s Table,
    tokens: &'s [Token<'s>],
    depth: usize,
}

impl<'s> Parser<'s> {
    fn next(&mut self) -> Option<&'s Token<'s>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let is_next = matches!(self.tokens.first(), Some(Token::Sign(sign)) if *sign == wanted);
        self.skip(is_next)
    }

    fn word(&mut self, wanted: &str) -> bool {
        let is_next =
            matches!(self.tokens.first(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.skip(is_next)
    }

    fn words(&mut self, wanted: &str) -> Option<()> {
        wanted.split(' ').all(|word| self.word(word)).then_some(())
    }

    fn skip(&mut self, is_next: bool) -> bool {
        self.tokens = &self.tokens[usize::from(is_next)..];
        is_next
    }

    fn must(&mut self, sign: &str) -> Option<()> {
        self.sign(sign).then_some(())
    }

    fn expression(&mut self, least: u8) -> Option<Typed> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut left = self.prefix()?;
        while let Some(tightness) = self.tightness().filter(|tightness| *tightness > least) {
            left = self.infix(left, tightness)?;
        }
        self.depth -= 1;
        Some(left)
    }

    /// Of the operator that comes next.
    fn tightness(&self) -> Option<u8> {
        Some(match self.tokens.first()? {
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "OR" => tight::OR,
                "AND" => tight::AND,
                "IS" => tight::IS,
                "AT" | "COLLATE" => tight::POSTFIX,
                _ => return None,
            },
            Token::Sign(sign) => match *sign {
                "(" | ")" | "]" | "," | "." => return None,
                "::" | "[" => tight::CAST,
                "+" | "-" => tight::SUM,
                "*" | "/" | "%" => tight::PRODUCT,
                sign if operator(sign).is_some() => tight::COMPARISON,
                _ => tight::OTHER,
            },
            _ => return None,
        })
    }

    fn infix(&mut self, left: Typed, tightness: u8) -> Option<Typed> {
        match (tightness, self.tokens.first()?) {
            (tight::OR, _) => self.junction(left, Node::Or, tight::OR),
            (tight::AND, _) => self.junction(left, Node::And, tight::AND),
            (tight::IS, _) => self.is(left),
            (tight::POSTFIX, Token::Word(_)) => self.postfix_words(left),
            (tight::CAST, Token::Sign("::")) => {
                self.next();
                let type_name = self.type_name()?;
                Some(left.cast(&type_name))
            }
            (_, Token::Sign(sign)) if *sign != "[" => {
                self.next();
                let list = if self.word("ANY") { Some(false) } else { self.word("ALL").then_some(true) };
                match list {
                    Some(all) => {
                        self.must("(")?;
                        let list = self.expression(0)?;
                        self.must(")")?;
                        Some(
                            operator(sign).map_or_else(Typed::unknown, |it| Typed::each(it, all, left, list)),
                        )
                    }
                    None => Some(Typed::binary(sign, left, self.expression(tightness)?)),
                }
            }
            _ => None,
        }
    }

    fn junction(&mut self, left: Typed, make: fn(Vec<Node>) -> Node, tightness: u8) -> Option<Typed> {
        self.next();
        let right = self.expression(tightness)?;
        Some(Typed::bool(make(vec![left.node, right.node])))
    }

    fn is(&mut self, left: Typed) -> Option<Typed> {
        self.next();
        let negated = self.word("NOT");
        if self.word("DISTINCT") {
            self.words("FROM")?;
            let operator = if negated { Operator::Equal } else { Operator::NotEqual };
            return Some(Typed::compare(operator, left, self.expression(tight::COMPARISON)?, true));
        }
        let wanted = match self.next()? {
            Token::Word(word) if ["NULL", "UNKNOWN"].contains(&word.to_ascii_uppercase().as_str()) => None,
            Token::Word(word) => Some(word.to_ascii_lowercase().parse().ok()?),
            _ => return None,
        };
        Some(Typed::bool(Node::Is(left.node.into(), wanted, negated)))
    }

    fn postfix_words(&mut self, left: Typed) -> Option<Typed> {
        if self.word("COLLATE") {
            let Token::Name(name) = self.next()? else { return None };
            let is_c = name == "C" || name == "POSIX";
            return Some(if is_c { Typed { by_bytes: Some(true), ..left } } else { Typed::unknown() });
        }
        self.words("AT TIME ZONE")?;
        let zone = self.expression(tight::POSTFIX)?;
        Some(Typed::call("timezone", vec![zone, left]))
    }

    fn prefix(&mut self) -> Option<Typed> {
        let nothing = |kind| Some(Typed { node: Node::Constant(None), kind, by_bytes: None });
        match self.next()? {
            Token::Sign("(") => {
                let inner = self.expression(0)?;
                self.must(")")?;
                Some(inner)
            }
            Token::Sign("-") => {
                let number = self.expression(tight::PRODUCT)?;
                let zero = Typed::literal(Value::Int(0), Kind::Int(Int::Normal)).cast(number.kind.name());
                Some(Typed::binary("-", zero, number))
            }
            Token::Number(text) if text.contains('.') => {
                Some(Typed::literal(Value::Decimal(Decimal::parse(text)?), Kind::Numeric(None)))
            }
            Token::Number(text) => {
                Some(Typed::literal(Value::Int(text.parse().ok()?), Kind::Int(Int::Normal)))
            }
            Token::Text(text) => {
                Some(Typed::literal(Value::Text(Cow::Owned(text.clone())), Kind::Text(None)))
            }
            Token::Name(name) => self.named(name),
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "NOT" => {
                    let part = self.expression(tight::NOT)?;
                    Some(Typed::bool(Node::Not(part.node.into())))
                }
                "TRUE" | "FALSE" => {
                    Some(Typed::literal(Value::Bool(word.eq_ignore_ascii_case("true")), Kind::Bool))
                }
                "NULL" => nothing(Kind::Text(None)),
                "CASE" => self.case(),
                "ARRAY" => self.array(),
                _ => self.named(word),
            },
            Token::Sign(_) => None,
        }
    }

    /// A column, or a function.
    fn named(&mut self, name: &str) -> Option<Typed> {
        if self.sign(".") {
            // Of a schema: an app's own function, or an extension's.
            let (Token::Word(_) | Token::Name(_)) = self.next()? else { return None };
            self.must("(")?;
            self.arguments()?;
            return Some(Typed::unknown());
        }
        if self.sign("(") {
            return match name.to_ascii_lowercase().as_str() {
                "extract" => self.extract(),
                "position" => self.position(),
                "trim" => self.trim(),
                "lower" | "upper" if has_own_letters(self.table) => {
                    self.arguments().map(|_| Typed::unknown())
                }
                name => Some(Typed::call(name, self.arguments()?)),
            };
        }
        let place = self.table.columns.iter().position(|column| *column.name == *name);
        let Some(place) = place else { return Some(Typed::unknown()) };
        let column = &self.table.columns[place];
        let kind = Kind::of(&column.type_name);
        let is_text = matches!(kind, Kind::Text(_));
        let by_bytes = Some(is_text && Collation::of(&kind, column.collation.as_ref()) == Collation::Bytes);
        Some(Typed { node: Node::Cell(place, kind.clone()), kind, by_bytes })
    }

    /// Until the parenthesis ends.
    fn arguments(&mut self) -> Option<Vec<Typed>> {
        self.list(")")
    }

    fn list(&mut self, end: &str) -> Option<Vec<Typed>> {
        let mut items = Vec::new();
        if self.sign(end) {
            return Some(items);
        }
        loop {
            items.push(self.expression(0)?);
            if self.sign(end) {
                return Some(items);
            }
            self.must(",")?;
        }
    }

    /// `EXTRACT(isodow FROM day)`
    fn extract(&mut self) -> Option<Typed> {
        let Token::Word(field) = self.next()? else { return None };
        self.words("FROM")?;
        let field = Typed::literal(Value::Text(Cow::Owned(field.to_ascii_lowercase())), Kind::Text(None));
        let from = self.expression(0)?;
        self.must(")")?;
        Some(Typed::call("extract", vec![field, from]))
    }

    /// `POSITION((part) IN (text))`
    fn position(&mut self) -> Option<Typed> {
        let part = self.expression(0)?;
        self.words("IN")?;
        let text = self.expression(0)?;
        self.must(")")?;
        Some(Typed::call("strpos", vec![text, part]))
    }

    /// `TRIM(BOTH 'x' FROM text)`
    fn trim(&mut self) -> Option<Typed> {
        let name = match self.next()? {
            Token::Word(word) => match word.to_ascii_uppercase().as_str() {
                "BOTH" => "btrim",
                "LEADING" => "ltrim",
                "TRAILING" => "rtrim",
                _ => return None,
            },
            _ => return None,
        };
        let set = if self.word("FROM") { None } else { Some(self.expression(0)?) };
        if set.is_some() {
            self.words("FROM")?;
        }
        let text = self.expression(0)?;
        self.must(")")?;
        Some(Typed::call(name, std::iter::once(text).chain(set).collect()))
    }

    fn array(&mut self) -> Option<Typed> {
        self.must("[")?;
        let items = self.list("]")?;
        let kind = items.first().map_or(Kind::Text(None), |item| item.kind.clone());
        let is_uniform =
            items.iter().all(|item| std::mem::discriminant(&item.kind) == std::mem::discriminant(&kind));
        let node = Node::Items(items.into_iter().map(|item| item.node).collect());
        let node = if is_uniform { node } else { Node::Unknown };
        Some(Typed { node, kind: Kind::Array(kind.into()), by_bytes: None })
    }

    fn case(&mut self) -> Option<Typed> {
        let of = if self.word("WHEN") { None } else { Some(self.expression(0)?) };
        if of.is_some() {
            self.words("WHEN")?;
        }
        let (mut cases, mut results) = (Vec::new(), Vec::new());
        loop {
            let condition = self.expression(0)?;
            let condition = match &of {
                Some(of) => Typed::binary("=", of.clone(), condition),
                None => condition,
            };
            self.words("THEN")?;
            let result = self.expression(0)?;
            cases.push([condition.node, result.node]);
            results.push(result.kind);
            if !self.word("WHEN") {
                break;
            }
        }
        let otherwise = if self.word("ELSE") { Some(self.expression(0)?) } else { None };
        self.words("END")?;
        results.extend(otherwise.as_ref().map(|otherwise| otherwise.kind.clone()));
        let kind = results[0].clone();
        let is_uniform =
            results.iter().all(|other| std::mem::discriminant(other) == std::mem::discriminant(&kind));
        let otherwise = otherwise.map_or(Node::Constant(None), |otherwise| otherwise.node);
        Some(if is_uniform {
            Typed::new(Node::Case(cases, otherwise.into()), kind)
        } else {
            Typed::unknown()
        })
    }

    /// As `format_type` writes it.
    fn type_name(&mut self) -> Option<String> {
        let mut name = match self.next()? {
            Token::Word(word) => (*word).to_string(),
            Token::Name(name) => format!("\"{name}\""),
            _ => return None,
        };
        if self.sign(".") {
            name = match self.next()? {
                Token::Word(word) => format!("{name}.{word}"),
                Token::Name(word) => format!("{name}.\"{word}\""),
                _ => return None,
            };
        }
        let more: &[&str] = match name.as_str() {
            "double" => &["precision"],
            "character" | "bit" => &["varying"],
            _ => &[],
        };
        for word in more.iter().filter(|word| self.word(word)) {
            name = format!("{name} {word}");
        }
        if self.sign("(") {
            let mut numbers = Vec::new();
            while let Some(Token::Number(number)) = self.next() {
                numbers.push(*number);
                if !self.sign(",") {
                    break;
                }
            }
            self.must(")")?;
            name = format!("{name}({})", numbers.join(","));
        }
        let zoned = if self.word("with") { Some("with") } else { self.word("without").then_some("without") };
        if let Some(zoned) = zoned {
            self.words("time zone")?;
            name = format!("{name} {zoned} time zone");
        }
        while self.sign("[") {
            self.must("]")?;
            name.push_str("[]");
        }
        Some(name)
    }
}

/// Whether texts here follow an alphabet in which i and I are no pair.
fn has_own_letters(table: &Table) -> bool {
    let mut collations = table.columns.iter().filter_map(|column| column.collation.as_deref());
    collations.any(|name| ["tr", "az", "lt"].iter().any(|own| name.starts_with(own)))
}
