//! Activating: the guards in their order, then one transaction (rows K4, A1, P1, P2, N9, N12).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::activation::states::{Event, State};
use crate::activation::{Activatee, Activation, Inputs};
use crate::attributes::CustomAttributes;
use crate::catalog::Product;
use crate::customer::Customer;
use crate::decision::Decision;
use crate::entitlement::create::Products;
use crate::entitlement::product_key::{Consumption, Count, ProductKey};
use crate::entitlement::states::{
    Around, Event as EntitlementEvent, KeyAround, KeyEvent, KeyState, State as EntitlementState,
};
use crate::entitlement::{ActivationMethod, Entitlement, LineItem, LineItemType, Registration};
use crate::ids::{Id, Purpose};
use crate::life::Life;
use crate::limits::{BULK, C2V_CHARS, SCHEDULED_AHEAD};
use crate::machine::Stateful;
use crate::plan::association::Association;
use crate::rejection::{Code, Fault, Faults, Rejection};
use crate::request::open::Origin;
use crate::request::{Request, RequestType};
use crate::rev::Rev;
use crate::stamp::{Actor, Stamp};
use crate::text;
use crate::time::Time;

/// Body of `POST /v1/activations`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ActivationInput {
    /// The product key.
    pub pk_id: String,
    /// How much of it.
    pub activation_quantity: u32,
    /// The customer; default: the entitlement's.
    pub customer_id: Option<Id>,
    /// The person who will use it.
    pub activatee: Option<Activatee>,
    /// Custom attributes.
    pub custom_attributes: CustomAttributes,
    /// For `Hardware_Key` and `ProtectionKey_Update`.
    pub inputs: Option<Inputs>,
    /// Send the provisioning requests not before this.
    pub scheduled_date: Option<Time>,
}

/// Body of `POST /v1/activations/bulk`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct BulkInput {
    /// 1 to 100; each is read and decided by itself.
    #[schema(value_type = Vec<ActivationInput>)]
    pub activations: Vec<serde_json::Value>,
}

impl BulkInput {
    /// The parts, if they are as many as allowed.
    ///
    /// # Errors
    /// `VALIDATION_FAILED`.
    pub fn parts(self) -> Result<Vec<serde_json::Value>, Rejection> {
        let mut faults = Faults::default();
        let fits = (1..=BULK).contains(&self.activations.len());
        faults.check(fits, "/activations", format!("must have 1 to {BULK} activations"));
        faults.finish().map(|()| self.activations)
    }
}

/// All that an activation depends on, as it was read.
pub struct Facts {
    /// The tenant.
    pub tenant: Id,
    /// The entitlement.
    pub entitlement: Entitlement,
    /// The key, its default when it has no row.
    pub key: ProductKey,
    /// Its GUID.
    pub pk_id: Uuid,
    /// The products of the key's line item, or of an entitlement without keys, each with its
    /// association.
    pub products: Vec<(Product, Option<Association>)>,
    /// A request of an earlier activation is not at rest; of an entitlement without keys only.
    pub open_requests: bool,
    /// What the named id belongs to: a customer, or a partner, who cannot activate.
    pub customer: Option<Customer>,
}

impl ActivationInput {
    /// Faults of the body by itself.
    ///
    /// # Errors
    /// All of them.
    pub fn check(&self, now: Time) -> Result<(), Rejection> {
        let mut faults = Faults::default();
        let latest = now.after(SCHEDULED_AHEAD);
        let soon = self.scheduled_date.is_none_or(|at| at <= latest);
        let bound = format!("must lie at most 366 days ahead, before {latest}");
        faults.check(soon, "/scheduledDate", bound);
        faults.check(!self.pk_id.is_empty(), "/pkId", "must be given");
        if let Some(activatee) = &self.activatee {
            faults.take("/activatee/emailId", text::email(&activatee.email_id));
            if let Some(name) = &activatee.name {
                faults.take("/activatee/name", text::short(name));
            }
        }
        self.custom_attributes.check("/customAttributes", &mut faults);
        if let Some(inputs) = &self.inputs {
            if let Some(id) = &inputs.protection_key_id {
                faults.take("/inputs/protectionKeyId", text::short(id));
            }
            let long = inputs.c2v.as_ref().is_some_and(|c2v| c2v.chars().count() > C2V_CHARS);
            faults.check(!long, "/inputs/c2v", format!("at most {C2V_CHARS} characters"));
        }
        faults.finish()
    }
}

