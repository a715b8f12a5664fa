//! What comes late is heard all the same: callbacks of a method that is deleted, of a method that
//! the product was moved away from, and work behind rows that cannot be read.

use domain::cause::Silence;
use domain::ids::Id;
use domain::limits::DOOR_KEPT;
use domain::request::dispatched::Answer;
use domain::request::states::Status;
use domain::task::Task;
use domain::time::Period;
use model::invariants::{Violation, attempted};
use serde_json::{Value, json};
use simulator::api::{Call, Door, Reply, Sale};
use simulator::clients::{Client, Wish};
use simulator::gate::{Act, Fate, Next};
use simulator::plant::PlantedFault;
use simulator::provider::Behaviour;
use simulator::stage::Stage;
use simulator::world::{API, Run, Work};
use simulator::{Simulator, runtime};
use store::Store;
use store::keys::{self, attribute};
use store::phase::Phase;
use store::port::{Condition, Item, Value as Attribute, Write};

use crate::opened::{activated, stage};

async fn call(stage: &Stage, sale: &Sale, verb: &'static str, path: &str, body: Value) -> Reply {
    stage.api.call(&Call::new(verb, path, &sale.key, &body)).await
}

async fn completed(stage: &Stage, door: &Door, id: u64, webhook_id: &str) -> Reply {
    let body = json!({"status": "COMPLETED"}).to_string();
    let now = stage.app.clock.now();
    stage.api.call(&door.report(id, "?generation=1", webhook_id, now, &body)).await
}

/// The product's association: to another method, or to none.
async fn associate(stage: &Stage, sale: &Sale, method: Option<u64>) {
    let path = format!("/v1/products/{}/association", sale.product);
    match method {
        Some(method) => {
            let body = json!({"planId": sale.plan, "methodId": method});
            call(stage, sale, "PUT", &path, body).await.expect(200);
        }
        None => assert_eq!(call(stage, sale, "DELETE", &path, Value::Null).await.status, 204),
    }
}

#[test]
fn a_deleted_method_is_heard_until_its_callbacks_were_due() {
    runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        let [soon, late] = [activated(&stage, &sale).await, activated(&stage, &sale).await];
        assert!(stage.dispatch().await.is_empty());
        associate(&stage, &sale, None).await;
        let path = format!("/v1/methods/{}", sale.door.method);
        assert_eq!(call(&stage, &sale, "DELETE", &path, Value::Null).await.status, 204);
        assert_eq!(call(&stage, &sale, "GET", &path, Value::Null).await.status, 404);
        // The last moment before its deadline, and long after: nobody swept, so it is open still.
        stage.clock.pass(Period::from_millis(3_599_999));
        let heard = completed(&stage, &sale.door, soon, "m1").await.expect(200);
        assert_eq!(heard["outcome"], "ACCEPTED");
        let deleted = Period::from_millis(DOOR_KEPT.millis() - 3_600_000);
        stage.clock.pass(deleted);
        assert_eq!(completed(&stage, &sale.door, late, "m2").await.status, 200);
        stage.clock.pass(Period::from_millis(1));
        let shut = completed(&stage, &sale.door, late, "m3").await;
        assert_eq!((shut.status, shut.code()), (401, "BAD_SIGNATURE"));
    });
}

