//! Stories against the whole server, each on SQLite and on PostgreSQL: a file for
//! each group, and in it arrange, call, assert.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod conformance;
mod coverage;
mod floors;
