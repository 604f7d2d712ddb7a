//! The single checks of which the generated code is made. Each means what
//! `buf.validate` means by it, and says what would be right.

use std::fmt::Display;
use std::sync::LazyLock;

use regex::Regex;

use super::uri;
use crate::model::violations::{Path, Violations};

/// A pattern and what it asks for, in words.
#[derive(Debug)]
pub struct Pattern {
    regex: LazyLock<Regex>,
    words: &'static str,
}

impl Pattern {
    /// A pattern that `compile` makes when it is first needed.
    pub const fn new(compile: fn() -> Regex, words: &'static str) -> Self {
        Self { regex: LazyLock::new(compile), words }
    }
}

/// Compiles a pattern of the protos.
///
/// # Panics
/// If it is none; the build has compiled it once already.
pub fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the build compiles every pattern")
}

/// Says that a value has to be given.
pub fn missing(at: &Path<'_>, violations: &mut Violations) {
    violations.add(at, "is required");
}

/// Whether the value is given; says so if not.
pub fn required(is_set: bool, at: &Path<'_>, violations: &mut Violations) -> bool {
    if !is_set {
        missing(at, violations);
    }
    is_set
}

/// Text must not contain NUL, which PostgreSQL does not store.
pub fn no_nul(value: &str, at: &Path<'_>, violations: &mut Violations) {
    if value.contains('\0') {
        violations.add(at, "must not contain NUL characters");
    }
}

/// Text of at least `least` characters.
pub fn min_length(value: &str, least: usize, at: &Path<'_>, violations: &mut Violations) {
    let count = value.chars().take(least).count();
    if count < least {
        violations.add(
            at,
            match least {
                1 => "must not be empty".to_owned(),
                _ => format!("must be at least {least} characters, is {count}"),
            },
        );
    }
}

/// Text of at most `most` characters.
pub fn max_length(value: &str, most: usize, at: &Path<'_>, violations: &mut Violations) {
    // There are never more characters than bytes.
    if value.len() > most && value.chars().count() > most {
        let count = value.chars().count();
        violations.add(at, format!("must be at most {most} characters, is {count}"));
    }
}

/// Text or bytes of at most `most` bytes.
pub fn max_bytes(length: usize, most: usize, at: &Path<'_>, violations: &mut Violations) {
    if length > most {
        violations.add(at, format!("must be at most {most} bytes, is {length}"));
    }
}

/// Exactly `wanted` bytes.
pub fn bytes(length: usize, wanted: usize, at: &Path<'_>, violations: &mut Violations) {
    if length != wanted {
        violations.add(at, format!("must be exactly {wanted} bytes, is {length}"));
    }
}

/// Text that matches.
pub fn matches(value: &str, pattern: &Pattern, at: &Path<'_>, violations: &mut Violations) {
    if !pattern.regex.is_match(value) {
        violations.add(at, pattern.words);
    }
}

/// Text that is a URI.
pub fn uri(value: &str, at: &Path<'_>, violations: &mut Violations) {
    if !uri::is_uri(value) {
        violations.add(at, "must be a URI with a scheme, such as https://example.org/treaty.pdf");
    }
}

/// A number that the enum `name` declares.
pub fn defined(
    is_defined: bool,
    value: i32,
    name: &str,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    if !is_defined {
        violations.add(at, format!("must be one of the values of {name}, {value} is none"));
    }
}

/// None of the values that are refused, which have these `names`.
pub fn none_of(
    value: i32,
    refused: &[i32],
    names: &str,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    if refused.contains(&value) {
        violations.add(at, format!("must not be {names}"));
    }
}

/// A number below `limit`.
pub fn below<N: PartialOrd + Display>(
    value: N,
    limit: N,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    bound(value < limit, "below", value, limit, at, violations);
}

/// A number up to `limit`.
pub fn at_most<N: PartialOrd + Display>(
    value: N,
    limit: N,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    bound(value <= limit, "at most", value, limit, at, violations);
}

/// A number above `limit`.
pub fn above<N: PartialOrd + Display>(
    value: N,
    limit: N,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    bound(value > limit, "above", value, limit, at, violations);
}

/// A number from `limit` up.
pub fn at_least<N: PartialOrd + Display>(
    value: N,
    limit: N,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    bound(value >= limit, "at least", value, limit, at, violations);
}

fn bound<N: Display>(
    holds: bool,
    words: &str,
    value: N,
    limit: N,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    if !holds {
        violations.add(at, format!("must be {words} {limit}, is {value}"));
    }
}

/// A list or map with at least `least` of `what`.
pub fn min_count(
    count: usize,
    least: usize,
    what: &str,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    if count < least {
        violations.add(
            at,
            match least {
                1 => "must not be empty".to_owned(),
                _ => format!("must have at least {least} {what}, has {count}"),
            },
        );
    }
}

/// A list or map with at most `most` of `what`.
pub fn max_count(
    count: usize,
    most: usize,
    what: &str,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    if count > most {
        violations.add(at, format!("must have at most {most} {what}, has {count}"));
    }
}

/// A list in which nothing comes twice. Lists of more than `most` elements are
/// refused for that, so the cost is bounded.
pub fn unique<T: PartialEq>(values: &[T], most: usize, at: &Path<'_>, violations: &mut Violations) {
    if values.len() > most {
        return;
    }
    let repeated = (1..values.len()).find(|index| values[..*index].contains(&values[*index]));
    if let Some(index) = repeated {
        violations.add(at, format!("must not repeat an element, [{index}] was there before"));
    }
}
