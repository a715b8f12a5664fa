//! A provisioning request as CRM.COM answers it (source 003): its names, its envelope, its dates.
//!
//! Neighbours: `functions/requests` loads what it shows. Guarantee: every member of the source is
//! there, null when unset, and no other (003-H3); what is a private person's is shown to those
//! alone who may edit customers (003-H9).

mod contact;
mod log;
mod parameter;
mod subscription;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::access::Role;
use crate::access::keys::KeyInfo;
use crate::access::tenant::TenantInfo;
use crate::activation::Activation;
use crate::catalog::Product;
use crate::customer::Customer;
use crate::customer::profile::Profile;
use crate::ids::Id;
use crate::plan::method::MethodInfo;
use crate::request::states::Status;
use crate::request::{Delivery, Request, RequestType};
use crate::time::{Day, Time};
use crate::view::crm::log::CrmLog;
use crate::view::crm::parameter::{CrmParameter, parameters};
use crate::view::crm::subscription::CrmSubscription;
use crate::view::request::RequestLinks;

/// The envelope of every answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CrmAnswer)]
pub struct Envelope {
    /// The request; null when there is none to show.
    pub data: Option<CrmRequest>,
    /// How the call went.
    pub status: CrmStatus,
}

/// How a call went.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmStatus {
    /// OK, or what was wrong.
    pub code: CrmCode,
    /// Empty.
    pub description: String,
    /// The fault in a sentence.
    pub message: String,
}

/// What a call comes to (003-H4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CrmCode {
    /// The request is in `data`.
    Ok,
    /// No valid token: an API key.
    InvalidToken,
    /// Neither an id nor a number was given.
    MissingParameter,
    /// An id and a number were given.
    TooManyIdentifiers,
    /// `fields_set` names what there is not.
    InvalidFieldsSet,
    /// There is no such request.
    NotFound,
    /// The token's role lacks a permission.
    Forbidden,
    /// Something went wrong on our side.
    Internal,
}

/// Where a request is, in the three states of CRM.COM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CrmState {
    /// Queued, sent, or in progress.
    Pending,
    /// Failed, or could not be sent.
    Rejected,
    /// Done.
    Completed,
}

/// The request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct CrmRequest {
    pub id: String,
    pub number: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// Generation and number of the last attempt; null before the first.
    pub sequence_number: Option<String>,
    pub scheduled_date: String,
    pub executed_date: Option<String>,
    pub process_immediately: bool,
    pub life_cycle_state: CrmState,
    pub request: Option<String>,
    pub response: Option<String>,
    pub reference_number: Option<String>,
    pub error_code: Option<String>,
    pub error_description: Option<String>,
    pub process_name: &'static str,
    pub process_id: String,
    pub provisioning_provider: Option<CrmProvider>,
    pub subscription: CrmSubscription,
    pub parameters_set: Vec<CrmParameter>,
    pub log_information: CrmLog,
}

/// The provider: our method.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the members of source 003")]
pub struct CrmProvider {
    pub id: String,
    pub name: String,
    pub alternative_code: Option<String>,
    pub description: Option<String>,
    pub provisioning_protocol: Option<String>,
}

/// The rows that the view is made from.
pub struct CrmSources {
    /// The request.
    pub request: Request,
    /// Its rows besides the head.
    pub beside: RequestLinks,
    /// Its activation.
    pub activation: Activation,
    /// All requests of the activation.
    pub siblings: Vec<Request>,
    /// The product, if it is still there.
    pub product: Option<Product>,
    /// The method, if it is still there.
    pub method: Option<MethodInfo>,
    /// The customer with its profile, opened.
    pub customer: Option<(Customer, Option<Profile>)>,
    /// The tenant.
    pub tenant: TenantInfo,
    /// The API keys that acted, by their ids.
    pub keys: BTreeMap<String, KeyInfo>,
}

