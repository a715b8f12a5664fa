//! A call of many parts, each in a transaction of its own.
//!
//! Neighbours: `Cx::decide` for calls of one. Guarantee: under one Idempotency-Key each part
//! has one answer, also in two calls at once; what failed by our fault is tried again (I10).

use std::future::{Future, ready};

use domain::decision::Decision;
use domain::ids::Id;
use domain::limits::BULK_KEPT_BYTES;
use domain::rejection::{Code, Rejection};
use domain::stamp::Stamp;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::http::answer::Answer;
use crate::http::body;
use crate::http::context::Cx;
use crate::http::idempotency::Repeatable;
use crate::http::problem::{Problem, REFUSED};
use crate::http::shape::shape;

/// The parts of a call.
pub struct Parts {
    /// The member of a line that has what was made of its part.
    pub member: &'static str,
    /// What each part says, and what it is about, if that is known: then a repeated call knows the
    /// part by it, wherever it stands.
    pub list: Vec<(Option<Id>, Value)>,
    /// What the answer has beside its lines.
    pub beside: Map<String, Value>,
}

impl Parts {
    /// The name of a part, for the Idempotency-Key.
    fn name(&self, number: usize) -> String {
        match self.list.get(number) {
            Some((Some(id), _)) => id.to_string(),
            _ => number.to_string(),
        }
    }
}

impl Cx {
    /// Decides the parts one after another: 200 with `{status, <member> | problem}` for each.
    ///
    /// # Errors
    /// 422 for an Idempotency-Key that came before with another body.
    pub async fn bulk<T, F, R>(&self, parts: Parts, decide: F) -> Result<Answer, Problem>
    where
        T: DeserializeOwned + ToSchema + Clone + Send + Sync,
        F: Fn(T, Stamp) -> R + Send + Sync,
        R: Future<Output = Result<(Answer, Decision), Problem>> + Send,
    {
        let key = self.repeatable()?;
        if let Some(answer) = self.begun(key.as_ref(), &parts).await? {
            return Ok(answer);
        }
        let (mut lines, mut settled, shape) = (Vec::new(), true, Some(shape::<T>()));
        for (number, (id, part)) in parts.list.iter().enumerate() {
            let key = key.as_ref().map(|key| key.part(&parts.name(number)));
            let line = match body::read_value::<T>(part.clone(), Vec::new(), shape) {
                Err(rejection) => Err(rejection.into()),
                Ok((input, noted)) => {
                    let decide = |stamp| decide(input.clone(), stamp);
                    let decided = self.decide_as(key.as_ref(), &noted, decide).await;
                    self.kept(key.as_ref(), decided).await
                }
            };
            settled &= !line.as_ref().is_err_and(Problem::is_ours);
            lines.push(self.line(*id, parts.member, line)?);
        }
        let mut body = json!({"data": lines});
        body.as_object_mut().into_iter().for_each(|body| body.extend(parts.beside.clone()));
        let answer = Answer::ok(&body)?;
        // What could not be settled is tried again by the next call with this key.
        if !settled || answer.body.len() > BULK_KEPT_BYTES {
            return Ok(answer);
        }
        let whole = |_| ready(Ok((answer.clone(), Decision::default())));
        self.decide_as(key.as_ref(), &[], whole).await
    }

    /// The answer to a part. A refusal is kept under the part's key, as a success is: otherwise
    /// another call with the same key could still grant the part, and the answer to the whole call,
    /// which is kept as well, would deny it for good.
    async fn kept(
        &self,
        key: Option<&Repeatable>,
        decided: Result<Answer, Problem>,
    ) -> Result<Answer, Problem> {
        match decided {
            Err(problem) if key.is_some() && !problem.is_ours() => {
                let status = problem.status();
                let shown = self.of_call(problem).shown();
                let refusal = Answer { status, ..Answer::ok(&shown)? };
                let keep = |_| ready(Ok((refusal.clone(), Decision::default())));
                self.decide_as(key, &[], keep).await
            }
            decided => decided,
        }
    }

    /// What the parts of a call are, found once for an Idempotency-Key: a repeated call has these
    /// parts, also when what is done would not be found again.
    ///
    /// # Errors
    /// As `find`.
    pub async fn parts_of<F, R>(&self, find: F) -> Result<Value, Problem>
    where
        F: Fn() -> R + Send + Sync,
        R: Future<Output = Result<Value, Problem>> + Send,
    {
        let key = self.repeatable()?.map(|key| key.part("parts"));
        let find = |_| {
            let found = find();
            async move { Ok((Answer::ok(&found.await?)?, Decision::default())) }
        };
        let answer = self.decide_as(key.as_ref(), &[], find).await?;
        let unreadable = |_| Problem::from(Rejection::of(Code::Internal));
        serde_json::from_str(&answer.body).map_err(unreadable)
    }

    /// The answer of the same call, if it was given before.
    async fn begun(
        &self,
        key: Option<&Repeatable>,
        parts: &Parts,
    ) -> Result<Option<Answer>, Problem> {
        let Some(key) = key else { return Ok(None) };
        let of_parts = (0..parts.list.len()).map(|number| key.part(&parts.name(number)).hash);
        let hashes: Vec<String> = [key.hash.clone()].into_iter().chain(of_parts).collect();
        let now = self.app.clock.now();
        let found = self.store().find_answers(self.tenant()?, &hashes, now).await?;
        let mut whole = None;
        for (hash, saved) in hashes.iter().zip(found) {
            let Some(saved) = saved else { continue };
            let answer = key.replay(saved)?;
            if *hash == key.hash {
                whole = Some(answer);
            }
        }
        Ok(whole)
    }

    /// A part's problem is one of the whole call.
    fn of_call(&self, problem: Problem) -> Problem {
        let role = self.caller.as_ref().map(|caller| &caller.role);
        problem.of(self.path(), &self.request_id, role)
    }

    fn line(
        &self,
        id: Option<Id>,
        member: &str,
        part: Result<Answer, Problem>,
    ) -> Result<Value, Problem> {
        let unreadable = |_| Rejection::of(Code::Internal);
        let mut line = match part {
            Ok(answer) => {
                let body: Box<RawValue> = serde_json::from_str(&answer.body).map_err(unreadable)?;
                let member = if answer.status < REFUSED { member } else { "problem" };
                json!({"status": answer.status, member: body})
            }
            Err(problem) => {
                let status = problem.status();
                let problem = self.of_call(problem).shown();
                json!({"status": status, "problem": problem})
            }
        };
        id.into_iter().for_each(|id| line["id"] = json!(id));
        Ok(line)
    }
}
