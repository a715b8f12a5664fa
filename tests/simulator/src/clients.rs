//! Clients of the API: what they want, what they heard, and what they may conclude (I10).
//!
//! Neighbours: `schedule` makes them, `world` carries their calls.

use model::invariants::{Violation, check};
use serde_json::{Value, json};

use crate::api::{Call, Reply, Sale, Terms, method_of, plan_of};

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A number of activations of a key of a sale.
    Activate {
        /// Of which product key.
        pk: usize,
        /// How many.
        quantity: u32,
    },
    /// An operator's act on some request.
    Operate(&'static str, Value),
    /// Another text in the plan.
    EditPlan(u32),
    /// Another ladder of the method.
    EditMethod(Vec<&'static str>),
    /// The entitlement enabled or disabled.
    Entitlement(bool),
    /// Plan and method of the product taken away.
    Dissolve,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Of which tenant.
    pub sale: usize,
    /// What it wants.
    pub wish: Wish,
    /// Its call; none until it knows what to call.
    pub call: Option<Call>,
    /// Calls under way.
    pub under_way: u32,
    /// It does not know what became of its last call.
    pub in_doubt: bool,
    /// The last answer that was no 5xx.
    pub last: Option<Reply>,
    /// The first 2xx.
    pub granted: Option<Reply>,
    /// What it writes into its activation, to know it again.
    pub mark: String,
}

impl Client {
    /// A client that has not called yet.
    pub fn new(number: usize, sale: usize, wish: Wish) -> Self {
        let mark = format!("c{number}@example.com");
        Self {
            sale,
            wish,
            call: None,
            under_way: 0,
            in_doubt: false,
            last: None,
            granted: None,
            mark,
        }
    }

    /// Writes its call; `request` is what an operator acts on.
    pub fn write(&mut self, sale: &Sale, request: Option<u64>) {
        let key = &sale.key;
        let method = sale.method;
        let call = match &self.wish {
            Wish::Activate { pk, quantity } => {
                let body = json!({"pkId": sale.pk_ids[*pk], "activationQuantity": quantity,
                    "activatee": {"emailId": self.mark}});
                Some(Call::new("POST", "/v1/activations", key, &body).once(&self.mark))
            }
            Wish::Operate(act, body) => request.map(|id| {
                let path = format!("/v1/provisioning-requests/{id}");
                match *act {
                    "" => Call::new("PATCH", path, key, body),
                    act => Call::new("POST", format!("{path}/{act}"), key, body).once(&self.mark),
                }
            }),
            Wish::EditPlan(n) => {
                let path = format!("/v1/plans/{}", sale.plan);
                Some(Call::new("PUT", path, key, &plan_of(&format!("edit {n}"))))
            }
            Wish::EditMethod(ladder) => {
                let ladder = ladder.clone();
                let terms = Terms { ladder, callback_timeout: "PT1H", ..Terms::default() };
                let path = format!("/v1/methods/{method}");
                Some(Call::new("PUT", path, key, &method_of(&terms)))
            }
            Wish::Entitlement(enabled) => {
                let act = if *enabled { "ENABLE" } else { "DISABLE" };
                let path = format!("/v1/entitlements/{}/actions", sale.e_id);
                Some(Call::new("POST", path, key, &json!({"action": act})).once(&self.mark))
            }
            Wish::Dissolve => {
                let path = format!("/v1/products/{}/association", sale.product);
                Some(Call::new("DELETE", path, key, &Value::Null))
            }
        };
        self.call = call;
    }

    /// Whether its call has an Idempotency-Key.
    pub fn is_keyed(&self) -> bool {
        let keyed = |call: &Call| call.headers.iter().any(|(name, _)| *name == "idempotency-key");
        self.call.as_ref().is_some_and(keyed)
    }

    /// Whether it has to call, or to call again.
    pub fn wants(&self) -> bool {
        self.under_way == 0 && (self.in_doubt && self.is_keyed() || self.last.is_none())
    }

    /// Its call, once more.
    ///
    /// # Panics
    /// When it was not written.
    #[expect(clippy::expect_used, reason = "the schedule writes a call before it begins it")]
    pub fn begin(&mut self) -> Call {
        self.under_way += 1;
        self.call.clone().expect("a call")
    }

    /// Its call was not answered.
    pub fn unheard(&mut self) {
        self.under_way -= 1;
        self.in_doubt = true;
        if !self.is_keyed() {
            // Without a key nobody repeats it.
            self.last.get_or_insert(Reply { status: 0, json: Value::Null });
        }
    }

    /// Hears an answer. Who was granted something hears the same for ever (I10).
    ///
    /// # Errors
    /// The violation.
    pub fn hear(&mut self, reply: Reply) -> Result<(), Violation> {
        if reply.status >= 500 {
            check("I10", reply.status == 503, || format!("{}: {}", reply.status, reply.json))?;
            self.unheard();
            return Ok(());
        }
        self.under_way -= 1;
        self.in_doubt = self.under_way > 0;
        if reply.status < 300 && self.is_keyed() {
            let first = self.granted.get_or_insert_with(|| reply.clone());
            check("I10", *first == reply, || {
                format!("{} was answered {} and {}", self.mark, first.json, reply.json)
            })?;
        }
        self.last = Some(reply);
        Ok(())
    }
}
