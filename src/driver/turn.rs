//! Turns: what must not run at the same time waits for its turn, in the order of asking.

use futures_channel::oneshot;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

#[derive(Clone, Default)]
pub struct Turns(Rc<RefCell<Queue>>);

#[derive(Default)]
struct Queue {
    taken: bool,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// Held until dropped.
pub struct Turn(Turns);

impl Turns {
    pub async fn take(&self) -> Turn {
        let receiver = {
            let mut queue = self.0.borrow_mut();
            if !std::mem::replace(&mut queue.taken, true) {
                return Turn(self.clone());
            }
            let (sender, receiver) = oneshot::channel();
            queue.waiting.push_back(sender);
            receiver
        };
        receiver.await.unwrap_or_else(|_| Turn(self.clone()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        loop {
            let next = self.0.0.borrow_mut().waiting.pop_front();
            let Some(next) = next else {
                self.0.0.borrow_mut().taken = false;
                return;
            };
            match next.send(Turn(self.0.clone())) {
                Ok(()) => return,
                // Nobody waits for it any more; it must not hand itself on.
                Err(turn) => std::mem::forget(turn),
            }
        }
    }
}
