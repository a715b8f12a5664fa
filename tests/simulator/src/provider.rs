//! Simulated providers: they answer as they like, and call back when they like.
//!
//! Neighbours: `world` asks for the fate of every POST. Guarantee: a provider remembers what it
//! received by its idempotency key, as every real one must.

use std::sync::atomic::Ordering::Relaxed;

use domain::cause::Silence;
use domain::ids::Id;
use domain::limits::SIGNATURE_SKEW;
use domain::plan::door::{self, Sealed};
use domain::plan::method::Method;
use domain::record::Kind;
use domain::request::attempt::AttemptOutcome;
use domain::request::dispatched::{Answer, Heard};
use domain::time::{Period, Time};
use edge::ports::Post;
use edge::secret::Secret;
use fastrand::Rng;
use futures::FutureExt;
use model::invariants::{Violation, check};
use serde_json::json;
use store::rows::decode;
use store::{Store, keys};

use crate::api::{Call, Door, Reply, Sale};
use crate::world::{Run, World};

/// How an authentic callback may be spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoilt {
    /// Not at all.
    No,
    /// Another secret.
    Secret,
    /// Signed long ago.
    Stale,
    /// By the other tenant's method, with its own secret.
    Foreign,
    /// By a secret that was rotated out.
    Retired,
}

/// A callback that a provider means to make.
#[derive(Clone, Debug)]
pub struct Callback {
    /// Whose provider it is.
    pub sale: usize,
    /// The method that it was posted by.
    pub door: Door,
    /// The request.
    pub request: u64,
    /// The generation it speaks of.
    pub generation: u32,
    /// Its webhook id.
    pub webhook_id: String,
    /// The status it reports.
    pub status: &'static str,
    /// When it is made.
    pub due: i64,
    /// How it is spoilt.
    pub spoilt: Spoilt,
    /// When it was signed last.
    pub signed: i64,
    /// With what it was signed last.
    pub secret: String,
    /// It is on its way.
    pub under_way: bool,
    /// It was answered for good.
    pub answered: Option<Reply>,
}

/// A provider repeats what was not answered after this.
const AGAIN_MS: i64 = 5_000;

impl Callback {
    /// Its body.
    pub fn body(&self) -> String {
        json!({"status": self.status, "referenceNumber": "R-1", "id": self.request,
            "generation": self.generation})
        .to_string()
    }

    /// The call, signed at `now`.
    pub fn call(&self, world: &World, now: i64) -> Call {
        let other = &world.sales[1 - self.sale].door;
        let own = Door { secret: self.secret.clone(), ..self.door };
        let door = match self.spoilt {
            Spoilt::Foreign => other,
            Spoilt::Retired => &self.door,
            _ => &own,
        };
        let at = if self.spoilt == Spoilt::Stale { now - 3_600_000 } else { now };
        let query = format!("?generation={}", self.generation);
        let at = Time::from_millis(at);
        let mut call = door.report(self.request, &query, &self.webhook_id, at, &self.body());
        if self.spoilt == Spoilt::Secret {
            let forged = other.report(self.request, &query, &self.webhook_id, at, &self.body());
            call.headers = forged.headers;
        }
        call
    }

    /// Sends it.
    pub fn begin(&mut self, world: &World, now: i64) -> Call {
        self.under_way = true;
        self.signed = now;
        // Who has two secrets may sign with either.
        let (live, _) = world.secrets(self.door.method);
        let place = usize::from(self.due % 2 == 0) * live.len().saturating_sub(1);
        self.secret = live.get(place).cloned().unwrap_or_default();
        self.call(world, now)
    }

    /// It was not answered; it is made again later.
    pub fn unheard(&mut self, now: i64) {
        self.under_way = false;
        self.due = now + AGAIN_MS;
    }
}

/// What a provider does with a POST.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Whether it gets it at all.
    pub reached: bool,
    /// What it answers.
    pub answer: Answer,
    /// What it will report, and after how long.
    pub reports: Vec<(i64, &'static str, Spoilt)>,
}

impl Behaviour {
    /// Accepts, and completes.
    pub fn good() -> Self {
        let reports = vec![(1_000, "IN_PROGRESS", Spoilt::No), (2_000, "COMPLETED", Spoilt::No)];
        Self { reached: true, answer: http(202, None), reports }
    }

