//! `roles` and `keys`: whoever administers a tenant asks a running service.
//!
//! Neighbours: `api` calls it, `operator` has the flags that say where. Guarantee: a secret is
//! printed once, or written into the file that the old one stood in.

use clap::Subcommand;
use domain::access::{Act, Area};
use reqwest::Method;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::api::{Api, ApiError};
use crate::master;
use crate::operator::{AskError, At};
use crate::tenants::{TenantsError, Where};

/// The commands on roles.
#[derive(Clone, Debug, Subcommand)]
pub enum Roles {
    /// Lists them, with what each may do.
    List {
        /// Where they are.
        #[command(flatten)]
        at: At,
    },
    /// Makes one.
    Create {
        /// Its name.
        name: String,
        /// Permissions, such as entitlement.view,customer.view; catalog.edit@5 in namespace 5 only.
        #[arg(long, value_delimiter = ',', required = true, value_parser = permission)]
        may: Vec<Permission>,
        /// Where.
        #[command(flatten)]
        at: At,
    },
    /// Deletes one that no living key has.
    Delete {
        /// Its id.
        id: u64,
        /// Where it is.
        #[command(flatten)]
        at: At,
    },
}

/// The commands on API keys.
#[derive(Clone, Debug, Subcommand)]
pub enum Keys {
    /// Lists them.
    List {
        /// Only those of this role.
        #[arg(long)]
        role: Option<u64>,
        /// Where they are.
        #[command(flatten)]
        at: At,
    },
    /// Makes one; its secret is printed once.
    Create {
        /// Its purpose.
        name: String,
        /// The role's id, or its name.
        #[arg(long)]
        role: String,
        /// The customer whose key it is.
        #[arg(long)]
        customer: Option<u64>,
        /// The partner whose key it is.
        #[arg(long)]
        partner: Option<u64>,
        /// Where.
        #[command(flatten)]
        at: At,
    },
    /// Makes the next secret of one; that of the key in --key-file is written there.
    Rotate {
        /// Its id.
        id: u64,
        /// How long the secret before lives on, such as PT24H; PT0S ends it at once.
        #[arg(long, default_value = "P1D")]
        overlap: String,
        /// Where it is.
        #[command(flatten)]
        at: At,
    },
    /// Revokes one.
    Revoke {
        /// Its id.
        id: u64,
        /// Where it is.
        #[command(flatten)]
        at: At,
    },
    /// Makes a new master key, and seals anew what older ones sealed; for whoever runs the service.
    RotateMaster {
        /// Where.
        #[command(flatten)]
        at: Where,
    },
    /// Forgets an older master key for ever: copy it first, backups of before need it; for whoever
    /// runs the service.
    ForgetMaster {
        /// Its number.
        number: u32,
        /// Where.
        #[command(flatten)]
        at: Where,
    },
}

