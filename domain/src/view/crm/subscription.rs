//! What was provisioned, as CRM.COM calls it: a subscription. Until subscriptions of our own exist
//! it is the activation that stands for it (DECISIONS.md, 68).
//!
//! Neighbours: `contact` for its owner.

use serde::Serialize;

use crate::access::{Act, Area};
use crate::activation::states::State;
use crate::catalog::product::Classification;
use crate::customer::profile::{Profile, ReceivableState};
use crate::request::RequestType;
use crate::request::states::Status;
use crate::view::crm::contact::CrmContact;
use crate::view::crm::{CrmSources, Role, date, hex};

/// A subscription.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmSubscription {
    pub id: String,
    pub number: String,
    pub life_cycle_state: CrmSubscriptionState,
    pub first_activated_date: Option<String>,
    pub rating_state: CrmRating,
    /// Null without customer.view, or without a customer.
    pub accounts_receivable: Option<CrmReceivable>,
    #[serde(rename = "type")]
    pub kind: Option<CrmSubscriptionType>,
}

/// Where a subscription is. Those of short term, resting and replaced are never answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CrmSubscriptionState {
    Draft,
    Effective,
    NotEffective,
    ShortTermEffective,
    ShortTermNotEffective,
    InResting,
    Cancelled,
    Regretted,
    Replaced,
    PendingVerification,
}

/// Whether it is rated. We do not rate: always PENDING.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CrmRating {
    Pending,
    Completed,
}

/// Accounts receivable.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmReceivable {
    pub id: Option<String>,
    pub number: Option<String>,
    pub name: Option<String>,
    pub life_cycle_state: Option<ReceivableState>,
    pub account_owner: CrmContact,
}

/// The type of a subscription: our product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmSubscriptionType {
    pub id: String,
    pub name: String,
    pub alternative_code: Option<String>,
    pub description: Option<String>,
    pub classification: Option<Classification>,
}

impl CrmSources {
    pub(super) fn subscription(&self, role: &Role) -> CrmSubscription {
        let activation = &self.activation;
        let product = &self.request.product;
        CrmSubscription {
            id: hex(activation.id),
            number: activation.id.to_string(),
            life_cycle_state: self.effective(),
            first_activated_date: self.first_activated(),
            rating_state: CrmRating::Pending,
            accounts_receivable: self.receivable(role),
            kind: Some(CrmSubscriptionType {
                id: hex(product.id),
                name: product.name.clone(),
                alternative_code: self.product.as_ref().map(|p| p.identifier.clone()),
                description: self.product.as_ref().and_then(|p| p.description.clone()),
                classification: self.product.as_ref().and_then(|p| p.classification),
            }),
        }
    }

    /// In CRM.COM's words: as a subscription of this activation would be.
    fn effective(&self) -> CrmSubscriptionState {
        match self.activation.life.state {
            State::Active if self.is_provisioned() => CrmSubscriptionState::Effective,
            State::Active => CrmSubscriptionState::NotEffective,
            State::RevocationPending | State::Revoked => CrmSubscriptionState::Cancelled,
        }
    }

    /// All that the activation asked for is there.
    fn is_provisioned(&self) -> bool {
        let asked = self.siblings.iter().filter(|request| request.kind == RequestType::Provision);
        let mut states = asked.map(|request| request.life.state);
        states.all(|state| state == Status::Completed)
    }

    /// When the last of its requests was completed; null before.
    fn first_activated(&self) -> Option<String> {
        let asked = self.siblings.iter().filter(|request| request.kind == RequestType::Provision);
        let done = |request: &crate::request::Request| {
            let steps = &request.life.history;
            steps.iter().find(|step| step.to == Status::Completed).map(|step| step.at)
        };
        let all: Option<Vec<_>> = asked.map(done).collect();
        all?.into_iter().max().map(date)
    }

    fn receivable(&self, role: &Role) -> Option<CrmReceivable> {
        let (customer, profile) = self.customer.as_ref()?;
        if !role.may(Area::Customer, Act::View) {
            return None;
        }
        let profile = profile.clone().unwrap_or_default();
        let whole = role.may(Area::Customer, Act::Edit);
        let profile = if whole { profile } else { Profile::masked(profile) };
        let account = profile.accounts_receivable.clone().unwrap_or_default();
        Some(CrmReceivable {
            id: account.id,
            number: account.number,
            name: account.name,
            life_cycle_state: account.life_cycle_state,
            account_owner: CrmContact::new(customer, profile),
        })
    }
}