#[test]
fn an_earlier_generation_is_heard_by_the_method_that_it_was_sent_by() {
    runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        let id = activated(&stage, &sale).await;
        stage.provider.answer(Answer::None(Silence::Timeout, "late".to_owned()));
        assert!(stage.dispatch().await.is_empty());
        let path = format!("/v1/provisioning-requests/{id}");
        call(&stage, &sale, "POST", &format!("{path}/cancel"), json!({})).await.expect(200);
        associate(&stage, &sale, Some(sale.spare.method)).await;
        call(&stage, &sale, "POST", &format!("{path}/retry"), json!({})).await.expect(200);
        stage.queue.take();
        let message = json!({"v": 1, "tenant": sale.tenant, "request": id, "method": 1});
        assert!(stage.handle(vec![message.to_string()]).await.is_empty());
        let sent = call(&stage, &sale, "GET", &path, Value::Null).await.expect(200);
        assert_eq!(sent["method"]["id"], sale.spare.method);
        let heard = completed(&stage, &sale.door, id, "m1").await.expect(200);
        assert_eq!(
            (&heard["outcome"], &heard["status"]),
            (&json!("ACCEPTED"), &json!("COMPLETED"))
        );
        // Another generation of it is none of the first method's.
        let now = stage.app.clock.now();
        let body = json!({"status": "COMPLETED"}).to_string();
        let other = sale.door.report(id, "?generation=2", "m2", now, &body);
        assert_eq!(stage.api.call(&other).await.status, 404);
    });
}

/// The ring remembers 32 webhook ids; one that it forgot is heard again, and keeps nothing shut.
#[test]
fn a_long_response_may_come_again() {
    runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        let id = activated(&stage, &sale).await;
        assert!(stage.dispatch().await.is_empty());
        let long = json!({"status": "IN_PROGRESS", "response": {"log": "x".repeat(300)}});
        let said = async |webhook_id: &str, body: &Value| {
            let (now, body) = (stage.app.clock.now(), body.to_string());
            let call = sale.door.report(id, "?generation=1", webhook_id, now, &body);
            stage.api.call(&call).await.expect(200)
        };
        said("long", &long).await;
        for n in 0..32 {
            said(&format!("m{n}"), &json!({"status": "IN_PROGRESS"})).await;
        }
        assert_eq!(said("long", &long).await["outcome"], "ACCEPTED");
        let path = format!("/v1/provisioning-requests/{id}");
        let shown = call(&stage, &sale, "GET", &path, Value::Null).await.expect(200);
        assert_eq!(shown["response"], long["response"].to_string());
    });
}

/// The worker dies after it has noted a 2xx: the answer is known, and the provider not asked again.
#[test]
fn an_answer_that_was_noted_counts() {
    for death in [(Act::Attempt, Fate::DieAfter), (Act::Move, Fate::DieBefore)] {
        let simulator = Simulator::single();
        let mut run = simulator.world().begin(1, PlantedFault::None, false);
        let (mut posts, mut died) = (0, false);
        let mut decide = |run: &mut Run<'_>, next: &Next| -> Result<Fate, Violation> {
            let dispatches = matches!(run.work(next.slot), Some(Work::Batch(_)));
            if dispatches && next.act == death.0 && !died {
                died = true;
                return Ok(death.1.clone());
            }
            let Some(post) = &next.post else { return Ok(Fate::Go) };
            posts += 1;
            let silent = Behaviour { reports: Vec::new(), ..Behaviour::good() };
            Ok(Fate::Answered(run.posted(post, silent)?))
        };
        let request = runtime().block_on(async {
            activate(&mut run).await;
            run.come_to_rest(&mut decide).await.unwrap();
            run.at_rest().unwrap();
            run.requests(0).unwrap().remove(0)
        });
        assert_eq!((posts, died), (1, true));
        let rows: Vec<&str> = request.life.history.iter().map(|step| &*step.row).collect();
        assert_eq!(rows, ["P1", "P4", "P20"], "sent, and nobody called back");
        assert_eq!(request.reference_number.as_deref(), Some("R-0"));
    }
}

async fn activate(run: &mut Run<'_>) {
    let mut client =
        Client::new(0, 0, Wish::Activate { pk: 0, quantity: 1, later: None, theirs: false });
    client.write(&run.world.sales[0], None, None);
    run.clients.push(client);
    run.start(API.start, Work::Call(0)).await;
}

