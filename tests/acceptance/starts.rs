//! Starts on a folder that lacks a part of what it had, or has another's: refused, and nothing is
//! written. And what a running service shows to the rest of the machine.

use std::collections::BTreeMap;
use std::path::Path;

use edge::mark::Unfit;
use harness::{Service, Story, options, until};
use local::{Running, start};
use serde_json::{Value, json};
use store::mark::{CheckValues, Mark};
use store::phase::FORM;
use tempfile::TempDir;

/// A folder with something in it, of a service that has stopped.
async fn used() -> TempDir {
    let story = Story::begin().await;
    story.activate(1).await;
    let Service { running, folder, .. } = story.service;
    stop(running, folder.path()).await;
    folder
}

/// Stops, and waits until the database is closed: a read that nobody waits for any more may do so a
/// moment after the stop. Who closes it last removes its log.
async fn stop(running: Running, folder: &Path) {
    running.stop().await;
    let log = folder.join("provisio.sqlite-wal");
    until("the database is closed", || async { (!log.exists()).then_some(()) }).await;
}

/// Every file of a folder with its bytes, but for the lock and SQLite's own aids.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let kept = names.filter(|name| name != "lock" && !name.ends_with("-shm"));
    kept.map(|name| (name.clone(), std::fs::read(folder.join(&name)).unwrap()))
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect()
}

