//! The network: messages on their way, lost, late, or twice.
//!
//! A client hears one answer to a message at most. What it has given up still arrives at the server.

use crate::dice::Dice;
use crate::faults::Faults;
use crate::model_server::Server;
use crate::world::trace;
use thermocline::engine::interface::{Failure, Message, Reply};
use thermocline::protocol::{ErrorCode, Fault};

/// Who is waiting for the answer: a run of one life of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    pub client: usize,
    pub life: u64,
    pub run: u64,
}

#[derive(Debug)]
enum Parcel {
    /// Nobody listens to the answer of a `None`.
    Request(Option<Asker>, Message),
    Answer(Asker, Box<Result<Reply, Failure>>),
}

#[derive(Default)]
pub struct Network {
    parcels: Vec<Parcel>,
}

impl Network {
    pub fn send(&mut self, asker: Asker, message: Message) {
        self.parcels.push(Parcel::Request(Some(asker), message));
    }

    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }

    /// Moves one parcel on: something for a client to hear, perhaps.
    pub fn step(
        &mut self,
        server: &mut Server,
        faults: &Faults,
        now_ms: u64,
        dice: &mut Dice,
    ) -> Option<(Asker, Result<Reply, Failure>)> {
        if self.parcels.is_empty() {
            return None;
        }
        match self.parcels.swap_remove(dice.below(self.parcels.len())) {
            Parcel::Answer(asker, answer) => Some((asker, *answer)),
            Parcel::Request(Some(asker), _) if dice.chance(faults.lose_request) => {
                Some((asker, Err(offline())))
            }
            Parcel::Request(Some(asker), message) if dice.chance(faults.time_out) => {
                self.parcels.push(Parcel::Request(None, message));
                Some((asker, Err(offline())))
            }
            Parcel::Request(asker, message) => {
                if asker.is_some() && dice.chance(faults.repeat) {
                    self.parcels.push(Parcel::Request(None, message.clone()));
                }
                let answer = server.answer(&message, faults.refuse, now_ms, dice);
                trace(|| format!("{asker:?} asks {message:?}: {answer:?}"));
                let asker = asker?;
                if dice.chance(faults.lose_answer) {
                    return Some((asker, Err(offline())));
                }
                self.parcels.push(Parcel::Answer(asker, Box::new(answer)));
                None
            }
        }
    }
}

fn offline() -> Failure {
    Failure::from(Fault::new(ErrorCode::Offline, "simulated"))
}