#[test]
fn rows_that_cannot_be_read_keep_no_other_waiting() {
    runtime().block_on(async {
        let (rows, stage, sale) = stage().await;
        let id = activated(&stage, &sale).await;
        stage.queue.take();
        let tenant = Id::try_from(sale.tenant).unwrap();
        let of_its_shard = (1..).filter(|n| n % keys::SHARDS == id % keys::SHARDS);
        for n in of_its_shard.take(250) {
            let broken = Id::try_from(n).unwrap();
            let (pk, sk) =
                keys::due(Task::dispatch(tenant, broken), stage.app.clock.now(), Phase::Whole);
            let item = Item::from([
                (attribute::DUE_PK.to_owned(), Attribute::S(pk)),
                (attribute::DUE_SK.to_owned(), Attribute::S(sk)),
            ]);
            let write = Write::Put(keys::request(tenant, broken), item, Condition::Absent);
            rows.write(&[write]).await.unwrap();
        }
        stage.clock.pass(Period::from_secs(30));
        sweeper::sweep(&stage.app).await.unwrap();
        let sent: Vec<u64> = stage.queue.take().iter().map(|m| m.task.id.get()).collect();
        assert_eq!(sent, [id]);
    });
}

/// Its row cannot be written at first: it goes with the outcome, and nothing is posted twice.
#[test]
fn an_attempt_that_cannot_be_noted_goes_with_its_outcome() {
    let simulator = Simulator::single();
    let mut run = simulator.world().begin(1, PlantedFault::None, false);
    let (mut posts, mut failed) = (0, false);
    let mut decide = |run: &mut Run<'_>, next: &Next| -> Result<Fate, Violation> {
        if next.act == Act::Attempt && !failed {
            failed = true;
            return Ok(Fate::Fail);
        }
        let Some(post) = &next.post else { return Ok(Fate::Go) };
        posts += 1;
        Ok(Fate::Answered(run.posted(post, Behaviour::good())?))
    };
    runtime().block_on(async {
        activate(&mut run).await;
        run.come_to_rest(&mut decide).await.unwrap();
        // Every attempt is told of, or this is a violation.
        run.at_rest().unwrap();
        let request = run.requests(0).unwrap().remove(0);
        assert_eq!(request.life.state, Status::Completed);
        assert!(attempted(&request, Vec::new()).is_err(), "the check sees a missing one");
    });
    assert_eq!((posts, failed), (1, true));
}

/// 0.1.0 had four shards, and no kinds in their keys: its rows are swept where they stand, and have
/// the place of today when they are written again.
#[test]
fn rows_of_0_1_0_are_swept_where_they_stand() {
    runtime().block_on(async {
        let (rows, stage, sale) = stage().await;
        let id = activated(&stage, &sale).await;
        stage.queue.take();
        let request = keys::request(Id::try_from(sale.tenant).unwrap(), Id::try_from(id).unwrap());
        let place = || -> (String, String) {
            let row = rows.rows().get(&request).unwrap();
            let text = |name: &str| row[name].as_s().unwrap().clone();
            (text(attribute::DUE_PK), text(attribute::DUE_SK))
        };
        let mut row = rows.rows().get(&request).unwrap();
        let (_, sk) = place();
        let old = (format!("DUE#{}", id % 4), sk.replace("DISPATCH#", ""));
        row.insert(attribute::DUE_PK.to_owned(), Attribute::S(old.0.clone()));
        row.insert(attribute::DUE_SK.to_owned(), Attribute::S(old.1.clone()));
        rows.write(&[Write::Put(request.clone(), row, Condition::Free)]).await.unwrap();
        assert_eq!(place(), old);
        stage.clock.pass(Period::from_secs(30));
        sweeper::sweep(&stage.app).await.unwrap();
        let sent: Vec<u64> = stage.queue.take().iter().map(|m| m.task.id.get()).collect();
        assert_eq!(sent, [id]);
        let moved = place();
        assert_eq!(moved.0, keys::due_shard(id % keys::SHARDS));
        assert!(moved.1.contains("#DISPATCH#"), "{}", moved.1);
    });
}
