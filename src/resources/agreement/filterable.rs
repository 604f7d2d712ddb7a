//! What agreements can be filtered by.

use crate::filter::field::{Daily, Filterable, Only, Values};

/// The fields.
pub(super) const FIELDS: &[Filterable] = &[
    Filterable::new("title", Values::Text, "agreement", "title"),
    Filterable::new("short_title", Values::Text, "agreement", "short_title"),
    Filterable::new("form", Values::Enum, "agreement", "form"),
    Filterable::new("legal_force", Values::Enum, "agreement", "legal_force"),
    Filterable::new("participation", Values::Enum, "agreement", "participation"),
    Filterable::new(
        "parties.country",
        Values::Reference("Country"),
        "agreement_party",
        "country_key",
    )
    .indexed(),
    Filterable::new(
        "parties.organization",
        Values::Reference("Organization"),
        "agreement_party",
        "organization_key",
    )
    .indexed(),
    Filterable::new("parties.role", Values::Enum, "agreement_party", "role"),
    Filterable::new("areas", Values::Reference("CooperationArea"), "agreement_area", "area_key")
        .only(Only::Without("commitment"))
        .indexed(),
    Filterable::new(
        "commitments.areas",
        Values::Reference("CooperationArea"),
        "agreement_area",
        "area_key",
    )
    .only(Only::With("commitment"))
    .indexed(),
    Filterable::new("actions.kind", Values::Enum, "agreement_action", "kind"),
    Filterable::new("actions.party", Values::Reference("*"), "agreement_action", "party_key"),
    Filterable::new("actions.date", Values::Date, "agreement_action", "date").indexed(),
    Filterable::new("actions.effective_date", Values::Date, "agreement_action", "effective"),
    Filterable::new("actions.ground", Values::Enum, "agreement_action", "ground"),
    Filterable::new(
        "actions.cause",
        Values::Reference("Agreement"),
        "agreement_action",
        "cause_key",
    )
    .indexed(),
    Filterable::new(
        "signed_by.official",
        Values::Reference("Official"),
        "agreement_signatory",
        "official_key",
    )
    .indexed(),
    Filterable::new(
        "signed_by.title_on_date",
        Values::Text,
        "agreement_signatory",
        "title_on_date",
    ),
    Filterable::new("signed_by.party", Values::Reference("*"), "agreement_signatory", "party_key"),
    Filterable::new("place", Values::Text, "agreement", "place"),
    Filterable::new("depositary", Values::Text, "agreement", "depositary"),
    Filterable::new("links.kind", Values::Enum, "agreement_link", "kind"),
    Filterable::new(
        "links.agreement",
        Values::Reference("Agreement"),
        "agreement_link",
        "agreement_key",
    )
    .indexed(),
    Filterable::new("term.expires_on", Values::Date, "agreement", "expires").indexed(),
    Filterable::new("status", Values::Enum, "agreement", "status")
        .indexed()
        .daily(Daily { table: "agreement_status", otherwise: "UNKNOWN" }),
];
