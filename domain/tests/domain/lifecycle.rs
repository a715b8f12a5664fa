//! The verbs of a provisioning request, on values alone: claims, answers, reports, the sweeper.

use std::collections::BTreeMap;

use domain::access::Namespace;
use domain::access::namespace::NamespaceInput;
use domain::activation::Activation;
use domain::activation::states as activation;
use domain::attributes::CustomAttributes;
use domain::catalog::NameVersion;
use domain::catalog::Product;
use domain::catalog::product::ProductInput;
use domain::cause::{Cause, Own, Silence};
use domain::decision::{Change, Decision};
use domain::ids::{Entropy, Id};
use domain::life::Life;
use domain::plan::association::{Association, Chosen, Former};
use domain::plan::content::{RawTexts, Reading};
use domain::plan::door::Sealed;
use domain::plan::method::{
    CallbackId, Completion, Method, MethodInfo, MethodInput, Seals, wait_before,
};
use domain::plan::{Plan, PlanInput};
use domain::record::Record;
use domain::request::claim::{Claim, Idle};
use domain::request::dispatched::{Answer, Ended, Heard};
use domain::request::manual::{CommentsInput, ManualStatus, StatusInput};
use domain::request::open::Origin;
use domain::request::report::Report;
use domain::request::reported::{Arrival, Verdict};
use domain::request::states::Status;
use domain::request::{Delivery, Named, Payload, Request, RequestType};
use domain::rev::Rev;
use domain::stamp::{Actor, Stamp};
use domain::time::{Period, Time};
use uuid::Uuid;

pub(crate) const START: i64 = 1_800_000_000_000;

pub(crate) fn at(millis: i64) -> Stamp {
    let entropy = Entropy::new([u8::try_from(millis.rem_euclid(251)).unwrap(); 32]);
    Stamp { now: Time::from_millis(START + millis), by: Actor::System, entropy }
}

pub(crate) fn id(value: u64) -> Id {
    Id::try_from(value).unwrap()
}

/// A method with three attempts, two waits of a second between them.
pub(crate) fn method(completion: Completion) -> Method {
    let ladder = [0, 1, 1].map(Period::from_secs).to_vec();
    let input = MethodInput {
        name: "Farm".to_owned(),
        endpoint_url: "https://pods.example/".to_owned(),
        completion,
        retry_ladder: Some(ladder),
        ..MethodInput::default()
    };
    let seals = Seals { callback: Sealed::new(1, String::new()), credential: None };
    Method::create(&input, id(1), seals, &at(0)).unwrap().0
}

pub(crate) fn association() -> (Product, Association) {
    let input = NamespaceInput { name: "N".to_owned() };
    let (namespace, _) = Namespace::create(&input, true, &at(0)).unwrap();
    let name_version = NameVersion { name: "Scanner".to_owned(), version: "1".to_owned() };
    let input =
        ProductInput { name_version, provisioning_enabled: true, ..ProductInput::default() };
    let (product, _) = Product::create(&input, namespace.id, BTreeMap::new(), &at(1)).unwrap();
    let input = PlanInput { name: "Pods".to_owned(), ..PlanInput::default() };
    let reading = Reading { raw: &RawTexts::default(), registered: None };
    let (plan, _, _) = Plan::create(&input, reading, namespace.id, &at(2)).unwrap();
    let method = method(Completion::Callback);
    let chosen = Chosen { plan, method, deprovision_plan: None };
    let (association, decision) = Former::default().associate(product.clone(), chosen, &at(3));
    assert_eq!(decision.changes.len(), 6, "association, product, plan, method, and two names");
    (product, association)
}

/// An activation just made.
pub(crate) fn active() -> Activation {
    let (event, state) = (activation::Event::Activate, activation::State::Active);
    Activation {
        id: id(5),
        aid: "12345678-9876-5432-1234-567890987654".to_owned(),
        entitlement_id: id(6),
        e_id: Uuid::nil(),
        pk_id: Uuid::nil(),
        key_index: 0,
        key_generation: 0,
        quantity: 1,
        activation_date: at(0).now,
        life: Life::begin::<Activation>(event, state, &at(0)).unwrap(),
        customer_id: None,
        activatee: None,
        custom_attributes: CustomAttributes::default(),
        inputs: None,
        deprovisioning: Vec::new(),
        again: Vec::new(),
        acknowledgement_request: false,
        requests: Vec::new(),
        acknowledged_at: None,
        rev: Rev::default(),
    }
}

