//! Gives the names in a filter their fields and the values their types.

use std::collections::BTreeMap;

use prost_reflect::Kind as FieldKind;
use uuid::Uuid;

use super::field::{Daily, Filterable, LABEL_NAME, ON_DAY, Values, filterable};
use super::syntax::{Comparator, Expression, Field, Literal};
use super::tree::{Condition, Element, Named, Test};
use super::{Wrong, constant};
use crate::model::dates::parse_day;
use crate::store::registry::{Kind, Registry};

/// What checking a filter for one type comes to.
pub(super) struct Checked {
    /// The typed tree. A comparison that is wrong does not hold there.
    pub(super) root: Condition,
    /// All that is wrong, each with the number of its comparison in the text.
    pub(super) wrong: Vec<(usize, Wrong)>,
}

/// Checks `read` against the fields of `kind`.
pub(super) fn check(registry: Registry, kind: &Kind, read: &Expression) -> Checked {
    let mut checker = Checker { registry, kind, comparisons: 0, wrong: Vec::new() };
    let root = checker.condition(read);
    Checked { root, wrong: checker.wrong }
}

struct Checker<'k> {
    registry: Registry,
    kind: &'k Kind,
    /// Seen so far.
    comparisons: usize,
    wrong: Vec<(usize, Wrong)>,
}

/// A field as a filter names it.
struct Found {
    field: Filterable,
    map_key: Option<String>,
    repeated: bool,
}