impl CrmSources {
    /// The request, for a caller of this role.
    pub fn view(&self, role: &Role) -> CrmRequest {
        let r = &self.request;
        let state = state(r.life.state);
        let failure = r.failure.as_ref().filter(|_| state == CrmState::Rejected);
        let attempt = format!("{}.{}", r.generation, r.attempt_count);
        let payload = self.beside.payload.as_ref().and_then(|payload| payload.text_for(role));
        // Nothing was delivered as long as nobody can have received it.
        let sent = r.delivery != Delivery::Never;
        CrmRequest {
            id: hex(r.id),
            number: r.id.to_string(),
            kind: self.kind(),
            sequence_number: (r.attempt_count > 0).then_some(attempt),
            scheduled_date: date(r.scheduled_date.unwrap_or(r.created_date)),
            executed_date: r.executed_date.filter(|_| sent).map(date),
            process_immediately: r.scheduled_date.is_none(),
            life_cycle_state: state,
            parameters_set: payload.map(parameters).unwrap_or_default(),
            request: payload.filter(|_| sent).map(str::to_owned),
            response: self.beside.response.clone().or_else(|| r.response.clone()),
            reference_number: r.reference_number.clone(),
            error_code: failure.map(|failure| failure.cause.to_string()),
            error_description: failure.map(|failure| failure.description.clone()),
            process_name: "ACTIVATION",
            process_id: hex(self.activation.id),
            provisioning_provider: self.provider(),
            subscription: self.subscription(role),
            log_information: self.log(),
        }
    }

    fn kind(&self) -> String {
        let given = self.method.as_ref().and_then(|method| method.request_type.clone());
        given.unwrap_or_else(|| match self.request.kind {
            RequestType::Provision => "CREATE_ACCOUNT".to_owned(),
            RequestType::Deprovision => "DELETE_ACCOUNT".to_owned(),
        })
    }

    fn provider(&self) -> Option<CrmProvider> {
        let named = self.request.method.as_ref()?;
        let live = self.method.as_ref();
        let kind =
            live.map(|method| method.protocol.clone().unwrap_or_else(|| "CALLOUT".to_owned()));
        Some(CrmProvider {
            id: hex(named.id),
            name: live.map_or_else(|| named.name.clone(), |method| method.name.clone()),
            alternative_code: live.and_then(|method| method.alternative_code.clone()),
            description: live.and_then(|method| method.description.clone()),
            provisioning_protocol: kind,
        })
    }
}

fn state(status: Status) -> CrmState {
    match status {
        Status::RequestQueued | Status::RequestSent | Status::InProgress => CrmState::Pending,
        Status::Completed => CrmState::Completed,
        Status::Failed | Status::DispatchFailed => CrmState::Rejected,
    }
}

/// An id as CRM.COM writes it: 32 upper-case hex digits.
fn hex(id: Id) -> String {
    format!("{:032X}", id.get())
}

/// The id behind 32 hex digits; none for anything else.
pub fn id_of(text: &str) -> Option<Id> {
    let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = digits.then(|| u128::from_str_radix(text, 16).ok()).flatten()?;
    Id::try_from(u64::try_from(number).ok()?).ok()
}

/// An instant without zone: UTC, to the second (003-H7).
fn date(at: Time) -> String {
    at.to_string()[..19].to_owned()
}

/// A day as its first instant.
fn day(day: Day) -> String {
    format!("{day}T00:00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_32_hex_digits_and_lead_back() {
        let id = Id::try_from(97).unwrap();
        assert_eq!(hex(id), "00000000000000000000000000000061");
        assert_eq!(id_of(&hex(id)), Some(id));
        assert_eq!(id_of(&hex(id).to_lowercase()), Some(id));
        for wrong in ["", "61", "97", "0000000000000000000000000000006G"] {
            assert_eq!(id_of(wrong), None, "{wrong}");
        }
        for beyond in ["8C2792D45B1A4B579ED47666FE54CB5D", &"0".repeat(32)] {
            assert_eq!(id_of(beyond), None, "{beyond}");
        }
    }

    #[test]
    fn dates_have_no_zone() {
        assert_eq!(date("2016-11-02T16:48:38.999Z".parse().unwrap()), "2016-11-02T16:48:38");
        assert_eq!(day("2016-11-02".parse().unwrap()), "2016-11-02T00:00:00");
    }
}
