//! Which parameters each address of the API takes: those that its description names, and no others.
//!
//! A parameter that is misspelt or belongs to another address would else be passed over without a word, and the answer
//! taken for one to another question.

use axum::{
    extract::MatchedPath,
    http::{Method, request::Parts},
};
use rustc_hash::FxHashMap;
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, Parameter, ParameterIn},
};

use crate::{
    http::{is_api, parameter_names},
    problem::Problem,
};

/// The parameters of every address, by method and path.
#[derive(Debug, Default)]
pub(crate) struct Parameters(FxHashMap<(Method, String), Vec<String>>);

impl Parameters {
    /// With those that a description names.
    pub(crate) fn add(&mut self, description: &OpenApi) {
        for (path, item) in &description.paths.paths {
            let operations = [(Method::GET, &item.get), (Method::POST, &item.post), (Method::PUT, &item.put)];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    self.0.insert((method, path.clone()), named(operation));
                }
            }
        }
    }

    /// Refuses a request to the API that names a parameter its address does not take.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), Problem> {
        let has_none = parts.uri.query().is_none_or(str::is_empty);
        if has_none || !is_api(parts.uri.path()) {
            return Ok(());
        }
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
        let taken = self.0.get(&(method, path.to_owned())).map(Vec::as_slice).unwrap_or_default();
        match parameter_names(&parts.uri)?.into_iter().find(|name| !taken.contains(name)) {
            None => Ok(()),
            Some(unknown) => Err(refused(&unknown, taken)),
        }
    }
}

fn named(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten();
    let query = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        _ => None,
    };
    parameters.filter_map(query).collect()
}

fn refused(unknown: &str, taken: &[String]) -> Problem {
    const NAME_MAX_CHARS: usize = 40;
    let name: String = unknown.chars().take(NAME_MAX_CHARS).collect();
    let takes =
        if taken.is_empty() { "takes none".to_owned() } else { format!("takes {}", taken.join(", ")) };
    let detail = format!("this address has no parameter “{name}”; it {takes}");
    Problem::bad_input("a query parameter is wrong").at(name, detail)
}
