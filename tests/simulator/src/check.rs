//! Looks at what was written, and at everything when nothing moves any more.
//!
//! Neighbours: `model::invariants` says what must hold.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use domain::activation::Activation;
use domain::entitlement::Entitlement;
use domain::entitlement::product_key::ProductKey;
use domain::ids::Id;
use domain::request::attempt::Attempt;
use domain::request::{Payload, Request};
use domain::time::{Period, Time};
use model::invariants::{self, Violation, check};
use store::content::joined;
use store::keys::{self, ATTEMPTS, Key, Table};
use store::phase::Phase;
use store::port::{Item, Value};
use store::rows::{Row, decode};

use crate::api::Sale;
use crate::clients::Wish;
use crate::provider::Spoilt;
use crate::seat::{Written, lock};
use crate::world::{Run, SWEEP, Work};

/// The rows of a tenant, read.
#[derive(Debug, Default)]
pub struct Rows {
    /// Entitlements.
    pub entitlements: Vec<Entitlement>,
    /// Product keys that have a row.
    pub keys: Vec<ProductKey>,
    /// Activations.
    pub activations: Vec<Activation>,
    /// Requests.
    pub requests: Vec<Request>,
}

fn ids(numbers: &[u64]) -> Vec<Id> {
    numbers.iter().filter_map(|number| Id::try_from(*number).ok()).collect()
}

fn read<T: Row>(item: &Item, into: &mut Vec<T>) -> Result<(), Violation> {
    into.push(decode(item.clone()).map_err(unreadable)?);
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "the form that `map_err` hands over")]
fn unreadable(error: store::StoreError) -> Violation {
    Violation { invariant: "I10", seen: error.to_string() }
}

/// Whether rows of this key say their form.
pub fn has_form(key: &Key) -> bool {
    let one = ["E", "A", "R"].contains(&key.sk.as_str()) || key.sk.starts_with("K#");
    key.table == Table::Core && one
}

impl Rows {
    /// The rows of one tenant among these.
    ///
    /// # Errors
    /// A row that does not read.
    pub fn of<'a>(
        tenant: u64,
        rows: impl Iterator<Item = (&'a Key, &'a Item)>,
    ) -> Result<Self, Violation> {
        let prefix = format!("T#{tenant}#");
        let (mut out, mut heads, mut keys) = (Self::default(), Vec::new(), Vec::new());
        let mut contents: BTreeMap<&str, &Item> = BTreeMap::new();
        for (key, item) in rows.filter(|(key, _)| key.table == Table::Core) {
            if !key.pk.starts_with(&prefix) {
                continue;
            }
            match key.sk.as_str() {
                "E" => heads.push((key, item)),
                "L" => drop(contents.insert(&key.pk, item)),
                "A" => read(item, &mut out.activations)?,
                "R" => read(item, &mut out.requests)?,
                sk if sk.starts_with("K#") => keys.push((key, item)),
                _ => {}
            }
        }
        for (key, item) in heads {
            let content = contents.get(key.pk.as_str()).map(|content| Item::clone(content));
            let whole = joined(item.clone(), content).map_err(unreadable)?;
            out.entitlements.extend(whole);
        }
        for (key, item) in keys {
            let of = |e: &&Entitlement| key.pk.ends_with(&format!("#E#{}", e.id));
            let entitlement = out.entitlements.iter().find(of);
            let entitlement = entitlement.ok_or_else(|| Violation {
                invariant: "I1",
                seen: format!("{} {} belongs to nothing", key.pk, key.sk),
            })?;
            out.keys.push(store::load::key(item.clone(), entitlement).map_err(unreadable)?);
        }
        Ok(out)
    }

    /// Reads the frozen bytes, too.
    ///
    /// # Errors
    /// A row that does not read.
    pub fn payloads<'a>(
        tenant: u64,
        rows: impl Iterator<Item = (&'a Key, &'a Item)>,
    ) -> Result<Vec<Payload>, Violation> {
        let prefix = format!("T#{tenant}#");
        let mut out = Vec::new();
        let ours = |key: &Key| key.pk.starts_with(&prefix) && key.sk.starts_with("P#");
        rows.filter(|(key, _)| ours(key)).try_for_each(|(_, item)| read(item, &mut out))?;
        Ok(out)
    }

    /// I1 and I2 over all of them.
    ///
    /// # Errors
    /// The first violation.
    pub fn add_up(&self, enabled: &[Id]) -> Result<(), Violation> {
        for entitlement in &self.entitlements {
            let keys: Vec<ProductKey> =
                self.keys.iter().filter(|k| k.entitlement_id == entitlement.id).cloned().collect();
            let of = |a: &&Activation| a.entitlement_id == entitlement.id;
            let activations: Vec<Activation> =
                self.activations.iter().filter(of).cloned().collect();
            invariants::quantities(entitlement, &keys, &activations)?;
        }
        let mut by_activation: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
        for request in &self.requests {
            by_activation.entry(&request.aid).or_default().push(request);
        }
        for activation in &self.activations {
            let requests = by_activation.remove(activation.aid.as_str()).unwrap_or_default();
            invariants::provisioned(activation, &requests, enabled)?;
        }
        let orphans: Vec<&str> = by_activation.into_keys().collect();
        check("I2", orphans.is_empty(), || format!("requests without activation: {orphans:?}"))
    }
}

