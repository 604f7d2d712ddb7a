//! Entente, the system of record for relations between countries: what they
//! agree, in which areas, and who acts for them, with every change streamed in
//! order and without loss.
//!
//! ARCHITECTURE.md walks one write from a client to a subscriber.

#![forbid(unsafe_code)]

pub mod api;
pub mod cli;
pub mod client;
pub mod config;
pub mod feed;
pub mod filter;
pub mod model;
pub mod proto;
pub mod resources;
pub mod server;
pub mod store;
