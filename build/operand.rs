//! How generated code names the value that it checks.

use prost_reflect::{FieldDescriptor, Kind};

use crate::code::field_name;

/// An expression for a value: as a reference, and copied out of it.
pub struct Operand {
    pub reference: String,
    pub copy: String,
}

impl Operand {
    /// A field of the message itself.
    pub fn field(field: &FieldDescriptor) -> Self {
        let name = field_name(field.name());
        Self { reference: format!("&self.{name}"), copy: format!("self.{name}") }
    }

    /// A variable that holds a reference.
    pub fn bound(name: &str) -> Self {
        Self { reference: name.to_owned(), copy: format!("*{name}") }
    }

    /// Where a method can be called on it.
    pub fn receiver(&self) -> &str {
        self.reference.trim_start_matches('&')
    }

    /// Whether it is not zero, as an expression.
    pub fn is_set(&self, kind: &Kind) -> String {
        match kind {
            Kind::String | Kind::Bytes => format!("!{}.is_empty()", self.receiver()),
            Kind::Bool => self.copy.clone(),
            _ => format!("{} != 0", self.copy),
        }
    }
}