impl Facts {
    /// May it? Then the activation, its requests and everything that is written with them.
    ///
    /// # Errors
    /// The first guard that fails, in the order of the refusals.
    pub fn activate(
        self,
        input: &ActivationInput,
        stamp: &Stamp,
    ) -> Result<(Activation, Vec<Request>, Decision), Rejection> {
        self.guards(input, stamp)?;
        let remaining = self.key.remaining() - input.activation_quantity;
        let activation = self.activation(input, stamp)?;
        let requests = self.requests(&activation, input, stamp)?;
        let activation =
            Activation { requests: requests.iter().map(Into::into).collect(), ..activation };
        let mut decision = self.consume(input.activation_quantity, remaining == 0, stamp)?;
        decision = decision.save(activation.clone());
        // The entitlement's own stays as long as the entitlement.
        let own = |customer: &Customer| self.entitlement.customer_id == Some(customer.id);
        let other = self.customer.filter(|customer| !own(customer));
        decision = other.into_iter().fold(decision, Decision::refer);
        for request in &requests {
            let message = request.message(self.tenant, stamp.now);
            decision = message.into_iter().fold(decision.save(request.clone()), Decision::enqueue);
        }
        Ok((activation, requests, decision))
    }

    fn guards(&self, input: &ActivationInput, stamp: &Stamp) -> Result<(), Rejection> {
        let (entitlement, today) = (&self.entitlement, stamp.now.day());
        let (products, open_requests) = (&self.sold(), self.open_requests);
        let around = Around { products, open_requests, today };
        entitlement.open().map_err(|refused| entitlement.refusing(refused, around))?;
        let of_key = KeyAround { entitlement, today };
        match self.key.state(of_key) {
            KeyState::Enabled => {}
            KeyState::Disabled => {
                let detail = "The product key is disabled. Enable it first.";
                return Err(Rejection::new(Code::ProductKeyDisabled, detail));
            }
            KeyState::Void => self.key.permit(KeyEvent::Activate, of_key)?,
        }
        entitlement.unexpired(today)?;
        self.quantity(input.activation_quantity)?;
        let customer = input.customer_id.or(entitlement.customer_id);
        if entitlement.registration_required == Registration::Mandatory && customer.is_none() {
            let detail = "Registration is mandatory: name a customer.";
            return Err(Rejection::at("/customerId", Code::CustomerRequired, detail));
        }
        let known = self.customer.as_ref().is_some_and(|customer| !customer.partner);
        if let Some(id) = input.customer_id.filter(|_| !known) {
            return Err(Fault::unknown("/customerId", "Customer", id).into());
        }
        self.inputs(input.inputs.as_ref())
    }

    fn sold(&self) -> Products {
        self.products.iter().map(|(product, _)| (product.id, product.clone())).collect()
    }

