//! What becomes of a step. Every decision is the domain's own function.
//!
//! Neighbours: `possible` says what can happen, `search` walks through all of it.

use domain::activation::activate::ActivationInput;
use domain::cause::Silence;
use domain::decision::Decision;
use domain::ids::Id;
use domain::limits::{CALLBACK_TIMEOUT_DEFAULT, TENANT_KEPT};
use domain::plan::method::CallbackId;
use domain::request::claim::Claim;
use domain::request::dispatched::{Answer, Ended, Heard};
use domain::request::report::Report;
use domain::request::reported::{Arrival, Verdict};
use domain::request::states::Status;
use domain::request::{Delivery, Request};
use domain::stamp::{Actor, Stamp};
use domain::time::Time;

use crate::fixture::stamp;
use crate::invariants::check;
use crate::look::payload;
use crate::possible::{Step, next_instant};
use crate::search::{Model, Mutant};
use crate::system::{Client, Refused, Reply, Reporting, System, Worker};

impl Model {
    /// What becomes of a step.
    pub fn take(&self, system: &System, step: &Step) -> Option<System> {
        let mut next = system.clone();
        match step {
            Step::Load(n) => next.load(self, *n)?,
            Step::Commit(n) => next.activate(self, *n, true)?,
            Step::CommitUnsent(n) => {
                next.left.losses -= 1;
                next.activate(self, *n, false)?;
            }
            Step::Answer(n) => next.clients[*n] = Client::Done(true),
            Step::CallDies(n) => {
                next.left.crashes -= 1;
                next.clients[*n] = Client::Calling;
            }
            Step::Receive(n, id) => {
                *next.queue.get_mut(id)? -= 1;
                next.receive(self, *n, *id)?;
            }
            Step::ReceiveTwice(n, id) => {
                next.left.repeats -= 1;
                next.receive(self, *n, *id)?;
            }
            // What was known of the tenant is believed for some seconds.
            Step::ReceiveUnaware(n, id) => {
                *next.queue.get_mut(id)? -= 1;
                next.take_up(*n, *id)?;
            }
            Step::Suspend => {
                next.left.suspensions -= 1;
                next.suspended = Some(next.now);
            }
            Step::Resume => next.suspended = None,
            Step::Claim(n) => next.claim(self, *n)?,
            Step::Post(n, reply) => next.post(self, *n, *reply)?,
            Step::Finish(n) => next.finish(self, *n)?,
            Step::WorkerDies(n) => next.worker_dies(*n),
            Step::Report(id, generation, status) => next.report(self, *id, *generation, status)?,
            Step::Settle => next.settle(self, false)?,
            Step::SettleAgain => {
                next.left.repeats -= 1;
                next.settle(self, true)?;
            }
            Step::ReportDies => {
                next.left.crashes -= 1;
                next.reporting = None;
            }
            Step::Sweep(id) => next.sweep(self, *id, true)?,
            Step::SweepUnsent(id) => {
                next.left.losses -= 1;
                next.sweep(self, *id, false)?;
            }
            Step::Retry(id) => next.retry(self, *id)?,
            Step::Revoke(place) => next.revoke(self, *place)?,
            Step::Edit => next.left.edits -= 1,
            Step::Time => {
                let idle = self.pending(system).is_empty();
                next.left.delays -= u8::from(!idle);
                next.now = next_instant(system)?;
            }
        }
        next.look(self);
        Some(next)
    }
}

impl System {
    fn stamp(&self, about: &[u8]) -> Stamp {
        stamp(self.now, Actor::System, about)
    }

    fn load(&mut self, model: &Model, n: usize) -> Option<()> {
        let key = self.key.clone().or_else(|| model.fixture.untouched())?;
        self.clients[n] = Client::Loaded(Box::new((self.entitlement.clone(), key)));
        Some(())
    }

    fn activate(&mut self, model: &Model, n: usize, sent: bool) -> Option<()> {
        let Client::Loaded(read) = self.clients[n].clone() else { return None };
        let (entitlement, key) = *read;
        let recorded = self.records.contains(&n);
        let input = ActivationInput {
            pk_id: model.fixture.pk_id.to_string(),
            activation_quantity: 1,
            ..ActivationInput::default()
        };
        // Every call has randomness of its own; a repeated one must not be told by its names.
        let call = u8::try_from(self.activations.len()).ok()?;
        let stamp = stamp(self.now, Actor::Key(model.fixture.tenant), &[2, n as u8, call]);
        let facts = model.fixture.facts(entitlement, key);
        let Ok((_, _, decision)) = facts.activate(&input, &stamp) else {
            self.clients[n] = if recorded { Client::Answering } else { Client::Done(false) };
            return Some(());
        };
        let keeps = model.mutant != Some(Mutant::NoRecord);
        if keeps && recorded {
            self.clients[n] = Client::Answering;
            return Some(());
        }
        let mutant = model.mutant.filter(|m| *m == Mutant::ReadThenWrite);
        if self.commit(&decision, n, mutant).is_err() {
            self.clients[n] = Client::Calling;
            return Some(());
        }
        self.records.extend(keeps.then_some(n));
        self.clients[n] = Client::Answering;
        if sent {
            self.send(&decision);
        }
        Some(())
    }

