//! What must hold in every state, and in those where nothing runs any more.
//!
//! Neighbours: `steps` asks after each step, `invariants` knows the promise.

use domain::ids::{Id, sha256_hex};
use domain::limits::CALLBACK_TIMEOUT_DEFAULT;
use domain::plan::method::CallbackId;
use domain::request::report::Report;
use domain::request::reported::Arrival;
use domain::request::states::Status;
use domain::request::{Named, Payload, Request};
use domain::rev::Rev;
use domain::stamp::Actor;

use crate::fixture::stamp;
use crate::invariants::{self, Verdict, check};
use crate::search::{Model, Mutant};
use crate::system::{Client, System};

impl System {
    /// The word of another method, whose secret it is signed with, is nobody's about this request.
    fn forged(&self, model: &Model, request: &Request) -> Verdict {
        let own = model.fixture.method.id;
        let any_door = model.mutant == Some(Mutant::AnyDoor);
        let arrival = Arrival {
            method: if any_door { own } else { model.fixture.tenant },
            webhook_id: "forged",
            body: b"forged",
            generation: Some(request.generation),
            callback_id: CallbackId::Optional,
            earlier: None,
            callback_timeout: CALLBACK_TIMEOUT_DEFAULT,
        };
        let Ok(report) = Report::read(br#"{"status": "COMPLETED"}"#) else { return Ok(()) };
        let stamp = stamp(self.now, Actor::System, &[11]);
        check("I9", request.clone().reported(&report, &arrival, &stamp).is_err(), || {
            format!("another method spoke of {}", request.id)
        })
    }

    /// What must hold in every state.
    pub(crate) fn look(&mut self, model: &Model) {
        let keys: Vec<_> = self.key.iter().cloned().collect();
        let activations: Vec<_> = self.activations.iter().map(|(_, a)| a.clone()).collect();
        let counted = invariants::quantities(&self.entitlement, &keys, &activations);
        self.judge(counted);
        let product = &model.fixture.product;
        let enabled: Vec<Id> =
            product.provisioning_enabled.then_some(product.id).into_iter().collect();
        for activation in &activations {
            let requests: Vec<_> =
                self.requests.iter().filter(|r| r.aid == activation.aid).collect();
            let made = invariants::provisioned(activation, &requests, &enabled);
            self.judge(made);
        }
        let payloads: Vec<Payload> = self
            .payloads
            .iter()
            .filter_map(|((id, generation), text)| {
                let request = Request { generation: *generation, ..self.request(*id)?.clone() };
                Some(payload(model, &request, text.clone()))
            })
            .collect();
        let explained = self.received.explained(&self.requests, &payloads);
        self.judge(explained);
        for request in self.requests.clone() {
            let told = self.received.delivered(&request);
            self.judge(told);
            let kept =
                request.life.state == Status::Completed || !self.settled.contains(&request.id);
            let durable = check("I10", kept, || format!("{} was told to be done", request.id));
            self.judge(durable);
            let forged = self.forged(model, &request);
            self.judge(forged);
        }
        for n in 0..self.clients.len() {
            let effects = self.activations.iter().filter(|(client, _)| *client == n).count();
            let one = effects <= 1 && (self.clients[n] != Client::Done(true) || effects == 1);
            let one = check("I10", one, || format!("client {n} has {effects} activations"));
            self.judge(one);
        }
    }
}

/// The frozen bytes as the row that is kept of them.
pub(crate) fn payload(model: &Model, request: &Request, text: String) -> Payload {
    let named = |named: Option<&Named>| {
        let nobody = || Named { id: request.id, name: String::new(), version: None };
        named.cloned().unwrap_or_else(nobody)
    };
    let method = Named {
        id: model.fixture.method.id,
        name: model.fixture.method.name.clone(),
        version: None,
    };
    Payload {
        request: request.id,
        generation: request.generation,
        document_hash: sha256_hex(text.as_bytes()),
        people: false,
        plan: named(request.plan.as_ref()),
        method,
        text,
        expires: None,
        rev: Rev::default(),
    }
}
