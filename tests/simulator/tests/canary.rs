//! No secret and no personal data in a log line, an error or a message (I12): canaries are put
//! everywhere, and looked for there.

use std::io::Write;
use std::sync::{Arc, Mutex};

use domain::cause::Silence;
use domain::request::dispatched::{Answer, Heard};
use serde_json::{Value, json};
use simulator::api::{Call, Reply, Sale, Terms};
use simulator::memory::MemoryStore;
use simulator::runtime;
use simulator::stage::{Stage, body_of};
use tracing::Dispatch;
use tracing::level_filters::LevelFilter;

/// In every value that a person or a provider gives.
const CANARY: &str = "canary";

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn activation(sale: &Sale, email: &str) -> Call {
    let body = json!({"pkId": sale.pk_ids[0], "activationQuantity": 1,
        "activatee": {"emailId": email, "name": "Canary canary"},
        "customAttributes": {"customAttribute": [{"name": "canary", "value": "canary"}]}});
    Call::new("POST", "/v1/activations", &sale.key, &body)
}

/// A canary in every text that somebody can give, each another one, and the secrets that are made.
async fn everywhere(stage: &Stage, sale: &Sale, request: u64) -> Vec<String> {
    let mut placed = Vec::new();
    let mut canary = |what: &str| {
        placed.push(format!("{CANARY}-{what}"));
        placed.last().unwrap().clone()
    };
    let attribute = |value: String| json!({"customAttribute": [{"name": "a", "value": value}]});
    let e_mail = |text: String| format!("{text}@l.example");
    let person = json!({"firstName": canary("first"), "lastName": canary("last"),
        "title": canary("title"), "demographics": {"idNumber": canary("id-number"),
        "passportNumber": canary("passport"), "socialSecurityNumber": canary("social")},
        "companyProfile": {"vatRegistrationNumber": canary("vat")}});
    let customer = json!({"name": canary("name"), "identifier": canary("identifier"),
        "refId": canary("ref"), "emails": [e_mail(canary("e-mail"))], "profile": person,
        "customAttributes": attribute(canary("of-customer"))});
    let partner = json!({"name": canary("partner"), "emails": [e_mail(canary("of-partner"))]});
    let contact = json!({"name": canary("contact"), "emailId": e_mail(canary("of-contact"))});
    let method = json!({"name": "Other", "endpointUrl": "https://pods.example/",
        "authProfile": {"type": "BASIC", "username": canary("user"), "password": canary("word")}});
    let header = json!({"name": "Header", "endpointUrl": "https://pods.example/",
        "authProfile": {"type": "HEADER", "name": "x-key", "value": canary("header")}});
    let client = json!({"name": "Client", "endpointUrl": "https://pods.example/",
        "authProfile": {"type": "OAUTH_CLIENT_CREDENTIALS", "tokenUrl": "https://pods.example/t",
        "clientId": canary("client"), "clientSecret": canary("client-secret")}});
    let role = json!({"name": "Nothing"});
    let sold = json!({"refId1": canary("ref-1"), "refId2": canary("ref-2"),
        "customAttributes": attribute(canary("of-sale"))});
    let key = json!({"name": "K", "username": canary("username"), "personName": canary("staff"),
        "email": e_mail(canary("of-staff"))});
    let comments = json!({"comments": canary("comments")});
    let tenant = json!({"description": canary("description")});
    let call = async |verb: &'static str, path: &str, body: &Value| {
        let reply = stage.api.call(&Call::new(verb, path, &sale.key, body)).await;
        assert!(reply.status < 300, "{verb} {path}: {}", reply.json);
        reply.json
    };
    let customer = call("POST", "/v1/customers", &customer).await["id"].clone();
    call("POST", &format!("/v1/customers/{customer}/contacts"), &contact).await;
    call("POST", "/v1/partners", &partner).await;
    let mut made = Vec::new();
    for method in [method, header, client] {
        made.push(call("POST", "/v1/methods", &method).await["callbackSecret"].clone());
    }
    let mut key = key;
    key["roleId"] = call("POST", "/v1/roles", &role).await["id"].clone();
    let key = call("POST", "/v1/api-keys", &key).await;
    made.push(key["secret"].clone());
    let rotate = format!("/v1/api-keys/{}/rotate", key["id"]);
    made.push(call("POST", &rotate, &json!({})).await["secret"].clone());
    made.push(call("POST", "/v1/sessions", &Value::Null).await["secret"].clone());
    call("POST", "/v1/entitlements", &sold).await;
    call("PATCH", &format!("/v1/provisioning-requests/{request}"), &comments).await;
    call("PATCH", "/v1/tenant", &tenant).await;
    placed.extend(made.iter().map(|secret| secret.as_str().unwrap().to_owned()));
    placed
}

