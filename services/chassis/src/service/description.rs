//! The description of the API, as it is sent.

use bytes::Bytes;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::access::Declared;

/// The description of the API as it is sent. Whatever a route says of its own answers, a problem
/// always goes out as `application/problem+json`.
pub(super) fn description(openapi: &OpenApi, declared: &[Declared]) -> Bytes {
    const PROBLEM: &str = "#/components/schemas/Problem";
    let mut description = serde_json::to_value(openapi).unwrap_or_default();
    say_who_may(&mut description, declared);
    let request = serde_json::json!({
        "type": "string", "format": "uuid",
        "description": "The request, as the log and the header X-Request-Id name it: give it when you ask for help"
    });
    if let Some(fields) = description.pointer_mut("/components/schemas/Problem/properties") {
        fields["request"] = request;
    }
    give_shapes(&mut description);
    let answers = operations(&mut description)
        .filter_map(|operation| operation.get_mut("responses").and_then(Value::as_object_mut))
        .flat_map(|answers| answers.values_mut());
    for content in answers.filter_map(|answer| answer.get_mut("content").and_then(Value::as_object_mut)) {
        let is_problem = |content: &Value| {
            content.pointer("/schema/$ref").and_then(Value::as_str).is_some_and(|name| name == PROBLEM)
        };
        if content.get("application/json").is_some_and(is_problem)
            && let Some(problem) = content.remove("application/json")
        {
            content.insert("application/problem+json".to_owned(), problem);
        }
    }
    serde_json::to_vec_pretty(&description).unwrap_or_default().into()
}

/// Every operation of every path.
fn operations(description: &mut Value) -> impl Iterator<Item = &mut Value> {
    description
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut)
        .flat_map(|path| path.values_mut())
}

/// What parameters look like: the same name means the same everywhere. Each with what its schema says of it.
const SHAPES: [(&[&str], &str, &str); 5] = [
    (&["code"], "pattern", "^[A-Za-z0-9][A-Za-z0-9-]{0,22}$"),
    (&["edition", "requirement"], "pattern", "^[a-z0-9.-]{1,23}$"),
    (&["at", "from", "to", "as_of"], "format", "date"),
    (&["Import-Id"], "format", "uuid"),
    (&["Idempotency-Key"], "pattern", "^[!-~]([ -~]{0,198}[!-~])?$"),
];

fn give_shapes(description: &mut Value) {
    let parameters = operations(description)
        .filter_map(|operation| operation.get_mut("parameters").and_then(Value::as_array_mut))
        .flatten();
    for parameter in parameters {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some((_, about, says)) = SHAPES.iter().find(|(names, ..)| names.contains(&name)) else {
            continue;
        };
        let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) else { continue };
        schema.entry(*about).or_insert_with(|| (*says).into());
    }
}

/// Says of every operation what it asks for, and what it answers to those who may not.
fn say_who_may(description: &mut Value, declared: &[Declared]) {
    const REFUSALS: [(&str, &str); 6] = [
        ("400", "There is a problem with what you entered, or a parameter of the address is not known here"),
        ("401", "Not signed in, or with a key or token that opens nothing"),
        ("403", "Not for the caller to do"),
        ("404", "Not there, or not for the caller to see"),
        ("429", "Too often; Retry-After says when to try again"),
        ("503", "Something this needs is out of reach; Retry-After says when to try again"),
    ];
    for Declared { method, path, asks } in declared {
        let method = method.as_str().to_lowercase();
        let Some(Value::Object(operation)) = description
            .get_mut("paths")
            .and_then(|paths| paths.get_mut(path))
            .and_then(|path| path.get_mut(method))
        else {
            continue;
        };
        operation.insert("x-asks".to_owned(), asks.action.to_string().into());
        let responses = operation.entry("responses").or_insert_with(|| serde_json::json!({}));
        let Some(responses) = responses.as_object_mut() else { continue };
        for (status, words) in REFUSALS {
            let whole = format!("{}XX", &status[..1]);
            if !responses.contains_key(status) && !responses.contains_key(&whole) {
                let content = serde_json::json!({
                    "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } }
                });
                let answer = serde_json::json!({ "description": words, "content": content });
                responses.insert(status.to_owned(), answer);
            }
        }
    }
    let keys = serde_json::json!({
        "type": "http", "scheme": "bearer",
        "description": "An API key (ovk_…) that `oversight key create` made, or a token of the provider"
    });
    description["components"]["securitySchemes"]["bearer"] = keys;
    // Some operations are for everyone; which, the policies say.
    description["security"] = serde_json::json!([{ "bearer": [] }, {}]);
}
