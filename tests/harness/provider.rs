//! A provider that answers as it is told, and remembers what it was sent.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What the provider was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Headers.
    pub headers: HashMap<String, String>,
    /// The raw body.
    pub body: String,
}

#[derive(Default)]
struct Script {
    answers: VecDeque<(u16, String)>,
    sent: Vec<Sent>,
}

/// A scripted provider.
#[derive(Clone)]
pub struct ScriptedProvider {
    /// Its address.
    pub url: String,
    script: Arc<Mutex<Script>>,
    held: watch::Sender<bool>,
}

impl ScriptedProvider {
    /// Starts one on an ephemeral port; it accepts everything until it is told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/provision", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let held = watch::Sender::new(false);
        let state = (Arc::clone(&script), held.subscribe());
        let router = Router::new().route("/provision", post(receive)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, script, held }
    }

    /// The next answers; after them it accepts again.
    pub fn answer(&self, answers: &[(u16, &str)]) {
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned()));
        self.script.lock().unwrap().answers.extend(answers);
    }

    /// From now on no call is answered before [`Self::release`].
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Answers what was held.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// What it was sent so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.script.lock().unwrap().sent.clone()
    }

    /// Waits for the `n`-th call, from 1.
    pub async fn nth(&self, n: usize) -> Sent {
        crate::until("a call of the provider", || async { self.sent().get(n - 1).cloned() }).await
    }
}

async fn receive(
    State((script, mut held)): State<(Arc<Mutex<Script>>, watch::Receiver<bool>)>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let (status, body) = {
        let mut script = script.lock().unwrap();
        script.sent.push(Sent { headers, body });
        script.answers.pop_front().unwrap_or((202, "{}".to_owned()))
    };
    held.wait_for(|held| !held).await.unwrap();
    (StatusCode::from_u16(status).unwrap(), body)
}

impl Sent {
    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}
