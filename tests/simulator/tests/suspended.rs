//! A suspended tenant's requests are held, none is lost, and none goes out twice when that ends.

use domain::ids::Id;
use domain::limits::TENANT_KEPT;
use domain::time::Period;
use serde_json::{Value, json};
use simulator::api::{Call, Sale};
use simulator::runtime;
use simulator::stage::Stage;

use crate::opened::{activated, stage};

async fn status(stage: &Stage, sale: &Sale, id: u64) -> Value {
    let path = format!("/v1/provisioning-requests/{id}");
    let call = Call::new("GET", path, &sale.key, &Value::Null);
    stage.api.call(&call).await.expect(200)["status"].clone()
}

/// Sweeps and dispatches for so many minutes.
async fn minutes(stage: &Stage, count: u32) {
    for _ in 0..count {
        stage.clock.pass(Period::from_secs(60));
        sweeper::sweep(&stage.app).await.unwrap();
        assert!(stage.dispatch().await.is_empty());
    }
}

#[test]
fn what_is_held_goes_out_once_when_the_suspension_ends() {
    runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        let tenant = Id::try_from(sale.tenant).unwrap();
        let suspend = async |suspended: bool| {
            bootstrap::tenants::suspend(&stage.app, tenant, suspended).await.unwrap();
        };
        let sent = activated(&stage, &sale).await;
        assert!(stage.dispatch().await.is_empty());
        let posts = || stage.provider.posts().len();
        assert_eq!(posts(), 1);
        let waits = activated(&stage, &sale).await;
        suspend(true).await;
        // What a process knows of a tenant, it believes for some seconds.
        stage.clock.pass(TENANT_KEPT);
        assert!(stage.dispatch().await.is_empty(), "a held request is no failure of its message");
        minutes(&stage, 50).await;
        assert_eq!(posts(), 1, "nothing goes out");
        let path = format!("/v1/provisioning-requests/{waits}");
        let refused = stage.api.call(&Call::new("GET", path, &sale.key, &Value::Null)).await;
        assert_eq!((refused.status, refused.code()), (403, "TENANT_SUSPENDED"));
        // Callbacks are taken.
        let done = json!({"status": "COMPLETED"}).to_string();
        let now = stage.app.clock.now();
        let report = sale.door.report(sent, "?generation=1", "m1", now, &done);
        stage.api.call(&report).await.expect(200);
        suspend(false).await;
        minutes(&stage, 16).await;
        assert_eq!(posts(), 2, "what was held goes out, once");
        assert_eq!(status(&stage, &sale, sent).await, "COMPLETED");
        assert_eq!(status(&stage, &sale, waits).await, "REQUEST_SENT");
    });
}
