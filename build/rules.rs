//! The rules of `buf.validate` that code is known for. Any other stops the build:
//! a rule that is declared and not checked would be a promise broken in silence.

use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, ReflectMessage, Value};

use crate::schema::Fallible;

/// A rule for a single value.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    MinLength(u64),
    MaxLength(u64),
    MaxBytes(u64),
    Pattern(String),
    Uri,
    BytesLength(u64),
    BytesMaxLength(u64),
    DefinedOnly(EnumDescriptor),
    NotIn(EnumDescriptor, Vec<i32>),
    Below(i64),
    AtMost(i64),
    Above(i64),
    AtLeast(i64),
}

/// All rules of a field, or of the elements, keys or values of one.
#[derive(Default)]
pub struct Rules {
    /// It has to be set; for a list or map, it may not be empty.
    pub required: bool,
    /// The zero value is as good as none.
    pub ignore_zero: bool,
    /// What each value has to be.
    pub each: Vec<Rule>,
    /// Fewest elements or entries.
    pub min_count: Option<u64>,
    /// Most elements or entries.
    pub max_count: Option<u64>,
    /// No element comes twice.
    pub unique: bool,
    /// Of the elements of a list or the values of a map.
    pub values: Option<Box<Rules>>,
    /// Of the keys of a map.
    pub keys: Option<Box<Rules>>,
}

/// Reads the rules of a field.
pub fn read(field: &FieldDescriptor, declared: &DynamicMessage) -> Fallible<Rules> {
    let rules = read_level(field, &field.kind(), declared, field.is_list() || field.is_map())?;
    let in_oneof = field.containing_oneof().is_some();
    let singular = !field.is_list() && !field.is_map();
    if rules.required && in_oneof && singular {
        return Err(unknown(field, "required of a field with presence"));
    }
    if rules.unique && rules.max_count.is_none() {
        return Err(format!(
            "{}: `unique` needs `max_items` beside it, to bound its cost",
            field.full_name()
        ));
    }
    Ok(rules)
}

fn read_level(
    field: &FieldDescriptor,
    kind: &Kind,
    declared: &DynamicMessage,
    many: bool,
) -> Fallible<Rules> {
    let mut rules = Rules::default();
    refuse_unknown(field, declared)?;
    for (name, value) in declared.fields() {
        match (name.name(), value) {
            ("required", Value::Bool(required)) => rules.required = *required,
            // IGNORE_UNSPECIFIED and IGNORE_IF_ZERO_VALUE.
            ("ignore", Value::EnumNumber(ignore @ 0..=1)) => rules.ignore_zero = *ignore == 1,
            ("repeated", Value::Message(list)) if many && field.is_list() => {
                read_many(field, list, &mut rules)?;
            }
            ("map", Value::Message(map)) if many && field.is_map() => {
                read_many(field, map, &mut rules)?
            }
            (group, Value::Message(of_kind)) if !many => {
                refuse_unknown(field, of_kind)?;
                for (rule, value) in of_kind.fields() {
                    let read = read_rule(kind, group, rule.name(), value);
                    rules.each.extend(
                        read.ok_or_else(|| unknown(field, &format!("{group}.{}", rule.name())))?,
                    );
                }
            }
            (other, _) => return Err(unknown(field, other)),
        }
    }
    Ok(rules)
}

