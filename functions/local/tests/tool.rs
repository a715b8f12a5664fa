//! `cargo run -- plans check | requests | provider | webhook`: the real binary, its words and exit
//! codes.

#![allow(clippy::unwrap_used, reason = "a test may end so")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::routing::post;
use edge::ports::{Clock, SystemClock};
use edge::provider::signature::sign;
use edge::secret::Secret;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_provisio"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = tool(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Checks a definition from standard input; exit code and words.
fn check(definition: &str, more: &[&str]) -> (i32, String) {
    let arguments = [&["plans", "check", "-"], more].concat();
    let output = run(&arguments, definition);
    (output.status.code().unwrap(), said(&output))
}

fn sample() -> String {
    let path = format!("{}/../../domain/tests/cases/shape/sample.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::canonicalize(path).unwrap().display().to_string()
}

#[test]
fn plans_are_checked_without_a_service() {
    let (code, words) = check(r#"{"id": "$.provisioningRequest.id", "n": "5"}"#, &[]);
    assert_eq!((code, words.as_str()), (0, "1 expressions, 0 warnings and notes\n"));
    let (code, words) = check(r#"{"id": "$.provisioningRequest.ids"}"#, &[]);
    assert_eq!(code, 1, "{words}");
    assert!(words.starts_with("warning: UNKNOWN_PATH at $[\"id\"]"), "{words}");
    assert!(words.contains("Did you mean \"id\"?"), "{words}");
    let (code, words) = check(r#"{"price": "$5.00"}"#, &[]);
    assert_eq!(code, 0, "a note alone is no doubt: {words}");
    assert!(words.starts_with("note: DOLLAR_TEXT"), "{words}");
    let (code, words) = check("{\n  \"a\": 5,\n}", &[]);
    assert_eq!(code, 2);
    assert!(words.starts_with("error: DEFINITION_NOT_JSON at line 3, column 1"), "{words}");
    let (code, words) = check(r#"{"a": "$.50", "b": "$["}"#, &[]);
    assert_eq!((code, words.lines().count()), (2, 2), "every fault is told: {words}");
    let gone = run(&["plans", "check", "/nowhere/plan.json"], "");
    assert_eq!(gone.status.code(), Some(2));
    assert!(said(&gone).contains("/nowhere/plan.json"));
}

#[test]
fn what_is_wrong_is_told_in_our_words() {
    let refused = |arguments: &[&str], words: &str| {
        let output = run(arguments, "{\"a\": ");
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8(all).unwrap();
        assert_ne!(output.status.code(), Some(0), "{all}");
        assert!(all.contains(words), "{all}");
    };
    let file = format!("{}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&key, "pvk_1\n").unwrap();
    let key = key.path().display().to_string();
    let show = |api| ["requests", "show", "5", "--key-file", key.as_str(), "--api", api];
    refused(&["plans", "check", "-"], "line 1, column 6: it ends where a value should stand\n");
    refused(&["--data-dir", &file], "is a file; --data-dir names a folder");
    refused(&["doctor", "--data-dir", &file], "is a file; --data-dir names a folder");
    refused(&["requests", "show", "abc"], "must be a whole number");
    refused(
        &["requests", "show", "5", "--key-file", "/nowhere"],
        "`provisio` writes the administrator's key",
    );
    refused(&["requests", "show", "5", "--key-file", &file], "holds no API key, which is one");
    for no_url in ["notaurl", "nowhere", "127.0.0.1:4177", "ftp://127.0.0.1"] {
        refused(&show(no_url), "for '--api <API>': write an address such as http://127.0.0.1:4177");
    }
    refused(&show("http://127.0.0.1:1"), "http://127.0.0.1:1: nothing listens there.");
}

#[test]
fn plans_are_filled_from_a_document() {
    let definition = r#"{"id": "$.provisioningRequest.id", "c": "$.provisioningRequest.comments"}"#;
    let (code, words) = check(definition, &["--document", &sample()]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = words.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "SUBSTITUTED $[\"id\"] $.provisioningRequest.id",
            "BLANK (MISSING_VALUE) $[\"c\"] $.provisioningRequest.comments",
            "{\"id\":97,\"c\":\"\"}",
        ]
    );
    let (code, words) = check(definition, &["--document", &sample(), "--values", "text"]);
    assert_eq!((code, words.lines().last()), (0, Some("{\"id\":\"97\",\"c\":\"\"}")));
    let (code, words) = check(definition, &["--document", "/nowhere.json"]);
    assert_eq!(code, 2, "{words}");
    let manifest = format!("{}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    let (code, words) = check(definition, &["--document", &manifest]);
    assert_eq!(code, 2, "{words}");
}

#[test]
fn what_is_signed_is_verified() {
    let body = r#"{"status":"COMPLETED"}"#;
    let signed = run(&["webhook", "sign", "--secret", SECRET, "--id", "msg_1"], body);
    assert_eq!(signed.status.code(), Some(0));
    let words = said(&signed);
    let header = |name: &str| {
        let line = words.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap().to_owned()
    };
    let (time, signature) = (header("webhook-timestamp"), header("webhook-signature"));
    let verify = |time: &str, signature: &str, body: &str| {
        let flags = [
            "webhook",
            "verify",
            "--secret",
            SECRET,
            "--id",
            "msg_1",
            "--timestamp",
            time,
            "--signature",
            signature,
        ];
        let output = run(&flags, body);
        (output.status.code().unwrap(), said(&output))
    };
    assert_eq!(verify(&time, &signature, body), (0, "right\n".to_owned()));
    assert_eq!(verify(&time, &signature, "{}").0, 1);
    assert_eq!(verify("1700000000", &signature, body).0, 1);
    let reference = standardwebhooks::Webhook::new(SECRET).unwrap();
    let old = reference.sign("msg_1", 1_700_000_000, body.as_bytes()).unwrap();
    let (code, words) = verify("1700000000", &old, body);
    assert!(code == 1 && words.contains("5 minutes"), "{words}");
    let id = run(&["webhook", "sign", "--secret", SECRET, "--id", "no such id"], "");
    assert_eq!(id.status.code(), Some(2));
    let told = String::from_utf8_lossy(&id.stderr);
    assert!(told.contains("1 to 64 letters"), "{told}");
    let bad = run(&["webhook", "sign", "--secret", "hunter2", "--id", "a"], "");
    assert_eq!(bad.status.code(), Some(2), "wrong flags");
}

/// A fake provider of its own process.
struct Provider {
    child: Child,
    url: String,
}

impl Provider {
    fn start(script: &str) -> Self {
        let arguments = ["provider", "--port", "0", "--secret", SECRET, "--script", script];
        let mut child = tool(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .find_map(|line| Some(line.unwrap().split_once("endpointUrl")?.1.trim().to_owned()));
        std::thread::spawn(move || lines.count());
        Self { child, url: url.unwrap() }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Where callbacks come in: the status of each, in their order.
async fn callbacks() -> (String, UnboundedReceiver<String>) {
    let (sender, receiver) = unbounded_channel();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/", post(heard)).with_state(Arc::new(sender));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, receiver)
}

async fn heard(State(sender): State<Arc<UnboundedSender<String>>>, body: String) -> String {
    let body: Value = serde_json::from_str(&body).unwrap();
    sender.send(body["status"].as_str().unwrap().to_owned()).unwrap();
    json!({}).to_string()
}

/// A request that is posted; the status of the answer, and how long it took.
async fn request(provider: &Provider, id: &str, callback: &str) -> (u16, Duration) {
    let policy = edge::provider::egress::Policy { loopback: true, private: Vec::new() };
    let http = edge::provider::client::build(policy).unwrap();
    let secret = Secret::from_whsec(SECRET).unwrap();
    let mut call = http.post(&provider.url).body("{}").header("provisioning-request-id", id);
    call = call.header("provisioning-callback-url", callback);
    for (name, value) in sign(&[secret], id, SystemClock.now(), b"{}") {
        call = call.header(name, value);
    }
    let begun = Instant::now();
    (call.send().await.unwrap().status().as_u16(), begun.elapsed())
}

#[tokio::test]
async fn the_fake_provider_follows_its_script() {
    let (url, mut heard) = callbacks().await;
    let provider = Provider::start("refuse,fail:2,shuffle,delay:1,break,silence");
    assert_eq!(request(&provider, "a", &url).await.0, 422);
    assert_eq!(request(&provider, "b", &url).await.0, 503);
    assert_eq!(request(&provider, "b", &url).await.0, 503);
    assert_eq!(request(&provider, "b", &url).await.0, 202);
    assert_eq!(heard.recv().await.unwrap(), "IN_PROGRESS");
    assert_eq!(heard.recv().await.unwrap(), "COMPLETED");
    assert_eq!(request(&provider, "b", &url).await.0, 202, "the same again");
    assert_eq!(request(&provider, "c", &url).await.0, 202);
    assert_eq!(heard.recv().await.unwrap(), "COMPLETED", "out of order");
    assert_eq!(heard.recv().await.unwrap(), "IN_PROGRESS");
    let (status, took) = request(&provider, "d", &url).await;
    assert!(status == 202 && took >= Duration::from_secs(1), "{status} after {took:?}");
    assert_eq!(heard.recv().await.unwrap(), "IN_PROGRESS");
    assert_eq!(heard.recv().await.unwrap(), "COMPLETED");
    assert_eq!(request(&provider, "e", &url).await.0, 202);
    assert_eq!(heard.recv().await.unwrap(), "IN_PROGRESS");
    assert_eq!(heard.recv().await.unwrap(), "FAILED");
    assert_eq!(request(&provider, "f", &url).await.0, 202);
    assert_eq!(request(&provider, "g", &url).await.0, 202, "the last step goes on");
    assert!(heard.try_recv().is_err(), "not a word");
}

#[test]
fn wrong_flags_are_told() {
    for arguments in [
        &["provider", "--secret", SECRET, "--script", "explode"][..],
        &["provider", "--secret", "x"],
        &["plans"],
        &["nonsense"],
        &["--port", "4177", "webhook"],
    ] {
        let output = run(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

/// The service as it is started by hand: its address, the request of its demo, and its key's file.
struct Up {
    child: Child,
    folder: tempfile::TempDir,
    api: String,
    request: String,
}

impl Up {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let ports = ["--port", "0", "--provider-port", "0", "--data-dir", &place];
        let mut command = tool(&ports);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (mut api, mut request) = (String::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["API", at] => at.clone_into(&mut api),
                ["provisioning", "request", id] => id.clone_into(&mut request),
                _ if line.starts_with("Ctrl-C stops it") => break,
                _ => {}
            }
        }
        Self { child, folder, api, request }
    }

    fn ask(&self, arguments: &[&str]) -> (i32, String, String) {
        let key = self.folder.path().join("admin-key").display().to_string();
        let at = ["--api", &self.api, "--key-file", &key];
        let output = run(&[arguments, &at].concat(), "");
        let aside = String::from_utf8(output.stderr.clone()).unwrap();
        (output.status.code().unwrap(), said(&output), aside)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn an_operator_asks_a_running_service() {
    let up = Up::start();
    let (code, words, _) = up.ask(&["requests", "show", &up.request]);
    assert_eq!(code, 0, "{words}");
    for told in [
        format!("Request {}: COMPLETED", up.request),
        "P1   Activation".to_owned(),
        "Attempt 1: answered 202".to_owned(),
        "The provider reported Completed.".to_owned(),
        "Next: Nothing by itself.".to_owned(),
        "may UPDATE_STATUS".to_owned(),
        "may not RETRY: It needs Dispatch Failed or Failed".to_owned(),
    ] {
        assert!(words.contains(&told), "{told}: {words}");
    }
    let (code, words, _) = up.ask(&["requests", "retry", "status=FAILED"]);
    assert_eq!((code, words.as_str()), (0, "0 retried, 0 refused\n"));
    let (code, _, aside) = up.ask(&["requests", "show", "97"]);
    assert!(code == 2 && aside.contains("There is no such provisioning request."), "{aside}");
    let (code, _, aside) = up.ask(&["requests", "retry", "status"]);
    assert!(code == 2 && aside.contains("write name=value"), "{aside}");
}

#[test]
fn roles_keys_and_tenants_by_the_command() {
    let up = Up::start();
    let word = |line: &str, n: usize| line.split_whitespace().nth(n).unwrap().to_owned();
    let fine = |arguments: &[&str]| {
        let (code, words, aside) = up.ask(arguments);
        assert_eq!(code, 0, "{arguments:?}: {aside}");
        words
    };
    let may = "entitlement.view,activation.view";
    let role = word(&fine(&["roles", "create", "Looker", "--may", may]), 0);
    assert!(fine(&["roles", "list"]).contains("Looker  entitlement.view activation.view"));
    let made = fine(&["keys", "create", "One", "--role", "looker"]);
    let (key, secret) = (word(&made, 0), word(made.lines().nth(1).unwrap(), 1));
    assert!(secret.starts_with("pvk_"), "{made}");
    let list = fine(&["keys", "list", "--role", &role]);
    assert!(list.starts_with(&key) && list.contains(&secret[..8]) && !list.contains(&secret));
    let rotated = fine(&["keys", "rotate", &key, "--overlap", "PT0S"]);
    assert!(rotated.contains("  secret pvk_") && !rotated.contains(&secret), "{rotated}");
    let (code, _, aside) = up.ask(&["roles", "delete", &role]);
    assert!(code == 1 && aside.contains("IN_USE"), "{aside}");
    assert_eq!(fine(&["keys", "revoke", &key]), "");
    assert_eq!(fine(&["roles", "delete", &role]), "");
    let (code, _, aside) = up.ask(&["roles", "create", "X", "--may", "catalog.look"]);
    assert!(code == 2 && aside.contains("write one of catalog"), "{aside}");
    let (code, _, aside) = up.ask(&["keys", "create", "X", "--role", "Nobody"]);
    assert!(code == 1 && aside.contains("there is no role"), "{aside}");
    // The key's own next secret is written where the command finds it.
    let own = fine(&["keys", "list"]).lines().next().map(|line| word(line, 0)).unwrap();
    let rotated = fine(&["keys", "rotate", &own, "--overlap", "PT0S"]);
    assert!(rotated.contains("its secret is in ") && !rotated.contains("secret pvk_"), "{rotated}");
    fine(&["keys", "list"]);
    let folder = up.folder.path().display().to_string();
    let at = ["--data-dir", &folder, "--api", &up.api];
    let made = run(&[&["tenants", "create", "Acme"], &at[..]].concat(), "");
    assert!(said(&made).contains("Acme  admin key pvk_"), "{made:?}");
    let list = said(&run(&[&["tenants", "list"], &at[..]].concat(), ""));
    assert_eq!(list.lines().count(), 2, "{list}");
}
