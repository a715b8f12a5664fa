//! Revocations: what the domain decides about what was provided.
//!
//! Neighbours: `steps` asks whenever a request may have come to rest.

use domain::activation::revoke::{Revocation, RevokeInput, Standing};
use domain::decision::{Actor, Decision};
use domain::request::Request;

use crate::fixture::stamp;
use crate::search::{Model, Mutant};
use crate::system::System;

impl System {
    fn revocation(&self, model: &Model, aid: &str) -> Option<Revocation> {
        let (_, activation) = self.activations.iter().find(|(_, a)| a.aid == aid)?;
        let of = |request: &&Request| request.aid == aid;
        let fixture = &model.fixture;
        Some(Revocation {
            tenant: fixture.tenant,
            activation: activation.clone(),
            entitlement: self.entitlement.clone(),
            key: self.key.clone().or_else(|| fixture.untouched())?,
            requests: self.requests.iter().filter(of).cloned().collect(),
            products: vec![(fixture.product.clone(), Some(fixture.association.clone()))],
        })
    }

    /// A client revokes an activation; refused, nothing happens.
    pub(crate) fn revoke(&mut self, model: &Model, place: usize) -> Option<()> {
        self.left.revocations -= 1;
        let aid = self.activations[place].1.aid.clone();
        let by = Actor::Key(model.fixture.tenant);
        let stamp = stamp(self.now, by, &[8, self.requests.len() as u8]);
        let revocation = self.revocation(model, &aid)?;
        let (_, _, decision) = revocation.revoke(&RevokeInput::default(), &stamp).ok()?;
        let mutant = model.mutant.filter(|m| *m == Mutant::ForgetsBehind);
        self.commit(&decision, 0, mutant).ok()?;
        self.send(&decision);
        Some(())
    }

    /// What follows for a revocation from where a request is now.
    pub(crate) fn settled(
        &self,
        model: &Model,
        before: Standing,
        request: &Request,
        decision: Decision,
    ) -> Option<Decision> {
        if !request.settles(before) {
            return Some(decision);
        }
        let stamp = stamp(self.now, Actor::System, &[9, self.requests.len() as u8]);
        self.revocation(model, &request.aid)?.settled(request, decision, &stamp).ok()
    }

    /// A provider says that it has done what is FAILED here.
    pub(crate) fn contradicted(&mut self, model: &Model, provided: &Request) -> Option<()> {
        let stamp = stamp(self.now, Actor::System, &[10, self.requests.len() as u8]);
        let mut decision = Decision::default().save(provided.clone());
        if provided.taken_back {
            let revocation = self.revocation(model, &provided.aid)?;
            decision = revocation.provided_late(provided, decision, &stamp).ok()?;
        }
        self.commit(&decision, 0, None).ok()?;
        self.send(&decision);
        Some(())
    }
}
