//! `requests show` and `requests retry`: an operator asks a running service.
//!
//! Neighbours: `api` calls it; the words of a time line are the service's own.

use std::num::ParseIntError;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::text::is_unseen;
use domain::told::told;
use edge::provider::egress::Policy;
use reqwest::Method;
use serde_json::Value;

use crate::api::{Api, ApiError, DEFAULT, address};
use crate::data_dir::keep;

/// The commands on provisioning requests.
#[derive(Clone, Debug, Subcommand)]
pub enum Requests {
    /// Explains one: all that happened, what comes next, what may be ordered and why not.
    Show {
        /// Its id, which is its number.
        #[arg(value_parser = number)]
        id: u64,
        /// Where it is asked for.
        #[command(flatten)]
        at: At,
    },
    /// Retries those that failed: 0 all are queued again, 1 some were refused.
    Retry {
        /// Filters of the list, such as status=FAILED methodId=7 after=2026-05-04T10:00:00Z.
        #[arg(required = true)]
        filters: Vec<String>,
        /// Where they are.
        #[command(flatten)]
        at: At,
    },
}

/// Which service is asked, and with which key.
#[derive(Clone, Debug, Args)]
pub struct At {
    /// Address of the service.
    #[arg(long, default_value = DEFAULT, value_parser = address)]
    api: String,
    /// The file that holds the API key.
    #[arg(long, default_value = ".local/admin-key")]
    key_file: PathBuf,
}

/// Why an operator heard nothing.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The key's file.
    #[error(
        "{0}: {1}. This file holds an API key; `provisio` writes the administrator's key into its \
         data folder when it first starts there. --key-file names another one"
    )]
    Key(PathBuf, std::io::Error),
    /// Its text.
    #[error(
        "{0} holds no API key, which is one word that starts with pvk_; --key-file names another \
         file"
    )]
    NoKey(PathBuf),
    /// A role that is not there.
    #[error("there is no role {0:?}; provisio roles list names those there are")]
    Role(String),
    /// A filter without a value.
    #[error("{0:?} is no filter: write name=value")]
    Filter(String),
    /// The service.
    #[error("{0}")]
    Api(#[from] ApiError),
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|error: ParseIntError| told(&error.to_string()))
}

impl At {
    /// Writes the next secret of the key into its file; says which that is.
    pub(crate) fn keep(&self, secret: &str) -> Result<String, AskError> {
        let failed = |error| AskError::Key(self.key_file.clone(), error);
        keep(&self.key_file, secret).map_err(failed)?;
        Ok(self.key_file.display().to_string())
    }

    pub(crate) fn open(&self) -> Result<Api, AskError> {
        let key = std::fs::read_to_string(&self.key_file)
            .map_err(|error| AskError::Key(self.key_file.clone(), error))?;
        if key.trim().is_empty() || !key.trim().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(AskError::NoKey(self.key_file.clone()));
        }
        let policy = Policy { loopback: true, private: Policy::private_ranges() };
        Ok(Api::new(&self.api, key.trim(), policy)?)
    }
}

impl Requests {
    /// Asks, and says what is answered, line by line. Whether all was well.
    ///
    /// # Errors
    /// When nothing was answered.
    pub async fn run(&self, say: fn(&str)) -> Result<bool, AskError> {
        match self {
            Self::Show { id, at } => {
                let path = format!("/v1/provisioning-requests/{id}/explain");
                lines(&at.open()?.get(&path).await?).iter().for_each(|line| say(line));
                Ok(true)
            }
            Self::Retry { filters, at } => retry(&at.open()?, &query(filters)?, say).await,
        }
    }
}

/// Page by page; prints each page, and each request that was refused.
async fn retry(api: &Api, query: &str, say: fn(&str)) -> Result<bool, AskError> {
    let (mut retried, mut refused) = (0_u64, 0_u64);
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/provisioning-requests/retry?limit=100{query}{cursor}");
        let page = api.call(Method::POST, &path, &[], None).await?;
        for line in page["data"].as_array().into_iter().flatten() {
            let problem = &line["problem"];
            if problem.is_null() {
                retried += 1;
                continue;
            }
            refused += 1;
            let why = format!("{}: {}", text(&problem["code"]), text(&problem["detail"]));
            say(&format!("  {} refused, {}", line["id"], plain(&why)));
        }
        let next = page["nextCursor"].as_str();
        let more = if next.is_some() { ", going on" } else { "" };
        say(&format!("{retried} retried, {refused} refused{more}"));
        let Some(next) = next else { return Ok(refused == 0) };
        cursor = format!("&cursor={next}");
    }
}

fn query(filters: &[String]) -> Result<String, AskError> {
    let mut out = String::new();
    for filter in filters {
        let (name, value) =
            filter.split_once('=').ok_or_else(|| AskError::Filter(filter.clone()))?;
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        out.push_str(&format!("&{name}={value}"));
    }
    Ok(out)
}

/// An explanation as lines.
fn lines(told: &Value) -> Vec<String> {
    let mut out = vec![format!("Request {}: {}", text(&told["number"]), text(&told["status"]))];
    out.push(format!("  {}\n", plain(text(&told["why"]))));
    for moment in told["timeline"].as_array().into_iter().flatten() {
        let by = moment["by"]["name"]
            .as_str()
            .unwrap_or_else(|| moment["by"]["id"].as_str().unwrap_or_default());
        let row = moment["row"].as_str().unwrap_or_default();
        let (at, summary) = (text(&moment["at"]), plain(text(&moment["summary"])));
        out.push(format!("  {at}  {row:<4} {summary} ({})", plain(by)));
        for (name, member) in [
            ("webhook-id", "webhookId"),
            ("document", "documentHash"),
            ("payload", "payload"),
            ("note", "note"),
        ] {
            if let Some(value) = moment[member].as_str().filter(|value| !value.is_empty()) {
                out.push(format!("{:34}{name}: {}", "", plain(value)));
            }
        }
    }
    let next = &told["next"];
    let when = next["at"].as_str().map(|at| format!(" ({at})")).unwrap_or_default();
    out.push(format!("\n  Next: {}{when}", text(&next["detail"])));
    for action in told["actions"].as_array().into_iter().flatten() {
        let may = if action["allowed"] == true { "may" } else { "may not" };
        out.push(format!("  {may} {}: {}", text(&action["action"]), text(&action["why"])));
    }
    out
}

/// What a provider or a customer wrote, on one line and without what a terminal obeys.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_control() || is_unseen(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_wrote_cannot_move_the_terminal() {
        let told = plain("a\u{1b}[2J\n2026 P5 done\u{202e}\u{7}");
        assert_eq!(told, "a\\u{1b}[2J\\n2026 P5 done\\u{202e}\\u{7}");
        assert_eq!(plain("größer (5)"), "größer (5)");
    }
}
