//! A folder that version 0.1.0 wrote (commit 38f270f), with requests, activations and entitlements
//! in every state: refused at a start, migrated on demand, and the same afterwards.
//!
//! Neighbours: `form_1` has the folder, and what 0.1.0 answered of it; `forms` mixes the forms.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use clap::Parser;
use domain::request::states::Status;
use domain::time::Period;
use edge::App;
use flate2::read::GzDecoder;
use local::options::{Cli, Command};
use local::start_error::StartError;
use model::invariants;
use serde_json::{Map, Value, json};
use simulator::api::{Api, Call};
use simulator::check::Rows;
use simulator::stage::{Stage, routers};
use simulator::vault::master_keys;
use store::keys::Table;
use tempfile::TempDir;

use crate::starts::refused;
use crate::turns::key_of;

const DATABASE: &[u8] = include_bytes!("form_1/dynamodb.sqlite.gz");
const SEEN: &[u8] = include_bytes!("form_1/seen.json.gz");
const MASTER_KEY: &str = include_str!("form_1/master-key");
const ADMIN_KEY: &str = include_str!("form_1/admin-key");

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

/// The folder.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dynamodb.sqlite"), unpacked(DATABASE)).unwrap();
    std::fs::write(folder.path().join("master-key"), MASTER_KEY).unwrap();
    std::fs::write(folder.path().join("admin-key"), ADMIN_KEY).unwrap();
    folder
}

/// `provisio doctor`: whether all is well.
async fn doctor(folder: &Path, flags: &[&str]) -> Result<bool, StartError> {
    let folder = folder.to_str().unwrap();
    let line = ["provisio", "doctor", "--data-dir", folder].into_iter();
    let Some(Command::Doctor(doctor)) = Cli::parse_from(line.chain(flags.iter().copied())).command
    else {
        panic!("another command")
    };
    doctor.run(|_| {}).await
}

/// `provisio doctor --migrate`. What is due in the folder waits since it was made, which the doctor
/// says, too.
async fn migrate(folder: &Path) {
    doctor(folder, &["--migrate"]).await.unwrap();
    assert!(folder.join("provisio.sqlite").exists());
    assert!(!folder.join("provisio.sqlite.migrating").exists());
}

/// The service on the folder's rows, with everything else in the test's hands.
fn stage(folder: &Path) -> Stage {
    let engine = local::engine::Engine::open(&folder.join("provisio.sqlite")).unwrap();
    let Stage { app, clock, queue, provider, .. } = Stage::over(Arc::new(engine.store()));
    let app = Arc::new(App {
        store: Arc::clone(&app.store),
        queue: Arc::clone(&app.queue),
        provider: Arc::clone(&app.provider),
        clock: Arc::clone(&app.clock),
        ids: Arc::clone(&app.ids),
        master: Some(master_keys(MASTER_KEY)),
        public_url: app.public_url.clone(),
        egress: app.egress.clone(),
        tokens: edge::provider::token::Tokens::default(),
        tenants: edge::tenants::Tenants::default(),
    });
    let api = Api::new(routers(&app));
    Stage { app, clock, queue, provider, api }
}

async fn get(stage: &Stage, path: &str) -> Value {
    let call = Call::new("GET", path, ADMIN_KEY, &Value::Null);
    stage.api.call(&call).await.expect(200)
}

/// Everything that a list has.
async fn all(stage: &Stage, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    let sign = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = get(stage, &format!("{path}{sign}limit=100{cursor}")).await;
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(next) = page["nextCursor"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

/// Holds what 0.1.0 answered against what is answered now, which may say more. It allows other
/// actions, and has no next attempt of what is not queued.
fn same(path: &str, before: &Value, now: &Value) {
    const WORDED: [&str; 2] = ["allowedActions", "nextAttemptAt"];
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            let none = Value::Null;
            for (name, value) in before.iter().filter(|(name, _)| !WORDED.contains(&name.as_str()))
            {
                same(&format!("{path} {name}"), value, now.get(name).unwrap_or(&none));
            }
        }
        (Value::Array(before), Value::Array(now)) => {
            assert_eq!(before.len(), now.len(), "{path}: {before:?} became {now:?}");
            for (i, (before, now)) in before.iter().zip(now).enumerate() {
                same(&format!("{path} {i}"), before, now);
            }
        }
        _ => assert_eq!(before, now, "{path}"),
    }
}

