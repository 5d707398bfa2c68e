//! State records of format 4: definitions without their checks. Read, never written.

use super::{Kept, Parts, Record};
use crate::engine::frame::{self, Damage};
use crate::protocol::{Seq, schema};

pub fn parts(payload: &[u8]) -> Result<Parts, Damage> {
    let ((seq, schema, kept), tables, outbox): ((Seq, schema::v4::Schema, Kept), _, _) =
        frame::read(payload)?;
    Ok((Record { seq, schema: schema.into(), kept }, tables, outbox))
}
