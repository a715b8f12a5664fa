//! Attempts that nobody heard of again, requests that cannot be sent any more, reports of earlier
//! generations: what is told stays true.

use domain::cause::{Cause, Own, Silence};
use domain::decision::{Change, Decision};
use domain::plan::method::{Completion, MethodInfo};
use domain::record::Record;
use domain::rejection::Code;
use domain::request::attempt::{Attempt, AttemptOutcome};
use domain::request::dispatched::{Answer, Ended, Heard};
use domain::request::manual::{CommentsInput, ManualStatus, StatusInput};
use domain::request::reported::{Arrival, Verdict};
use domain::request::states::Status;
use domain::request::{Conflicts, Delivery, Request};
use domain::stamp::Stamp;
use domain::time::Period;

use crate::lifecycle::{
    active, arrival, at, claimed, ended, http, id, method, queued, saved, says,
};

fn callback() -> MethodInfo {
    method(Completion::Callback).info
}

fn silence(silence: Silence) -> Answer {
    Answer::None(silence, "why".to_owned())
}

/// What the worker of this claim writes of its attempt.
fn noted(claimed: &Request, answer: &Answer, stamp: &Stamp) -> Attempt {
    let ended = Ended {
        tenant: id(7),
        token: claimed.lease.as_ref().unwrap().token,
        generation: claimed.generation,
        no: claimed.attempt_count,
        started: claimed.executed_date.unwrap(),
        at: stamp.now,
        method: &callback(),
        answer,
    };
    let decision = claimed.attempted(&ended);
    let [Change::Save(record)] = decision.changes.as_slice() else { panic!("one row") };
    let Record::Attempt(attempt) = &**record else { panic!("an attempt") };
    attempt.clone()
}

/// Outcome and fate of every attempt, when every lease is over.
fn told(request: &Request, noted: &[Attempt]) -> Vec<(u32, u32, AttemptOutcome, bool)> {
    let line = |line: domain::view::attempt::AttemptLine| {
        let a = line.attempt;
        (a.generation, a.no, a.outcome, line.superseded)
    };
    request.attempts(noted.to_vec(), at(1_000_000).now).into_iter().map(line).collect()
}

/// Where a redirect leads is kept, also for whoever commits the outcome in another's place.
#[test]
fn an_attempt_keeps_where_a_redirect_leads() {
    let leads = "https://elsewhere.example/";
    let location = Some(leads.to_owned());
    let heard = Heard { location: location.clone(), ..Heard::default() };
    let answer = Answer::Http { status: 302, body: String::new(), heard };
    let kept = noted(&claimed(&queued(), &callback(), &at(0)), &answer, &at(9));
    assert_eq!((&kept.location, kept.outcome), (&location, AttemptOutcome::Refused));
    assert_eq!(kept.answer(), answer);
    assert_eq!(serde_json::to_value(&kept).unwrap()["location"], leads);
}

#[test]
fn whatever_takes_a_lease_away_leaves_its_attempt_told() {
    use AttemptOutcome::{Lost, Ok};

    let first = claimed(&queued(), &callback(), &at(0));
    assert_eq!(told(&first, &[]), [], "it is under way");
    let done = StatusInput { status: Some(ManualStatus::Completed), comments: None };
    let report = says("COMPLETED");
    let Verdict::Accepted(reported, _) =
        first.reported(&report, &arrival("m", b"{}"), &at(5)).unwrap()
    else {
        panic!("accepted")
    };
    let others = [
        claimed(&first, &callback(), &at(20_000)),
        first.clone().update_status(&done, Period::from_secs(60), None, &at(5)).unwrap().0,
        first.clone().cancel(&CommentsInput::default(), None, &at(5)).unwrap().0,
        *reported,
        saved(&first.clone().unusable(Own::MethodMissing.because("gone"), &at(20_000)).unwrap()),
    ];
    let answered = noted(&first, &http(202), &at(9));
    for after in others {
        let state = after.life.state;
        assert_eq!(told(&after, &[]), [(1, 1, Lost, true)], "{state:?}");
        assert_eq!(told(&after, std::slice::from_ref(&answered)), [(1, 1, Ok, true)], "{state:?}");
    }
}

