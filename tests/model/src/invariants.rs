//! The promise as checks on values: one set for the model, the simulator and the auditor.
//!
//! Guarantee: each check names the invariant that it carries out (I1 to I8) and what broke it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::access::erased::ERASED;
use domain::activation::Activation;
use domain::activation::states::State as ActivationState;
use domain::cause::{Cause, Own, Silence};
use domain::entitlement::product_key::ProductKey;
use domain::entitlement::states::State as EntitlementState;
use domain::entitlement::{Entitlement, LineItemType};
use domain::ids::Id;
use domain::life::Step;
use domain::limits::{CALLBACK_TIMEOUT, LADDER_LONGEST, RESEND_AFTER};
use domain::machine::Stateful;
use domain::request::attempt::{Attempt, AttemptOutcome};
use domain::request::states::Status;
use domain::request::{Delivery, Payload, Request, RequestType};
use domain::time::{Period, Time};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which, such as `I1`.
    pub invariant: &'static str,
    /// What was seen.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.seen)
    }
}

/// Clocks differ by this at most: ten minutes, one before and one behind.
const CLOCKS: Period = Period::from_secs(1_200);

/// Nothing, or what is wrong.
pub type Verdict = Result<(), Violation>;

/// Fails with the invariant unless `holds`.
///
/// # Errors
/// The violation.
pub fn check(invariant: &'static str, holds: bool, seen: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Violation { invariant, seen: seen() }) }
}

/// A request as it was written over `before`: its steps are rows of the table, each counted once
/// (I8); only an operator leaves what is final (I3); its dates fit its state and are near (I5).
///
/// # Errors
/// The first violation.
pub fn written(before: Option<&Request>, after: &Request, now: Time) -> Verdict {
    let known = before.map_or(0, |request| request.life.version);
    let (life, id) = (&after.life, after.id);
    check("I8", life.version >= known, || {
        format!("{id} went back from version {known} to {}", life.version)
    })?;
    let new = usize::try_from(life.version - known).unwrap_or(usize::MAX);
    check("I8", new <= life.history.len(), || format!("{id} lacks steps of its history"))?;
    let (old, added) = life.history.split_at(life.history.len() - new);
    if let Some(before) = before {
        let pairs = before.life.history.iter().rev().zip(old.iter().rev());
        let kept = pairs.into_iter().all(|(was, is)| stays(was, is));
        check("I8", kept, || format!("{id} has another past"))?;
        monotone(before, after)?;
    }
    let mut state = before.map(|request| request.life.state);
    for step in added {
        walked(id, state, step)?;
        state = Some(step.to);
    }
    check("I8", state == Some(life.state), || format!("{id} is not where its history ends"))?;
    dated(after)?;
    near(after, now)
}

/// A step stays as it was, but for a note that was erased.
fn stays(was: &Step<Status>, is: &Step<Status>) -> bool {
    let erased = was.note.is_some() && is.note.as_deref() == Some(ERASED);
    was == is || erased && Step { note: is.note.clone(), ..was.clone() } == *is
}

fn walked(id: Id, from: Option<Status>, step: &Step<Status>) -> Verdict {
    let mut rows = Request::MACHINE.table.iter().filter(|row| row.id == step.row);
    let stands = rows.any(|row| row.steps().contains(&(from, step.to)));
    check("I8", stands, || format!("{id}: {from:?} to {:?} is not {}", step.to, step.row))?;
    let last = matches!(from, Some(Status::Completed | Status::Failed)) && from != Some(step.to);
    let by_hand = !matches!(step.by.as_str(), "SYSTEM" | "PROVIDER");
    check("I3", !last || by_hand, || format!("{id}: {} left {from:?} by {}", step.by, step.row))
}

/// Attempts are counted one by one, and a new generation begins without any (I4).
fn monotone(before: &Request, after: &Request) -> Verdict {
    let place = |r: &Request| (r.generation, r.attempt_count, r.earlier_attempts);
    let (generation, attempts, earlier) = place(before);
    let next = [
        (generation, attempts, earlier),
        (generation, attempts + 1, earlier),
        (generation + 1, 0, earlier + attempts),
    ];
    check("I4", next.contains(&place(after)), || {
        format!("{}: {:?} after {:?}", after.id, place(after), place(before))
    })
}