    /// An update needs to know its key: by its id, or by what the key said (`C2V`).
    fn inputs(&self, inputs: Option<&Inputs>) -> Result<(), Rejection> {
        let (_, item) = self.item()?;
        let id = inputs.and_then(|inputs| inputs.protection_key_id.as_ref());
        let c2v = inputs.and_then(|inputs| inputs.c2v.as_ref());
        let wrong = |at, code, detail: String| Err(Rejection::at(at, code, detail));
        match item.line_item_type {
            LineItemType::Product_Key if inputs.is_some() => {
                let detail = "only for Hardware_Key and ProtectionKey_Update".to_owned();
                wrong("/inputs", Code::ValidationFailed, detail)
            }
            LineItemType::ProtectionKey_Update if id.is_none() && c2v.is_none() => {
                let detail = "ProtectionKey_Update needs protectionKeyId or c2v".to_owned();
                wrong("/inputs", Code::ValidationFailed, detail)
            }
            LineItemType::ProtectionKey_Update => match id {
                Some(id) if !item.protection_key_ids.contains(id) => {
                    let detail = format!("The line item has no protection key {id}.");
                    wrong("/inputs/protectionKeyId", Code::ReferenceNotFound, detail)
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn item(&self) -> Result<(usize, &LineItem), Rejection> {
        let found = self.entitlement.item_of(self.key.index);
        found.ok_or_else(|| {
            Rejection::at("/pkId", Code::ProductKeyUnknown, "There is no such product key.")
        })
    }

    fn quantity(&self, quantity: u32) -> Result<(), Rejection> {
        let (_, item) = self.item()?;
        let remaining = self.key.remaining();
        let allowed = quantity >= 1
            && match item.activation_method {
                ActivationMethod::Partial => true,
                ActivationMethod::Fixed => Some(quantity) == item.fixed_quantity,
                ActivationMethod::Full => quantity == remaining.max(1),
            };
        if !allowed {
            let method: &str = item.activation_method.into();
            let detail = match item.activation_method {
                ActivationMethod::Fixed => {
                    format!("{method} takes {} at a time.", item.fixed_quantity.unwrap_or(1))
                }
                ActivationMethod::Full => format!("{method} takes all that remains ({remaining})."),
                ActivationMethod::Partial => "The quantity must be at least 1.".to_owned(),
            };
            return Err(Rejection::at("/activationQuantity", Code::QuantityNotAllowed, detail));
        }
        if quantity > remaining {
            let detail = format!("{quantity} were asked for, {remaining} remain.");
            return Err(Rejection::at("/activationQuantity", Code::QuantityExceeded, detail));
        }
        Ok(())
    }

    fn activation(&self, input: &ActivationInput, stamp: &Stamp) -> Result<Activation, Rejection> {
        Ok(Activation {
            id: stamp.id(0),
            aid: stamp.entropy.guid(Purpose::ActivationId).to_string(),
            entitlement_id: self.entitlement.id,
            e_id: self.entitlement.e_id,
            pk_id: self.pk_id,
            key_index: self.key.index,
            key_generation: self.key.generation,
            quantity: input.activation_quantity,
            activation_date: stamp.now,
            life: Life::begin::<Activation>(Event::Activate, State::Active, stamp)?,
            customer_id: input.customer_id.or(self.entitlement.customer_id),
            activatee: input.activatee.clone(),
            custom_attributes: input.custom_attributes.clone(),
            inputs: input.inputs.clone(),
            requests: Vec::new(),
            deprovisioning: Vec::new(),
            again: Vec::new(),
            acknowledgement_request: self.item()?.1.asks_acknowledgement(),
            acknowledged_at: None,
            rev: Rev::default(),
        })
    }

    /// One request for each provisioning-enabled product (I2).
    fn requests(
        &self,
        activation: &Activation,
        input: &ActivationInput,
        stamp: &Stamp,
    ) -> Result<Vec<Request>, Rejection> {
        let enabled = self.products.iter().filter(|(product, _)| product.provisioning_enabled);
        let open = |(number, (product, association)): (u32, &(Product, Option<Association>))| {
            let origin = Origin { activation, product, association: association.as_ref() };
            let stamp = &stamp.by(Actor::System);
            let (id, kind) = (stamp.id(number), RequestType::Provision);
            Request::open(id, kind, &origin, input.scheduled_date, stamp)
        };
        (1..).zip(enabled).map(open).collect()
    }

    /// Takes the quantity, and moves the entitlement where that is its last or first activation.
    fn consume(&self, quantity: u32, exhausts: bool, stamp: &Stamp) -> Result<Decision, Rejection> {
        let mut entitlement = self.entitlement.clone();
        let asks = self.item()?.1.asks_acknowledgement();
        let last = exhausts && entitlement.keys_exhausted + 1 == entitlement.keys();
        let first = entitlement.life.state == EntitlementState::Queued;
        // An entitlement without a customer takes the one that its activation names (004-H23).
        let registers = self.customer.as_ref().filter(|_| entitlement.customer_id.is_none());
        let count = (!first && !last && registers.is_none()).then(|| Count {
            state: entitlement.life.state,
            generation: entitlement.key_generation,
            keys: entitlement.keys(),
            unacknowledged: asks,
        });
        let moved = count.is_none();
        let consumption = Consumption { key: self.key.clone(), quantity, exhausts, count };
        let decision = Decision::default().consume(consumption);
        if !moved {
            return Ok(decision);
        }
        if let Some(customer) = registers {
            entitlement.customer_id = Some(customer.id);
            entitlement.meta.touch(stamp);
        }
        entitlement.active_activations += 1;
        entitlement.keys_exhausted += u32::from(exhausts);
        entitlement.unacknowledged += u64::from(asks);
        if first {
            entitlement.walk(
                EntitlementEvent::FirstActivation,
                EntitlementState::Produced,
                stamp,
            )?;
        }
        if last {
            let stamp = &stamp.by(Actor::System);
            entitlement.walk(
                EntitlementEvent::LastActivation,
                EntitlementState::Completed,
                stamp,
            )?;
            entitlement.try_acknowledged(stamp)?;
        }
        Ok(entitlement.saved(decision).1)
    }
}
