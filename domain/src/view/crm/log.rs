//! The log information of a request, as CRM.COM writes it: creation and last change.
//!
//! Neighbours: `access::tenant` is the unit, `access::keys` the user.

use serde::Serialize;

use crate::view::crm::{CrmSources, date};

/// Created and updated, date and by. The deprecated units and the new ones say the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmLog {
    pub created_date: String,
    pub updated_date: String,
    pub created_by_unit: CrmUnit,
    pub updated_by_unit: CrmUnit,
    pub created_by_business_unit: CrmBusinessUnit,
    pub updated_by_business_unit: CrmBusinessUnit,
    pub created_by_user: CrmUser,
    pub updated_by_user: CrmUser,
}

/// A unit: our tenant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmUnit {
    pub id: String,
    pub name: String,
    /// Empty without `legacyCompatibility` (003-H10).
    pub group_name: Option<String>,
    /// Empty without `legacyCompatibility`.
    pub community_name: Option<String>,
    pub alternative_code: Option<String>,
    pub description: Option<String>,
}

/// A business unit: our tenant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmBusinessUnit {
    pub id: String,
    pub name: String,
    pub code: Option<String>,
    pub unified_code: Option<String>,
    pub description: Option<String>,
    pub parent_business_unit_name: Option<String>,
}

/// A user: an API key with the person behind it, or SYSTEM, or PROVIDER.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CrmUser {
    pub id: String,
    pub username: String,
    /// Empty without `legacyCompatibility` (003-H10).
    pub person_name: Option<String>,
    /// Empty without `legacyCompatibility`.
    pub email: Option<String>,
}

impl CrmSources {
    pub(super) fn log(&self) -> CrmLog {
        let request = &self.request;
        let (at, by) = request
            .life
            .history
            .last()
            .map_or((request.created_date, &request.created_by), |step| (step.at, &step.by));
        CrmLog {
            created_date: date(request.created_date),
            updated_date: date(at),
            created_by_unit: self.unit(),
            updated_by_unit: self.unit(),
            created_by_business_unit: self.business_unit(),
            updated_by_business_unit: self.business_unit(),
            created_by_user: self.user(&request.created_by),
            updated_by_user: self.user(by),
        }
    }

    fn unit(&self) -> CrmUnit {
        let tenant = &self.tenant;
        CrmUnit {
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            group_name: self.legacy(tenant.group_name.clone()),
            community_name: self.legacy(tenant.community_name.clone()),
            alternative_code: tenant.alternative_code.clone(),
            description: tenant.description.clone(),
        }
    }

    fn business_unit(&self) -> CrmBusinessUnit {
        let tenant = &self.tenant;
        CrmBusinessUnit {
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            code: tenant.alternative_code.clone(),
            unified_code: tenant.alternative_code.clone(),
            description: tenant.description.clone(),
            parent_business_unit_name: tenant.parent_business_unit_name.clone(),
        }
    }

    fn user(&self, id: &str) -> CrmUser {
        let key = self.keys.get(id);
        let name = key.map(|key| key.username.clone().unwrap_or_else(|| key.name.clone()));
        CrmUser {
            id: id.to_owned(),
            username: name.unwrap_or_else(|| id.to_owned()),
            person_name: self.legacy(key.and_then(|key| key.person_name.clone())),
            email: self.legacy(key.and_then(|key| key.email.clone())),
        }
    }

    /// What CRM.COM answers as empty when the tenant's legacy compatibility is off (003-H10).
    fn legacy(&self, value: Option<String>) -> Option<String> {
        if self.tenant.legacy_compatibility { value } else { Some(String::new()) }
    }
}
