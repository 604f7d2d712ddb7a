//! A client that does it right: a watch that goes on by itself.

pub mod watch;
