//! What the store must know of a resource type.

use std::any::Any;
use std::fmt::Debug;

use uuid::Uuid;

use super::peers::{Likeness, Peer, Peers};
use super::sql::Rows;
use crate::filter::field::Filterable;
use crate::model::dates::Day;
use crate::model::described::{Common, CommonMut, Described, ReferenceVisitor};
use crate::model::names;
use crate::model::violations::{Path, Violations};

pub use super::around::{Around, Keys, Warnings, look};
pub use super::hierarchy::{Child, Hierarchy};

/// A table that a type fills from its message.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name. It has a column `key`, the record that the row belongs to.
    pub name: &'static str,
    /// Its columns that hold keys of other records.
    pub references: &'static [&'static str],
}

/// A resource type. The generated part is in [`Described`]; this is what only
/// people can say.
pub trait Resource: Described + Debug + Send + Sync {
    /// The typed table and the fact tables; the typed one first.
    const TABLES: &'static [Table];
    /// Text columns of the typed table that lists can be sorted by.
    const SORTABLE: &'static [&'static str];
    /// The date that lists can be sorted by, by the earliest day that it can mean. The typed
    /// table has a column `first_day` for it.
    const DATED: Option<&'static str> = None;
    /// What lists can be filtered by, besides the fields of every type.
    const FILTERABLE: &'static [Filterable];
    /// Edges that may not form a cycle.
    const HIERARCHY: Option<Hierarchy> = None;
    /// Column of the typed table with the first day, from today on, on which a derived
    /// field is another; NULL if all stay. It has an index.
    const DERIVED_UNTIL: Option<&'static str> = None;
    /// Where its likenesses stand, if it has any.
    const PEERS: Option<Peers> = None;

    /// Whether there are other ids by which its resources are found.
    const HAS_ALIASES: bool = false;

    /// Checks an id that a client chose; the error says what would be right.
    fn check_id(id: &str) -> Result<(), &'static str> {
        names::check_id(id)
    }

    /// The one way to write an id.
    fn canonical_id(id: &str) -> String {
        id.to_owned()
    }

    /// The id that its own fields say, if they say one.
    fn own_id(&self) -> Option<String> {
        None
    }

    /// The id of a new resource that says none, and whose client chose none.
    fn id_of(uid: Uuid) -> String {
        uid.to_string()
    }

    /// Fills what `id`, the canonical one that a client chose, says and the message leaves
    /// out.
    fn named(&mut self, _id: &str) {}

    /// Other ids by which it is found, see [`Self::HAS_ALIASES`].
    fn aliases(&self) -> Vec<String> {
        Vec::new()
    }

    /// The parents in [`Self::HIERARCHY`], with the place of each.
    fn parents(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// What it says to the rules of its parents, see [`Hierarchy::upwards`].
    fn upwards(&self) -> String {
        String::new()
    }

    /// Brings into one order what may be given in several. References are canonical.
    fn settle(&mut self) {}

    /// The records that its rules and warnings look into, among those that it names.
    fn looks_into(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Adds what is wrong beyond the declared rules. References are canonical.
    fn rules(&self, around: &dyn Around, at: &Path<'_>, violations: &mut Violations);

    /// Adds what is doubtful, which is stored and told, and refuses nothing.
    fn warnings(&self, _around: &dyn Around, _warnings: &mut Warnings) {}

    /// What it may have in common with other records of its type.
    fn likenesses(&self, _keys: &dyn Keys) -> Vec<Likeness> {
        Vec::new()
    }

    /// Adds what is doubtful beside `peers`, other records that have `likeness` too.
    fn compare(&self, _likeness: &Likeness, _peers: &[&Peer], _warnings: &mut Warnings) {}

    /// The records of its type that may have to change with it, among those that it names.
    fn reaches(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Those of them that change because of how it stands on `day`.
    fn entails(&self, _day: Day) -> Vec<&str> {
        Vec::new()
    }

    /// Takes in what follows for it from `cause`, which entails it on `day`; whether
    /// anything does.
    fn follow(&mut self, _cause: &Self, _day: Day) -> bool {
        false
    }

    /// Keeps what `before` has and an import that changes it cannot know of.
    fn keep(&mut self, _before: &Self) {}

    /// Sets the derived fields as of `day`.
    fn derive(&mut self, _day: Day) {}

    /// Fills the tables. `rows` get the key of this record; derived fields are as of
    /// `today`, or are about to be.
    fn index(&self, key: i64, keys: &dyn Keys, today: Day, rows: &mut Rows);
}

/// A resource of any type.
pub trait Object: Any + Send + Sync + Debug {
    /// Its type.
    fn type_name(&self) -> &'static str;
    /// The shared fields, to read.
    fn common(&self) -> Common<'_>;
    /// The shared fields, to write.
    fn common_mut(&mut self) -> CommonMut<'_>;
    /// Empties the fields that only the server sets.
    fn clear_output_only(&mut self);
    /// Checks the declared rules.
    fn validate(&self, at: &Path<'_>, violations: &mut Violations);
    /// The id that follows from what it says, for a type that names itself.
    fn own_id(&self) -> Option<String>;
    /// Fills what the chosen id says and the message leaves out.
    fn named(&mut self, id: &str);
    /// Brings into one order what may be given in several.
    fn settle(&mut self);
    /// Checks what is wrong beyond them.
    fn rules(&self, around: &dyn Around, at: &Path<'_>, violations: &mut Violations);
    /// Adds what is doubtful.
    fn warnings(&self, around: &dyn Around, warnings: &mut Warnings);
    /// What it may have in common with others of its type.
    fn likenesses(&self, keys: &dyn Keys) -> Vec<Likeness>;
    /// Adds what is doubtful beside those that have `likeness` too.
    fn compare(&self, likeness: &Likeness, peers: &[&Peer], warnings: &mut Warnings);
    /// The records of its type that may have to change with it.
    fn reaches(&self) -> Vec<&str>;
    /// Those of them that change because of how it stands on `day`.
    fn entails(&self, day: Day) -> Vec<&str>;
    /// Takes in what follows from `cause` on `day`; whether anything does.
    fn follow(&mut self, cause: &dyn Object, day: Day) -> bool;
    /// The records that its rules and warnings look into.
    fn looks_into(&self) -> Vec<&str>;
    /// Shows its references.
    fn visit_references(&mut self, at: &Path<'_>, visit: &mut ReferenceVisitor<'_>);
    /// Other names by which it is found.
    fn aliases(&self) -> Vec<String>;
    /// Its parents in its type's hierarchy.
    fn parents(&self) -> Vec<(String, String)>;
    /// What it says to the rules of its parents.
    fn upwards(&self) -> String;
    /// Keeps what `before` has and an import cannot know of.
    fn keep(&mut self, before: &dyn Object);
    /// Sets the derived fields as of `day`.
    fn derive(&mut self, day: Day);
    /// The encoded message, the same bytes for the same content.
    fn encode(&self) -> Vec<u8>;
    /// How many bytes that are.
    fn encoded_len(&self) -> usize;
    /// Fills the tables.
    fn index(&self, key: i64, keys: &dyn Keys, today: Day, rows: &mut Rows);
    /// A copy.
    fn boxed_clone(&self) -> Box<dyn Object>;
}

impl<T: Resource> Object for T {
    fn type_name(&self) -> &'static str {
        T::TYPE
    }
    fn common(&self) -> Common<'_> {
        Described::common(self)
    }
    fn common_mut(&mut self) -> CommonMut<'_> {
        Described::common_mut(self)
    }
    fn clear_output_only(&mut self) {
        Described::clear_output_only(self);
    }
    fn validate(&self, at: &Path<'_>, violations: &mut Violations) {
        crate::model::described::Validate::validate(self, at, violations);
    }
    fn own_id(&self) -> Option<String> {
        Resource::own_id(self)
    }
    fn named(&mut self, id: &str) {
        Resource::named(self, id);
    }
    fn settle(&mut self) {
        Resource::settle(self);
    }
    fn rules(&self, around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        Resource::rules(self, around, at, violations);
    }
    fn warnings(&self, around: &dyn Around, warnings: &mut Warnings) {
        Resource::warnings(self, around, warnings);
    }
    fn likenesses(&self, keys: &dyn Keys) -> Vec<Likeness> {
        Resource::likenesses(self, keys)
    }
    fn compare(&self, likeness: &Likeness, peers: &[&Peer], warnings: &mut Warnings) {
        Resource::compare(self, likeness, peers, warnings);
    }
    fn reaches(&self) -> Vec<&str> {
        Resource::reaches(self)
    }
    fn entails(&self, day: Day) -> Vec<&str> {
        Resource::entails(self, day)
    }
    fn follow(&mut self, cause: &dyn Object, day: Day) -> bool {
        let cause: &dyn Any = cause;
        cause.downcast_ref::<T>().is_some_and(|cause| Resource::follow(self, cause, day))
    }
    fn looks_into(&self) -> Vec<&str> {
        Resource::looks_into(self)
    }
    fn visit_references(&mut self, at: &Path<'_>, visit: &mut ReferenceVisitor<'_>) {
        crate::model::described::References::visit_references(self, at, visit);
    }
    fn aliases(&self) -> Vec<String> {
        let ids = Resource::aliases(self).into_iter();
        ids.map(|id| format!("{}/{id}", T::COLLECTION)).collect()
    }
    fn parents(&self) -> Vec<(String, String)> {
        Resource::parents(self)
    }
    fn upwards(&self) -> String {
        Resource::upwards(self)
    }
    fn keep(&mut self, before: &dyn Object) {
        let before: &dyn Any = before;
        if let Some(before) = before.downcast_ref::<T>() {
            Resource::keep(self, before);
        }
    }
    fn derive(&mut self, day: Day) {
        Resource::derive(self, day);
    }
    fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
    fn encoded_len(&self) -> usize {
        prost::Message::encoded_len(self)
    }
    fn index(&self, key: i64, keys: &dyn Keys, today: Day, rows: &mut Rows) {
        Resource::index(self, key, keys, today, rows);
    }
    fn boxed_clone(&self) -> Box<dyn Object> {
        Box::new(self.clone())
    }
}
