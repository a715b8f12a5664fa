//! What is sold in the model: one product, one plan, one method, one entitlement with one key.
//!
//! Neighbours: `system` begins with it. Made by the domain's own functions.

use std::collections::BTreeMap;

use domain::access::Namespace;
use domain::access::namespace::NamespaceInput;
use domain::activation::activate::Facts;
use domain::catalog::NameVersion;
use domain::catalog::Product;
use domain::catalog::product::ProductInput;
use domain::entitlement::create::Products;
use domain::entitlement::input::{Action, EntitlementInput, ItemProductInput, LineItemInput};
use domain::entitlement::parties::Known;
use domain::entitlement::product_key::{KeyRef, KeySecret, ProductKey};
use domain::entitlement::{Entitlement, LineItemType};
use domain::ids::{Entropy, Id};
use domain::plan::association::{Association, Chosen, Former};
use domain::plan::content::{RawTexts, Reading};
use domain::plan::door::Sealed;
use domain::plan::method::{Method, MethodInfo, MethodInput, Seals};
use domain::plan::{Plan, PlanInput};
use domain::rejection::Rejection;
use domain::rev::Rev;
use domain::stamp::{Actor, Stamp};
use domain::time::{Period, Time};
use uuid::Uuid;

/// The instant at which every run begins, milliseconds since 1970.
pub const START_MS: i64 = 1_800_000_000_000;

/// What never changes in a run.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The tenant.
    pub tenant: Id,
    /// The product.
    pub product: Product,
    /// Its plan and method.
    pub association: Association,
    /// The method.
    pub method: MethodInfo,
    /// The entitlement as it was produced.
    pub entitlement: Entitlement,
    /// Its one product key.
    pub pk_id: Uuid,
}

/// A moment, with randomness that depends on nothing but `about`, so that states meet again.
pub fn stamp(now: i64, by: Actor, about: &[u8]) -> Stamp {
    let mut bytes = [0; 32];
    bytes[..about.len()].copy_from_slice(about);
    Stamp { now: Time::from_millis(now), by, entropy: Entropy::new(bytes) }
}

impl Fixture {
    /// With so many activations on the key; without provisioning, no requests come of them.
    ///
    /// # Errors
    /// When the domain refuses the fixture itself.
    pub fn new(units: u32, provisioned: bool) -> Result<Self, Rejection> {
        let at = |n: i64| stamp(START_MS - 100_000 + n, Actor::System, &[1]);
        let input = NamespaceInput { name: "N".to_owned() };
        let (namespace, _) = Namespace::create(&input, true, &at(0))?;
        let name_version = NameVersion { name: "Pod".to_owned(), version: "1".to_owned() };
        let input = ProductInput {
            name_version,
            provisioning_enabled: provisioned,
            ..ProductInput::default()
        };
        let (product, _) = Product::create(&input, namespace.id, BTreeMap::new(), &at(1))?;
        let (product, _) = product.complete(&at(2))?;
        let input = PlanInput { name: "Pods".to_owned(), ..PlanInput::default() };
        let reading = Reading { raw: &RawTexts::default(), registered: None };
        let (plan, _, _) = Plan::create(&input, reading, namespace.id, &at(3))?;
        let input = MethodInput {
            name: "Farm".to_owned(),
            endpoint_url: "https://pods.example.com/".to_owned(),
            retry_ladder: Some([0, 1].map(Period::from_secs).to_vec()),
            ..MethodInput::default()
        };
        let seals = Seals { callback: Sealed::new(1, String::new()), credential: None };
        let (method, _) = Method::create(&input, namespace.id, seals, &at(4))?;
        let info = method.info.clone();
        let chosen = Chosen { deprovision_plan: Some(plan.clone()), plan, method };
        let (association, _) = Former::default().associate(product.clone(), chosen, &at(5));
        let secret = KeySecret::new([3; 32]);
        let entitlement = entitlement(&product, units, &secret, &at(6))?;
        let place = KeyRef { entitlement: entitlement.id, index: 0, generation: 0 };
        let pk_id = secret.pk_id(place);
        let tenant = at(7).id(0);
        Ok(Self { tenant, product, association, method: info, entitlement, pk_id })
    }

    /// The key before anything was taken of it.
    pub fn untouched(&self) -> Option<ProductKey> {
        let place = KeyRef { entitlement: self.entitlement.id, index: 0, generation: 0 };
        ProductKey::default_of(&self.entitlement, place)
    }

    /// What an activation depends on.
    pub fn facts(&self, entitlement: Entitlement, key: ProductKey) -> Facts {
        Facts {
            tenant: self.tenant,
            entitlement,
            key,
            pk_id: self.pk_id,
            products: vec![(self.product.clone(), Some(self.association.clone()))],
            open_requests: false,
            customer: None,
        }
    }
}

fn entitlement(
    product: &Product,
    units: u32,
    secret: &KeySecret,
    stamp: &Stamp,
) -> Result<Entitlement, Rejection> {
    let item = LineItemInput {
        line_item_type: Some(LineItemType::Product_Key),
        num_product_keys: Some(1),
        num_activation_per_product_key: Some(units),
        item_products: vec![ItemProductInput {
            product_id: Some(product.id),
            ..ItemProductInput::default()
        }],
        ..LineItemInput::default()
    };
    let input = EntitlementInput {
        action: Action::Produce,
        entitlement_items: vec![item],
        ..EntitlementInput::default()
    };
    let products = Products::from([(product.id, product.clone())]);
    let (made, _) = Entitlement::create(&input, &products, &Known::default(), secret, stamp)?;
    // It was written, and read again.
    Ok(Entitlement { rev: Rev::of(1), ..made })
}
