//! What a realm hears that may set sync going: network, visibility, Realtime, other requests' answers.

use super::engine::Engine;
use crate::engine::interface::Event;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Engine {
    /// The realm's view of the network has changed.
    pub fn network(&self, online: bool) {
        self.0.online.set(online);
        self.feed(Event::Network(online));
    }

    /// The server has answered something that did not go through here.
    pub fn reached(&self) {
        self.feed(Event::Reached);
    }

    /// The server says that something has changed: by this transaction, if it names one.
    pub fn poke(&self, xid: Option<String>) {
        self.feed(Event::Poked(xid.and_then(|xid| xid.parse().ok())));
    }

    /// Whether a person sees this page.
    pub fn visible(&self, visible: bool) {
        self.0.visible.set(visible);
        self.feed(Event::Visible(visible));
    }

    /// The connection costs its user money, or does no longer.
    pub fn metered(&self, metered: bool) {
        self.0.metered.set(metered);
        self.feed(Event::Metered(metered));
    }

    /// The page is left, and may come back as it is.
    pub fn pause(&self) {
        if let Ok(room) = self.0.room() {
            room.replica.pause();
        }
    }

    /// The page is in front again: look at what happened meanwhile, then sync.
    pub async fn foreground(&self) -> Result<(), JsValue> {
        if let Ok(room) = self.0.room() {
            room.replica.go_on().await;
        }
        self.catch_up().await?;
        self.0.room()?.courier.feed(Event::Now);
        Ok(())
    }

    #[wasm_bindgen(js_name = catchUp)]
    pub async fn catch_up(&self) -> Result<(), JsValue> {
        Ok(self.0.catch_up().await?)
    }
}

impl Engine {
    /// While there is no room, nobody wants to know: what lasts is told to the next one.
    fn feed(&self, event: Event) {
        if let Ok(room) = self.0.room() {
            room.courier.feed(event);
        }
    }
}
