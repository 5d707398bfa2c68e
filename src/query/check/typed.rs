//! Expressions with their types: which operator or function a name means for these arguments, if we know it.
//!
//! PostgreSQL prints a cast wherever a type is changed, so types meet only where it has an operator for both.

use super::call::{Call, Field};
use super::cast::Cast;
use super::node::{Comparison, Node, Operator};
use super::number::Arithmetic;
use super::pattern::Pattern;
use super::{Known, Unknown};
use crate::query::kind::{Int, Kind};
use crate::query::like::{Fold, Like};
use crate::query::value::Value;
use std::mem::discriminant;

#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub node: Node,
    pub kind: Kind,
    /// Whether text is ordered by its bytes; none of a literal, which goes by what it meets.
    pub by_bytes: Option<bool>,
}

impl Typed {
    pub(super) fn new(node: Node, kind: Kind) -> Self {
        Self { node, kind, by_bytes: Some(false) }
    }

    pub(super) fn unknown() -> Self {
        Self::new(Node::Unknown, Kind::Opaque)
    }

    pub(super) fn literal(value: Value<'static>, kind: Kind) -> Self {
        Self { node: Node::Constant(Some(value)), kind, by_bytes: None }
    }

    pub(super) fn bool(node: Node) -> Self {
        Self::new(node, Kind::Bool)
    }

    fn int(call: Call, arguments: Vec<Node>) -> Self {
        Self::new(Node::Call(call, arguments), Kind::Int(Int::Normal))
    }

    fn text(call: Call, arguments: Vec<Node>, by_bytes: Option<bool>) -> Self {
        Self { by_bytes, ..Self::new(Node::Call(call, arguments), Kind::Text(None)) }
    }

    fn constant_text(&self) -> Option<&str> {
        match &self.node {
            Node::Constant(Some(Value::Text(text))) => Some(text),
            _ => None,
        }
    }