/// The rows of the first tenant.
async fn rows(stage: &Stage) -> Rows {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = stage.app.store.scan(Table::Core, after, 500).await.unwrap();
        found.extend(page.iter().map(|row| (key_of(row), row.clone())));
        let Some(last) = page.last() else { break };
        after = Some(key_of(last));
    }
    Rows::of(1, found.iter().map(|(key, row)| (key, row))).unwrap()
}

/// By the index that there was not.
async fn by_owner(stage: &Stage) {
    for (list, owner, member) in [
        ("/v1/entitlements", "customerId", "customerId"),
        ("/v1/activations", "eId", "eId"),
        ("/v1/provisioning-requests", "status", "status"),
    ] {
        let every = all(stage, list).await;
        for row in &every {
            let value = row[member].as_str().map_or_else(|| row[member].to_string(), str::to_owned);
            if value == "null" {
                continue;
            }
            let wanted: Vec<&Value> = every.iter().filter(|r| r[member] == row[member]).collect();
            let found = all(stage, &format!("{list}?{owner}={value}")).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{list} {value}");
        }
    }
}

/// A contact finds its customer by its e-mail, and a plan sees the document of its day until it is
/// saved again.
async fn people_and_plans(stage: &Stage) {
    let mut named = 0;
    for customer in all(stage, "/v1/customers").await {
        let contacts = get(stage, &format!("/v1/customers/{}/contacts", customer["id"])).await;
        for contact in contacts["data"].as_array().unwrap() {
            let body = json!({"customerEmail": contact["emailId"]});
            let call = Call::new("POST", "/v1/entitlements", ADMIN_KEY, &body);
            let made = stage.api.call(&call).await.expect(201);
            assert_eq!(made["customerId"], customer["id"]);
            let path = format!("/v1/entitlements/{}", made["eId"].as_str().unwrap());
            let call = Call::new("DELETE", &path, ADMIN_KEY, &Value::Null);
            assert_eq!(stage.api.call(&call).await.status, 204);
            named += 1;
        }
    }
    assert!(named > 0, "the folder has contacts");
    let plans = all(stage, "/v1/plans").await;
    assert!(!plans.is_empty() && plans.iter().all(|plan| plan["documentVersion"] == 1));
    let body = json!({"planId": plans[0]["id"]});
    let call = Call::new("POST", "/v1/plans/lint", ADMIN_KEY, &body);
    stage.api.call(&call).await.expect(200);
}

/// Every open request ends: what is sent now is never reported, what waits comes to its turn. Then
/// the sums are right.
async fn everything_ends(stage: &Stage) {
    for _ in 0..450 {
        stage.clock.pass(Period::from_secs(86_400));
        sweeper::sweep(&stage.app).await.unwrap();
        stage.dispatch().await;
    }
    let open = all(stage, "/v1/provisioning-requests?status=REQUEST_QUEUED").await;
    let waiting = all(stage, "/v1/provisioning-requests?status=REQUEST_SENT,IN_PROGRESS").await;
    assert_eq!((open, waiting), (Vec::new(), Vec::new()));
    let found = rows(stage).await;
    for entitlement in &found.entitlements {
        let of = |k: &&domain::entitlement::product_key::ProductKey| {
            k.entitlement_id == entitlement.id && k.generation == entitlement.key_generation
        };
        let keys: Vec<_> = found.keys.iter().filter(of).cloned().collect();
        let of = |a: &&domain::activation::Activation| a.entitlement_id == entitlement.id;
        let activations: Vec<_> = found.activations.iter().filter(of).cloned().collect();
        invariants::quantities(entitlement, &keys, &activations).unwrap();
    }
    let named = found.activations.iter().flat_map(|activation| &activation.requests);
    assert!(named.clone().count() > 20 && named.clone().all(|named| named.product.is_some()));
}

