//! The document that a plan sees (D6): `{"provisioningRequest": …}`, from the live rows.
//!
//! Neighbours: `substitution::shape` says what may be in it; a test compares the two.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::activation::{Activatee, Activation};
use crate::attributes::CustomAttributes;
use crate::catalog::license::license_model;
use crate::catalog::{Feature, Product};
use crate::customer::Customer;
use crate::customer::contact::Contact;
use crate::entitlement::product_key::ProductKey;
use crate::entitlement::{Entitlement, ItemProduct, LineItem};
use crate::ids::Id;
use crate::plan::Plan;
use crate::plan::method::Method;
use crate::request::Request;

/// The live rows of a request.
pub struct Sources {
    /// The request.
    pub request: Request,
    /// Its activation.
    pub activation: Activation,
    /// Its entitlement.
    pub entitlement: Entitlement,
    /// Its product key.
    pub key: ProductKey,
    /// The customers of entitlement and activation, and the channel partner.
    pub customers: BTreeMap<Id, Customer>,
    /// The entitlement's contact.
    pub contact: Option<Contact>,
    /// The products of the entitlement.
    pub products: BTreeMap<Id, Product>,
    /// The features of those products.
    pub features: BTreeMap<Id, Feature>,
    /// The plan.
    pub plan: Option<Plan>,
    /// The method.
    pub method: Option<Method>,
}

impl Sources {
    /// The whole document.
    pub fn document(&self) -> Value {
        let request = &self.request;
        let customer = self.customer(self.entitlement.customer_id);
        let status: &str = request.life.state.into();
        json!({"provisioningRequest": {
            "id": request.id,
            "status": status,
            "createdDate": request.created_date,
            "statusUpdateDate": request.life.moved,
            "comments": request.comments,
            "provisioningPlan": self.plan.as_ref().map(|plan| json!({
                "id": plan.id, "name": plan.name, "version": plan.version,
            })),
            "provisioningMethod": self.method.as_ref().map(|method| json!({
                "id": method.info.id, "name": method.info.name,
                "type": <&str>::from(&method.info.channel),
            })),
            "customer": customer,
            "entitlement": self.entitlement(&customer),
            "activationRef": {"activation": self.activation()},
        }})
    }

    fn customer(&self, id: Option<Id>) -> Value {
        let found = id.and_then(|id| self.customers.get(&id));
        found.map_or(Value::Null, |customer| {
            json!({
                "id": customer.id,
                "identifier": customer.identifier,
                "name": customer.name,
                "refId": customer.ref_id,
                "customAttributes": customer.custom_attributes,
            })
        })
    }

    fn entitlement(&self, customer: &Value) -> Value {
        let entitlement = &self.entitlement;
        let state: &str = entitlement.life.state.into();
        json!({
            "id": entitlement.id,
            "eId": entitlement.e_id,
            "state": state,
            "startDate": entitlement.start_date,
            "endDate": entitlement.end_date,
            "refId1": entitlement.ref_id1,
            "refId2": entitlement.ref_id2,
            "customer": customer,
            "contact": self.contact.as_ref().map(|contact| json!({
                "id": contact.id, "emailId": contact.email_id, "name": contact.name,
            })),
            "channelPartner": self.customer(entitlement.partner_id),
            "customAttributes": entitlement.custom_attributes,
            "productKeys": {"productKey": self.product_keys()},
        })
    }

    /// One entry a line item, the activated one first (001-H7).
    fn product_keys(&self) -> Vec<Value> {
        let activated = self.entitlement.item_of(self.key.index).map(|(i, _)| i);
        let items = self.entitlement.items.iter().enumerate();
        let (mut first, rest): (Vec<_>, Vec<_>) = items.partition(|(i, _)| Some(*i) == activated);
        first.extend(rest);
        let line = |(i, item): (usize, &LineItem)| self.product_key(item, Some(i) == activated);
        first.into_iter().map(line).collect()
    }

