//! Reads the line items of a body: their types, numbers and products.
//!
//! Neighbours: `create` asks it, `saot` reads what is specified of a product. Guarantee: every
//! fault is noted with its place, none hides another.

use crate::catalog::license::attribute_named;
use crate::entitlement::create::Products;
use crate::entitlement::input::{ItemProductInput, LineItemInput};
use crate::entitlement::{
    ACKNOWLEDGEMENT_REQUEST, ActivationAttribute, ActivationMethod, ItemProduct, LineItem,
    LineItemType, saot,
};
use crate::limits::{
    ACTIVATIONS_PER_KEY, ENTITLEMENT_BYTES, ENTITLEMENT_KEYS, ITEM_PRODUCTS, LICENSE_ATTRIBUTES,
    LINE_ITEMS, MEMORY_DATA_CHARS, PRODUCT_KEYS, PROTECTION_KEYS,
};
use crate::rejection::{Code, Fault, Faults};
use crate::text;

const AT: &str = "/entitlementItems";

/// The catalog that the items of a body are checked against.
pub(super) struct Reader<'a> {
    /// The products that the store knows.
    pub(super) products: &'a Products,
    /// The line items that there were before.
    pub(super) before: &'a [LineItem],
}

impl Reader<'_> {
    /// All line items.
    pub(super) fn items(&self, input: &[LineItemInput], faults: &mut Faults) -> Vec<LineItem> {
        faults.check(input.len() <= LINE_ITEMS, AT, format!("at most {LINE_ITEMS} line items"));
        let first = input.first().and_then(|item| item.line_item_type);
        let mut items = Vec::new();
        for (i, item) in input.iter().enumerate().take(LINE_ITEMS) {
            let types = format!("{AT}/{i}/lineItemType");
            faults.check(item.line_item_type.is_some(), &types, "must be given");
            let Some(line_item_type) = item.line_item_type else { continue };
            let same = first == Some(line_item_type);
            faults.check(same, &types, "all line items of an entitlement have one type");
            items.push(self.item(i, item, line_item_type, faults));
        }
        let keys: u64 = items.iter().map(|item| u64::from(item.num_product_keys)).sum();
        let fits = keys <= u64::from(ENTITLEMENT_KEYS);
        faults.check(fits, AT, format!("at most {ENTITLEMENT_KEYS} product keys in all"));
        let bytes = serde_json::to_string(&items).map_or(0, |text| text.len());
        let fits = bytes <= ENTITLEMENT_BYTES;
        faults.check(fits, AT, format!("at most {ENTITLEMENT_BYTES} bytes in all, has {bytes}"));
        items
    }

    fn item(
        &self,
        i: usize,
        input: &LineItemInput,
        line_item_type: LineItemType,
        faults: &mut Faults,
    ) -> LineItem {
        let at = &format!("{AT}/{i}");
        let most = if line_item_type == LineItemType::Product_Key { PRODUCT_KEYS } else { 1 };
        let num_product_keys = input.num_product_keys.unwrap_or(1);
        let fits = (1..=most).contains(&num_product_keys);
        let detail = format!("must lie between 1 and {most}");
        faults.check(fits, &format!("{at}/numProductKeys"), detail);
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
        let known = input.enforcement_id.is_none_or(|id| id == 1);
        faults.check(known, &format!("{at}/enforcementId"), "the only enforcementId is 1");
        LineItem {
            line_item_type,
            num_product_keys,
            num_activation_per_product_key: per_key,
            activation_method: input.activation_method,
            fixed_quantity: input.fixed_quantity,
            protection_key_ids: protection_keys(at, input, line_item_type, faults),
            enforcement_id: input.enforcement_id,
            activation_attributes: attributes(at, &input.activation_attributes, faults),
            item_products: self.products(i, &input.item_products, faults),
        }
    }

    fn products(
        &self,
        i: usize,
        input: &[ItemProductInput],
        faults: &mut Faults,
    ) -> Vec<ItemProduct> {
        let at = format!("{AT}/{i}/itemProducts");
        let few = input.len() <= ITEM_PRODUCTS;
        faults.check(few, &at, format!("at most {ITEM_PRODUCTS} products"));
        let mut read = Vec::new();
        for (j, of_body) in input.iter().enumerate().take(ITEM_PRODUCTS) {
            let (at, id_at) = (format!("{at}/{j}"), format!("{at}/{j}/productId"));
            faults.check(of_body.product_id.is_some(), &id_at, "must be given");
            let Some(product_id) = of_body.product_id else { continue };
            let twice = input[..j].iter().any(|other| other.product_id == Some(product_id));
            faults.check(!twice, &id_at, "the product is in this line item already");
            let Some(product) = self.products.get(&product_id) else {
                faults.push(Fault::unknown(id_at, "Product", product_id));
                continue;
            };
            let before = self.before.get(i).and_then(|item| {
                item.item_products.iter().find(|before| before.product_id == product_id)
            });
            let given = of_body.memory_data.as_deref().filter(|text| !text.is_empty());
            let memory_data = given.and_then(|text| {
                faults.take(&format!("{at}/memoryData"), text::free(text, MEMORY_DATA_CHARS))
            });
            let specified = saot::Specified { at: &at, product, before };
            if let Some(features) = specified.features(&of_body.features, faults) {
                read.push(ItemProduct { product_id, features, memory_data });
            }
        }
        read
    }
}