#[test]
fn lost_attempts_of_every_generation_are_told_in_order() {
    let first = claimed(&queued(), &callback(), &at(0));
    let cancelled = first.cancel(&CommentsInput::default(), None, &at(5)).unwrap().0;
    let again = cancelled.retry(id(7), Some(&active()), &at(6)).unwrap().0;
    let second = claimed(&again, &callback(), &at(7));
    let third = claimed(&second, &callback(), &at(30_000));
    let outcome = noted(&third, &http(202), &at(30_001));
    let (sent, _) = ended(third, &callback(), &http(202), &at(30_001));
    let told = told(&sent, &[outcome]);
    let places: Vec<_> = told.iter().map(|(g, no, _, late)| (*g, *no, *late)).collect();
    assert_eq!(places, [(1, 1, true), (2, 1, true), (2, 2, false)]);
    let lost = |millis| sent.attempts(Vec::new(), at(millis).now).len();
    assert_eq!((lost(14_999), lost(15_000)), (0, 1), "its worker may be alive until then");
    assert_eq!((lost(15_006), lost(15_007)), (1, 2));
}

#[test]
fn only_the_last_50_lost_attempts_are_kept() {
    let mut request = queued();
    for n in 0..60 {
        request = claimed(&request, &callback(), &at(n * 10))
            .cancel(&CommentsInput::default(), None, &at(n * 10 + 1))
            .unwrap()
            .0;
        request = request.retry(id(7), Some(&active()), &at(n * 10 + 2)).unwrap().0;
    }
    assert_eq!((request.unheard.len(), request.unheard[0].generation), (50, 11));
}

#[test]
fn what_may_have_arrived_ends_where_a_late_report_still_counts() {
    use Status::{DispatchFailed, Failed};

    let check = |before: Answer, state, row: &str, delivery| {
        let first = claimed(&queued(), &callback(), &at(0));
        let (waiting, _) = ended(first, &callback(), &before, &at(1));
        let gone = saved(
            &waiting.clone().unusable(Own::MethodMissing.because("gone"), &at(2_000)).unwrap(),
        );
        let second = claimed(&waiting, &callback(), &at(2_000));
        let blocked = Answer::Blocked("inner".to_owned());
        let (blocked, _) = ended(second, &callback(), &blocked, &at(2_001));
        for (after, cause) in [(gone, Own::MethodMissing), (blocked, Own::MethodInvalid)] {
            let last = after.life.history.last().unwrap();
            assert_eq!((after.life.state, last.row.as_str()), (state, row), "{before:?}");
            assert_eq!((after.delivery, after.cause()), (delivery, Some(&Cause::Own(cause))));
        }
    };
    check(silence(Silence::Connect), Failed, "P3", Delivery::Never);
    check(silence(Silence::Timeout), DispatchFailed, "P7", Delivery::Maybe);
    check(http(503), DispatchFailed, "P7", Delivery::Maybe);
}

#[test]
fn what_is_sure_does_not_become_doubtful() {
    let first = claimed(&queued(), &callback(), &at(0));
    let second = claimed(&first, &callback(), &at(20_000));
    let late = Ended {
        tenant: id(7),
        token: first.lease.as_ref().unwrap().token,
        generation: 1,
        no: 1,
        started: at(0).now,
        at: at(20_001).now,
        method: &callback(),
        answer: &http(202),
    };
    let (sure, _) = second.dispatched(&late, &at(20_001)).unwrap();
    assert_eq!(sure.delivery, Delivery::Confirmed);
    let (after, _) = ended(sure, &callback(), &silence(Silence::Timeout), &at(20_002));
    assert_eq!((after.life.state, after.delivery), (Status::RequestQueued, Delivery::Confirmed));
}

