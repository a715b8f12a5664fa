//! Making an entitlement: SAVE, QUEUE or PRODUCE (rows N1 to N3, source 004).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::attributes::CustomAttributes;
use crate::catalog::Product;
use crate::catalog::product::LifeCycleStage;
use crate::decision::{Decision, Meta, Stamp};
use crate::entitlement::product_key::KeySecret;
use crate::entitlement::states::{Event, MACHINE, State};
use crate::entitlement::{
    ActivationMethod, Entitlement, ItemProduct, LineItem, LineItemType, Registration,
};
use crate::ids::Id;
use crate::limits::{
    ACTIVATIONS_PER_KEY, ENTITLEMENT_KEYS, ITEM_PRODUCTS, LINE_ITEMS, PRODUCT_KEYS,
};
use crate::machine::Life;
use crate::rejection::{Code, Fault, Faults, Rejection};
use crate::substitution::lint::{Severity, Warning};
use crate::text;
use crate::time::Day;

/// The actions of source 004.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[derive(IntoStaticStr, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the actions of source 004")]
pub enum Action {
    #[default]
    Save,
    Queue,
    Produce,
    Enable,
    Disable,
    Reopen,
}

/// Body of `POST /v1/entitlements`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of `Entitlement`")]
pub struct EntitlementInput {
    pub action: Action,
    pub customer_id: Option<Id>,
    pub start_date: Option<Day>,
    pub end_date: Option<Day>,
    pub ref_id1: Option<String>,
    pub ref_id2: Option<String>,
    pub registration_required: Registration,
    pub activation_allowed: Option<bool>,
    pub revocation_allowed: Option<bool>,
    pub is_test: bool,
    pub custom_attributes: CustomAttributes,
    pub entitlement_items: Vec<LineItemInput>,
}

/// A line item of the body.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of `LineItem`")]
pub struct LineItemInput {
    pub line_item_type: Option<LineItemType>,
    pub num_product_keys: Option<u32>,
    pub num_activation_per_product_key: Option<u32>,
    pub activation_method: ActivationMethod,
    pub fixed_quantity: Option<u32>,
    pub protection_key_ids: Vec<String>,
    pub item_products: Vec<ItemProductInput>,
}

/// A product of a line item of the body.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the members of `ItemProduct`")]
pub struct ItemProductInput {
    pub product_id: Option<Id>,
}

