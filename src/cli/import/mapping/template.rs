//! Texts with columns in them, such as `{forename} {surname}[, {suffix}]`.

use super::row::Row;

/// A text with columns in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Column(String, Filter),
    /// Left out unless all columns in it are filled.
    Optional(Vec<Piece>),
}

/// What is done to the value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    None,
    Lower,
    Upper,
    /// Lower-case letters and digits with hyphens between them, as ids have it.
    Slug,
}

const FILTERS: [(&str, Filter); 3] =
    [(":lower", Filter::Lower), (":upper", Filter::Upper), (":slug", Filter::Slug)];

impl Template {
    /// Reads one; braces and brackets that stand for themselves are doubled.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut rest = text.chars().peekable();
        let mut open: Option<Vec<Piece>> = None;
        let mut whole: Vec<Piece> = Vec::new();
        while let Some(one) = rest.next() {
            let doubled = "{}[]".contains(one) && rest.next_if_eq(&one).is_some();
            let is_open = open.is_some();
            let pieces = open.as_mut().unwrap_or(&mut whole);
            match one {
                _ if doubled => text_of(pieces).push(one),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match rest.next() {
                            Some('}') => break,
                            Some(one) => name.push(one),
                            None => return Err(format!("has a {{ without its }}: {text}")),
                        }
                    }
                    pieces.push(column(&name));
                }
                '[' if !is_open => open = Some(Vec::new()),
                ']' if is_open => {
                    whole.push(Piece::Optional(open.take().unwrap_or_default()));
                }
                '}' | '[' | ']' => return Err(format!("has a {one} too many: {text}")),
                one => text_of(pieces).push(one),
            }
        }
        if open.is_some() {
            return Err(format!("has a [ without its ]: {text}"));
        }
        Ok(Self(whole))
    }

    /// One that is this text, whatever stands in it.
    pub(super) fn text(text: &str) -> Self {
        Self(vec![Piece::Text(text.to_owned())])
    }

    /// The columns in it.
    pub(super) fn columns(&self) -> Vec<&str> {
        columns(&self.0)
    }

    /// The text itself if it has no column.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text for a row, without white space around it; empty if it has columns and none
    /// of them is filled.
    pub(super) fn fill(&self, row: &Row<'_>) -> String {
        let columns = self.columns();
        if !columns.is_empty() && columns.iter().all(|column| row.get(column).is_empty()) {
            return String::new();
        }
        let mut out = String::new();
        fill(&self.0, row, &mut out);
        out.trim().to_owned()
    }
}

fn text_of(pieces: &mut Vec<Piece>) -> &mut String {
    if !matches!(pieces.last(), Some(Piece::Text(_))) {
        pieces.push(Piece::Text(String::new()));
    }
    match pieces.last_mut() {
        Some(Piece::Text(text)) => text,
        _ => unreachable!("a text was pushed if there was none"),
    }
}

fn column(name: &str) -> Piece {
    for (ending, filter) in FILTERS {
        if let Some(name) = name.strip_suffix(ending) {
            return Piece::Column(name.to_owned(), filter);
        }
    }
    Piece::Column(name.to_owned(), Filter::None)
}

fn columns(pieces: &[Piece]) -> Vec<&str> {
    let mut found = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Column(name, _) => found.push(name.as_str()),
            Piece::Optional(inner) => found.extend(columns(inner)),
        }
    }
    found
}

fn fill(pieces: &[Piece], row: &Row<'_>, out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Column(name, filter) => out.push_str(&filter.of(row.get(name))),
            Piece::Optional(inner) => {
                if columns(inner).iter().all(|column| !row.get(column).is_empty()) {
                    fill(inner, row, out);
                }
            }
        }
    }
}

impl Filter {
    fn of(self, text: &str) -> String {
        match self {
            Self::None => text.to_owned(),
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Slug => crate::cli::import::spelling::slug(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn filled(template: &str, columns: &[(&str, &str)]) -> String {
        let places: HashMap<String, usize> = columns
            .iter()
            .enumerate()
            .map(|(place, (name, _))| ((*name).to_owned(), place))
            .collect();
        let values: Vec<String> = columns.iter().map(|(_, value)| (*value).to_owned()).collect();
        Template::read(template).unwrap().fill(&Row {
            places: &places,
            values: &values,
            item: None,
        })
    }

    #[test]
    fn columns_are_filled_in_and_optional_parts_left_out() {
        let person = [("given", "Ada"), ("family", "Byron"), ("suffix", "")];
        assert_eq!(filled("{given} {family}[, {suffix}]", &person), "Ada Byron");
        let person = [("given", ""), ("family", "Byron"), ("suffix", "Jr.")];
        assert_eq!(filled("{given} {family}[, {suffix}]", &person), "Byron, Jr.");
        assert_eq!(filled("Visit of {given}", &person), "", "nothing is filled");
        assert_eq!(filled("a {{b}} [[c]]", &person), "a {b} [c]");
    }

    #[test]
    fn filters_make_ids() {
        let bloc = [("bloc", "Commonwealth of Nations (Æthel)")];
        assert_eq!(filled("{bloc:slug}", &bloc), "commonwealth-of-nations-aethel");
        assert_eq!(filled("{bloc:upper}", &[("bloc", "au")]), "AU");
    }

    #[test]
    fn what_is_open_is_told() {
        for wrong in ["{a", "a}", "[a", "a]", "[a [b] c]"] {
            assert!(Template::read(wrong).is_err(), "{wrong}");
        }
    }
}