/// Why nothing was done to a key.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It is an API key's.
    #[error("{0}")]
    Ask(#[from] AskError),
    /// It is a master key's.
    #[error("{0}")]
    Master(#[from] TenantsError),
}

impl From<ApiError> for KeysError {
    fn from(error: ApiError) -> Self {
        Self::Ask(error.into())
    }
}

/// A permission of the command line.
#[derive(Clone, Debug)]
pub struct Permission {
    area: Area,
    act: Act,
    namespace: Option<u64>,
}

/// Reads `area.act`, or `area.act@namespace`.
fn permission(text: &str) -> Result<Permission, String> {
    let (name, place) = text.split_once('@').map_or((text, None), |(name, id)| (name, Some(id)));
    let found = name.split_once('.').and_then(|(area, act)| {
        let area = Area::iter().find(|known| known.to_string() == area)?;
        Some((area, Act::iter().find(|known| known.to_string() == act)?))
    });
    let (area, act) = found.ok_or_else(|| {
        let areas: Vec<String> = Area::iter().map(|area| area.to_string()).collect();
        let acts: Vec<String> = Act::iter().map(|act| act.to_string()).collect();
        format!("write one of {}, a dot, and one of {}", areas.join(", "), acts.join(", "))
    })?;
    let wrong = |_| "after @ stands the id of a namespace".to_owned();
    Ok(Permission { area, act, namespace: place.map(str::parse).transpose().map_err(wrong)? })
}

impl Roles {
    /// Does it, and says what is answered, line by line.
    ///
    /// # Errors
    /// When it was refused, or not answered.
    pub async fn run(&self, say: fn(&str)) -> Result<(), AskError> {
        match self {
            Self::List { at } => {
                for role in all(&at.open()?, "/v1/roles?order=asc").await? {
                    say(&role_line(&role));
                }
            }
            Self::Create { name, may, at } => {
                let grant = |one: &Permission| {
                    let Permission { area, act, namespace } = one;
                    json!({"area": area, "acts": [act], "namespaceId": namespace})
                };
                let permissions: Vec<Value> = may.iter().map(grant).collect();
                let body = json!({"name": name, "permissions": permissions});
                let made = at.open()?.call(Method::POST, "/v1/roles", &[], Some(&body)).await?;
                say(&role_line(&made));
            }
            Self::Delete { id, at } => gone(&at.open()?, &format!("/v1/roles/{id}")).await?,
        }
        Ok(())
    }
}

impl Keys {
    /// Does it, and says what is answered, line by line.
    ///
    /// # Errors
    /// When it was refused, or not answered.
    pub async fn run(&self, say: fn(&str)) -> Result<(), KeysError> {
        match self {
            Self::RotateMaster { at } => master::rotate(at, say).await?,
            Self::ForgetMaster { number, at } => master::forget(*number, at, say).await?,
            Self::List { role, at } => {
                let filter = role.map(|id| format!("&roleId={id}")).unwrap_or_default();
                for key in all(&at.open()?, &format!("/v1/api-keys?order=asc{filter}")).await? {
                    say(&key_line(&key));
                }
            }
            Self::Create { name, role, customer, partner, at } => {
                let api = at.open()?;
                let role = role_id(&api, role).await?;
                let body = json!({"name": name, "roleId": role, "customerId": customer,
                    "partnerId": partner});
                let made = api.call(Method::POST, "/v1/api-keys", &[], Some(&body)).await?;
                say(&key_line(&made));
                say(&format!("  secret {}", text(&made["secret"])));
            }
            Self::Rotate { id, overlap, at } => {
                let api = at.open()?;
                let own = api.get("/v1/me").await?["key"]["id"] == *id;
                let (path, body) =
                    (format!("/v1/api-keys/{id}/rotate"), json!({"overlap": overlap}));
                let made = api.call(Method::POST, &path, &[], Some(&body)).await?;
                say(&key_line(&made));
                if own {
                    say(&format!("  its secret is in {}", at.keep(text(&made["secret"]))?));
                } else {
                    say(&format!("  secret {}", text(&made["secret"])));
                }
            }
            Self::Revoke { id, at } => gone(&at.open()?, &format!("/v1/api-keys/{id}")).await?,
        }
        Ok(())
    }
}

/// Every row of a list.
async fn all(api: &Api, path: &str) -> Result<Vec<Value>, ApiError> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{path}&limit=100{cursor}")).await?;
        rows.extend(page["data"].as_array().into_iter().flatten().cloned());
        let Some(next) = page["nextCursor"].as_str() else { return Ok(rows) };
        cursor = format!("&cursor={next}");
    }
}

async fn role_id(api: &Api, named: &str) -> Result<u64, AskError> {
    if let Ok(id) = named.parse() {
        return Ok(id);
    }
    let roles = all(api, "/v1/roles?order=asc").await?;
    let found = roles.iter().find(|role| text(&role["name"]).eq_ignore_ascii_case(named));
    let id = found.and_then(|role| role["id"].as_u64());
    id.ok_or_else(|| AskError::Role(named.to_owned()))
}

async fn gone(api: &Api, path: &str) -> Result<(), ApiError> {
    api.nothing(Method::DELETE, path).await
}

fn role_line(role: &Value) -> String {
    let grants = role["permissions"].as_array().into_iter().flatten().map(|grant| {
        let acts = grant["acts"].as_array().into_iter().flatten().map(text);
        let place = grant["namespaceId"].as_u64().map(|id| format!("@{id}")).unwrap_or_default();
        format!("{}.{}{place}", text(&grant["area"]), acts.collect::<Vec<_>>().join("+"))
    });
    let off = if role["enabled"] == false { "  disabled" } else { "" };
    let own = if role["builtIn"] == true { "  built in" } else { "" };
    let may = grants.collect::<Vec<_>>().join(" ");
    format!("{}  {}{own}{off}  {may}", role["id"], text(&role["name"]))
}

fn key_line(key: &Value) -> String {
    let told = |name: &str, member: &str| {
        let value = &key[member];
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if value.is_null() { String::new() } else { format!("  {name} {shown}") }
    };
    let parts = [
        told("starts", "prefix"),
        told("role", "roleId"),
        told("customer", "customerId"),
        told("partner", "partnerId"),
        told("used", "lastUsedDate"),
        told("expires", "expires"),
        told("revoked", "revokedDate"),
    ];
    format!("{}  {}{}", key["id"], text(&key["name"]), parts.concat())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
