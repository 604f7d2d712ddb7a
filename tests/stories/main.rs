//! Stories against the whole server, each on SQLite and on PostgreSQL: a file for
//! each group, and in it arrange, call, assert.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(unreachable_pub, reason = "a test binary has no outside to reach")]

#[path = "../support/mod.rs"]
mod support;

mod algebra;
mod all_at_once;
mod article;
mod bad_input;
mod by_date;
mod calendar;
mod cancelling;
#[path = "../faults/chance.rs"]
mod chance;
mod circles;
mod client_calls;
mod client_watch;
mod codes;
mod conformance;
mod connections;
mod copies;
mod coverage;
mod documented_sql;
mod filter_agreement;
mod filter_edges;
mod filter_fields;
mod filter_made;
mod filter_plans;
mod filters;
mod floors;
mod groups;
mod hints;
mod history;
mod import;
mod listing;
mod mappings;
mod meanings;
mod nothing_lost;
mod on_date;
mod paging;
mod past;
mod peers;
mod popolo;
mod posts;
mod real_data;
mod records;
mod refusals;
mod registers;
mod relations;
mod selection;
mod snapshots;
mod stalled;
mod standard;
mod startup;
mod statements;
mod status_on;
mod stream;
mod superseding;
mod supersession;
mod tokens;
mod transitions;
mod visits;
#[path = "../faults/wait.rs"]
mod wait;
mod warnings;
mod watching;