/// A queued request of it.
pub(crate) fn queued() -> Request {
    let (product, association) = association();
    let origin =
        Origin { activation: &active(), product: &product, association: Some(&association) };
    Request::open(id(97), RequestType::Provision, &origin, None, &at(0)).unwrap()
}

pub(crate) fn payload(request: &Request) -> Payload {
    let named = |id| Named { id, name: "x".to_owned(), version: Some(1) };
    Payload {
        request: request.id,
        generation: request.generation,
        text: "{}".to_owned(),
        document_hash: "d".to_owned(),
        people: false,
        plan: named(id(1)),
        method: named(id(2)),
        expires: None,
        rev: Rev::default(),
    }
}

pub(crate) fn claimed(request: &Request, method: &MethodInfo, stamp: &Stamp) -> Request {
    match request.clone().claim(&payload(request), method, stamp).unwrap() {
        Claim::Attempt(claimed, _) => *claimed,
        Claim::Exhausted(_) => panic!("no attempts are left"),
    }
}

pub(crate) fn http(status: u16) -> Answer {
    Answer::Http { status, body: String::new(), heard: Heard::default() }
}

pub(crate) fn ended(
    request: Request,
    method: &MethodInfo,
    answer: &Answer,
    stamp: &Stamp,
) -> (Request, Decision) {
    let token = request.lease.as_ref().unwrap().token;
    let (generation, no) = (request.generation, request.attempt_count);
    let (started, at) = (stamp.now, stamp.now);
    let ended = Ended { tenant: id(7), token, generation, no, started, at, method, answer };
    request.dispatched(&ended, stamp).unwrap()
}

#[test]
fn the_default_ladder_is_the_rules() {
    let input = MethodInput {
        name: "Farm".to_owned(),
        endpoint_url: "https://pods.example/".to_owned(),
        ..MethodInput::default()
    };
    let seals = Seals { callback: Sealed::new(1, String::new()), credential: None };
    let (made, _) = Method::create(&input, id(1), seals, &at(0)).unwrap();
    let hours = [2, 5, 10, 14, 20, 24].map(|hours| hours * 3600);
    let waits = [0, 5, 300, 1800].into_iter().chain(hours).map(Period::from_secs);
    assert_eq!(made.info.channel.target().retry_ladder, waits.collect::<Vec<_>>());
}

#[test]
fn a_new_request_is_looked_at_again_in_30_s() {
    let request = queued();
    assert_eq!(request.life.state, Status::RequestQueued);
    assert_eq!(request.next_attempt_at, Some(at(30_000).now));
    assert_eq!(request.claimable(at(0).now), Ok(()));
    assert_eq!(request.webhook_id(), "pr_97_g1");
}

#[test]
fn steps_are_fresh_until_the_row_is_read_again() {
    let fresh = |request: &Request| -> Vec<Status> {
        request.life.fresh().iter().map(|step| step.to).collect()
    };
    let made = queued();
    assert_eq!(fresh(&made), [Status::RequestQueued]);
    let text = serde_json::to_string(&made).unwrap();
    let read: Request = serde_json::from_str(&text).unwrap();
    assert_eq!(fresh(&read), []);
    let gone = read.unusable(Own::MethodMissing.because("It is gone."), &at(1)).unwrap();
    assert_eq!(fresh(&saved(&gone)), [Status::Failed]);
}

#[test]
fn a_lease_keeps_others_away_until_it_is_over() {
    let method = method(Completion::Callback).info;
    let first = claimed(&queued(), &method, &at(0));
    assert_eq!((first.attempt_count, first.delivery), (1, Delivery::Maybe));
    assert_eq!(first.life.version, 1, "a claim is no move");
    let until = method.channel.target().timeout.millis() + 5_000;
    assert_eq!(first.claimable(at(until - 1).now), Err(Idle::Leased));
    assert_eq!(first.claimable(at(until).now), Ok(()));
    let second = claimed(&first, &method, &at(until));
    assert_eq!(second.attempt_count, 2);
    let third = claimed(&second, &method, &at(2 * until));
    let over = third.clone().claim(&payload(&third), &method, &at(3 * until)).unwrap();
    let Claim::Exhausted(decision) = over else { panic!("a fourth attempt") };
    let lost = saved(&decision);
    assert_eq!(
        (lost.life.state, lost.cause()),
        (Status::DispatchFailed, Some(&Cause::Own(Own::Lost)))
    );
}