/// What will happen to it, happens within the limits of ladder and callback time-out (I5).
fn near(request: &Request, now: Time) -> Verdict {
    let now = now.after(CLOCKS);
    let ladder = now.after(LADDER_LONGEST);
    let asked = request.scheduled_date.unwrap_or(ladder);
    let wait = request.not_before.is_none_or(|at| at <= ladder.max(asked));
    let latest = match request.life.state {
        Status::RequestQueued => {
            // The longer it waits, the less often it is looked at.
            let again = now.since(request.life.moved).max(RESEND_AFTER);
            now.after(again).max(request.not_before.unwrap_or(now))
        }
        _ => now.after(CALLBACK_TIMEOUT.1),
    };
    let due = request.next_attempt_at.is_none_or(|at| at <= latest);
    check("I5", wait && due, || {
        let (wait, due) = (request.not_before, request.next_attempt_at);
        format!("{} waits too long at {now}: {wait:?}, {due:?}", request.id)
    })
}

/// Something will happen to what is not at rest, and nothing to what is (I5).
fn dated(request: &Request) -> Verdict {
    let rest =
        matches!(request.life.state, Status::Completed | Status::Failed | Status::DispatchFailed);
    check("I5", rest == request.next_attempt_at.is_none(), || {
        format!("{} is {:?} until {:?}", request.id, request.life.state, request.next_attempt_at)
    })?;
    let queued = request.life.state == Status::RequestQueued;
    check("I5", queued || request.lease.is_none() && request.not_before.is_none(), || {
        format!("{} is {:?} with a lease or a wait", request.id, request.life.state)
    })
}

/// When nothing runs any more, no request is open (I5).
///
/// # Errors
/// The violation.
pub fn rested(request: &Request) -> Verdict {
    check("I5", request.next_attempt_at.is_none(), || {
        format!("{} stays {:?} for ever", request.id, request.life.state)
    })
}

/// Every attempt that began is told of, and `delivery` is what they say (I6).
///
/// # Errors
/// The first violation.
pub fn attempted(request: &Request, noted: Vec<Attempt>) -> Verdict {
    // Long after every lease, and before anything is over.
    let (noted, then) = (noted.into_iter(), Time::from_millis(i64::MAX));
    let noted = noted.map(|attempt| Attempt { expires: None, ..attempt }).collect();
    let lines = request.attempts(noted, then);
    let (id, generation) = (request.id, request.generation);
    let earlier = lines.iter().filter(|line| line.attempt.generation < generation).count();
    check("I6", earlier == request.earlier_attempts as usize, || {
        format!("{id} tells of {earlier} earlier attempts of {}", request.earlier_attempts)
    })?;
    let (_, now) = lines.split_at(earlier);
    let numbers = now.iter().map(|line| (line.attempt.generation, line.attempt.no));
    let wanted = (1..=request.attempt_count).map(|no| (generation, no));
    check("I6", numbers.eq(wanted), || {
        format!("{id} made {} attempts, and tells of {now:?}", request.attempt_count)
    })?;
    let doubtful = now.iter().any(|line| line.superseded || may_have_arrived(&line.attempt));
    match request.delivery {
        Delivery::Never => check("I6", !doubtful, || format!("{id} says NEVER: {now:?}")),
        Delivery::Maybe => check("I6", doubtful, || format!("{id} says MAYBE: {now:?}")),
        Delivery::Confirmed => Ok(()),
    }
}

fn may_have_arrived(attempt: &Attempt) -> bool {
    let cause = attempt.failure.as_ref().map(|failure| &failure.cause);
    let unreached = matches!(cause, Some(Cause::Own(Own::Silent(Silence::Dns | Silence::Connect))));
    attempt.outcome != AttemptOutcome::Blocked && !unreached
}

