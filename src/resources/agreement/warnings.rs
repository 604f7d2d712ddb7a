//! What is doubtful about an agreement. Real registers have all of it.

use super::{party_name, status};
use crate::model::dates::PartialDate;
use crate::model::violations::Path;
use crate::proto::v1::{ActionKind, Agreement, AgreementAction, Participation, WarningCode};
use crate::resources::doubts;
use crate::store::resource::{Around, Warnings};

pub(super) fn doubt(agreement: &Agreement, around: &dyn Around, warnings: &mut Warnings) {
    doubt_parties(agreement, warnings);
    let actions = Path::Root.field("actions");
    for (index, action) in agreement.actions.iter().enumerate() {
        let at = actions.index(index);
        doubts::year(&action.date, &at.field("date"), warnings);
        doubts::year(&action.effective_date, &at.field("effective_date"), warnings);
        doubt_existence(agreement, action, around, &at.field("date"), warnings);
        if action.kind() == ActionKind::EntryIntoForce && precedes_signature(agreement, action) {
            let text = "lies before the signature: possible if it is retroactive";
            warnings.add(WarningCode::InForceBeforeSignature, &at.field("date"), text);
        }
    }
    for (index, text) in status::impossible(&agreement.actions, status::is_bilateral(agreement)) {
        warnings.add(WarningCode::ImpossibleTransition, &actions.index(index), text);
    }
    if let Some(term) = &agreement.term {
        let at = Path::Root.field("term");
        doubts::year(&term.expires_on, &at.field("expires_on"), warnings);
    }
}

fn doubt_parties(agreement: &Agreement, warnings: &mut Warnings) {
    let (code, text) = match status::takers(&agreement.parties).count() {
        0 => (WarningCode::PartiesIncomplete, "no party is known".to_owned()),
        1 => (WarningCode::PartiesIncomplete, "only one party is known".to_owned()),
        count if count > 2 && agreement.participation() == Participation::Bilateral => (
            WarningCode::MoreThanTwoParties,
            format!("a bilateral agreement has two sides, and {count} are known to take part"),
        ),
        _ => return,
    };
    warnings.add(code, &Path::Root.field("parties"), text);
}

/// An action is its party's, or that of all.
fn doubt_existence(
    agreement: &Agreement,
    action: &AgreementAction,
    around: &dyn Around,
    at: &Path<'_>,
    warnings: &mut Warnings,
) {
    if action.date.is_empty() {
        return;
    }
    if !action.party.is_empty() {
        return doubts::existence(around, &action.party, &action.date, at, warnings);
    }
    for party in &agreement.parties {
        doubts::existence(around, party_name(party), &action.date, at, warnings);
    }
}

/// Whether an entry into force lies definitely before every signature.
fn precedes_signature(agreement: &Agreement, entry: &AgreementAction) -> bool {
    let Ok(entry) = PartialDate::parse(&entry.date) else { return false };
    let signatures = agreement.actions.iter().filter(|action| {
        matches!(action.kind(), ActionKind::Signature | ActionKind::DefinitiveSignature)
    });
    let mut dates = signatures.filter_map(|action| PartialDate::parse(&action.date).ok());
    dates.next().is_some_and(|first| entry.is_definitely_before(&first))
        && dates.all(|date| entry.is_definitely_before(&date))
}
