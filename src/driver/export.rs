//! Export and import: everything local as lines of JSON, pending changes included.
//!
//! ```text
//! {"thermocline":"export","format":1,"database":"<uuid>","user":"<id>","made":<ms>,"schema":{…}}     the first line
//! {"table":"entries","rows":[["<rev>",{…}],…]}                                                        as the server had them
//! {"unsent":"<hex>"}                                  an `Imported` frame: pending mutations, and the rows under them
//! {"outbox":[…]}                                                               the same for people to read: passed over
//! ```
//!
//! The outbox comes before the rows and once more behind them: what was made meanwhile is not missed. What is imported
//! is what an outbox brings along that outlived its database: mutations keep their ids, so what the server has
//! answered is answered again; rows are shown until their table is pulled, and widen no coverage.

use super::platform::Platform;
use super::replica::Replica;
use crate::engine::frame::Imported;
use crate::engine::{Frame, RowId, View};
use crate::protocol::row::fields;
use crate::protocol::{ErrorCode, Fault, Key, MutationId, Rev, Schema, Text, json};
use crate::query::{Rows, Walk};
use crate::store::Store;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;

const FORMAT: u32 = 1;
/// Rows in a line, and bytes of their text.
const LINE_ROWS: usize = 1_000;
const LINE_BYTES: usize = 1 << 20;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    thermocline: Text,
    format: u32,
    database: Text,
    user: Option<Text>,
    made: u64,
    schema: Schema,
}

/// Another: rows of a table, or a part of the outbox.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<(Rev, Box<RawValue>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsent: Option<String>,
    #[serde(default, skip_serializing)]
    outbox: Option<IgnoredAny>,
}

/// How many rows were in a line, and how many of its mutations are pending here since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub rows: usize,
    pub mutations: usize,
}

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    pub fn export_header(&self, user: Option<&Text>) -> String {
        let header = Header {
            thermocline: "export".into(),
            format: FORMAT,
            database: uuid::Uuid::from_bytes(self.manifest().incarnation).to_string().into(),
            user: user.cloned(),
            made: self.platform().now_ms(),
            schema: self.state().schema.clone(),
        };
        text(&header)
    }

    /// A line of rows after a key, and the key it ends with, if there may be more.
    pub async fn export_rows(
        self: &Rc<Self>,
        table: &Text,
        after: Option<&Key>,
    ) -> Result<(String, Option<Key>), Fault> {
        let (rows, last) = self.query(|_, view| page(view, table, after)).await?;
        Ok((text(&Line { table: Some(table.clone()), rows, unsent: None, outbox: None }), last))
    }

    /// A line for each part of the outbox.
    pub fn export_unsent(&self) -> Vec<String> {
        let unsent = self.state().unsent(self.manifest().incarnation);
        let line = |unsent| {
            let frame = Some(hex(&Frame::Imported(unsent).encode()));
            text(&Line { table: None, rows: Vec::new(), unsent: frame, outbox: None })
        };
        unsent.into_iter().map(line).collect()
    }

    /// Takes up the header of an export: the definitions of those of these tables that have none here. The
    /// database it comes from.
    pub async fn import_header(
        self: &Rc<Self>,
        header: &str,
        user: Option<&Text>,
        tables: &[Text],
    ) -> Result<Text, Fault> {
        let Header { mut schema, user: theirs, database, .. } = read_header(header)?;
        if theirs.as_ref() != user {
            let who = |user: Option<&Text>| {
                user.map_or("nobody who was signed in".to_owned(), |id| format!("user {id}"))
            };
            let message = format!("{} made this export, here it is {}", who(theirs.as_ref()), who(user));
            return Err(invalid(&message));
        }
        let is_known = |name: &Text| self.state().schema.tables.contains_key(name);
        schema.tables.retain(|name, _| tables.contains(name) && !is_known(name));
        if !schema.tables.is_empty() {
            self.append(Frame::Schema(schema)).await?;
        }
        Ok(database)
    }

    /// Takes up another line of an export from a database.
    pub async fn import_line(self: &Rc<Self>, database: &str, line: &str) -> Result<Taken, Fault> {
        let from =
            uuid::Uuid::parse_str(database).map_err(|_| invalid("its database has no id"))?.into_bytes();
        let line: Line = serde_json::from_str(line)
            .map_err(|error| invalid(&format!("a line cannot be read ({error})")))?;
        if line.table.is_none() && line.unsent.is_none() && line.outbox.is_none() {
            return Err(invalid("a line has neither rows nor changes"));
        }
        // Its own outbox has gone on since.
        let unsent = line.unsent.filter(|_| from != self.manifest().incarnation);
        let mut imported = match unsent.map(|unsent| unhex(&unsent).as_deref().map(Frame::decode)) {
            None => Imported::default(),
            Some(Some(Ok(Frame::Imported(imported)))) => imported,
            Some(_) => return Err(invalid("the changes in a line are damaged")),
        };
        imported.from = from;
        if let Some(table) = &line.table {
            imported.rows.extend(self.keyed(table, line.rows)?);
        }
        let rows = imported.rows.len();
        let ids = imported.pending.iter().map(|(_, pending)| pending.id);
        let news: Vec<MutationId> = ids.filter(|id| self.state().outbox.get(*id).is_none()).collect();
        if rows + imported.pending.len() > 0 {
            self.append(Frame::Imported(imported)).await?;
        }
        let is_taken = |id: &&MutationId| self.state().outbox.get(**id).is_some();
        Ok(Taken { rows, mutations: news.iter().filter(is_taken).count() })
    }

    /// Rows under their keys; none of a table that is not kept here.
    fn keyed(&self, name: &Text, rows: Vec<(Rev, Box<RawValue>)>) -> Result<Vec<(RowId, Rev, Text)>, Fault> {
        let state = self.state();
        let Some(table) = state.schema.tables.get(name) else { return Ok(Vec::new()) };
        let keyed = rows.into_iter().map(|(rev, row)| {
            let key = Some(row.get()).filter(|row| json::is_object(row));
            let key = key.and_then(|row| Key::of_fields(table, &fields(row).ok()?));
            let key = key.ok_or_else(|| invalid(&format!("a row of {name:?} has no key")))?;
            Ok(((name.clone(), key), rev, row.get().into()))
        });
        keyed.collect()
    }
}