impl Run<'_> {
    pub(crate) fn rows(&self, sale: &Sale) -> Result<Rows, Violation> {
        Rows::of(sale.tenant, self.world.shared.store.rows().iter())
    }

    /// The requests of a sale.
    ///
    /// # Errors
    /// A row that does not read.
    pub fn requests(&self, sale: usize) -> Result<Vec<Request>, Violation> {
        Ok(self.rows(&self.world.sales[sale])?.requests)
    }

    /// The activations of a sale.
    ///
    /// # Errors
    /// A row that does not read.
    pub fn activations(&self, sale: usize) -> Result<Vec<Activation>, Violation> {
        Ok(self.rows(&self.world.sales[sale])?.activations)
    }

    /// Looks at the rows that were written since the last look.
    ///
    /// # Errors
    /// The first violation.
    pub fn observe(&mut self) -> Result<(), Violation> {
        let written = std::mem::take(&mut *lock(&self.world.shared.written));
        let mut counted = Vec::new();
        let audited = written.iter().any(|row| row.key.pk.contains("#AUDIT#"));
        for row in written {
            self.own(&row)?;
            self.noted(&row)?;
            self.trace.add((&row.key.pk, &row.key.sk));
            if row.key.sk == "A" || row.key.sk == "E" {
                counted.push(row.key.pk.clone());
            }
            let (true, Some(after)) = (row.key.sk == "R", &row.after) else { continue };
            let mut read_now = Vec::new();
            read::<Request>(after, &mut read_now)?;
            let after = read_now.remove(0);
            let before = self.known.insert(row.key.clone(), after.clone());
            invariants::written(before.as_ref(), &after, Time::from_millis(self.now()))?;
            self.received[self.world.sale_of(&row.key)].delivered(&after)?;
            let known = before.map_or(0, |request| request.life.version);
            let new = usize::try_from(after.life.version - known).unwrap_or_default();
            for step in after.life.history.iter().rev().take(new).rev() {
                // Whatever a person does to a request, stands in the audit with it.
                let by_hand = !matches!(step.by.as_str(), "SYSTEM" | "PROVIDER");
                check("I3", audited || !by_hand, || {
                    format!("{} walked {} unaudited", after.id, step.row)
                })?;
                self.trace.add(&step.row);
                self.walked.push(step.row.clone());
                let (id, to) = (after.id, step.to);
                self.tell(|| format!("request {id} walks {} to {to:?}", step.row));
            }
        }
        for sale in &self.world.sales {
            let prefix = format!("T#{}#", sale.tenant);
            if counted.iter().any(|pk| pk.starts_with(&prefix)) {
                self.add_up(sale)?;
            }
        }
        Ok(())
    }

    /// A callback writes nothing but what belongs to its request, and only an authentic one (I9).
    /// The one that ends what was taken back, or brings it about, also writes the activation, what
    /// is counted, and the other requests of the activation.
    fn own(&self, row: &Written) -> Result<(), Violation> {
        let Some(Work::Report(place)) = self.work(row.slot) else { return Ok(()) };
        let callback = &self.callbacks[*place];
        let tenant = self.world.sales[callback.sale].tenant;
        let ids = Id::try_from(tenant).ok().zip(Id::try_from(callback.request).ok());
        let owned = ids.is_some_and(|(tenant, id)| {
            let own = keys::request(tenant, id);
            let of = |request: &Request| {
                let read = row.after.as_ref().filter(|_| row.key.sk == own.sk);
                let read = read.and_then(|item| decode::<Request>((**item).clone()).ok());
                row.key == keys::activation(tenant, &request.aid)
                    || row.key.pk == keys::entitlement(tenant, request.entitlement_id).pk
                    || read.is_some_and(|sibling| sibling.aid == request.aid)
            };
            row.key.pk == own.pk || self.known.get(&own).is_some_and(of)
        });
        check("I9", callback.spoilt == Spoilt::No && owned, || {
            format!("{callback:?} wrote {:?}", row.key)
        })
    }

    fn add_up(&self, sale: &Sale) -> Result<(), Violation> {
        let enabled = ids(&sale.products);
        self.rows(sale)?.add_up(&enabled)
    }

    /// Everything, when nothing moves any more.
    ///
    /// # Errors
    /// The first violation.
    pub fn at_rest(&self) -> Result<(), Violation> {
        for (number, (sale, received)) in self.world.sales.iter().zip(&self.received).enumerate() {
            self.add_up(sale)?;
            self.forgotten(number)?;
            let rows = self.rows(sale)?;
            for request in &rows.requests {
                invariants::rested(request)?;
                received.delivered(request)?;
                invariants::attempted(request, self.attempts(sale, request)?)?;
            }
            self.granted(sale, &rows)?;
            self.taken_back(sale, &rows)?;
            let all = self.world.shared.store.rows();
            let payloads = Rows::payloads(sale.tenant, all.iter())?;
            received.explained(&rows.requests, &payloads)?;
        }
        self.migrated()
    }

    /// Where a migration came to its end, and nobody wrote form 1, no row has it any more.
    fn migrated(&self) -> Result<(), Violation> {
        let rows = self.world.shared.store.rows();
        let all_write_second = (0..=SWEEP).all(|slot| self.world.shared.form(slot) != Phase::First);
        let done = rows.get(&keys::migration()).and_then(|row| row.get("done").cloned());
        if done != Some(Value::Bool(true)) || !all_write_second {
            return Ok(());
        }
        let first = rows.iter().find(|(key, row)| has_form(key) && !row.contains_key("f"));
        check("I10", first.is_none(), || format!("{first:?} has form 1 after the migration"))
    }

    /// Nothing stays provided without an activation. Who takes the association away takes away what
    /// would take back, too.
    fn taken_back(&self, sale: &Sale, rows: &Rows) -> Result<(), Violation> {
        let dissolved = |client: &crate::clients::Client| {
            self.world.sales[client.sale].tenant == sale.tenant && client.wish == Wish::Dissolve
        };
        let kept = usize::from(self.clients.iter().any(dissolved));
        let back = if sale.takes_back { ids(&sale.products[kept..]) } else { Vec::new() };
        let apart = Period::from_millis(self.world.shared.apart.load(Relaxed));
        for activation in &rows.activations {
            let of = |request: &&Request| request.aid == activation.aid;
            let requests: Vec<&Request> = rows.requests.iter().filter(of).collect();
            invariants::taken_back(activation, &requests, &back, apart)?;
        }
        Ok(())
    }

    fn attempts(&self, sale: &Sale, request: &Request) -> Result<Vec<Attempt>, Violation> {
        let pk = format!("T#{}#R#{}", sale.tenant, request.id);
        let rows = self.world.shared.store.rows();
        let attempts = rows.iter().filter(|(key, _)| key.pk == pk && key.sk.starts_with(ATTEMPTS));
        let mut out = Vec::new();
        attempts.map(|(_, item)| item).try_for_each(|item| read(item, &mut out))?;
        Ok(out)
    }

    /// Who was granted an activation has exactly one, who was refused has none (I10).
    fn granted(&self, sale: &Sale, rows: &Rows) -> Result<(), Violation> {
        let ours = |client: &&crate::clients::Client| {
            self.world.sales[client.sale].tenant == sale.tenant
                && matches!(client.wish, Wish::Activate { .. } | Wish::Bulk(_))
        };
        for client in self.clients.iter().filter(ours) {
            let effects = rows.activations.iter().filter(|a| self.is_of(a, client)).count();
            let parts = |reply: &crate::api::Reply| match reply.json["data"].as_array() {
                Some(parts) => parts.iter().filter(|part| part["status"] == 201).count(),
                None => 1,
            };
            let wanted = client.granted.as_ref().map_or(0, parts);
            let status = client.last.as_ref().map(|reply| reply.status);
            // Whose key was taken away before the answer came never hears it.
            let refused = matches!(status, Some(401 | 403));
            let turned_away = client.clerk && client.granted.is_none() && refused;
            let most = if client.wish.name() == "activation of two" { 2 } else { 1 };
            check("I10", effects == wanted || turned_away && effects <= most, || {
                format!("{} heard {status:?} and has {effects} activations", client.mark)
            })?;
        }
        Ok(())
    }
}
