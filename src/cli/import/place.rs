//! Where something stands in the files of an import.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A line, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::cli) struct Place {
    pub(in crate::cli) file: Arc<Path>,
    /// From 1.
    pub(in crate::cli) line: usize,
    /// Where several things may stand on one line, which of them: `persons[3]`.
    pub(in crate::cli) part: Option<Arc<str>>,
}

impl Place {
    /// A whole line.
    pub(in crate::cli) fn line(file: &Arc<Path>, line: usize) -> Self {
        Self { file: Arc::clone(file), line, part: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)?;
        self.part.iter().try_for_each(|part| write!(f, " ({part})"))
    }
}
