//! A folder that the version before this one wrote (commit 684a9a4, rows of form 2): opened, it has
//! what this version needs, and nothing of it is lost.
//!
//! Neighbours: `form_2` has the folder; `migrated` has the one of 0.1.0.

use std::io::Read;
use std::sync::Mutex;

use clap::Parser;
use flate2::read::GzDecoder;
use harness::story::id;
use harness::{Client, Service};
use local::options::{Cli, Command};
use serde_json::{Value, json};
use store::phase::FORM;
use tempfile::TempDir;

use crate::roles::{all, named, with_key, with_role};

const DATABASE: &[u8] = include_bytes!("form_2/provisio.sqlite.gz");

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Vec::new();
    GzDecoder::new(DATABASE).read_to_end(&mut database).unwrap();
    for (name, bytes) in [
        ("provisio.sqlite", &database[..]),
        ("master-key", include_bytes!("form_2/master-key")),
        ("admin-key", include_bytes!("form_2/admin-key")),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn seen() -> Value {
    serde_json::from_str(include_str!("form_2/seen.json")).unwrap()
}

async fn ids(client: &Client, path: &str) -> Vec<u64> {
    let list = client.get(path).await.expect(200);
    list["data"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_form_2_has_what_this_version_needs() {
    let service = Service::start_on(folder()).await;
    let (admin, seen) = (&service.admin, seen());
    let mark = service.running.app.store.find_mark().await.unwrap().unwrap();
    assert_eq!(mark.form, FORM);
    let requests: Vec<u64> =
        seen["requests"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
    let mut shown = ids(admin, "/v1/provisioning-requests?order=asc").await;
    assert_eq!(shown, requests);
    // The partner is named by the first, the third, and a draft.
    let role = id(&named(admin, "Partner").await);
    let body = json!({"name": "Partner", "roleId": role, "partnerId": seen["partner"]});
    let (_, partner) = with_key(admin, body).await;
    assert_eq!(ids(&partner, "/v1/entitlements").await.len(), 3);
    shown = ids(&partner, "/v1/provisioning-requests?order=asc").await;
    assert_eq!(shown, [requests[0], requests[1], requests[3]]);
    let role = id(&named(admin, "Customer").await);
    let body = json!({"name": "Customer", "roleId": role, "customerId": seen["customers"][0]});
    let (_, customer) = with_key(admin, body).await;
    shown = ids(&customer, "/v1/provisioning-requests?order=asc").await;
    assert_eq!(shown, [requests[0], requests[1], requests[4]]);
    // The tenant's own role of a name that is built in now stays its own.
    let own = named(admin, "Order desk").await;
    assert_eq!(
        (&own["builtIn"], &own["permissions"][0]["acts"]),
        (&json!(false), &json!(["view"]))
    );
    assert_eq!(named(admin, "Administrator").await["builtIn"], true);
    assert_eq!(admin.get("/v1/tenant").await.expect(200)["name"], "Vendor");
    let tenants = service.running.app.store.list_tenants().await.unwrap();
    assert_eq!(tenants.len(), 1);
    let key = admin.get("/v1/me").await.expect(200)["key"].clone();
    assert_eq!((&key["prefix"], &key["customerId"]), (&Value::Null, &Value::Null));
    // Nobody noted whether an older payload speaks of people.
    let clerk = with_role(admin, "Clerk", &all(&["entitlement"])).await;
    let path = format!("/v1/provisioning-requests/{}", requests[0]);
    assert!(admin.get(&path).await.text.contains("Customer 0"));
    assert!(!clerk.get(&path).await.text.contains("Customer 0"));
    // A restart finds all done.
    let service = service.restart().await;
    let roles = ids(&service.admin, "/v1/roles?limit=100").await;
    assert_eq!(roles.len(), domain::access::built_in::BUILT_IN.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_it_needs() {
    static SAID: Mutex<String> = Mutex::new(String::new());
    let folder = folder();
    let path = folder.path().to_str().unwrap();
    let doctor = async |flags: &[&str]| {
        let line = [&["provisio", "doctor", "--data-dir", path], flags].concat();
        let Some(Command::Doctor(doctor)) = Cli::parse_from(line).command else {
            panic!("another command")
        };
        SAID.lock().unwrap().clear();
        let fine = doctor.run(|line| SAID.lock().unwrap().push_str(line)).await.unwrap();
        (fine, SAID.lock().unwrap().clone())
    };
    assert!(!doctor(&[]).await.0, "there are rows of form 2");
    for told in ["those of form 2 were written anew", "there is nothing to do"] {
        let (fine, said) = doctor(&["--migrate"]).await;
        assert!(fine && said.contains(told), "{said}");
    }
}
