//! What every other part stands on: names, partial dates, errors, limits.

pub mod call;
pub mod dates;
pub mod described;
pub mod error;
pub mod failpoints;
pub mod folding;
pub mod limits;
pub mod names;
pub mod standard;
pub mod violations;
pub mod wire;
