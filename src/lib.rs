//! Thermocline: a PostgREST-compatible engine in the page, with an outbox and a sync protocol.