pub(crate) fn saved(decision: &Decision) -> Request {
    let request = |change: &Change| match change {
        Change::Save(record) => match &**record {
            Record::Request(request) => Some(request.clone()),
            _ => None,
        },
        _ => None,
    };
    decision.changes.iter().find_map(request).unwrap()
}

#[test]
fn every_class_of_answer_has_its_row() {
    use Completion::{Callback, On2xx};
    use Delivery::{Confirmed, Maybe, Never};
    use Status::{Completed, Failed, RequestQueued, RequestSent};

    let check = |answer: Answer, completion, state, row: &str, delivery| {
        let method = method(completion).info;
        let request = claimed(&queued(), &method, &at(0));
        let (next, _) = ended(request, &method, &answer, &at(10));
        let last = next.life.history.last().unwrap();
        assert_eq!(
            (next.life.state, last.row.as_str(), next.delivery),
            (state, row, delivery),
            "{answer:?}"
        );
        assert_eq!(next.lease, None);
    };
    for status in [200, 202, 204, 299] {
        check(http(status), Callback, RequestSent, "P4", Confirmed);
        check(http(status), On2xx, Completed, "P5", Confirmed);
    }
    for status in [408, 425, 429, 500, 503, 599] {
        check(http(status), Callback, RequestQueued, "P6", Maybe);
    }
    for status in [100, 300, 302, 400, 401, 404, 410, 499, 600] {
        check(http(status), Callback, Failed, "P8", Confirmed);
    }
    let none = |silence| Answer::None(silence, "why".to_owned());
    check(none(Silence::Timeout), Callback, RequestQueued, "P6", Maybe);
    check(none(Silence::Broken), Callback, RequestQueued, "P6", Maybe);
    check(none(Silence::Connect), Callback, RequestQueued, "P6", Never);
    check(none(Silence::Dns), Callback, RequestQueued, "P6", Never);
    check(Answer::Blocked("inner".to_owned()), Callback, Failed, "P3", Never);
}

#[test]
fn what_still_waits_at_a_late_retry_needs_attention() {
    let (method, quarter) = (method(Completion::Callback).info, 900_000);
    let tried = |request: &Request, millis| claimed(request, &method, &at(millis));
    let answered = |request, status, millis| ended(request, &method, &http(status), &at(millis)).0;
    let first = answered(tried(&queued(), quarter), 503, quarter);
    assert!(!first.needs_attention(), "a first attempt that comes late is no retry");
    let early = answered(tried(&queued(), 0), 503, 0);
    assert!(!tried(&early, quarter - 1).needs_attention());
    let late = tried(&early, quarter);
    assert!(late.needs_attention());
    let waits = answered(late.clone(), 503, quarter);
    assert!(waits.needs_attention(), "it waits for the next one");
    assert!(!answered(late, 202, quarter).needs_attention(), "it was sent");
    let failed = waits.cancel(&CommentsInput::default(), None, &at(quarter)).unwrap().0;
    assert!(failed.needs_attention());
    let again = failed.retry(id(7), Some(&active()), &at(2 * quarter)).unwrap().0;
    assert!(!again.needs_attention());
    let soon = answered(tried(&again, 2 * quarter), 503, 2 * quarter);
    assert!(!tried(&soon, 3 * quarter - 1).needs_attention());
    assert!(tried(&soon, 3 * quarter).needs_attention());
    let planned = Request { scheduled_date: Some(at(quarter).now), ..early };
    assert!(!tried(&planned, 2 * quarter - 1).needs_attention(), "from its day on");
}