/// Calls that go wrong in every way, and what they were answered.
async fn errors(stage: &Stage, sale: &Sale, request: u64) -> Vec<Reply> {
    let mut replies = Vec::new();
    let mut calls = vec![
        activation(sale, "canary at example"),
        activation(sale, "canary@"),
        Call::new("POST", "/v1/customers", &sale.key, &json!({"name": 5, "emails": ["canary"]})),
        Call::new("POST", "/v1/activations", "pvk_canary", &json!({})),
        Call::new("GET", "/v1/customers?email=", &sale.key, &Value::Null),
    ];
    let now = stage.app.clock.now();
    let body = json!({"status": "canary", "comments": "canary"}).to_string();
    calls.push(sale.door.report(request, "", "m9", now, &body));
    let mut forged = sale.door.report(request, "", "m8", now, &body);
    "v1,canary".clone_into(&mut forged.headers[2].1);
    calls.push(forged);
    for call in calls {
        let reply = stage.api.call(&call).await;
        assert!(reply.status >= 400 || call.verb == "GET", "{}", reply.json);
        replies.push(reply);
    }
    replies
}

async fn story(stage: &Stage) -> (Sale, Vec<Reply>, Vec<String>, Vec<String>) {
    let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
    let customer = json!({"name": "canary", "emails": ["canary@example.com"]});
    let call = Call::new("POST", "/v1/customers", &sale.key, &customer);
    stage.api.call(&call).await.expect(201);
    let made = stage.api.call(&activation(&sale, "canary@example.com")).await.expect(201);
    let request = made["provisioningRequests"][0]["id"].as_u64().unwrap();
    let placed = everywhere(stage, &sale, request).await;
    let mut messages: Vec<String> = Vec::new();
    let answers = [
        Answer::None(Silence::Broken, "broken".to_owned()),
        Answer::Http { status: 503, body: "canary".to_owned(), heard: Heard::default() },
        Answer::Http { status: 202, body: "canary".to_owned(), heard: Heard::default() },
    ];
    for answer in answers {
        stage.provider.answer(answer);
        let sent: Vec<String> = stage.queue.take().iter().map(body_of).collect();
        messages.extend(sent.clone());
        assert!(stage.handle(sent).await.is_empty());
        stage.clock.pass(domain::time::Period::from_secs(600));
    }
    let poison = stage.handle(vec!["canary".to_owned(), "{\"v\":1}".to_owned()]).await;
    assert_eq!(poison, ["0", "1"]);
    let replies = errors(stage, &sale, request).await;
    let body = json!({"status": "FAILED", "comments": "canary", "errorCode": "canary"});
    let now = stage.app.clock.now();
    let call = sale.door.report(request, "?generation=1", "m1", now, &body.to_string());
    stage.api.call(&call).await.expect(200);
    sweeper::sweep(&stage.app).await.unwrap();
    // Who is exported and erased is named by nobody, either.
    let get = async |path: &str| {
        stage.api.call(&Call::new("GET", path, &sale.key, &Value::Null)).await.expect(200)
    };
    for one in get("/v1/customers").await["data"].as_array().unwrap() {
        let path = format!("/v1/customers/{}", one["id"]);
        let told = get(&format!("{path}/export")).await.to_string().contains(CANARY);
        assert_eq!(told, one.to_string().contains(CANARY), "{one}");
        let why = json!({"comments": "asked for"});
        let erase = Call::new("POST", format!("{path}/erase"), &sale.key, &why);
        stage.api.call(&erase).await.expect(200);
        sweeper::sweep(&stage.app).await.unwrap();
        let ended = get(&format!("{path}/erasure")).await["endedDate"].clone();
        assert!(ended.is_string(), "{ended}");
    }
    (sale, replies, messages, placed)
}

#[test]
fn no_canary_sings() {
    let lines = Lines::default();
    let writer = lines.clone();
    // With a single subscriber, tracing would ask the threads of other tests, which have none,
    // whether a line is wanted, and remember their no.
    let second = Dispatch::new(tracing_subscriber::fmt().with_writer(Lines::default).finish());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let (sale, replies, messages, placed) = tracing::subscriber::with_default(subscriber, || {
        runtime().block_on(story(&Stage::over(Arc::new(MemoryStore::default()))))
    });
    drop(second);
    let log = lines.text();
    assert!(log.contains("createActivation"), "something was logged:\n{log}");
    assert!(placed.len() >= 30, "{}", placed.len());
    let known = [CANARY, &sale.key, &sale.door.secret, &sale.pk_ids[0]].map(str::to_owned);
    let secrets = [&known[..], &placed].concat();
    let quiet = |what: &str, text: &str| {
        for secret in &secrets {
            let told = text.to_lowercase().contains(&secret.to_lowercase());
            assert!(!told, "{secret} in {what}:\n{text}");
        }
    };
    quiet("the log", &log);
    assert!(messages.len() >= 3, "{messages:?}");
    messages.iter().for_each(|message| quiet("a message", message));
    replies.iter().for_each(|reply| quiet("an error", &reply.json.to_string()));
}
