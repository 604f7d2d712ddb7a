//! The generated checks, by the name of the message.

use entente::model::described::Validate;
use entente::model::violations::{Path, Violations};
use entente::proto::v1;
use prost::Message;

/// Judges one encoded message of a type.
pub(crate) type Judge = fn(&[u8]) -> Violations;

fn judge<T: Message + Default + Validate>(encoded: &[u8]) -> Violations {
    let message = T::decode(encoded).expect("the corpus holds messages of the type");
    let mut violations = Violations::default();
    message.validate(&Path::Root, &mut violations);
    violations
}

macro_rules! judges {
    ($($message:ident)*) => {
        /// All of them; `main.rs` sees that none is missing.
        pub(crate) const JUDGES: &[(&str, Judge)] = &[$((stringify!($message), judge::<v1::$message>)),*];
    };
}

judges! {
    Agreement AgreementAction AgreementCommitment AgreementDocument AgreementLink
    AgreementParty AgreementRegistration AgreementSignatory AgreementTerm AgreementTitle
    ApplyRequest ApplyResponse AreaLabel AreaMapping BatchGetAgreementsRequest
    BatchGetAgreementsResponse BatchGetBilateralRelationsRequest
    BatchGetBilateralRelationsResponse BatchGetCooperationAreasRequest
    BatchGetCooperationAreasResponse BatchGetCountriesRequest BatchGetCountriesResponse
    BatchGetEngagementsRequest BatchGetEngagementsResponse BatchGetOfficialsRequest
    BatchGetOfficialsResponse BatchGetOrganizationsRequest BatchGetOrganizationsResponse
    BatchGetSourcesRequest BatchGetSourcesResponse BatchGetStatementsRequest
    BatchGetStatementsResponse BilateralRelation CaughtUp Change Check Citation Claim Commit
    Commits CooperationArea Country CountryName CreateAgreementRequest
    CreateBilateralRelationRequest CreateCooperationAreaRequest CreateCountryRequest
    CreateEngagementRequest CreateMutation CreateOfficialRequest CreateOrganizationRequest
    CreateSourceRequest CreateStatementRequest DeleteAgreementRequest
    DeleteBilateralRelationRequest DeleteCooperationAreaRequest DeleteCountryRequest
    DeleteEngagementRequest DeleteMutation DeleteOfficialRequest DeleteOrganizationRequest
    DeleteSourceRequest DeleteStatementRequest Draining Engagement EngagementTopic Expansion
    ExternalId FellBehind GetAgreementRequest GetBilateralRelationRequest
    GetCooperationAreaRequest GetCountryRequest GetEngagementRequest GetHeadRequest
    GetHeadResponse GetOfficialRequest GetOrganizationRequest GetSourceRequest
    GetStatementRequest Honour ImportRefusal ImportRequest ImportResponse ImportViolation
    ListAgreementsRequest ListAgreementsResponse ListBilateralRelationsRequest
    ListBilateralRelationsResponse ListChangesRequest ListChangesResponse
    ListCooperationAreasRequest ListCooperationAreasResponse ListCountriesRequest
    ListCountriesResponse ListEngagementsRequest ListEngagementsResponse
    ListOfficialsRequest ListOfficialsResponse ListOrganizationsRequest
    ListOrganizationsResponse ListRevisionsRequest ListRevisionsResponse ListSourcesRequest
    ListSourcesResponse ListStatementsRequest ListStatementsResponse Membership Milestone
    Mutation MutationResult Official Organization OrganizationName Participant Period
    PersonName Progress RelationEvent Resource Revision RollbackRequest Snapshot SnapshotEnd
    Source Started Statement StatementSpeaker Tenure UndeleteAgreementRequest
    UndeleteBilateralRelationRequest UndeleteCooperationAreaRequest UndeleteCountryRequest
    UndeleteEngagementRequest UndeleteMutation UndeleteOfficialRequest
    UndeleteOrganizationRequest UndeleteSourceRequest UndeleteStatementRequest
    UpdateAgreementRequest UpdateBilateralRelationRequest UpdateCooperationAreaRequest
    UpdateCountryRequest UpdateEngagementRequest UpdateMutation UpdateOfficialRequest
    UpdateOrganizationRequest UpdateSourceRequest UpdateStatementRequest Warning
    WatchChangesRequest WatchChangesResponse
}
