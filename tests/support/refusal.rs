//! What a refused call says, in a form that tests compare.

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A status with the details that clients go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub code: Code,
    /// Reason of the ErrorInfo; empty without one.
    pub reason: String,
    /// Domain of the ErrorInfo.
    pub domain: String,
    /// Paths of the fields that are wrong, in the order told.
    pub fields: Vec<String>,
    /// What is wrong with each.
    pub descriptions: Vec<String>,
    /// The resource that it is about; empty if about none.
    pub resource: String,
    /// The type of that resource; empty if about none.
    pub resource_type: String,
    /// What it says to people.
    pub message: String,
    /// Whether it says when to try again.
    pub has_retry: bool,
}

impl Refusal {
    /// Reads a status.
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let (reason, domain) = details
            .error_info()
            .map(|info| (info.reason.clone(), info.domain.clone()))
            .unwrap_or_default();
        let violations = details.bad_request().map(|bad| bad.field_violations.clone());
        let violations = violations.unwrap_or_default();
        Self {
            code: status.code(),
            reason,
            domain,
            fields: violations.iter().map(|one| one.field.clone()).collect(),
            descriptions: violations.iter().map(|one| one.description.clone()).collect(),
            resource: details
                .resource_info()
                .map(|resource| resource.resource_name.clone())
                .unwrap_or_default(),
            resource_type: details
                .resource_info()
                .map(|resource| resource.resource_type.clone())
                .unwrap_or_default(),
            message: status.message().to_owned(),
            has_retry: details.retry_info().is_some(),
        }
    }

    /// Asserts the code, the reason, our domain and exactly these fields.
    #[track_caller]
    pub fn is(&self, code: Code, reason: &str, fields: &[&str]) {
        let expected = (code, reason, "entente", fields.to_vec());
        let fields: Vec<_> = self.fields.iter().map(String::as_str).collect();
        let found = (self.code, self.reason.as_str(), self.domain.as_str(), fields);
        assert_eq!(found, expected, "{}", self.message);
    }

    /// Asserts that exactly these fields are told to be wrong.
    #[track_caller]
    pub fn is_invalid(&self, fields: &[&str]) {
        self.is(Code::InvalidArgument, "VALIDATION_FAILED", fields);
    }
}
