//! Agreements: anything from a treaty to a pledge, and its life.

mod doubles;
pub mod entities;
mod filterable;
mod rules;
pub mod status;
mod supersession;
mod warnings;

use self::entities::{
    agreement, agreement_action, agreement_area, agreement_link, agreement_party,
    agreement_signatory, agreement_status,
};
use self::status::intervals::{Interval, holds_until, intervals};
use self::status::is_bilateral;
use super::doubts::is_of_any_year;
use super::{DateColumns, filled, ordinal, short_name};
use crate::filter::field::Filterable;
use crate::model::dates::{Day, PartialDate};
use crate::model::violations::{Path, Violations};
use crate::proto::v1::agreement_party::Party;
use crate::proto::v1::{
    Agreement, AgreementAction, AgreementLinkKind, AgreementParty, AgreementStatus, PartyRole,
};
use crate::store::peers::{Likeness, Peer, Peers};
use crate::store::resource::{Around, Hierarchy, Keys, Resource, Table, Warnings};
use crate::store::sql::Rows;

const STATUS_PREFIX: &str = "AGREEMENT_STATUS_";

impl Resource for Agreement {
    const TABLES: &'static [Table] = &[
        Table { name: "agreement", references: &[] },
        Table { name: "agreement_party", references: &["country_key", "organization_key"] },
        Table { name: "agreement_area", references: &["area_key"] },
        Table { name: "agreement_action", references: &["cause_key"] },
        Table { name: "agreement_signatory", references: &["official_key"] },
        Table { name: "agreement_link", references: &["agreement_key"] },
        Table { name: "agreement_status", references: &[] },
    ];
    const SORTABLE: &'static [&'static str] = &["title"];
    const DATED: Option<&'static str> = Some("actions.date");
    const FILTERABLE: &'static [Filterable] = filterable::FIELDS;
    const DERIVED_UNTIL: Option<&'static str> = Some("status_until");
    const PEERS: Option<Peers> = Some(Peers {
        table: "agreement",
        column: "likeness",
        says: "title",
        // A link between two says that they are two.
        others: Some(("agreement_link", "agreement_key")),
    });
    const HIERARCHY: Option<Hierarchy> = Some(Hierarchy {
        table: "agreement_link",
        parent: "agreement_key",
        condition: "kind = 'SUPERSEDES'",
        upwards: None,
    });

    fn parents(&self) -> Vec<(String, String)> {
        let links = self.links.iter().enumerate();
        links
            .filter(|(_, link)| link.kind() == AgreementLinkKind::Supersedes)
            .map(|(index, link)| (format!("links[{index}].agreement"), link.agreement.clone()))
            .collect()
    }

    fn looks_into(&self) -> Vec<&str> {
        self.parties.iter().map(party_name).collect()
    }

    fn rules(&self, _around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        rules::check(self, at, violations);
    }

    fn warnings(&self, around: &dyn Around, warnings: &mut Warnings) {
        warnings::doubt(self, around, warnings);
    }

    fn likenesses(&self, keys: &dyn Keys) -> Vec<Likeness> {
        let Some(value) = doubles::likeness(self, keys) else { return Vec::new() };
        let others = self.links.iter().filter_map(|link| keys.key(&link.agreement)).collect();
        vec![Likeness { value, place: 0, says: self.title.clone(), others }]
    }

    fn compare(&self, _likeness: &Likeness, peers: &[&Peer], warnings: &mut Warnings) {
        doubles::compare(self, peers, warnings);
    }

    fn reaches(&self) -> Vec<&str> {
        supersession::superseded(self)
    }

    fn entails(&self, day: Day) -> Vec<&str> {
        supersession::entailed(self, day)
    }

    fn follow(&mut self, cause: &Self, day: Day) -> bool {
        supersession::end(self, cause, day)
    }

    fn keep(&mut self, before: &Self) {
        supersession::keep(self, before);
    }

    fn derive(&mut self, day: Day) {
        self.status = status::status_on(&self.actions, is_bilateral(self), day).into();
    }

    fn index(&self, key: i64, keys: &dyn Keys, today: Day, rows: &mut Rows) {
        let intervals = intervals(&self.actions, is_bilateral(self));
        let term = self.term.clone().unwrap_or_default();
        let expires = DateColumns::of(&term.expires_on);
        rows.push::<agreement::Entity>(agreement::Model {
            key,
            title: self.title.clone(),
            short_title: filled(&self.short_title),
            form: short_name(self.form().as_str_name(), "AGREEMENT_FORM_").unwrap_or_default(),
            legal_force: short_name(self.legal_force().as_str_name(), "LEGAL_FORCE_"),
            participation: short_name(self.participation().as_str_name(), "PARTICIPATION_"),
            place: filled(&self.place),
            depositary: filled(&self.depositary),
            expires: expires.text,
            expires_earliest: expires.earliest,
            expires_latest: expires.latest,
            status: short_name(self.status().as_str_name(), STATUS_PREFIX),
            status_until: holds_until(self.status(), &intervals, today),
            likeness: doubles::likeness(self, keys),
            first_day: self.first_day(),
        });
        index_status(key, intervals, rows);
        self.index_parties(key, keys, rows);
        self.index_areas(key, keys, rows);
        for (index, action) in self.actions.iter().enumerate() {
            rows.push::<agreement_action::Entity>(action_row(key, index, action, keys));
        }
        for (index, signatory) in self.signed_by.iter().enumerate() {
            let Some(official_key) = keys.key(&signatory.official) else { continue };
            rows.push::<agreement_signatory::Entity>(agreement_signatory::Model {
                key,
                ordinal: ordinal(index),
                official_key,
                title_on_date: filled(&signatory.title_on_date),
                party_key: keys.key(&signatory.party),
            });
        }
        for (index, link) in self.links.iter().enumerate() {
            let Some(agreement_key) = keys.key(&link.agreement) else { continue };
            rows.push::<agreement_link::Entity>(agreement_link::Model {
                key,
                ordinal: ordinal(index),
                kind: short_name(link.kind().as_str_name(), "AGREEMENT_LINK_KIND_")
                    .unwrap_or_default(),
                agreement_key,
            });
        }
    }
}