/// An entitlement with its keys and activations: what was taken is what is missing, and never more
/// than was sold (I1).
///
/// # Errors
/// The first violation.
pub fn quantities(
    entitlement: &Entitlement,
    keys: &[ProductKey],
    activations: &[Activation],
) -> Verdict {
    let id = entitlement.id;
    let active = |a: &&Activation| a.life.state != ActivationState::Revoked;
    let activations: Vec<&Activation> = activations.iter().filter(active).collect();
    let mut taken: BTreeMap<(u32, u8), u64> = BTreeMap::new();
    for activation in &activations {
        let place = (activation.key_index, activation.key_generation);
        *taken.entry(place).or_default() += u64::from(activation.quantity);
    }
    for key in keys {
        let item = entitlement.item_of(key.index);
        let sold = item.map_or(0, |(_, item)| item.num_activation_per_product_key);
        let taken = taken.remove(&(key.index, key.generation)).unwrap_or_default();
        let told = u64::from(key.activated);
        check("I1", taken == told && key.activated <= sold, || {
            format!("{id}, key {}: {sold} sold, {taken} taken, {told} by its row", key.index)
        })?;
    }
    check("I1", taken.is_empty(), || format!("{id}: activations of keys without a row {taken:?}"))?;
    let counted = entitlement.active_activations == activations.len() as u64;
    check("I1", counted, || {
        format!("{id} counts {} of {}", entitlement.active_activations, activations.len())
    })?;
    let sold = |key: &&ProductKey| {
        let item = entitlement.item_of(key.index);
        item.map(|(_, item)| item.num_activation_per_product_key)
    };
    let exhausted = keys.iter().filter(|key| Some(key.activated) == sold(key)).count();
    let told = entitlement.keys_exhausted as usize == exhausted;
    check("I1", told, || format!("{id} has {exhausted} of its keys exhausted"))?;
    let keyed = entitlement.line_item_type() == Some(LineItemType::Product_Key);
    let spent = entitlement.keys() > 0 && exhausted == entitlement.keys() as usize;
    let done = matches!(
        entitlement.life.state,
        EntitlementState::Completed | EntitlementState::Acknowledged
    );
    check("I1", !keyed || spent == done, || format!("{id} is {:?}", entitlement.life.state))
}

/// An activation has exactly one request for each provisioning-enabled product (I2).
///
/// # Errors
/// The violation.
pub fn provisioned(activation: &Activation, requests: &[&Request], enabled: &[Id]) -> Verdict {
    let provides = |request: &&&Request| request.kind == RequestType::Provision;
    let mut products: Vec<Id> =
        requests.iter().filter(provides).map(|request| request.product.id).collect();
    products.sort_unstable();
    let mut wanted = enabled.to_vec();
    wanted.sort_unstable();
    check("I2", products == wanted, || {
        format!("{}: requests for {products:?} instead of {wanted:?}", activation.aid)
    })?;
    let ids = activation.request_ids();
    let named = requests.iter().all(|request| ids.contains(&request.id));
    check("I2", named && activation.requests.len() == requests.len(), || {
        format!("{} names other requests", activation.aid)
    })
}

/// When nothing runs any more, nothing stays provided without an activation: what may have been
/// provided was taken back after it, or waits for an operator (I2); and nothing is taken back more
/// often than something was heard of it. `back` are the products that can be taken back; two
/// clocks that instants came from may lie `apart`.
///
/// # Errors
/// The violation.
pub fn taken_back(
    activation: &Activation,
    requests: &[&Request],
    back: &[Id],
    apart: Period,
) -> Verdict {
    if activation.life.state == ActivationState::Active {
        return Ok(());
    }
    let provided = |r: &&&Request| {
        r.kind == RequestType::Provision
            && r.life.state == Status::Completed
            && back.contains(&r.product.id)
    };
    for provided in requests.iter().filter(provided) {
        let mut takes = requests
            .iter()
            .filter(|r| r.kind == RequestType::Deprovision && r.product.id == provided.product.id);
        check("I2", takes.next().is_some(), || {
            format!("{}: {} is provided for ever", activation.aid, provided.id)
        })?;
    }
    for provides in requests.iter().filter(|r| r.kind == RequestType::Provision) {
        let takes = |r: &&&Request| {
            r.kind == RequestType::Deprovision && r.product.id == provides.product.id
        };
        let first = requests.iter().filter(takes).map(|r| r.created_date).min();
        let Some(first) = first else { continue };
        let after = |step: &&Step<Status>| step.at.after(apart) >= first;
        let moved = provides.life.history.iter().filter(after).count();
        // An attempt that came to its end too late, and a report that contradicts, may tell more.
        let late = provides.unheard.len() + usize::from(provides.life.state == Status::Failed);
        let (takes, reasons) = (requests.iter().filter(takes).count(), 1 + moved + late);
        check("I2", takes <= reasons, || {
            format!("{}: {} is taken back {takes} times", activation.aid, provides.id)
        })?;
    }
    let waits = activation.life.state == ActivationState::RevocationPending;
    let open = requests
        .iter()
        .any(|r| r.kind == RequestType::Deprovision && r.life.state != Status::Completed);
    check("I2", waits != activation.deprovisioning.is_empty(), || {
        format!(
            "{} is {:?} and waits for {:?}",
            activation.aid, activation.life.state, activation.deprovisioning
        )
    })?;
    check("I2", !waits || open, || {
        format!("{} waits for what is completed: {:?}", activation.aid, activation.deprovisioning)
    })
}

