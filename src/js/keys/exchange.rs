//! What the contexts of one database tell each other about its keys.
//!
//! Where a passphrase wraps the ring, the wrapping key is in no store: a context that starts asks the
//! others for it. It goes from context to context of one origin as a key that cannot be exported.

use super::stored::{passphrase_wanted, shredded};
use super::{Keys, Standing};
use crate::js::crypto::CryptoKey;
use crate::js::platform::sleep;
use crate::store::sealed::Wrapping;
use futures_channel::oneshot;
use js_sys::Array;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, MessageEvent};

/// Longest that a context waits for the others when it starts.
const ANSWER_MS: u64 = 300;

const ASK: &str = "ask";
const KEY: &str = "key";
const CHANGED: &str = "changed";
const LOCK: &str = "lock";
const SHRED: &str = "shred";

pub struct Exchange {
    channel: BroadcastChannel,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Exchange {
    pub fn listen(channel: BroadcastChannel, keys: Weak<Keys>) -> Self {
        let listener: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |event: MessageEvent| {
            let (Some(keys), Some(told)) = (keys.upgrade(), event.data().dyn_ref::<Array>().cloned()) else {
                return;
            };
            keys.hear(&told.get(0).as_string().unwrap_or_default(), told.get(1));
        });
        channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        Self { channel, _listener: listener }
    }

    fn tell(&self, word: &str, key: Option<&CryptoKey>) {
        let key = key.cloned().map_or(JsValue::UNDEFINED, Into::into);
        // A closed channel only means that nobody is told: they read the ring when they wake.
        let _ = self.channel.post_message(&Array::of2(&word.into(), &key));
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

impl Keys {
    /// Whether another context gave us what opens the ring.
    pub(super) async fn ask_others(&self) -> bool {
        let (sender, receiver) = oneshot::channel();
        *self.given.borrow_mut() = Some(sender);
        self.exchange.tell(ASK, None);
        futures_util::future::select(receiver, Box::pin(sleep(ANSWER_MS))).await;
        *self.given.borrow_mut() = None;
        self.is_open()
    }

    /// Tells the others how the ring opens from now on.
    pub(super) fn tell_change(&self) {
        match &*self.standing.borrow() {
            Standing::Open(open) if matches!(open.wrapping, Wrapping::Passphrase(_)) => {
                self.exchange.tell(KEY, Some(&open.key));
            }
            _ => self.exchange.tell(CHANGED, None),
        }
    }

    pub(super) fn tell_lock(&self) {
        self.exchange.tell(LOCK, None);
    }

    pub(super) fn tell_shred(&self) {
        self.exchange.tell(SHRED, None);
    }

    fn hear(self: &Rc<Self>, word: &str, key: JsValue) {
        let keys = Rc::clone(self);
        match word {
            ASK => self.answer(),
            KEY => spawn_local(async move { keys.take(key.unchecked_into()).await }),
            CHANGED => spawn_local(async move {
                // A ring that cannot be read shows with the next record.
                if keys.refresh().await.is_ok() {
                    keys.changed();
                }
            }),
            LOCK if self.has_passphrase() => self.drop_keys(passphrase_wanted()),
            SHRED => self.drop_keys(shredded()),
            _ => {}
        }
    }

    fn answer(&self) {
        if self.has_passphrase() {
            self.tell_change();
        }
    }

    /// Takes the wrapping key that another context holds, if it opens the ring.
    async fn take(&self, key: CryptoKey) {
        let was_open = self.is_open();
        if self.open_with(key).await.is_ok_and(|opened| opened) {
            if let Some(given) = self.given.borrow_mut().take() {
                // Whoever waited may have given up.
                let _ = given.send(());
            } else if !was_open {
                self.changed();
            }
        }
    }
}