/// Rows as the server told them, without what is pending over them.
pub(super) fn page(
    view: &View,
    table: &Text,
    after: Option<&Key>,
) -> (Vec<(Rev, Box<RawValue>)>, Option<Key>) {
    let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.as_str().as_bytes().to_vec()));
    let walk = Walk { from, limit: Some(LINE_ROWS), ..Walk::whole() };
    let (mut rows, mut bytes, mut last) = (Vec::new(), 0, None);
    view.walk(table, &walk, &mut |entry| {
        let key = Key::from_text(entry.key);
        let slot = view.state().rows.slot(table, &key);
        let told = match slot {
            Some(slot) => slot.known.base().map(|base| (base.rev, base.row.as_str())),
            None => view.base(table, &key).map(|rev| (rev, entry.row)),
        };
        bytes += entry.row.len();
        rows.extend(told.and_then(|(rev, row)| Some((rev, RawValue::from_string(row.to_owned()).ok()?))));
        if rows.len() < LINE_ROWS && bytes < LINE_BYTES {
            return ControlFlow::Continue(());
        }
        last = Some(key);
        ControlFlow::Break(())
    });
    (rows, last)
}

fn read_header(line: &str) -> Result<Header, Fault> {
    #[derive(Deserialize)]
    struct Any {
        thermocline: Text,
        format: u32,
    }
    let any: Option<Any> = serde_json::from_str(line).ok();
    match any.filter(|any| &*any.thermocline == "export") {
        None => Err(invalid("its first line is not that of an export")),
        Some(Any { format, .. }) if format > FORMAT => {
            let message = format!(
                "import: format {format} was written by a newer version; reload the app and try again"
            );
            Err(Fault::new(ErrorCode::NewerVersion, message))
        }
        Some(_) => serde_json::from_str(line)
            .map_err(|error| invalid(&format!("its first line cannot be read ({error})"))),
    }
}

fn invalid(what: &str) -> Fault {
    Fault::new(ErrorCode::InvalidRequest, format!("import: {what}; nothing of this line was taken"))
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is exported has no part that cannot be written")
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|c| Some(c.to_digit(16)? as u8)).collect::<Option<_>>()?;
    digits.chunks(2).map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect()
}