#[test]
fn the_wait_is_the_ladders_with_jitter_or_what_the_provider_asked_for() {
    let ladder = [0, 10, 100].map(Period::from_secs);
    let wait = |number, fraction| {
        wait_before(&ladder, number, fraction, at(0).now).map(|t| t.millis() - START)
    };
    assert_eq!(wait(1, 0.9), Some(0));
    assert_eq!(
        (wait(2, 0.0), wait(2, 0.5), wait(2, 1.0)),
        (Some(8_000), Some(10_000), Some(12_000))
    );
    assert_eq!((wait(0, 0.5), wait(4, 0.5)), (None, None));
    let method = method(Completion::Callback).info;
    let asked = |secs| Answer::Http {
        status: 429,
        body: String::new(),
        heard: Heard { retry_after: Some(Period::from_secs(secs)), ..Heard::default() },
    };
    let not_before = |secs| {
        let request = claimed(&queued(), &method, &at(0));
        let (next, decision) = ended(request, &method, &asked(secs), &at(0));
        (next.not_before.unwrap().millis() - START, decision.effects.len())
    };
    assert_eq!(not_before(60), (60_000, 1));
    assert!(not_before(0).0 >= 800);
    assert_eq!(not_before(3_600), (3_600_000, 0), "longer than the queue can wait: the sweeper's");
    assert_eq!(not_before(9_999_999), (86_400_000, 0), "never more than a day");
}

#[test]
fn a_late_outcome_changes_nothing_but_what_is_empty() {
    let method = method(Completion::Callback).info;
    let request = claimed(&queued(), &method, &at(0));
    let token = request.lease.as_ref().unwrap().token;
    let done = StatusInput { status: Some(ManualStatus::Completed), comments: None };
    let (by_hand, _) = request.update_status(&done, Period::from_secs(1), None, &at(5)).unwrap();
    let answer = Answer::Http {
        status: 500,
        body: r#"{"referenceNumber":"1"}"#.to_owned(),
        heard: Heard::default(),
    };
    let late = Ended {
        tenant: id(7),
        token,
        generation: 1,
        no: 1,
        started: at(0).now,
        at: at(8).now,
        method: &method,
        answer: &answer,
    };
    let (after, decision) = by_hand.clone().dispatched(&late, &at(9)).unwrap();
    assert_eq!(after.life, by_hand.life);
    assert_eq!(after.response.as_deref(), Some(r#"{"referenceNumber":"1"}"#));
    assert!(decision.effects.is_empty());
}

pub(crate) fn arrival<'a>(webhook_id: &'a str, body: &'a [u8]) -> Arrival<'a> {
    let callback_timeout = Period::from_secs(60);
    let callback_id = CallbackId::Optional;
    let (method, generation, earlier) = (id(2), None, None);
    Arrival { method, webhook_id, body, generation, callback_id, earlier, callback_timeout }
}

/// A report of this status and nothing else.
pub(crate) fn says(status: &str) -> Report {
    Report::read(format!("{{\"status\": \"{status}\"}}").as_bytes()).unwrap()
}

pub(crate) fn report(request: &Request, webhook_id: &str, status: &str, stamp: &Stamp) -> Verdict {
    let body = status.as_bytes();
    request.reported(&says(status), &arrival(webhook_id, body), stamp).unwrap()
}

#[test]
fn the_ring_remembers_32_webhook_ids_and_the_history_50_steps() {
    let method = method(Completion::Callback).info;
    let request = claimed(&queued(), &method, &at(0));
    let (mut request, _) = ended(request, &method, &http(202), &at(1));
    let mut moved_out = 0;
    for n in 0..60 {
        let verdict = report(&request, &format!("m{n}"), "IN_PROGRESS", &at(10 + n));
        let Verdict::Accepted(next, decision) = verdict else { panic!("{n}") };
        let overflow = |record: &Record| matches!(record, Record::Overflow(_));
        let out = |change: &&Change| matches!(change, Change::Save(record) if overflow(record));
        moved_out += decision.changes.iter().filter(out).count();
        request = *next;
    }
    assert_eq!((request.ring.len(), request.life.history.len()), (32, 50));
    assert_eq!((request.life.version, moved_out), (62, 12));
    assert_eq!(request.life.moved, at(10).now, "notes do not change the status date");
    assert!(matches!(report(&request, "m59", "IN_PROGRESS", &at(99)), Verdict::Duplicate(_)));
}

#[test]
fn a_request_of_another_method_is_not_found() {
    let arrival = Arrival { method: id(3), ..arrival("m", b"") };
    let refused = queued().reported(&says("COMPLETED"), &arrival, &at(0));
    assert_eq!(refused.unwrap_err().code, domain::rejection::Code::NotFound);
}
