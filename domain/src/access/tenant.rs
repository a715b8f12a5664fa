//! A tenant: a vendor, and its settings. Whoever runs the service makes and suspends tenants.
//!
//! Neighbours: CRM.COM's view shows it as the unit of whoever acted. Guarantee: there is one, also
//! before anybody said anything about it.

use serde::{Deserialize, Serialize};

use crate::access::retention::Retention;
use crate::decision::Decision;
use crate::ids::Id;
use crate::plan::door::Sealed;
use crate::rejection::{Faults, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::text;
use crate::time::Time;

/// A tenant as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// The members that an answer shows.
    #[serde(flatten)]
    pub info: TenantInfo,
    /// The secret of its eIds and product keys. None: it is derived from master key 1. The master
    /// key that seals it is the one that seals everything of this tenant.
    #[serde(default)]
    pub key_secret: Option<Sealed>,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// A tenant as answers show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tenant)]
pub struct TenantInfo {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Shown by CRM.COM's view as the code of its units.
    pub alternative_code: Option<String>,
    /// At most 500 characters.
    pub description: Option<String>,
    /// Shown by CRM.COM's view as the group of its units.
    #[serde(default)]
    pub group_name: Option<String>,
    /// Shown by CRM.COM's view as the community of its units.
    #[serde(default)]
    pub community_name: Option<String>,
    /// Shown by CRM.COM's view as the parent of its business units.
    #[serde(default)]
    pub parent_business_unit_name: Option<String>,
    /// Whether CRM.COM's view fills the members that later versions of it leave empty (003-H10).
    pub legacy_compatibility: bool,
    /// How long what was sent and heard is kept, and 180 days more.
    #[serde(default)]
    pub retention: Retention,
    /// Since when whoever runs the service has it suspended: its keys are refused, its requests
    /// held; null: it is not.
    #[serde(default)]
    pub suspended_date: Option<Time>,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
}

/// Body of `PATCH /v1/tenant`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantPatch {
    /// 1 to 255 characters.
    pub name: Option<String>,
    /// 1 to 255 characters; empty: none.
    pub alternative_code: Option<String>,
    /// 1 to 500 characters; empty: none.
    pub description: Option<String>,
    /// 1 to 255 characters; empty: none.
    pub group_name: Option<String>,
    /// 1 to 255 characters; empty: none.
    pub community_name: Option<String>,
    /// 1 to 255 characters; empty: none.
    pub parent_business_unit_name: Option<String>,
    /// Default true.
    pub legacy_compatibility: Option<bool>,
    /// P180D to P10Y, default P2Y; for what is sent and heard from now on.
    pub retention: Option<Retention>,
}

impl Tenant {
    /// The number of the master key that seals its secrets.
    pub fn master_key(&self) -> u32 {
        self.key_secret.as_ref().map_or(Sealed::FIRST_KEY, Sealed::master_key)
    }

    /// The same, with its key secret sealed anew.
    pub fn sealed(self, key_secret: Sealed) -> Self {
        Self { key_secret: Some(key_secret), ..self }
    }

    /// As it is before anybody changed it, and has no row.
    pub fn default_of(id: Id) -> Self {
        let never = Time::from_millis(0);
        let by = "SYSTEM".to_owned();
        let info = TenantInfo {
            id,
            name: format!("Tenant {id}"),
            alternative_code: None,
            description: None,
            group_name: None,
            community_name: None,
            parent_business_unit_name: None,
            legacy_compatibility: true,
            retention: Retention::default(),
            suspended_date: None,
            version: 0,
            meta: Meta {
                created_date: never,
                created_by: by.clone(),
                updated_date: never,
                updated_by: by,
            },
        };
        let unchanged = Self { info, key_secret: None, rev: Rev::default() };
        Self { rev: Rev::read(0, unchanged.clone()), ..unchanged }
    }

    /// Makes one; its id is the stamp's first.
    ///
    /// # Errors
    /// The name's faults.
    pub fn create(
        name: &str,
        key_secret: Sealed,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut faults = Faults::default();
        let name = faults.take("/tenant", text::short(name));
        faults.finish()?;
        let unchanged = Self::default_of(stamp.id(0)).sealed(key_secret);
        let mut made = Self { rev: Rev::default(), ..unchanged };
        made.info.name = name.unwrap_or_default();
        Ok(made.saved(stamp))
    }

    /// Writes the row of one that has none, so that it is listed.
    pub fn begin(self, stamp: &Stamp) -> Option<Decision> {
        (self.rev.number() == 0).then(|| self.saved(stamp).1)
    }

    /// Suspends it, or ends that. What is so already changes nothing.
    pub fn suspend(mut self, suspended: bool, stamp: &Stamp) -> (Self, Decision) {
        if self.info.suspended_date.is_some() == suspended {
            return (self, Decision::default());
        }
        self.info.suspended_date = suspended.then_some(stamp.now);
        self.saved(stamp)
    }

    /// The same, changed.
    fn saved(mut self, stamp: &Stamp) -> (Self, Decision) {
        if self.info.version == 0 {
            self.info.meta = Meta::new(stamp);
        }
        self.info.version += 1;
        self.info.meta.touch(stamp);
        (self.clone(), Decision::default().save(self))
    }

    /// Changes what is given.
    ///
    /// # Errors
    /// The body's faults.
    pub fn update(
        mut self,
        patch: &TenantPatch,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let (mut faults, info) = (Faults::default(), &mut self.info);
        if let Some(name) = &patch.name {
            info.name = faults.take("/name", text::short(name)).unwrap_or_default();
        }
        for (at, given, own) in [
            ("/alternativeCode", &patch.alternative_code, &mut info.alternative_code),
            ("/groupName", &patch.group_name, &mut info.group_name),
            ("/communityName", &patch.community_name, &mut info.community_name),
            (
                "/parentBusinessUnitName",
                &patch.parent_business_unit_name,
                &mut info.parent_business_unit_name,
            ),
        ] {
            if let Some(text) = given {
                let text = Some(text).filter(|text| !text.is_empty());
                *own = text.and_then(|text| faults.take(at, text::short(text)));
            }
        }
        if let Some(description) = &patch.description {
            info.description =
                faults.take("/description", text::description(Some(description))).flatten();
        }
        if let Some(on) = patch.legacy_compatibility {
            info.legacy_compatibility = on;
        }
        if let Some(retention) = patch.retention {
            info.retention = retention;
        }
        faults.finish()?;
        Ok(self.saved(stamp))
    }
}