    pub(super) fn cast(self, type_name: &str) -> Self {
        let kind = Kind::of(type_name);
        if Cast::is_idle(&self.kind, type_name) {
            return Self { kind, ..self };
        }
        let by_bytes = if matches!(self.kind, Kind::Text(_)) { self.by_bytes } else { Some(false) };
        // Only what is written in the expression: what a column's text means to an enum or the like is the server's.
        let is_named = kind == Kind::Named && self.constant_text().is_some();
        let node = match (self.node, Cast::new(&self.kind, type_name)) {
            (Node::Constant(None), _) => Node::Constant(None),
            (node, _) if is_named => node,
            (Node::Unknown, _) | (_, None) => Node::Unknown,
            (Node::Constant(Some(value)), Some(cast)) => match cast.run(value) as Known<'static> {
                Ok(value) => Node::Constant(value),
                Err(Unknown) => Node::Unknown,
            },
            (node, Some(cast)) => Node::Call(Call::Cast(cast.into()), vec![node]),
        };
        Self { node, kind, by_bytes }
    }

    /// `left operator right`
    pub(super) fn binary(sign: &str, left: Self, right: Self) -> Self {
        if let Some(operator) = operator(sign) {
            return Self::compare(operator, left, right, false);
        }
        if let Some(operation) = operation(sign) {
            return Self::calculate(operation, left, right);
        }
        let nodes = |left: Self, right: Self| vec![left.node, right.node];
        match (sign, &left.kind, &right.kind) {
            ("~~" | "!~~" | "~" | "~*" | "!~" | "!~*", Kind::Text(_), Kind::Text(_)) => {
                Self::matching(sign, left, &right)
            }
            ("->" | "->>", Kind::Jsonb, Kind::Text(_) | Kind::Int(_)) => {
                let text = sign == "->>";
                let kind = if text { Kind::Text(None) } else { Kind::Jsonb };
                Self::new(Node::Call(Call::JsonField { text }, nodes(left, right)), kind)
            }
            ("?", Kind::Jsonb, Kind::Text(_)) => Self::bool(Node::Call(Call::HasKey, nodes(left, right))),
            ("?&" | "?|", Kind::Jsonb, Kind::Array(_)) => {
                Self::bool(Node::Call(Call::HasKeys { all: sign == "?&" }, nodes(left, right)))
            }
            ("@>", Kind::Jsonb, Kind::Jsonb) => {
                Self::bool(Node::Call(Call::JsonContains, nodes(left, right)))
            }
            ("<@", Kind::Jsonb, Kind::Jsonb) => {
                Self::bool(Node::Call(Call::JsonContains, nodes(right, left)))
            }
            ("@>" | "<@" | "&&", Kind::Array(a), Kind::Array(b)) if has_plain_items(a, b) => {
                let kind = (**a).clone();
                let call = if sign == "&&" { Call::Overlaps(kind) } else { Call::Contains(kind) };
                Self::bool(Node::Call(
                    call,
                    if sign == "<@" { nodes(right, left) } else { nodes(left, right) },
                ))
            }
            _ => Self::unknown(),
        }
    }

    /// `is_distinct`: null is a value like others.
    pub(super) fn compare(operator: Operator, left: Self, right: Self, is_distinct: bool) -> Self {
        let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        if let (Kind::Array(a), Kind::Array(b), true) = (&left.kind, &right.kind, is_equality && !is_distinct)
        {
            if !has_plain_items(a, b) {
                return Self::bool(Node::Unknown);
            }
            let same = Node::Call(Call::Same((**a).clone()), vec![left.node, right.node]);
            return Self::bool(if operator == Operator::Equal { same } else { Node::Not(same.into()) });
        }
        Self::bool(match comparison(operator, &left, &right) {
            Some(comparison) => Node::Compare(comparison, Box::new([left.node, right.node]), is_distinct),
            None => Node::Unknown,
        })
    }

    /// `left operator ANY (list)`, or `ALL`.
    pub(super) fn each(operator: Operator, all: bool, left: Self, list: Self) -> Self {
        let Kind::Array(kind) = list.kind else { return Self::bool(Node::Unknown) };
        let item = Self { node: Node::Unknown, kind: (*kind).clone(), by_bytes: list.by_bytes };
        Self::bool(match comparison(operator, &left, &item) {
            Some(comparison) => {
                Node::Each { comparison, all, sides: Box::new([left.node, list.node]), kind: *kind }
            }
            None => Node::Unknown,
        })
    }

    fn calculate(operation: Arithmetic, left: Self, right: Self) -> Self {
        let is_sum = matches!(operation, Arithmetic::Add | Arithmetic::Subtract);
        let kind = match (&left.kind, &right.kind) {
            // Of 16 bits alone the result must fit, too.
            (Kind::Int(Int::Small), Kind::Int(Int::Small)) => return Self::unknown(),
            (Kind::Int(_), Kind::Int(_)) => Kind::Int(Int::Normal),
            (Kind::Numeric(_), Kind::Numeric(_)) => Kind::Numeric(None),
            (Kind::Date, Kind::Int(_)) if is_sum => Kind::Date,
            (Kind::Int(_), Kind::Date) if operation == Arithmetic::Add => Kind::Date,
            (Kind::Date, Kind::Date) if operation == Arithmetic::Subtract => Kind::Int(Int::Normal),
            (Kind::Jsonb, Kind::Text(_)) if operation == Arithmetic::Subtract => {
                return Self::new(Node::Call(Call::JsonWithout, vec![left.node, right.node]), Kind::Jsonb);
            }
            _ => return Self::unknown(),
        };
        Self::new(Node::Call(Call::Arithmetic(operation), vec![left.node, right.node]), kind)
    }

    /// `LIKE`, and regular expressions that the constraint has in itself.
    fn matching(sign: &str, left: Self, pattern: &Self) -> Self {
        let Some(pattern) = pattern.constant_text() else { return Self::unknown() };
        let call = match sign.trim_start_matches('!') {
            "~~" => Like::new(pattern, Fold::Nothing).map(Call::Like),
            sign => Pattern::new(pattern, sign == "~*").map(|pattern| Call::Matches(pattern.into())),
        };
        let Some(call) = call else { return Self::unknown() };
        let node = Node::Call(call, vec![left.node]);
        Self::bool(if sign.starts_with('!') { Node::Not(node.into()) } else { node })
    }

    /// A function by its name.
    pub(super) fn call(name: &str, arguments: Vec<Self>) -> Self {
        let kinds: Vec<&Kind> = arguments.iter().map(|argument| &argument.kind).collect();
        let first = arguments.first().map_or(Kind::Opaque, |first| first.kind.clone());
        let by_bytes = arguments.first().and_then(|first| first.by_bytes);
        let field = arguments.first().and_then(Self::constant_text).and_then(field);
        let is_uniform = kinds.iter().all(|kind| discriminant(*kind) == discriminant(&first));
        let all = || arguments.iter().map(|argument| argument.node.clone()).collect::<Vec<_>>();
        match (name, kinds.as_slice()) {
            ("coalesce", _) if is_uniform => {
                Self { by_bytes, ..Self::new(Node::Call(Call::Coalesce, all()), first) }
            }
            ("num_nulls", _) => Self::int(Call::CountNulls { nulls: true }, all()),
            ("num_nonnulls", _) => Self::int(Call::CountNulls { nulls: false }, all()),
            ("length" | "char_length" | "character_length", [Kind::Text(_)]) => {
                Self::int(Call::Length, all())
            }
            ("octet_length", [Kind::Text(_)]) => Self::int(Call::Octets, all()),
            ("lower", [Kind::Text(_)]) => Self::text(Call::Lower, all(), by_bytes),
            ("upper", [Kind::Text(_)]) => Self::text(Call::Upper, all(), by_bytes),
            ("btrim" | "ltrim" | "rtrim", [Kind::Text(_)] | [Kind::Text(_), Kind::Text(_)]) => {
                Self::text(Call::Trim(name != "rtrim", name != "ltrim"), all(), by_bytes)
            }
            ("starts_with", [Kind::Text(_), Kind::Text(_)]) => {
                Self::bool(Node::Call(Call::StartsWith, all()))
            }
            ("strpos", [Kind::Text(_), Kind::Text(_)]) => Self::int(Call::Position, all()),
            ("abs", [Kind::Int(Int::Normal | Int::Big) | Kind::Numeric(_)]) => {
                Self::new(Node::Call(Call::Abs, all()), first)
            }
            ("jsonb_typeof", [Kind::Jsonb]) => Self::text(Call::JsonType, all(), Some(false)),
            ("jsonb_array_length", [Kind::Jsonb]) => Self::int(Call::JsonLength, all()),
            ("cardinality", [Kind::Array(_)]) => Self::int(Call::ArrayLength { empty: Some(0) }, all()),
            ("array_length", [Kind::Array(_), Kind::Int(_)])
                if matches!(arguments[1].node, Node::Constant(Some(Value::Int(1)))) =>
            {
                Self::int(Call::ArrayLength { empty: None }, all())
            }
            ("extract" | "date_part", [Kind::Text(_), Kind::Date | Kind::Timestamp(_)]) => {
                let (Some(field), float) = (field, name == "date_part") else { return Self::unknown() };
                let of_days = *kinds[1] == Kind::Date;
                let node = Node::Call(Call::Extract { field, of_days, float }, all().split_off(1));
                Self::new(node, if float { Kind::Double } else { Kind::Numeric(None) })
            }
            ("timezone", [Kind::Text(_), Kind::TimestampTz(_)]) if is_utc(&arguments[0]) => {
                Self::new(arguments[1].node.clone(), Kind::Timestamp(6))
            }
            _ => Self::unknown(),
        }
    }
}