impl EntitlementInput {
    /// Every product that the body names, once each.
    pub fn products(&self) -> Vec<Id> {
        let items = self.entitlement_items.iter().take(LINE_ITEMS);
        let products = items.flat_map(|item| item.item_products.iter().take(ITEM_PRODUCTS));
        let mut ids: Vec<Id> = products.filter_map(|p| p.product_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// The products that the store knows.
pub type Products = BTreeMap<Id, Product>;

impl Entitlement {
    /// Makes one. `customer_found` says whether the named customer exists.
    ///
    /// # Errors
    /// The body's faults; references that lead nowhere; products that are not complete.
    pub fn create(
        input: &EntitlementInput,
        products: &Products,
        customer_found: bool,
        secret: &KeySecret,
        stamp: &Stamp,
    ) -> Result<(Self, Decision), Rejection> {
        let mut made = Self::draft(input, secret, stamp)?;
        references(input, products, customer_found)?;
        match input.action {
            Action::Save => {}
            Action::Queue => {
                made.complete(products)?;
                made.life = Life::begin(&MACHINE, Event::Queue, State::Queued, stamp)?;
            }
            Action::Produce => {
                made.complete(products)?;
                made.producible()?;
                made.life =
                    Life::begin(&MACHINE, Event::Produce, State::ProductKeyGenerated, stamp)?;
                made.keys_ready(stamp)?;
            }
            other => {
                let name: &str = other.into();
                let detail = format!("Action {name} is not applicable for a new Entitlement.");
                return Err(Rejection::at("/action", Code::ValidationFailed, detail));
            }
        }
        Ok((made.clone(), Decision::default().save(made)))
    }

    fn draft(
        input: &EntitlementInput,
        secret: &KeySecret,
        stamp: &Stamp,
    ) -> Result<Self, Rejection> {
        let mut faults = Faults::default();
        let mut optional = |at: &str, value: &Option<String>| {
            value.as_deref().and_then(|v| faults.take(at, text::short(v)))
        };
        let ref_id1 = optional("/refId1", &input.ref_id1);
        let ref_id2 = optional("/refId2", &input.ref_id2);
        let ordered = input.start_date.zip(input.end_date).is_none_or(|(start, end)| start <= end);
        faults.check(ordered, "/endDate", "must not lie before startDate");
        input.custom_attributes.check("/customAttributes", &mut faults);
        let items = items(&input.entitlement_items, &mut faults);
        faults.finish()?;
        let id = stamp.id(0);
        Ok(Self {
            id,
            e_id: secret.e_id(id),
            life: Life::begin(&MACHINE, Event::Save, State::Draft, stamp)?,
            enabled: true,
            activation_allowed: input.activation_allowed.unwrap_or(true),
            revocation_allowed: input.revocation_allowed.unwrap_or(true),
            customer_id: input.customer_id,
            start_date: input.start_date,
            end_date: input.end_date,
            ref_id1,
            ref_id2,
            registration_required: input.registration_required,
            custom_attributes: input.custom_attributes.clone(),
            items,
            is_test: input.is_test,
            key_generation: 0,
            key_secret_version: KeySecret::VERSION,
            active_activations: 0,
            keys_exhausted: 0,
            meta: Meta::new(stamp),
            rev: 0,
        })
    }

    /// "Complete" (domain.md section 3): what QUEUE and PRODUCE ask for.
    ///
    /// # Errors
    /// What is missing, with its pointer; `PRODUCT_NOT_COMPLETE`.
    pub(super) fn complete(&self, products: &Products) -> Result<(), Rejection> {
        let mut faults = Faults::default();
        let at = "/entitlementItems";
        faults.check(!self.items.is_empty(), at, "at least one line item is needed");
        for (i, item) in self.items.iter().enumerate() {
            let at = format!("{at}/{i}/itemProducts");
            faults.check(!item.item_products.is_empty(), &at, "at least one product is needed");
            let update = item.line_item_type == LineItemType::ProtectionKey_Update;
            let given = !update || !item.protection_key_ids.is_empty();
            let at = format!("/entitlementItems/{i}/protectionKeyIds");
            faults.check(given, &at, "needed for ProtectionKey_Update");
        }
        faults.finish()?;
        let mut faults = Faults::default();
        for (at, id) in self.unready(products) {
            faults.add(at, Code::ProductNotComplete, format!("The product {id} is not Complete."));
        }
        faults.finish()
    }

    /// The products that cannot be sold yet, with their place in the body.
    fn unready(&self, products: &Products) -> Vec<(String, Id)> {
        let usable = |id: Id| {
            let stage = products.get(&id).map(|p| p.life_cycle_stage);
            stage == Some(LifeCycleStage::Commit)
                || self.is_test && stage == Some(LifeCycleStage::Draft)
        };
        let mut out = Vec::new();
        for (i, item) in self.items.iter().enumerate() {
            for (j, product) in item.item_products.iter().enumerate() {
                if !usable(product.product_id) {
                    let at = format!("/entitlementItems/{i}/itemProducts/{j}/productId");
                    out.push((at, product.product_id));
                }
            }
        }
        out
    }

    /// What SAVE accepts, but QUEUE and PRODUCE would not.
    pub fn warnings(&self, products: &Products) -> Vec<Warning> {
        let warn = |(at, id): (String, Id)| Warning {
            at,
            severity: Severity::Warning,
            code: "PRODUCT_NOT_COMPLETE",
            detail: format!("The product {id} is not Complete; QUEUE and PRODUCE will be refused."),
            did_you_mean: None,
        };
        self.unready(products).into_iter().map(warn).collect()
    }
}

fn references(
    input: &EntitlementInput,
    products: &Products,
    customer_found: bool,
) -> Result<(), Rejection> {
    let mut faults = Faults::default();
    if let Some(id) = input.customer_id.filter(|_| !customer_found) {
        faults.push(Fault::unknown("/customerId", "Customer", id));
    }
    for (i, item) in input.entitlement_items.iter().enumerate() {
        for (j, product) in item.item_products.iter().enumerate() {
            let Some(id) = product.product_id else { continue };
            if !products.contains_key(&id) {
                let at = format!("/entitlementItems/{i}/itemProducts/{j}/productId");
                faults.push(Fault::unknown(at, "Product", id));
            }
        }
    }
    faults.finish()
}

fn items(input: &[LineItemInput], faults: &mut Faults) -> Vec<LineItem> {
    let at = "/entitlementItems";
    faults.check(input.len() <= LINE_ITEMS, at, format!("at most {LINE_ITEMS} line items"));
    let first = input.first().and_then(|item| item.line_item_type);
    let each = input.iter().enumerate().take(LINE_ITEMS);
    let items: Vec<LineItem> =
        each.filter_map(|(i, item)| line_item(&format!("{at}/{i}"), item, first, faults)).collect();
    let keys: u64 = items.iter().map(|item| u64::from(item.num_product_keys)).sum();
    let fits = keys <= u64::from(ENTITLEMENT_KEYS);
    faults.check(fits, at, format!("at most {ENTITLEMENT_KEYS} product keys in all"));
    items
}

fn line_item(
    at: &str,
    input: &LineItemInput,
    first: Option<LineItemType>,
    faults: &mut Faults,
) -> Option<LineItem> {
    let types = format!("{at}/lineItemType");
    faults.check(input.line_item_type.is_some(), &types, "must be given");
    let line_item_type = input.line_item_type?;
    let same = first == Some(line_item_type);
    faults.check(same, &types, "all line items of an entitlement have one type");
    let most = if line_item_type == LineItemType::Product_Key { PRODUCT_KEYS } else { 1 };
    let num_product_keys = input.num_product_keys.unwrap_or(1);
    let fits = (1..=most).contains(&num_product_keys);
    faults.check(fits, &format!("{at}/numProductKeys"), format!("must lie between 1 and {most}"));
    let per_key = input.num_activation_per_product_key.unwrap_or(1);
    let fits = (1..=ACTIVATIONS_PER_KEY).contains(&per_key);
    let detail = format!("must lie between 1 and {ACTIVATIONS_PER_KEY}");
    faults.check(fits, &format!("{at}/numActivationPerProductKey"), detail);
    let fixed = match (input.activation_method, input.fixed_quantity) {
        (ActivationMethod::Fixed, Some(quantity)) => (1..=per_key).contains(&quantity),
        (ActivationMethod::Fixed, None) => false,
        (_, given) => given.is_none(),
    };
    let detail = "FIXED needs a quantity from 1 to numActivationPerProductKey, the others none";
    faults.check(fixed, &format!("{at}/fixedQuantity"), detail);
    let update = line_item_type == LineItemType::ProtectionKey_Update;
    let allowed = update || input.protection_key_ids.is_empty();
    faults.check(allowed, &format!("{at}/protectionKeyIds"), "only for ProtectionKey_Update");
    let few = input.item_products.len() <= ITEM_PRODUCTS;
    faults.check(few, &format!("{at}/itemProducts"), format!("at most {ITEM_PRODUCTS} products"));
    let mut item_products = Vec::new();
    for (j, product) in input.item_products.iter().enumerate().take(ITEM_PRODUCTS) {
        let at = format!("{at}/itemProducts/{j}/productId");
        faults.check(product.product_id.is_some(), &at, "must be given");
        let twice =
            item_products.iter().any(|p: &ItemProduct| Some(p.product_id) == product.product_id);
        faults.check(!twice, &at, "the product is in this line item already");
        item_products.extend(product.product_id.map(|product_id| ItemProduct { product_id }));
    }
    Some(LineItem {
        line_item_type,
        num_product_keys,
        num_activation_per_product_key: per_key,
        activation_method: input.activation_method,
        fixed_quantity: input.fixed_quantity,
        protection_key_ids: input.protection_key_ids.clone(),
        item_products,
    })
}
