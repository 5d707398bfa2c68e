//! Export and import, line by line: the lines' shapes are the driver's.

use super::engine::Engine;
use crate::protocol::{Key, Text};
use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(js_name = exportHeader)]
    pub fn export_header(&self) -> Result<String, JsValue> {
        let room = self.0.room()?;
        Ok(room.replica.export_header(room.user.as_ref()))
    }

    /// `[line, next]`; no `next`: it was the last of the table.
    #[wasm_bindgen(js_name = exportRows)]
    pub async fn export_rows(&self, table: &str, after: Option<String>) -> Result<Array, JsValue> {
        let after = after.map(|key| Key::from_text(&key));
        let table: Text = table.into();
        let (line, next) = self.0.room()?.replica.export_rows(&table, after.as_ref()).await?;
        Ok(Array::of2(&line.into(), &next.map_or(JsValue::UNDEFINED, |key| key.as_str().into())))
    }

    #[wasm_bindgen(js_name = exportUnsent)]
    pub fn export_unsent(&self) -> Result<Vec<String>, JsValue> {
        Ok(self.0.room()?.replica.export_unsent())
    }

    /// The database that the export comes from.
    #[wasm_bindgen(js_name = importHeader)]
    pub async fn import_header(&self, header: &str) -> Result<String, JsValue> {
        let room = self.0.room()?;
        let tables: Vec<Text> = room.keeps.keys().cloned().collect();
        Ok(room.replica.import_header(header, room.user.as_ref(), &tables).await?.to_string())
    }

    /// `[rows, mutations]`: how many were in the line.
    #[wasm_bindgen(js_name = importLine)]
    pub async fn import_line(&self, database: &str, line: &str) -> Result<Array, JsValue> {
        let room = self.0.room()?;
        let taken = room.replica.import_line(database, line).await?;
        room.courier.feed(crate::engine::interface::Event::Wrote);
        Ok(Array::of2(&(taken.rows as f64).into(), &(taken.mutations as f64).into()))
    }
}
