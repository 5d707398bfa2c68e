//! Answers put together: statuses, `Content-Range`, `Content-Type`, `Preference-Applied`.
//!
//! Header names are lower case. A body is a concatenation of JSON text, never a re-serialisation.

use super::Answer;
use super::request::{Media, Shape};
use crate::protocol::PgError;
use std::borrow::Cow;

impl Answer {
    /// An error as PostgREST answers it.
    pub fn refused(error: &PgError) -> Self {
        let headers = vec![
            ("content-type".into(), Media::Json.content_type().into()),
            ("proxy-status".into(), format!("PostgREST; error={}", error.code).into()),
        ];
        Self { status: error.status, headers, body: error.body() }
    }

    /// A header's value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_ref())
    }

    pub(super) fn new(status: u16) -> Self {
        Self { status, headers: Vec::with_capacity(4), body: String::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn with_some(self, name: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A body of rows, with the headers that go with one.
    pub(super) fn with_body(self, shape: &Shape, body: String) -> Self {
        let mut answer = self.with("content-type", shape.media.content_type());
        if shape.profile {
            answer = answer.with("content-profile", "public");
        }
        answer.body = body;
        answer
    }
}

/// `0-24/*`, `*/0`: rows from `lower`, `count` of them, of `total`.
pub(super) fn content_range(lower: u64, count: usize, total: Option<usize>) -> String {
    let total_text = total.map_or("*".to_string(), |total| total.to_string());
    if count == 0 || total == Some(0) {
        format!("*/{total_text}")
    } else {
        format!("{lower}-{}/{total_text}", lower + count as u64 - 1)
    }
}

/// Rows' JSON as the media type wants it: one array, or the only row. `bytes` is about how long it gets.
pub(super) fn body(
    media: Media,
    count: usize,
    bytes: usize,
    mut write: impl FnMut(usize, &mut String),
) -> String {
    let mut text = String::with_capacity(bytes);
    if media == Media::Single {
        if count == 1 {
            write(0, &mut text);
        }
        return text;
    }
    text.push('[');
    for row in 0..count {
        if row > 0 {
            text.push(',');
        }
        write(row, &mut text);
    }
    text.push(']');
    text
}