    /// Anything; `refusals` parts of a thousand are no 2xx.
    pub fn any(rng: &mut Rng, refusals: u32) -> Self {
        let nothing = |silence| Answer::None(silence, "simulated".to_owned());
        let dice = if rng.u32(..1000) < refusals { rng.u32(50..100) } else { 0 };
        let (reached, answer) = match dice {
            0..50 => (true, http(202, None)),
            50..58 => (true, http(500, None)),
            58..63 => (true, http(429, Some(3_000))),
            63..66 => (true, http(400, None)),
            66..68 => (true, http(302, None)),
            68..78 => (true, nothing(Silence::Timeout)),
            78..84 => (true, nothing(Silence::Broken)),
            84..90 => (false, nothing(Silence::Timeout)),
            90..96 => (false, nothing(Silence::Connect)),
            _ => (false, Answer::Blocked("simulated".to_owned())),
        };
        let statuses: &[&str] = match rng.u32(..10) {
            0 => &[],
            1..4 => &["COMPLETED"],
            4..7 => &["IN_PROGRESS", "COMPLETED"],
            7 => &["IN_PROGRESS", "IN_PROGRESS", "FAILED"],
            8 => &["FAILED"],
            _ => &["COMPLETED", "FAILED"],
        };
        let mut reports: Vec<_> =
            statuses.iter().map(|status| (rng.i64(0..20_000), *status, Spoilt::No)).collect();
        if rng.u32(..4) == 0 {
            let spoilt = [Spoilt::Secret, Spoilt::Stale, Spoilt::Foreign, Spoilt::Retired];
            let spoilt = spoilt[rng.usize(..4)];
            reports.push((rng.i64(0..5_000), "COMPLETED", spoilt));
        }
        Self { reached, answer, reports: if reached { reports } else { Vec::new() } }
    }
}

