//! The objects of Popolo files, each with its place.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use serde_json::value::RawValue;

use super::classes::Classes;
use crate::cli::import::Place;
use crate::cli::json::check_once;
use crate::cli::lines::not_text;

/// Bytes of one file, all of which are kept in memory.
const FILE_BYTES: u64 = 256 << 20;

/// The classes of which there are objects.
pub(super) const CLASSES: [&str; 6] =
    ["persons", "organizations", "memberships", "posts", "areas", "events"];

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
    /// file is called by. An error tells all that is wrong, a line each.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, String> {
        let (mut document, mut problems) = (Self::default(), Vec::new());
        for path in files {
            let found = match text_of(path) {
                Ok(text) => document.add(path, text.trim_start_matches('\u{feff}')),
                Err(problem) => vec![problem],
            };
            problems.extend(found.into_iter().map(|one| format!("{}: {one}", path.display())));
        }
        if problems.is_empty() { Ok(document) } else { Err(problems.join("\n")) }
    }

    /// Adds what a file says; what is wrong with it.
    fn add(&mut self, path: &Path, text: &str) -> Vec<String> {
        let not_json = |error: serde_json::Error| vec![format!("is no Popolo JSON: {error}")];
        let mut lists: Vec<(String, &RawValue)> = if text.trim_start().starts_with('[') {
            let class = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let class = class.unwrap_or_default();
            if !CLASSES.contains(&class.as_str()) {
                let known = CLASSES.join(", ");
                return vec![format!("holds a list: its name must say of what, one of {known}")];
            }
            match serde_json::from_str(text) {
                Ok(list) => vec![(class, list)],
                Err(error) => return not_json(error),
            }
        } else {
            match serde_json::from_str::<Classes<'_>>(text) {
                Ok(Classes(lists)) => lists,
                Err(error) => return not_json(error),
            }
        };
        let starts = Starts::of(text);
        let mut found = Found { file: path.into(), text, starts, problems: Vec::new() };
        let mut lines = HashMap::new();
        for (class, list) in lists.iter().filter(|(class, _)| CLASSES.contains(&class.as_str())) {
            let line = found.line(list);
            if let Some(first) = lines.insert(class.clone(), line) {
                let text = format!("{class} stands here again, after line {first}: make one list");
                found.problem(line, &text);
            }
        }
        lists.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (class, list) in lists {
            self.list(&class, list, &mut found);
        }
        found.problems
    }

    /// Adds the objects of a list.
    fn list(&mut self, class: &str, list: &RawValue, found: &mut Found<'_>) {
        let is_known = CLASSES.contains(&class);
        let Ok(items) = serde_json::from_str::<Option<Vec<&RawValue>>>(list.get()) else {
            // What else is no list, such as `meta`, is about the file.
            if is_known {
                found.no_list(found.line(list), class, shape(list.get()));
            }
            return;
        };
        for (index, item) in items.into_iter().flatten().enumerate() {
            let line = found.line(item);
            let once = if is_known { check_once(item.get(), None) } else { Ok(()) };
            let object = match once.and_then(|()| serde_json::from_str::<Value>(item.get())) {
                Ok(object) if is_known && !object.is_object() => {
                    found.no_object(line, &format!("{class}[{index}]"), shape(item.get()));
                    continue;
                }
                Err(error) if is_known => {
                    found.unreadable(line, &format!("{class}[{index}]"), &error);
                    continue;
                }
                // Of what nothing is taken it is counted alone.
                read => read.unwrap_or_default(),
            };
            let part = Some(format!("{class}[{index}]").into());
            let place = Place { file: Arc::clone(&found.file), line, part };
            let size = item.get().len() as u64;
            self.push(class, Item { place, size, object }, found);
        }
    }

    /// Adds an item, and the memberships and posts that stand inside it.
    fn push(&mut self, class: &str, mut item: Item, found: &mut Found<'_>) {
        let (owner, inner_classes): (_, &[&str]) = match class {
            "persons" => ("person_id", &["memberships"]),
            "organizations" => ("organization_id", &["memberships", "posts"]),
            "posts" => ("post_id", &["memberships"]),
            _ => ("", &[]),
        };
        for inner_class in inner_classes {
            let inner = item.object.as_object_mut().and_then(|one| one.shift_remove(*inner_class));
            let outer = item.place.part.as_deref().unwrap_or(class);
            let path = format!("{outer}.{inner_class}");
            let inner = match inner {
                Some(Value::Array(inner)) => inner,
                None | Some(Value::Null) => continue,
                Some(other) => {
                    found.no_list(item.place.line, &path, shape(&other.to_string()));
                    continue;
                }
            };
            let id = item.object.get("id").cloned().unwrap_or_default();
            for (index, mut object) in inner.into_iter().enumerate() {
                let path = format!("{path}[{index}]");
                let Some(fields) = object.as_object_mut() else {
                    found.no_object(item.place.line, &path, shape(&object.to_string()));
                    continue;
                };
                fields.entry(owner).or_insert_with(|| id.clone());
                let place = Place { part: Some(path.into()), ..item.place.clone() };
                let inner = Item { place, size: 0, object };
                self.push(inner_class, inner, found);
            }
        }
        let id = super::text(&item.object, "id").map(str::to_owned);
        let items = self.classes.entry(class.to_owned()).or_default();
        if let Some(id) = id {
            self.ids.entry((class.to_owned(), id)).or_insert(items.len());
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

    /// The object of a class that has an id; the first one if several have it.
    pub(super) fn find(&self, class: &str, id: &str) -> Option<&Item> {
        let place = self.ids.get(&(class.to_owned(), id.to_owned()))?;
        self.class(class).get(*place)
    }
}

/// The text of a file.
fn text_of(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > FILE_BYTES {
        return Err(format!("has {size} bytes, and a file may have {FILE_BYTES}"));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| not_text(&error))
}

/// What sort of JSON a text is.
fn shape(text: &str) -> &'static str {
    match text.trim_start().bytes().next() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a truth value",
        _ => "a number",
    }
}

