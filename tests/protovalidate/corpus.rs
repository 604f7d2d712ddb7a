//! A corpus made from the descriptors alone: for each message a good one, an
//! empty one, and the good one with every field set to every value that some
//! rule may draw a line at. It knows no rules, so it cannot share a mistake with
//! the code that does.

use std::collections::BTreeMap;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

/// Lengths at, below and above which rules draw lines.
const LENGTHS: [usize; 10] = [63, 64, 128, 129, 255, 256, 1000, 1001, 2000, 2001];

/// Sizes of lists and maps likewise.
const COUNTS: [usize; 18] =
    [1, 2, 16, 17, 20, 21, 50, 51, 64, 65, 100, 101, 500, 501, 1000, 1001, 2000, 2001];

/// Numbers likewise.
const NUMBERS: [i32; 11] = [0, 1, 2, -1, 1200, 1201, 120_000, 120_001, i32::MAX, i32::MIN, 77];

/// Texts with a meaning to some field, good and bad.
const TEXTS: &str = include_str!("texts.txt");

/// Makes messages.
#[derive(Default)]
pub(crate) struct Corpus {
    good: BTreeMap<String, DynamicMessage>,
}

impl Corpus {
    /// A message in which all is set and nothing is wrong, as `is_good` has it,
    /// which is given a message and one of its fields.
    pub(crate) fn good(
        &mut self,
        of: &MessageDescriptor,
        is_good: &dyn Fn(&DynamicMessage, &FieldDescriptor) -> bool,
    ) -> DynamicMessage {
        if let Some(known) = self.good.get(of.full_name()) {
            return known.clone();
        }
        let mut message = DynamicMessage::new(of.clone());
        for field in of.fields() {
            let before = message.clone();
            let found = self.values(&field, is_good).into_iter().any(|value| {
                message.set_field(&field, value);
                message.has_field(&field) && is_good(&message, &field)
            });
            if !found {
                message = before;
            }
        }
        self.good.insert(of.full_name().to_owned(), message.clone());
        message
    }

    /// Every value to try in a field.
    pub(crate) fn values(
        &mut self,
        field: &FieldDescriptor,
        is_good: &dyn Fn(&DynamicMessage, &FieldDescriptor) -> bool,
    ) -> Vec<Value> {
        if let Kind::Message(entry) = field.kind()
            && field.is_map()
        {
            return maps(&entry.map_entry_value_field());
        }
        let mut singles = self.singles(&field.kind(), is_good);
        if ["text", "translation"].contains(&field.name()) {
            // Whole speeches.
            singles.push(Value::String("x".repeat(100_001)));
        }
        if !field.is_list() {
            return singles;
        }
        let mut lists: Vec<_> =
            singles.iter().map(|value| Value::List(vec![value.clone()])).collect();
        let Some(first) = singles.iter().find(|value| !value.is_default(&field.kind())) else {
            return lists;
        };
        lists.extend(COUNTS.map(|count| Value::List(elements(first, count))));
        lists.push(Value::List(vec![first.clone(), first.clone()]));
        lists.push(Value::List(Vec::new()));
        lists.push(Value::List(singles));
        lists
    }

    fn singles(
        &mut self,
        kind: &Kind,
        is_good: &dyn Fn(&DynamicMessage, &FieldDescriptor) -> bool,
    ) -> Vec<Value> {
        match kind {
            Kind::String => texts(),
            Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
            Kind::Int32 => NUMBERS.map(Value::I32).into(),
            Kind::Int64 => NUMBERS.map(|number| Value::I64(number.into())).into(),
            Kind::Enum(values) => {
                let last = values.values().map(|value| value.number()).max().unwrap_or(0);
                [1, 0, last, last + 1, -1, 77, i32::MIN].map(Value::EnumNumber).into()
            }
            Kind::Message(message) => vec![
                Value::Message(self.good(message, is_good)),
                Value::Message(DynamicMessage::new(message.clone())),
            ],
            other => panic!("the corpus has no values of the kind {other:?} yet"),
        }
    }
}

/// So many elements, distinct where they are texts.
fn elements(first: &Value, count: usize) -> Vec<Value> {
    let element = |index| match first {
        Value::String(_) => Value::String(format!("element-{index}")),
        other => other.clone(),
    };
    (0..count).map(element).collect()
}

fn texts() -> Vec<Value> {
    let lines = TEXTS.lines().filter(|line| !line.starts_with("# "));
    let written = lines.map(|line| line.replace("\\n", "\n").replace("\\t", "\t"));
    let sized = LENGTHS.into_iter().flat_map(|length| {
        // As many characters, then as many bytes, in a letter of two bytes.
        ["x".repeat(length), "é".repeat(length), "é".repeat(length / 2)]
    });
    let long = [20_000, 20_001].map(|length| "x".repeat(length));
    written.chain(sized).chain(long).chain([String::new()]).map(Value::String).collect()
}

fn maps(value: &FieldDescriptor) -> Vec<Value> {
    assert_eq!(value.kind(), Kind::String, "the corpus has only maps of texts");
    let map = |entries: Vec<(String, String)>| {
        let entries = entries.into_iter();
        Value::Map(entries.map(|(key, text)| (MapKey::String(key), Value::String(text))).collect())
    };
    let mut maps = Vec::new();
    for text in texts() {
        let text = text.as_str().map(str::to_owned).unwrap_or_default();
        maps.push(map(vec![("key".to_owned(), text.clone())]));
        if text.len() < 3_000 {
            maps.push(map(vec![(text.clone(), "value".to_owned()), ("key".to_owned(), text)]));
        }
    }
    for count in COUNTS {
        maps.push(map((0..count).map(|index| (format!("key-{index}"), String::new())).collect()));
    }
    maps
}
