//! What a stream was to let through, judged here a second time, by other code than
//! the service has.

use std::collections::BTreeSet;

use super::{Change, Commit, Image, Kind};

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Condition {
    /// The country of this name is a party.
    Party(String),
    /// The other way round.
    Not(Box<Condition>),
    /// One of the two.
    Or(Box<Condition>, Box<Condition>),
}

/// How much of each change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Detail {
    /// No resources.
    Names,
    /// The resource after.
    #[default]
    Full,
    /// The resource before as well.
    FullWithBefore,
}

/// Selectors, and how much of each change they were to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Resources that match; all if absent.
    pub(crate) filter: Option<Condition>,
    /// Types; all if empty.
    pub(crate) types: BTreeSet<String>,
    /// Kinds as they are told; all if empty.
    pub(crate) kinds: BTreeSet<Kind>,
    /// Actors; all if empty.
    pub(crate) actors: BTreeSet<String>,
    /// How much of each change.
    pub(crate) detail: Detail,
}

impl Condition {
    /// Whether a resource matches.
    pub(crate) fn holds(&self, image: &Image) -> bool {
        match self {
            Self::Party(country) => image.parties.contains(country),
            Self::Not(condition) => !condition.holds(image),
            Self::Or(one, other) => one.holds(image) || other.holds(image),
        }
    }

    /// As the service takes it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Party(country) => format!("parties.country = \"{country}\""),
            Self::Not(condition) => format!("NOT ({})", condition.text()),
            Self::Or(one, other) => format!("({}) OR ({})", one.text(), other.text()),
        }
    }
}

impl Selection {
    /// Whether a resource of this type is among what it lets through.
    pub(crate) fn has(&self, resource_type: &str, image: &Image) -> bool {
        self.has_type(resource_type) && self.matches(image)
    }

    /// Whether it asks for resources alone, so that what it lets through, folded, is
    /// a state.
    pub(crate) fn is_of_state(&self) -> bool {
        self.kinds.is_empty() && self.actors.is_empty()
    }

    /// Whether it shows resources as they are after a change.
    pub(crate) fn shows_resources(&self) -> bool {
        self.detail != Detail::Names
    }

    /// The commit as it is to be told; `None` if nothing of it is let through.
    pub(crate) fn of(&self, commit: &Commit) -> Option<Commit> {
        if !self.actors.is_empty() && !self.actors.contains(&commit.actor) {
            return None;
        }
        let changes: Vec<_> =
            commit.changes.iter().filter_map(|change| self.of_change(change)).collect();
        let change_count = changes.len();
        (change_count > 0).then(|| Commit { changes, change_count, ..commit.clone() })
    }

    fn of_change(&self, change: &Change) -> Option<Change> {
        let kind = self.kind(change)?;
        if !self.has_type(&change.resource_type)
            || (!self.kinds.is_empty() && !self.kinds.contains(&kind))
        {
            return None;
        }
        let image = change.image.clone();
        let image = image.filter(|_| self.detail != Detail::Names && kind != Kind::Left);
        let is_new = matches!(kind, Kind::Created | Kind::Undeleted);
        let before = change.before.clone();
        let before = before.filter(|_| self.detail == Detail::FullWithBefore && !is_new);
        Some(Change { kind, image, before, ..change.clone() })
    }

    /// What happened as the filter sees it; `None` if nothing did.
    fn kind(&self, change: &Change) -> Option<Kind> {
        let matches = |image: &Option<Image>| image.as_ref().is_some_and(|one| self.matches(one));
        match (change.kind, matches(&change.before), matches(&change.image)) {
            (Kind::Updated, false, true) => Some(Kind::Entered),
            (Kind::Updated, true, false) => Some(Kind::Left),
            (Kind::Updated | Kind::Deleted, true, _)
            | (Kind::Created | Kind::Undeleted, _, true) => Some(change.kind),
            _ => None,
        }
    }

    fn has_type(&self, resource_type: &str) -> bool {
        self.types.is_empty() || self.types.contains(resource_type)
    }

    fn matches(&self, image: &Image) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.holds(image))
    }
}
