//! The document that a plan sees (D6): `{"provisioningRequest": …}`, from the live rows, and only
//! the parts of it that the plan reads.
//!
//! Neighbours: `substitution::shape` says what may be in it; a test compares the two.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::activation::{Activatee, Activation};
use crate::catalog::license::{attribute_of, license_model};
use crate::catalog::product_feature::{LicenseAttribute, ProductFeature};
use crate::catalog::{Feature, Product};
use crate::customer::Customer;
use crate::customer::contact::Contact;
use crate::entitlement::product_key::ProductKey;
use crate::entitlement::{Entitlement, ItemFeature, ItemProduct, LineItem};
use crate::ids::Id;
use crate::plan::Plan;
use crate::plan::method::Method;
use crate::request::Request;
use crate::substitution::parts::Parts;

/// The live rows of a request.
pub struct Sources {
    /// The request.
    pub request: Request,
    /// The one that provided what this one takes back.
    pub provided: Option<Request>,
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

/// A product as it is sold by a line item.
#[derive(Clone, Copy)]
struct Sold<'a> {
    of_item: &'a ItemProduct,
    product: &'a Product,
}

/// A feature that is sold: as it is, as the product has it, as the line item specifies it.
struct SoldFeature<'a> {
    feature: &'a Feature,
    of_product: &'a ProductFeature,
    specified: Option<&'a ItemFeature>,
}

impl Sources {
    /// These parts of the document.
    pub fn document(&self, parts: &Parts) -> Value {
        Object::of(parts).part("provisioningRequest", |parts| self.request(parts)).done()
    }

    fn request(&self, parts: &Parts) -> Value {
        let request = &self.request;
        let plan = self.plan.as_ref().map(|plan| (plan.id, &plan.name, plan.version));
        let method = self.method.as_ref().map(|method| &method.info);
        let channel = method.map(|method| <&str>::from(&method.channel));
        let method = method.map(|method| (method.id, &method.name, method.version));
        let reference = &self.provided.as_ref().unwrap_or(request).reference_number;
        Object::of(parts)
            .leaf("id", &request.id)
            .leaf("status", &request.life.state)
            .leaf("createdDate", &request.created_date)
            .leaf("statusUpdateDate", &request.life.moved)
            .leaf("comments", &request.comments)
            .some("provisioningPlan", plan, named)
            .some("provisioningMethod", method.zip(channel), |parts, ((id, name, _), channel)| {
                Object::of(parts).leaf("id", &id).leaf("name", name).leaf("type", channel)
            })
            .part("customer", |parts| self.customer(parts, self.entitlement.customer_id))
            .part("entitlement", |parts| self.entitlement(parts))
            .part("activationRef", |parts| {
                Object::of(parts).part("activation", |parts| self.activation(parts)).done()
            })
            .leaf("number", &request.id.to_string())
            .leaf("type", &request.kind)
            .leaf("generation", &request.generation)
            .leaf("activatedQuantity", &request.quantity)
            .leaf("scheduledDate", &request.scheduled_date)
            .leaf("referenceNumber", reference)
            .leaf("productId", &request.product.id)
            .leaf("productName", &request.product.name)
            .leaf("eId", &request.e_id)
            .leaf("aid", &request.aid)
            .leaf("pkId", &request.pk_id)
            .some("plan", plan, named)
            .some("method", method, named)
            .done()
    }

    fn customer(&self, parts: &Parts, id: Option<Id>) -> Value {
        let found = id.and_then(|id| self.customers.get(&id));
        found.map_or(Value::Null, |customer| {
            Object::of(parts)
                .leaf("id", &customer.id)
                .leaf("identifier", &customer.identifier)
                .leaf("name", &customer.name)
                .leaf("refId", &customer.ref_id)
                .leaf("customAttributes", &customer.custom_attributes)
                .leaf("emails", &customer.emails)
                .done()
        })
    }

    fn entitlement(&self, parts: &Parts) -> Value {
        let entitlement = &self.entitlement;
        Object::of(parts)
            .leaf("id", &entitlement.id)
            .leaf("eId", &entitlement.e_id)
            .leaf("state", &entitlement.life.state)
            .leaf("startDate", &entitlement.start_date)
            .leaf("endDate", &entitlement.end_date)
            .leaf("refId1", &entitlement.ref_id1)
            .leaf("refId2", &entitlement.ref_id2)
            .part("customer", |parts| self.customer(parts, entitlement.customer_id))
            .some("contact", self.contact.as_ref(), |parts, contact| {
                person(parts, Some(contact.id), &contact.email_id, contact.name.as_deref())
            })
            .part("channelPartner", |parts| self.customer(parts, entitlement.partner_id))
            .leaf("customAttributes", &entitlement.custom_attributes)
            .part("productKeys", |parts| {
                Object::of(parts).part("productKey", |parts| self.product_keys(parts)).done()
            })
            .leaf("isTest", &entitlement.is_test)
            .leaf("registrationRequired", &entitlement.registration_required)
            .done()
    }

