//! A row as rules see it.

use std::collections::HashMap;

/// The name by which rules of a list element call the part that they are made for.
pub(super) const ITEM: &str = "item";

/// The values of a row by their columns, and of the list element that is being made.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::import) struct Row<'r> {
    pub(in crate::cli::import) places: &'r HashMap<String, usize>,
    pub(in crate::cli::import) values: &'r [String],
    pub(in crate::cli::import) item: Option<&'r str>,
}

impl<'r> Row<'r> {
    /// The value of `column`, without white space around it.
    pub(super) fn get(&self, column: &str) -> &'r str {
        if let (ITEM, Some(item)) = (column, self.item) {
            return item;
        }
        let value = self.places.get(column).and_then(|place| self.values.get(*place));
        value.map_or("", |value| value.trim())
    }
}
