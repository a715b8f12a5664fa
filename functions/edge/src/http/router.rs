//! Builds an axum Router from the table of routes: a handler without a row cannot be mounted.
//!
//! Neighbours: every HTTP function; Lambda, local mode and tests serve the same router.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, on};
use data_encoding::HEXLOWER;
use domain::ids::Purpose;
use domain::rejection::Code;

use crate::app::App;
use crate::http::context::Cx;
use crate::http::problem::Problem;
use crate::http::routes::{Function, Route};
use crate::http::table::ROUTES;

/// The handlers of one function.
pub struct Routes {
    app: Arc<App>,
    function: Function,
    router: Router,
    mounted: Vec<&'static str>,
}

impl Routes {
    /// For the rows of this function.
    pub fn of(function: Function, app: Arc<App>) -> Self {
        Self { app, function, router: Router::new(), mounted: Vec::new() }
    }

    /// Mounts a handler at its row of the table.
    ///
    /// # Panics
    /// At start-up, when this function has no such row: a route without a permission.
    #[must_use]
    pub fn on<H, F, A>(mut self, operation: &'static str, handler: H) -> Self
    where
        H: Fn(Cx) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<A, Problem>> + Send + 'static,
        A: IntoResponse,
    {
        let route = ROUTES.iter().find(|r| r.operation == operation && r.function == self.function);
        let Some(route) = route else {
            panic!("{operation} is not in the table of routes of {:?}", self.function)
        };
        self.mounted.push(operation);
        let path = route.mounted();
        self.router = self.router.route(path, method(route, Arc::clone(&self.app), handler));
        self
    }

    /// The router of the function.
    ///
    /// # Panics
    /// At start-up, when a row of the table has no handler.
    pub fn router(self) -> Router {
        for route in ROUTES.iter().filter(|route| route.function == self.function) {
            assert!(self.mounted.contains(&route.operation), "{} has no handler", route.operation);
        }
        self.router
    }
}

fn method<H, F, A>(route: &'static Route, app: Arc<App>, handler: H) -> MethodRouter
where
    H: Fn(Cx) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<A, Problem>> + Send + 'static,
    A: IntoResponse,
{
    let filter = MethodFilter::try_from(route.method()).unwrap_or(MethodFilter::GET);
    on(filter, move |params: Result<RawPathParams, RawPathParamsRejection>, request: Request| {
        let (app, handler) = (Arc::clone(&app), handler.clone());
        async move { serve(route, app, handler, params, request).await }
    })
}

async fn serve<H, F, A>(
    route: &'static Route,
    app: Arc<App>,
    handler: H,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Result<Response<Body>, Infallible>
where
    H: Fn(Cx) -> F,
    F: Future<Output = Result<A, Problem>>,
    A: IntoResponse,
{
    let path = request.uri().path().to_owned();
    let request_id = request_id(&app);
    let mut caller = None;
    let answer = match params {
        // An address that is not even text names nothing.
        Err(_) => Err(Problem::of_code(Code::NotFound)),
        Ok(params) => {
            let params =
                params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            match Cx::open(app, route, params, request, &request_id).await {
                Ok(cx) => {
                    caller = cx.caller.clone();
                    handler(cx).await
                }
                Err(problem) => Err(problem),
            }
        }
    };
    let role = caller.as_ref().map(|caller| &caller.role);
    let response = match answer.map_err(|problem| problem.of(&path, &request_id, role)) {
        Ok(answer) => answer.into_response(),
        Err(problem) => (route.dialect.refuse)(problem),
    };
    tracing::info!(operation = route.operation, status = response.status().as_u16(), request_id);
    Ok(named(response, &request_id))
}

/// A name for a call.
pub fn request_id(app: &App) -> String {
    HEXLOWER.encode(&app.ids.entropy().bytes(Purpose::CallId)[..8])
}

/// The name of the call, and what a browser may not do with its answer: guess its type, keep it, or
/// run anything of it.
pub fn named(mut response: Response<Body>, request_id: &str) -> Response<Body> {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The router with our own 404 and 405; the last step of every host.
pub fn finish(router: Router, app: &Arc<App>) -> Router {
    let (lost, wrong) = (Arc::clone(app), Arc::clone(app));
    let fallback = move |request: Request| {
        let detail = format!("There is nothing at {}.", request.uri().path());
        std::future::ready(refuse(&lost, &request, Code::NotFound, detail))
    };
    let not_allowed = move |request: Request| {
        let detail = format!("{} does not answer {}.", request.uri().path(), request.method());
        std::future::ready(refuse(&wrong, &request, Code::MethodNotAllowed, detail))
    };
    router.fallback(fallback).method_not_allowed_fallback(not_allowed)
}

fn refuse(app: &App, request: &Request, code: Code, detail: String) -> Response<Body> {
    let request_id = request_id(app);
    let problem = Problem::new(code, detail).of(request.uri().path(), &request_id, None);
    named(problem.into_response(), &request_id)
}

/// A page of plain text or HTML, for the few answers that are not JSON.
pub fn page(content_type: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::default();
    let value = HeaderValue::from_static(content_type);
    response.headers_mut().insert(axum::http::header::CONTENT_TYPE, value);
    response
}

impl Route {
    /// Its HTTP method.
    pub fn method(&self) -> Method {
        Method::from_bytes(self.verb.as_bytes()).unwrap_or(Method::GET)
    }
}
