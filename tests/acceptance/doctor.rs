//! The doctor: each thing that can be wrong, alone, is found by its own check and no other.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use domain::task::Message;
use domain::time::{Period, Time};
use edge::App;
use edge::doctor::{Finding, clock, examine};
use edge::ports::{Depth, Queue, QueueError};
use simulator::api::{Sale, Terms};
use simulator::memory::MemoryStore;
use simulator::stage::{START_MS, Stage};
use simulator::vault::{FIRST, master_keys};
use store::dynamo::DynamoStore;
use store::keys::{self, Key};
use store::port::{Condition, Item, Write};

/// A queue that is as deep as this, or not there.
struct Deep(Result<Depth, &'static str>);

#[async_trait]
impl Queue for Deep {
    async fn send(&self, _: &[Message]) -> Result<(), QueueError> {
        Ok(())
    }

    async fn depth(&self) -> Result<Option<Depth>, QueueError> {
        match &self.0 {
            Ok(Depth { waiting, dead }) => Ok(Some(Depth { waiting: *waiting, dead: *dead })),
            Err(why) => Err(QueueError((*why).to_owned())),
        }
    }
}

/// A deployment that is well, with one activation under way.
struct Patient {
    store: Arc<MemoryStore>,
    stage: Stage,
    sale: Sale,
}

impl Patient {
    async fn admitted() -> Self {
        let store = Arc::new(MemoryStore::default());
        let stage = Stage::over(store.clone());
        edge::mark::compare_or_mark(&*stage.app.store, stage.app.master().unwrap()).await.unwrap();
        let key = bootstrap::administrator(&stage.app, domain::ids::Id::FIRST_TENANT).await;
        key.unwrap();
        let sale = Sale::open(&stage.app, &stage.api, &Terms::default()).await;
        stage.api.call(&sale.activation(0, 1)).await.expect(201);
        Self { store, stage, sale }
    }

    /// The same rows, with another key and queue.
    fn with(&self, master: Option<&str>, queue: Deep) -> App {
        let app = &self.stage.app;
        App {
            store: app.store.clone(),
            queue: Arc::new(queue),
            provider: app.provider.clone(),
            clock: app.clock.clone(),
            ids: app.ids.clone(),
            master: master.map(master_keys),
            public_url: app.public_url.clone(),
            egress: app.egress.clone(),
            tokens: edge::provider::token::Tokens::default(),
            tenants: edge::tenants::Tenants::default(),
        }
    }

    fn well(&self) -> App {
        self.with(Some(FIRST), Deep(Ok(Depth { waiting: 3, dead: 0 })))
    }

    /// Writes into a row what nobody can read.
    async fn spoil(&self, key: Key) {
        let mut row = self.store.rows().get(&key).unwrap();
        row.insert("version".to_owned(), AttributeValue::Bool(true));
        self.put(key, row).await;
    }

    async fn put(&self, key: Key, row: Item) {
        let write = Write::Put(key, row, Condition::Free);
        self.stage.app.store.write(&[write]).await.unwrap();
    }
}

/// Only this check is not well; it says these words, and what to do.
fn only(findings: &[Finding], check: &str, words: &str) {
    let wrong: Vec<&Finding> = findings.iter().filter(|finding| !finding.fine).collect();
    assert_eq!(wrong.len(), 1, "{findings:?}");
    assert_eq!(wrong[0].check, check);
    assert!(wrong[0].told.contains(words), "{}", wrong[0].told);
    assert!(wrong[0].advice.is_some_and(|advice| advice.ends_with(['.', '?'])), "{wrong:?}");
}

#[tokio::test]
async fn who_is_well_is_told_so() {
    let patient = Patient::admitted().await;
    let findings = examine(&patient.well(), Some(Time::from_millis(START_MS))).await;
    assert!(findings.iter().all(|finding| finding.fine && finding.advice.is_none()));
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, ["tables", "master key", "form", "rows", "due", "queue", "clock"]);
}

#[tokio::test]
async fn the_key_must_be_the_one_of_the_data() {
    let patient = Patient::admitted().await;
    let queue = || Deep(Ok(Depth { waiting: 0, dead: 0 }));
    let foreign = examine(&patient.with(Some(&"08".repeat(32)), queue()), None).await;
    only(&foreign, "master key", "not the one that this data was made with");
    only(&examine(&patient.with(None, queue()), None).await, "master key", "no master key");
    let mark = Write::Delete(keys::mark(), Condition::Free);
    patient.stage.app.store.write(&[mark]).await.unwrap();
    only(&examine(&patient.well(), None).await, "master key", "does not say");
}

#[tokio::test]
async fn a_row_that_does_not_read_is_named() {
    let patient = Patient::admitted().await;
    let tenant = domain::ids::Id::FIRST_TENANT;
    let roles = keys::list(tenant, domain::record::Kind::Role);
    let found =
        patient.store.rows().iter().find(|(key, _)| key.pk.starts_with(&roles)).unwrap().0.clone();
    patient.spoil(found.clone()).await;
    only(&examine(&patient.well(), None).await, "rows", &found.pk);
}

#[tokio::test]
async fn what_nobody_sweeps_is_missed() {
    let patient = Patient::admitted().await;
    assert_eq!(patient.sale.products.len(), 1);
    patient.stage.clock.pass(Period::from_secs(3_600));
    only(&examine(&patient.well(), None).await, "due", "since PT59M");
}

#[tokio::test]
async fn dead_letters_and_a_lost_queue_are_told() {
    let patient = Patient::admitted().await;
    let dead = patient.with(Some(FIRST), Deep(Ok(Depth { waiting: 1, dead: 2 })));
    only(&examine(&dead, None).await, "queue", "2 dead letters");
    let lost = patient.with(Some(FIRST), Deep(Err("not reachable")));
    only(&examine(&lost, None).await, "queue", "not reachable");
}

#[test]
fn clocks_may_be_five_seconds_apart() {
    let at = |millis: i64| Time::from_millis(START_MS + millis);
    for apart in [-5_000, 0, 5_000] {
        assert!(clock(at(0), at(apart)).fine, "{apart}");
    }
    for apart in [-5_001, 5_001, 86_400_000] {
        only(&[clock(at(0), at(apart))], "clock", "from the other one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_form_are_told() {
    let client = harness::engine().client();
    for table in ["core", "catalog"] {
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let text = |name: &str| {
            let kind = ScalarAttributeType::S;
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
        };
        let made = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
        let made = made.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range));
        let made = made.attribute_definitions(text("pk").unwrap());
        made.attribute_definitions(text("sk").unwrap()).send().await.unwrap();
    }
    let store = DynamoStore::new(client, "core".to_owned(), "catalog".to_owned());
    let stage = Stage::over(Arc::new(store));
    let findings = examine(&stage.app, None).await;
    let tables = findings.iter().find(|finding| finding.check == "tables").unwrap();
    assert!(!tables.fine, "{findings:?}");
    for lacks in ["core has no index listed", "core has no index due", "catalog has no index list"]
    {
        assert!(tables.told.contains(lacks), "{}", tables.told);
    }
}