/// What is found in a file.
struct Found<'t> {
    file: Arc<Path>,
    text: &'t str,
    starts: Starts,
    problems: Vec<String>,
}

impl Found<'_> {
    /// The line on which a value of the text begins.
    fn line(&self, value: &RawValue) -> usize {
        self.starts.line(self.text, value.get())
    }

    fn no_list(&mut self, line: usize, path: &str, is: &str) {
        self.problem(line, &format!("{path} must be a list of objects, and is {is}"));
    }

    fn no_object(&mut self, line: usize, path: &str, is: &str) {
        self.problem(line, &format!("{path} must be an object, and is {is}"));
    }

    /// Notes that the object at `place` cannot be read, or not without losing something.
    fn unreadable(&mut self, line: usize, place: &str, error: &serde_json::Error) {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        self.problem(line, &format!("{place}: {what}"));
    }

    fn problem(&mut self, line: usize, text: &str) {
        self.problems.push(format!("line {line}: {text}"));
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
        assert_eq!(document.add(Path::new("f.json"), text), [""; 0]);
        let lines: Vec<_> = document.class("persons").iter().map(|item| item.place.line).collect();
        assert_eq!(lines, [3, 5]);
        let membership = &document.class("memberships")[0];
        assert_eq!(membership.place.to_string(), "f.json:3 (persons[0].memberships[0])");
        assert_eq!(super::super::text(&membership.object, "person_id"), Some("a"));
    }

    #[test]
    fn a_list_is_of_the_class_that_its_file_is_called_by() {
        let mut document = Document::default();
        let found = document.add(Path::new("persons.json"), "[{\"id\": \"a\"}]");
        assert_eq!((found.len(), document.class("persons").len()), (0, 1));
        assert_eq!(document.add(Path::new("x.json"), "[]").len(), 1);
        assert_eq!(document.add(Path::new("x.json"), "{\"persons\": [").len(), 1);
    }
    #[test]
    fn all_that_is_no_list_of_objects_is_told() {
        let text = "{\n \"persons\": {},\n \"posts\": null,\n \"events\": [1],\n \"organizations\": [\n  {\"memberships\": \"x\", \"posts\": [[]]}],\n \"posts\": [], \"meta\": 1, \"meta\": 2}";
        let found = Document::default().add(Path::new("f.json"), text);
        let expected = [
            "line 7: posts stands here again, after line 3: make one list",
            "line 4: events[0] must be an object, and is a number",
            "line 6: organizations[0].memberships must be a list of objects, and is a text",
            "line 6: organizations[0].posts[0] must be an object, and is a list",
            "line 2: persons must be a list of objects, and is an object",
        ];
        assert_eq!(found, expected);
    }
}
