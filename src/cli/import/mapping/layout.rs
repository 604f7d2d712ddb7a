//! The columns that a mapping works with.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where columns come from, and which of them the mapping names.
#[derive(Debug)]
pub(in crate::cli::import) struct Layout {
    /// The mapping file.
    pub(in crate::cli::import) file: PathBuf,
    /// What stands between the columns.
    pub(in crate::cli::import) delimiter: char,
    pub(in crate::cli::import) joins: Vec<Join>,
    /// Columns that are left out on purpose.
    pub(super) ignore: Vec<Use>,
    /// Columns that are made of others, in order.
    pub(super) derived: Vec<Use>,
    pub(super) uses: Vec<Use>,
}

/// Columns of another table, found by a column of this one.
#[derive(Debug)]
pub(in crate::cli::import) struct Join {
    /// Beside the file that is imported.
    pub(in crate::cli::import) file: String,
    /// The column here, and the one there.
    pub(in crate::cli::import) on: (Use, String),
    /// What the columns there are called here.
    pub(in crate::cli::import) prefix: String,
    /// Whether a row that finds nothing there is refused.
    pub(in crate::cli::import) is_required: bool,
}

/// A column that the mapping names, and where.
#[derive(Clone, Debug)]
pub(in crate::cli::import) struct Use {
    pub(in crate::cli::import) column: String,
    pub(in crate::cli::import) line: usize,
    pub(in crate::cli::import) character: usize,
}

impl Layout {
    /// The columns of a file that has a `header`, of the tables that are joined to it, and
    /// the derived ones, in order.
    pub(in crate::cli::import) fn columns(
        &self,
        header: &[String],
        joined: &[&[String]],
    ) -> Vec<String> {
        let mut columns = header.to_vec();
        for (join, header) in self.joins.iter().zip(joined) {
            columns.extend(header.iter().map(|column| format!("{}{column}", join.prefix)));
        }
        columns.extend(self.derived.iter().map(|one| one.column.clone()));
        columns
    }

    /// What is wrong with the columns, given those of a file and of what is joined to it.
    pub(in crate::cli::import) fn problems(
        &self,
        file: &Path,
        header: &[String],
        joined: &[&[String]],
    ) -> Vec<String> {
        let file = file.display();
        let all: BTreeSet<String> = self.columns(header, joined).into_iter().collect();
        let mut known: BTreeSet<String> = header.iter().cloned().collect();
        let mut problems = Vec::new();
        for (join, header) in self.joins.iter().zip(joined) {
            let on = &join.on.0;
            if all.contains(&on.column) && !known.contains(&on.column) {
                let text = "is not there yet: a table is joined by a column of the file, or of a \
                            [[join]] before it";
                problems.push(self.told(on, &format!("the column {:?} {text}", on.column)));
            }
            for column in header.iter().map(|column| format!("{}{column}", join.prefix)) {
                if !known.insert(column.clone()) {
                    let text = format!("with the prefix {:?} there are two", join.prefix);
                    problems.push(self.told(on, &format!("{text} columns {column:?} of {file}")));
                }
            }
        }
        for one in &self.derived {
            if !known.insert(one.column.clone()) {
                let text = "has that already: call what is made of others otherwise";
                problems
                    .push(self.told(one, &format!("the column {:?}: {file} {text}", one.column)));
            }
        }
        let names = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let missing = self.uses.iter().filter(|one| !known.contains(&one.column));
        problems.extend(missing.map(|one| {
            let text = format!("there is no column {:?}; there are {names}", one.column);
            self.told(one, &format!("{text} in {file}"))
        }));
        problems
    }

    /// Whether the mapping names a column or leaves it out on purpose.
    pub(in crate::cli::import) fn knows(&self, column: &str) -> bool {
        self.ignore.iter().chain(&self.uses).any(|one| one.column == column)
    }

    /// The columns to leave out that are none of `columns`.
    pub(in crate::cli::import) fn ignored_in_vain(
        &self,
        columns: &[String],
    ) -> impl Iterator<Item = &Use> {
        self.ignore.iter().filter(|one| !columns.contains(&one.column))
    }

    /// What is told of a column, with its place in the mapping file.
    fn told(&self, one: &Use, text: &str) -> String {
        format!("{}:{}:{}: {text}", self.file.display(), one.line, one.character)
    }
}