/// The start is refused in these words, and changes nothing.
pub(crate) async fn refused(folder: &Path, words: &[&str]) {
    let before = files(folder);
    let Err(error) = start(&options(folder)).await else { panic!("it started") };
    let told = error.to_string();
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
    for inner in ["dynoxide", "serde", "jiff", "feature"] {
        assert!(!told.contains(inner), "{told}");
    }
    let after = files(folder);
    assert!(before == after, "{:?} became {:?}", before.keys(), after.keys());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_start_does_not_look_like_a_first_one() {
    let folder = used().await;
    let folder = folder.path();
    let at = |name: &str| folder.join(name);
    let (key, database) = (at("master-key"), at("provisio.sqlite"));
    let right = std::fs::read(&key).unwrap();

    std::fs::remove_file(&key).unwrap();
    refused(folder, &["master-key is missing", "Restore it from its backup"]).await;
    std::fs::write(&key, "ab".repeat(32)).unwrap();
    refused(folder, &["master key 1 is not the one", "Restore the key"]).await;
    for wrong in [&right[..40], b"", b"\xff\xfe"] {
        std::fs::write(&key, wrong).unwrap();
        refused(folder, &["master-key does not hold a master key", "64 hex digits"]).await;
    }
    std::fs::write(&key, &right).unwrap();

    let whole = std::fs::read(&database).unwrap();
    let mut without_size = whole.clone();
    without_size[16..18].fill(0);
    for (cut, words) in [
        (&whole[..whole.len() / 2], "is damaged: it is shorter than it says"),
        (&whole[..50], "is damaged: it is cut within its header"),
        (&whole[4096..], "is damaged: it is no SQLite database"),
        (&without_size[..], "is damaged: its header names no size of a page"),
    ] {
        std::fs::write(&database, cut).unwrap();
        refused(folder, &[words, "provisio.sqlite", "Restore it from its backup"]).await;
    }
    std::fs::write(&database, &whole).unwrap();

    let held = || local::data_dir::DataDir::look(folder).unwrap().is_held();
    assert!(!held());
    let running = start(&options(folder)).await.unwrap();
    assert!(held());
    let other = start(&options(folder)).await.err().unwrap().to_string();
    assert!(other.contains("is in use by another process"), "{other}");
    running.stop().await;
}

/// SQLite moves its log to the database page by page, the first of them first. A kill in the middle
/// leaves a file that is shorter than it says; nothing is lost. Without the log it is cut.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_the_log_is_moved_loses_nothing() {
    let story = Story::begin().await;
    story.activate(1).await;
    let (service, killed) = (&story.service, tempfile::tempdir().unwrap());
    for name in ["master-key", "admin-key", "provisio.sqlite", "provisio.sqlite-wal"] {
        std::fs::copy(service.folder.path().join(name), killed.path().join(name)).unwrap();
    }
    let at = |name: &str| killed.path().join(name);
    let (mut database, log) = (
        std::fs::read(at("provisio.sqlite")).unwrap(),
        std::fs::read(at("provisio.sqlite-wal")).unwrap(),
    );
    let page = usize::from(u16::from_be_bytes([database[16], database[17]]));
    let mut firsts = log[32..].chunks(24 + page).filter(|frame| frame.starts_with(&[0, 0, 0, 1]));
    database[..page].copy_from_slice(&firsts.next_back().unwrap()[24..]);
    assert!(database.len() < page * usize::from(u16::from_be_bytes([database[30], database[31]])));
    std::fs::write(at("provisio.sqlite"), &database).unwrap();

    std::fs::rename(at("provisio.sqlite-wal"), at("kept")).unwrap();
    refused(killed.path(), &["is damaged: it is shorter than it says"]).await;
    std::fs::write(at("provisio.sqlite-wal"), &log[..32 + 24 + page]).unwrap();
    refused(killed.path(), &["is damaged: it is shorter than it says"]).await;
    std::fs::rename(at("kept"), at("provisio.sqlite-wal")).unwrap();
    let running = start(&options(killed.path())).await.unwrap();
    let again = harness::Client::new(&running.api, &service.admin.key);
    for list in ["/v1/entitlements", "/v1/activations", "/v1/provisioning-requests"] {
        let ids = |page: Value| -> Vec<Value> {
            page["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
        };
        let (before, after) = (service.admin.get(list).await, again.get(list).await);
        assert_eq!(ids(before.expect(200)), ids(after.expect(200)), "{list}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_version_wrote_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let data = local::data_dir::DataDir::open(folder.path()).unwrap();
    data.keep("master-key", &"07".repeat(32)).unwrap();
    let engine = local::engine::Engine::open(&data.database().unwrap()).unwrap();
    let (core, catalog) = local::engine::TABLES;
    store::tables::create(&engine.client(), core, catalog, store::phase::Phase::Whole)
        .await
        .unwrap();
    let store: &dyn store::Store = &engine.store();
    let mark = Mark { master_keys: CheckValues::default(), form: FORM + 1 };
    store.keep_mark(&mark).await.unwrap();
    // A function without the master key looks at the form, too.
    let keyless = edge::mark::compare(store, None).await;
    assert!(matches!(keyless, Err(Unfit::LaterForm(form)) if form == FORM + 1));
    drop((data, engine));
    let later = format!("form {}", FORM + 1);
    refused(folder.path(), &[later.as_str(), "start the version that wrote it"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_revoked_is_told_at_the_start() {
    let service = Service::start().await;
    let admin = &service.admin;
    let me = admin.get("/v1/me").await.expect(200);
    let id = me["key"]["id"].as_u64().unwrap();
    let path = format!("/v1/api-keys/{id}");
    admin.delete(&path).await.refused(409, "LAST_ADMINISTRATOR");
    let body = json!({"name": "For a day", "roleId": me["role"]["id"],
        "expires": harness::story::days_ahead(1)});
    admin.post("/v1/api-keys", &body).await.expect(201);
    admin.delete(&path).await.refused(409, "LAST_ADMINISTRATOR");
    let body = json!({"name": "Second", "roleId": me["role"]["id"]});
    let second = admin.post("/v1/api-keys", &body).await.expect(201);
    // Two that end each other at the same moment: one of them stays.
    let other = admin.with_key(second["secret"].as_str().unwrap());
    let theirs = format!("/v1/api-keys/{}", second["id"]);
    let (a, b) = tokio::join!(admin.delete(&theirs), other.delete(&path));
    let done = [a.status, b.status].iter().filter(|status| **status == 204).count();
    assert_eq!(done, 1, "{} {}", a.text, b.text);
    if a.status == 204 {
        let body = json!({"name": "Third", "roleId": me["role"]["id"]});
        let third = admin.post("/v1/api-keys", &body).await.expect(201);
        let third = admin.with_key(third["secret"].as_str().unwrap());
        assert_eq!(third.delete(&path).await.status, 204);
    }
    let Service { running, folder, .. } = service;
    stop(running, folder.path()).await;
    refused(folder.path(), &["admin-key was revoked, was rotated", "makes a new key"]).await;
    std::fs::remove_file(folder.path().join("admin-key")).unwrap();
    start(&options(folder.path())).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_rotated_is_written_into_its_file() {
    let service = Service::start().await;
    let me = service.admin.get("/v1/me").await.expect(200);
    let path = format!("/v1/api-keys/{}/rotate", me["key"]["id"]);
    let rotated = service.admin.post(&path, &json!({"overlap": "PT0S"})).await.expect(200);
    let Service { running, folder, .. } = service;
    stop(running, folder.path()).await;
    refused(folder.path(), &["was rotated", "Write the newest secret into that file"]).await;
    let secret = rotated["secret"].as_str().unwrap();
    std::fs::write(folder.path().join("admin-key"), secret).unwrap();
    start(&options(folder.path())).await.unwrap().stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let story = Story::begin().await;
    story.activate(1).await;
    for entry in std::fs::read_dir(story.service.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}