fn read_many(
    field: &FieldDescriptor,
    declared: &DynamicMessage,
    rules: &mut Rules,
) -> Fallible<()> {
    refuse_unknown(field, declared)?;
    for (name, value) in declared.fields() {
        match (name.name(), value) {
            ("min_items" | "min_pairs", Value::U64(count)) => rules.min_count = Some(*count),
            ("max_items" | "max_pairs", Value::U64(count)) => rules.max_count = Some(*count),
            ("unique", Value::Bool(unique)) => {
                if matches!(field.kind(), Kind::Message(_) | Kind::Float | Kind::Double) {
                    return Err(unknown(field, "repeated.unique of such elements"));
                }
                rules.unique = *unique;
            }
            ("items", Value::Message(inner)) => {
                rules.values = Some(read_inner(field, &field.kind(), inner)?)
            }
            ("keys", Value::Message(inner)) => {
                rules.keys = Some(read_inner(field, &entry_kind(field, "key")?, inner)?);
            }
            ("values", Value::Message(inner)) => {
                rules.values = Some(read_inner(field, &entry_kind(field, "value")?, inner)?);
            }
            (other, _) => return Err(unknown(field, other)),
        }
    }
    Ok(())
}

fn read_inner(
    field: &FieldDescriptor,
    kind: &Kind,
    declared: &DynamicMessage,
) -> Fallible<Box<Rules>> {
    let inner = read_level(field, kind, declared, false)?;
    if inner.required {
        return Err(unknown(field, "required of each element"));
    }
    Ok(Box::new(inner))
}

fn entry_kind(field: &FieldDescriptor, part: &str) -> Fallible<Kind> {
    match field.kind() {
        Kind::Message(entry) => entry.get_field_by_name(part).map(|part| part.kind()),
        _ => None,
    }
    .ok_or_else(|| unknown(field, part))
}

/// The rule, or several, or none where it is switched off; `None` if no code is
/// known for it.
fn read_rule(kind: &Kind, group: &str, rule: &str, value: &Value) -> Option<Option<Rule>> {
    let read = match (kind, group, rule, value) {
        (Kind::String, "string", "min_len", Value::U64(count)) => Rule::MinLength(*count),
        (Kind::String, "string", "max_len", Value::U64(count)) => Rule::MaxLength(*count),
        (Kind::String, "string", "max_bytes", Value::U64(count)) => Rule::MaxBytes(*count),
        (Kind::String, "string", "pattern", Value::String(pattern)) => {
            Rule::Pattern(pattern.clone())
        }
        (Kind::String, "string", "uri", Value::Bool(true)) => Rule::Uri,
        (Kind::Bytes, "bytes", "len", Value::U64(count)) => Rule::BytesLength(*count),
        (Kind::Bytes, "bytes", "max_len", Value::U64(count)) => Rule::BytesMaxLength(*count),
        (Kind::Enum(values), "enum", "defined_only", Value::Bool(true)) => {
            Rule::DefinedOnly(values.clone())
        }
        (Kind::Enum(values), "enum", "not_in", Value::List(list)) => {
            Rule::NotIn(values.clone(), list.iter().filter_map(Value::as_i32).collect())
        }
        (Kind::Int32, "int32", bound, Value::I32(limit)) => bound_rule(bound, i64::from(*limit))?,
        (Kind::Int64, "int64", bound, Value::I64(limit)) => bound_rule(bound, *limit)?,
        (_, _, "uri" | "defined_only", Value::Bool(false)) => return Some(None),
        _ => return None,
    };
    Some(Some(read))
}

fn bound_rule(bound: &str, limit: i64) -> Option<Rule> {
    Some(match bound {
        "lt" => Rule::Below(limit),
        "lte" => Rule::AtMost(limit),
        "gt" => Rule::Above(limit),
        "gte" => Rule::AtLeast(limit),
        _ => return None,
    })
}

fn refuse_unknown(field: &FieldDescriptor, declared: &DynamicMessage) -> Fallible<()> {
    let number = declared.unknown_fields().map(|rule| rule.number()).next();
    let extension = declared.extensions().map(|(rule, _)| rule.number()).next();
    match number.or(extension) {
        Some(number) => Err(unknown(
            field,
            &format!("with number {number} of {}", declared.descriptor().full_name()),
        )),
        None => Ok(()),
    }
}

fn unknown(field: &FieldDescriptor, rule: &str) -> String {
    format!("{}: no code is known for the rule {rule}", field.full_name())
}
