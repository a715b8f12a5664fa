//! Which plan and method a product uses: one association per product.
//!
//! Neighbours: activation looks it up. Guarantee: a plan or method that is used knows how often,
//! so that it cannot be deleted under an association (001-R15), and by which products, by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalog::Product;
use crate::decision::Decision;
use crate::ids::Id;
use crate::name::{Name, Scope};
use crate::plan::{Plan, method::Method};
use crate::record::Kind;
use crate::rejection::{Code, Rejection};
use crate::rev::Rev;
use crate::stamp::{Meta, Stamp};
use crate::substitution::lint::Warning;
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
    /// The plan's name; in its row, when it was associated.
    pub plan_name: String,
    /// The method.
    pub method_id: Id,
    /// The method's name; in its row, when it was associated.
    pub method_name: String,
    /// The plan of what takes the product back, if there is one.
    #[serde(default)]
    pub deprovision_plan_id: Option<Id>,
    /// Its name; in its row, when it was associated.
    #[serde(default)]
    pub deprovision_plan_name: Option<String>,
    /// When plan or method was last set.
    pub last_association_date: Time,
    /// Counts the changes; the `ETag`.
    pub version: u64,
    /// Created and updated.
    #[serde(flatten)]
    pub meta: Meta,
    /// Revision of the row that was read.
    #[serde(skip)]
    pub rev: Rev<Self>,
}

/// An association as the answer to who sets it shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssociationView {
    /// The association.
    #[serde(flatten)]
    pub association: Association,
    /// Allowed, but probably not meant.
    pub warnings: Vec<Warning>,
}

/// Body of `PUT /v1/products/{id}/association`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AssociationInput {
    /// The plan.
    pub plan_id: Option<Id>,
    /// The method.
    pub method_id: Option<Id>,
    /// The plan of what takes the product back.
    pub deprovision_plan_id: Option<Id>,
    /// As an answer has it; `planId` decides, and a plan may be renamed meanwhile.
    pub plan_name: Option<String>,
    /// As an answer has it; `methodId` decides.
    pub method_name: Option<String>,
    /// As an answer has it; `deprovisionPlanId` decides.
    pub deprovision_plan_name: Option<String>,
}

/// The plans and the method that a product is to use.
pub struct Chosen {
    /// The plan.
    pub plan: Plan,
    /// The method.
    pub method: Method,
    /// The plan of what takes the product back.
    pub deprovision_plan: Option<Plan>,
}

/// The association that the product had so far.
#[derive(Default)]
pub struct Former {
    /// The association; none when there was none.
    pub association: Option<Association>,
    /// Its plans, as far as they are not chosen again.
    pub plans: Vec<Plan>,
    /// Its method, if it is not chosen again.
    pub method: Option<Method>,
}

impl Association {
    /// The same with the names that its plans and its method have now.
    #[must_use]
    pub fn named(mut self, plans: &BTreeMap<Id, Plan>, methods: &BTreeMap<Id, Method>) -> Self {
        let name = |id: Id| plans.get(&id).map(|plan| plan.name.clone());
        self.plan_name = name(self.plan_id).unwrap_or(self.plan_name);
        self.deprovision_plan_name =
            self.deprovision_plan_id.and_then(name).or(self.deprovision_plan_name);
        if let Some(method) = methods.get(&self.method_id) {
            self.method_name.clone_from(&method.info.name);
        }
        self
    }

    /// As the answer to who sets it for this product.
    pub fn view(self, product: &Product) -> AssociationView {
        let detail = "The product is not provisioning-enabled: its activations make no requests.";
        let idle = || Warning::new("/planId", "NOT_PROVISIONING_ENABLED", detail);
        let warnings = (!product.provisioning_enabled).then(idle).into_iter().collect();
        AssociationView { association: self, warnings }
    }

    /// The plans that it uses, each once.
    pub fn plan_ids(&self) -> BTreeSet<Id> {
        [Some(self.plan_id), self.deprovision_plan_id].into_iter().flatten().collect()
    }