    /// One entry a line item, the activated one first (001-H7).
    fn product_keys(&self, parts: &Parts) -> Value {
        let activated = self.entitlement.item_of(self.key.index).map(|(i, _)| i);
        let items = self.entitlement.items.iter().enumerate();
        let (mut first, rest): (Vec<_>, Vec<_>) = items.partition(|(i, _)| Some(*i) == activated);
        first.extend(rest);
        let line = |(i, item)| self.product_key(parts, item, Some(i) == activated);
        first.into_iter().map(line).collect()
    }

    fn product_key(&self, parts: &Parts, item: &LineItem, activated: bool) -> Value {
        let key = activated.then_some(&self.key);
        let attributes = key.map(|key| key.custom_attributes.clone()).unwrap_or_default();
        let product = if activated {
            Some(self.request.product.id)
        } else {
            item.item_products.first().map(|own| own.product_id)
        };
        Object::of(parts)
            .leaf("pkId", &activated.then_some(self.request.pk_id))
            .leaf("totalQuantity", &item.num_activation_per_product_key)
            .leaf("availableQuantity", &key.map(ProductKey::remaining))
            .leaf("activationMethod", &item.activation_method)
            .leaf("fixedQuantity", &item.fixed_quantity)
            .leaf("state", &key.map(|key| key.state))
            .leaf("startDate", &self.entitlement.start_date)
            .leaf("endDate", &self.entitlement.end_date)
            .leaf("customAttributes", &attributes)
            .part("item", |parts| {
                Object::of(parts)
                    .part("itemProduct", |parts| self.item_product(parts, item, product))
                    .done()
            })
            .leaf("protectionKeyIds", &item.protection_key_ids)
            .done()
    }

    fn item_product(&self, parts: &Parts, item: &LineItem, product: Option<Id>) -> Value {
        let sold = self.sold(item, product);
        let object = Object::of(parts).part("product", |parts| self.product(parts, product)).part(
            "itemProductFeatures",
            |parts| {
                Object::of(parts)
                    .part("itemProductFeature", |parts| self.features(parts, sold))
                    .done()
            },
        );
        sold_with(object, Some(item), sold).done()
    }

    fn product(&self, parts: &Parts, id: Option<Id>) -> Value {
        let found = id.and_then(|id| self.products.get(&id));
        found.map_or(Value::Null, |product| {
            Object::of(parts)
                .leaf("id", &product.id)
                .leaf("identifier", &product.identifier)
                .leaf("nameVersion", &product.name_version)
                .leaf("productType", &product.product_type)
                .leaf("provisioningEnabled", &product.provisioning_enabled)
                .done()
        })
    }

    /// A product of a line item; none where it does not exist, or is not in it.
    fn sold<'a>(&'a self, item: &'a LineItem, product: Option<Id>) -> Option<Sold<'a>> {
        let product = self.products.get(&product?)?;
        let of_item = item.item_products.iter().find(|own| own.product_id == product.id)?;
        Some(Sold { of_item, product })
    }

    /// The features that are sold with a product and exist, in its order.
    fn features(&self, parts: &Parts, sold: Option<Sold<'_>>) -> Value {
        let Some(Sold { of_item, product }) = sold else { return json!([]) };
        let each = of_item.sold(product).filter_map(|(of_product, specified)| {
            let feature = self.features.get(&of_product.feature_id?)?;
            Some(SoldFeature { feature, of_product, specified }.part(parts))
        });
        each.collect()
    }

    fn activation(&self, parts: &Parts) -> Value {
        let (activation, entitlement) = (&self.activation, &self.entitlement);
        let customer = activation.customer_id.or(entitlement.customer_id);
        Object::of(parts)
            .leaf("id", &activation.id)
            .leaf("aid", &activation.aid)
            .leaf("activationDate", &activation.activation_date)
            .leaf("activationQuantity", &activation.quantity)
            .leaf("state", &activation.life.state)
            .part("customer", |parts| self.customer(parts, customer))
            .some("activatee", activation.activatee.as_ref(), |parts, activatee| {
                let Activatee { id, email_id, name } = activatee;
                person(parts, *id, email_id, name.as_deref())
            })
            .leaf("customAttributes", &activation.custom_attributes)
            .leaf("inputs", &activation.inputs)
            .part("entitlement", |parts| {
                Object::of(parts)
                    .leaf("id", &entitlement.id)
                    .leaf("eId", &entitlement.e_id)
                    .leaf("state", &entitlement.life.state)
                    .leaf("customAttributes", &entitlement.custom_attributes)
                    .done()
            })
            .part("activationProductKey", |parts| {
                Object::of(parts)
                    .leaf("pkId", &activation.pk_id)
                    .leaf("activationQuantity", &activation.quantity)
                    .part("activationItem", |parts| {
                        let product = |parts: &Parts| self.activation_product(parts);
                        Object::of(parts).part("activationProduct", product).done()
                    })
                    .leaf("customAttributes", &self.key.custom_attributes)
                    .done()
            })
            .done()
    }

