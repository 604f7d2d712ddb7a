//! The objects of Popolo files, each with its place.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::cli::import::Place;

/// Bytes of one file, all of which are kept in memory.
const FILE_BYTES: u64 = 256 << 20;

/// An object, and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) size: u64,
    pub(super) object: Value,
}

/// The objects of files, by their class: `persons`, `organizations` and so on.
#[derive(Debug, Default)]
pub(super) struct Document {
    classes: BTreeMap<String, Vec<Item>>,
    /// Where objects stand in the lists of their classes, by class and id.
    ids: HashMap<(String, String), usize>,
}

impl Document {
    /// Reads files: an object with a list for each class, or a list of the class that the
    /// file is called by.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, String> {
        let mut document = Self::default();
        for path in files {
            let told = |problem: String| format!("{}: {problem}", path.display());
            let size = std::fs::metadata(path).map_err(|error| told(error.to_string()))?.len();
            if size > FILE_BYTES {
                return Err(told(format!("has {size} bytes, and a file may have {FILE_BYTES}")));
            }
            let bytes = std::fs::read(path).map_err(|error| told(error.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|error| {
                let first = error.utf8_error().valid_up_to() + 1;
                told(format!("is not UTF-8 from byte {first} on"))
            })?;
            document.add(path, text.trim_start_matches('\u{feff}')).map_err(told)?;
        }
        Ok(document)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), String> {
        let file: Arc<Path> = path.into();
        let not_json = |error: serde_json::Error| format!("is no Popolo JSON: {error}");
        let lists: BTreeMap<String, &RawValue> = if text.trim_start().starts_with('[') {
            let class = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let class = class.unwrap_or_default();
            let known = ["persons", "organizations", "memberships", "posts", "areas", "events"];
            if !known.contains(&class.as_str()) {
                let known = known.join(", ");
                return Err(format!("holds a list: its name must say of what, one of {known}"));
            }
            BTreeMap::from([(class, serde_json::from_str(text).map_err(not_json)?)])
        } else {
            serde_json::from_str(text).map_err(not_json)?
        };
        let starts = Starts::of(text);
        for (class, list) in lists {
            // What is no list, such as `meta`, is about the file.
            let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(list.get()) else {
                continue;
            };
            for item in items {
                let object: Value = serde_json::from_str(item.get()).map_err(not_json)?;
                let place = (Arc::clone(&file), starts.line(text, item.get()));
                let size = item.get().len() as u64;
                self.push(&class, Item { place, size, object });
            }
        }
        Ok(())
    }

    /// Adds an item, and the memberships and posts that stand inside it.
    fn push(&mut self, class: &str, mut item: Item) {
        let owner = match class {
            "persons" => "person_id",
            "organizations" => "organization_id",
            _ => "",
        };
        if !owner.is_empty() {
            for inner_class in ["memberships", "posts"] {
                let inner = item.object.as_object_mut().and_then(|one| one.remove(inner_class));
                let Some(Value::Array(inner)) = inner else { continue };
                let id = item.object.get("id").cloned().unwrap_or_default();
                for mut object in inner {
                    if let Some(object) = object.as_object_mut() {
                        object.entry(owner).or_insert_with(|| id.clone());
                    }
                    let inner = Item { place: item.place.clone(), size: 0, object };
                    self.push(inner_class, inner);
                }
            }
        }
        let id = super::text(&item.object, "id").map(str::to_owned);
        let items = self.classes.entry(class.to_owned()).or_default();
        if let Some(id) = id {
            self.ids.insert((class.to_owned(), id), items.len());
        }
        items.push(item);
    }

    /// The objects of a class.
    pub(super) fn class(&self, class: &str) -> &[Item] {
        self.classes.get(class).map_or(&[], Vec::as_slice)
    }

    /// The names of all classes and how many objects each has.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&str, &[Item])> {
        self.classes.iter().map(|(class, items)| (class.as_str(), items.as_slice()))
    }

    /// The object of a class that has an id.
    pub(super) fn find(&self, class: &str, id: &str) -> Option<&Value> {
        let place = self.ids.get(&(class.to_owned(), id.to_owned()))?;
        self.class(class).get(*place).map(|item| &item.object)
    }
}

/// Where the lines of a text begin.
struct Starts(Vec<usize>);

impl Starts {
    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(breaks.map(|(place, _)| place).collect())
    }

    /// The line, from 1, on which `part` of `text` begins.
    fn line(&self, text: &str, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        self.0.partition_point(|line_break| *line_break < offset) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_lines_and_inner_ones_come_out() {
        let text = "{\n \"persons\": [\n  {\"id\": \"a\", \"memberships\": [{\"role\": \"x\"}]},\n\n  {\"id\": \"b\"}\n ],\n \"meta\": {}\n}";
        let mut document = Document::default();
        document.add(Path::new("f.json"), text).unwrap();
        let lines: Vec<_> = document.class("persons").iter().map(|item| item.place.1).collect();
        assert_eq!(lines, [3, 5]);
        let membership = &document.class("memberships")[0];
        assert_eq!(super::super::text(&membership.object, "person_id"), Some("a"));
    }

    #[test]
    fn a_list_is_of_the_class_that_its_file_is_called_by() {
        let mut document = Document::default();
        document.add(Path::new("persons.json"), "[{\"id\": \"a\"}]").unwrap();
        assert_eq!(document.class("persons").len(), 1);
        assert!(document.add(Path::new("x.json"), "[]").is_err());
        assert!(document.add(Path::new("x.json"), "{\"persons\": [").is_err());
    }
}
