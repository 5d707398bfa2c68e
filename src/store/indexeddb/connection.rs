//! The connection to the database: opened when needed, given up when asked, replaced when lost.
//!
//! Owns the object stores' making and the two events that end a connection. Refuses to keep a dead
//! handle: a lost IndexedDB connection never recovers, and reusing it fails for ever (PITFALLS 22).
//! Invariant: a deletion or a later release's upgrade never waits for us (PITFALLS 27).

use super::head::Head;
use super::transaction::{BLOCKS, FILES, LOG, META, Transaction};
use super::trouble::{Trouble, exception_of};
use crate::protocol::Fault;
use crate::store::{Incarnation, fault};
use indexed_db_futures::Build;
use indexed_db_futures::database::{Database, VersionChangeEvent};
use indexed_db_futures::error::{Error, OpenDbError};
use indexed_db_futures::internals::SystemRepr;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::IdbOpenDbRequest;

/// Of the layout. No change of the user's tables ever bumps it.
const VERSION: u32 = 1;

/// Where a store keeps its connection, if it has one.
pub struct Slot {
    name: String,
    connection: RefCell<Option<Rc<Connection>>>,
}

/// An open database that notices when it is closed.
pub struct Connection {
    database: Database,
    gone: Rc<Cell<bool>>,
    /// The incarnation that this connection was seen to lead to.
    incarnation: Cell<Option<Incarnation>>,
    _on_end: Closure<dyn FnMut()>,
}

impl Slot {
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), connection: RefCell::new(None) }
    }

    /// The connection, opened now if there is none.
    pub async fn connection(&self) -> Result<Rc<Connection>, Trouble> {
        let held = self.connection.borrow().clone();
        if let Some(connection) = held.filter(|connection| !connection.gone.get()) {
            return Ok(connection);
        }
        let connection = Rc::new(Connection::new(open(&self.name).await?));
        *self.connection.borrow_mut() = Some(connection.clone());
        Ok(connection)
    }

    /// Lets go of a connection that failed, unless another call has replaced it already.
    pub fn drop_if(&self, failed: &Rc<Connection>) {
        let mut held = self.connection.borrow_mut();
        if held.as_ref().is_some_and(|connection| Rc::ptr_eq(connection, failed)) {
            *held = None;
        }
    }

    /// Ends the connection and leaves the dead handle in place, for the next call to find out.
    pub fn close(&self) {
        if let Some(connection) = self.connection.borrow().as_ref() {
            connection.database.as_sys().close();
        }
    }
}

impl Connection {
    fn new(database: Database) -> Self {
        let gone = Rc::new(Cell::new(false));
        let on_end = Closure::new({
            let (database, gone) = (database.clone(), gone.clone());
            move || {
                gone.set(true);
                database.as_sys().close();
            }
        });
        let listener = Some(on_end.as_ref().unchecked_ref());
        database.as_sys().set_onversionchange(listener);
        database.as_sys().set_onclose(listener);
        Self { database, gone, incarnation: Cell::new(None), _on_end: on_end }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Makes sure, once, that this connection leads to the database which the context has loaded.
    /// From then on only a wipe can change it: a deletion would have closed the connection.
    pub async fn lead_to(&self, known: Incarnation) -> Result<(), Trouble> {
        if self.incarnation.get() != Some(known) {
            let transaction = Transaction::read(&self.database, &[META])?;
            Head::ask(&transaction)?.expect(&transaction, known).await?;
            self.incarnation.set(Some(known));
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.as_sys().set_onversionchange(None);
        self.database.as_sys().set_onclose(None);
        self.database.as_sys().close();
    }
}

async fn open(name: &str) -> Result<Database, Trouble> {
    let request = Database::open(name).with_version(VERSION).with_on_upgrade_needed(make_stores);
    let request = request.build().map_err(|error| refused(name, error))?;
    let sys = request.as_sys().clone();
    match unless_blocked(&sys, request).await {
        Some(opened) => opened.map_err(|error| refused(name, error)),
        None => Err(fault::storage_blocked(name).into()),
    }
}

fn make_stores(_: VersionChangeEvent, database: Database) -> Result<(), Error> {
    database.create_object_store(LOG).with_auto_increment(true).build()?;
    for name in [BLOCKS, META, FILES] {
        database.create_object_store(name).build()?;
    }
    Ok(())
}

pub async fn delete(name: &str) -> Result<(), Fault> {
    let lost = |error: &dyn std::fmt::Display| fault::storage_lost(&error.to_string());
    let request = Database::delete_by_name(name).map_err(|error| lost(&error))?;
    let sys: IdbOpenDbRequest = request.as_sys().clone().unchecked_into();
    match unless_blocked(&sys, request).await {
        Some(deleted) => deleted.map_err(|error| lost(&error)),
        None => Err(fault::storage_blocked(name)),
    }
}

fn refused(name: &str, error: OpenDbError) -> Trouble {
    match error {
        OpenDbError::Base(Error::DomException(exception)) => {
            let exception = exception_of(exception);
            match exception.name().as_str() {
                "VersionError" => fault::newer_version(name).into(),
                _ => Trouble::of(&exception),
            }
        }
        OpenDbError::Base(error) => error.into(),
        other => fault::storage_lost(&other.to_string()).into(),
    }
}

/// The answer to a request, or nothing as soon as the browser says that another tab blocks it.
async fn unless_blocked<T>(request: &IdbOpenDbRequest, answer: impl Future<Output = T>) -> Option<T> {
    let blocked = Rc::new(Cell::new(false));
    let waker = Rc::new(RefCell::new(Waker::noop().clone()));
    let on_blocked = Closure::<dyn FnMut()>::new({
        let (blocked, waker) = (blocked.clone(), waker.clone());
        move || {
            blocked.set(true);
            waker.borrow().wake_by_ref();
        }
    });
    request.set_onblocked(Some(on_blocked.as_ref().unchecked_ref()));
    let mut answer = pin!(answer);
    let answered = poll_fn(|context| match answer.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if blocked.get() => Poll::Ready(None),
        Poll::Pending => {
            waker.borrow_mut().clone_from(context.waker());
            Poll::Pending
        }
    });
    let answered = answered.await;
    request.set_onblocked(None);
    answered
}