fn http(status: u16, retry_after: Option<i64>) -> Answer {
    let retry_after = retry_after.map(Period::from_millis);
    let heard = Heard { retry_after, ..Heard::default() };
    Answer::Http { status, body: r#"{"referenceNumber":"R-0"}"#.to_owned(), heard }
}

impl World {
    /// The callback secrets of a method that live, newest first, and all that its row keeps.
    pub fn secrets(&self, method: u64) -> (Vec<String>, Vec<String>) {
        let rows = self.shared.store.rows();
        let now = Time::from_millis(self.shared.now.load(Relaxed));
        let opened = |id, sealed: &[Sealed]| {
            let opened = self.apps[0].open_secrets(id, sealed).now_or_never();
            let opened = opened.and_then(Result::ok).unwrap_or_default();
            opened.iter().map(Secret::whsec).collect::<Vec<_>>()
        };
        let Ok(id) = Id::try_from(method) else { return Default::default() };
        let method = |sale: &Sale| {
            let key = keys::of_catalog(Id::try_from(sale.tenant).ok()?, Kind::Method, id);
            decode::<Method>(rows.get(&key)?).ok()
        };
        if let Some(method) = self.sales.iter().find_map(method) {
            return (opened(id, method.live_secrets(now)), opened(id, &method.secrets));
        }
        // A deleted method is heard for a while.
        drop(rows);
        let store: &dyn Store = &self.shared.store;
        let door = store.find_door(id, now).now_or_never().and_then(Result::ok).flatten();
        let of =
            |door: &door::Door| (opened(id, door.live_secrets(now)), opened(id, &door.secrets));
        door.as_ref().map(of).unwrap_or_default()
    }
}

impl Run<'_> {
    /// A provider gets a POST.
    ///
    /// # Errors
    /// I7, when the same key comes with other bytes.
    pub fn posted(&mut self, post: &Post, does: Behaviour) -> Result<Answer, Violation> {
        let header = |name: &str| {
            let found = post.headers.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let key = header("webhook-id");
        if !does.reached {
            return Ok(does.answer);
        }
        let request = header("provisioning-request-id").parse().unwrap_or_default();
        let link = header("provisioning-callback-url");
        let generation = link.rsplit_once('=').and_then(|(_, n)| n.parse().ok()).unwrap_or(1);
        let (sale, door) = self.door_of(link);
        let first = !self.received[sale].has(key);
        self.received[sale].note(key, &post.body)?;
        let last = [AttemptOutcome::Ok, AttemptOutcome::Refused];
        if last.contains(&does.answer.outcome()) {
            self.received[sale].answer(key);
        }
        // What came before under the same key has no second effect, and is not reported again.
        let reports = if first { does.reports } else { Vec::new() };
        for (n, (after, status, spoilt)) in reports.into_iter().enumerate() {
            self.callbacks.push(Callback {
                sale,
                door: door.clone(),
                request,
                generation,
                webhook_id: format!("m{request}_{generation}_{n}"),
                status,
                due: self.now() + after,
                spoilt,
                signed: 0,
                secret: String::new(),
                under_way: false,
                answered: None,
            });
        }
        Ok(does.answer)
    }

    /// The sale and the door that a link for callbacks leads to.
    fn door_of(&self, link: &str) -> (usize, Door) {
        let leads = |door: &&Door| link.contains(&format!("/callbacks/{}/", door.method));
        let doors = |sale: &Sale| [&sale.door, &sale.spare].into_iter().find(leads).cloned();
        let mut found = self.world.sales.iter().enumerate();
        let found = found.find_map(|(n, sale)| doors(sale).map(|door| (n, door)));
        found.unwrap_or_else(|| (0, self.world.sales[0].door.clone()))
    }

    /// Ids are a tenant's own: where the other tenant has a request of the same id, its method's
    /// callback would be no foreign one. A secret that lives is not rotated out.
    pub fn keep_spoilt(&mut self, place: usize) {
        let callback = &mut self.callbacks[place];
        let other = &self.world.sales[1 - callback.sale];
        let ids = Id::try_from(other.tenant).ok().zip(Id::try_from(callback.request).ok());
        let theirs =
            ids.is_some_and(|(tenant, id)| self.known.contains_key(&keys::request(tenant, id)));
        let (world, door) = (self.world, &callback.door);
        let lives = || world.secrets(door.method).1.contains(&door.secret);
        if callback.spoilt == Spoilt::Foreign && theirs
            || callback.spoilt == Spoilt::Retired && lives()
        {
            callback.spoilt = Spoilt::Secret;
        }
    }

    /// What a provider says of its own work is never unknown, nor refused because we gave up (I6).
    fn listened_to(&self, callback: &Callback, reply: &Reply) -> Result<(), Violation> {
        let sale = &self.world.sales[callback.sale];
        let ids = Id::try_from(sale.tenant).ok().zip(Id::try_from(callback.request).ok());
        let row = ids.and_then(|(tenant, id)| self.known.get(&keys::request(tenant, id)));
        let current = row.filter(|row| row.generation == callback.generation);
        let last = current.and_then(|row| row.life.history.last());
        let given_up = last.is_some_and(|step| matches!(&*step.row, "P3" | "P7"));
        let refused = reply.status == 409 && given_up || reply.status == 404;
        check("I6", callback.spoilt != Spoilt::No || !refused, || {
            format!("{callback:?} was refused: {}", reply.json)
        })
    }

    /// A provider hears the answer to a callback: only authentic ones have an effect (I9), and
    /// none has it twice (I11).
    ///
    /// # Errors
    /// The violation.
    pub fn heard(&mut self, place: usize, reply: &Reply) -> Result<(), Violation> {
        let now = self.now();
        let callback = &self.callbacks[place];
        let taken = reply.status == 200 && reply.json["outcome"] == "ACCEPTED";
        check("I9", callback.spoilt == Spoilt::No || reply.status >= 400, || {
            format!("a spoilt callback was answered {}: {callback:?}", reply.json)
        })?;
        let before = self.callbacks.iter().any(|other| {
            (other.sale, &other.webhook_id) == (callback.sale, &callback.webhook_id)
                && other.answered.as_ref().is_some_and(|a| a.json["outcome"] == "ACCEPTED")
        });
        check("I11", !(taken && before), || format!("{} was accepted twice", callback.webhook_id))?;
        self.listened_to(callback, reply)?;
        // A wrong clock at our side looks like a wrong signature; so the provider tries again.
        let mistaken = reply.status == 401 && callback.spoilt == Spoilt::No;
        let skewed = self.world.seats.iter().any(|seat| seat.skew.load(Relaxed) != 0);
        let stale = now - callback.signed > SIGNATURE_SKEW.millis();
        let rotated = || !self.world.secrets(callback.door.method).0.contains(&callback.secret);
        check("I6", !mistaken || skewed || stale || rotated(), || {
            format!("{callback:?} was turned away")
        })?;
        let again = reply.status >= 500 || mistaken;
        let callback = &mut self.callbacks[place];
        if again {
            callback.unheard(now);
        } else {
            callback.under_way = false;
            callback.answered = Some(reply.clone());
        }
        Ok(())
    }
}
