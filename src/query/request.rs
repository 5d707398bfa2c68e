//! A request's parts before any table is looked at: parameters, preferences, media type, range.
//!
//! Percent-decoding, `Prefer`, `Accept`, the profile headers and `Range` are read here and nowhere
//! else. What PostgREST would ignore is ignored; what it would do and we cannot is unsupported.

use super::HttpRequest;
use super::refusal::{Unprepared, invalid_preferences, invalid_range, unsupported};
use crate::protocol::PgError;
use std::borrow::Cow;

#[derive(Clone, Debug, Default)]
pub(super) struct Preferences {
    pub resolution: Option<Resolution>,
    pub returning: Option<Returning>,
    /// `exact`, `planned` or `estimated`: counted exactly here.
    pub count: Option<String>,
    pub missing: Option<Missing>,
    handling: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    Merge,
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returning {
    Minimal,
    HeadersOnly,
    Representation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Default,
    Null,
}

/// What the body of the answer is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    Array,
    Single,
}

/// Headers that shape the answer of reads and writes alike.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub prefer: Preferences,
    pub media: Media,
    /// A profile header names the schema `public`: so does the answer.
    pub profile: bool,
}

/// Rows asked for: from `offset`, at most `limit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub offset: u64,
    pub limit: Option<u64>,
}

/// A parameter's name and value.
pub(super) type Parameter<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The query string's parameters in order, decoded; those without `=` are left out.
pub(super) fn parameters(query: &str) -> Vec<Parameter<'_>> {
    let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (decode(key), decode(value))).collect()
}

/// The first value of a parameter.
pub(super) fn first<'p>(given: &'p [Parameter<'_>], name: &str) -> Option<&'p str> {
    given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
}

pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex =
            || std::str::from_utf8(tail.get(..2)?).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = match (first, hex()) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                &tail[2..]
            }
            (b'+', _) => {
                bytes.push(b' ');
                tail
            }
            _ => {
                bytes.push(*first);
                tail
            }
        };
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// The headers that mean something here, from one pass over all. Of several the first counts.
#[derive(Default)]
pub(super) struct Headers<'a> {
    accept: Option<&'a str>,
    profile: Option<&'a str>,
    range: Option<&'a str>,
    pub content_type: Option<&'a str>,
    /// Preferences may be spread over several.
    prefer: Vec<&'a str>,
}

impl<'a> Headers<'a> {
    pub(super) fn of(request: &HttpRequest<'a>) -> Self {
        let reads = matches!(request.method, "GET" | "HEAD");
        let mut found = Self::default();
        for (name, value) in request.headers {
            let slot = match name.as_str() {
                "accept" => &mut found.accept,
                "accept-profile" if reads => &mut found.profile,
                "content-profile" if !reads => &mut found.profile,
                "content-type" => &mut found.content_type,
                "range" if request.method == "GET" => &mut found.range,
                "prefer" => {
                    found.prefer.push(value);
                    continue;
                }
                _ => continue,
            };
            set(slot, value);
        }
        found
    }
}

impl Shape {
    pub(super) fn read(headers: &Headers<'_>) -> Result<Self, Unprepared> {
        if let Some(other) = headers.profile.filter(|name| *name != "public") {
            return unsupported(format!("the schema {other}"));
        }
        Ok(Self {
            prefer: Preferences::read(&headers.prefer)?,
            media: Media::read(headers.accept.unwrap_or("*/*"))?,
            profile: headers.profile.is_some(),
        })
    }
}

impl Preferences {
    /// The first of several wins, as in PostgREST.
    fn read(headers: &[&str]) -> Result<Self, Unprepared> {
        let given = headers.iter().flat_map(|value| value.split(',')).map(str::trim);
        let mut out = Self::default();
        let mut invalid = Vec::new();
        for preference in given.filter(|text| !text.is_empty()) {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            match (name, value) {
                ("resolution", "merge-duplicates") => set(&mut out.resolution, Resolution::Merge),
                ("resolution", "ignore-duplicates") => set(&mut out.resolution, Resolution::Ignore),
                ("return", "minimal") => set(&mut out.returning, Returning::Minimal),
                ("return", "headers-only") => set(&mut out.returning, Returning::HeadersOnly),
                ("return", "representation") => set(&mut out.returning, Returning::Representation),
                ("missing", "default") => set(&mut out.missing, Missing::Default),
                ("missing", "null") => set(&mut out.missing, Missing::Null),
                ("count", "exact" | "planned" | "estimated") => set(&mut out.count, value.to_string()),
                ("handling", "strict" | "lenient") => set(&mut out.handling, value.to_string()),
                ("tx", "rollback") => return unsupported("Prefer: tx=rollback"),
                ("tx", "commit") | ("params", "single-object") => {}
                ("max-affected", _) => return unsupported("Prefer: max-affected"),
                ("timezone", _) => return unsupported("Prefer: timezone"),
                _ => invalid.push(preference),
            }
        }
        if out.handling.as_deref() == Some("strict") && !invalid.is_empty() {
            return Err(invalid_preferences(&invalid).into());
        }
        Ok(out)
    }