impl Checker<'_> {
    fn condition(&mut self, read: &Expression) -> Condition {
        match read {
            Expression::All(parts) => Condition::All(self.each(parts)),
            Expression::Any(parts) => Condition::Any(self.each(parts)),
            Expression::Not(part) => Condition::Not(Box::new(self.condition(part))),
            Expression::Possibly(part) => Condition::Possibly(Box::new(self.condition(part))),
            Expression::Compare(field, comparator, literal) => {
                let found = find(self.kind, field);
                let checked = found.and_then(|found| self.compare(found, *comparator, literal));
                self.keep(checked)
            }
            Expression::CompareOn(function, day, comparator, literal) => {
                let checked = self.compare_on(function, day, *comparator, literal);
                self.keep(checked)
            }
            Expression::Under(field, literal) => {
                let checked = find(self.kind, field).and_then(|found| {
                    self.under(found, literal).map_err(|what| match what {
                        Ok(of_value) => of_value,
                        Err(of_field) => Wrong::new(field.at, of_field),
                    })
                });
                self.keep(checked)
            }
        }
    }

    fn each(&mut self, parts: &[Expression]) -> Vec<Condition> {
        parts.iter().map(|part| self.condition(part)).collect()
    }

    fn keep(&mut self, checked: Result<Condition, Wrong>) -> Condition {
        self.comparisons += 1;
        checked.unwrap_or_else(|wrong| {
            self.wrong.push((self.comparisons, wrong));
            Condition::Any(Vec::new())
        })
    }

    fn compare(
        &self,
        found: Found,
        comparator: Comparator,
        literal: &Literal,
    ) -> Result<Condition, Wrong> {
        let Found { mut field, mut map_key, repeated } = found;
        let wrong = |what: String| Wrong::new(literal.at, of_field(field.path, &what));
        let keys = field.values == Values::Map && map_key.is_none();
        let star = comparator == Comparator::Has && literal.text == "*" && !literal.quoted;
        if keys && comparator != Comparator::Has {
            let text = "labels are compared by key: labels.KEY = value; labels:KEY asks for a key";
            return Err(wrong(text.to_owned()));
        }
        if keys && !star {
            map_key = Some(literal.text.clone());
        }
        if star || keys {
            if field.values == Values::Map {
                field.column = LABEL_NAME;
            }
            return Ok(element(field, map_key, Test::Present));
        }
        // Not to be the one value of a field is the contrary of being it, also
        // where there is none. Of several values any may differ.
        let contrary = comparator == Comparator::NotEqual && !repeated;
        let comparator = if contrary { Comparator::Equal } else { comparator };
        let test = self.test(&mut field, comparator, literal).map_err(wrong)?;
        let checked = element(field, map_key, test);
        Ok(if contrary { Condition::Not(Box::new(checked)) } else { checked })
    }

    fn compare_on(
        &self,
        function: &Field,
        day: &Literal,
        comparator: Comparator,
        literal: &Literal,
    ) -> Result<Condition, Wrong> {
        let (field, daily) = find_daily(self.kind, function)?;
        let name = function.to_string();
        let wrong = |at, what: String| Wrong::new(at, of_field(&name, &what));
        let on = parse_day(&day.text).map_err(|error| wrong(day.at, error.to_string()))?;
        if !comparator.is_of_identity() {
            return Err(wrong(literal.at, no_order(&name)));
        }
        let value = enum_value(self.kind, field.path, &literal.text);
        let value = value.map_err(|what| wrong(literal.at, what))?;
        // Rows have every other value: it is that one where there is none.
        let value = Some(value).filter(|value| value != daily.otherwise);
        let contrary = (comparator == Comparator::NotEqual) != value.is_none();
        let field = Filterable { table: daily.table, indexed: false, ..field };
        let held = element(field, None, Test::Holds(on, value));
        Ok(if contrary { Condition::Not(Box::new(held)) } else { held })
    }

    fn test(
        &self,
        field: &mut Filterable,
        comparator: Comparator,
        literal: &Literal,
    ) -> Result<Test, String> {
        use Comparator::{Equal, Has, NotEqual};
        let text = literal.text.as_str();
        let equal = if comparator == Has { Equal } else { comparator };
        let differs = comparator == NotEqual;
        if text.is_empty() && field.values != Values::Map {
            return Err(format!("must be something; `NOT {}:*` asks for none", field.path));
        }
        let by_identity = matches!(field.values, Values::Enum | Values::Reference(_) | Values::Uid);
        if by_identity && !comparator.is_of_identity() {
            return Err(no_order(field.path));
        }
        match field.values {
            Values::Name if matches!(comparator, Equal | NotEqual) => {
                field.column = "key";
                let to = self.named(self.kind, literal)?;
                Ok(Test::Refers { to, differs })
            }
            Values::Text | Values::Name | Values::Map if comparator == Has => {
                Ok(Test::Contains(text.to_ascii_lowercase()))
            }
            Values::Text | Values::Name | Values::Map => {
                Ok(Test::Text(comparator, text.to_owned()))
            }
            Values::Enum => Ok(Test::Text(equal, enum_value(self.kind, field.path, text)?)),
            Values::Reference(target) => {
                let target = self.registry.by_type(target);
                let target = target.or_else(|| self.registry.by_name(text));
                let target = target.ok_or("must be a resource name such as countries/KHM")?;
                Ok(Test::Refers { to: self.named(target, literal)?, differs })
            }
            Values::Uid => {
                let uid = Uuid::try_parse(text);
                let uid = uid.map_err(|_| "must be a UUID, as `uid` has it".to_owned())?;
                Ok(Test::Uid(uid, differs))
            }
            Values::Date => {
                let (first, last) = constant::days(text)?;
                Ok(Test::Span(equal, first.into(), last.into()))
            }
            Values::Instant => {
                let (first, last) = constant::microseconds(text)?;
                Ok(Test::Span(equal, first, last))
            }
            Values::Integer => {
                let number = text.parse();
                let number = number.map_err(|_| "must be a whole number".to_owned())?;
                Ok(Test::Span(equal, number, number))
            }
        }
    }

    /// The inner error is about the value, the outer one about the field.
    fn under(&self, found: Found, literal: &Literal) -> Result<Condition, Result<Wrong, String>> {
        let Found { mut field, .. } = found;
        let target = self.target(&field);
        let Some((target, hierarchy)) = target.and_then(|kind| Some((kind, kind.hierarchy?)))
        else {
            let trees = filterable(self.kind).filter(|field| {
                self.target(field).is_some_and(|target| target.hierarchy.is_some())
            });
            let trees: Vec<_> = trees.map(|field| field.path).collect();
            let text = match trees.as_slice() {
                [] => "has no tree: under() cannot be asked of this type".to_owned(),
                _ => format!("has no tree: under() can be asked of {}", trees.join(", ")),
            };
            return Err(Err(format!("{} {text}", field.path)));
        };
        let wrong = |what: String| Ok(Wrong::new(literal.at, of_field(field.path, &what)));
        let root = self.named(target, literal).map_err(wrong)?;
        if field.values == Values::Name {
            field.column = "key";
        }
        let test = Test::Under { root, hierarchy, below: BTreeMap::new() };
        Ok(element(field, None, test))
    }

    /// The type of the resources that a field names.
    fn target(&self, field: &Filterable) -> Option<&Kind> {
        match field.values {
            Values::Reference(target) => self.registry.by_type(target),
            Values::Name => Some(self.kind),
            _ => None,
        }
    }

    /// A resource of the type `target`, by its name or by its id alone.
    fn named(&self, target: &Kind, literal: &Literal) -> Result<Named, String> {
        let Literal { text, at, .. } = literal;
        let name = match text.split_once('/') {
            None => target.name(text),
            Some((collection, id)) if collection == target.collection && !id.contains('/') => {
                target.name(id)
            }
            Some(_) => return Err(format!("must be a name such as {}/{{id}}", target.collection)),
        };
        Ok(Named { name, at: *at, key: 0, found: String::new() })
    }
}

