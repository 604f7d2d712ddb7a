//! The resource types: for each, the tables that it fills and the rules that only
//! people can say. What all share is in [`crate::store`]; what each declares for
//! itself is in its proto file.

pub mod agreement;
pub mod bilateral_relation;
pub mod cooperation_area;
pub mod country;
mod doubts;
pub mod engagement;
pub mod official;
pub mod organization;
pub mod reference;
pub mod source;
pub mod statement;

use std::collections::BTreeSet;
use std::iter;
use std::sync::LazyLock;

use crate::model::dates::{Day, PartialDate};
use crate::model::standard::Standard;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{
    Agreement, BilateralRelation, CooperationArea, Country, Engagement, Official, Organization,
    Period, PeriodEndKind, Source, Statement,
};
pub(crate) use crate::store::index::{ordinal, short_name};
use crate::store::registry::{Kind, Registry};
use crate::store::resource::{Keys, Resource};

/// Something to do with each resource type.
pub trait TypeVisitor {
    /// Does it with the type `T`.
    fn visit<T: Resource + Standard>(&mut self);
}

/// Every resource type, one line each.
pub fn each_type(visitor: &mut impl TypeVisitor) {
    visitor.visit::<Country>();
    visitor.visit::<Agreement>();
    visitor.visit::<CooperationArea>();
    visitor.visit::<Official>();
    visitor.visit::<Organization>();
    visitor.visit::<Engagement>();
    visitor.visit::<BilateralRelation>();
    visitor.visit::<Statement>();
    visitor.visit::<Source>();
}

/// The resource types as the store sees them.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    struct Kinds(Vec<Kind>);
    impl TypeVisitor for Kinds {
        fn visit<T: Resource + Standard>(&mut self) {
            self.0.push(Kind::of::<T>());
        }
    }
    let mut kinds = Kinds(Vec::new());
    each_type(&mut kinds);
    Registry(kinds.0.leak())
});

/// A partial date as columns: its text, and the earliest and latest day that it
/// can mean.
pub(crate) struct DateColumns {
    pub(crate) text: Option<String>,
    pub(crate) earliest: Option<i32>,
    pub(crate) latest: Option<i32>,
    /// The day to sort by: what has no date may be of any day, so also of the first of all.
    pub(crate) first_day: i32,
}

impl DateColumns {
    pub(crate) fn of(text: &str) -> Self {
        match PartialDate::parse(text) {
            Ok(date) => Self {
                text: Some(text.to_owned()),
                earliest: Some(date.earliest()),
                latest: Some(date.latest()),
                first_day: date.earliest(),
            },
            Err(_) => Self { text: None, earliest: None, latest: None, first_day: Day::MIN },
        }
    }
}

/// `None` for an empty text.
pub(crate) fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The keys of the records called `names`, each with its place in the list.
pub(crate) fn keys_of<'n>(
    names: impl IntoIterator<Item = &'n String>,
    keys: &dyn Keys,
) -> impl Iterator<Item = (i32, i64)> {
    let found = names.into_iter().enumerate();
    found.filter_map(|(index, name)| Some((ordinal(index), keys.key(name)?)))
}

/// The first day, from `today` on, on which something derived is `other` than it is
/// now; `None` if it stays. Only on a day that one of `dates` begins with can it become
/// another.
pub(crate) fn first_change<'d>(
    dates: impl Iterator<Item = &'d str>,
    today: Day,
    other: impl Fn(Day) -> bool,
) -> Option<Day> {
    let begins = dates.filter_map(|date| Some(PartialDate::parse(date).ok()?.earliest()));
    let later: BTreeSet<Day> = begins.filter(|day| *day > today).collect();
    iter::once(today).chain(later).find(|day| other(*day))
}

/// Checks that a name that may be of any type, and may be empty, is one of a country
/// or an organization.
pub(crate) fn check_polity(name: &str, at: &Path<'_>, violations: &mut Violations) {
    let fits = ["countries/", "organizations/"].iter().any(|start| name.starts_with(start));
    if !name.is_empty() && !fits {
        violations.add(at, "must be a country or an organization");
    }
}

/// The same for each of several names.
pub(crate) fn check_polities(names: &[String], at: &Path<'_>, violations: &mut Violations) {
    for (index, name) in names.iter().enumerate() {
        check_polity(name, &at.index(index), violations);
    }
}

/// Checks a date that may be empty. What its declared pattern refuses is not
/// reported again.
pub(crate) fn check_date(text: &str, at: &Path<'_>, violations: &mut Violations) {
    if !text.is_empty()
        && looks_like_date(text)
        && let Err(error) = PartialDate::parse(text)
    {
        violations.add(at, error.to_string());
    }
}

/// Whether `text` has the shape that the protos declare for dates.
fn looks_like_date(text: &str) -> bool {
    let text = text.strip_suffix(['?', '~', '%']).unwrap_or(text);
    if let Some(year) = text.strip_prefix('Y') {
        let year = year.strip_prefix('-').unwrap_or(year);
        return (5..=6).contains(&year.len()) && year.bytes().all(|byte| byte.is_ascii_digit());
    }
    let text = text.strip_prefix('-').unwrap_or(text);
    let parts: Vec<_> = text.split('-').collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'X');
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    matches!(lengths.as_slice(), [4] | [4, 2] | [4, 2, 2]) && parts.into_iter().all(digits)
}

/// Checks a period: its dates, and that it does not end before it starts.
pub(crate) fn check_period(period: Option<&Period>, at: &Path<'_>, violations: &mut Violations) {
    let Some(period) = period else { return };
    check_date(&period.start, &at.field("start"), violations);
    check_date(&period.end, &at.field("end"), violations);
    if crate::model::dates::period_definitely_inverted(&period.start, &period.end) {
        let text = format!("must not lie before the start, {}", period.start);
        violations.add(&at.field("end"), text);
    }
    let kind = period.end_kind();
    if !period.end.is_empty() && !matches!(kind, PeriodEndKind::Unspecified | PeriodEndKind::Dated)
    {
        violations.add(&at.field("end_kind"), "must be DATED or unset where `end` is given");
    }
    if period.end.is_empty() && kind == PeriodEndKind::Dated {
        violations.add(&at.field("end"), "is required where `end_kind` is DATED");
    }
}

/// How a period ends, as a column has it.
pub(crate) fn end_kind(period: &Period) -> String {
    let kind = match period.end_kind() {
        PeriodEndKind::Unspecified if period.end.is_empty() => PeriodEndKind::Unknown,
        PeriodEndKind::Unspecified => PeriodEndKind::Dated,
        kind => kind,
    };
    short_name(kind.as_str_name(), "PERIOD_END_KIND_").unwrap_or_default()
}
