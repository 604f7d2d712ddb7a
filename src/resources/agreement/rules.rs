//! What an agreement may not say, beyond what its proto declares.

use std::collections::HashSet;

use super::{party_name, role};
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{ActionKind, Agreement, TerminationGround};
use crate::resources::check_date;

pub(super) fn check(agreement: &Agreement, at: &Path<'_>, violations: &mut Violations) {
    check_parties(agreement, at, violations);
    check_actions(agreement, at, violations);
    let parties = party_names(agreement);
    for (index, signatory) in agreement.signed_by.iter().enumerate() {
        let at = at.field("signed_by");
        check_party(&signatory.party, &parties, &at.index(index).field("party"), violations);
    }
    for (index, link) in agreement.links.iter().enumerate() {
        if link.agreement == agreement.name && !agreement.name.is_empty() {
            let at = at.field("links");
            violations.add(&at.index(index).field("agreement"), "must be another agreement");
        }
    }
    if let Some(term) = &agreement.term {
        check_date(&term.expires_on, &at.field("term").field("expires_on"), violations);
    }
}

fn check_parties(agreement: &Agreement, at: &Path<'_>, violations: &mut Violations) {
    let mut seen = HashSet::new();
    for (index, party) in agreement.parties.iter().enumerate() {
        let name = party_name(party);
        if !name.is_empty() && !seen.insert((name, role(party))) {
            let text = format!("{name} stands here in this role already");
            violations.add(&at.field("parties").index(index), text);
        }
    }
}

fn check_actions(agreement: &Agreement, at: &Path<'_>, violations: &mut Violations) {
    let parties = party_names(agreement);
    for (index, action) in agreement.actions.iter().enumerate() {
        let at = at.field("actions");
        let at = at.index(index);
        check_date(&action.date, &at.field("date"), violations);
        check_date(&action.effective_date, &at.field("effective_date"), violations);
        check_party(&action.party, &parties, &at.field("party"), violations);
        let ground = action.ground() != TerminationGround::Unspecified;
        if ground && action.kind() != ActionKind::Termination {
            violations.add(&at.field("ground"), "is for a TERMINATION only");
        }
    }
}

fn party_names(agreement: &Agreement) -> HashSet<&str> {
    agreement.parties.iter().map(party_name).collect()
}

fn check_party(party: &str, parties: &HashSet<&str>, at: &Path<'_>, violations: &mut Violations) {
    if !party.is_empty() && !parties.contains(party) {
        violations.add(at, "must be the resource name of one of `parties`");
    }
}
