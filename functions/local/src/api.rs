//! A client of a running service: the demo and the commands that ask one.
//!
//! Neighbours: `demo`, `operator`. It is a client like any other: over HTTP, with a key.

use edge::provider::client;
use edge::provider::egress::Policy;
use reqwest::{Method, Response};
use serde_json::Value;

/// Where `provisio` listens, unless it is told otherwise.
pub const DEFAULT: &str = "http://127.0.0.1:4177";

/// The address of a service, from a flag.
///
/// # Errors
/// What an address looks like.
pub fn address(text: &str) -> Result<String, String> {
    let read = reqwest::Url::parse(text).ok();
    let fits = read.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    fits.then(|| text.to_owned()).ok_or_else(|| format!("write an address such as {DEFAULT}"))
}

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It was not answered, or not by this service.
    #[error("{0}: {1}. The service has to run there; --api names another address")]
    Silent(String, &'static str),
    /// It was refused.
    #[error("{call} was answered {status}: {body}")]
    Refused {
        /// The call.
        call: String,
        /// HTTP status.
        status: u16,
        /// The problem.
        body: String,
    },
    /// The HTTP client could not be made.
    #[error("{0}")]
    Client(String),
}

/// A client.
pub struct Api {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Api {
    /// Of the service at `url`, with this key.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(url: &str, key: &str, policy: Policy) -> Result<Self, ApiError> {
        let http = client::build(policy).map_err(ApiError::Client)?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { http, url, key: key.to_owned() })
    }

    /// GET.
    ///
    /// # Errors
    /// When it was refused, or not answered.
    pub async fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.call(Method::GET, path, &[], None).await
    }

    /// Any call; the answer's JSON.
    ///
    /// # Errors
    /// When it was refused, or not answered.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, ApiError> {
        let answer = self.answered(method, path, headers, body).await?;
        answer.json().await.map_err(|error| self.silent(&error))
    }

    async fn answered(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Response, ApiError> {
        let call = format!("{method} {path}");
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        request = request.bearer_auth(&self.key);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let silent = |error| self.silent(&error);
        let answer = request.send().await.map_err(silent)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let mut body = answer.text().await.map_err(silent)?;
        let problem: Value = serde_json::from_str(&body).unwrap_or_default();
        if let (Some(code), Some(detail)) = (problem["code"].as_str(), problem["detail"].as_str()) {
            body = format!("{code}: {detail}");
        }
        Err(ApiError::Refused { call, status: status.as_u16(), body })
    }

    /// A call that is answered with nothing.
    ///
    /// # Errors
    /// When it was refused, or not answered.
    pub async fn nothing(&self, method: Method, path: &str) -> Result<(), ApiError> {
        self.answered(method, path, &[], None).await.map(drop)
    }

    fn silent(&self, error: &reqwest::Error) -> ApiError {
        let why = if error.is_connect() {
            "nothing listens there"
        } else if error.is_timeout() {
            "no answer came in time"
        } else if error.is_decode() {
            "what answers is not Provisio"
        } else {
            "the connection broke off"
        };
        ApiError::Silent(self.url.clone(), why)
    }
}
