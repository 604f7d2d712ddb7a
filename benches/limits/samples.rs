//! The agreement that everything is measured with: two parties, six areas, two
//! actions, about 600 bytes.

use entente::model::dates::{Day, format_day};
use entente::proto::v1::agreement_party::Party;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementForm, AgreementParty, CreateAgreementRequest,
    LegalForce,
};

/// Areas of each agreement.
pub const AREAS: [&str; 6] = [
    "political",
    "diplomatic-consular",
    "dispute-settlement",
    "parliamentary",
    "military-training",
    "peacekeeping",
];

/// A country as a party.
pub fn party(id: &str) -> AgreementParty {
    let country = Some(Party::Country(format!("countries/{id}")));
    AgreementParty { party: country, ..AgreementParty::default() }
}

fn action(kind: ActionKind, date: &str) -> AgreementAction {
    AgreementAction { kind: kind.into(), date: date.to_owned(), ..AgreementAction::default() }
}

/// The day on which the first one is signed, days since 1970: in 1400.
const FIRST_DAY: Day = -208_191;

/// The agreement; `number` makes its title its own, and the day on which it is signed, as in a
/// register that is kept from day to day.
pub fn agreement(number: usize) -> Agreement {
    // Titles are spread, so that their order is not that of creation.
    let spread = number.wrapping_mul(0x9E37_79B9) & 0xFFFF_FFFF;
    let signed = FIRST_DAY + Day::try_from(number % 200_000).unwrap_or_default();
    Agreement {
        title: format!("Agreement {spread:08x} on cooperation between France and Germany"),
        form: AgreementForm::Agreement.into(),
        legal_force: LegalForce::Binding.into(),
        parties: vec![party("FRA"), party("DEU")],
        areas: AREAS.iter().map(|area| format!("cooperationAreas/{area}")).collect(),
        actions: vec![
            action(ActionKind::Signature, &format_day(signed)),
            action(ActionKind::EntryIntoForce, &format_day(signed + 161)),
        ],
        place: "Paris".to_owned(),
        summary: "The parties consult each other before any decision on all important questions \
                  of foreign policy, and first of all on questions of common interest, so as to \
                  arrive, as far as possible, at a similar position."
            .to_owned(),
        ..Agreement::default()
    }
}

/// The request that records it.
pub fn create(number: usize) -> CreateAgreementRequest {
    CreateAgreementRequest {
        agreement: Some(agreement(number)),
        ..CreateAgreementRequest::default()
    }
}
