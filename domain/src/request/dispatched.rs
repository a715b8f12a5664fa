//! The outcome of an attempt (P3 to P8), by one rule for every answer and every silence.
//!
//! Neighbours: the edge's provider client makes the `Answer`, `functions/dispatch` commits.

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::cause::{Failure, Own, Silence};
use crate::decision::Decision;
use crate::ids::{Id, Purpose};
use crate::plan::method::{Completion, MethodInfo, wait_before};
use crate::rejection::Rejection;
use crate::request::attempt::AttemptOutcome;
use crate::request::states::{Event, Status};
use crate::request::{Delivery, Request, RequestType};
use crate::stamp::Stamp;
use crate::time::{Period, Time};

/// An answer, or a silence, as the provider client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An HTTP answer.
    Http {
        /// Its status.
        status: u16,
        /// The part of its body that was read.
        body: String,
        /// The headers that count.
        heard: Heard,
    },
    /// None.
    None(Silence, String),
    /// The egress rules forbid the address.
    Blocked(String),
}

/// The headers of an answer that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The wait that is asked for by `Retry-After`.
    pub retry_after: Option<Period>,
    /// Where a redirect leads, at most 1,024 bytes of it. Nobody goes there.
    pub location: Option<String>,
}

/// An attempt that has ended.
pub struct Ended<'a> {
    /// The tenant.
    pub tenant: Id,
    /// The lease it was made under.
    pub token: Uuid,
    /// The generation that it was made for.
    pub generation: u32,
    /// Its number in the generation, from 1.
    pub no: u32,
    /// When it began.
    pub started: Time,
    /// When the answer was there.
    pub at: Time,
    /// The method as it was at the attempt.
    pub method: &'a MethodInfo,
    /// The answer or the silence.
    pub answer: &'a Answer,
}

/// The member of an answer that we read; a number keeps its digits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReferenceNumber<'a> {
    #[serde(borrow)]
    reference_number: Option<&'a RawValue>,
}

impl Answer {
    /// Which class it belongs to, as the answer to a first attempt.
    pub const fn outcome(&self) -> AttemptOutcome {
        match self {
            Self::Blocked(_) => AttemptOutcome::Blocked,
            Self::None(..) => AttemptOutcome::Retryable,
            Self::Http { status, .. } => match status {
                200..=299 => AttemptOutcome::Ok,
                408 | 425 | 429 | 500..=599 => AttemptOutcome::Retryable,
                _ => AttemptOutcome::Refused,
            },
        }
    }

    /// The answer in words.
    pub fn reason(&self) -> String {
        self.failure().map_or_else(|| "all is well".to_owned(), |failure| failure.description)
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        match self {
            Self::Blocked(why) => Some(Own::MethodInvalid.because(why)),
            Self::None(silence, why) => Some(Own::Silent(*silence).because(why)),
            Self::Http { status: 200..=299, .. } => None,
            Self::Http { status, .. } => {
                let refused = self.outcome() == AttemptOutcome::Refused;
                let cause = if refused { Own::Refused(*status) } else { Own::Unsettled(*status) };
                Some(cause.because(format!("The provider answered {status}.")))
            }
        }
    }

    /// What the provider may have heard of after this, the `first` attempt that could have arrived,
    /// or a repetition: a refusal of that does not say what became of the first.
    fn delivery(&self, first: bool) -> Delivery {
        let unheard = match self {
            Self::Blocked(_) => true,
            Self::None(silence, _) => !matches!(silence, Silence::Timeout | Silence::Broken),
            Self::Http { .. } => false,
        };
        match (self, self.outcome()) {
            _ if unheard && first => Delivery::Never,
            (Self::Http { .. }, AttemptOutcome::Ok) => Delivery::Confirmed,
            (Self::Http { .. }, AttemptOutcome::Refused) if first => Delivery::Confirmed,
            _ => Delivery::Maybe,
        }
    }

    /// A 2xx answer with a JSON member `referenceNumber` sets it (Q5).
    fn reference_number(&self) -> Option<String> {
        let Self::Http { status: 200..=299, body, .. } = self else { return None };
        let told: ReferenceNumber = serde_json::from_str(crate::text::object(body)?).ok()?;
        let raw = told.reference_number?.get();
        let text = match raw.as_bytes().first()? {
            b'"' => serde_json::from_str(raw).ok()?,
            b'0'..=b'9' => raw.to_owned(),
            _ => return None,
        };
        crate::text::short(&text).ok()
    }
}

impl Request {
    /// Whether an attempt before the one under way may have arrived.
    fn repeats(&self) -> bool {
        self.lease.as_ref().is_some_and(|lease| !lease.first)
    }

    /// Which class the answer to the attempt under way belongs to. To a repetition, 409 may say
    /// that the first is still worked on, and what is to be taken back and is not there is gone.
    pub fn outcome(&self, answer: &Answer) -> AttemptOutcome {
        match answer {
            Answer::Http { status: 409, .. } if self.repeats() => AttemptOutcome::Retryable,
            Answer::Http { .. } if self.finds_gone(answer) => AttemptOutcome::Ok,
            _ => answer.outcome(),
        }
    }

    fn finds_gone(&self, answer: &Answer) -> bool {
        let gone = matches!(answer, Answer::Http { status: 404 | 410, .. });
        gone && self.repeats() && self.kind == RequestType::Deprovision
    }

