//! An administrator who lacks a permission never gets it: no sequence of acts on roles, keys and
//! sessions leads there.

use std::collections::BTreeSet;

use domain::access::{Act, Area};
use fastrand::Rng;
use harness::story::id;
use harness::{Client, Service};
use reqwest::Method;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::roles::{named, patch, with_key, with_role};

const ATTACKERS: u64 = 25;
const STEPS: usize = 60;

type Permission = (String, String, Option<u64>);

/// Random permissions, each by this chance of 255; `always`: the administration, without which
/// nothing can be tried.
fn permissions(rng: &mut Rng, space: u64, chance: u8, always: bool) -> Value {
    let mut grants = Vec::new();
    for area in Area::iter() {
        let acts: Vec<Act> = Act::iter().filter(|_| rng.u8(..) < chance).collect();
        let here = area == Area::Catalog && rng.bool();
        let namespace = if here { json!(space) } else { Value::Null };
        let acts = if area == Area::Admin && always { Act::iter().collect() } else { acts };
        grants.push(json!({"area": area, "acts": acts, "namespaceId": namespace}));
    }
    json!(grants)
}

/// One by one. What holds in all namespaces holds in each.
fn each(grants: &Value, space: u64) -> BTreeSet<Permission> {
    let mut all = BTreeSet::new();
    for grant in grants.as_array().into_iter().flatten() {
        let area = grant["area"].as_str().unwrap();
        for act in grant["acts"].as_array().unwrap() {
            let act = act.as_str().unwrap().to_owned();
            let namespace = grant["namespaceId"].as_u64();
            all.insert((area.to_owned(), act.clone(), namespace));
            if area == "catalog" && namespace.is_none() {
                all.insert((area.to_owned(), act, Some(space)));
            }
        }
    }
    all
}

/// Somebody with some permissions who tries to get more.
struct Attacker {
    /// A client for each secret that they got hold of.
    clients: Vec<Client>,
    roles: Vec<u64>,
    keys: Vec<u64>,
    has: BTreeSet<Permission>,
    space: u64,
    /// A key that is more than theirs.
    strong: u64,
    /// Acts that were permitted, by name.
    done: BTreeSet<&'static str>,
}

impl Attacker {
    async fn learn(&mut self) {
        for (path, known) in [("roles", &mut self.roles), ("api-keys", &mut self.keys)] {
            let list = self.clients[0].get(&format!("/v1/{path}?limit=100")).await;
            if let Some(rows) = list.json["data"].as_array() {
                *known = rows.iter().map(id).collect();
            }
        }
    }

    async fn step(&mut self, rng: &mut Rng) {
        let client = rng.choice(&self.clients).unwrap().clone();
        let role = rng.choice(&self.roles).copied().unwrap_or(1);
        let any = rng.choice(&self.keys).copied().unwrap_or(1);
        let key = if rng.bool() { self.strong } else { any };
        let (role_path, key_path) = (format!("/v1/roles/{role}"), format!("/v1/api-keys/{key}"));
        let (chance, always) = (*rng.choice(&[0, 10, 30, 110]).unwrap_or(&0), rng.bool());
        let body = json!({"name": format!("R{}", rng.u32(..)), "enabled": rng.u8(..) > 20,
            "permissions": permissions(rng, self.space, chance, always)});
        let patch = async |body: Value| {
            let body = Some(body.to_string().into_bytes());
            client.call(Method::PATCH, &key_path, &[("if-match", "*")], body).await
        };
        let (name, reply) = match rng.u8(0..9) {
            0 => ("make a role", client.post("/v1/roles", &body).await),
            1 => ("change a role", client.put(&role_path, &body).await),
            2 => ("delete a role", client.delete(&role_path).await),
            3 | 4 => {
                let body = json!({"name": "K", "roleId": role});
                ("make a key", client.post("/v1/api-keys", &body).await)
            }
            5 => ("change a key", patch(json!({"roleId": role})).await),
            6 => {
                let body = json!({"overlap": "PT0S"});
                ("rotate a key", client.post(&format!("{key_path}/rotate"), &body).await)
            }
            7 => ("begin a session", client.post("/v1/sessions", &json!({})).await),
            _ => ("revoke a key", client.delete(&key_path).await),
        };
        assert!(reply.status < 500, "{name}: {}", reply.text);
        if reply.status < 300 {
            self.done.insert(name);
        }
        if let Some(secret) = reply.json["secret"].as_str() {
            self.clients.push(client.with_key(secret));
        }
    }

    /// What any of the secrets may do now is what they had.
    async fn hold(&self, story: &str) {
        for client in &self.clients {
            let me = client.get("/v1/me").await;
            if me.status != 200 || me.json["role"]["enabled"] == false {
                continue;
            }
            let now = each(&me.json["permissions"], self.space);
            let more: Vec<&Permission> = now.difference(&self.has).collect();
            assert!(more.is_empty(), "{story}: got {more:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sequence_of_acts_gives_a_permission_that_was_lacking() {
    let mut done = BTreeSet::new();
    for seed in 0..ATTACKERS {
        let (service, rng) = (Service::start().await, &mut Rng::with_seed(seed));
        let admin = &service.admin;
        let space = id(&admin.post("/v1/namespaces", &json!({"name": "B"})).await.expect(201));
        let has = permissions(rng, space, 110, true);
        let client = with_role(admin, "Attacker", &has).await;
        // Somebody who is more, and is mended by an administrator whenever they became less.
        let role = named(admin, "Administrator").await["id"].clone();
        let (strong, _) = with_key(admin, json!({"name": "Strong", "roleId": role})).await;
        let (strong, path) = (id(&strong), format!("/v1/api-keys/{}", strong["id"]));
        let mut attacker = Attacker {
            clients: vec![client],
            roles: Vec::new(),
            keys: Vec::new(),
            has: each(&has, space),
            space,
            strong,
            done: BTreeSet::new(),
        };
        for step in 0..STEPS {
            if step % 5 == 0 {
                attacker.learn().await;
            }
            attacker.step(rng).await;
            if step % 8 == 7 {
                let mended = patch(admin, &path, &json!({"roleId": role})).await;
                assert!(mended.status < 500, "{}", mended.text);
            }
            if step % 4 == 3 {
                attacker.hold(&format!("seed {seed}, step {step}")).await;
            }
        }
        done.append(&mut attacker.done);
        service.running.stop().await;
    }
    assert_eq!(done.len(), 8, "every act was permitted to somebody: {done:?}");
}