    fn product_key(&self, item: &LineItem, activated: bool) -> Value {
        let key = activated.then_some(&self.key);
        let key_state: Option<&str> = key.map(|key| key.state.into());
        let of_request = |own: &&ItemProduct| own.product_id == self.request.product.id;
        let mut products = item.item_products.iter();
        let sold = if activated { products.find(of_request) } else { products.next() };
        let product =
            if activated { Some(self.request.product.id) } else { sold.map(|p| p.product_id) };
        let attributes = key.map(|key| key.custom_attributes.clone()).unwrap_or_default();
        json!({
            "pkId": activated.then_some(self.request.pk_id),
            "totalQuantity": item.num_activation_per_product_key,
            "availableQuantity": key.map(ProductKey::remaining),
            "activationMethod": item.activation_method,
            "fixedQuantity": item.fixed_quantity,
            "state": key_state,
            "startDate": self.entitlement.start_date,
            "endDate": self.entitlement.end_date,
            "customAttributes": attributes,
            "item": {"itemProduct": {
                "product": self.product(product, true),
                "itemProductFeatures": {"itemProductFeature": self.item_features(sold)},
            }},
        })
    }

    fn product(&self, id: Option<Id>, with_flag: bool) -> Value {
        let Some(product) = id.and_then(|id| self.products.get(&id)) else { return Value::Null };
        let mut out = json!({
            "id": product.id,
            "identifier": product.identifier,
            "nameVersion": product.name_version,
            "productType": product.product_type,
        });
        if with_flag {
            out["provisioningEnabled"] = product.provisioning_enabled.into();
        }
        out
    }

    /// The features that are sold with a product and exist, in its order, with their license model.
    fn features(&self, sold: Option<&ItemProduct>) -> Vec<(Option<u64>, Value)> {
        let pair = |sold: &ItemProduct| Some((sold.clone(), self.products.get(&sold.product_id)?));
        let Some((sold, product)) = sold.and_then(pair) else { return Vec::new() };
        let each = sold.sold(product).filter_map(|(of_product, specified)| {
            let feature = self.features.get(&of_product.feature_id?)?;
            let shown = json!({
                "id": feature.id,
                "identifier": feature.identifier,
                "nameVersion": feature.name_version,
            });
            let specified = specified.and_then(|own| own.license_model_id);
            Some((of_product.license_model_id.or(specified), shown))
        });
        each.collect()
    }

    fn item_features(&self, sold: Option<&ItemProduct>) -> Vec<Value> {
        let line = |(model, feature): (Option<u64>, Value)| {
            let model = model.and_then(license_model);
            let model = model.map(|model| json!({"id": model.id, "name": model.name}));
            json!({"feature": feature, "licenseModel": model})
        };
        self.features(sold).into_iter().map(line).collect()
    }

    fn activation_features(&self) -> Vec<Value> {
        let of_request = |own: &&ItemProduct| own.product_id == self.request.product.id;
        let item = self.entitlement.item_of(self.key.index).map(|(_, item)| item);
        let sold = item.and_then(|item| item.item_products.iter().find(of_request));
        self.features(sold).into_iter().map(|(_, feature)| json!({"feature": feature})).collect()
    }

    fn activation(&self) -> Value {
        let (activation, entitlement) = (&self.activation, &self.entitlement);
        let state: &str = activation.life.state.into();
        let entitlement_state: &str = entitlement.life.state.into();
        json!({
            "id": activation.id,
            "aid": activation.aid,
            "activationDate": activation.activation_date,
            "activationQuantity": activation.quantity,
            "state": state,
            "customer": self.customer(activation.customer_id.or(entitlement.customer_id)),
            "activatee": activation.activatee.as_ref().map(person),
            "customAttributes": activation.custom_attributes,
            "inputs": activation.inputs,
            "entitlement": {
                "id": entitlement.id,
                "eId": entitlement.e_id,
                "state": entitlement_state,
                "customAttributes": entitlement.custom_attributes,
            },
            "activationProductKey": {
                "pkId": activation.pk_id,
                "activationQuantity": activation.quantity,
                "activationItem": {"activationProduct": {
                    "product": self.product(Some(self.request.product.id), false),
                    "activationFeatures": {"activationFeature": self.activation_features()},
                }},
                "customAttributes": self.key_attributes(),
            },
        })
    }

    fn key_attributes(&self) -> &CustomAttributes {
        &self.key.custom_attributes
    }
}

fn person(activatee: &Activatee) -> Value {
    json!({"id": activatee.id, "emailId": activatee.email_id, "name": activatee.name})
}
