//! Everything that a handler may use: the ports, the master keys, the configuration.
//!
//! Neighbours: `main` makes one, every handler gets it.

use std::sync::Arc;

use domain::access::Tenant;
use domain::customer::Customer;
use domain::customer::profile::Profile;
use domain::decision::{Decision, Effect};
use domain::entitlement::product_key::KeySecret;
use domain::ids::{Entropy, Id, Purpose};
use domain::limits::{BACK_OFF, BACK_OFF_DOUBLED, COMMIT_TRIES};
use domain::plan::door::Sealed;
use domain::stamp::{Actor, Stamp};
use domain::time::Period;
use futures::future::try_join_all;
use store::{Extra, Store, StoreError};

use crate::loss::accept_loss;
use crate::master::MasterKeys;
use crate::ports::{Clock, Ids, Provider, Queue};
use crate::provider::egress::Policy;
use crate::provider::secret_place;
use crate::provider::token::Tokens;
use crate::secret::{BrokenSeal, NoMasterKey, Secret, key_secret_place, profile_place};
use crate::telemetry;
use crate::tenants::Tenants;

/// The parts that a process runs with.
pub struct App {
    /// Where rows are.
    pub store: Arc<dyn Store>,
    /// Where messages wait.
    pub queue: Arc<dyn Queue>,
    /// The client of providers.
    pub provider: Arc<dyn Provider>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub ids: Arc<dyn Ids>,
    /// The master keys; only functions that seal, open or derive secrets are given them.
    pub master: Option<MasterKeys>,
    /// The start of callback links, without a slash at the end.
    pub public_url: String,
    /// Which addresses may be called.
    pub egress: Policy,
    /// The access tokens of this process.
    pub tokens: Tokens,
    /// What it remembers of tenants.
    pub tenants: Tenants,
}

impl App {
    /// Now, by this actor, with fresh randomness.
    pub fn stamp(&self, by: Actor) -> Stamp {
        Stamp { now: self.clock.now(), by, entropy: self.ids.entropy() }
    }

    /// The master keys.
    ///
    /// # Errors
    /// When this function was not given them.
    pub fn master(&self) -> Result<&MasterKeys, NoMasterKey> {
        self.master.as_ref().ok_or(NoMasterKey)
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// When the seal does not fit.
    pub async fn open(&self, sealed: &Sealed, place: &str) -> Result<Secret, BrokenSeal> {
        let key = self.master()?.key(sealed.master_key(), self.clock.now()).await?;
        key.open(sealed.text(), place)
    }

    /// Seals a secret for a place with the master key of a number.
    ///
    /// # Errors
    /// When this process has no such key.
    pub async fn seal(
        &self,
        number: u32,
        secret: &Secret,
        place: &str,
        entropy: &Entropy,
    ) -> Result<Sealed, BrokenSeal> {
        let key = self.master()?.key(number, self.clock.now()).await?;
        Ok(Sealed::new(number, key.seal(secret, place, entropy)))
    }

    /// The secret of a tenant's eIds and product keys.
    ///
    /// # Errors
    /// When its seal does not fit.
    pub async fn key_secret(&self, tenant: &Tenant) -> Result<KeySecret, BrokenSeal> {
        Ok(KeySecret::new(self.product_keys(tenant).await?))
    }

    /// The same secret's bytes.
    ///
    /// # Errors
    /// When its seal does not fit.
    pub(crate) async fn product_keys(&self, tenant: &Tenant) -> Result<[u8; 32], BrokenSeal> {
        let id = tenant.info.id;
        let Some(sealed) = &tenant.key_secret else {
            let first = self.master()?.key(Sealed::FIRST_KEY, self.clock.now()).await?;
            return Ok(first.product_keys(id));
        };
        let opened = self.open(sealed, &key_secret_place(id)).await?;
        opened.bytes().try_into().map_err(|_| BrokenSeal::Changed)
    }

    /// A method's callback secrets in the clear.
    ///
    /// # Errors
    /// When a seal does not fit.
    pub async fn open_secrets(
        &self,
        method: Id,
        sealed: &[Sealed],
    ) -> Result<Vec<Secret>, BrokenSeal> {
        let place = secret_place(method);
        try_join_all(sealed.iter().map(|sealed| self.open(sealed, &place))).await
    }

    /// A customer's profile in the clear; none when nothing is said in it.
    ///
    /// # Errors
    /// When the seal does not fit.
    pub async fn open_profile(&self, customer: &Customer) -> Result<Option<Profile>, BrokenSeal> {
        let Some(sealed) = &customer.profile else { return Ok(None) };
        let opened = self.open(sealed, &profile_place(customer.id)).await?;
        serde_json::from_slice(opened.bytes()).map(Some).map_err(|_| BrokenSeal::Changed)
    }

    /// Does an act until nobody else writes first; `act` gets the number of races that it has
    /// lost, and loads and decides anew each time.
    ///
    /// # Errors
    /// The errors of the act; a conflict when too many races were lost.
    pub async fn until_won<T, E, R>(&self, act: impl Fn(u32) -> R) -> Result<T, E>
    where
        E: From<StoreError>,
        R: Future<Output = Result<T, Undone<E>>>,
    {
        for lost in 0..COMMIT_TRIES {
            match act(lost).await {
                Err(Undone::Race) => self.back_off(lost).await,
                Err(Undone::Said(error)) => return Err(error),
                Ok(done) => return Ok(done),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Waits after the `lost`-th lost race in a row, from 0: longer each time, by chance, so that
    /// those who raced do not meet again.
    async fn back_off(&self, lost: u32) {
        let most = BACK_OFF.millis() << lost.min(BACK_OFF_DOUBLED);
        let wait = most as f64 * self.ids.entropy().fraction(Purpose::BackOff);
        self.clock.wait(Period::from_millis(wait as i64)).await;
    }

    /// The one way a decision becomes durable: what follows from it is decided, what is kept for a
    /// time only gets its end, all is committed at once, and then its effects are carried out.
    ///
    /// # Errors
    /// As the store's commit; the effects cannot fail it.
    pub async fn commit(
        &self,
        tenant: Id,
        mut decision: Decision,
        stamp: &Stamp,
        extra: &Extra,
    ) -> Result<(), StoreError> {
        for next in std::mem::take(&mut decision.follow) {
            let loaded = self.store.load_revocation(tenant, &next.request().aid).await;
            // What it was sold by was deleted at the same moment: nothing is left to credit.
            let Some(revocation) = store::present(loaded)? else { continue };
            let followed = revocation.follow(&next, decision, stamp);
            decision = followed.map_err(|r| StoreError::Corrupt("activation", r.detail))?;
        }
        if decision.is_kept_for_a_time() {
            let known = self.tenants.know(&*self.store, tenant, stamp.now).await?;
            decision.keep_for(known.retention, stamp.now);
        }
        self.store.commit(tenant, &decision, extra).await?;
        telemetry::walked(&decision);
        let messages: Vec<_> =
            decision.effects.into_iter().map(|Effect::Enqueue(message)| message).collect();
        if !messages.is_empty() {
            accept_loss(self.queue.send(&messages).await, "the sweeper finds the queued row");
        }
        Ok(())
    }
}

/// Why an act came to nothing.
#[derive(Debug)]
pub enum Undone<E> {
    /// Somebody else wrote first.
    Race,
    /// It is refused, or the store is not available.
    Said(E),
}

impl<E: From<StoreError>> From<StoreError> for Undone<E> {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Race,
            other => Self::Said(other.into()),
        }
    }
}
