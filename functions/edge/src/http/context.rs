//! A call on its way through a handler: decode, load, decide, commit, answer.
//!
//! Neighbours: `router` makes one per call. Guarantee: the caller is known and permitted, the body
//! is within its bound, before a handler sees either.

use std::future::Future;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Request, header};
use domain::access::namespace::DEFAULT_NAMESPACE;
use domain::access::{Act, Needs};
use domain::attributes::{CustomAttributes, Entity};
use domain::decision::Decision;
use domain::ids::Id;
use domain::limits::{BODY_BYTES, CALLBACK_BODY_BYTES};
use domain::record::Kind;
use domain::rejection::{Code, Fault, Faults, Rejection};
use domain::stamp::Stamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use store::list::{Page, PageOf};
use store::{Extra, Store, StoreError};
use utoipa::ToSchema;

use crate::app::App;
use crate::http::answer::Answer;
use crate::http::auth::{self, Caller};
use crate::http::body::{self, Body};
use crate::http::dialect::Dialect;
use crate::http::idempotency::{self, Repeatable};
use crate::http::page;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::routes::{Gives, Route};
use crate::http::shape::shape;

/// A call.
pub struct Cx {
    /// The parts that the process runs with.
    pub app: Arc<App>,
    /// The row of the table of routes.
    pub route: &'static Route,
    /// The raw body.
    pub body: Bytes,
    /// Query parameters.
    pub query: Query,
    /// Method, path, headers.
    pub parts: Parts,
    /// The name of this call, in its answer and the log.
    pub request_id: String,
    params: Vec<(String, String)>,
    pub(super) caller: Option<Arc<Caller>>,
}

