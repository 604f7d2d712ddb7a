//! Reads a filter. What is wrong is told with its place, and the first thing
//! that is wrong ends the reading.

use super::Wrong;
use super::field::ON_DAY;
use super::syntax::{Comparator, Expression, Field, Literal, Place, is_of_name, is_of_value};
use crate::model::limits::{FILTER_CHARACTERS, FILTER_DEPTH};

/// The condition that `text` says; `None` if it says nothing.
pub fn parse(text: &str) -> Result<Option<Expression>, Wrong> {
    let long = text.char_indices().nth(FILTER_CHARACTERS);
    if long.is_some() {
        let most = FILTER_CHARACTERS;
        return Err(Wrong::new(most + 1, format!("a filter has at most {most} characters")));
    }
    let mut parser = Parser { text, byte: 0, depth: 0 };
    if let Some(byte) = text.find('\0') {
        parser.byte = byte;
        return parser.wrong("NUL cannot be searched for");
    }
    parser.space();
    if parser.rest().is_empty() {
        return Ok(None);
    }
    let read = parser.expression()?;
    match parser.rest().chars().next() {
        None => Ok(Some(read)),
        Some(')') => parser.wrong("this parenthesis closes nothing"),
        Some(other) => parser.wrong(format!("{other:?} cannot stand here")),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// What is read up to.
    byte: usize,
    /// Parts that are open.
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.byte..]
    }

    fn place(&self) -> Place {
        self.text[..self.byte].chars().count() + 1
    }

    fn wrong<T>(&self, what: impl Into<String>) -> Result<T, Wrong> {
        Err(Wrong::new(self.place(), what))
    }

    fn space(&mut self) {
        self.byte = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.byte += if found { token.len() } else { 0 };
        found
    }

    /// The characters from here on that `belongs` lets through.
    fn word(&self, belongs: fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        &rest[..rest.find(|one| !belongs(one)).unwrap_or(rest.len())]
    }

    /// Conditions joined by AND, or by OR, but never by both.
    fn expression(&mut self) -> Result<Expression, Wrong> {
        let mut parts = vec![self.term()?];
        let mut joined = None;
        loop {
            self.space();
            if self.rest().is_empty() || self.rest().starts_with([')', ',']) {
                break;
            }
            let word = self.word(is_of_name);
            match (word, joined) {
                ("AND" | "OR", None) => joined = Some(word),
                ("AND" | "OR", Some(before)) if before == word => {}
                ("AND" | "OR", Some(_)) => {
                    return self.wrong(
                        "AND and OR stand side by side here: say with parentheses which belongs \
                         together, as in a AND (b OR c)",
                    );
                }
                _ if word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or") => {
                    return self.wrong(format!("write {}", word.to_ascii_uppercase()));
                }
                _ => {
                    return self.wrong(
                        "AND or OR must stand here, between two conditions; a value with spaces \
                         stands in quotes",
                    );
                }
            }
            self.byte += word.len();
            parts.push(self.term()?);
        }
        match (parts.len(), joined) {
            (1, _) => Ok(parts.remove(0)),
            (_, Some("AND")) => Ok(Expression::All(parts)),
            _ => Ok(Expression::Any(parts)),
        }
    }

    fn term(&mut self) -> Result<Expression, Wrong> {
        self.space();
        let at = self.place();
        if self.rest().starts_with('-') || self.word(is_of_name) == "NOT" {
            let _ = self.take("-") || self.take("NOT");
            let part = self.inside(at, Self::term)?;
            return Ok(Expression::Not(Box::new(part)));
        }
        if self.take("(") {
            let part = self.inside(at, Self::expression)?;
            self.close(at)?;
            return Ok(part);
        }
        self.restriction()
    }

    /// Reads a part of the one that begins at `at`.
    fn inside<T>(
        &mut self,
        at: Place,
        read: impl Fn(&mut Self) -> Result<T, Wrong>,
    ) -> Result<T, Wrong> {
        if self.depth == FILTER_DEPTH {
            let text = format!("parts stand in each other at most {FILTER_DEPTH} deep");
            return Err(Wrong::new(at, text));
        }
        self.depth += 1;
        let part = read(self)?;
        self.depth -= 1;
        Ok(part)
    }

    fn close(&mut self, opened: Place) -> Result<(), Wrong> {
        self.space();
        if self.take(")") {
            return Ok(());
        }
        if self.rest().is_empty() {
            return Err(Wrong::new(opened, "what opens here is not closed: `)` is missing"));
        }
        self.wrong("`)` must stand here")
    }

    fn restriction(&mut self) -> Result<Expression, Wrong> {
        let field = self.field()?;
        self.space();
        if self.take("(") {
            return self.function(field);
        }
        let Some(comparator) = self.comparator() else {
            return Err(Wrong::new(
                field.at,
                format!(
                    "a condition is a field, one of = != < <= > >= : and a value, such as \
                     title:\"{field}\"; words alone are not searched for"
                ),
            ));
        };
        self.space();
        let literal = self.literal()?;
        Ok(Expression::Compare(field, comparator, literal))
    }

    fn comparator(&mut self) -> Option<Comparator> {
        Comparator::EVERY.into_iter().find(|one| self.take(one.as_str()))
    }

    fn function(&mut self, name: Field) -> Result<Expression, Wrong> {
        let at = name.at;
        match name.to_string().as_str() {
            "possibly" => {
                let part = self.inside(at, Self::expression)?;
                self.close(at)?;
                Ok(Expression::Possibly(Box::new(part)))
            }
            "under" => {
                self.space();
                let field = self.field()?;
                self.space();
                if !self.take(",") {
                    return self.wrong("`, ` and a resource name must stand here");
                }
                self.space();
                let literal = self.literal()?;
                self.close(at)?;
                Ok(Expression::Under(field, literal))
            }
            function if function.len() > ON_DAY.len() && function.ends_with(ON_DAY) => {
                self.on_day(name)
            }
            other => Err(Wrong::new(
                at,
                format!(
                    "there is no function {other}: there are under(field, name), \
                     possibly(condition) and status_on(day)"
                ),
            )),
        }
    }

    /// What stands behind `status_on(`.
    fn on_day(&mut self, function: Field) -> Result<Expression, Wrong> {
        self.space();
        if self.rest().is_empty() || self.rest().starts_with(')') {
            return self.wrong("a day must stand here, such as \"2016-06-01\"");
        }
        let day = self.literal()?;
        self.close(function.at)?;
        self.space();
        let Some(comparator) = self.comparator() else {
            return self.wrong(format!(
                "one of = and != and a value must stand here, behind {function}({day})"
            ));
        };
        self.space();
        let literal = self.literal()?;
        Ok(Expression::CompareOn(function, day, comparator, literal))
    }

    fn field(&mut self) -> Result<Field, Wrong> {
        let at = self.place();
        let first = self.word(is_of_name);
        if ["AND", "OR", "NOT"].contains(&first) {
            return self.wrong(format!("a condition is missing before {first}"));
        }
        if first.is_empty() {
            return match self.rest().chars().next() {
                None | Some(')') => self.wrong("a condition is missing here"),
                Some('"' | '\'') => self.wrong(
                    "a condition begins with a field, as in title:\"words\"; quoted text alone \
                     is not searched for",
                ),
                Some(_) => self.wrong("the name of a field must stand here"),
            };
        }
        self.byte += first.len();
        let mut names = vec![first.to_owned()];
        while self.take(".") {
            if self.rest().starts_with(['"', '\'']) {
                names.push(self.quoted()?);
                continue;
            }
            let name = self.word(is_of_name);
            if name.is_empty() {
                return self.wrong("a name is missing after the dot");
            }
            self.byte += name.len();
            names.push(name.to_owned());
        }
        Ok(Field { names, at })
    }

    fn literal(&mut self) -> Result<Literal, Wrong> {
        let at = self.place();
        if self.rest().starts_with(['"', '\'']) {
            return Ok(Literal { text: self.quoted()?, quoted: true, at });
        }
        let text = self.word(is_of_value);
        if text.is_empty() || ["AND", "OR", "NOT"].contains(&text) {
            return self
                .wrong("a value is missing here; AND, OR and NOT as a value stand in quotes");
        }
        if text.starts_with(['=', '<', '>', '!', ':']) {
            return self.wrong("the comparators are = != < <= > >= :");
        }
        self.byte += text.len();
        Ok(Literal { text: text.to_owned(), quoted: false, at })
    }

    fn quoted(&mut self) -> Result<String, Wrong> {
        let opened = self.place();
        let mut characters = self.rest().char_indices();
        let quote = characters.next().map(|(_, quote)| quote);
        let mut text = String::new();
        while let Some((place, one)) = characters.next() {
            if Some(one) == quote {
                self.byte += place + one.len_utf8();
                return Ok(text);
            }
            match (one, characters.clone().next()) {
                ('\\', Some((_, next @ ('\\' | '"' | '\'')))) => {
                    text.push(next);
                    characters.next();
                }
                ('\\', _) => {
                    self.byte += place;
                    return self.wrong("`\\` stands before a quote or another `\\` only");
                }
                _ => text.push(one),
            }
        }
        Err(Wrong::new(opened, "the quote that opens here is not closed"))
    }
}
