//! `doctor`: looks whether a data folder, and the service on it, are well.
//!
//! Neighbours: the edge's doctor does the looking, `database` migrates. Guarantee: nothing is
//! written unless a migration is asked for, also beside a running service.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::time::Time;
use edge::doctor::{Finding, clock, examine};
use edge::ports::{Clock, SystemClock};
use edge::provider::client;
use edge::provider::egress::Policy;

use crate::api::{DEFAULT, address};
use crate::data_dir::DataDir;
use crate::database::{ADMIN_KEY, is_present, keyed, migrate};
use crate::parts::parts;
use crate::start_error::StartError;

/// The flags of `doctor`.
#[derive(Clone, Debug, Args)]
pub struct Doctor {
    /// The data folder to look at.
    #[arg(long, default_value = ".local")]
    data_dir: PathBuf,
    /// Where the service on it is, if it runs.
    #[arg(long, default_value = DEFAULT, value_parser = address)]
    api: String,
    /// First brings a folder of version 0.1.0 to the present form: a copy of its database is made,
    /// and a migration that was ended early goes on.
    #[arg(long)]
    migrate: bool,
}

impl Doctor {
    /// Looks, and says a line each. Whether all is well.
    ///
    /// # Errors
    /// When there is nothing to look at.
    pub async fn run(&self, say: fn(&str)) -> Result<bool, StartError> {
        if self.migrate {
            DataDir::look(&self.data_dir)?;
            migrate(&DataDir::open(&self.data_dir)?, say).await?;
        }
        let data = DataDir::look(&self.data_dir)?;
        if let Err(needed) = is_present(&data).await {
            say(&format!("WRONG  {:<12}{needed}", "form"));
            return Ok(false);
        }
        let (engine, master) = keyed(&data).await?;
        let egress = Policy { loopback: true, private: Vec::new() };
        let app = parts(Arc::new(engine.store()), master, self.api.clone(), egress);
        let mut findings = examine(&app, None).await;
        // The key goes to no service but the one that uses the folder.
        let key = data.find(ADMIN_KEY)?.filter(|_| data.is_held());
        findings.extend(self.service(data.is_held(), key).await);
        for finding in &findings {
            let well = if finding.fine { "ok   " } else { "WRONG" };
            say(&format!("{well}  {:<12}{}", finding.check, finding.told));
            finding.advice.iter().for_each(|advice| say(&format!("       {:<12}{advice}", "")));
        }
        Ok(findings.iter().all(|finding| finding.fine))
    }

    /// Whether the service of the folder answers, and what time it is there. Another one does not
    /// know the folder's key.
    async fn service(&self, held: bool, key: Option<String>) -> Vec<Finding> {
        const CHECK: &str = "service";
        let policy = Policy { loopback: true, private: Policy::private_ranges() };
        let Ok(http) = client::build(policy) else { return Vec::new() };
        let url = format!("{}/v1/me", self.api.trim_end_matches('/'));
        let Ok(answer) = http.get(&url).bearer_auth(key.unwrap_or_default()).send().await else {
            if held {
                let told = format!("uses the folder, but nothing answers at {}", self.api);
                return vec![Finding::wrong(CHECK, told, "Say where it is with --api.")];
            }
            let told = format!("does not run at {}; its queue is empty then", self.api);
            return vec![Finding::fine(CHECK, told)];
        };
        if !held {
            let told = format!("does not run; what answers at {} uses another folder", self.api);
            return vec![Finding::fine(CHECK, told)];
        }
        let up = match answer.status().as_u16() {
            200 => {
                Finding::fine(CHECK, format!("runs at {}; the queue is in its memory", self.api))
            }
            401 => {
                let told = format!("what answers at {} does not know this folder's key", self.api);
                Finding::wrong(CHECK, told, "Say with --api where the folder's own service is.")
            }
            status => {
                let told = format!("{url} answered {status}");
                Finding::wrong(CHECK, told, "Read its log; is something else at that address?")
            }
        };
        let date = answer.headers().get("date").and_then(|date| date.to_str().ok());
        let there = date.and_then(client::http_date).map(Time::from_millis);
        std::iter::once(up).chain(there.map(|there| clock(SystemClock.now(), there))).collect()
    }
}
