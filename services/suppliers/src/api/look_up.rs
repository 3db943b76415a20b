//! Looking up: for everyone, signed in or not.

use axum::{
    Json as AxumJson,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chassis::{
    Problem, Viewer,
    http::{Path, Query},
};
use proto::certification::{Verdict, table};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::bodies::{CheckView, Grounds, SupplierView};
use crate::{
    desk::{Asked, Shared},
    names::QUESTION_MAX_CHARS,
};

/// The most suppliers found at a time.
const FOUND_MAX: usize = 50;
/// Suppliers found at a time, unless asked otherwise.
const FOUND_DEFAULT: usize = 10;

/// The table of what has to be certified.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificationView {
    /// The schemes.
    schemes: Vec<CertificationSchemeView>,
    /// The types of service.
    types: Vec<ServiceTypeView>,
}

/// A scheme of certification.
#[derive(Debug, Serialize, ToSchema)]
struct CertificationSchemeView {
    /// Its id.
    id: String,
    /// Its name.
    title: String,
    /// How many months a certificate is good for, where the scheme says so.
    months: Option<u8>,
    /// What a certificate says.
    proves: String,
    /// What it does not say.
    trap: String,
    /// By which names an issuer is recognised.
    bodies: Vec<String>,
    /// Where this is from.
    source: String,
}

/// A type of service.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceTypeView {
    /// Its id.
    id: String,
    /// Its name.
    title: String,
    /// What belongs to it.
    help: String,
    /// The schemes that are needed, every one of them.
    demands: Vec<String>,
    /// Where this is from.
    source: String,
}

/// The schemes of certification, and which of them each type of service needs.
///
/// Who may call it: everyone.
#[utoipa::path(get, path = "/api/v1/certification", tag = "suppliers",
    responses((status = 200, body = CertificationView), (status = "4XX", body = Problem)))]
pub(crate) async fn certification() -> AxumJson<CertificationView> {
    let schemes = table().schemes().iter().map(|scheme| CertificationSchemeView {
        id: scheme.id.to_string(),
        title: scheme.title.clone(),
        months: scheme.months,
        proves: scheme.proves.clone(),
        trap: scheme.trap.clone(),
        bodies: scheme.bodies.iter().map(|body| body.name.clone()).collect(),
        source: scheme.source.clone(),
    });
    let types = table().types().iter().map(|kind| ServiceTypeView {
        id: kind.id.to_string(),
        title: kind.title.clone(),
        help: kind.help.clone(),
        demands: kind.demands.iter().map(ToString::to_string).collect(),
        source: kind.source.clone(),
    });
    AxumJson(CertificationView { schemes: schemes.collect(), types: types.collect() })
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindQuery {
    /// A piece of a name or product, with typing errors; or a company, certificate or ODS number.
    q: String,
    /// The most suppliers, 1 to 50.
    #[serde(default)]
    limit: Option<usize>,
}

/// Suppliers that were found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundView {
    /// The suppliers, best first.
    suppliers: Vec<SupplierView>,
    /// Up to where the log is read.
    position: u64,
}

/// Suppliers by name, trading name, product, company number, ODS code or certificate number, best
/// first. Typing errors are forgiven where nothing fits as typed.
///
/// Who may call it: everyone, some hundred times a minute.
#[utoipa::path(get, path = "/api/v1/suppliers", tag = "suppliers", params(FindQuery),
    responses((status = 200, body = FoundView), (status = "4XX", body = Problem)))]
pub(crate) async fn find(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<FindQuery>,
) -> Result<AxumJson<FoundView>, Problem> {
    let limit = query.limit.unwrap_or(FOUND_DEFAULT);
    if !(1..=FOUND_MAX).contains(&limit) {
        return Err(Problem::bad_input(format!("one look-up finds 1 to {FOUND_MAX} suppliers"))
            .at("limit", limit.to_string()));
    }
    if query.q.chars().count() > QUESTION_MAX_CHARS {
        let detail = format!("up to {QUESTION_MAX_CHARS} characters are looked for");
        return Err(Problem::bad_input(detail).at("q", "too long"));
    }
    let position = desk.register.position().0;
    let found = desk.register.known().find(&query.q, limit);
    let (today, grounds) = (desk.today(), Grounds::of(&viewer));
    let suppliers = found.iter().map(|supplier| SupplierView::of(supplier, today, grounds)).collect();
    Ok(AxumJson(FoundView { suppliers, position }))
}