/// What a field's value must be, with the field.
fn of_field(path: &str, what: &str) -> String {
    if what.starts_with("must") { format!("{path} {what}") } else { what.to_owned() }
}

fn no_order(path: &str) -> String {
    format!("{path} has no order: only =, != and : compare it")
}

fn element(field: Filterable, map_key: Option<String>, test: Test) -> Condition {
    Condition::Element(Box::new(Element { field, map_key, test }))
}

fn find(kind: &Kind, named: &Field) -> Result<Found, Wrong> {
    let fields = filterable(kind);
    let path = named.names.join(".");
    if let Some(field) = fields.clone().find(|field| field.path == path) {
        return Ok(Found { field, map_key: None, repeated: is_repeated(kind, field.path) });
    }
    let map = fields.clone().find(|field| field.values == Values::Map);
    if let (Some(field), [first, key]) = (map, named.names.as_slice())
        && first == field.path
    {
        return Ok(Found { field, map_key: Some(key.clone()), repeated: false });
    }
    let (known, what) = unknown(kind, named);
    Err(Wrong { at: named.at, what, known: Some(known) })
}

/// The field that is called `function` where it is asked for on a day.
fn find_daily(kind: &Kind, function: &Field) -> Result<(Filterable, Daily), Wrong> {
    let name = function.to_string();
    let mut daily = filterable(kind).filter_map(|field| Some((field, field.daily?)));
    let called = |field: &Filterable| format!("{}{ON_DAY}", field.path);
    if let Some(found) = daily.clone().find(|(field, _)| called(field) == name) {
        return Ok(found);
    }
    let what = match daily.next() {
        None => format!("{} has nothing that can be asked for on a day", kind.type_name),
        Some((field, _)) => {
            format!("{} has no {name}(day), only {}(day)", kind.type_name, called(&field))
        }
    };
    Err(Wrong { at: function.at, what, known: Some(0) })
}

/// What to say of a field that there is none of: those that there are, from the
/// last name on that is right; and how many are.
fn unknown(kind: &Kind, named: &Field) -> (usize, String) {
    let paths: Vec<_> = filterable(kind).map(|field| field.path).collect();
    let mut known = String::new();
    for name in &named.names {
        let longer = format!("{known}{name}.");
        if !paths.iter().any(|path| path.starts_with(&longer)) {
            break;
        }
        known = longer;
    }
    let mut names: Vec<&str> = Vec::new();
    for path in paths.iter().filter_map(|path| path.strip_prefix(&known)) {
        let name = path.split('.').next().unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let names = names.join(", ");
    let before = known.trim_end_matches('.');
    let what = if known.is_empty() {
        format!("{} cannot be filtered by {named}, only by {names}", kind.type_name)
    } else if *before == named.names.join(".") {
        format!("{before} has parts, and one of them must be named: {names}")
    } else {
        format!("{} cannot be filtered by {named}; {before} has {names}", kind.type_name)
    };
    (known.matches('.').count(), what)
}

/// Whether a resource can have several values of the field.
pub(super) fn is_repeated(kind: &Kind, path: &str) -> bool {
    let mut message = Some(kind.descriptor());
    path.split('.').any(|name| {
        let field = message.as_ref().and_then(|message| message.get_field_by_name(name));
        message = field.as_ref().and_then(|field| field.kind().as_message().cloned());
        field.is_some_and(|field| field.is_list() || field.is_map())
    })
}

/// The short name of the value `text` of the enum in the field `path`.
fn enum_value(kind: &Kind, path: &str, text: &str) -> Result<String, String> {
    let mut found = FieldKind::Message(kind.descriptor());
    for name in path.split('.') {
        let message = found.as_message();
        let field = message.and_then(|message| message.get_field_by_name(name));
        found = field.ok_or_else(|| format!("{path} is no field"))?.kind();
    }
    let values = found.as_enum().ok_or_else(|| format!("{path} is no enum"))?;
    let names: Vec<_> = values.values().map(|value| value.name().to_owned()).collect();
    let zero = names.first().map_or("", String::as_str);
    let prefix = zero.strip_suffix("UNSPECIFIED").unwrap_or_default();
    let short = text.strip_prefix(prefix).unwrap_or(text);
    let shorts: Vec<_> = names.iter().filter_map(|name| name.strip_prefix(prefix)).collect();
    if short == "UNSPECIFIED" {
        return Err(format!("must be a value; `NOT {path}:*` asks for none"));
    }
    if shorts.contains(&short) {
        return Ok(short.to_owned());
    }
    let shorts: Vec<_> = shorts.into_iter().filter(|short| *short != "UNSPECIFIED").collect();
    Err(format!("must be one of {}", shorts.join(", ")))
}
