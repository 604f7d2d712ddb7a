//! What is said of a store that is not as it should be.

use std::fmt;

/// The first place that differs, with all that differs there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub place: Place,
    /// What, at least one.
    pub findings: Vec<Finding>,
}

/// A place in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A commit of the log with its changes.
    Revision(i64),
    /// The row that says where the log stands.
    Head,
    /// The live record of that name.
    Record(String),
    /// What is kept of the deleted record of that name.
    Tombstone(String),
    /// The rows of a table that follow from a record.
    Rows {
        /// The table.
        table: &'static str,
        /// Key of the record.
        key: i64,
        /// Its name; empty if there is no such record.
        name: String,
    },
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The column, or what else it is.
    pub what: &'static str,
    /// The change in its commit, from 0, where it is about one.
    pub ordinal: Option<i32>,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub stands: String,
}

impl std::error::Error for Difference {}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} is not as it should be", self.place)?;
        for Finding { what, ordinal, expected, stands } in &self.findings {
            write!(out, "\n  {what}")?;
            if let Some(ordinal) = ordinal {
                write!(out, " of change {ordinal}")?;
            }
            write!(out, ": expected {expected}, stands {stands}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revision(revision) => write!(out, "revision {revision}"),
            Self::Head => out.write_str("the head"),
            Self::Record(name) => write!(out, "the record {name}"),
            Self::Tombstone(name) => write!(out, "the tombstone of {name}"),
            Self::Rows { table, key, name } if name.is_empty() => {
                write!(out, "the table {table} for the key {key}, which no record has,")
            }
            Self::Rows { table, name, .. } => write!(out, "the table {table} for {name}"),
        }
    }
}

/// What has been found at one place so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<Finding>,
    ordinal: Option<i32>,
}

impl Findings {
    /// What is added from here on is about the change `ordinal`.
    pub(super) fn about(&mut self, ordinal: i32) {
        self.ordinal = Some(ordinal);
    }

    /// Adds a finding.
    pub(super) fn add(
        &mut self,
        what: &'static str,
        expected: impl Into<String>,
        stands: impl Into<String>,
    ) {
        let (expected, stands) = (expected.into(), stands.into());
        self.found.push(Finding { what, ordinal: self.ordinal, expected, stands });
    }

    /// Adds a finding if the two differ.
    pub(super) fn compare<T: PartialEq + ToString>(
        &mut self,
        what: &'static str,
        expected: T,
        stands: T,
    ) {
        if expected != stands {
            self.add(what, expected.to_string(), stands.to_string());
        }
    }

    /// The same for hashes.
    pub(super) fn compare_bytes(&mut self, what: &'static str, expected: &[u8], stands: &[u8]) {
        if expected != stands {
            self.add(what, hex(expected), hex(stands));
        }
    }

    /// An error if anything was found.
    pub(super) fn into_result(self, place: impl FnOnce() -> Place) -> Result<(), Difference> {
        if self.found.is_empty() { Ok(()) } else { Err(self.at(place())) }
    }

    /// What was found, at `place`.
    pub(super) fn at(self, place: Place) -> Difference {
        Difference { place, findings: self.found }
    }
}

/// Bytes as people compare them.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
