//! Which plan and method a product uses: one association per product.
//!
//! Neighbours: activation looks it up. Guarantee: a plan or method that is used knows how often,
//! so that it cannot be deleted under an association (001-R15).

use serde::{Deserialize, Serialize};

use crate::catalog::Product;
use crate::decision::{Decision, Meta, Stamp};
use crate::ids::Id;
use crate::plan::{Plan, method::Method};
use crate::time::Time;

/// The association of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Association {
    /// The product.
    pub product_id: Id,
    /// The product's namespace.
    pub namespace_id: Id,
    /// The plan.
    pub plan_id: Id,
    /// The plan's name when it was associated.
    pub plan_name: String,
    /// The method.
    pub method_id: Id,
    /// The method's name when it was associated.
    pub method_name: String,
    /// When plan or method was last set.
    pub last_association_date: Time,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: u64,
}

/// Body of `PUT /v1/products/{id}/association`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AssociationInput {
    /// The plan.
    pub plan_id: Option<Id>,
    /// The method.
    pub method_id: Option<Id>,
}

/// Every row that a change of an association touches.
pub struct Parties {
    /// The association so far.
    pub old: Option<Association>,
    /// Its plan, when it is another than the new one.
    pub old_plan: Option<Plan>,
    /// Its method, when it is another than the new one.
    pub old_method: Option<Method>,
}

impl Parties {
    /// Sets plan and method of the product.
    pub fn associate(
        self,
        product: &Product,
        mut plan: Plan,
        mut method: Method,
        stamp: &Stamp,
    ) -> (Association, Decision) {
        let mut made = Association {
            product_id: product.id,
            namespace_id: product.namespace_id,
            plan_id: plan.id,
            plan_name: plan.name.clone(),
            method_id: method.info.id,
            method_name: method.info.name.clone(),
            last_association_date: stamp.now,
            version: 1,
            meta: Meta::new(stamp),
            rev: 0,
        };
        let mut decision = Decision::default();
        let (had_plan, had_method) = match &self.old {
            None => (false, false),
            Some(old) => {
                made.version = old.version + 1;
                made.rev = old.rev;
                made.meta = old.meta.clone();
                made.meta.touch(stamp);
                (old.plan_id == plan.id, old.method_id == method.info.id)
            }
        };
        if !had_plan {
            plan.uses += 1;
            decision = decision.save(plan);
        }
        if !had_method {
            method.uses += 1;
            decision = decision.save(method);
        }
        (made.clone(), self.release(decision).save(made))
    }

    /// Takes plan and method away from the product.
    pub fn dissolve(self) -> Decision {
        let old = self.old.clone();
        let decision = self.release(Decision::default());
        old.into_iter().fold(decision, Decision::delete)
    }

    fn release(self, mut decision: Decision) -> Decision {
        if let Some(mut plan) = self.old_plan {
            plan.uses = plan.uses.saturating_sub(1);
            decision = decision.save(plan);
        }
        if let Some(mut method) = self.old_method {
            method.uses = method.uses.saturating_sub(1);
            decision = decision.save(method);
        }
        decision
    }
}