    fn activation_product(&self, parts: &Parts) -> Value {
        let product = Some(self.request.product.id);
        let item = self.entitlement.item_of(self.key.index).map(|(_, item)| item);
        let sold = item.and_then(|item| self.sold(item, product));
        let object = Object::of(parts).part("product", |parts| self.product(parts, product)).part(
            "activationFeatures",
            |parts| {
                Object::of(parts)
                    .part("activationFeature", |parts| self.features(parts, sold))
                    .done()
            },
        );
        sold_with(object, item, sold).done()
    }
}

impl SoldFeature<'_> {
    fn part(&self, parts: &Parts) -> Value {
        let Self { feature, of_product, specified } = self;
        let specified_model = specified.and_then(|own| own.license_model_id);
        let model = of_product.license_model_id.or(specified_model).and_then(license_model);
        Object::of(parts)
            .part("feature", |parts| {
                Object::of(parts)
                    .leaf("id", &feature.id)
                    .leaf("identifier", &feature.identifier)
                    .leaf("nameVersion", &feature.name_version)
                    .done()
            })
            .some("licenseModel", model, |parts, model| {
                Object::of(parts).leaf("id", &model.id).leaf("name", model.name)
            })
            .part("attributes", |parts| {
                Object::of(parts).part("attribute", |parts| self.attributes(parts)).done()
            })
            .done()
    }

    /// The values as they are sold: as specified, else the product's own. Where the sale chose the
    /// license model, those of other models are not sold.
    fn attributes(&self, parts: &Parts) -> Value {
        let chosen = self.specified.and_then(|own| own.license_model_id);
        let chosen = chosen.filter(|_| self.of_product.license_model_id.is_none());
        let model = chosen.and_then(license_model);
        let taken = |own: &&LicenseAttribute| model.is_none_or(|it| it.takes(own.attribute_id));
        let each = self.of_product.attributes.iter().filter(taken).filter_map(|own| {
            let attribute = attribute_of(own.attribute_id)?;
            let specified = self.specified.and_then(|it| it.value(attribute.id));
            let value = specified.or(own.value.as_deref())?;
            let object = Object::of(parts).leaf("id", &attribute.id);
            Some(object.leaf("name", attribute.name).leaf("value", value).done())
        });
        each.collect()
    }
}

/// What a line item says of a product besides.
fn sold_with<'a>(
    object: Object<'a>,
    item: Option<&LineItem>,
    sold: Option<Sold<'_>>,
) -> Object<'a> {
    let memory =
        sold.and_then(|it| it.of_item.memory_data.as_ref().or(it.product.memory_data.as_ref()));
    let attributes = item.map(|item| &item.activation_attributes[..]).unwrap_or_default();
    object
        .leaf("lineItemType", &item.map(|item| item.line_item_type))
        .leaf("memoryData", &memory)
        .leaf("activationAttributes", attributes)
}

fn named<'a>(parts: &'a Parts, (id, name, version): (Id, &String, u64)) -> Object<'a> {
    Object::of(parts).leaf("id", &id).leaf("name", name).leaf("version", &version)
}

fn person<'a>(parts: &'a Parts, id: Option<Id>, email: &str, name: Option<&str>) -> Object<'a> {
    Object::of(parts).leaf("id", &id).leaf("emailId", email).leaf("name", &name)
}

/// An object of those members that are read.
struct Object<'a> {
    parts: &'a Parts,
    members: Map<String, Value>,
}

impl<'a> Object<'a> {
    fn of(parts: &'a Parts) -> Self {
        Self { parts, members: Map::new() }
    }

    /// A member that is built by its own parts.
    fn part(mut self, name: &str, build: impl FnOnce(&'a Parts) -> Value) -> Self {
        if let Some(parts) = self.parts.get(name) {
            self.members.insert(name.to_owned(), build(parts));
        }
        self
    }

    /// The same of what may not be there: then it is null.
    fn some<T>(
        self,
        name: &str,
        found: Option<T>,
        build: impl FnOnce(&'a Parts, T) -> Self,
    ) -> Self {
        self.part(name, |parts| found.map_or(Value::Null, |it| build(parts, it).done()))
    }

    /// A member that is not taken apart.
    fn leaf(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.part(name, |_| json!(value))
    }

    fn done(self) -> Value {
        Value::Object(self.members)
    }
}
