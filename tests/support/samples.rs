//! Small resources that are right as they stand.

use entente::model::described::Described;
use entente::proto::ResourceVisitor;
use entente::proto::v1::agreement_party::Party;
use entente::proto::v1::mutation::Operation;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementForm, AgreementParty, BilateralRelation,
    CooperationArea, Country, CreateMutation, DeleteMutation, Engagement, ExternalId, Mutation,
    Official, Organization, RelationEvent, RelationEventKind, Resource, Source, Statement,
    StatementKind, UndeleteMutation, UpdateMutation,
};
use prost_types::FieldMask;

/// A treaty between the countries of these ids.
pub fn agreement(title: &str, countries: &[&str]) -> Agreement {
    Agreement {
        title: title.to_owned(),
        form: AgreementForm::Treaty.into(),
        parties: countries.iter().map(|id| party(id)).collect(),
        ..Agreement::default()
    }
}

/// A party by the id of its country.
pub fn party(country: &str) -> AgreementParty {
    let name = format!("countries/{country}");
    AgreementParty { party: Some(Party::Country(name)), ..AgreementParty::default() }
}

/// An action on a date.
pub fn action(kind: ActionKind, date: &str) -> AgreementAction {
    AgreementAction { kind: kind.into(), date: date.to_owned(), ..AgreementAction::default() }
}

/// A country; its id goes beside it.
pub fn country(display_name: &str) -> Country {
    Country { display_name: display_name.to_owned(), ..Country::default() }
}

/// A cooperation area.
pub fn area(display_name: &str) -> CooperationArea {
    CooperationArea { display_name: display_name.to_owned(), ..CooperationArea::default() }
}

/// An official.
pub fn official(display_name: &str) -> Official {
    Official { display_name: display_name.to_owned(), ..Official::default() }
}

/// An organization.
pub fn organization(display_name: &str) -> Organization {
    Organization { display_name: display_name.to_owned(), ..Organization::default() }
}

/// An engagement.
pub fn engagement(title: &str) -> Engagement {
    Engagement { title: title.to_owned(), ..Engagement::default() }
}

/// A source.
pub fn source(title: &str) -> Source {
    Source { title: title.to_owned(), ..Source::default() }
}

/// Remarks with this text.
pub fn statement(text: &str) -> Statement {
    let kind = StatementKind::Remarks.into();
    Statement { kind, text: text.to_owned(), ..Statement::default() }
}

/// A relation of the countries that its id says, who declared a partnership.
pub fn relation(text: &str) -> BilateralRelation {
    let kind = RelationEventKind::PartnershipDeclared.into();
    let event = RelationEvent { kind, text: text.to_owned(), ..RelationEvent::default() };
    BilateralRelation { events: vec![event], ..BilateralRelation::default() }
}

/// Cambodia and another country for each id that the conformance suite uses, in the same
/// order; any other id as it is.
pub fn relation_id(id: &str) -> String {
    const OTHERS: [(&str, &str); 13] = [
        ("gone", "KOR"),
        ("mine", "KWT"),
        ("never", "LAO"),
        ("nobody", "LBN"),
        ("nothing", "LKA"),
        ("other", "MMR"),
        ("sample0", "MYS"),
        ("sample1", "NLD"),
        ("sample2", "PHL"),
        ("sample3", "POL"),
        ("sample4", "RUS"),
        ("sample5", "SGP"),
        ("sample6", "THA"),
    ];
    let other = OTHERS.iter().find(|(own, _)| *own == id);
    other.map_or_else(|| id.to_owned(), |(_, country)| format!("KHM-{country}"))
}

/// An external id.
pub fn external(scheme: &str, value: &str) -> ExternalId {
    ExternalId { scheme: scheme.to_owned(), value: value.to_owned() }
}

/// A field mask.
pub fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

/// A resource of any type.
pub fn any(resource: impl Into<Any>) -> Option<Resource> {
    Some(Resource { resource: Some(resource.into()) })
}

/// The name of a resource.
pub fn name(resource: &Resource) -> String {
    struct Name;
    impl ResourceVisitor for Name {
        type Output = String;
        fn visit<T: Described>(self, value: T) -> String {
            value.common().name.to_owned()
        }
    }
    resource.resource.clone().unwrap().visit(Name)
}

/// The field for a resource in `Resource`.
pub fn field(resource: &Any) -> &'static str {
    struct Field;
    impl ResourceVisitor for Field {
        type Output = &'static str;
        fn visit<T: Described>(self, _: T) -> &'static str {
            T::FIELD
        }
    }
    resource.clone().visit(Field)
}

/// Records `resource` under `id`, or under one of the server's if that is empty.
pub fn create(id: &str, resource: Any) -> Mutation {
    let resource = any(resource);
    mutation(Operation::Create(CreateMutation { resource, id: id.to_owned() }))
}

/// Changes the fields `paths`; the populated ones if there are none.
pub fn update(resource: Any, paths: &[&str]) -> Mutation {
    let update_mask = if paths.is_empty() { None } else { mask(paths) };
    let resource = any(resource);
    let update = UpdateMutation { resource, update_mask, ..UpdateMutation::default() };
    mutation(Operation::Update(update))
}

/// Deletes `name`.
pub fn delete(name: &str) -> Mutation {
    let name = name.to_owned();
    mutation(Operation::Delete(DeleteMutation { name, etag: String::new() }))
}

/// Brings `name` back.
pub fn undelete(name: &str) -> Mutation {
    mutation(Operation::Undelete(UndeleteMutation { name: name.to_owned() }))
}

fn mutation(operation: Operation) -> Mutation {
    Mutation { operation: Some(operation) }
}
