//! Revocations: what the domain decides about what was provided.
//!
//! Neighbours: `steps` asks whenever a request may have come to rest.

use domain::activation::revoke::{Revocation, RevokeInput};
use domain::decision::Decision;
use domain::request::Request;
use domain::stamp::Actor;

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

    /// The decision with what follows from it.
    pub(crate) fn followed(&self, model: &Model, mut decision: Decision) -> Option<Decision> {
        let stamp = stamp(self.now, Actor::System, &[9, self.requests.len() as u8]);
        for next in std::mem::take(&mut decision.follow) {
            let revocation = self.revocation(model, &next.request().aid)?;
            decision = revocation.follow(&next, decision, &stamp).ok()?;
        }
        Some(decision)
    }
}