impl Cx {
    /// Lets a call in: who, whether permitted, how much.
    ///
    /// # Errors
    /// 401, 403, 413, 415, 400 for the query.
    pub async fn open(
        app: Arc<App>,
        route: &'static Route,
        params: Vec<(String, String)>,
        request: Request<axum::body::Body>,
        request_id: &str,
    ) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let most = match route.needs {
            Needs::Signature => CALLBACK_BODY_BYTES,
            _ => BODY_BYTES,
        };
        // The key comes first: who has none is not listened to.
        let caller = match route.needs {
            Needs::Nothing | Needs::Signature => None,
            needs => {
                let token = (route.dialect.token)(&parts.uri);
                let secret = auth::bearer(&parts.headers).or(token.as_deref());
                Some(Arc::new(auth::caller(&app, secret, needs).await?))
            }
        };
        let Dialect { content, ours, .. } = route.dialect;
        let body = body::receive(body, most).await;
        let body = if content.is_empty() { Bytes::new() } else { body? };
        body::content_type(&parts.headers, &body, content)?;
        if route.takes.is_none() && route.verb != "GET" && ours {
            body::nothing(&body)?;
        }
        let asked = parts.uri.query().unwrap_or_default();
        let query = (route.dialect.query)(asked, &route.parameters())?;
        if let Gives::One(shape) | Gives::Page(shape) = route.gives
            && ours
        {
            page::known_fields(&query, shape)?;
        }
        let request_id = request_id.to_owned();
        Ok(Self { app, route, body, query, parts, request_id, params, caller })
    }

    /// The store.
    pub fn store(&self) -> &(dyn Store + 'static) {
        &*self.app.store
    }

    /// The caller.
    ///
    /// # Errors
    /// 401 on a route that needs no key.
    pub fn caller(&self) -> Result<&Caller, Rejection> {
        let missing = || Rejection::of(Code::Unauthenticated);
        self.caller.as_deref().ok_or_else(missing)
    }

    /// The caller's tenant.
    ///
    /// # Errors
    /// As [`Cx::caller`].
    pub fn tenant(&self) -> Result<Id, Rejection> {
        Ok(self.caller()?.tenant)
    }

    /// The path of the call.
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// A parameter of the path as text.
    pub fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// An id of the path.
    ///
    /// # Errors
    /// 404: what is no id names nothing.
    pub fn id(&self, name: &str) -> Result<Id, Rejection> {
        let not_found = |_| Rejection::new(Code::NotFound, "There is nothing at this address.");
        self.param(name).parse().map_err(not_found)
    }

    /// The body. Faults of its form are reported together with those of its rules.
    ///
    /// # Errors
    /// Every fault of it, when nothing can be read of it.
    pub fn json<T: DeserializeOwned + ToSchema>(&self) -> Result<Body<T>, Rejection> {
        let (input, faults) = body::read(&self.body, Some(shape::<T>()))?;
        Ok(Body { input, faults })
    }

    /// The body of a call whose parts are read one by one.
    ///
    /// # Errors
    /// Every fault of its form.
    pub fn envelope<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        let (read, faults) = body::read(&self.body, None)?;
        Faults::from(faults).finish()?;
        Ok(read)
    }

    /// Answers a call that stores nothing.
    ///
    /// # Errors
    /// The errors of the work.
    pub async fn settle<T, R>(
        &self,
        body: Body<T>,
        work: impl FnOnce(T) -> R + Send,
    ) -> Result<Answer, Problem>
    where
        R: Future<Output = Result<Answer, Problem>> + Send,
    {
        let done = work(body.input).await;
        match with_noted(body.faults, done.as_ref().err()) {
            Some(problem) => Err(problem),
            None => done,
        }
    }

    /// The namespace of the body, or the default one, if the caller may act on its catalog.
    ///
    /// # Errors
    /// 422 when there is none that the caller may see, 403 when it may only see it.
    pub async fn namespace(&self, named: Option<Id>, act: Act) -> Result<Id, Problem> {
        let caller = self.caller()?;
        let mut id = named;
        if id.is_none() {
            let (kind, name) = (Kind::Namespace, DEFAULT_NAMESPACE);
            let found = self.store().find_named(caller.tenant, kind, "name", name).await?;
            id = found.first().copied();
        }
        let none = || Rejection::new(Code::ReferenceNotFound, "There is no default namespace.");
        let id = id.ok_or_else(none)?;
        let unknown = || Rejection::from(Fault::unknown("/namespaceId", "Namespace", id));
        if !caller.role.may_in(id, Act::View) && !caller.role.may_in(id, act) {
            return Err(unknown().into());
        }
        store::present(self.store().load_namespace(caller.tenant, id).await)?
            .ok_or_else(unknown)?;
        caller.may_in(id, act, "namespace")?;
        Ok(id)
    }

    /// Holds custom attributes against the types that they are registered with: no read where there
    /// are none.
    ///
    /// # Errors
    /// 400 for each value that is of another type.
    pub async fn fit(&self, entity: Entity, given: &CustomAttributes) -> Result<(), Problem> {
        if given.custom_attribute.is_empty() {
            return Ok(());
        }
        let types = self.store().list_attribute_types(self.tenant()?, entity).await?;
        Ok(given.fit(&types)?)
    }

    /// Heeds `If-Match` against the version that was read.
    ///
    /// # Errors
    /// 412 when it is stale; 428 when a PUT or PATCH has none.
    pub fn if_match(&self, version: u64) -> Result<(), Rejection> {
        let given = self.parts.headers.get(header::IF_MATCH).and_then(|v| v.to_str().ok());
        let Some(given) = given else {
            if self.route.needs_if_match() {
                return Err(Rejection::of(Code::IfMatchRequired));
            }
            return Ok(());
        };
        let current = format!("\"{version}\"");
        if given.split(',').map(str::trim).any(|tag| tag == "*" || tag == current) {
            return Ok(());
        }
        let detail = format!("It has version {version} by now. Read it again and repeat.");
        Err(Rejection::new(Code::VersionMismatch, detail))
    }

    /// Loads, decides and commits; again from the start when a race was lost. With an
    /// Idempotency-Key the answer is replayed if it was given before: the commit finds its record,
    /// so that a first call pays for no look.
    ///
    /// # Errors
    /// The errors of the decision; 503 when too many races were lost.
    pub async fn decide<F, R>(&self, decide: F) -> Result<Answer, Problem>
    where
        F: Fn(Stamp) -> R + Send + Sync,
        R: Future<Output = Result<(Answer, Decision), Problem>> + Send,
    {
        self.decide_as(self.repeatable()?.as_ref(), &[], decide).await
    }

    /// The same on a body.
    ///
    /// # Errors
    /// As [`Cx::decide`]; the faults of the body's form.
    pub async fn decide_on<'a, T, F, R>(
        &self,
        body: &'a Body<T>,
        decide: F,
    ) -> Result<Answer, Problem>
    where
        T: Sync,
        F: Fn(&'a T, Stamp) -> R + Send + Sync,
        R: Future<Output = Result<(Answer, Decision), Problem>> + Send,
    {
        let decide = |stamp| decide(&body.input, stamp);
        self.decide_as(self.repeatable()?.as_ref(), &body.faults, decide).await
    }

    /// The call's Idempotency-Key, if it has one.
    pub(super) fn repeatable(&self) -> Result<Option<Repeatable>, Rejection> {
        if !self.route.heeds_idempotency_key() {
            return Ok(None);
        }
        let named = idempotency::named(&self.parts, &self.body)?;
        named.map(|named| Ok(named.by(self.caller()?))).transpose()
    }

    /// The same for a call, or a part of one, of this name.
    pub(super) async fn decide_as<F, R>(
        &self,
        key: Option<&Repeatable>,
        noted: &[Fault],
        decide: F,
    ) -> Result<Answer, Problem>
    where
        F: Fn(Stamp) -> R + Send + Sync,
        R: Future<Output = Result<(Answer, Decision), Problem>> + Send,
    {
        let caller = self.caller()?;
        let (decide, tenant) = (&decide, caller.tenant);
        let done = self.app.until_won(|_| async move {
            let stamp = self.app.stamp(caller.actor());
            let decided = decide(stamp).await;
            let (answer, decision) = match with_noted(noted.to_vec(), decided.as_ref().err()) {
                Some(problem) => return Err(problem.into()),
                None => decided?,
            };
            let decision = self.audited(decision, &stamp)?;
            let answered = key.map(|key| (key.record(&answer), stamp.now));
            self.app.commit(tenant, decision, &stamp, &Extra { answer: answered }).await?;
            Ok(answer)
        });
        match done.await {
            // The same call may have come before: then its answer counts, not this no.
            Err(problem) => self.replay(tenant, key).await?.ok_or(problem),
            done => done,
        }
    }

    async fn replay(
        &self,
        tenant: Id,
        key: Option<&Repeatable>,
    ) -> Result<Option<Answer>, Problem> {
        let Some(key) = key else { return Ok(None) };
        let saved = self.store().find_answer(tenant, &key.hash, self.app.clock.now()).await?;
        Ok(saved.map(|saved| key.replay(saved)).transpose()?)
    }

    /// 200 with an entity, its `ETag`, and only the fields that were asked for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn show(&self, entity: &impl Serialize, version: u64) -> Result<Answer, Problem> {
        Ok(Answer::ok(&page::fields(&self.query, json!(entity)))?.version(version))
    }

    /// Which page of the list is asked for.
    ///
    /// # Errors
    /// 400 or 422 for its parameters.
    pub fn page(&self) -> Result<PageOf, Rejection> {
        page::asked(&self.query, self.route.operation)
    }

    /// A page of the rows of a kind that `keep` keeps. Where the query has one of these members,
    /// whose values are names, `find` reads the rows of that name alone, and the page is complete.
    ///
    /// # Errors
    /// As [`Cx::page`]; when the store is not available.
    pub async fn page_or_named<T, R>(
        &self,
        kind: Kind,
        members: &[&'static str],
        keep: impl Fn(&T) -> bool + Send,
        id: fn(&T) -> Id,
        find: impl FnOnce(Vec<Id>) -> R + Send,
    ) -> Result<Page<T>, Problem>
    where
        T: DeserializeOwned,
        R: Future<Output = Result<Vec<T>, StoreError>> + Send,
    {
        let (tenant, asked) = (self.tenant()?, self.page()?);
        let mut exact =
            members.iter().filter_map(|member| Some((member, self.query.text(member)?)));
        let Some((member, value)) = exact.next() else {
            return Ok(self.store().list(tenant, kind, &asked, keep).await?);
        };
        let ids = self.store().find_named(tenant, kind, member, value).await?;
        let rows = find(ids).await?.into_iter().filter(keep).collect();
        Ok(page::of(rows, id, &asked))
    }

    /// 200 with a page.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn list<T: Serialize>(&self, page: &Page<T>) -> Result<Answer, Problem> {
        page::answer(page, &self.query, self.route.operation, self.path())
    }
}

/// The faults of a body's form, before those that the domain found besides.
fn with_noted(mut faults: Vec<Fault>, problem: Option<&Problem>) -> Option<Problem> {
    if faults.is_empty() {
        return problem.cloned();
    }
    for fault in problem.into_iter().flat_map(Problem::faults) {
        if !faults.iter().any(|noted| noted.pointer == fault.pointer) {
            faults.push(fault.clone());
        }
    }
    Faults::from(faults).finish().err().map(Problem::from)
}
