//! Which tables are synced: the app's choice, kept in the vault for each user, followed by every context.
//!
//! Sync is off until it is turned on. What was chosen while nobody was signed in holds for whoever has not chosen.

use super::client::Client;
use super::room::Room;
use crate::engine::interface::Event;
use crate::protocol::{Fault, Text};
use std::collections::BTreeSet;

type Tables = BTreeSet<String>;

impl Client {
    /// Turns sync on for these tables, too.
    pub async fn start_sync(&self, tables: Vec<String>) -> Result<(), Fault> {
        self.choose(|chosen| chosen.extend(tables.iter().cloned())).await
    }

    /// Turns it off for these tables; none: for all.
    pub async fn stop_sync(&self, tables: Option<Vec<String>>) -> Result<(), Fault> {
        let change = |chosen: &mut Tables| match &tables {
            Some(tables) => chosen.retain(|table| !tables.contains(table)),
            None => chosen.clear(),
        };
        self.choose(change).await
    }

    /// Does as any context of this client has chosen last.
    pub(super) async fn follow_sync(&self, room: &Room) -> Result<(), Fault> {
        let chosen = self.chosen().await?;
        self.losses.note_sync(&written(&chosen));
        if chosen.is_empty() {
            room.courier.feed(Event::Stop);
        } else {
            room.courier.start(chosen.into_iter().map(Text::from).collect());
        }
        Ok(())
    }

    /// Puts the choice back into a vault that has lost it.
    pub(super) async fn keep_choice(&self, chosen: &str) -> Result<(), Fault> {
        self.sessions.vault().put(&name(self.keys().user()), Some(chosen)).await
    }

    /// Nothing of a user is left behind whose database was emptied.
    pub(super) async fn forget_choice(&self, user: Option<&str>) -> Result<(), Fault> {
        self.sessions.vault().put(&name(user), None).await
    }

    /// Two contexts that choose at once both have their way.
    async fn choose(&self, change: impl Fn(&mut Tables)) -> Result<(), Fault> {
        let (vault, user) = (self.sessions.vault(), self.keys().user().map(str::to_owned));
        let general = if user.is_some() { vault.get(&name(None)).await? } else { None };
        let changed = |own: Option<String>| {
            let mut chosen = read(own.or_else(|| general.clone()));
            change(&mut chosen);
            Some(written(&chosen))
        };
        vault.change(&name(user.as_deref()), changed).await?;
        // A closed channel only means that nobody is told: they read it when they open a room.
        let _ = self.channel.post_message(&"sync".into());
        match self.room() {
            Ok(room) => self.follow_sync(&room).await,
            Err(_) => Ok(()), // it is read when the room opens
        }
    }

    async fn chosen(&self) -> Result<Tables, Fault> {
        let vault = self.sessions.vault();
        let own = vault.get(&name(self.keys().user())).await?;
        let stored = if own.is_some() { own } else { vault.get(&name(None)).await? };
        Ok(read(stored))
    }
}

fn read(stored: Option<String>) -> Tables {
    stored.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}

/// Its name in the vault.
fn name(user: Option<&str>) -> String {
    format!("sync/{}", user.unwrap_or("local"))
}

fn written(chosen: &Tables) -> String {
    serde_json::to_string(chosen).unwrap_or_else(|_| "[]".into())
}
