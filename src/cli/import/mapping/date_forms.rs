//! Dates as registers write them, made EDTF.

use crate::model::dates::PartialDate;

/// A form of dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DateForm {
    /// EDTF as it is.
    Edtf,
    /// A pattern such as `%d.%m.%Y`.
    Pattern(String),
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl DateForm {
    /// Reads one.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text == "edtf" {
            return Ok(Self::Edtf);
        }
        let mut rest = text.chars();
        let (mut has_year, mut is_known) = (false, true);
        while let Some(one) = rest.next() {
            if one == '%' {
                let part = rest.next();
                has_year |= part == Some('Y');
                is_known &= part.is_some_and(|part| "YmdB%".contains(part));
            }
        }
        if has_year && is_known {
            return Ok(Self::Pattern(text.to_owned()));
        }
        let known = "edtf, or a pattern of %Y and %m, %d, %B (an English month)";
        Err(format!("{text:?} is no form of dates: {known}"))
    }

    /// The date as EDTF; `None` if it has another form or is no day of the calendar.
    pub(super) fn edtf(&self, text: &str) -> Option<String> {
        let date = match self {
            Self::Edtf => text.to_owned(),
            Self::Pattern(pattern) => parts(pattern, text)?,
        };
        PartialDate::parse(&date).ok().map(|_| date)
    }
}

/// What `text` says by `pattern`, as year, month and day as far as they are there.
fn parts(pattern: &str, text: &str) -> Option<String> {
    let (mut pattern, mut rest) = (pattern.chars(), text);
    let (mut year, mut month, mut day) = (None, None, None);
    while let Some(one) = pattern.next() {
        if one != '%' {
            rest = rest.strip_prefix(one)?;
            continue;
        }
        match pattern.next()? {
            'Y' => year = Some(digits(&mut rest, 4, 4)?),
            'm' => month = Some(digits(&mut rest, 1, 2)?),
            'd' => day = Some(digits(&mut rest, 1, 2)?),
            'B' => month = Some(month_name(&mut rest)?),
            other => rest = rest.strip_prefix(other)?,
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let year = format!("{:04}", year?);
    match (month, day) {
        (None, None) => Some(year),
        (Some(month), None) => Some(format!("{year}-{month:02}")),
        (Some(month), Some(day)) => Some(format!("{year}-{month:02}-{day:02}")),
        (None, Some(day)) => Some(format!("{year}-XX-{day:02}")),
    }
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    let (number, after) = rest.split_at(count);
    *rest = after;
    number.parse().ok()
}

/// A month by its English name or the first three letters of it.
fn month_name(rest: &mut &str) -> Option<u32> {
    let count = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, after) = rest.split_at(count);
    let name = name.to_lowercase();
    let found =
        MONTHS.iter().zip(1..).find(|(month, _)| name.len() >= 3 && month.starts_with(&name));
    *rest = after.strip_prefix('.').filter(|_| name.len() == 3).unwrap_or(after);
    found.map(|(_, number)| number)
}

/// The date `closer` if it lies within `date`, which may say less.
pub(super) fn narrowed(date: &str, closer: &str) -> Option<String> {
    let (wide, narrow) = (PartialDate::parse(date).ok()?, PartialDate::parse(closer).ok()?);
    let lies_within = wide.earliest() <= narrow.earliest() && narrow.latest() <= wide.latest();
    lies_within.then(|| closer.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edtf(form: &str, text: &str) -> Option<String> {
        DateForm::read(form).unwrap().edtf(text)
    }

    #[test]
    fn dates_of_many_forms_become_edtf() {
        for (form, text, date) in [
            ("edtf", "1897-05-15?", "1897-05-15?"),
            ("edtf", "1964-XX-16", "1964-XX-16"),
            ("%d/%m/%Y", "3/12/1999", "1999-12-03"),
            ("%Y%m%d", "19860618", "1986-06-18"),
            ("%d %B %Y", "5 Sept 1930", "1930-09-05"),
            ("%B %Y", "December 1991", "1991-12"),
            ("%d. %B %Y", "1. Feb. 1930", "1930-02-01"),
        ] {
            assert_eq!(edtf(form, text).as_deref(), Some(date), "{form} {text}");
        }
        for (form, text) in [
            ("edtf", "1981-09..1981-10"),
            ("edtf", "0014-022005"),
            ("%d/%m/%Y", "31/02/1999"),
            ("%d/%m/%Y", "1999"),
            ("%d/%m/%Y", "1/2/1999 or so"),
            ("%d %B %Y", "1 Brumaire 1799"),
        ] {
            assert_eq!(edtf(form, text), None, "{form} {text}");
        }
        assert!(DateForm::read("%d/%m").is_err() && DateForm::read("%H %Y").is_err());
    }

    #[test]
    fn a_closer_date_must_lie_within() {
        assert_eq!(narrowed("1921", "1921-07-26").as_deref(), Some("1921-07-26"));
        assert_eq!(narrowed("1797", "1799-12-24"), None);
        assert_eq!(narrowed("1921-07-21", "1921-07-26"), None);
    }
}
