//! Where in a request something is wrong, and what would be right.

use std::fmt;

/// A place in a message, kept on the stack of whoever walks it: nothing is
/// allocated until a violation is written down.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The message itself.
    Root,
    /// A field of the message at the place before.
    Field(&'a Path<'a>, &'a str),
    /// An element of a repeated field.
    Index(&'a Path<'a>, usize),
    /// An entry of a map, by its key.
    Key(&'a Path<'a>, &'a str),
}

impl<'a> Path<'a> {
    /// The field `name` of the message here.
    pub fn field(&'a self, name: &'a str) -> Path<'a> {
        Path::Field(self, name)
    }

    /// The element at `index` of the list here.
    pub fn index(&'a self, index: usize) -> Path<'a> {
        Path::Index(self, index)
    }

    /// The entry under `key` of the map here.
    pub fn key(&'a self, key: &'a str) -> Path<'a> {
        Path::Key(self, key)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => out.write_str(name),
            Path::Field(parent, name) => write!(out, "{parent}.{name}"),
            Path::Index(parent, index) => write!(out, "{parent}[{index}]"),
            Path::Key(parent, key) => write!(out, "{parent}[{key:?}]"),
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, such as `agreement.parties[0].country`.
    pub field: String,
    /// What would be right.
    pub description: String,
}

/// All that is wrong with a request, in the order in which it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// How many are kept; a request with more is told of the first ones. A few for each
    /// mutation of the largest request.
    pub const MAX: usize = 4_000;

    /// Writes one down.
    pub fn add(&mut self, at: &Path<'_>, description: impl Into<String>) {
        if self.0.len() < Self::MAX {
            self.0.push(Violation { field: at.to_string(), description: description.into() });
        }
    }

    /// Adds all of `others` behind these, as far as there is room.
    pub fn append(&mut self, others: Self) {
        let room = Self::MAX - self.0.len();
        self.0.extend(others.0.into_iter().take(room));
    }

    /// Forgets those of fields inside `path`, but not of the field itself.
    pub fn forget_below(&mut self, path: &str) {
        let inside =
            |field: &str| field.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']));
        self.0.retain(|violation| !inside(&violation.field));
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those written down.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }
}
