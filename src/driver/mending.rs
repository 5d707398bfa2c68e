//! Mending: what a person decides about dead letters and conflicts.

use super::platform::Platform;
use super::replica::Replica;
use crate::engine::frame::{Choice, Settled};
use crate::engine::{Frame, State};
use crate::protocol::{ErrorCode, Fault, MutationId, Text};
use crate::query::{Unprepared, changed_columns, mutation_id};
use crate::store::Store;
use std::rc::Rc;

impl<S: Store + 'static, P: Platform> Replica<S, P> {
    /// Lets the server's row stand.
    pub async fn discard(self: &Rc<Self>, mutation: MutationId) -> Result<(), Fault> {
        standing(&self.state(), mutation)?;
        self.settle(mutation, Choice::Discard).await
    }

    /// Tries a change once more; `values`: a JSON object of columns to change in it first. The new mutation's id.
    pub async fn retry(
        self: &Rc<Self>,
        mutation: MutationId,
        values: Option<&str>,
    ) -> Result<MutationId, Fault> {
        let values = {
            let state = self.state();
            let table = standing(&state, mutation)?;
            values.map_or(Ok(Vec::new()), |values| read(&state, &table, values))?
        };
        let platform = self.platform();
        let id = mutation_id(platform.now_ms(), platform.random());
        self.settle(mutation, Choice::Retry { id, values }).await?;
        match self.state().outbox.get(id) {
            Some(_) => Ok(id),
            None => Err(invalid("another tab has settled it; outbox.list() shows what is left".into())),
        }
    }

    async fn settle(self: &Rc<Self>, mutation: MutationId, choice: Choice) -> Result<(), Fault> {
        let time_ms = self.platform().now_ms();
        self.append(Frame::Settled(Settled { mutation, choice, time_ms })).await
    }
}

/// The table of a mutation that is to be settled.
fn standing(state: &State, mutation: MutationId) -> Result<Text, Fault> {
    match state.outbox.get(mutation) {
        Some(pending) if !pending.needs_decision() => {
            Err(invalid(format!("mutation {mutation} waits to be sent; there is nothing to settle")))
        }
        Some(pending) => Ok(pending.row.0.clone()),
        None => {
            Err(invalid(format!("no mutation {mutation} is pending; outbox.list() names those that are")))
        }
    }
}

fn read(state: &State, name: &Text, values: &str) -> Result<Vec<(Text, Text)>, Fault> {
    let Some(table) = state.schema.tables.get(name) else {
        return Err(Fault::new(ErrorCode::UnknownTable, format!("table {name:?} has no definition here")));
    };
    changed_columns(name, table, values).map_err(|refused| match refused {
        Unprepared::Refused(error) => invalid(format!("{name}: {} ({})", error.message, error.code)),
        Unprepared::Unsupported(what) => invalid(format!("{name}: {what} is not possible here")),
    })
}

fn invalid(message: String) -> Fault {
    Fault::new(ErrorCode::InvalidRequest, message)
}
