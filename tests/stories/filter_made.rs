//! Resources and filters that are made up.

use std::collections::BTreeMap;

use entente::filter::field::{Filterable, Values, filterable};
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementCommitment, AgreementForm, AgreementLink,
    AgreementLinkKind, AgreementParty, AgreementSignatory, AgreementTerm, Citation, CitationVoice,
    ExternalId, LegalForce, Mutation, Official, Organization, PartyRole, Period, Source, Tenure,
    TenureRank, agreement_party,
};
use entente::resources::REGISTRY;
use entente::store::registry::Kind;
use prost_reflect::Kind as FieldKind;

use crate::chance::Chance;
use crate::support::samples::create;

/// Countries that are parties.
pub const COUNTRIES: [&str; 6] = ["KHM", "RUS", "VNM", "FRA", "SUN", "GUF"];
/// Areas, some of them made up.
pub const AREAS: [&str; 5] = ["security", "counter-terrorism", "made-up", "trade", "deeper"];
/// Sources, made by [`first`].
pub const SOURCES: [&str; 2] = ["s0", "s1"];
/// Organizations, made by [`first`].
pub const ORGANIZATIONS: [&str; 2] = ["g0", "g1"];
const DATES: [&str; 12] = [
    "",
    "2019",
    "2020-05",
    "2020-05-03",
    "2020-05-04",
    "2021",
    "202X",
    "XXXX-05-03",
    "2020-XX-03",
    "2020-05?",
    "-0044",
    "2020-21",
];
const DAYS: [&str; 8] = [
    "-0044-06-01",
    "1999-12-31",
    "2020-05-02",
    "2020-05-03",
    "2020-05-04",
    "2021-01-01",
    "2031-06-01",
    "9999-12-31",
];
const SPANS: [&str; 9] =
    ["2019", "2020", "2020-05", "2020-05-03", "2020-05-04", "202X", "2021-01-01", "-0044", "1999"];
const TEXTS: [&str; 7] = ["Pact", "pact", "PACT of Été", "été", "a \"b\" \\c", "%_*", "Z"];

/// Makes what the others name: sources, and organizations one below the other.
pub fn first() -> Vec<Mutation> {
    let source = |id: &str| {
        let title = format!("Source {id}");
        create(id, Any::Source(Source { title, ..Source::default() }))
    };
    let organization = |id: &str| {
        let parent = if id == "g1" { "organizations/g0" } else { "" }.to_owned();
        let display_name = format!("Organization {id}");
        let made = Organization { display_name, parent, ..Organization::default() };
        create(id, Any::Organization(made))
    };
    SOURCES.map(source).into_iter().chain(ORGANIZATIONS.map(organization)).collect()
}

/// What comes of chance.
pub struct Made(pub Chance);

