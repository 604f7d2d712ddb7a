//! A filter as it is written, before anything is known of fields and types.

use std::fmt;

/// A condition as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// All of them, at least two.
    All(Vec<Self>),
    /// One of them, at least two.
    Any(Vec<Self>),
    /// Not that.
    Not(Box<Self>),
    /// `possibly(...)`.
    Possibly(Box<Self>),
    /// A field, a comparator and a value.
    Compare(Field, Comparator, Literal),
    /// `status_on(day)`, a comparator and a value.
    CompareOn(Field, Literal, Comparator, Literal),
    /// `under(field, value)`.
    Under(Field, Literal),
}

/// Where something stands: its first character, from 1.
pub type Place = usize;

/// A field as it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The names between the dots.
    pub names: Vec<String>,
    /// Where it stands.
    pub at: Place,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Without quotes and escapes.
    pub text: String,
    /// Whether it stood in quotes.
    pub quoted: bool,
    /// Where it stands.
    pub at: Place,
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `:`
    Has,
}

impl Comparator {
    /// All of them; none begins with one that stands before it.
    pub const EVERY: [Self; 7] = [
        Self::NotEqual,
        Self::LessOrEqual,
        Self::GreaterOrEqual,
        Self::Equal,
        Self::Less,
        Self::Greater,
        Self::Has,
    ];

    /// Whether it asks no more than whether two are the same.
    pub(super) fn is_of_identity(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual | Self::Has)
    }

    /// As it is written, also in SQL but for `:`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Has => ":",
        }
    }
}

/// Whether a character may stand in a name without quotes.
pub(super) fn is_of_name(character: char) -> bool {
    !character.is_whitespace() && !"=<>!:(),.\"'".contains(character)
}

/// Whether a character may stand in a value without quotes.
pub(super) fn is_of_value(character: char) -> bool {
    !character.is_whitespace() && !"(),\"'".contains(character)
}

/// Writes it in the one way that the parser reads as the same.
impl fmt::Display for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => join(parts, " AND ", out),
            Self::Any(parts) => join(parts, " OR ", out),
            Self::Not(part) => {
                out.write_str("NOT ")?;
                part.fmt_single(out)
            }
            Self::Possibly(part) => write!(out, "possibly({part})"),
            Self::Compare(field, comparator, literal) => {
                write!(out, "{field} {} {literal}", comparator.as_str())
            }
            Self::CompareOn(function, day, comparator, literal) => {
                write!(out, "{function}({day}) {} {literal}", comparator.as_str())
            }
            Self::Under(field, literal) => write!(out, "under({field}, {literal})"),
        }
    }
}

impl Expression {
    fn fmt_single(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(_) | Self::Any(_) => write!(out, "({self})"),
            _ => write!(out, "{self}"),
        }
    }
}

fn join(parts: &[Expression], between: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        out.write_str(if index == 0 { "" } else { between })?;
        part.fmt_single(out)?;
    }
    Ok(())
}

impl fmt::Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names.iter().enumerate() {
            out.write_str(if index == 0 { "" } else { "." })?;
            if !name.is_empty() && name.chars().all(is_of_name) {
                out.write_str(name)?;
            } else {
                quote(name, out)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted { quote(&self.text, out) } else { out.write_str(&self.text) }
    }
}

fn quote(text: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(out, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
