//! Routes that say what they ask for.
//!
//! What axum's own router is handed is decided here: a route comes with what it [`Asks`], and there is
//! no way to add one without.

use std::convert::Infallible;

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    http::Method,
    response::IntoResponse,
    routing::{MethodRouter, Route, get, post, put},
};
use tower::{Layer, Service};

use super::Asks;

/// A route as it was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path, its parameters in braces.
    pub path: String,
    /// What it asks for.
    pub asks: Asks,
}

/// Routes, each with what it asks for.
#[derive(Debug, Clone)]
pub struct Routes<S = ()> {
    router: Router<S>,
    declared: Vec<Declared>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self { router: Router::new(), declared: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Something to look at.
    pub fn get<H, T>(self, path: &str, asks: Asks, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add(Method::GET, path, asks, get(handler))
    }

    /// Something to do.
    pub fn post<H, T>(self, path: &str, asks: Asks, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add(Method::POST, path, asks, post(handler))
    }

    /// Something to put in its place.
    pub fn put<H, T>(self, path: &str, asks: Asks, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add(Method::PUT, path, asks, put(handler))
    }

    fn add(mut self, method: Method, path: &str, asks: Asks, route: MethodRouter<S>) -> Self {
        self.declared.push(Declared { method, path: path.to_owned(), asks });
        Self { router: self.router.route(path, route), declared: self.declared }
    }

    /// A layer around the routes so far.
    pub fn layer<L>(self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        Self { router: self.router.route_layer(layer), declared: self.declared }
    }

    /// These and others.
    pub fn merge(mut self, other: Self) -> Self {
        self.declared.extend(other.declared);
        Self { router: self.router.merge(other.router), declared: self.declared }
    }

    /// With what the handlers work with.
    pub fn with_state<S2: Clone + Send + Sync + 'static>(self, state: S) -> Routes<S2> {
        Routes { router: self.router.with_state(state), declared: self.declared }
    }

    /// What was declared, in order.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The router, not yet guarded, and what it has to be guarded by.
    pub(super) fn into_parts(self) -> (Router<S>, Vec<Declared>) {
        (self.router, self.declared)
    }
}
