//! How a provider recognises us: profiles, their secrets, access tokens.

use std::sync::OnceLock;

use edge::ports::{Clock, SystemClock};
use harness::story::id;
use harness::{ScriptedProvider, Service, Story};
use serde_json::{Value, json};

async fn with_profile(story: &Story, profile: &Value) {
    let body = json!({"name": "Pod farm", "endpointUrl": story.provider.url,
        "retryLadder": ["PT0S", "PT0S", "PT0S"], "authProfile": profile});
    story.admin().put(&format!("/v1/methods/{}", story.method), &body).await.expect(200);
}

/// What the provider is sent next.
async fn sent(story: &Story) -> harness::Sent {
    let before = story.provider.sent().len();
    story.activate(1).await;
    story.provider.nth(before + 1).await
}

fn oauth(server: &ScriptedProvider) -> Value {
    json!({"type": "OAUTH_CLIENT_CREDENTIALS", "tokenUrl": server.url, "clientId": "us:er",
        "clientSecret": "s&cret", "scope": "pods write"})
}

const TOKEN: &str = r#"{"access_token":"one","token_type":"Bearer","expires_in":3600}"#;

#[tokio::test(flavor = "multi_thread")]
async fn each_profile_reaches_the_provider() {
    let story = Story::begin().await;
    assert_eq!(sent(&story).await.header("authorization"), "");
    with_profile(
        &story,
        &json!({"type": "BASIC", "username": "Aladdin",
        "password": "open sesame"}),
    )
    .await;
    let basic = sent(&story).await;
    assert_eq!(basic.header("authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert!(basic.header("webhook-signature").starts_with("v1,"), "and is signed");
    with_profile(&story, &json!({"type": "HEADER", "name": "X-Api-Key", "value": "k 1"})).await;
    let header = sent(&story).await;
    assert_eq!((header.header("x-api-key"), header.header("authorization")), ("k 1", ""));
    with_profile(&story, &json!({"type": "NONE"})).await;
    assert_eq!(sent(&story).await.header("x-api-key"), "");
}

/// A provider that says our credential back tells it to nobody who looks at its answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_comes_back_is_not_kept() {
    let story = Story::begin().await;
    for (profile, secret) in [
        (json!({"type": "BASIC", "username": "u", "password": "tiger"}), "dTp0aWdlcg=="),
        (json!({"type": "HEADER", "name": "X-Key", "value": "a \"quoted\" key"}), "quoted"),
    ] {
        with_profile(&story, &profile).await;
        let echo = json!({"why": "denied", "seen": ["Basic dTp0aWdlcg==", "a \"quoted\" key"]});
        story.provider.answer(&[(400, &echo.to_string())]);
        let request = story.activate(1).await;
        story.until_status(request, "FAILED").await;
        let path = format!("/v1/provisioning-requests/{request}");
        for part in ["/attempts", "/explain", ""] {
            let text = story.admin().get(&format!("{path}{part}")).await.expect(200).to_string();
            assert!(!text.contains(secret), "{part}: {text}");
        }
        let attempts = story.admin().get(&format!("{path}/attempts")).await.text;
        assert!(attempts.contains("denied") && attempts.contains("[credential]"), "{attempts}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_kept_but_not_for_another_address() {
    let story = Story::begin().await;
    let admin = story.admin();
    let basic = json!({"type": "BASIC", "username": "u", "password": "p"});
    with_profile(&story, &basic).await;
    let shown = admin.get(&format!("/v1/methods/{}", story.method)).await.expect(200);
    let profile = json!({"type": "BASIC", "username": "u", "tokenUrl": null, "clientId": null,
        "scope": null, "name": null});
    assert_eq!(shown["authProfile"], profile);
    let without = json!({"type": "BASIC", "username": "v"});
    with_profile(&story, &without).await;
    assert_eq!(sent(&story).await.header("authorization"), "Basic djpw", "v:p");
    let elsewhere = ScriptedProvider::start().await;
    let path = format!("/v1/methods/{}", story.method);
    for (url, profile, at) in [
        (&elsewhere.url, without.clone(), "/authProfile/password"),
        (&story.provider.url, json!({"type": "HEADER", "name": "X-A"}), "/authProfile/value"),
        (&story.provider.url, oauth_without(&elsewhere), "/authProfile/clientSecret"),
    ] {
        let body = json!({"name": "Pod farm", "endpointUrl": url, "authProfile": profile});
        let reply = admin.put(&path, &body).await;
        reply.refused(400, "VALIDATION_FAILED");
        assert_eq!(reply.pointer(), at);
    }
    // A copy has the credential too, but cannot take it elsewhere either.
    let copy = admin.post(&format!("{path}/copy"), &json!({})).await.expect(201);
    assert_eq!(copy["name"], "Copy of Pod farm");
    assert!(copy["callbackSecret"].as_str().unwrap().starts_with("whsec_"));
    let copied = format!("/v1/methods/{}", id(&copy));
    let body = json!({"name": "C", "endpointUrl": elsewhere.url, "authProfile": without});
    admin.put(&copied, &body).await.refused(400, "VALIDATION_FAILED");
    let pong = admin.post(&format!("{copied}/test"), &json!({})).await.expect(200);
    assert_eq!(pong["outcome"], "OK");
    let received = story.provider.sent().pop().unwrap();
    assert_eq!(received.header("authorization"), "Basic djpw");
}

fn oauth_without(server: &ScriptedProvider) -> Value {
    let mut profile = oauth(server);
    profile.as_object_mut().unwrap().remove("clientSecret");
    profile
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_serves_many_dispatches() {
    let (story, server) = (Story::begin().await, ScriptedProvider::start().await);
    server.answer(&[(200, TOKEN)]);
    with_profile(&story, &oauth(&server)).await;
    for _ in 0..5 {
        assert_eq!(sent(&story).await.header("authorization"), "Bearer one");
    }
    let asked = server.sent();
    assert_eq!(asked.len(), 1, "one token for all");
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=pods+write");
    // RFC 6749, section 2.3.1: form-encoded, then BASIC.
    assert_eq!(asked[0].header("authorization"), "Basic dXMlM0FlcjpzJTI2Y3JldA==");
    assert_eq!(asked[0].header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(asked[0].header("webhook-signature"), "", "that is not for the token server");
}

#[tokio::test(flavor = "multi_thread")]
async fn dispatches_at_once_ask_for_one_token() {
    let (story, server) = (Story::begin().await, ScriptedProvider::start().await);
    server.answer(&[(200, TOKEN)]);
    with_profile(&story, &oauth(&server)).await;
    server.hold();
    for _ in 0..6 {
        story.activate(1).await;
    }
    server.nth(1).await;
    server.release();
    let last = story.provider.nth(6).await;
    assert_eq!(last.header("authorization"), "Bearer one");
    assert_eq!(server.sent().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_provider_refuses_is_renewed_once() {
    let (story, server) = (Story::begin().await, ScriptedProvider::start().await);
    let second = r#"{"access_token":"two","expires_in":3600}"#;
    server.answer(&[(200, TOKEN), (200, second), (200, second)]);
    with_profile(&story, &oauth(&server)).await;
    sent(&story).await;
    story.provider.answer(&[(401, "{}")]);
    let request = story.activate(1).await;
    story.until_status(request, "REQUEST_SENT").await;
    let told = story.provider.sent();
    let [_, refused, accepted] = &told[..] else { panic!("{told:?}") };
    assert_eq!(refused.header("authorization"), "Bearer one");
    assert_eq!(accepted.header("authorization"), "Bearer two");
    assert_eq!(refused.header("webhook-id"), accepted.header("webhook-id"));
    assert_eq!(refused.body, accepted.body);
    assert_eq!(story.request(request).await["attemptCount"], 1);
    // A fresh one that is refused is the provider's word.
    story.provider.answer(&[(401, "{}"), (401, "{}")]);
    let request = story.activate(1).await;
    assert_eq!(story.until_status(request, "FAILED").await["errorCode"], "PROVIDER_HTTP_401");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_token_server_is_a_retryable_attempt() {
    let (story, server) = (Story::begin().await, ScriptedProvider::start().await);
    let denied = r#"{"error":"invalid_client","error_description":"s&cret"}"#;
    server.answer(&[(500, "{}"), (401, denied), (200, TOKEN)]);
    with_profile(&story, &oauth(&server)).await;
    let request = story.activate(1).await;
    story.until_status(request, "REQUEST_SENT").await;
    assert_eq!(story.provider.sent().len(), 1, "the provider heard of it once");
    let path = format!("/v1/provisioning-requests/{request}/attempts");
    let attempts = story.admin().get(&path).await.expect(200);
    let told: Vec<&Value> = (0..3).map(|i| &attempts["data"][i]["outcome"]).collect();
    assert_eq!(told, ["RETRYABLE", "RETRYABLE", "OK"]);
    let error = attempts["data"][1]["error"].as_str().unwrap();
    assert!(error.contains("401 (invalid_client)") && !error.contains("s&cret"), "{error}");

    server.answer(&[(200, "{}"), (503, ""), (200, "not a token")]);
    with_profile(&story, &json!({"type": "NONE"})).await;
    with_profile(&story, &oauth(&server)).await;
    let request = story.activate(1).await;
    let failed = story.until_status(request, "DISPATCH_FAILED").await;
    assert_eq!(failed["errorCode"], "DISPATCH_TOKEN");
    assert_eq!(failed["delivery"], "NEVER", "the provider was never called");
    assert_eq!(story.provider.sent().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_servers_address_obeys_the_egress_rules() {
    let service = Service::start().await;
    let body = |url: &str| {
        json!({"name": "M", "endpointUrl": "https://pods.example/",
        "authProfile": {"type": "OAUTH_CLIENT_CREDENTIALS", "tokenUrl": url, "clientId": "c",
        "clientSecret": "s"}})
    };
    for url in [
        "http://pods.example/token",
        "https://169.254.169.254/token",
        "https://10.0.0.1/token",
        "https://token.internal/",
        "https://u:p@pods.example/",
        "https://pods.example:22/",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let reply = service.admin.post("/v1/methods", &body(url)).await;
        reply.refused(422, "ENDPOINT_REFUSED");
        assert_eq!(reply.pointer(), "/authProfile/tokenUrl");
    }
    let both = json!({"name": "M", "endpointUrl": "https://10.0.0.1/", "authProfile":
        {"type": "OAUTH_CLIENT_CREDENTIALS", "tokenUrl": "https://10.0.0.1/", "clientId": "c",
        "clientSecret": "s"}});
    let reply = service.admin.post("/v1/methods", &both).await;
    assert_eq!(reply.json["errors"].as_array().unwrap().len(), 2, "both are told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_shows_the_providers_answer() {
    let story = Story::begin().await;
    let path = format!("/v1/methods/{}/test", story.method);
    story.provider.answer(&[(200, "pong"), (404, "who?"), (503, "")]);
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(story.admin().post(&path, &json!({})).await.expect(200));
    }
    let of = |member: &str| told.iter().map(|pong| pong[member].clone()).collect::<Vec<_>>();
    assert_eq!(of("outcome"), ["OK", "REFUSED", "RETRYABLE"]);
    assert_eq!(of("httpStatus"), [200, 404, 503]);
    assert_eq!(told[0]["responseExcerpt"], "pong");
    assert_eq!(told[0]["error"], Value::Null);
    let ping = story.provider.nth(1).await;
    assert_eq!(told[0]["sent"], json!(ping.body));
    assert_eq!(ping.json()["type"], "ping");
    assert_eq!(ping.header("provisioning-ping"), "true");
    assert_eq!(told[0]["webhookId"], json!(ping.header("webhook-id")));
    let reference = standardwebhooks::Webhook::new(&story.secret).unwrap();
    let time = ping.header("webhook-timestamp").parse().unwrap();
    let signed = reference.sign(ping.header("webhook-id"), time, ping.body.as_bytes()).unwrap();
    assert_eq!(ping.header("webhook-signature"), signed);
    let body = json!({"name": "Nobody", "endpointUrl": "http://127.0.0.1:1/"});
    let nobody = story.admin().post("/v1/methods", &body).await.expect(201);
    let path = format!("/v1/methods/{}/test", id(&nobody));
    let answer = story.admin().post(&path, &json!({})).await.expect(200);
    assert_eq!((&answer["outcome"], &answer["httpStatus"]), (&json!("RETRYABLE"), &Value::Null));
    assert!(answer["error"].as_str().unwrap().starts_with("DISPATCH_CONNECT"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_is_disabled_and_enabled() {
    let story = Story::begin().await;
    let path = format!("/v1/methods/{}", story.method);
    let act = async |act: &str| {
        let shown = story.admin().post(&format!("{path}/{act}"), &json!({})).await.expect(200);
        (shown["enabled"].clone(), shown["version"].clone())
    };
    assert_eq!(act("enable").await, (json!(true), json!(1)), "it was");
    assert_eq!(act("disable").await, (json!(false), json!(2)));
    assert_eq!(act("disable").await, (json!(false), json!(2)), "it was");
    let request = story.activate(1).await;
    assert_eq!(story.until_status(request, "FAILED").await["errorCode"], "METHOD_MISSING");
    assert_eq!(act("enable").await, (json!(true), json!(3)));
    let retry = format!("/v1/provisioning-requests/{request}/retry");
    story.admin().post(&retry, &json!({})).await.expect(200);
    story.until_status(request, "REQUEST_SENT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_while_callbacks_arrive_turns_none_away() {
    let story = Story::begin().await;
    let requests = [story.activate(1).await, story.activate(1).await, story.activate(1).await];
    for request in requests {
        story.until_status(request, "REQUEST_SENT").await;
    }
    let rotated = OnceLock::new();
    let rotate = format!("/v1/methods/{}/rotate-secret", story.method);
    let provider = async |request: u64, learns: bool| {
        // It goes on with the secret that it knows, before, while and after it is rotated.
        let mut after = 0;
        for n in 0.. {
            let new: Option<&String> = rotated.get();
            let secret = new.filter(|_| learns).unwrap_or(&story.secret);
            let (id, body) = (format!("{learns}{n}"), json!({"status": "IN_PROGRESS"}));
            let now = SystemClock.now();
            let reply = story.report_with(request, &id, &body, now, secret, "").await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            after += u32::from(new.is_some());
            if after > 20 {
                return;
            }
        }
    };
    let rotation = async {
        let made = story.admin().post(&rotate, &json!({})).await.expect(200);
        assert!(made["oldSecretExpires"].as_str() > made["updatedDate"].as_str());
        rotated.set(made["callbackSecret"].as_str().unwrap().to_owned()).unwrap();
    };
    let [a, b, c] = requests;
    tokio::join!(provider(a, true), provider(b, false), provider(c, true), rotation);
    let made = story.admin().post(&rotate, &json!({"overlap": "PT0S"})).await.expect(200);
    assert_eq!(made["oldSecretExpires"], Value::Null);
    let newest = made["callbackSecret"].as_str().unwrap();
    let mut told = Vec::new();
    for secret in [&story.secret, rotated.get().unwrap(), newest] {
        let (now, body) = (SystemClock.now(), json!({"status": "COMPLETED"}));
        told.push(story.report_with(a, "last", &body, now, secret, "").await.status);
    }
    assert_eq!(told, [401, 401, 200]);
}
