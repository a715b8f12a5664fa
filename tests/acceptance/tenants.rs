//! Tenants: made, listed and suspended by whoever runs the service; each sees its own alone.

use std::sync::Arc;

use clap::Parser;
use domain::ids::Id;
use harness::story::{Story, id};
use harness::{Client, Service};
use local::options::{Cli, Command};
use serde_json::{Value, json};

/// A client of the operator's routes.
pub(crate) fn operator(service: &Service) -> Client {
    let key = std::fs::read_to_string(service.folder.path().join("operator-key")).unwrap();
    service.admin.with_key(key.trim())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_runs_the_main_job_and_sees_its_own_alone() {
    let service = Service::start().await;
    let operator = operator(&service);
    let made = operator.post("/operator/v1/tenants", &json!({"name": "Acme"})).await.expect(201);
    let acme = service.admin.with_key(made["apiKey"].as_str().unwrap());
    let first = service.admin.clone();
    let service = Arc::new(service);
    let one = Story::over(Arc::clone(&service), first).await;
    let two = Story::over(Arc::clone(&service), acme).await;
    for story in [&one, &two] {
        let request = story.activate(1).await;
        story.until_status(request, "REQUEST_SENT").await;
        let done = json!({"status": "COMPLETED"});
        assert_eq!(story.report(request, "m1", &done).await.status, 200);
        story.until_status(request, "COMPLETED").await;
    }
    for (story, other) in [(&one, &two), (&two, &one)] {
        for path in ["customers", "entitlements", "activations", "provisioning-requests", "plans"] {
            let theirs = story.admin.get(&format!("/v1/{path}")).await.text;
            for id in [other.customer, other.plan, other.product] {
                assert!(!theirs.contains(&id.to_string()), "{path}: {theirs}");
            }
            assert!(!theirs.contains(&other.e_id), "{path}: {theirs}");
        }
        let body = json!({"pkId": other.pk_id, "activationQuantity": 1});
        story.admin.post("/v1/activations", &body).await.refused(422, "PRODUCT_KEY_UNKNOWN");
    }
    let list = operator.get("/operator/v1/tenants").await.expect(200);
    let names: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|t| &t["name"]).collect();
    assert_eq!(names, [&json!("Tenant 1"), &json!("Acme")]);
    assert!(!list.to_string().contains("pvk_"), "a key is shown once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_tenant_is_refused_and_heard() {
    let story = Story::begin().await;
    let operator = operator(&story.service);
    let sent = story.activate(1).await;
    story.until_status(sent, "REQUEST_SENT").await;
    let app = &story.service.running.app;
    let path = format!("/operator/v1/tenants/{}", Id::FIRST_TENANT);
    let told = operator.post(&format!("{path}/suspend"), &json!({})).await.expect(200);
    assert!(told["suspendedDate"].is_string(), "{told}");
    let again = operator.post(&format!("{path}/suspend"), &json!({})).await.expect(200);
    assert_eq!(again, told, "it was so");
    for call in ["/v1/me", "/v1/entitlements", "/v1/provisioning-requests/5"] {
        story.admin.get(call).await.refused(403, "TENANT_SUSPENDED");
    }
    // Callbacks are taken.
    let done = json!({"status": "COMPLETED"});
    assert_eq!(story.report(sent, "m1", &done).await.status, 200);
    assert!(app.store.load_tenant(Id::FIRST_TENANT).await.unwrap().info.suspended_date.is_some());
    let told = operator.post(&format!("{path}/resume"), &json!({})).await.expect(200);
    assert_eq!(told["suspendedDate"], Value::Null);
    story.until_status(sent, "COMPLETED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_door_takes_the_operators_key_alone() {
    let service = Service::start().await;
    let operator = operator(&service);
    for key in ["", &service.admin.key, "pvo_0"] {
        let client = service.admin.with_key(key);
        let reply = client.get("/operator/v1/tenants").await;
        reply.refused(401, "UNAUTHENTICATED");
        let reply = client.post("/operator/v1/tenants", &json!({"name": "X"})).await;
        reply.refused(401, "UNAUTHENTICATED");
    }
    for body in [json!({}), json!({"name": ""}), json!({"name": 5}), json!({"name": "A", "x": 1})] {
        let reply = operator.post("/operator/v1/tenants", &body).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text);
    }
    for path in ["97/suspend", "97/resume", "x/suspend", "1/delete"] {
        let reply = operator.post(&format!("/operator/v1/tenants/{path}"), &json!({})).await;
        reply.refused(404, "NOT_FOUND");
    }
    assert_eq!(operator.get("/v1/me").await.status, 401, "it is no key of a tenant");
}

async fn tenants(line: &[&str]) -> Result<(), String> {
    let words = ["provisio", "tenants"].iter().chain(line);
    let Some(Command::Tenants(tenants)) = Cli::parse_from(words).command else {
        panic!("another command")
    };
    tenants.run(|_| {}).await.map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_works_beside_a_service_and_without_one() {
    let service = Service::start().await;
    let (folder, api) = (service.folder.path().to_owned(), service.running.api.clone());
    let at = ["--data-dir", folder.to_str().unwrap(), "--api", api.as_str()];
    let run = async |line: &[&str]| tenants(&[line, &at].concat()).await;
    run(&["create", "Beside"]).await.unwrap();
    let count = async |client: &Client| {
        let list = client.get("/operator/v1/tenants").await.expect(200);
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(count(&operator(&service)).await, 2);
    let Service { running, folder: kept, .. } = service;
    running.stop().await;
    run(&["create", "Stopped"]).await.unwrap();
    run(&["suspend", "1"]).await.unwrap();
    run(&["list"]).await.unwrap();
    assert!(run(&["suspend", "97"]).await.unwrap_err().contains("no such tenant"));
    let service = Service::start_on(kept).await;
    assert_eq!(count(&operator(&service)).await, 3);
    service.admin.get("/v1/me").await.refused(403, "TENANT_SUSPENDED");
    let api = service.running.api.clone();
    let at = ["resume", "1", "--data-dir", at[1], "--api", api.as_str()];
    tenants(&at).await.unwrap();
    let me = service.admin.get("/v1/me").await.expect(200);
    assert_eq!(me["tenantId"], 1);
    assert!(id(&me["key"]) > 0);
    let nowhere = tenants(&["list", "--data-dir", "/nowhere/at/all"]).await;
    assert!(nowhere.is_err());
}