    /// What a suspended tenant has to send is held: the sweeper finds it again.
    fn receive(&mut self, model: &Model, n: usize, id: Id) -> Option<()> {
        if self.suspended.is_some() && model.mutant != Some(Mutant::Unheld) {
            return Some(());
        }
        self.take_up(n, id)
    }

    fn take_up(&mut self, n: usize, id: Id) -> Option<()> {
        let late = self.suspended.is_some_and(|since| self.now - since >= TENANT_KEPT.millis());
        self.judge(check("I17", !late, || format!("{id} is taken up while it is to be held")));
        let request = self.request(id)?.clone();
        if request.claimable(Time::from_millis(self.now)).is_ok() {
            self.workers[n] = Worker::Loaded(Box::new(request));
        }
        Some(())
    }

    fn again(&mut self, id: Id) {
        let waiting = self.queue.entry(id).or_default();
        *waiting = (*waiting + 1).min(2);
    }

    fn worker_dies(&mut self, n: usize) {
        self.left.crashes -= 1;
        let worker = std::mem::replace(&mut self.workers[n], Worker::Idle);
        if let Worker::Loaded(r) | Worker::Claimed(r, _) | Worker::Posted(r, _) = worker {
            self.again(r.id);
        }
    }

    fn claim(&mut self, model: &Model, n: usize) -> Option<()> {
        let Worker::Loaded(request) = self.workers[n].clone() else { return None };
        let made = format!("plan after {} edits", model.left.edits - self.left.edits);
        let place = (request.id, request.generation);
        let text = self.payloads.entry(place).or_insert(made).clone();
        let id = request.id;
        let about = [3, n as u8, request.attempt_count as u8, request.generation as u8];
        let stamp = self.stamp(&about);
        let payload = payload(model, &request, text.clone());
        self.workers[n] = Worker::Idle;
        match request.claim(&payload, &model.fixture.method, &stamp).ok()? {
            Claim::Attempt(claimed, decision) => match self.commit(&decision, 0, None) {
                Ok(()) => self.workers[n] = Worker::Claimed(claimed, text),
                Err(Refused) => self.again(id),
            },
            Claim::Exhausted(decision) => {
                if self.commit(&decision, 0, None).is_err() {
                    self.again(id);
                }
            }
        }
        Some(())
    }

    fn post(&mut self, model: &Model, n: usize, reply: Reply) -> Option<()> {
        let Worker::Claimed(request, text) = self.workers[n].clone() else { return None };
        if reply != Reply::Down {
            let mut key = request.webhook_id();
            if model.mutant == Some(Mutant::KeyPerAttempt) {
                key = format!("{key}_a{}", request.attempt_count);
            }
            let first = !self.received.has(&key);
            let noted = self.received.note(&key, &text);
            self.judge(noted);
            if reply != Reply::Silent {
                self.received.answer(&key);
            }
            if first && reply != Reply::Mute {
                for status in ["IN_PROGRESS", "COMPLETED"] {
                    self.owed.insert((request.id, request.generation, status.to_owned()));
                }
            }
        }
        self.workers[n] = Worker::Posted(request, reply);
        Some(())
    }

    fn finish(&mut self, model: &Model, n: usize) -> Option<()> {
        let Worker::Posted(claimed, reply) = self.workers[n].clone() else { return None };
        let answer = match reply {
            Reply::Accepted | Reply::Mute => {
                Answer::Http { status: 202, body: String::new(), heard: Heard::default() }
            }
            Reply::Silent => Answer::None(Silence::Timeout, String::new()),
            Reply::Down => Answer::None(Silence::Connect, String::new()),
        };
        let ended = Ended {
            tenant: model.fixture.tenant,
            token: claimed.lease.as_ref()?.token,
            generation: claimed.generation,
            no: claimed.attempt_count,
            started: claimed.executed_date?,
            at: Time::from_millis(self.now),
            method: &model.fixture.method,
            answer: &answer,
        };
        let stamp = self.stamp(&[4]);
        self.workers[n] = Worker::Idle;
        let mutant = model.mutant.filter(|m| *m == Mutant::UnconditionalSent);
        let first = Request { rev: claimed.rev.next(), ..(*claimed).clone() };
        let (_, decision) = first.dispatched(&ended, &stamp).ok()?;
        let decision = self.followed(model, decision)?;
        if self.commit(&decision, 0, mutant).is_ok() {
            self.send(&decision);
            return Some(());
        }
        let row = self.request(claimed.id)?.clone();
        let (_, decision) = row.dispatched(&ended, &stamp).ok()?;
        let decision = self.followed(model, decision)?;
        self.commit(&decision, 0, None).ok()?;
        self.send(&decision);
        Some(())
    }

    fn report(&mut self, model: &Model, id: Id, generation: u32, status: &str) -> Option<()> {
        let request = self.request(id)?.clone();
        let named: Status = status.parse().ok()?;
        if model.mutant == Some(Mutant::AnswerBeforeCommit) {
            self.answered(id, generation, named, request.life.state != Status::Completed);
        }
        self.reporting = Some(Reporting { request, generation, status: named });
        Some(())
    }