impl Made {
    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.0.below(of.len() as u64)).unwrap()].clone()
    }

    fn is(&mut self) -> bool {
        self.0.below(2) == 0
    }

    fn some<T: Clone>(&mut self, of: &[T], most: u64) -> Vec<T> {
        (0..self.0.below(most + 1)).map(|_| self.one(of)).collect()
    }

    fn distinct(&mut self, collection: &str, of: &[&str], most: u64) -> Vec<String> {
        let mut found: Vec<_> = self.some(of, most);
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|id| format!("{collection}/{id}")).collect()
    }

    fn value<E: TryFrom<i32>>(&mut self, most: i32) -> i32 {
        let value = i32::try_from(self.0.below(u64::try_from(most + 1).unwrap())).unwrap();
        assert!(E::try_from(value).is_ok());
        value
    }

    pub fn labels(&mut self) -> BTreeMap<String, String> {
        let keys = self.some(&["desk", "my key", "é"], 2);
        keys.into_iter()
            .map(|key| (key.to_owned(), self.one(&["", "1", "Ab", "ab"]).to_owned()))
            .collect()
    }

    fn external_ids(&mut self, number: usize) -> Vec<ExternalId> {
        let schemes = if self.is() { vec!["un", "cow"] } else { self.some(&["un"], 1) };
        let value = |scheme: &str| ExternalId {
            scheme: scheme.to_owned(),
            value: format!("{}", number + scheme.len()),
        };
        schemes.into_iter().map(value).collect()
    }

    /// Citations of [`SOURCES`].
    pub fn citations(&mut self) -> Vec<Citation> {
        let sources = self.some(&SOURCES, 2);
        let cite = |id: &str| Citation {
            source: format!("sources/{id}"),
            voice: self.value::<CitationVoice>(3),
            attributed_to: self.one(&["", "organizations/g0", "countries/KHM"]).to_owned(),
            credibility: i32::try_from(self.0.below(7)).unwrap(),
            ..Citation::default()
        };
        sources.into_iter().map(cite).collect()
    }

    pub fn agreement(&mut self, number: usize) -> Agreement {
        let parties = self.distinct("countries", &COUNTRIES, 3);
        let party = |made: &mut Self| {
            let any = parties.first().cloned().unwrap_or_default();
            made.one(&[any, String::new()])
        };
        let actions = (0..self.0.below(4)).map(|_| AgreementAction {
            kind: self.one(&[ActionKind::Signature, ActionKind::EntryIntoForce]).into(),
            party: party(self),
            date: self.one(&DATES).to_owned(),
            effective_date: self.one(&DATES).to_owned(),
            ..AgreementAction::default()
        });
        let actions = actions.collect();
        let signed_by = self.some(&["officials/o0", "officials/o1"], 1);
        let earlier = number.checked_sub(1).map(|number| format!("agreements/a{number}"));
        let kinds = [AgreementLinkKind::Supersedes, AgreementLinkKind::Amends];
        let links = earlier
            .filter(|_| self.is())
            .map(|agreement| AgreementLink { kind: self.one(&kinds).into(), agreement });
        Agreement {
            title: self.one(&TEXTS).to_owned(),
            short_title: self.one(&["", "Pact", "x"]).to_owned(),
            form: self.one(&[AgreementForm::Treaty, AgreementForm::Protocol]).into(),
            legal_force: self.value::<LegalForce>(2),
            parties: parties
                .iter()
                .map(|name| agreement_party::Party::Country(name.clone()))
                .chain(
                    self.some(&["organizations/g0"], 1)
                        .into_iter()
                        .map(|name| agreement_party::Party::Organization(name.to_owned())),
                )
                .map(|party| AgreementParty {
                    party: Some(party),
                    role: self.value::<PartyRole>(4),
                })
                .collect(),
            areas: self.distinct("cooperationAreas", &AREAS, 2),
            commitments: vec![AgreementCommitment {
                text: "They will".to_owned(),
                areas: self.distinct("cooperationAreas", &AREAS, 1),
            }],
            actions,
            signed_by: signed_by
                .into_iter()
                .map(|official| AgreementSignatory {
                    official: official.to_owned(),
                    title_on_date: self.one(&TEXTS).to_owned(),
                    party: String::new(),
                })
                .collect(),
            links: links.into_iter().collect(),
            place: self.one(&["", "Pact", "Minsk"]).to_owned(),
            term: self.is().then(|| AgreementTerm {
                expires_on: self.one(&DATES).to_owned(),
                ..AgreementTerm::default()
            }),
            external_ids: self.external_ids(number * 10),
            labels: self.labels(),
            citations: self.citations(),
            ..Agreement::default()
        }
    }

    pub fn official(&mut self, number: usize) -> Official {
        let period = |made: &mut Self| {
            let start = made.one(&["", "2019", "201X", "2018-02-03"]).to_owned();
            let end = made.one(&["", "2020", "202X", "2020-05-03"]).to_owned();
            Period { start, end, ..Period::default() }
        };
        let tenures = (0..self.0.below(3)).map(|_| Tenure {
            title: self.one(&TEXTS).to_owned(),
            country: self.one(&["", "countries/KHM", "countries/SUN"]).to_owned(),
            organization: self.one(&["", "organizations/g0", "organizations/g1"]).to_owned(),
            rank: self.value::<TenureRank>(3),
            period: self.is().then(|| period(self)),
            ..Tenure::default()
        });
        let tenures = tenures.collect();
        Official {
            display_name: self.one(&TEXTS).to_owned(),
            family_name: self.one(&["", "Pact", "é"]).to_owned(),
            nationalities: self.distinct("countries", &COUNTRIES, 2),
            birth: self.one(&["", "195X", "1964-XX-16", "1999"]).to_owned(),
            death: self.one(&["", "2020", "2021-05-03"]).to_owned(),
            tenures,
            external_ids: self.external_ids(number * 10),
            labels: self.labels(),
            citations: self.citations(),
            ..Official::default()
        }
    }

    /// A filter for resources of `kind` that may speak of `names`.
    pub fn filter(&mut self, kind: &Kind, names: &[String], depth: u32) -> String {
        let deeper = if depth == 0 { 6 } else { 0 };
        match self.0.below(10).max(deeper) {
            0 | 1 => self.joined(" AND ", kind, names, depth),
            2 | 3 => self.joined(" OR ", kind, names, depth),
            4 => format!("NOT ({})", self.filter(kind, names, depth - 1)),
            5 => format!("possibly({})", self.filter(kind, names, depth - 1)),
            _ => self.comparison(kind, names),
        }
    }

    fn joined(&mut self, between: &str, kind: &Kind, names: &[String], depth: u32) -> String {
        let parts = (0..=1 + self.0.below(2)).map(|_| self.filter(kind, names, depth - 1));
        let parts: Vec<_> = parts.map(|part| format!("({part})")).collect();
        parts.join(between)
    }

    fn on_day(&mut self, path: &str) -> String {
        let comparator = self.one(&["=", "!=", ":"]);
        let value = self.one(&["SIGNED", "IN_FORCE", "AGREEMENT_STATUS_IN_FORCE", "UNKNOWN"]);
        format!("{path}_on(\"{}\") {comparator} {value}", self.one(&DAYS))
    }

    fn comparison(&mut self, kind: &Kind, names: &[String]) -> String {
        let named = |field: &Filterable| names.iter().any(|name| may_name(kind, field, name));
        let fields: Vec<Filterable> = filterable(kind)
            .filter(|field| !matches!(field.values, Values::Reference(_)) || named(field))
            .collect();
        let field = self.one(&fields);
        let daily: Vec<_> = fields.iter().filter(|field| field.daily.is_some()).collect();
        if !daily.is_empty() && self.0.below(5) == 0 {
            return self.on_day(daily[0].path);
        }
        let path = if field.values == Values::Map {
            self.one(&["labels.desk", "labels.\"my key\"", "labels.é"]).to_owned()
        } else {
            field.path.to_owned()
        };
        if self.0.below(8) == 0 {
            return format!("{path}:*");
        }
        let of_target: Vec<_> =
            names.iter().filter(|name| may_name(kind, &field, name)).cloned().collect();
        let value = match field.values {
            Values::Reference(_) | Values::Name => format!("\"{}\"", self.one(&of_target)),
            // What the actions of those that are made up can lead to.
            Values::Enum if field.path == "status" => {
                self.one(&["SIGNED", "IN_FORCE", "UNKNOWN"]).to_owned()
            }
            Values::Enum => self.one(&values_of(kind, field.path)),
            Values::Date => self.one(&SPANS).to_owned(),
            Values::Integer => self.0.below(60).to_string(),
            Values::Instant => {
                self.one(&["2020", "2030-01-01", "2026-11-24T12:30:00.5Z"]).to_owned()
            }
            Values::Uid => uuid::Uuid::nil().to_string(),
            Values::Text | Values::Map => {
                let text =
                    self.one(&[&TEXTS[..], &["un", "cow", "12", "23", "ab", "KH", "1"]].concat());
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
        };
        let is_tree = target(kind, &field).is_some_and(|target| target.hierarchy.is_some());
        if is_tree && self.is() {
            return format!("under({path}, {value})");
        }
        let by_identity = matches!(
            field.values,
            Values::Enum | Values::Reference(_) | Values::Uid | Values::Name
        );
        let comparator = if by_identity {
            self.one(&["=", "!="])
        } else {
            self.one(&["=", "!=", "<", "<=", ">", ">=", ":"])
        };
        format!("{path} {comparator} {value}")
    }
}

/// The type of what the field names, if it is one.
fn target(kind: &Kind, field: &Filterable) -> Option<Kind> {
    match field.values {
        Values::Reference(target) => REGISTRY.by_type(target).copied(),
        Values::Name => Some(*kind),
        _ => None,
    }
}

/// Whether the field may have `name` for a value.
fn may_name(kind: &Kind, field: &Filterable, name: &str) -> bool {
    target(kind, field).is_none_or(|target| name.split('/').next() == Some(target.collection))
}

/// Some values of the enum in the field `path`.
pub fn values_of(kind: &Kind, path: &str) -> Vec<String> {
    let mut found = FieldKind::Message(kind.descriptor());
    for name in path.split('.') {
        found = found.as_message().unwrap().get_field_by_name(name).unwrap().kind();
    }
    let values = found.as_enum().unwrap().values().take(5).skip(1);
    values.map(|value| value.name().to_owned()).collect()
}
