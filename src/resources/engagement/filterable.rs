//! What engagements can be filtered by.

use crate::filter::field::{Filterable, Values};

/// The fields.
pub(super) const FIELDS: &[Filterable] = &[
    Filterable::new("title", Values::Text, "engagement", "title").indexed(),
    Filterable::new("kind", Values::Enum, "engagement", "kind"),
    Filterable::new("visit_class", Values::Enum, "engagement", "visit_class"),
    Filterable::new("mode", Values::Enum, "engagement", "mode"),
    Filterable::new("status", Values::Enum, "engagement", "status"),
    Filterable::new("period.start", Values::Date, "engagement", "start").indexed(),
    Filterable::new("period.end", Values::Date, "engagement", "end"),
    Filterable::new("period.end_kind", Values::Enum, "engagement", "end_kind"),
    Filterable::new("place", Values::Text, "engagement", "place"),
    Filterable::new("host_country", Values::Reference("Country"), "engagement", "host_country_key")
        .indexed(),
    Filterable::new("parent", Values::Reference("Engagement"), "engagement", "parent_key")
        .indexed(),
    Filterable::new(
        "participants.official",
        Values::Reference("Official"),
        "participant",
        "official_key",
    )
    .indexed(),
    Filterable::new("participants.display_name", Values::Text, "participant", "display_name"),
    Filterable::new("participants.title_on_date", Values::Text, "participant", "title_on_date"),
    Filterable::new(
        "participants.organization",
        Values::Reference("Organization"),
        "participant",
        "organization_key",
    )
    .indexed(),
    Filterable::new(
        "participants.country",
        Values::Reference("Country"),
        "participant",
        "country_key",
    )
    .indexed(),
    Filterable::new("participants.role", Values::Enum, "participant", "role"),
    Filterable::new("areas", Values::Reference("CooperationArea"), "engagement_area", "area_key")
        .indexed(),
    Filterable::new("topics.text", Values::Text, "engagement_topic", "text"),
    Filterable::new(
        "topics.area",
        Values::Reference("CooperationArea"),
        "engagement_topic",
        "area_key",
    )
    .indexed(),
    Filterable::new(
        "topics.shared_by",
        Values::Reference("*"),
        "engagement_topic",
        "shared_by_key",
    )
    .indexed(),
    Filterable::new(
        "outcomes",
        Values::Reference("Agreement"),
        "engagement_outcome",
        "agreement_key",
    )
    .indexed(),
    Filterable::new("honours.title", Values::Text, "honour", "title"),
    Filterable::new("honours.form", Values::Enum, "honour", "form"),
    Filterable::new("honours.grantor", Values::Reference("*"), "honour", "grantor_key").indexed(),
    Filterable::new("honours.recipient", Values::Reference("Official"), "honour", "recipient_key")
        .indexed(),
    Filterable::new(
        "honours.recipient_country",
        Values::Reference("Country"),
        "honour",
        "recipient_country_key",
    )
    .indexed(),
    Filterable::new(
        "honours.presented_by",
        Values::Reference("Official"),
        "honour",
        "presented_by_key",
    )
    .indexed(),
    Filterable::new("honours.conferred_on", Values::Date, "honour", "conferred"),
    Filterable::new(
        "mentioned_countries",
        Values::Reference("Country"),
        "engagement_mention",
        "country_key",
    )
    .indexed(),
];