/// Every key activates as long as something is left of it.
async fn every_key_activates(stage: &Stage) {
    let mut activated = 0;
    for entitlement in all(stage, "/v1/entitlements").await {
        let path =
            format!("/v1/entitlements/{}/product-keys", entitlement["eId"].as_str().unwrap());
        for key in all(stage, &path).await {
            let left = key["availableQuantity"].as_u64().unwrap();
            if left == 0 || key["state"] != "ENABLED" {
                continue;
            }
            let body = json!({"pkId": key["pkId"], "activationQuantity": left});
            let call = Call::new("POST", "/v1/activations", ADMIN_KEY, &body);
            stage.api.call(&call).await.expect(201);
            activated += 1;
        }
    }
    assert!(activated > 50, "{activated}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_0_1_0_is_migrated_and_loses_nothing() {
    let folder = folder();
    refused(folder.path(), &["made by 0.1.0", "provisio doctor --migrate"]).await;
    assert!(!doctor(folder.path(), &[]).await.unwrap(), "the doctor says what is needed");
    migrate(folder.path()).await;
    let kept = std::fs::read(folder.path().join("dynamodb.sqlite.form-1")).unwrap();
    assert!(kept == unpacked(DATABASE), "it is kept as it was");
    migrate(folder.path()).await;

    let stage = stage(folder.path());
    let seen: Map<String, Value> = serde_json::from_slice(&unpacked(SEEN)).unwrap();
    let mut statuses: Vec<String> = Vec::new();
    for (path, before) in &seen {
        match before.as_array() {
            Some(list) => {
                same(path, before, &json!(all(&stage, path).await));
                statuses.extend(list.iter().filter_map(|r| Some(r["status"].as_str()?.to_owned())));
            }
            // Its words are those of the version, and of the hour.
            None if path.ends_with("/explain") => drop(get(&stage, path).await),
            None => same(path, before, &get(&stage, path).await),
        }
    }
    let every = <Status as strum::IntoEnumIterator>::iter();
    let missing = every.filter(|s| !statuses.iter().any(|n| n == <&str>::from(*s))).count();
    assert_eq!(missing, 0, "the folder has requests in every state: {statuses:?}");

    by_owner(&stage).await;
    people_and_plans(&stage).await;
    everything_ends(&stage).await;
    every_key_activates(&stage).await;
}

/// Its entitlements tell whose key it is: it has no mark.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_a_mark_is_marked_by_its_own_key_only() {
    let folder = folder();
    let key = folder.path().join("master-key");
    std::fs::write(&key, "ab".repeat(32)).unwrap();
    refused(folder.path(), &["master key 1 is not the one"]).await;
    let refusal = doctor(folder.path(), &["--migrate"]).await.unwrap_err().to_string();
    assert!(refusal.contains("master key 1 is not the one"), "{refusal}");
    std::fs::write(&key, MASTER_KEY).unwrap();
    migrate(folder.path()).await;
    std::fs::write(&key, "ab".repeat(32)).unwrap();
    refused(folder.path(), &["master key 1 is not the one"]).await;
}

/// Wherever it was ended: before the copy, before its place, or gone back from.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_was_ended_early_goes_on() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    std::fs::rename(at("dynamodb.sqlite"), at("dynamodb.sqlite.form-1")).unwrap();
    refused(folder.path(), &["provisio doctor --migrate", "again"]).await;
    assert!(!doctor(folder.path(), &[]).await.unwrap());
    std::fs::write(at("provisio.sqlite.new"), "cut off").unwrap();
    migrate(folder.path()).await;
    std::fs::rename(at("provisio.sqlite"), at("provisio.sqlite.migrating")).unwrap();
    refused(folder.path(), &["provisio doctor --migrate", "again"]).await;
    migrate(folder.path()).await;
    // Somebody went back to the version before: a copy of then is not gone on with.
    std::fs::rename(at("dynamodb.sqlite.form-1"), at("dynamodb.sqlite")).unwrap();
    std::fs::remove_file(at("provisio.sqlite")).unwrap();
    std::fs::write(at("provisio.sqlite.migrating"), "of before").unwrap();
    migrate(folder.path()).await;
    std::fs::copy(at("dynamodb.sqlite.form-1"), at("dynamodb.sqlite")).unwrap();
    refused(folder.path(), &["dynamodb.sqlite", "provisio.sqlite", "move away"]).await;
    let both = doctor(folder.path(), &["--migrate"]).await.unwrap_err().to_string();
    assert!(both.contains("move away"), "{both}");
    std::fs::remove_file(at("dynamodb.sqlite")).unwrap();
    let list = all(&stage(folder.path()), "/v1/activations").await;
    assert_eq!(list.len(), 21);
}
