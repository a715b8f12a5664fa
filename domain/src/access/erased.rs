//! THE LIST of what is blanked when somebody is erased: texts that tell of a person, and those in
//! which an operator or a provider may have. Ids, references, quantities, dates, states and codes
//! stay.
//!
//! Neighbours: `customer::erasure` says whose rows are looked at. Guarantee: a noun that has no
//! line here does not compile.

use crate::access::audit::AuditEntry;
use crate::access::keys::KeyInfo;
use crate::access::people::PEOPLE;
use crate::access::{ApiKey, Bound};
use crate::activation::Activation;
use crate::cause::Failure;
use crate::customer::Customer;
use crate::customer::contact::Contact;
use crate::decision::Decision;
use crate::entitlement::Entitlement;
use crate::ids::Id;
use crate::life::{Overflow, Step};
use crate::record::{Kind, Record};
use crate::request::attempt::Attempt;
use crate::request::{Conflicts, LongResponse, Payload, Request};

/// What stands in place of a text that was erased, so that plans that read it can still be filled.
pub const ERASED: &str = "erased";

/// Members of other things that tell of a person, as entries of the audit name them.
const TEXTS: [&str; 2] = ["comments", "errorDescription"];

/// The member that says since when somebody is erased.
const SINCE: &str = "erasedDate";

/// Who is erased.
#[derive(Clone, Debug)]
pub struct Person {
    /// The customer or partner.
    pub who: Bound,
    /// Their own API keys, whose names entries of the audit have.
    pub keys: Vec<Id>,
}

impl Record {
    /// The change that leaves it without its texts about somebody; none where there are none.
    pub fn erased(&self, person: &Person) -> Option<Decision> {
        let next = self.blanked(person)?;
        let decision = Decision::default().save(next.clone());
        Some(match (self, next) {
            (Self::Customer(was), Self::Customer(next)) => {
                decision.replace(&was.names(), &next.names())
            }
            _ => decision,
        })
    }

    fn blanked(&self, person: &Person) -> Option<Self> {
        match self {
            Self::Customer(it) => without(it, Customer::erase),
            Self::Contact(it) => without(it, Contact::erase),
            Self::ApiKey(it) => without(it, |key: &mut ApiKey| key.info.erase()),
            Self::AuditEntry(it) => without(it, |entry: &mut AuditEntry| entry.erase(&person.keys)),
            Self::Entitlement(it) => without(it, |sold: &mut Entitlement| sold.erase(person.who)),
            Self::Activation(it) => without(it, |used: &mut Activation| used.erase(person.who)),
            Self::Request(it) => without(it, Request::erase),
            Self::Payload(it) => without(it, Payload::erase),
            Self::Attempt(it) => without(it, Attempt::erase),
            Self::Conflicts(it) => without(it, Conflicts::erase),
            Self::LongResponse(it) => without(it, |it: &mut LongResponse| erase(&mut it.response)),
            Self::Overflow(it) => without(it, |it: &mut Overflow| notes(&mut it.steps)),
            // They tell of nobody.
            Self::Tenant(_)
            | Self::Namespace(_)
            | Self::Role(_)
            | Self::StandIn(_)
            | Self::Feature(_)
            | Self::Product(_)
            | Self::CustomAttributeDef(_)
            | Self::Plan(_)
            | Self::PlanVersion(_)
            | Self::Method(_)
            | Self::Association(_)
            | Self::Door(_)
            | Self::ProductKey(_)
            | Self::Repeat(_)
            | Self::Erasure(_) => None,
        }
    }
}

fn without<T: Clone + PartialEq + Into<Record>>(
    row: &T,
    erase: impl FnOnce(&mut T),
) -> Option<Record> {
    let mut next = row.clone();
    erase(&mut next);
    (next != *row).then(|| next.into())
}

fn erase(text: &mut String) {
    ERASED.clone_into(text);
}

fn each<'a>(texts: impl IntoIterator<Item = &'a mut Option<String>>) {
    texts.into_iter().flatten().for_each(erase);
}

/// The steps of a history stay, with who and when.
fn notes<S>(steps: &mut [Step<S>]) {
    each(steps.iter_mut().map(|step| &mut step.note));
}

/// The code stays, and with it what went wrong.
fn words(failure: &mut Option<Failure>) {
    failure.iter_mut().for_each(|failure| erase(&mut failure.description));
}

impl Customer {
    fn erase(&mut self) {
        self.blank(ERASED);
        self.emails.dedup();
        self.identifier = Self::identifier_of(self.id);
    }
}

impl Contact {
    fn erase(&mut self) {
        self.blank(ERASED);
    }
}

impl KeyInfo {
    fn erase(&mut self) {
        erase(&mut self.name);
        each([&mut self.username, &mut self.person_name, &mut self.email]);
    }
}

impl AuditEntry {
    /// That somebody was erased, and why, is still told.
    fn erase(&mut self, keys: &[Id]) {
        let whole =
            matches!(self.entity, Kind::Customer | Kind::Partner | Kind::Contact | Kind::ApiKey);
        let tells = |member: &str| whole || PEOPLE.contains(&member) || TEXTS.contains(&member);
        let told = self.diff.iter_mut().filter(|it| it.member != SINCE && tells(&it.member));
        let values = told.flat_map(|it| [&mut it.from, &mut it.to]);
        values.filter(|value| !value.is_null()).for_each(|value| *value = ERASED.into());
        if !self.diff.iter().any(|it| it.member == SINCE) {
            each([&mut self.reason]);
        }
        if keys.contains(&self.actor) {
            erase(&mut self.actor_name);
        }
    }
}

impl Entitlement {
    fn erase(&mut self, who: Bound) {
        let id = Some(who.id());
        let customer = Some(&mut self.customer_email).filter(|_| self.customer_id == id);
        let partner = Some(&mut self.partner_email).filter(|_| self.partner_id == id);
        each(customer.into_iter().chain(partner));
        notes(&mut self.life.history);
    }
}

impl Activation {
    /// Who uses it is the customer's, not the partner's.
    fn erase(&mut self, who: Bound) {
        if matches!(who, Bound::Customer(_)) {
            if let Some(activatee) = &mut self.activatee {
                erase(&mut activatee.email_id);
                each([&mut activatee.name]);
            }
            each(self.inputs.iter_mut().map(|inputs| &mut inputs.c2v));
        }
        notes(&mut self.life.history);
    }
}

impl Request {
    fn erase(&mut self) {
        each([&mut self.comments, &mut self.response]);
        words(&mut self.failure);
        notes(&mut self.life.history);
    }
}

impl Payload {
    /// Where its plan reads nothing of people, its bytes tell of nobody.
    fn erase(&mut self) {
        if self.people {
            self.text.clear();
        }
    }
}

impl Attempt {
    fn erase(&mut self) {
        each([&mut self.response_excerpt, &mut self.location]);
        words(&mut self.failure);
    }
}

impl Conflicts {
    fn erase(&mut self) {
        each(self.list.iter_mut().flat_map(|it| [&mut it.comments, &mut it.reason]));
    }
}
