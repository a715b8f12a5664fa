//! Nothing waits for ever: on a clock that the test holds, every open request ends within its
//! deadline and one sweep.

use domain::cause::{Cause, Own};
use domain::decision::Decision;
use domain::ids::Id;
use domain::request::Request;
use domain::request::states::Status;
use domain::rev::Rev;
use domain::time::{Period, Time};
use serde_json::{Value, json};
use simulator::api::{Call, Reply, Sale};
use simulator::runtime;
use simulator::stage::Stage;
use store::Extra;

use crate::opened::{activated, stage};

const SWEEP: Period = Period::from_secs(60);

async fn report(stage: &Stage, sale: &Sale, id: u64, webhook_id: &str, status: &str) -> Reply {
    let body = json!({"status": status}).to_string();
    let now = stage.app.clock.now();
    stage.api.call(&sale.door.report(id, "?generation=1", webhook_id, now, &body)).await
}

async fn shown(stage: &Stage, sale: &Sale, id: u64) -> Value {
    let path = format!("/v1/provisioning-requests/{id}");
    stage.api.call(&Call::new("GET", path, &sale.key, &Value::Null)).await.expect(200)
}

async fn loaded(stage: &Stage, sale: &Sale, id: u64) -> Request {
    let tenant = Id::try_from(sale.tenant).unwrap();
    stage.app.store.load_request(tenant, Id::try_from(id).unwrap()).await.unwrap()
}

#[test]
fn a_provider_that_never_calls_back() {
    runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        let id = activated(&stage, &sale).await;
        assert!(stage.dispatch().await.is_empty());
        assert_eq!(shown(&stage, &sale, id).await["status"], "REQUEST_SENT");
        stage.clock.pass(Period::from_millis(3_599_999));
        sweeper::sweep(&stage.app).await.unwrap();
        assert_eq!(shown(&stage, &sale, id).await["status"], "REQUEST_SENT");
        stage.clock.pass(Period::from_millis(1));
        sweeper::sweep(&stage.app).await.unwrap();
        let failed = shown(&stage, &sale, id).await;
        assert_eq!(failed["status"], "FAILED");
        assert_eq!(failed["errorCode"], "CALLBACK_TIMEOUT");
        assert_eq!(failed["history"][2]["row"], "P20");
        let late = report(&stage, &sale, id, "late", "COMPLETED").await;
        assert_eq!((late.status, late.code()), (409, "STATUS_CONFLICT"));
        let kept = shown(&stage, &sale, id).await;
        assert_eq!((&kept["status"], &kept["version"]), (&json!("FAILED"), &json!(3)));
        let told = &kept["conflicts"][0];
        let told = [&told["webhookId"], &told["status"], &told["against"]];
        assert_eq!(told, ["late", "COMPLETED", "FAILED"]);
    });
}

/// Copies of real requests in every open state, 10,000 in all.
async fn ten_thousand(stage: &Stage, sale: &Sale) -> Vec<(u64, Time)> {
    let tenant = Id::try_from(sale.tenant).unwrap();
    let (sent, working) = (activated(stage, sale).await, activated(stage, sale).await);
    assert!(stage.dispatch().await.is_empty());
    report(stage, sale, working, "w", "IN_PROGRESS").await.expect(200);
    let queued = activated(stage, sale).await;
    stage.queue.take();
    let mut open = Vec::new();
    for (original, copies) in [(queued, 2_000_i64), (sent, 4_000), (working, 4_000)] {
        let original = loaded(stage, sale, original).await;
        for n in 0..copies {
            let id = original.id.get() + 10_000 * (n.unsigned_abs() + 1);
            let id = Id::try_from(id).unwrap();
            // Their deadlines lie up to an hour apart.
            let apart = Period::from_millis(720 * n);
            let due = original.next_attempt_at.unwrap().after(apart);
            let copy =
                Request { id, next_attempt_at: Some(due), rev: Rev::default(), ..original.clone() };
            open.push((id.get(), due));
            let decision = Decision::default().save(copy);
            stage.app.store.commit(tenant, &decision, &Extra::default()).await.unwrap();
        }
    }
    open
}

#[test]
fn ten_thousand_open_requests_end_in_time() {
    runtime().block_on(async {
        let (rows, stage, sale) = stage().await;
        let open = ten_thousand(&stage, &sale).await;
        let mut sweeps = 0;
        while rows.rows().next_due().is_some() {
            stage.clock.pass(SWEEP);
            sweeper::sweep(&stage.app).await.unwrap();
            assert!(stage.dispatch().await.is_empty());
            sweeps += 1;
            assert!(sweeps < 60 * 24, "some are still open after a day");
        }
        for (id, due) in open {
            let ended = loaded(&stage, &sale, id).await;
            assert_eq!(ended.life.state, Status::Failed);
            assert_eq!(ended.cause(), Some(&Cause::Own(Own::CallbackTimeout)));
            // What was queued was sent at its deadline, and had an hour for its callback then.
            let sent = ended.life.history.iter().find(|step| step.row == "P4").unwrap().at;
            let deadline = due.max(sent.after(Period::from_secs(3_600)));
            let late = ended.life.moved.millis() - deadline.millis();
            assert!((0..=SWEEP.millis()).contains(&late), "{id} ended {late} ms late");
        }
    });
}