impl Agreement {
    /// The day of the first of its actions. One whose year is unknown tells less than any other.
    fn first_day(&self) -> Day {
        let day = |date: &str| PartialDate::parse(date).map_or(Day::MIN, |date| date.earliest());
        let dates = self.actions.iter().map(|action| action.date.as_str());
        let dated = dates.filter(|date| !date.is_empty());
        let first = dated.map(|date| (is_of_any_year(date), day(date))).min();
        first.map_or(Day::MIN, |(_, day)| day)
    }

    fn index_parties(&self, key: i64, keys: &dyn Keys, rows: &mut Rows) {
        for (index, party) in self.parties.iter().enumerate() {
            let (country_key, organization_key) = match &party.party {
                Some(Party::Country(name)) => (keys.key(name), None),
                Some(Party::Organization(name)) => (None, keys.key(name)),
                None => continue,
            };
            rows.push::<agreement_party::Entity>(agreement_party::Model {
                key,
                ordinal: ordinal(index),
                country_key,
                organization_key,
                role: short_name(role(party).as_str_name(), "PARTY_ROLE_").unwrap_or_default(),
            });
        }
    }

    fn index_areas(&self, key: i64, keys: &dyn Keys, rows: &mut Rows) {
        let whole = self.areas.iter().map(|area| (area, None));
        let commitments = self.commitments.iter().enumerate();
        let parts = commitments
            .flat_map(|(index, part)| part.areas.iter().map(move |area| (area, Some(index))));
        for (index, (area, commitment)) in whole.chain(parts).enumerate() {
            let Some(area_key) = keys.key(area) else { continue };
            rows.push::<agreement_area::Entity>(agreement_area::Model {
                key,
                ordinal: ordinal(index),
                area_key,
                commitment: commitment.map(ordinal),
            });
        }
    }
}

/// Fills the table of statuses by day. What nobody knows anything of has no row, since almost
/// every agreement begins so.
fn index_status(key: i64, intervals: Vec<Interval>, rows: &mut Rows) {
    let known = intervals.into_iter().filter(|one| one.status != AgreementStatus::Unknown);
    for (index, Interval { status, from, until }) in known.enumerate() {
        rows.push::<agreement_status::Entity>(agreement_status::Model {
            key,
            ordinal: ordinal(index),
            status: short_name(status.as_str_name(), STATUS_PREFIX).unwrap_or_default(),
            from_day: from,
            until_day: until,
        });
    }
}

fn action_row(
    key: i64,
    index: usize,
    action: &AgreementAction,
    keys: &dyn Keys,
) -> agreement_action::Model {
    let date = DateColumns::of(&action.date);
    let effective = DateColumns::of(&action.effective_date);
    agreement_action::Model {
        key,
        ordinal: ordinal(index),
        kind: short_name(action.kind().as_str_name(), "ACTION_KIND_").unwrap_or_default(),
        party_key: keys.key(&action.party),
        date: date.text,
        date_earliest: date.earliest,
        date_latest: date.latest,
        effective: effective.text,
        effective_earliest: effective.earliest,
        effective_latest: effective.latest,
        ground: short_name(action.ground().as_str_name(), "TERMINATION_GROUND_"),
        cause_key: keys.key(&action.cause),
    }
}

/// The resource name of a party; empty if it has none.
fn party_name(party: &AgreementParty) -> &str {
    match &party.party {
        Some(Party::Country(name) | Party::Organization(name)) => name,
        None => "",
    }
}

/// How a party takes part; PARTY if it does not say.
fn role(party: &AgreementParty) -> PartyRole {
    match party.role() {
        PartyRole::Unspecified => PartyRole::Party,
        role => role,
    }
}
