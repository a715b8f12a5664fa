//! Five callbacks in all 120 orders, each delivered one to three times.

use std::collections::BTreeSet;

use domain::ids::{Entropy, Id};
use domain::plan::method::CallbackId;
use domain::request::Request;
use domain::request::report::Report;
use domain::request::reported::{Arrival, Verdict};
use domain::request::states::Status;
use domain::stamp::{Actor, Stamp};
use domain::time::{Period, Time};
use serde_json::{Value, json};
use simulator::api::{Call, Sale};
use simulator::runtime;
use simulator::stage::{START_MS, Stage};

use crate::opened::{activated, stage};

/// They agree: in whatever order, the request is completed.
const AGREEING: [&str; 5] = ["IN_PROGRESS", "IN_PROGRESS", "COMPLETED", "IN_PROGRESS", "COMPLETED"];
/// They contradict each other: what ends the request first counts. The table has no row from
/// COMPLETED or FAILED for a callback but P23 and P24, which change nothing (Q2).
const CONTRADICTING: [&str; 5] = ["IN_PROGRESS", "COMPLETED", "FAILED", "IN_PROGRESS", "COMPLETED"];

/// All orders of five.
fn orders() -> Vec<[usize; 5]> {
    let mut all = Vec::new();
    for code in 0..5_usize.pow(5) {
        let order = [0, 1, 2, 3, 4].map(|n| code / 5_usize.pow(n) % 5);
        if (0..5).all(|place| order.contains(&place)) {
            all.push(order);
        }
    }
    assert_eq!(all.len(), 120);
    all
}

/// The final state that the first of these that ends a request leads to.
fn expected(statuses: &[&str; 5], order: [usize; 5]) -> Status {
    let last = order.iter().find(|place| statuses[**place] != "IN_PROGRESS").unwrap();
    if statuses[*last] == "COMPLETED" { Status::Completed } else { Status::Failed }
}

async fn send(stage: &Stage, sale: &Sale) -> u64 {
    let id = activated(stage, sale).await;
    assert!(stage.dispatch().await.is_empty());
    id
}

struct Said {
    report: Report,
    webhook_id: String,
    body: Vec<u8>,
}

fn said(statuses: &[&str; 5]) -> Vec<Said> {
    let one = |(n, status): (usize, &&str)| {
        let body = json!({"status": status}).to_string();
        let report = Report::read(body.as_bytes()).unwrap();
        Said { report, webhook_id: format!("m{n}"), body: body.into_bytes() }
    };
    statuses.iter().enumerate().map(one).collect()
}

/// The request after one more callback.
fn after(request: &Request, said: &Said, method: Id) -> Request {
    let arrival = Arrival {
        method,
        webhook_id: &said.webhook_id,
        body: &said.body,
        generation: Some(1),
        callback_id: CallbackId::Optional,
        earlier: None,
        callback_timeout: Period::from_secs(3_600),
    };
    let now = Time::from_millis(START_MS + 1_000);
    let stamp = Stamp { now, by: Actor::System, entropy: Entropy::new([1; 32]) };
    match request.reported(&said.report, &arrival, &stamp).unwrap() {
        Verdict::Accepted(next, _) => *next,
        Verdict::Duplicate(_) | Verdict::Conflicting(..) => request.clone(),
    }
}

/// 120 orders, 243 ways to repeat each: 29,160 deliveries of five callbacks.
#[test]
fn the_first_end_counts_whatever_comes_how_often() {
    let (request, method) = runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        let id = send(&stage, &sale).await;
        let tenant = Id::try_from(sale.tenant).unwrap();
        let id = Id::try_from(id).unwrap();
        let request = stage.app.store.load_request(tenant, id).await.unwrap();
        (request, Id::try_from(sale.door.method).unwrap())
    });
    for statuses in [&AGREEING, &CONTRADICTING] {
        let said = said(statuses);
        for order in orders() {
            for times in 0..3_u32.pow(5) {
                let mut current = request.clone();
                for place in order {
                    for _ in 0..=times / 3_u32.pow(place as u32) % 3 {
                        current = after(&current, &said[place], method);
                    }
                }
                let wanted = expected(statuses, order);
                assert_eq!(current.life.state, wanted, "{statuses:?} {order:?} {times}");
            }
        }
    }
}

/// What a callback must be answered, by what came before it (Q2).
#[derive(Default)]
struct Heard {
    accepted: BTreeSet<usize>,
    end: Option<&'static str>,
}

impl Heard {
    fn answer(&mut self, place: usize, status: &'static str) -> (u16, &'static str) {
        match self.end {
            _ if self.accepted.contains(&place) => (200, "DUPLICATE"),
            Some(end) if end == status => (200, "DUPLICATE"),
            Some(_) => (409, "STATUS_CONFLICT"),
            None => {
                self.accepted.insert(place);
                self.end = Some(status).filter(|status| *status != "IN_PROGRESS");
                (200, "ACCEPTED")
            }
        }
    }
}

/// The same over HTTP, signed: every order once, each callback as often as its turn says.
#[test]
fn the_same_over_http() {
    runtime().block_on(async {
        let (_, stage, sale) = stage().await;
        for (turn, order) in orders().into_iter().enumerate() {
            let id = send(&stage, &sale).await;
            let now = stage.app.clock.now();
            let mut heard = Heard::default();
            for place in order {
                for _ in 0..=(turn + place) % 3 {
                    let body = json!({"status": CONTRADICTING[place]}).to_string();
                    let webhook_id = format!("m{place}");
                    let call = sale.door.report(id, "?generation=1", &webhook_id, now, &body);
                    let reply = stage.api.call(&call).await;
                    let (status, word) = heard.answer(place, CONTRADICTING[place]);
                    let said = reply.json["outcome"].as_str().unwrap_or(reply.code());
                    assert_eq!((reply.status, said), (status, word), "{order:?} {place}");
                }
            }
            let path = format!("/v1/provisioning-requests/{id}");
            let call = Call::new("GET", path, &sale.key, &Value::Null);
            let shown = stage.api.call(&call).await.expect(200);
            let wanted: &str = expected(&CONTRADICTING, order).into();
            assert_eq!(shown["status"], wanted, "{order:?}");
            let kept = shown["conflicts"].as_array().unwrap().len();
            assert!(kept >= 1, "a contradiction is kept: {order:?}");
        }
    });
}
