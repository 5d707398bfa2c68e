//! Signing in and out as JavaScript sees it go by.

use super::engine::Engine;
use super::leaving::Unsent;
use super::session::UserTokens;
use crate::engine::interface::Event;
use crate::remote::supabase::Tokens;
use js_sys::Array;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl Engine {
    /// An auth answer with a session went by.
    #[wasm_bindgen(js_name = signedIn)]
    pub async fn signed_in(&self, answer: &str) -> Result<(), JsValue> {
        let is_news = self.0.sessions.learn(answer).await?;
        self.0.after_session(is_news).await?;
        // What failed for want of a session goes on at once.
        if let Ok(room) = self.0.room() {
            room.courier.feed(Event::Now);
        }
        Ok(())
    }

    /// A request carried this authorization; where no session is stored, it tells whose database this is.
    #[wasm_bindgen(js_name = carried)]
    pub async fn carried(&self, authorization: &str) -> Result<(), JsValue> {
        let changed = self.0.sessions.adopt(authorization).await?;
        if changed {
            self.0.after_session(true).await?;
        }
        Ok(())
    }

    #[wasm_bindgen(js_name = isSignedIn)]
    pub fn is_signed_in(&self) -> bool {
        self.0.sessions.user().is_some()
    }

    /// The access token for a request of our own: the user's, else the publishable key.
    pub async fn token(&self) -> String {
        let user = self.0.sessions.user().map(Into::into);
        let tokens = UserTokens { sessions: Rc::clone(&self.0.sessions), user };
        tokens.access().await.unwrap_or_else(|_| self.0.options.key.clone())
    }

    /// supabase-js wants to refresh: `[status, body]`.
    pub async fn refresh(&self, body: &str) -> Result<Array, JsValue> {
        let (status, answer) = self.0.sessions.refresh_for_app(body).await?;
        self.0.after_session(false).await?;
        Ok(Array::of2(&status.into(), &answer.into()))
    }

    /// Changes that a sign-out would leave behind, after a try to send them.
    pub async fn unsent(&self) -> Result<usize, JsValue> {
        Ok(self.0.unsent().await?)
    }

    /// Ends the sign-in on this device; `unsent` is what becomes of changes that were not sent: `refuse` (nothing is
    /// ended), `keep` or `discard`.
    #[wasm_bindgen(js_name = signOut)]
    pub async fn sign_out(&self, unsent: &str) -> Result<(), JsValue> {
        Ok(self.0.sign_out(Unsent::read(unsent)?).await?)
    }

    /// Issues what was written before the sign-in anew as the user's; how many changes that were.
    pub async fn adopt(&self) -> Result<usize, JsValue> {
        Ok(self.0.adopt().await?)
    }

    #[wasm_bindgen(js_name = discardLocal)]
    pub async fn discard_local(&self) -> Result<(), JsValue> {
        Ok(self.0.discard_local().await?)
    }
}