/// A supplier with its services, certificates and what they cover. On what ground someone says what a
/// certificate covers is told to those who may say so themselves.
///
/// Who may call it: everyone.
#[utoipa::path(get, path = "/api/v1/suppliers/{id}", tag = "suppliers",
    params(("id" = String, Path, description = "the supplier's id")),
    responses((status = 200, body = SupplierView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn one(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<AxumJson<SupplierView>, Problem> {
    let supplier = desk.supplier(&id).await?;
    Ok(AxumJson(SupplierView::of(&supplier, desk.today(), Grounds::of(&viewer))))
}

/// What is asked of a supplier.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckQuery {
    /// The id of the supplier's service; none: say its type.
    #[serde(default)]
    service: String,
    /// The id of the type of service; none: that of the service.
    #[serde(default)]
    service_type: String,
    /// The first day of the contract, yyyy-mm-dd; none: today.
    #[serde(default)]
    from: String,
    /// Its last day; none: the first.
    #[serde(default)]
    to: String,
}

impl CheckQuery {
    fn asked(&self) -> Asked<'_> {
        Asked { service: &self.service, service_type: &self.service_type, from: &self.from, to: &self.to }
    }
}

/// Whether a service is certified as required over the days of a contract: a verdict with five answers
/// for each scheme that its type needs. Nothing is recorded; a buyer's own check with a receipt is a POST to
/// `/api/v1/purchases/{code}/checks`. May be embedded elsewhere.
///
/// Who may call it: everyone.
#[utoipa::path(get, path = "/api/v1/suppliers/{id}/check", tag = "suppliers",
    params(("id" = String, Path, description = "the supplier's id"), CheckQuery),
    responses((status = 200, body = CheckView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn check(
    State(desk): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<CheckQuery>,
) -> Result<Response, Problem> {
    let supplier = desk.supplier(&id).await?;
    let question = desk.question(&supplier, query.asked())?;
    let view = CheckView::of(&desk.judge(supplier, question));
    Ok((embeddable(), AxumJson(view)).into_response())
}

/// The same as a picture for a procurement site: a few words in a frame.
///
/// Who may call it: everyone.
#[utoipa::path(get, path = "/api/v1/suppliers/{id}/badge.svg", tag = "suppliers",
    params(("id" = String, Path, description = "the supplier's id"), CheckQuery),
    responses((status = 200, body = String, content_type = "image/svg+xml"), (status = "4XX", body = Problem),
        (status = 503, body = Problem)))]
pub(crate) async fn badge(
    State(desk): State<Shared>,
    Path(id): Path<String>,
    Query(query): Query<CheckQuery>,
) -> Result<Response, Problem> {
    let supplier = desk.supplier(&id).await?;
    let question = desk.question(&supplier, query.asked())?;
    let judged = desk.judge(supplier, question);
    let what = match judged.service_name() {
        name if name.is_empty() => judged.supplier.dossier.details.legal_name.clone(),
        name => name,
    };
    let picture = picture(&what, judged.verdict, &desk.today().long());
    Ok((embeddable(), [(header::CONTENT_TYPE, "image/svg+xml; charset=utf-8")], picture).into_response())
}

/// Pages of others may show it; it says nothing that is not for everyone.
fn embeddable() -> [(header::HeaderName, HeaderValue); 3] {
    [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (
            header::HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ]
}

/// The most characters of a name on a badge.
const BADGE_NAME_MAX_CHARS: usize = 40;
/// About how wide a character of the badge is, in units of the picture.
const CHARACTER_WIDTH: usize = 7;

fn picture(what: &str, verdict: Verdict, day: &str) -> String {
    let mut name: String = what.chars().take(BADGE_NAME_MAX_CHARS).collect();
    if name.len() < what.len() {
        name.push('…');
    }
    let said = format!("{} on {day}", short_words(verdict));
    // Words tell it; the colour of the edge only repeats them.
    let edge = match verdict {
        Verdict::Certified => "#007f3b",
        Verdict::RunsOut | Verdict::HolderOnly => "#ffb81c",
        Verdict::NotCertified => "#d5281b",
    };
    let width = 32 + CHARACTER_WIDTH * name.chars().count().max(said.chars().count());
    maud::html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(width) height="52" role="img" aria-labelledby="t" {
            title id="t" { (name) ": " (said) }
            rect width=(width) height="52" fill="#ffffff" stroke="#4c6272" {}
            rect width="8" height="52" fill=(edge) {}
            g font-family="Arial, sans-serif" font-size="13" fill="#212b32" {
                text x="20" y="21" font-weight="bold" { (name) }
                text x="20" y="40" { (said) }
            }
        }
    }
    .into_string()
}

fn short_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Certified => "Certified",
        Verdict::RunsOut => "Certified, but not to the contract’s end,",
        Verdict::HolderOnly => "Supplier certified, service not shown to be,",
        Verdict::NotCertified => "No evidence of certification",
    }
}