    /// `Preference-Applied`: of these, those that a method of this kind applies.
    pub(super) fn applied(&self, read: bool, resolution: bool, missing: bool) -> Option<String> {
        let mut names = Vec::new();
        if resolution && !read {
            names.extend(self.resolution.map(|resolution| match resolution {
                Resolution::Merge => "resolution=merge-duplicates".to_string(),
                Resolution::Ignore => "resolution=ignore-duplicates".to_string(),
            }));
        }
        if missing && !read {
            names.extend(self.missing.map(|missing| match missing {
                Missing::Default => "missing=default".to_string(),
                Missing::Null => "missing=null".to_string(),
            }));
        }
        if !read {
            names.extend(self.returning.map(|returning| match returning {
                Returning::Minimal => "return=minimal".to_string(),
                Returning::HeadersOnly => "return=headers-only".to_string(),
                Returning::Representation => "return=representation".to_string(),
            }));
        }
        names.extend(self.count.as_ref().map(|count| format!("count={count}")));
        names.extend(self.handling.as_ref().map(|handling| format!("handling={handling}")));
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// Writes count for these two only.
    pub(super) fn counts_writes(&self) -> bool {
        matches!(self.count.as_deref(), Some("exact" | "estimated"))
    }
}

fn set<T>(slot: &mut Option<T>, value: T) {
    slot.get_or_insert(value);
}

impl Media {
    fn read(accept: &str) -> Result<Self, Unprepared> {
        let mut first = None;
        for offered in accept.split(',') {
            let (name, parameters) = offered.split_once(';').unwrap_or((offered, ""));
            let media = match name.trim() {
                "*/*" | "application/json" | "application/*" => Some(Self::Json),
                "application/vnd.pgrst.array+json" | "application/vnd.pgrst.array" => Some(Self::Array),
                "application/vnd.pgrst.object+json" | "application/vnd.pgrst.object" => Some(Self::Single),
                _ => None,
            };
            if media.is_some() && parameters.contains("nulls=stripped") {
                return unsupported("Accept: nulls=stripped");
            }
            first = first.or(media);
        }
        first.map_or_else(|| unsupported(format!("the media type {accept}")), Ok)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Array => "application/vnd.pgrst.array+json; charset=utf-8",
            Self::Single => "application/vnd.pgrst.object+json; charset=utf-8",
        }
    }
}

impl Range {
    /// `limit` and `offset`, cut to the `Range` header of a GET.
    pub(super) fn read(headers: &Headers<'_>, parameters: &[Parameter<'_>]) -> Result<Self, PgError> {
        let number = |name: &str| {
            let given = parameters.iter().rev().find(|(key, _)| key == name)?;
            given.1.trim().parse::<i64>().ok()
        };
        let (limit, offset) = (number("limit"), number("offset").unwrap_or(0));
        if limit == Some(0) && offset == 0 {
            return Ok(Self { offset: 0, limit: Some(0) });
        }
        let (mut lower, mut upper) = (offset.max(0), limit.map(|limit| offset.saturating_add(limit - 1)));
        if let Some((from, to)) = headers.range.and_then(header_range) {
            if to.is_some_and(|to| to < from) {
                let details = "The lower boundary must be lower than or equal to the upper boundary in the Range header.";
                return Err(invalid_range(details));
            }
            lower = lower.max(from);
            upper = [upper, to].into_iter().flatten().min();
        }
        match upper {
            Some(upper) if upper < lower => {
                Err(invalid_range("Limit should be greater than or equal to zero."))
            }
            upper => Ok(Self { offset: lower as u64, limit: upper.map(|upper| (upper - lower) as u64 + 1) }),
        }
    }

    pub(super) fn is_all(self) -> bool {
        self.offset == 0 && self.limit.is_none()
    }
}

/// `0-24`, `25-`; anything else is no range.
fn header_range(text: &str) -> Option<(i64, Option<i64>)> {
    let (from, to) = text.split_once('-')?;
    let from = from.parse().ok()?;
    Some((from, if to.is_empty() { None } else { Some(to.parse().ok()?) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(query: &'a str, headers: &'a [(String, String)]) -> HttpRequest<'a> {
        HttpRequest { method: "GET", table: "entries", query, headers, body: "" }
    }

    #[test]
    fn parameters_are_decoded_in_order() {
        let pairs = parameters("a=eq.1&b=x+y%2Cz&flag&c=%C3%A9%");
        let expected = [("a", "eq.1"), ("b", "x y,z"), ("c", "é%")];
        assert_eq!(pairs, expected.map(|(k, v)| (k.into(), v.into())));
    }

    #[test]
    fn limit_offset_and_range_header_meet() {
        let range = |query: &str, header: Option<&str>| {
            let headers: Vec<_> = header.map(|h| ("range".to_string(), h.to_string())).into_iter().collect();
            Range::read(&Headers::of(&request(query, &headers)), &parameters(query))
                .map(|r| (r.offset, r.limit))
        };
        assert_eq!(range("", None), Ok((0, None)));
        assert_eq!(range("limit=10&offset=5", None), Ok((5, Some(10))));
        assert_eq!(range("limit=10", Some("5-20")), Ok((5, Some(5))));
        assert_eq!(range("limit=0", None), Ok((0, Some(0))));
        assert_eq!(range("limit=x", Some("3-")), Ok((3, None)));
        assert_eq!(range("limit=-1", None).map_err(|e| e.code), Err("PGRST103".into()));
        assert_eq!(range("", Some("5-3")).map_err(|e| e.status), Err(416));
    }

    #[test]
    fn the_first_preference_wins_and_strict_handling_refuses_the_unknown() {
        let headers = [("prefer".to_string(), "count=exact, count=planned, return=minimal, odd".to_string())];
        let shape = Shape::read(&Headers::of(&request("", &headers))).expect("a shape");
        assert_eq!(shape.prefer.applied(true, false, false).as_deref(), Some("count=exact"));
        let strict = [("prefer".to_string(), "handling=strict, odd".to_string())];
        assert!(
            matches!(Shape::read(&Headers::of(&request("", &strict))), Err(Unprepared::Refused(e)) if e.code == "PGRST122")
        );
    }
}
