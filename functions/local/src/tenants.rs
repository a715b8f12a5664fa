//! `tenants`: whoever runs the service makes, lists and suspends tenants, also while it runs.
//!
//! Neighbours: `door` is the way in while a service has the folder; else the folder is opened.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use domain::ids::Id;
use edge::ports::SystemIds;
use edge::provider::egress::Policy;
use edge::{App, Problem};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, ApiError, DEFAULT, address};
use crate::data_dir::DataDir;
use crate::database::{OPERATOR_KEY, open};
use crate::parts::parts;
use crate::start_error::StartError;

/// The commands on tenants.
#[derive(Clone, Debug, Subcommand)]
pub enum Tenants {
    /// Makes one, with its built-in roles and an administrator's key, which is shown once.
    Create {
        /// Its name.
        name: String,
        /// Where.
        #[command(flatten)]
        at: Where,
    },
    /// Lists them.
    List {
        /// Where.
        #[command(flatten)]
        at: Where,
    },
    /// Suspends one: its keys are refused, its requests are held, callbacks are taken.
    Suspend {
        /// Its id.
        id: Id,
        /// Where.
        #[command(flatten)]
        at: Where,
    },
    /// Ends a suspension: what was held goes out.
    Resume {
        /// Its id.
        id: Id,
        /// Where.
        #[command(flatten)]
        at: Where,
    },
}

/// Which service.
#[derive(Clone, Debug, Args)]
pub struct Where {
    /// Its data folder.
    #[arg(long, default_value = ".local")]
    data_dir: PathBuf,
    /// Its address, if it runs.
    #[arg(long, default_value = DEFAULT, value_parser = address)]
    api: String,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum TenantsError {
    /// The folder.
    #[error("{0}")]
    Folder(#[from] StartError),
    /// The service on it.
    #[error("{0}")]
    Api(#[from] ApiError),
    /// It is refused.
    #[error("{0}")]
    Refused(String),
}

impl From<Problem> for TenantsError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem.detail().to_owned())
    }
}

impl Tenants {
    /// Does it, and says what came of it, line by line.
    ///
    /// # Errors
    /// When it was refused, or there is no service and no folder.
    pub async fn run(&self, say: fn(&str)) -> Result<(), TenantsError> {
        let (Self::Create { at, .. }
        | Self::List { at }
        | Self::Suspend { at, .. }
        | Self::Resume { at, .. }) = self;
        let data = at.look()?;
        let told = if data.is_held() {
            self.ask(at, &data).await?
        } else {
            self.open(&at.open()?).await?
        };
        let rows = told["data"].as_array().cloned().unwrap_or_else(|| vec![told]);
        rows.iter().for_each(|row| say(&line(row)));
        Ok(())
    }

    /// By the service that has the folder.
    async fn ask(&self, at: &Where, data: &DataDir) -> Result<Value, TenantsError> {
        let api = at.ask(data)?;
        let (method, path, body) = match self {
            Self::Create { name, .. } => (Method::POST, String::new(), Some(json!({"name": name}))),
            Self::List { .. } => (Method::GET, String::new(), None),
            Self::Suspend { id, .. } => (Method::POST, format!("/{id}/suspend"), None),
            Self::Resume { id, .. } => (Method::POST, format!("/{id}/resume"), None),
        };
        let path = format!("/operator/v1/tenants{path}");
        Ok(api.call(method, &path, &[], body.as_ref()).await?)
    }

    /// In a folder that no service has.
    async fn open(&self, data: &DataDir) -> Result<Value, TenantsError> {
        let app = opened(data).await?;
        let told = match self {
            Self::Create { name, .. } => bootstrap::tenants::create(&app, name).await,
            Self::List { .. } => bootstrap::tenants::list(&app).await,
            Self::Suspend { id, .. } => bootstrap::tenants::suspend(&app, *id, true).await,
            Self::Resume { id, .. } => bootstrap::tenants::suspend(&app, *id, false).await,
        };
        Ok(told?)
    }
}

impl Where {
    /// The folder, only to look at it.
    pub(crate) fn look(&self) -> Result<DataDir, StartError> {
        Ok(DataDir::look(&self.data_dir)?)
    }

    /// The folder, for nobody else.
    pub(crate) fn open(&self) -> Result<DataDir, StartError> {
        Ok(DataDir::open(&self.data_dir)?)
    }

    /// The way to the service that has the folder.
    pub(crate) fn ask(&self, data: &DataDir) -> Result<Api, TenantsError> {
        let key = data.find(OPERATOR_KEY).map_err(StartError::from)?;
        let key = key.ok_or_else(|| StartError::from(data.missing(OPERATOR_KEY)))?;
        Ok(Api::new(&self.api, &key, loopback())?)
    }
}

/// The parts of a folder that no service has.
pub(crate) async fn opened(data: &DataDir) -> Result<App, StartError> {
    let (engine, master) = open(data, &SystemIds).await?;
    Ok(parts(Arc::new(engine.store()), master, String::new(), loopback()))
}

const fn loopback() -> Policy {
    Policy { loopback: true, private: Vec::new() }
}

fn line(row: &Value) -> String {
    let text = |member: &str| row[member].as_str().map(str::to_owned);
    let since = text("suspendedDate").map(|at| format!("  suspended since {at}"));
    let key = text("apiKey").map(|key| format!("  admin key {key}"));
    let name = text("name").unwrap_or_default();
    format!("{}  {name}{}{}", row["tenantId"], since.unwrap_or_default(), key.unwrap_or_default())
}