#[test]
fn an_earlier_generation_may_have_been_another_methods() {
    let first = claimed(&queued(), &callback(), &at(0));
    let failed = first
        .cancel(&CommentsInput::default(), None, &at(5))
        .unwrap()
        .0
        .retry(id(7), Some(&active()), &at(6))
        .unwrap()
        .0;
    let mut moved = claimed(&failed, &callback(), &at(7));
    moved.method.as_mut().unwrap().id = id(3);
    assert_eq!(moved.earlier(Some(1)), Some(1));
    for generation in [Some(0), Some(2), Some(3), None] {
        assert_eq!(moved.earlier(generation), None, "{generation:?}");
    }

    let check = |status: &str, method, earlier| {
        let arrival = Arrival { method, generation: Some(1), earlier, ..arrival("m", b"{}") };
        moved.reported(&says(status), &arrival, &at(9))
    };
    let Verdict::Accepted(done, _) = check("COMPLETED", id(2), Some(id(2))).unwrap() else {
        panic!("accepted")
    };
    assert_eq!((done.life.state, done.delivery), (Status::Completed, Delivery::Maybe));
    let failed = check("FAILED", id(2), Some(id(2))).unwrap();
    assert!(matches!(failed, Verdict::Conflicting(..)), "only COMPLETED is news");
    // The method that it was moved to, one that it never had, and a generation never rendered.
    for (method, earlier) in [(id(3), Some(id(2))), (id(4), Some(id(2))), (id(2), None)] {
        assert_eq!(check("COMPLETED", method, earlier).unwrap_err().code, Code::NotFound);
    }
}

#[test]
fn every_contradiction_is_kept_once() {
    let first = claimed(&queued(), &callback(), &at(0));
    let (failed, _) = ended(first, &callback(), &http(400), &at(1));
    let (again, _) = failed.retry(id(7), Some(&active()), &at(2)).unwrap();
    let second = claimed(&again, &callback(), &at(3));
    let (failed, _) = ended(second, &callback(), &http(400), &at(4));
    let verdict = |webhook_id, status: &str, body: &[u8], generation| {
        let earlier = (generation == Some(1)).then(|| id(2));
        let arrival = Arrival { generation, earlier, ..arrival(webhook_id, body) };
        failed.reported(&says(status), &arrival, &at(9)).unwrap()
    };
    assert!(matches!(verdict("a", "FAILED", b"{}", Some(2)), Verdict::Duplicate(_)));
    let mut kept = Conflicts::none(failed.id);
    let cases = [
        ("a", "COMPLETED", Some(2)),
        ("a", "IN_PROGRESS", Some(2)),
        ("a", "FAILED", Some(1)),
        ("a", "FAILED", Some(99)),
        ("a", "COMPLETED", Some(2)),
    ];
    for (n, (webhook_id, status, generation)) in cases.into_iter().enumerate() {
        let Verdict::Conflicting(conflict, refused, _) =
            verdict(webhook_id, status, b"{}", generation)
        else {
            panic!("{status} of {generation:?}")
        };
        assert_eq!(refused.code, Code::StatusConflict);
        for change in kept.clone().keep(conflict, Decision::default()).changes {
            let Change::Save(record) = change else { panic!("a row") };
            let Record::Conflicts(row) = *record else { panic!("conflicts") };
            kept = row;
        }
        assert_eq!(kept.list.len(), (n + 1).min(4), "{status} of {generation:?}");
    }
}

#[test]
fn what_was_noted_is_what_was_seen() {
    let asked = Answer::Http {
        status: 429,
        body: "busy".to_owned(),
        heard: Heard { retry_after: Some(Period::from_secs(7)), ..Heard::default() },
    };
    let blocked = Answer::Blocked("inner: address".to_owned());
    let silences = [Silence::Dns, Silence::Connect, Silence::Timeout, Silence::Broken];
    let answers = silences.map(silence).into_iter().chain([asked, blocked, http(202), http(400)]);
    let first = claimed(&queued(), &callback(), &at(0));
    for answer in answers {
        assert_eq!(noted(&first, &answer, &at(1)).answer(), answer);
    }
}

#[test]
fn a_retry_gives_the_reference_number_to_the_history() {
    let first = claimed(&queued(), &callback(), &at(0));
    let body = r#"{"referenceNumber": "R-7"}"#.to_owned();
    let answer = Answer::Http { status: 202, body, heard: Heard::default() };
    let (sent, _) = ended(first, &callback(), &answer, &at(1));
    assert_eq!(sent.reference_number.as_deref(), Some("R-7"));
    let failed = StatusInput { status: Some(ManualStatus::Failed), comments: None };
    let (failed, _) = sent.update_status(&failed, Period::from_secs(60), None, &at(2)).unwrap();
    let (again, _) = failed.retry(id(7), Some(&active()), &at(3)).unwrap();
    assert_eq!((again.reference_number, again.generation), (None, 2));
    let note = again.life.history.last().unwrap().note.as_deref();
    let told = "Generation 1 ended with OPERATOR: An operator set the status to Failed. \
        It had the reference number R-7.";
    assert_eq!(note, Some(told));
}
