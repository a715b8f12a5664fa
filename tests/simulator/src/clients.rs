//! Clients of the API: what they want, what they heard, and what they may conclude (I10).
//!
//! Neighbours: `schedule` makes them, `world` carries their calls.

use domain::access::secrets::KEY;
use domain::time::Time;
use fastrand::Rng;
use model::invariants::{Violation, check};
use serde_json::{Value, json};

use crate::CALLBACK_TIMEOUT;
use crate::api::{Call, Reply, Sale, Terms, association_of, method_of, plan_of};
use crate::stage::START_MS;

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A number of activations of a key of a sale.
    Activate {
        /// Of which product key.
        pk: usize,
        /// How many.
        quantity: u32,
        /// To be sent so many seconds later.
        later: Option<i64>,
        /// For the customer.
        theirs: bool,
    },
    /// Two activations of a key in one call.
    Bulk(usize),
    /// An act on some activation.
    Handle(&'static str, Value),
    /// An operator's act on some request.
    Operate(&'static str, Value),
    /// Another comment, by who read another version.
    Stale,
    /// All that failed, retried at once.
    RetryMany,
    /// Another text in the plan.
    EditPlan(u32),
    /// Another ladder, completion and callback time-out of the method.
    EditMethod(Vec<&'static str>, &'static str, &'static str),
    /// An act on the entitlement.
    Entitlement(&'static str),
    /// Plan and method of the product taken away.
    Dissolve,
    /// The product moved to its other method.
    Move,
    /// Its first method deleted.
    DeleteMethod,
    /// A new callback secret of its first method; the older one lives on for so long.
    Rotate(&'static str),
    /// The clerk's API key revoked.
    Dismiss,
    /// The clerk's role left without permissions.
    Demote,
    /// The next secret of the clerk's key; the one before lives on for so long.
    NewSecret(&'static str),
    /// A session of the clerk's key.
    Session,
    /// What is held of the customer blanked.
    Erase,
}

impl Wish {
    /// Any; what is to be revoked at once must be under revocation.
    pub fn some(rng: &mut Rng, number: usize) -> Vec<Self> {
        let wish = Self::any(rng, number);
        let first = wish.name() == "revocation at once";
        let first = first.then(|| Self::Handle("revoke", json!({})));
        first.into_iter().chain([wish]).collect()
    }

    /// Any; the first two of a run activate.
    fn any(rng: &mut Rng, number: usize) -> Self {
        if number < 2 {
            return Self::activation(rng);
        }
        match rng.u32(..31) {
            0..5 => Self::activation(rng),
            5 | 6 => Self::Operate("retry", json!({})),
            7 => Self::Operate("cancel", json!({})),
            8 | 9 => {
                let status = ["IN_PROGRESS", "COMPLETED", "FAILED"][rng.usize(..3)];
                Self::Operate("status", json!({"status": status, "comments": "By hand."}))
            }
            10 if rng.bool() => Self::Operate("", json!({"comments": "Seen."})),
            10 | 11 => Self::EditPlan(rng.u32(..)),
            12 => {
                let completion = ["CALLBACK", "ON_2XX"][rng.usize(..2)];
                let timeout = ["PT1M", CALLBACK_TIMEOUT, "PT2H"][rng.usize(..3)];
                let ladder = LADDERS[rng.usize(..LADDERS.len())].to_vec();
                Self::EditMethod(ladder, completion, timeout)
            }
            13 => match rng.u32(..4) {
                0 => Self::Entitlement("DISABLE"),
                1 => Self::Entitlement("REOPEN"),
                2 => Self::Entitlement("ENABLE"),
                _ => Self::Dissolve,
            },
            14 | 21 => Self::Move,
            15 | 22 => Self::DeleteMethod,
            16 | 17 => Self::Handle("revoke", json!({})),
            18 => Self::Handle("acknowledge", json!({})),
            19 => Self::Handle("revoke", json!({"immediately": true, "comments": "Now."})),
            20 => {
                if rng.bool() {
                    Self::Bulk(rng.usize(..2))
                } else {
                    Self::RetryMany
                }
            }
            23 | 24 => Self::Rotate(["PT0S", "PT1M", "P1D"][rng.usize(..3)]),
            25 => Self::Dismiss,
            26 => Self::Demote,
            27 => Self::NewSecret(["PT0S", "PT1M"][rng.usize(..2)]),
            28 => Self::Session,
            29 => Self::Erase,
            _ => Self::Stale,
        }
    }

    /// Whether an administrator alone may do it.
    pub fn administers(&self) -> bool {
        matches!(self, Self::Dismiss | Self::Demote | Self::NewSecret(_) | Self::Erase)
    }

    fn activation(rng: &mut Rng) -> Self {
        let later = (rng.u32(..8) == 0).then(|| rng.i64(1..100));
        let theirs = rng.u32(..4) == 0;
        Self::Activate { pk: rng.usize(..2), quantity: rng.u32(1..4), later, theirs }
    }

    /// What it is counted as.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Activate { later: None, .. } => "activation",
            Self::Activate { .. } => "activation for later",
            Self::Bulk(_) => "activation of two",
            Self::Handle("revoke", body) if body["immediately"] == true => "revocation at once",
            Self::Handle("revoke", _) => "revocation",
            Self::Operate("", _) => "comment",
            Self::Handle(act, _) | Self::Operate(act, _) => act,
            Self::Stale => "change by a stale version",
            Self::RetryMany => "retry of many",
            Self::EditPlan(_) => "edit of the plan",
            Self::EditMethod(..) => "edit of the method",
            Self::Entitlement("REOPEN") => "reopened entitlement",
            Self::Entitlement(_) => "entitlement on or off",
            Self::Dissolve => "end of an association",
            Self::Move => "move to another method",
            Self::DeleteMethod => "deletion of a method",
            Self::Rotate(_) => "rotation",
            Self::Dismiss => "revocation of a key",
            Self::Demote => "role without permissions",
            Self::NewSecret(_) => "next secret of a key",
            Self::Session => "session",
            Self::Erase => "erasure",
        }
    }
}

/// Ladders: one attempt, a wait before the first, the usual.
const LADDERS: [&[&str]; 3] = [&["PT0S"], &["PT3S", "PT5S"], &["PT0S", "PT5S", "PT5M"]];

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Of which tenant.
    pub sale: usize,
    /// Whether it calls with the clerk's key, which may be revoked meanwhile.
    pub clerk: bool,
    /// Whether that was done before its call began: the statuses that may be answered then.
    pub barred: &'static [u16],
    /// Answers may have been blanked: its customer is to be erased.
    pub erased: bool,
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
            clerk: false,
            barred: &[],
            erased: false,
            wish,
            call: None,
            under_way: 0,
            in_doubt: false,
            last: None,
            granted: None,
            mark,
        }
    }

    /// Writes its call; `request` and `aid` are what it acts on.
    pub fn write(&mut self, sale: &Sale, request: Option<u64>, aid: Option<&str>) {
        let key = if self.clerk { &sale.clerk.key } else { &sale.key };
        let call = match &self.wish {
            Wish::Activate { pk, quantity, later, theirs } => {
                let at = later.map(|secs| Time::from_millis(START_MS + 1_000 * secs));
                let customer = theirs.then_some(sale.customer);
                let body = json!({"pkId": sale.pk_ids[*pk], "activationQuantity": quantity,
                    "activatee": {"emailId": self.mark}, "scheduledDate": at,
                    "customerId": customer});
                Some(Call::new("POST", "/v1/activations", key, &body).once(&self.mark))
            }
            Wish::Bulk(pk) => {
                let one = json!({"pkId": sale.pk_ids[*pk], "activationQuantity": 1,
                    "activatee": {"emailId": self.mark}});
                let body = json!({"activations": [one, one]});
                Some(Call::new("POST", "/v1/activations/bulk", key, &body).once(&self.mark))
            }
            Wish::Handle(act, body) => aid.map(|aid| {
                let path = format!("/v1/activations/{aid}/{act}");
                Call::new("POST", path, key, body).once(&self.mark)
            }),
            Wish::Stale => request.map(|id| {
                let path = format!("/v1/provisioning-requests/{id}");
                let mut call = Call::new("PATCH", path, key, &json!({"comments": "Stale."}));
                call.headers.retain(|(name, _)| *name != "if-match");
                call.headers.push(("if-match", "\"0\"".to_owned()));
                call
            }),
            Wish::RetryMany => {
                let path = "/v1/provisioning-requests/retry?status=FAILED,DISPATCH_FAILED";
                Some(Call::new("POST", path, key, &Value::Null).once(&self.mark))
            }
            Wish::Operate(act, body) => request.map(|id| {
                let path = format!("/v1/provisioning-requests/{id}");
                match *act {
                    "" => Call::new("PATCH", path, key, body),
                    act => Call::new("POST", format!("{path}/{act}"), key, body).once(&self.mark),
                }
            }),
            _ => self.of_catalog(sale, key),
        };
        self.call = call;
    }

    /// Its call, when it is about what is sold.
    fn of_catalog(&self, sale: &Sale, key: &str) -> Option<Call> {
        let method = sale.door.method;
        let association = format!("/v1/products/{}/association", sale.product);
        match &self.wish {
            Wish::EditPlan(n) => {
                let path = format!("/v1/plans/{}", sale.plan);
                Some(Call::new("PUT", path, key, &plan_of(&format!("edit {n}"))))
            }
            Wish::EditMethod(ladder, completion, callback_timeout) => {
                let ladder = ladder.clone();
                let terms = Terms { ladder, completion, callback_timeout, ..Terms::default() };
                let path = format!("/v1/methods/{method}");
                Some(Call::new("PUT", path, key, &method_of("Farm", &terms)))
            }
            Wish::Entitlement(act) => {
                let path = format!("/v1/entitlements/{}/actions", sale.e_id);
                Some(Call::new("POST", path, key, &json!({"action": act})).once(&self.mark))
            }
            Wish::Dissolve => Some(Call::new("DELETE", association, key, &Value::Null)),
            Wish::Move => {
                let body = association_of(sale.plan, sale.spare.method, sale.takes_back);
                Some(Call::new("PUT", association, key, &body))
            }
            Wish::DeleteMethod => {
                let path = format!("/v1/methods/{method}");
                Some(Call::new("DELETE", path, key, &Value::Null))
            }
            // Its answer is seen once; so nobody asks again.
            Wish::Rotate(overlap) => {
                let path = format!("/v1/methods/{method}/rotate-secret");
                Some(Call::new("POST", path, key, &json!({"overlap": overlap})))
            }
            Wish::Demote => {
                let path = format!("/v1/roles/{}", sale.clerk.role);
                Some(Call::new("PUT", path, &sale.key, &json!({"name": "Clerk"})))
            }
            Wish::NewSecret(overlap) => {
                let path = format!("/v1/api-keys/{}/rotate", sale.clerk.id);
                Some(Call::new("POST", path, &sale.key, &json!({"overlap": overlap})))
            }
            Wish::Session => Some(Call::new("POST", "/v1/sessions", &sale.clerk.key, &Value::Null)),
            Wish::Erase => {
                let path = format!("/v1/customers/{}/erase", sale.customer);
                let body = json!({"comments": "Asked for."});
                Some(Call::new("POST", path, &sale.key, &body).once(&self.mark))
            }
            Wish::Dismiss => {
                let path = format!("/v1/api-keys/{}", sale.clerk.id);
                Some(Call::new("DELETE", path, &sale.key, &Value::Null).once(&self.mark))
            }
            _ => None,
        }
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

    /// Its call, once more; `barred` says what a clerk may hear whose key is known to be revoked or
    /// to be without permissions.
    ///
    /// # Panics
    /// When it was not written.
    #[expect(clippy::expect_used, reason = "the schedule writes a call before it begins it")]
    pub fn begin(&mut self, barred: &'static [u16]) -> Call {
        let is_known = self.clerk && (!self.barred.is_empty() || self.under_way == 0);
        self.barred = if is_known { barred } else { &[] };
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

    /// A refusal names neither a person nor a key (I12).
    fn quiet(&self, reply: &Reply) -> Result<(), Violation> {
        let told = reply.json.to_string();
        let sings = told.contains(&self.mark) || told.contains(KEY);
        check("I12", reply.status < 400 || !sings, || format!("{} heard {told}", self.mark))
    }

    /// Hears an answer. Who was granted something hears the same for ever (I10).
    ///
    /// # Errors
    /// The violation.
    pub fn hear(&mut self, reply: Reply) -> Result<(), Violation> {
        self.quiet(&reply)?;
        // A bulk call answers for each of its parts.
        let parts = reply.json["data"].as_array().into_iter().flatten();
        let told = parts.filter_map(|part| part["status"].as_u64()).map(u16::try_from);
        let worst = told.flatten().chain([reply.status]).max().unwrap_or_default();
        if worst >= 500 {
            check("I10", worst == 503, || format!("{worst}: {}", reply.json))?;
            self.unheard();
            return Ok(());
        }
        let barred = self.barred.is_empty() || self.barred.contains(&reply.status);
        check("I10", barred, || {
            format!("{:?} were to be answered, not {}", self.barred, reply.status)
        })?;
        let stale = self.wish == Wish::Stale && reply.status != 401;
        // The tenant may be suspended at that moment.
        check("I10", !stale || [403, 412].contains(&reply.status), || {
            format!("a stale version was answered {}: {}", reply.status, reply.json)
        })?;
        self.under_way -= 1;
        self.in_doubt = self.under_way > 0;
        if reply.status < 300 && self.is_keyed() {
            let first = self.granted.get_or_insert_with(|| reply.clone());
            let is_blank = reply.json.is_null() && reply.status == first.status;
            let blanked = self.erased && is_blank;
            check("I10", *first == reply || blanked, || {
                format!("{} was answered {} and {}", self.mark, first.json, reply.json)
            })?;
        }
        self.last = Some(reply);
        Ok(())
    }
}
