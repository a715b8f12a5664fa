//! A new master key: everything opens before, while and after all is sealed anew, and the old key
//! goes.
//!
//! Neighbours: `restored` has tables of before. Guarantee: what is sealed is read by calls, not
//! from rows.

use std::sync::Arc;

use domain::customer::{Customer, CustomerInput};
use domain::decision::Decision;
use domain::ids::Id;
use domain::limits::{MASTER_KEY_REREAD, RESEAL_WAIT};
use domain::record::Kind;
use domain::stamp::Actor;
use domain::time::Period;
use edge::mark::Unfit;
use edge::ports::Vault;
use edge::secret::{Secret, profile_place};
use edge::{App, mark, rotation};
use serde_json::{Value, json};
use simulator::api::{Api, Call, Door, Sale, Terms, number};
use simulator::memory::MemoryStore;
use simulator::stage::{Stage, routers};
use simulator::vault::{FIRST, Kept};
use store::Extra;
use store::phase::Phase;

use crate::turns::Turns;

/// A vendor with one of everything that is sealed.
struct World {
    rows: Arc<MemoryStore>,
    turns: Arc<Turns>,
    vault: Arc<Kept>,
    stage: Stage,
    sale: Sale,
    /// A method that was deleted, and is heard for a while.
    deleted: Door,
    customer: String,
    tried: u32,
}

impl World {
    async fn open() -> Self {
        let rows = Arc::new(MemoryStore::default());
        let turns = Arc::new(Turns::new(rows.clone(), Phase::Whole));
        let vault = Kept::new(FIRST);
        let stage = process(&Stage::over(turns.clone()), &vault);
        mark::compare_or_mark(&*turns, stage.app.master().unwrap()).await.unwrap();
        let terms = Terms { quantity: 200, ..Terms::default() };
        let sale = Sale::open(&stage.app, &stage.api, &terms).await;
        let call = async |verb, path: &str, body: &Value| {
            let reply = stage.api.call(&Call::new(verb, path, &sale.key, body)).await;
            assert!(reply.status < 300, "{path}: {}", reply.json);
            reply.json
        };
        let method = json!({"name": "Farm", "endpointUrl": "https://provider.example/",
            "authProfile": {"type": "BASIC", "username": "u", "password": "open sesame"}});
        call("PUT", &format!("/v1/methods/{}", sale.door.method), &method).await;
        let gone = call(
            "POST",
            "/v1/methods",
            &json!({"name": "Gone",
            "endpointUrl": "https://gone.example/"}),
        )
        .await;
        let deleted = Door::new(&gone);
        call("DELETE", &format!("/v1/methods/{}", deleted.method), &Value::Null).await;
        let customer = json!({"name": "Tucano", "profile": {"firstName": "Ada"}});
        let customer = number(&call("POST", "/v1/customers", &customer).await["id"]);
        let customer = format!("/v1/customers/{customer}");
        call("POST", "/v1/customers", &json!({"name": "Nothing is sealed"})).await;
        Self { rows, turns, vault, stage, sale, deleted, customer, tried: 0 }
    }

    /// Another process takes over.
    fn restart(&mut self) {
        *self.turns.fuse.lock().unwrap() = None;
        self.stage = process(&self.stage, &self.vault);
    }

    /// Every kind of secret does what it is for.
    async fn works(&mut self) {
        let (stage, sale) = (&self.stage, &self.sale);
        self.tried += 1;
        let get = async |path: &str| {
            let call = Call::new("GET", path, &sale.key, &Value::Null);
            stage.api.call(&call).await.expect(200)
        };
        assert_eq!(get(&self.customer).await["profile"]["firstName"], "Ada");
        let keys = get(&format!("/v1/entitlements/{}/product-keys", sale.e_id)).await;
        assert_eq!(keys["data"][0]["pkId"], sale.pk_ids[0], "a sold key is what it was");
        let made = stage.api.call(&sale.activation(0, 1)).await.expect(201);
        let request = number(&made["provisioningRequests"][0]["id"]);
        assert!(stage.dispatch().await.is_empty());
        let post = stage.provider.posts().pop().unwrap();
        let credential = post.headers.iter().find(|(name, _)| name == "authorization");
        assert_eq!(credential.unwrap().1, "Basic dTpvcGVuIHNlc2FtZQ==");
        let id = format!("m{}", self.tried);
        let report = async |door: &Door| {
            let body = json!({"status": "COMPLETED"}).to_string();
            let now = stage.app.clock.now();
            let call = door.report(request, "?generation=1", &id, now, &body);
            stage.api.call(&call).await
        };
        assert_eq!(report(&sale.door).await.status, 200, "its callbacks are known");
        let heard = report(&self.deleted).await;
        assert_eq!(heard.status, 404, "what a deleted method signs is known: {}", heard.json);
        let edited =
            json!({"profile": {"firstName": "Ada", "lastName": format!("L{}", self.tried)}});
        let patch = Call::new("PATCH", &*self.customer, &sale.key, &edited);
        stage.api.call(&patch).await.expect(200);
        let rotate = format!("/v1/methods/{}/copy", sale.spare.method);
        stage.api.call(&Call::new("POST", rotate, &sale.key, &Value::Null)).await.expect(201);
    }

