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
    Agreement AgreementAction AgreementCommitment AgreementDocument AgreementLink AgreementParty
    AgreementRegistration AgreementSignatory AgreementTerm AgreementTitle ApplyRequest
    ApplyResponse AreaLabel AreaMapping BatchGetAgreementsRequest BatchGetAgreementsResponse
    BatchGetCooperationAreasRequest BatchGetCooperationAreasResponse BatchGetCountriesRequest
    BatchGetCountriesResponse BatchGetOfficialsRequest BatchGetOfficialsResponse CaughtUp Change
    Check Commit Commits CooperationArea Country CountryName CreateAgreementRequest
    CreateCooperationAreaRequest CreateCountryRequest CreateMutation CreateOfficialRequest
    DeleteAgreementRequest DeleteCooperationAreaRequest DeleteCountryRequest DeleteMutation
    DeleteOfficialRequest Draining Expansion ExternalId FellBehind GetAgreementRequest
    GetCooperationAreaRequest GetCountryRequest GetHeadRequest GetHeadResponse
    GetOfficialRequest ListAgreementsRequest ListAgreementsResponse ListChangesRequest
    ListChangesResponse ListCooperationAreasRequest ListCooperationAreasResponse
    ListCountriesRequest ListCountriesResponse ListOfficialsRequest ListOfficialsResponse
    Milestone Mutation MutationResult Official Period PersonName Progress Resource Snapshot
    SnapshotEnd Started
    Tenure UndeleteAgreementRequest UndeleteCooperationAreaRequest UndeleteCountryRequest
    UndeleteMutation UndeleteOfficialRequest UpdateAgreementRequest UpdateCooperationAreaRequest
    UpdateCountryRequest UpdateMutation UpdateOfficialRequest WatchChangesRequest
    WatchChangesResponse
}
