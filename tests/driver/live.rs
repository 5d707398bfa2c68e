//! Live queries past the coverage: when the server is asked, and what is marked (DESIGN 4 and 5, invariant 9).

use crate::coverage::{World, ids, is_partial, world};
use crate::horizons::{horizon, note, pulled, request, update};
use std::cell::RefCell;
use std::rc::Rc;
use thermocline::driver::{Interests, Reach, Reached, Run};
use thermocline::engine::frame::{Evicted, Fetched};
use thermocline::engine::{Changes, Frame};
use thermocline::protocol::Rev;
use thermocline::query::HttpRequest;

/// A live query over the notes, as the boundary drives it.
struct Live {
    world: World,
    query: &'static str,
    reach: Reach,
    changes: Rc<RefCell<Vec<Changes>>>,
}

impl Live {
    fn new(query: &'static str) -> Self {
        let world = world();
        let changes = Rc::<RefCell<Vec<Changes>>>::default();
        let told = Rc::clone(&changes);
        world.tab.watch(move |changes| told.borrow_mut().push(changes.clone()));
        Self { world, query, reach: Reach::default(), changes }
    }

    fn request(&self) -> HttpRequest<'static> {
        HttpRequest { method: "GET", table: "notes", query: self.query, headers: &[], body: "" }
    }

    fn reached(&mut self) -> Option<Reached> {
        let request = self.request();
        self.world.pool.run_until(self.world.desk.reach_past(&request))
    }

    fn run(&mut self) -> Run {
        let request = self.request();
        let answer = self.world.pool.run_until(self.world.desk.read_local(&request));
        self.reach.ran(is_partial(&answer), self.world.realm.online.get())
    }

    /// Runs, asks and takes the answer.
    fn ask(&mut self) {
        assert_eq!(self.run(), Run::Ask);
        let reached = self.reached();
        assert!(!self.reach.reached(reached.as_ref()), "nothing came meanwhile");
        self.changes.take();
    }

    /// Appends a frame; whether the query is to run again only to ask.
    fn append(&mut self, frame: Frame) -> bool {
        self.world.pool.run_until(self.world.tab.append(frame)).expect("stores");
        self.note()
    }

    fn write(&mut self, id: u8, n: u64) -> bool {
        self.world.pool.run_until(self.world.tab.write(update(id, n, n))).expect("stores");
        self.note()
    }

    fn note(&mut self) -> bool {
        let mut interests = Interests::default();
        interests.set(0, self.world.desk.interest(&self.request()));
        let mut owes = false;
        for changes in self.changes.take() {
            let is_touched = self.world.desk.touched(&interests, &changes) == [0];
            owes |= self.reach.note(&changes, "notes", is_touched);
        }
        owes
    }

    /// A round that brings the row of a day, or nothing.
    fn round(&mut self, day: Option<u8>) -> bool {
        let rows: Vec<_> = day.map(|day| note(day, day, 77)).into_iter().collect();
        self.append(pulled(request(&self.world.tab), 40, &rows, &[], true))
    }
}

#[test]
fn it_is_answered_by_the_server_with_pending_changes_laid_over_and_the_rows_are_kept() {
    let mut live = Live::new("at=lt.2026-01-09&order=at");
    live.world.serve(&[3, 4]);
    live.world.ask("PATCH", "id=eq.4", &[], r#"{"n":99}"#);
    live.world.queries();
    let reached = live.reached().expect("an answer");
    assert_eq!(ids(&reached.answer), ["3", "4"]);
    assert!(reached.answer.body.contains("99") && !is_partial(&reached.answer));
    assert_eq!(live.world.queries()[0], "select=*&at=lt.2026-01-09&order=at,id&limit=1000&offset=0");
    let request = live.request();
    assert_eq!(ids(&live.world.pool.run_until(live.world.desk.read_local(&request))), ["3", "4"]);
}

#[test]
fn without_an_answer_or_without_an_end_it_says_that_rows_are_missing() {
    let mut live = Live::new("");
    live.world.server.0.borrow_mut().fails = true;
    assert!(live.reached().is_none());
    live.world.server.0.borrow_mut().fails = false;
    live.world.serve(&[3; 2_001]);
    assert!(is_partial(&live.reached().expect("an answer").answer), "more than are kept");
    live.world.realm.online.set(false);
    live.world.queries();
    assert!(live.reached().is_none() && live.world.queries().is_empty(), "nobody is asked offline");
}

#[test]
fn inside_the_coverage_nobody_is_asked() {
    let mut live = Live::new("at=gte.2026-01-10T00:00:00Z");
    assert_eq!(live.run(), Run::Tell);
    live.round(Some(12));
    assert_eq!(live.run(), Run::Tell);
    assert!(!live.reach.reconnect());
}

#[test]
fn it_asks_at_its_beginning_and_after_a_reconnection_and_is_marked_offline() {
    let mut live = Live::new("");
    live.world.realm.online.set(false);
    assert_eq!(live.run(), Run::Tell);
    assert!(live.reach.reconnect());
    live.world.realm.online.set(true);
    live.ask();
    assert_eq!(live.run(), Run::TellWhole);
    assert!(live.reach.reconnect());
    live.world.realm.online.set(false);
    assert_eq!(live.run(), Run::Tell, "the mark stays");
    live.world.realm.online.set(true);
    live.ask();
}

#[test]
fn it_asks_when_the_coverage_moves_and_when_a_round_has_told_of_its_rows() {
    let mut live = Live::new("");
    live.ask();
    live.append(Frame::Evicted(Evicted { table: "notes".into(), horizon: Some(horizon(15)), asked: true }));
    live.ask();
    assert!(!live.round(None), "a round without news");
    assert_eq!(live.run(), Run::TellWhole);
    assert!(live.round(Some(18)));
    live.ask();
}

#[test]
fn a_change_made_here_asks_nobody() {
    let mut live = Live::new("n=gt.0");
    live.ask();
    assert!(!live.write(18, 9));
    assert_eq!(live.run(), Run::TellWhole);
    assert!(!live.round(None), "what was told still holds");
    assert_eq!(live.run(), Run::TellWhole);
}

#[test]
fn under_a_limit_a_change_made_here_is_marked_until_the_next_round_has_ended() {
    let mut live = Live::new("order=at.desc&limit=12");
    live.ask();
    assert!(!live.write(18, 9));
    assert_eq!(live.run(), Run::Tell, "a row that leaves makes place for one that is not here");
    assert!(live.round(None));
    live.ask();
    assert_eq!(live.run(), Run::TellWhole);
}

#[test]
fn what_it_read_through_itself_asks_for_nothing() {
    let mut live = Live::new("");
    live.ask();
    let (rows, as_of) = (vec![(Rev(9 << 22), note(3, 3, 0))], live.world.tab.state().seq);
    assert!(!live.append(Frame::Fetched(Fetched { table: "notes".into(), rows, as_of, time_ms: 1 })));
    assert_eq!(live.run(), Run::TellWhole);
}

#[test]
fn while_a_question_is_under_way_no_second_one_is_asked_and_then_it_is() {
    let mut live = Live::new("");
    assert_eq!(live.run(), Run::Ask);
    live.reach.reconnect();
    assert_eq!(live.run(), Run::Tell);
    let reached = live.reached();
    assert!(live.reach.reached(reached.as_ref()), "it is to run again");
    assert_eq!(live.run(), Run::Ask);
    assert!(live.reach.reached(None));
    assert_eq!(live.run(), Run::Tell, "a server that does not answer is not asked again at once");
    assert!(live.round(None), "but after the next round");
}