    /// So many customers, each with a profile.
    async fn fill(&self, count: usize) {
        let (app, tenant) = (&self.stage.app, Id::try_from(self.sale.tenant).unwrap());
        let secret = Secret::of_text(r#"{"firstName":"Ada"}"#);
        let mut made = 0;
        while made < count {
            let mut decision = Decision::default();
            for _ in 0..40 {
                // Ids of one millisecond may be the same.
                self.stage.clock.pass(Period::from_millis(1));
                let stamp = app.stamp(Actor::System);
                let place = profile_place(stamp.id(0));
                let sealed = app.seal(1, &secret, &place, &stamp.entropy).await.unwrap();
                let input: CustomerInput = serde_json::from_value(
                    json!({"name": format!("C{made}"), "profile": {"firstName": "Ada"}}),
                )
                .unwrap();
                let (customer, _) =
                    Customer::create(&input, Some(sealed), Kind::Customer, &stamp).unwrap();
                decision = decision.save(customer);
                made += 1;
            }
            app.store.commit(tenant, &decision, &Extra::default()).await.unwrap();
        }
    }

    /// Everything is sealed anew, from where it is on; says with how many writes.
    async fn finish(&self) -> u64 {
        loop {
            self.stage.clock.pass(RESEAL_WAIT);
            sweeper::sweep(&self.stage.app).await.unwrap();
            let so_far = self.stage.app.store.find_resealing().await.unwrap().unwrap();
            if so_far.done {
                return so_far.changed;
            }
        }
    }

    async fn keys(&self) -> Vec<String> {
        let kept: Value = serde_json::from_str(&self.vault.read().await.unwrap()).unwrap();
        kept.as_object().unwrap().keys().cloned().collect()
    }
}

/// A process on the same rows, with what it reads in the vault.
fn process(of: &Stage, vault: &Arc<Kept>) -> Stage {
    let app = Arc::new(App {
        store: Arc::clone(&of.app.store),
        queue: Arc::clone(&of.app.queue),
        provider: Arc::clone(&of.app.provider),
        clock: Arc::clone(&of.app.clock),
        ids: Arc::clone(&of.app.ids),
        master: Some(vault.open()),
        public_url: of.app.public_url.clone(),
        egress: of.app.egress.clone(),
        tokens: edge::provider::token::Tokens::default(),
        tenants: edge::tenants::Tenants::default(),
    });
    let (clock, queue) = (Arc::clone(&of.clock), Arc::clone(&of.queue));
    let api = Api::new(routers(&app));
    Stage { app, clock, queue, provider: Arc::clone(&of.provider), api }
}

fn told<T: std::fmt::Debug>(refused: Result<T, edge::Problem>) -> String {
    refused.unwrap_err().detail().to_owned()
}

#[tokio::test]
async fn ten_thousand_rows_are_sealed_anew_through_five_kills() {
    let mut world = World::open().await;
    world.fill(10_000).await;
    let tenant = bootstrap::tenants::create(&world.stage.app, "Acme").await.unwrap();
    let acme = Call::new("GET", "/v1/me", tenant["apiKey"].as_str().unwrap(), &Value::Null);
    world.works().await;
    let stale = process(&world.stage, &world.vault);
    assert!(told(rotation::forget(&world.stage.app, 1).await).contains("not older"));

    // The call itself is killed: before the key is made, and before it counts.
    for (writes, kept) in [(0, vec![]), (1, vec!["1", "2"])] {
        *world.turns.fuse.lock().unwrap() = Some(writes);
        rotation::rotate(&world.stage.app).await.unwrap_err();
        if !kept.is_empty() {
            assert_eq!(world.keys().await, kept);
        }
        world.restart();
        world.works().await;
        assert_eq!(rotation::sealing(&world.stage.app).await.unwrap(), 1);
    }
    assert!(told(rotation::rotate(&world.stage.app).await).contains("just now"));
    world.stage.clock.pass(RESEAL_WAIT);
    let begun = rotation::rotate(&world.stage.app).await.unwrap();
    assert_eq!((begun.number, world.keys().await), (2, vec!["1".to_owned(), "2".to_owned()]));
    assert_eq!(
        rotation::rotate(&world.stage.app).await.unwrap(),
        begun,
        "it is told, not repeated"
    );
    world.works().await;

    // The work is killed five times in its middle.
    for writes in [1, 3, 700, 2_500, 4_000] {
        world.stage.clock.pass(RESEAL_WAIT);
        *world.turns.fuse.lock().unwrap() = Some(writes);
        sweeper::sweep(&world.stage.app).await.unwrap();
        assert_eq!(*world.turns.fuse.lock().unwrap(), Some(0), "it came so far");
        world.restart();
        world.works().await;
        let refused = told(rotation::forget(&world.stage.app, 1).await);
        assert!(refused.contains("may still be needed"), "{refused}");
    }
    let changed = world.finish().await;
    assert!((5_000..20_000).contains(&changed), "{changed}");
    world.works().await;

    // A process of before learns the new number by itself.
    world.stage = stale;
    world.works().await;
    world.stage.api.call(&acme).await.expect(200);
    world.stage.clock.pass(MASTER_KEY_REREAD);

    rotation::forget(&world.stage.app, 1).await.unwrap();
    assert_eq!(world.keys().await, ["2"]);
    world.restart();
    assert_eq!(mark::compare(&*world.turns, world.stage.app.master().ok()).await.unwrap(), Some(3));
    world.works().await;
    assert!(told(rotation::forget(&world.stage.app, 2).await).contains("not older"));
}

#[tokio::test]
async fn tables_of_before_need_the_key_of_before() {
    let mut world = World::open().await;
    let instant = world.rows.rows().clone();
    rotation::rotate(&world.stage.app).await.unwrap();
    world.finish().await;
    let both = world.vault.read().await.unwrap();
    rotation::forget(&world.stage.app, 1).await.unwrap();

    *world.rows.rows() = instant;
    world.restart();
    let fits = mark::compare(&*world.turns, world.stage.app.master().ok()).await;
    assert!(matches!(fits, Err(Unfit::ForeignKey(1))), "{fits:?}");

    // The key of before is put back beside the new one: it opens, and all goes to the new one.
    world.vault.write(&both).await.unwrap();
    world.restart();
    mark::compare(&*world.turns, world.stage.app.master().ok()).await.unwrap();
    world.works().await;
    assert_eq!(rotation::rotate(&world.stage.app).await.unwrap().number, 2);
    world.finish().await;
    world.works().await;
    rotation::forget(&world.stage.app, 1).await.unwrap();
    world.restart();
    world.works().await;
}

/// Tables of before several rotations: the newest key takes over, whatever its number.
#[tokio::test]
async fn tables_of_long_ago_go_to_the_newest_key() {
    let mut world = World::open().await;
    let both = format!(r#"{{"1":"{FIRST}","6":"{}"}}"#, "06".repeat(32));
    world.vault.write(&both).await.unwrap();
    world.restart();
    world.works().await;
    assert_eq!(rotation::rotate(&world.stage.app).await.unwrap().number, 6);
    world.finish().await;
    assert!(told(rotation::forget(&world.stage.app, 2).await).contains("no such master key"));
    rotation::forget(&world.stage.app, 1).await.unwrap();
    world.restart();
    world.works().await;
}

/// Rows of one tenant that come from a backup are sealed with a key that nothing else needs.
#[tokio::test]
async fn a_tenant_of_a_backup_keeps_the_old_key() {
    let mut world = World::open().await;
    let instant = world.rows.rows().clone();
    rotation::rotate(&world.stage.app).await.unwrap();
    world.finish().await;
    let tenant = format!("T#{}#", world.sale.tenant);
    for (key, item) in instant.iter().filter(|(key, _)| key.pk.starts_with(&tenant)) {
        world.rows.rows().change(key, |row| *row = item.clone());
    }
    world.works().await;
    let refused = told(rotation::forget(&world.stage.app, 1).await);
    assert!(refused.contains("are sealed with master key 1"), "{refused}");
    assert_eq!(rotation::rotate(&world.stage.app).await.unwrap().number, 3);
    world.finish().await;
    for old in [1, 2] {
        rotation::forget(&world.stage.app, old).await.unwrap();
    }
    world.restart();
    world.works().await;
}

/// A process that does not know the new key, and cannot read it, loses nothing.
#[tokio::test]
async fn who_cannot_read_the_new_key_waits_for_it() {
    let mut world = World::open().await;
    let stale = process(&world.stage, &world.vault);
    let made = world.stage.api.call(&world.sale.activation(0, 1)).await.expect(201);
    let request = number(&made["provisioningRequests"][0]["id"]);
    rotation::rotate(&world.stage.app).await.unwrap();
    world.finish().await;
    let kept = world.vault.read().await.unwrap();
    world.vault.write("").await.unwrap();

    assert!(stale.dispatch().await.is_empty());
    assert!(stale.provider.posts().is_empty());
    let path = format!("/v1/provisioning-requests/{request}");
    let show = Call::new("GET", path, &world.sale.key, &Value::Null);
    let shown = world.stage.api.call(&show).await.expect(200);
    assert_eq!((&shown["status"], &shown["delivery"]), (&json!("REQUEST_QUEUED"), &json!("NEVER")));
    assert_eq!(shown["conflicts"], json!([]));
    let refused = stale.api.call(&world.sale.activation(0, 1)).await;
    assert_eq!((refused.status, refused.code()), (503, "UNAVAILABLE"));
    let report = world.sale.door.report(request, "", "m", stale.app.clock.now(), "{}");
    assert_eq!(stale.api.call(&report).await.status, 503, "the provider repeats it");

    world.vault.write(&kept).await.unwrap();
    world.stage.clock.pass(MASTER_KEY_REREAD);
    sweeper::sweep(&stale.app).await.unwrap();
    assert!(stale.dispatch().await.is_empty());
    assert_eq!(stale.provider.posts().len(), 1);
    world.stage = stale;
    world.works().await;
}
