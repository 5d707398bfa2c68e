//! Rekeying over several contexts: one that has not heard of it says the old key, and all come to the same state
//! (invariant 7), by the log and by a checkpoint.

use crate::realm::{found, insert, key, open, picture, update};
use futures_executor::LocalPool;
use thermocline::engine::Frame;
use thermocline::engine::frame::{Pushed, Sent};
use thermocline::protocol::Decision;
use thermocline::protocol::push::Outcome;
use thermocline::query::Rows;

#[test]
fn a_tab_that_still_says_the_old_key_means_the_new_one() {
    for rests in [false, true] {
        let mut pool = LocalPool::new();
        let (one, store) = found(&mut pool);
        let mut schema = one.state().schema.clone();
        schema.tables.get_mut("entries").expect("entries").natural_key = Some(vec!["title".into()]);
        pool.run_until(one.append(Frame::Schema(schema))).expect("stores");
        let (behind, _) = open(&mut pool, &store);
        pool.run_until(one.write(insert(1))).expect("stores");
        let sent: Vec<_> = one.state().outbox.iter().map(|(_, pending)| pending.id).collect();
        pool.run_until(behind.catch_up()).expect("reads");
        pool.run_until(one.append(Frame::Sent(Sent { mutations: sent.clone(), time_ms: 1_000 })))
            .expect("stores");
        let row = Some(r#"{"id":"9","title":"entry 1"}"#.into());
        let taken = Outcome::Rejected { code: "23505".into(), message: "taken".into(), row };
        let pushed = Pushed { outcomes: vec![(sent[0], taken)], xid: None, time_ms: 1_000 };
        pool.run_until(one.append(Frame::Pushed(pushed))).expect("stores");
        if rests {
            assert_eq!(pool.run_until(one.checkpoint()), Ok(true));
        }
        assert_eq!(pool.run_until(behind.write(update(1))), Ok(Decision::Done(vec![true])));
        pool.run_until(one.catch_up()).expect("reads");
        assert_eq!(picture(&mut pool, &one), picture(&mut pool, &behind));
        let state = behind.state();
        let waiting: Vec<_> = state.outbox.iter().map(|(_, pending)| pending.row.1.clone()).collect();
        assert_eq!(
            waiting,
            [key(9)],
            "the insert had nothing to say beyond its natural key, the late edit has"
        );
        drop(state);
        let title = pool.run_until(behind.query(|_, view| view.row("entries", &key(1)).map(str::to_owned)));
        assert_eq!(title, Ok(Some(r#"{"id":"9","title":"entry 1, changed"}"#.into())));
    }
}
