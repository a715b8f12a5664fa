//! What keys may still do, and who is erased.
//!
//! Neighbours: `clients` wish for it, `check` asks here when nothing moves any more. Guarantee: a
//! key that is known to be revoked, replaced or without permissions does nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Bound;
use domain::access::erased::ERASED;
use domain::activation::Activation;
use domain::customer::erasure::Erasure;
use domain::ids::Id;
use model::invariants::{Violation, check};
use store::compact::unpack;
use store::keys::{self, Key};
use store::port::Item;
use store::rows::decode;

use crate::api::Reply;
use crate::check::Rows;
use crate::clients::{Client, Wish};
use crate::seat::Written;
use crate::world::Run;

/// What is known of a run's people and keys.
#[derive(Default)]
pub struct Rights {
    /// What each activation was marked with, before anybody was erased.
    marks: BTreeMap<String, String>,
    /// The activations that were to be erased when the last erasure of a sale began.
    erased: BTreeMap<usize, BTreeSet<String>>,
    /// Answers that were kept after an erasure had begun: their calls may be older.
    late: BTreeSet<Key>,
    /// The secret of the last session of each sale's clerk.
    pub(crate) sessions: BTreeMap<usize, String>,
}

fn granted(client: &Client) -> bool {
    let last = client.last.as_ref().is_some_and(|reply| (200..300).contains(&reply.status));
    client.granted.is_some() || last
}

