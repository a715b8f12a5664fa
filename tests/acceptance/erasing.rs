//! An erasure under way: ended early it goes on, two at once do it once, and what is open waits.

use std::sync::Arc;

use domain::customer::erasure::Erasure;
use domain::ids::Id;
use domain::limits::ERASE_WAIT;
use domain::time::Period;
use edge::erasure;
use serde_json::{Value, json};
use simulator::api::{Call, Sale, Terms, number};
use simulator::memory::MemoryStore;
use simulator::stage::Stage;
use store::compact::unpack;
use store::phase::Phase;

use crate::turns::Turns;

/// Stands in every text that tells of the person.
const CANARY: &str = "canary";

/// A vendor, and a customer who uses what was sold.
struct World {
    rows: Arc<MemoryStore>,
    turns: Arc<Turns>,
    stage: Stage,
    sale: Sale,
    customer: Id,
}

impl World {
    async fn open(activations: u32) -> Self {
        let rows = Arc::new(MemoryStore::default());
        let turns = Arc::new(Turns::new(rows.clone(), Phase::Whole));
        let stage = Stage::over(turns.clone());
        let terms = Terms { quantity: 200, completion: "ON_2XX", ..Terms::default() };
        let sale = Sale::open(&stage.app, &stage.api, &terms).await;
        let body = json!({"name": CANARY, "emails": ["canary@l.example"]});
        let call = Call::new("POST", "/v1/customers", &sale.key, &body);
        let customer = number(&stage.api.call(&call).await.expect(201)["id"]);
        let customer = Id::try_from(customer).unwrap();
        let world = Self { rows, turns, stage, sale, customer };
        for _ in 0..activations {
            world.activate().await;
            world.stage.dispatch().await;
        }
        world
    }

    async fn activate(&self) {
        let body = json!({"pkId": self.sale.pk_ids[0], "activationQuantity": 1,
            "customerId": self.customer, "activatee": {"emailId": "canary@a.example"}});
        let call = Call::new("POST", "/v1/activations", &self.sale.key, &body);
        self.stage.api.call(&call).await.expect(201);
    }

    async fn begin(&self) -> Value {
        let path = format!("/v1/customers/{}/erase", self.customer);
        let body = json!({"comments": "they asked"});
        let call = Call::new("POST", path, &self.sale.key, &body);
        self.stage.api.call(&call).await.expect(200)
    }

    fn tenant(&self) -> Id {
        Id::try_from(self.sale.tenant).unwrap()
    }

    async fn so_far(&self) -> Erasure {
        self.turns.rows.find_erasure(self.tenant(), self.customer).await.unwrap().unwrap()
    }

    /// Sweeps, each some seconds later, until it has ended or waits for long.
    async fn sweep(&self) -> Erasure {
        loop {
            self.stage.clock.pass(Period::from_secs(1));
            sweeper::sweep(&self.stage.app).await.unwrap();
            let so_far = self.so_far().await;
            if so_far.due.is_none_or(|due| due > self.stage.app.clock.now()) {
                return so_far;
            }
        }
    }

    fn told(&self) -> usize {
        let rows = self.rows.rows();
        let texts = rows.iter().map(|(key, row)| format!("{key:?} {:?}", unpack(row.clone())));
        texts.filter(|text| text.contains(CANARY)).count()
    }
}

#[tokio::test]
async fn it_goes_on_wherever_it_was_ended() {
    let world = World::open(30).await;
    assert!(world.told() > 30, "{}", world.told());
    world.begin().await;
    let mut kills = 0;
    while world.so_far().await.ended_date.is_none() {
        *world.turns.fuse.lock().unwrap() = Some(kills % 4);
        let stepped = erasure::step(&world.stage.app, world.tenant(), world.customer).await;
        kills += u32::from(stepped.is_err());
        *world.turns.fuse.lock().unwrap() = None;
    }
    assert!(kills > 5, "{kills}");
    assert_eq!(world.told(), 0);
    let erased = world.so_far().await.erased;
    let counted = (erased.customers, erased.activations, erased.payloads);
    assert_eq!(counted, (1, 30, 0), "what was blanked is counted once; its plan reads of nobody");
}

#[tokio::test]
async fn what_is_open_waits_until_it_is_at_rest() {
    let world = World::open(2).await;
    let begun = world.begin().await;
    world.activate().await;
    let again = world.begin().await;
    assert_eq!(again["begunDate"], begun["begunDate"], "it is under way");
    let waits = world.sweep().await;
    assert_eq!((waits.waiting, waits.ended_date), (1, None));
    assert!(world.told() > 0);
    world.stage.dispatch().await;
    world.stage.clock.pass(ERASE_WAIT);
    let ended = world.sweep().await;
    assert!(ended.ended_date.is_some() && ended.waiting == 0, "{ended:?}");
    assert_eq!(world.told(), 0);
    assert_eq!(ended.erased.activations, 3);
}

#[tokio::test]
async fn two_workers_do_it_once() {
    let world = World::open(10).await;
    world.begin().await;
    let tenant = world.tenant();
    let step = || erasure::step(&world.stage.app, tenant, world.customer);
    while world.so_far().await.ended_date.is_none() {
        let (one, other) = futures::join!(step(), step());
        assert!(one.is_ok() || other.is_ok());
    }
    assert_eq!(world.told(), 0);
    let erased = world.so_far().await.erased;
    assert_eq!((erased.customers, erased.activations), (1, 10));
}
