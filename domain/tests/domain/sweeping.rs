//! What the sweeper does with what is due, and what is told of it meanwhile.

use domain::cause::{Cause, Own};
use domain::plan::method::Completion;
use domain::request::Request;
use domain::request::reported::Verdict;
use domain::request::states::Status;

use crate::lifecycle::{START, at, claimed, ended, http, id, method, queued, report, saved};

#[test]
fn the_sweeper_sends_again_and_ends_what_waited_too_long() {
    let request = queued();
    let swept = |request: &Request, now| request.clone().swept(id(7), &at(now)).unwrap().1;
    assert!(swept(&request, 29_999).changes.is_empty());
    let again = swept(&request, 30_000);
    assert_eq!(again.effects.len(), 1);
    assert_eq!(saved(&again).next_attempt_at, Some(at(60_000).now));
    let method = method(Completion::Callback).info;
    let (sent, _) = ended(claimed(&request, &method, &at(0)), &method, &http(202), &at(0));
    let deadline = method.callback_timeout.millis();
    assert_eq!(sent.next_attempt_at, Some(at(deadline).now));
    let over = saved(&swept(&sent, deadline));
    assert_eq!(over.cause(), Some(&Cause::Own(Own::CallbackTimeout)));
    assert_eq!((over.life.state, over.next_attempt_at), (Status::Failed, None));
    assert_eq!(over.callback_deadline(), None);
}

#[test]
fn the_sweeper_helps_less_the_longer_something_waits() {
    let mut request = queued();
    let (mut now, mut sent) = (30_000, 0);
    while now <= 600_000 {
        let decision = request.clone().swept(id(7), &at(now)).unwrap().1;
        sent += decision.effects.len();
        request = saved(&decision);
        now = request.next_attempt_at.unwrap().millis() - START;
    }
    assert_eq!(sent, 5, "in ten minutes");
    // A wait of the ladder is no waiting in the queue.
    request.not_before = Some(at(now).now);
    let decision = request.swept(id(7), &at(now)).unwrap().1;
    assert_eq!(saved(&decision).next_attempt_at, Some(at(now + 30_000).now));
}

#[test]
fn every_sign_of_life_begins_the_deadline_anew() {
    let method = method(Completion::Callback).info;
    let (sent, _) = ended(claimed(&queued(), &method, &at(0)), &method, &http(202), &at(0));
    let mut request = sent;
    let place = request.next_attempt_at;
    for n in 1..=3 {
        let now = n * 50_000;
        let Verdict::Accepted(next, _) =
            report(&request, &format!("m{n}"), "IN_PROGRESS", &at(now))
        else {
            panic!("accepted")
        };
        request = *next;
        assert_eq!(request.callback_deadline(), Some(at(now + 60_000).now));
    }
    // The place in the index may be too early, never too late: the sweeper moves it on.
    assert!(request.next_attempt_at <= place.min(request.deadline));
    let early = request.next_attempt_at.unwrap().millis() - START;
    let request = saved(&request.swept(id(7), &at(early)).unwrap().1);
    let late = (Status::InProgress, Some(at(210_000).now));
    assert_eq!((request.life.state, request.next_attempt_at), late);
    let over = saved(&request.swept(id(7), &at(210_000)).unwrap().1);
    assert_eq!(over.life.state, Status::Failed);
    let why = "No further callback was accepted before the deadline.";
    assert_eq!(over.failure.unwrap().description, why);
}

#[test]
fn the_next_attempt_is_told_and_not_the_sweepers_time() {
    let method = method(Completion::Callback).info;
    let request = queued();
    assert_eq!(request.next_attempt(), Some(at(0).now), "as soon as its message comes");
    let first = claimed(&request, &method, &at(5));
    let lease = first.lease.as_ref().unwrap().until;
    assert_eq!(first.next_attempt(), Some(lease), "unless its answer is heard");
    let (waiting, _) = ended(first, &method, &http(503), &at(10));
    let wait = waiting.next_attempt().unwrap().since(at(10).now).millis();
    assert!((800..=1_200).contains(&wait), "{wait}");
    let (sent, _) = ended(claimed(&waiting, &method, &at(2_000)), &method, &http(202), &at(2_001));
    assert_eq!(sent.next_attempt(), None);
    assert_eq!(sent.callback_deadline(), Some(at(2_001).now.after(method.callback_timeout)));
    let before = Request { deadline: None, ..sent.clone() };
    assert_eq!(before.callback_deadline(), sent.callback_deadline(), "rows of 0.1.0");
}
