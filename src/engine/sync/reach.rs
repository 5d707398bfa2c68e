//! Whether the server can be reached: what the realm believes of its network, and what answers prove.
//!
//! ```text
//!                 an answer            none, or 5xx       not tried since the realm's word
//! realm: online   online               limited            online
//! realm: offline  online, all the same offline            offline
//! ```
//!
//! A browser may call itself offline behind a working VPN, and online behind a dead router: its word decides when to try,
//! an answer decides what is so.

#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// What the realm believes.
    believed: bool,
    /// Whether the last message got an answer, since the realm's word.
    answered: Option<bool>,
    /// The connection costs its user money.
    pub metered: bool,
}

impl Reach {
    pub fn new() -> Self {
        Self { believed: true, answered: None, metered: false }
    }

    /// The realm's word. Whether the network has come back by it.
    pub fn believe(&mut self, online: bool) -> bool {
        if online != self.believed {
            (self.believed, self.answered) = (online, None);
            return online;
        }
        false
    }

    /// A message got an answer, or none. Whether the server had been out of reach until now.
    pub fn note(&mut self, answered: bool) -> bool {
        let was_there = self.is_online() && !self.is_limited();
        self.answered = Some(answered);
        answered && !was_there
    }

    pub fn is_online(&self) -> bool {
        self.believed || self.answered == Some(true)
    }

    /// There is a network, but no server.
    pub fn is_limited(&self) -> bool {
        self.believed && self.answered == Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_proves_more_than_the_realm_believes() {
        let mut reach = Reach::new();
        reach.believe(false);
        assert!(!reach.is_online() && !reach.is_limited());
        assert!(reach.note(true), "it was out of reach");
        assert!(reach.is_online());
        reach.note(false);
        assert!(!reach.is_online() && !reach.is_limited());
        assert!(reach.believe(true));
        assert!(reach.is_online() && !reach.is_limited(), "not tried yet");
        reach.note(false);
        assert!(reach.is_online() && reach.is_limited());
        assert!(reach.note(true) && !reach.is_limited());
        assert!(!reach.note(true), "it was there before");
    }
}