impl Run<'_> {
    /// What a clerk may hear from now on; nothing in particular as long as the key is good. A
    /// session takes a key, and no permission.
    pub fn barred(&self, client: usize) -> &'static [u16] {
        let Client { sale, ref wish, .. } = self.clients[client];
        let of_it = |client: &&Client| client.sale == sale && granted(client);
        let wishes = || self.clients.iter().filter(of_it).map(|client| &client.wish);
        if wishes().any(|wish| matches!(wish, Wish::Dismiss | Wish::NewSecret("PT0S"))) {
            return &[401];
        }
        let demoted = wishes().any(|wish| *wish == Wish::Demote);
        if demoted && *wish != Wish::Session { &[401, 403] } else { &[] }
    }

    /// A clerk who began a session calls with its secret.
    pub(crate) fn begun_session(&mut self, client: usize, reply: &Reply) {
        let client = &self.clients[client];
        if let Some(secret) = reply.json["secret"].as_str().filter(|_| client.wish == Wish::Session)
        {
            self.rights.sessions.insert(client.sale, secret.to_owned());
        }
    }

    /// Has a clerk's call come from the last session, where there is one.
    pub(crate) fn in_session(&mut self, place: usize) {
        let client = &mut self.clients[place];
        let session = self.rights.sessions.get(&client.sale).filter(|_| client.clerk);
        if let (Some(call), Some(session)) = (&mut client.call, session) {
            let own = call.headers.iter_mut().find(|(name, _)| *name == "authorization");
            own.into_iter().for_each(|(_, value)| *value = format!("Bearer {session}"));
        }
    }

    /// Whether an activation was made by the call of a client.
    pub fn is_of(&self, activation: &Activation, client: &Client) -> bool {
        self.rights.marks.get(&activation.aid) == Some(&client.mark)
    }

    /// Whether the customer of a sale is to be erased, or was.
    pub fn is_erased(&self, sale: usize) -> bool {
        self.erasure_of(sale).is_some()
    }

    fn customer(&self, sale: usize) -> Option<(Id, Id)> {
        let sale = &self.world.sales[sale];
        Id::try_from(sale.tenant).ok().zip(Id::try_from(sale.customer).ok())
    }

    fn erasure_of(&self, sale: usize) -> Option<Erasure> {
        let (tenant, customer) = self.customer(sale)?;
        let row = self.world.shared.store.rows().get(&keys::erasure(tenant, customer))?;
        decode(row).ok()
    }

    /// Looks at a row that was written: whose an activation is, and who is to be erased.
    ///
    /// # Errors
    /// A row that does not read.
    pub(crate) fn noted(&mut self, row: &Written) -> Result<(), Violation> {
        let Some(after) = &row.after else { return Ok(()) };
        if row.key.sk == "A" {
            let activation = decode::<Activation>(Item::clone(after)).ok();
            let mark = activation.and_then(|used| Some((used.aid, used.activatee?.email_id)));
            if let Some((aid, mark)) = mark.filter(|(_, mark)| mark != ERASED) {
                self.rights.marks.entry(aid).or_insert(mark);
            }
        }
        if row.key.sk == "X" && self.rights.erased.contains_key(&self.sale(&row.key)) {
            self.rights.late.insert(row.key.clone());
        }
        if row.key.sk == "ERASURE" && !self.rights.erased.contains_key(&self.sale(&row.key)) {
            let sale = self.sale(&row.key);
            let theirs = self.theirs(sale)?;
            self.rights.erased.insert(sale, theirs);
        }
        Ok(())
    }

    fn sale(&self, key: &Key) -> usize {
        self.world.sale_of(key)
    }

    /// The activations for the customer of a sale, or of what was sold to them.
    fn theirs(&self, sale: usize) -> Result<BTreeSet<String>, Violation> {
        let Rows { entitlements, activations, .. } = self.rows(&self.world.sales[sale])?;
        let Some((_, customer)) = self.customer(sale) else { return Ok(BTreeSet::new()) };
        let who = Bound::Customer(customer);
        let theirs = |used: &Activation| {
            let mut sold = entitlements.iter().filter(|sold| sold.id == used.entitlement_id);
            used.customer_id == Some(customer) || sold.any(|sold| who.owns(sold))
        };
        Ok(activations.into_iter().filter(theirs).map(|used| used.aid).collect())
    }

    /// No row has the mark of an activation that was to be erased.
    fn tells_nothing(&self, sale: usize) -> Result<(), Violation> {
        let gone = self.rights.erased.get(&sale).cloned().unwrap_or_default();
        let all = self.rights.marks.iter();
        // One call may have made two, of which the second came later.
        let kept = all.clone().filter(|(aid, _)| !gone.contains(*aid)).map(|(_, mark)| mark);
        let kept: BTreeSet<&String> = kept.collect();
        let marks = all.filter(|(aid, mark)| gone.contains(*aid) && !kept.contains(mark));
        let marks: Vec<String> = marks.map(|(_, mark)| format!("\"{mark}")).collect();
        let rows = self.world.shared.store.rows();
        let prefix = format!("T#{}#", self.world.sales[sale].tenant);
        let early = |key: &Key| key.pk.starts_with(&prefix) && !self.rights.late.contains(key);
        for (key, row) in rows.iter().filter(|(key, _)| early(key)) {
            let text = format!("{:?}", unpack(row.clone()));
            let told = marks.iter().find(|mark| text.contains(*mark));
            check("I18", told.is_none(), || format!("{key:?} tells of {told:?}"))?;
        }
        Ok(())
    }

    /// Of whom was to be erased, no row tells any more; and of everybody else they do (I18).
    ///
    /// # Errors
    /// The violation.
    pub(crate) fn forgotten(&self, sale: usize) -> Result<(), Violation> {
        let Some(erasure) = self.erasure_of(sale) else { return Ok(()) };
        check("I18", erasure.ended_date.is_some(), || format!("{erasure:?} does not end"))?;
        self.tells_nothing(sale)?;
        let theirs = self.theirs(sale)?;
        for used in self.rows(&self.world.sales[sale])?.activations {
            let mark = used.activatee.as_ref().map(|who| who.email_id.as_str());
            check("I18", mark != Some(ERASED) || theirs.contains(&used.aid), || {
                format!("{} was erased, and is not theirs", used.aid)
            })?;
        }
        Ok(())
    }
}