/// What providers received: by idempotency key, the bytes; and what they gave a final answer to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Received {
    bodies: BTreeMap<String, String>,
    answered: BTreeSet<String>,
}

impl Received {
    /// Notes a POST: the same key has the same bytes (I7).
    ///
    /// # Errors
    /// The violation.
    pub fn note(&mut self, key: &str, body: &str) -> Verdict {
        let first = self.bodies.entry(key.to_owned()).or_insert_with(|| body.to_owned());
        check("I7", first == body, || format!("{key} came with {first} and with {body}"))
    }

    /// Notes a final answer: one that leaves no doubt that it has arrived.
    pub fn answer(&mut self, key: &str) {
        self.answered.insert(key.to_owned());
    }

    /// Whether a key was received.
    pub fn has(&self, key: &str) -> bool {
        self.bodies.contains_key(key)
    }

    /// How many different keys were received.
    pub fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Whether nothing was received.
    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// Every key belongs to a generation of a request that is known (I4), and has its frozen bytes
    /// (I7).
    ///
    /// # Errors
    /// The first violation.
    pub fn explained(&self, requests: &[Request], payloads: &[Payload]) -> Verdict {
        for (key, body) in &self.bodies {
            let of = |request: &&Request| {
                (1..=request.generation).any(|g| *key == webhook_id(request.id, g))
            };
            let request = requests.iter().find(of);
            check("I4", request.is_some(), || format!("{key} belongs to no request"))?;
            let frozen = payloads.iter().find(|p| *key == webhook_id(p.request, p.generation));
            check("I7", frozen.is_some_and(|frozen| frozen.text == *body), || {
                format!("{key} was not sent with its frozen bytes")
            })?;
        }
        Ok(())
    }

    /// `delivery` tells the truth (I6).
    ///
    /// # Errors
    /// The violation.
    pub fn delivered(&self, request: &Request) -> Verdict {
        let id = request.id;
        let told = request.delivery;
        let now = self.has(&webhook_id(id, request.generation));
        let ever = (1..=request.generation).any(|g| self.has(&webhook_id(id, g)));
        check("I6", !(now && told == Delivery::Never), || format!("{id} says NEVER, but came"))?;
        let history = &request.life.history;
        let since = history.iter().rev().take_while(|step| !matches!(&*step.row, "P18" | "P19"));
        let heard = self.answered.contains(&webhook_id(id, request.generation))
            || since.into_iter().any(|step| step.by == "PROVIDER");
        check("I6", now && heard || told != Delivery::Confirmed, || {
            format!("{id} says CONFIRMED, but was never answered")
        })?;
        let sent = history.iter().any(|step| matches!(&*step.row, "P4" | "P5"));
        check("I6", ever || !sent, || format!("{id} was sent, but never came"))
    }
}

/// The key that a provider deduplicates by, written anew (Q5).
fn webhook_id(request: Id, generation: u32) -> String {
    format!("pr_{request}_g{generation}")
}