    /// The provider hears that its report was accepted, and owes it no more.
    fn answered(&mut self, id: Id, generation: u32, status: Status, accepted: bool) {
        let word: &str = status.into();
        self.owed.remove(&(id, generation, word.to_owned()));
        if accepted && status == Status::Completed {
            self.settled.insert(id);
        }
    }

    fn settle(&mut self, model: &Model, again: bool) -> Option<()> {
        let Reporting { request, generation, status } = self.reporting.take()?;
        let id = request.id;
        let word: &str = status.into();
        let report = Report::read(format!("{{\"status\": \"{word}\"}}").as_bytes()).ok()?;
        let sent = self.payloads.contains_key(&(id, generation));
        let webhook_id = format!("m{generation}{}", &word[..1]);
        let arrival = Arrival {
            method: model.fixture.method.id,
            webhook_id: &webhook_id,
            body: word.as_bytes(),
            generation: Some(generation),
            callback_id: CallbackId::Optional,
            earlier: sent.then_some(model.fixture.method.id),
            callback_timeout: CALLBACK_TIMEOUT_DEFAULT,
        };
        let stamp = self.stamp(&[5]);
        let known = request.delivery != Delivery::Never && generation == request.generation;
        let unsent = request.life.state == Status::DispatchFailed;
        if status == Status::InProgress && model.mutant == Some(Mutant::LateInProgress) {
            return self.overwrite(request.id, status, generation);
        }
        let deaf = unsent && model.mutant == Some(Mutant::DispatchFailedIsTerminal);
        let Ok(verdict) = request.reported(&report, &arrival, &stamp) else {
            // The method's own word is never unknown.
            self.broken.insert("I6");
            return Some(());
        };
        match verdict {
            Verdict::Accepted(_, decision) if !deaf => {
                let decision = self.followed(model, decision)?;
                let mutant = model.mutant.filter(|m| *m == Mutant::NoRing);
                if self.commit(&decision, 0, mutant).is_err() {
                    // Lost a race: read again.
                    let request = self.request(id)?.clone();
                    self.reporting = Some(Reporting { request, generation, status });
                    return Some(());
                }
                self.send(&decision);
                let news = self.accepted.insert((id, webhook_id.clone()));
                self.judge(check("I11", news, || format!("{webhook_id} was accepted twice")));
                if !again {
                    self.answered(id, generation, status, true);
                }
            }
            Verdict::Duplicate(trace) => {
                if self.commit(&trace, 0, None).is_err() {
                    let request = self.request(id)?.clone();
                    self.reporting = Some(Reporting { request, generation, status });
                    return Some(());
                }
                self.answered(id, generation, status, true);
            }
            Verdict::Conflicting(..) | Verdict::Accepted(..) => {
                if let Verdict::Conflicting(_, _, decision) = verdict {
                    let decision = self.followed(model, decision)?;
                    self.commit(&decision, 0, None).ok()?;
                    self.send(&decision);
                }
                // What is true must not be refused.
                let heard = check("I6", !(unsent && known), || format!("{id}: {word} was refused"));
                self.judge(heard);
                self.answered(id, generation, status, false);
            }
        }
        Some(())
    }

    /// The mutant that takes every "In Progress" for news.
    fn overwrite(&mut self, id: Id, status: Status, generation: u32) -> Option<()> {
        let mut row = self.request(id)?.clone();
        let mut step = row.life.history.last()?.clone();
        "P14".clone_into(&mut step.row);
        step.to = status;
        row.life.state = status;
        row.life.version += 1;
        row.life.history.push(step);
        row.next_attempt_at = Some(Time::from_millis(self.now + 1));
        row.lease = None;
        row.not_before = None;
        let decision = Decision::default().save(row);
        self.commit(&decision, 0, None).ok()?;
        self.answered(id, generation, status, true);
        Some(())
    }

    fn sweep(&mut self, model: &Model, id: Id, sent: bool) -> Option<()> {
        let request = self.request(id)?.clone();
        let Ok((_, decision)) = request.swept(model.fixture.tenant, &self.stamp(&[6])) else {
            self.broken.insert("I5");
            return Some(());
        };
        let decision = self.followed(model, decision)?;
        self.commit(&decision, 0, None).ok()?;
        if sent {
            self.send(&decision);
        }
        Some(())
    }

    fn retry(&mut self, model: &Model, id: Id) -> Option<()> {
        self.left.retries -= 1;
        let operator = stamp(self.now, Actor::Key(model.fixture.tenant), &[7]);
        let request = self.request(id)?.clone();
        let mut made = self.activations.iter().map(|(_, activation)| activation);
        let activation = made.find(|activation| activation.aid == request.aid);
        let (_, decision) = request.retry(model.fixture.tenant, activation, &operator).ok()?;
        let decision = self.followed(model, decision)?;
        self.commit(&decision, 0, None).ok()?;
        self.send(&decision);
        Some(())
    }
}
