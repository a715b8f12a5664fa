//! A client of the API.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A client with a key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Address of the service.
    pub api: String,
    /// Its key.
    pub key: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body's text.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub json: Value,
}

async fn read(request: RequestBuilder) -> reqwest::Result<Reply> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await?;
    let json = serde_json::from_str(&text).unwrap_or_default();
    Ok(Reply { status, headers, text, json })
}

impl Client {
    /// A client of the service at `api`.
    pub fn new(api: &str, key: &str) -> Self {
        let policy = edge::provider::egress::Policy { loopback: true, private: Vec::new() };
        let http = edge::provider::client::build(policy).unwrap();
        Self { http, api: api.to_owned(), key: key.to_owned() }
    }

    /// The same client with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Any call.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Reply {
        read(self.request(method, path, headers, body)).await.unwrap()
    }

    /// Any call; nothing when it was not answered.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Option<Reply> {
        read(self.request(method, path, headers, body)).await.ok()
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.api));
        if !self.key.is_empty() {
            request = request.bearer_auth(&self.key);
        }
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match body {
            Some(body) => request.body(body),
            None => request,
        }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, &[], None).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_with(path, &[], body).await
    }

    /// POST of JSON with headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        self.call(Method::POST, path, headers, Some(body.to_string().into_bytes())).await
    }

    /// PUT of JSON, whatever the version.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        let body = Some(body.to_string().into_bytes());
        self.call(Method::PUT, path, &[("if-match", "*")], body).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, &[], None).await
    }
}

impl Reply {
    /// The body, if the status is the wanted one.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json
    }

    /// Holds the reply against a status and a code; it must be a problem in full.
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        let kind = self.header("content-type");
        assert_eq!(kind, "application/problem+json", "{}", self.text);
        for member in ["type", "title", "detail", "instance", "requestId"] {
            let told = self.json[member].as_str().is_some_and(|text| !text.is_empty());
            assert!(told, "{member} is missing: {}", self.text);
        }
        assert_eq!(self.json["status"], self.status);
        assert_eq!(self.json["requestId"], self.header("x-request-id"));
    }

    /// The problem's code.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// The pointer of the problem's first fault.
    pub fn pointer(&self) -> &str {
        self.json["errors"][0]["pointer"].as_str().unwrap_or_default()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