/// 004, `protectionKeyId`: only for `ProtectionKey_Update`; several allowed.
fn protection_keys(
    at: &str,
    input: &LineItemInput,
    line_item_type: LineItemType,
    faults: &mut Faults,
) -> Vec<String> {
    let (at, ids) = (format!("{at}/protectionKeyIds"), &input.protection_key_ids);
    let update = line_item_type == LineItemType::ProtectionKey_Update;
    faults.check(update || ids.is_empty(), &at, "only for ProtectionKey_Update");
    faults.check(ids.len() <= PROTECTION_KEYS, &at, format!("at most {PROTECTION_KEYS} ids"));
    let each = ids.iter().enumerate().take(PROTECTION_KEYS);
    each.filter_map(|(i, id)| {
        let at = format!("{at}/{i}");
        faults.check(!ids[..i].contains(id), &at, "the id is named twice");
        faults.take(&at, text::short(id))
    })
    .collect()
}

/// 004, step 5: both spellings of the acknowledgement are taken, one is kept (004-H6).
fn attributes(
    at: &str,
    input: &[ActivationAttribute],
    faults: &mut Faults,
) -> Vec<ActivationAttribute> {
    let at = format!("{at}/activationAttributes");
    let most = format!("at most {LICENSE_ATTRIBUTES} attributes");
    faults.check(input.len() <= LICENSE_ATTRIBUTES, &at, most);
    let mut read: Vec<ActivationAttribute> = Vec::new();
    for (i, attribute) in input.iter().enumerate().take(LICENSE_ATTRIBUTES) {
        let (name_at, value_at) =
            (format!("{at}/{i}/attributeName"), format!("{at}/{i}/attributeValue"));
        let name = match &*attribute.attribute_name {
            "ACKNOWLEDGMENT_REQUEST" => ACKNOWLEDGEMENT_REQUEST,
            name => name,
        };
        let twice = read.iter().any(|other| other.attribute_name == name);
        faults.check(!twice, &name_at, "the attribute is named twice");
        let Some(known) = attribute_named(name) else {
            let detail = format!("there is no attribute {name}; see /v1/attributes");
            faults.add(&name_at, Code::ValidationFailed, detail);
            continue;
        };
        let value = faults.take(&value_at, known.read(&attribute.attribute_value));
        read.push(ActivationAttribute {
            attribute_name: name.to_owned(),
            attribute_value: value.unwrap_or_default(),
        });
    }
    read
}