    /// Why the answer to the attempt under way is no good one.
    pub(super) fn fault_of(&self, answer: &Answer) -> Option<Failure> {
        match answer {
            Answer::Http { .. } if self.finds_gone(answer) => None,
            Answer::Http { status, .. }
                if self.repeats() && answer.outcome() == AttemptOutcome::Refused =>
            {
                let detail = format!(
                    "The provider answered {status} to a repetition; an attempt before it may have \
                     arrived."
                );
                Some(Own::Unsettled(*status).because(detail))
            }
            _ => answer.failure(),
        }
    }

    /// The next state, by the class of the answer. A late one changes nothing but what is empty.
    ///
    /// # Errors
    /// Never: every row is in the table.
    pub fn dispatched(
        mut self,
        ended: &Ended<'_>,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let (outcome, fault) = (self.outcome(ended.answer), self.fault_of(ended.answer));
        let gone = self.finds_gone(ended.answer);
        let lease = self.lease.take_if(|lease| lease.token == ended.token);
        let body = match ended.answer {
            Answer::Http { body, .. } => Some(body.as_str()),
            _ => None,
        };
        let Some(lease) = lease else { return Ok(self.superseded(ended, body)) };
        body.into_iter().for_each(|body| self.keep_response(body));
        // What an earlier attempt made sure of, a later one cannot make doubtful.
        if self.delivery != Delivery::Confirmed {
            self.delivery = ended.answer.delivery(lease.first);
        }
        match outcome {
            AttemptOutcome::Ok if gone => {
                self.walk(Event::AttemptOk, Status::Completed, stamp, None)?;
            }
            AttemptOutcome::Ok => self.accepted(ended, stamp)?,
            AttemptOutcome::Refused if lease.first => {
                self.walk(Event::AttemptRefused, Status::Failed, stamp, None)?;
            }
            AttemptOutcome::Refused => {
                self.walk(Event::AttemptExhausted, Status::DispatchFailed, stamp, None)?;
            }
            AttemptOutcome::Blocked => self.stop(stamp)?,
            AttemptOutcome::Retryable | AttemptOutcome::Lost => self.again(ended, stamp)?,
        }
        self.failure = fault;
        let message = self.message(ended.tenant, stamp.now);
        Ok(self.saved(message.into_iter().fold(Decision::default(), Decision::enqueue)))
    }

    /// Another act came first: the answer fills what is still empty (Q9).
    fn superseded(mut self, ended: &Ended<'_>, body: Option<&str>) -> (Self, Decision) {
        if ended.generation != self.generation {
            return (self, Decision::default());
        }
        let before = self.clone();
        if ended.answer.delivery(ended.no == 1) == Delivery::Confirmed {
            self.delivery = Delivery::Confirmed;
        }
        if self.response.is_none() {
            body.into_iter().for_each(|body| self.keep_response(body));
        }
        if self.reference_number.is_none() {
            self.reference_number = ended.answer.reference_number();
        }
        let changed = self != before;
        let decision = Decision::default();
        (self.clone(), if changed { decision.save(self) } else { decision })
    }

    fn accepted(&mut self, ended: &Ended<'_>, stamp: &Stamp) -> Result<(), Rejection> {
        if let Some(number) = ended.answer.reference_number() {
            self.reference_number = Some(number);
        }
        match ended.method.completion {
            Completion::On2xx => self.walk(Event::AttemptOk, Status::Completed, stamp, None),
            Completion::Callback => {
                self.walk(Event::AttemptOk, Status::RequestSent, stamp, None)?;
                self.await_callback(ended.method.callback_timeout, true, stamp.now);
                Ok(())
            }
        }
    }

    /// Another attempt, if one is left (P6, P7, Q11).
    fn again(&mut self, ended: &Ended<'_>, stamp: &Stamp) -> Result<(), Rejection> {
        let fraction = stamp.entropy.fraction(Purpose::NextWait);
        let number = self.attempt_count + 1;
        let next =
            wait_before(&ended.method.channel.target().retry_ladder, number, fraction, stamp.now);
        let Some(next) = next else {
            return self.walk(Event::AttemptExhausted, Status::DispatchFailed, stamp, None);
        };
        let asked = match ended.answer {
            Answer::Http { heard: Heard { retry_after: Some(wait), .. }, .. } => {
                stamp.now.after((*wait).min(crate::limits::LADDER_LONGEST))
            }
            _ => next,
        };
        self.walk(Event::AttemptRetryable, Status::RequestQueued, stamp, None)?;
        self.not_before = Some(next.max(asked));
        self.wait(stamp.now);
        Ok(())
    }

    /// It cannot be made or sent at all (P3, P7).
    ///
    /// # Errors
    /// `ILLEGAL_TRANSITION` unless queued.
    pub fn unusable(mut self, failure: Failure, stamp: &Stamp) -> Result<Decision, Rejection> {
        self.stop(stamp)?;
        self.failure = Some(failure);
        Ok(self.saved(Decision::default()).1)
    }

    /// No attempt can be made any more. If the provider may have heard of an earlier one, a late
    /// report of it must still count, as after the last attempt (P3, P7, I6).
    fn stop(&mut self, stamp: &Stamp) -> Result<(), Rejection> {
        if self.delivery == Delivery::Never {
            return self.walk(Event::RenderFailed, Status::Failed, stamp, None);
        }
        self.walk(Event::AttemptExhausted, Status::DispatchFailed, stamp, None)
    }
}
