//! What is told beside the records: what of the files has no place in them.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::document::{CLASSES, Item};
use super::read::Reader;
use super::text;
use crate::cli::import::{Place, Prepared, Remark};

/// The fields that are taken of objects that are no records themselves.
const POST: [&str; 4] = ["id", "role", "label", "organization_id"];
const EVENT: [&str; 3] = ["id", "start_date", "end_date"];
const AREA: [&str; 3] = ["id", "name", "classification"];

impl<'d> Reader<'d> {
    /// The object of a class that a membership names; an id that is none is told.
    pub(super) fn named(
        &mut self,
        class: &'static str,
        object: &Value,
        field: &'static str,
        place: &Place,
    ) -> Option<&'d Item> {
        let (_, key) = field.split_once('.')?;
        let id = text(object, key)?;
        let found = self.document.find(class, id);
        if found.is_none() {
            let first = || (0, place.clone());
            self.unmapped.entry((field, id.to_owned())).or_insert_with(first).0 += 1;
        }
        found
    }

    /// Tells what of the other classes has no place.
    pub(super) fn rest(&mut self) {
        let document = self.document;
        let known: [(_, &[&str], &[&str], _); 3] = [
            ("posts", &POST, &["memberships"], "post_id"),
            ("events", &EVENT, &["memberships"], "legislative_period_id"),
            ("areas", &AREA, &["memberships", "organizations"], "area_id"),
        ];
        for (class, fields, owners, key) in known {
            let owners = owners.iter().flat_map(|owner| document.class(owner));
            let named: HashSet<&str> = owners.filter_map(|one| text(&one.object, key)).collect();
            for item in document.class(class) {
                let id = text(&item.object, "id");
                let first = id.and_then(|id| document.find(class, id));
                if !id.is_some_and(|id| named.contains(id)) {
                    self.leave_out(format!("{class}, named by nothing,"), &item.place, 1);
                } else if first.is_some_and(|first| first.object != item.object) {
                    self.leave_out(format!("{class} with the id of another"), &item.place, 1);
                } else {
                    self.leave_rest(class, &item.object, &item.place, fields);
                }
            }
        }
        for (class, items) in document.counts() {
            if !CLASSES.contains(&class)
                && let Some(first) = items.first()
            {
                self.leave_out(class.to_owned(), &first.place, items.len());
            }
        }
    }

    /// Tells that what stands at a place says nothing that another one does not say.
    pub(super) fn repeats(&mut self, place: &Place, first: &Place) {
        let text = format!("says nothing that {first} does not say");
        let details = json!({ "kept_line": first.line, "kept_part": first.part.as_deref() });
        let place = place.clone();
        self.remarks.push(Remark { outcome: "repeats", place, text, details });
    }

    pub(super) fn finish(self) -> Prepared {
        let Self { mut remarks, left_out, unmapped, entries, .. } = self;
        remarks.extend(left_out.into_iter().map(|(what, (count, place))| {
            let text = format!("{what} has no place in a record ({count} times)");
            let details = json!({ "field": what, "count": count });
            Remark { outcome: "left out", place, text, details }
        }));
        remarks.extend(unmapped.into_iter().map(|((column, value), (count, place))| {
            let treated = "is the id of nothing in these files; left out";
            let text = format!("{column}: {value:?} {treated} ({count} times)");
            let details =
                json!({ "column": column, "value": value, "treated": treated, "count": count });
            Remark { outcome: "unmapped", place, text, details }
        }));
        Prepared { remarks, entries }
    }
}