fn is_utc(zone: &Typed) -> bool {
    zone.constant_text().is_some_and(|zone| zone.eq_ignore_ascii_case("utc"))
}

/// How values of two types compare, if we know it.
fn comparison(operator: Operator, left: &Typed, right: &Typed) -> Option<Comparison> {
    let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    let is_known = match (&left.kind, &right.kind) {
        (Kind::Real | Kind::Double, Kind::Real | Kind::Double) => true,
        (a, b) if discriminant(a) != discriminant(b) => false,
        (Kind::Text(_), _) => {
            let (a, b) = (left.by_bytes, right.by_bytes);
            is_equality || (a.or(b) == Some(true) && b.or(a) == Some(true))
        }
        (Kind::Named, _) => is_equality,
        (Kind::Array(_) | Kind::Json | Kind::Opaque, _) => false,
        _ => true,
    };
    is_known.then_some(Comparison { operator, is_named: left.kind == Kind::Named })
}

/// Whether lists hold items of one type whose equality we know.
fn has_plain_items(a: &Kind, b: &Kind) -> bool {
    let is_plain = !matches!(a, Kind::Named | Kind::Opaque | Kind::Json | Kind::Array(_));
    is_plain && discriminant(a) == discriminant(b)
}

pub(super) fn operator(sign: &str) -> Option<Operator> {
    Some(match sign {
        "=" => Operator::Equal,
        "<>" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        _ => return None,
    })
}

fn operation(sign: &str) -> Option<Arithmetic> {
    Some(match sign {
        "+" => Arithmetic::Add,
        "-" => Arithmetic::Subtract,
        "*" => Arithmetic::Multiply,
        "/" => Arithmetic::Divide,
        "%" => Arithmetic::Remainder,
        _ => return None,
    })
}

fn field(name: &str) -> Option<Field> {
    Some(match name {
        "isodow" => Field::IsoDow,
        "dow" => Field::Dow,
        "day" => Field::Day,
        "month" => Field::Month,
        "year" => Field::Year,
        "doy" => Field::DayOfYear,
        "quarter" => Field::Quarter,
        "week" => Field::Week,
        "hour" => Field::Hour,
        "minute" => Field::Minute,
        _ => return None,
    })
}