    /// By which a plan or method finds the products that use it.
    fn names(&self) -> Vec<Name> {
        let name = |member, used: Id| Name {
            kind: Kind::Association,
            member,
            value: used.to_string(),
            id: self.product_id,
            scope: Scope::Shared,
        };
        let plans = self.plan_ids().into_iter().map(|id| name(USED_PLAN, id));
        plans.chain([name(USED_METHOD, self.method_id)]).collect()
    }
}

/// The member by which a plan finds its products.
pub const USED_PLAN: &str = "plan";
/// The member by which a method finds its products.
pub const USED_METHOD: &str = "method";

/// The no to who deletes what products use.
pub fn in_use(what: &str, used_by: &[String]) -> Rejection {
    let detail = format!(
        "The {what} is associated with {}. Change or delete those associations first.",
        used_by.join(", ")
    );
    Rejection::new(Code::InUse, detail)
}

impl Former {
    /// Sets plan and method of the product. The product's row is written with it, so that it is
    /// not deleted at the same time.
    pub fn associate(
        self,
        product: Product,
        chosen: Chosen,
        stamp: &Stamp,
    ) -> (Association, Decision) {
        let Chosen { plan, method, deprovision_plan } = chosen;
        let mut made = Association {
            product_id: product.id,
            namespace_id: product.namespace_id,
            plan_id: plan.id,
            plan_name: plan.name.clone(),
            method_id: method.info.id,
            method_name: method.info.name.clone(),
            deprovision_plan_id: deprovision_plan.as_ref().map(|plan| plan.id),
            deprovision_plan_name: deprovision_plan.as_ref().map(|plan| plan.name.clone()),
            last_association_date: stamp.now,
            version: 1,
            meta: Meta::new(stamp),
            rev: Rev::default(),
        };
        if let Some(old) = &self.association {
            made.version = old.version + 1;
            made.rev = old.rev.clone();
            made.meta = old.meta.clone();
            made.meta.touch(stamp);
        }
        let plans = [Some(plan), deprovision_plan].into_iter().flatten().collect();
        let decision = Decision::default().save(made.clone()).save(product);
        (made.clone(), self.recount(Some(&made), plans, Some(method), decision))
    }

    /// Takes plan and method away from the product.
    pub fn dissolve(self) -> Decision {
        let deleted = self.association.clone();
        let decision = deleted.into_iter().fold(Decision::default(), Decision::delete);
        self.recount(None, Vec::new(), None, decision)
    }

    /// Counts the uses of every plan and method anew, and names them.
    fn recount(
        self,
        made: Option<&Association>,
        plans: Vec<Plan>,
        method: Option<Method>,
        mut decision: Decision,
    ) -> Decision {
        let Self { association: old, plans: old_plans, method: old_method } = self;
        let ids = |a: Option<&Association>| a.map(Association::plan_ids).unwrap_or_default();
        let (before, after) = (ids(old.as_ref()), ids(made));
        let all: BTreeMap<Id, Plan> =
            plans.into_iter().chain(old_plans).map(|plan| (plan.id, plan)).collect();
        for (id, mut plan) in all {
            let uses = count(plan.uses, before.contains(&id), after.contains(&id));
            if uses != plan.uses {
                plan.uses = uses;
                decision = decision.save(plan);
            }
        }
        let by_method = |a: Option<&Association>, id| a.is_some_and(|a| a.method_id == id);
        for mut method in method.into_iter().chain(old_method) {
            let id = method.info.id;
            let uses = count(method.uses, by_method(old.as_ref(), id), by_method(made, id));
            if uses != method.uses {
                method.uses = uses;
                decision = decision.save(method);
            }
        }
        let names = |a: Option<&Association>| a.map(Association::names).unwrap_or_default();
        decision.replace(&names(old.as_ref()), &names(made))
    }
}

const fn count(uses: u32, before: bool, after: bool) -> u32 {
    match (before, after) {
        (false, true) => uses + 1,
        (true, false) => uses.saturating_sub(1),
        _ => uses,
    }
}
