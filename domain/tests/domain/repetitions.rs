//! Answers to a repetition: they speak of the repetition, not of the attempt before it that may
//! have arrived.

use domain::cause::{Cause, Own, Silence};
use domain::plan::method::{Completion, MethodInfo};
use domain::request::attempt::AttemptOutcome;
use domain::request::dispatched::{Answer, Heard};
use domain::request::reported::Verdict;
use domain::request::states::Status;
use domain::request::{Delivery, Request, RequestType};
use domain::time::Period;

use crate::lifecycle::{arrival, at, claimed, ended, http, id, method, queued, says};

fn callback() -> MethodInfo {
    method(Completion::Callback).info
}

/// A request whose first attempt ended so, and whose second one is under way.
fn repeated(kind: RequestType, first: &Answer) -> Request {
    let request = Request { kind, ..queued() };
    let (waiting, _) = ended(claimed(&request, &callback(), &at(0)), &callback(), first, &at(1));
    assert_eq!(waiting.life.state, Status::RequestQueued);
    claimed(&waiting, &callback(), &at(5_000))
}

fn timeout() -> Answer {
    Answer::None(Silence::Timeout, "No whole answer.".to_owned())
}

#[test]
fn a_refused_repetition_may_have_been_done_before() {
    for status in [300, 400, 401, 403, 404, 410, 412, 418, 422, 999] {
        for first in [timeout(), http(503), http(429)] {
            let second = repeated(RequestType::Provision, &first);
            let (after, _) = ended(second, &callback(), &http(status), &at(5_001));
            assert_eq!(after.life.state, Status::DispatchFailed, "{status}");
            assert_eq!(after.delivery, Delivery::Maybe);
            assert_eq!(after.cause(), Some(&Cause::Own(Own::Unsettled(status))));
            let late = after.reported(&says("COMPLETED"), &arrival("m", b"{}"), &at(9_000));
            assert!(matches!(late, Ok(Verdict::Accepted(..))), "a late callback counts");
        }
    }
}

#[test]
fn a_refused_first_attempt_is_final() {
    for first in [None, Some(Answer::None(Silence::Connect, "refused".to_owned()))] {
        for status in [400, 404, 409, 410] {
            let request = match &first {
                Some(first) => repeated(RequestType::Deprovision, first),
                None => claimed(&queued(), &callback(), &at(0)),
            };
            let (after, _) = ended(request, &callback(), &http(status), &at(5_001));
            assert_eq!((after.life.state, after.delivery), (Status::Failed, Delivery::Confirmed));
            assert_eq!(after.cause(), Some(&Cause::Own(Own::Refused(status))));
        }
    }
}

#[test]
fn a_conflict_with_a_repetition_is_tried_again() {
    let second = repeated(RequestType::Provision, &timeout());
    assert_eq!(second.outcome(&http(409)), AttemptOutcome::Retryable);
    let (waiting, _) = ended(second, &callback(), &http(409), &at(5_001));
    assert_eq!((waiting.life.state, waiting.delivery), (Status::RequestQueued, Delivery::Maybe));
    let third = claimed(&waiting, &callback(), &at(9_000));
    let (after, _) = ended(third.clone(), &callback(), &http(202), &at(9_001));
    assert_eq!((after.life.state, after.delivery), (Status::RequestSent, Delivery::Confirmed));
    let (after, _) = ended(third, &callback(), &http(409), &at(9_001));
    assert_eq!(after.life.state, Status::DispatchFailed, "it was the ladder's last");
}

#[test]
fn what_is_gone_is_taken_back() {
    for status in [404, 410] {
        let second = repeated(RequestType::Deprovision, &timeout());
        assert_eq!(second.outcome(&http(status)), AttemptOutcome::Ok);
        let (after, _) = ended(second, &callback(), &http(status), &at(5_001));
        assert_eq!((after.life.state, after.failure), (Status::Completed, None));
    }
    let second = repeated(RequestType::Deprovision, &timeout());
    let (after, _) = ended(second, &callback(), &http(400), &at(5_001));
    assert_eq!(after.life.state, Status::DispatchFailed, "no other refusal says so");
}

#[test]
fn retry_after_is_kept_as_it_can_be_read() {
    let asked = Answer::Http {
        status: 503,
        body: String::new(),
        heard: Heard { retry_after: Some(Period::from_millis(i64::MAX)), ..Heard::default() },
    };
    let (waiting, _) = ended(claimed(&queued(), &callback(), &at(0)), &callback(), &asked, &at(1));
    assert_eq!(waiting.next_attempt(), Some(at(86_400_001).now), "a day at most");
    let attempt = serde_json::to_string(&Period::from_millis(i64::MAX)).unwrap();
    assert!(serde_json::from_str::<Period>(&attempt).is_ok(), "{attempt}");
}

#[test]
fn a_report_is_of_what_its_body_says() {
    use domain::plan::method::CallbackId::{Optional, Required};
    use domain::rejection::Code::{StatusConflict, ValidationFailed};
    use domain::request::report::Report;
    use domain::request::reported::Arrival;

    let (sent, _) = ended(claimed(&queued(), &callback(), &at(0)), &callback(), &http(202), &at(1));
    let check = |more: &str, callback_id, generation, code| {
        let body = format!("{{\"status\": \"COMPLETED\"{more}}}");
        let report = Report::read(body.as_bytes()).unwrap();
        let arrival = Arrival { callback_id, generation, ..arrival("m", body.as_bytes()) };
        let refused = match sent.reported(&report, &arrival, &at(2)).unwrap() {
            Verdict::Accepted(..) => None,
            Verdict::Conflicting(conflict, refused, _) => {
                assert!(conflict.reason.is_some(), "the operator reads why");
                Some(refused.code)
            }
            Verdict::Duplicate(_) => panic!("it is news"),
        };
        assert_eq!(refused, code, "{more} {generation:?}");
    };
    for need in [Required, Optional] {
        check(", \"id\": 97", need, None, None);
        check(", \"id\": \"97\", \"generation\": 1", need, Some(1), None);
        check(", \"id\": 98", need, None, Some(StatusConflict));
        check(", \"id\": 97, \"generation\": 2", need, Some(1), Some(StatusConflict));
        check(", \"id\": 97, \"generation\": 2", need, None, Some(StatusConflict));
    }
    check("", Required, None, Some(ValidationFailed));
    check("", Optional, None, None);
    assert_eq!(method(Completion::Callback).info.callback_id, Required, "new ones must");
    let unread = Report::read(b"{}").unwrap_err();
    let conflict = sent.unread(&unread, &arrival("m", b"{}"), &at(2)).unwrap();
    assert_eq!((conflict.status, conflict.against), (None, Status::RequestSent));
    let why = "/status must be IN_PROGRESS, COMPLETED or FAILED";
    assert_eq!(conflict.reason.as_deref(), Some(why));
    let another = Arrival { method: id(3), ..arrival("m", b"{}") };
    assert!(sent.unread(&unread, &another, &at(2)).is_err(), "and nobody else's is noted");
}
