//! Keeping the record of a supplier: by itself and by NHS Digital; and which company an entry of a list is.

use axum::{Json as AxumJson, extract::State};
use chassis::{
    Giver, Problem,
    desk::{Answered, Became, Receipt, answered},
    http::{Json, Path},
};
use proto::{
    Day, OdsCode, Role, ServiceId, ServiceTypeId, SupplierId,
    certification::Answer,
    suppliers::{List, Listing, SupplierDetails, Voice},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bodies::PrintedBody;
use crate::{
    desk::{Certified, Shared, keeps},
    model::{ReviewFinding, SupplierCommand, supplier_of},
};

/// Who a supplier is, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetailsInput {
    /// The legal entity, as it writes itself.
    legal_name: String,
    /// The names it trades under.
    #[serde(default)]
    trading_names: Vec<String>,
    /// Its number at Companies House.
    #[serde(default)]
    company_number: Option<String>,
    /// Its ODS code.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ods_code: Option<OdsCode>,
}

impl From<DetailsInput> for SupplierDetails {
    fn from(input: DetailsInput) -> Self {
        let DetailsInput { legal_name, trading_names, company_number, ods_code } = input;
        SupplierDetails { legal_name, trading_names, company_number, ods_code }
    }
}

/// A supplier that was registered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegisteredView {
    /// Its id.
    #[schema(value_type = String)]
    id: SupplierId,
    /// From this position of the log on, look-ups show it.
    position: u64,
}

/// Registers a supplier that no one knew. One that resembles a known one is registered all the same: say so
/// only after looking it up. An ODS code or company number that another supplier has is refused.
///
/// Who may call it: NHS Digital; a supplier, for its own ODS code.
#[utoipa::path(post, path = "/api/v1/suppliers", tag = "suppliers",
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key never registers twice")),
    request_body = DetailsInput,
    responses((status = 200, body = RegisteredView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn register(
    State(desk): State<Shared>,
    giver: Giver,
    Json(input): Json<DetailsInput>,
) -> Result<AxumJson<RegisteredView>, Problem> {
    let holder = giver.viewer.holder();
    if !keeps(holder, input.ods_code) {
        let own = holder.map(|holder| holder.organisation.to_string()).unwrap_or_default();
        let detail = format!("you act for {own} and register that company alone");
        return Err(Problem::bad_input(detail.clone()).at("ods_code", detail));
    }
    let listing = Listing { list: List::Here, entry: giver.command("register-supplier").uuid().to_string() };
    let supplier = supplier_of(&listing).map_err(|_| Problem::internal())?;
    let outcome = desk.register_supplier(&giver, supplier, input.into(), listing).await?;
    Ok(AxumJson(RegisteredView { id: supplier, position: outcome.position().0 }))
}

/// Corrects who a supplier is. An ODS code or company number that another supplier has is refused.
///
/// Who may call it: the supplier, and NHS Digital; other ODS codes and company numbers than those on record
/// are for NHS Digital alone.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/amend", tag = "suppliers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = DetailsInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn amend(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(input): Json<DetailsInput>,
) -> Answered {
    let supplier = desk.own_supplier(&giver.viewer, &id).await?;
    let supplier = supplier.id.ok_or_else(Problem::internal)?;
    answered(desk.amend(&giver, supplier, input.into()).await)
}

/// Gives a command about a supplier, for whoever keeps its record.
async fn give(
    desk: &Shared,
    giver: &Giver,
    id: &str,
    purpose: &str,
    effective: Option<Day>,
    command: impl FnOnce(SupplierId) -> SupplierCommand,
) -> Answered {
    let supplier = desk.own_supplier(&giver.viewer, id).await?;
    let supplier = supplier.id.ok_or_else(Problem::internal)?;
    answered(desk.keep(giver, supplier, purpose, effective, &command(supplier)).await)
}

/// A service, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceInput {
    /// Its id with the supplier: lower-case letters, digits, dots and hyphens.
    #[schema(value_type = String)]
    service: ServiceId,
    /// The product.
    product: String,
    /// Its version.
    #[serde(default)]
    version: String,
    /// The id of its type; none: as it is, or `other`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    service_type: Option<ServiceTypeId>,
}

/// Offers a service, or says what it is now.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/services", tag = "suppliers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ServiceInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn offer(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(input): Json<ServiceInput>,
) -> Answered {
    let ServiceInput { service, product, version, service_type } = input;
    let command = |_| SupplierCommand::Offer { service, product, version, service_type };
    give(&desk, &giver, &id, "offer", None, command).await
}

/// No longer offers a service, from tomorrow on.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/services/{service}/retire", tag = "suppliers",
    params(("id" = String, Path), ("service" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn retire(
    State(desk): State<Shared>,
    giver: Giver,
    Path((id, service)): Path<(String, String)>,
) -> Answered {
    let service: ServiceId = service.parse().map_err(|_| Problem::not_found("there is no such service"))?;
    give(&desk, &giver, &id, &format!("retire {service}"), None, |_| SupplierCommand::Retire(service)).await
}

/// Records a certificate. The same certificate again changes nothing. One that another supplier has on record, by
/// its scheme and number whatever their case and blanks, is `held`: it counts for nothing until someone has looked,
/// at `/api/v1/suppliers/certificate-reviews`.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/certificates", tag = "suppliers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PrintedBody,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn certify(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(printed): Json<PrintedBody>,
) -> Answered {
    show_certificate(&desk, &giver, &id, printed, None).await
}

async fn show_certificate(
    desk: &Shared,
    giver: &Giver,
    id: &str,
    printed: PrintedBody,
    renews: Option<u16>,
) -> Answered {
    let supplier = desk.own_supplier(&giver.viewer, id).await?;
    let supplier = supplier.id.ok_or_else(Problem::internal)?;
    let Certified { outcome, is_held } = desk.certify(giver, supplier, printed.into(), renews).await?;
    let receipt = Receipt::from(outcome);
    Ok(AxumJson(if is_held { Receipt { outcome: Became::Held, ..receipt } } else { receipt }))
}

/// Records the certificate that follows another of the same scheme. Whether it covers a service has to be
/// said anew. One that another supplier has on record is `held`, as any other.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/certificates/{number}/renew", tag = "suppliers",
    params(("id" = String, Path), ("number" = u16, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PrintedBody,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn renew(
    State(desk): State<Shared>,
    giver: Giver,
    Path((id, number)): Path<(String, u16)>,
    Json(printed): Json<PrintedBody>,
) -> Answered {
    show_certificate(&desk, &giver, &id, printed, Some(number)).await
}

/// Why something is done, and since when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonInput {
    /// Why.
    reason: String,
    /// The first day it holds; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    from: Option<Day>,
}

/// A certificate does not count for the time being.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/certificates/{number}/suspend", tag = "suppliers",
    params(("id" = String, Path), ("number" = u16, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ReasonInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn suspend(
    State(desk): State<Shared>,
    giver: Giver,
    Path((id, certificate)): Path<(String, u16)>,
    Json(ReasonInput { reason, from }): Json<ReasonInput>,
) -> Answered {
    let command = |_| SupplierCommand::Suspend { certificate, reason };
    give(&desk, &giver, &id, &format!("suspend {certificate}"), from, command).await
}

/// Since when something holds.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FromInput {
    /// The first day it holds; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    from: Option<Day>,
}

/// A suspended certificate counts again.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/certificates/{number}/reinstate", tag = "suppliers",
    params(("id" = String, Path), ("number" = u16, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = FromInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn reinstate(
    State(desk): State<Shared>,
    giver: Giver,
    Path((id, number)): Path<(String, u16)>,
    Json(input): Json<FromInput>,
) -> Answered {
    let purpose = format!("reinstate {number}");
    give(&desk, &giver, &id, &purpose, input.from, |_| SupplierCommand::Reinstate(number)).await
}

/// A certificate was taken back for good.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/certificates/{number}/withdraw", tag = "suppliers",
    params(("id" = String, Path), ("number" = u16, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ReasonInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn withdraw(
    State(desk): State<Shared>,
    giver: Giver,
    Path((id, certificate)): Path<(String, u16)>,
    Json(ReasonInput { reason, from }): Json<ReasonInput>,
) -> Answered {
    let command = |_| SupplierCommand::Withdraw { certificate, reason };
    give(&desk, &giver, &id, &format!("withdraw {certificate}"), from, command).await
}

/// Whether a certificate covers a service, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoverageInput {
    /// Which service.
    #[schema(value_type = String)]
    service: ServiceId,
    /// `yes`, `partly`, `no` or `unknown`.
    #[schema(value_type = String)]
    covers: Answer,
    /// On what ground, such as the words of the scope.
    #[serde(default)]
    ground: String,
    /// The first day it holds; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    from: Option<Day>,
}

/// Says whether a certificate covers a service: as the supplier, or as someone who read the certificate
/// for the NHS. What is said last counts, and who said it is shown beside it.
///
/// Who may call it: the supplier of it; practices, buyers, CCGs, regions and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/certificates/{number}/coverage", tag = "suppliers",
    params(("id" = String, Path), ("number" = u16, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CoverageInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn cover(
    State(desk): State<Shared>,
    giver: Giver,
    Path((id, certificate)): Path<(String, u16)>,
    Json(input): Json<CoverageInput>,
) -> Answered {
    let said_by = voice_of(&giver);
    let supplier = match said_by {
        Voice::Supplier => desk.own_supplier(&giver.viewer, &id).await?,
        Voice::Issuer | Voice::Reader => desk.supplier(&id).await?,
    };
    let supplier = supplier.id.ok_or_else(Problem::internal)?;
    let CoverageInput { service, covers, ground, from } = input;
    let command = SupplierCommand::StateCoverage { certificate, service, covers, said_by, ground };
    answered(desk.keep(&giver, supplier, &format!("cover {certificate}"), from, &command).await)
}

/// In whose name someone speaks of a certificate's coverage.
pub(crate) fn voice_of(giver: &Giver) -> Voice {
    match giver.viewer.holder().map(|holder| holder.role) {
        Some(Role::Supplier) => Voice::Supplier,
        _ => Voice::Reader,
    }
}

/// A sub-supplier, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubSupplierInput {
    /// The id of the other supplier.
    #[schema(value_type = String)]
    supplier: SupplierId,
    /// For which service; none: for all.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    service: Option<ServiceId>,
    /// What it does, such as hosting.
    #[serde(default)]
    part: String,
}

/// Names another supplier that does part of it.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/sub-suppliers", tag = "suppliers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = SubSupplierInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn name_sub_supplier(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(input): Json<SubSupplierInput>,
) -> Answered {
    let SubSupplierInput { supplier: sub_supplier, service, part } = input;
    if desk.register.known().supplier(sub_supplier).is_none() {
        let detail = "there is no supplier of this id; register it first";
        return Err(Problem::bad_input(detail).at("supplier", detail));
    }
    let command = |_| SupplierCommand::NameSubSupplier { sub_supplier, service, part };
    give(&desk, &giver, &id, "sub-supplier", None, command).await
}

/// Another supplier no longer does part of it.
///
/// Who may call it: the supplier, and NHS Digital.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/sub-suppliers/release", tag = "suppliers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = SubSupplierInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn release_sub_supplier(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(input): Json<SubSupplierInput>,
) -> Answered {
    let SubSupplierInput { supplier: sub_supplier, service, .. } = input;
    let command = |_| SupplierCommand::ReleaseSubSupplier { sub_supplier, service };
    give(&desk, &giver, &id, "release", None, command).await
}

/// An entry of a list that someone has to look at.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldView {
    /// Which list: `buying-catalogue`, `dsp-toolkit` or `principal-suppliers`.
    #[schema(value_type = String)]
    list: List,
    /// The entry.
    entry: String,
    /// The name there.
    name: String,
    /// The suppliers it resembles, by id.
    #[schema(value_type = Vec<String>)]
    resembles: Vec<SupplierId>,
}

/// Entries of lists that resemble a known supplier too much to be a new one, and too little to be it.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(get, path = "/api/v1/suppliers/review", tag = "suppliers",
    responses((status = 200, body = [HeldView]), (status = "4XX", body = Problem)))]
pub(crate) async fn held(State(desk): State<Shared>) -> AxumJson<Vec<HeldView>> {
    let known = desk.register.known();
    let held = known.held().map(|held| HeldView {
        list: held.listing.list,
        entry: held.listing.entry.clone(),
        name: held.details.legal_name.clone(),
        resembles: held.resembles.clone(),
    });
    AxumJson(held.collect())
}

/// Which company an entry is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettleInput {
    /// Which list.
    #[schema(value_type = String)]
    list: List,
    /// The entry.
    entry: String,
    /// The id of the supplier it is; none: a new one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    supplier: Option<SupplierId>,
    /// Whether it names no supplier at all.
    #[serde(default)]
    no_supplier: bool,
    /// Why it names none; left out otherwise.
    #[serde(default)]
    reason: String,
}

/// Says which company an entry of a list is: a known supplier, a new one, or none at all. Rows that waited for it are
/// recorded then, without another import. An entry that was found to name no supplier may be settled anew.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(post, path = "/api/v1/suppliers/review", tag = "suppliers",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = SettleInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn settle(
    State(desk): State<Shared>,
    giver: Giver,
    Json(SettleInput { list, entry, supplier, no_supplier, reason }): Json<SettleInput>,
) -> Answered {
    let listing = Listing { list, entry };
    if let Some(outcome) = desk.decided_before(&giver, &listing, supplier).await? {
        return Ok(AxumJson(outcome.into()));
    }
    let held = desk.register.known().to_settle(&listing).cloned();
    let held = held.ok_or_else(|| Problem::not_found("no such entry waits for someone to look"))?;
    match (no_supplier, supplier) {
        (false, _) => answered(desk.settle(&giver, held, supplier).await),
        (true, None) => answered(desk.reject(&giver, &listing, reason).await),
        (true, Some(_)) => {
            let detail = "an entry is a supplier or none: send supplier or no_supplier";
            Err(Problem::bad_input(detail).at("no_supplier", detail))
        }
    }
}

/// A certificate that waits for someone to look, because another supplier has it on record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateReviewView {
    /// The id of the supplier that showed it.
    #[schema(value_type = String)]
    supplier: SupplierId,
    /// The number of the review among that supplier's.
    review: u16,
    /// The number of the certificate it is to follow.
    renews: Option<u16>,
    /// The id of the supplier that has it on record.
    #[schema(value_type = String)]
    also_of: SupplierId,
    /// What it says.
    printed: PrintedBody,
}

/// Certificates that wait for someone to look, because another supplier has them on record, by scheme and number.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(get, path = "/api/v1/suppliers/certificate-reviews", tag = "suppliers",
    responses((status = 200, body = [CertificateReviewView]), (status = "4XX", body = Problem)))]
pub(crate) async fn certificate_reviews(State(desk): State<Shared>) -> AxumJson<Vec<CertificateReviewView>> {
    let known = desk.register.known();
    let held = known.in_review().map(|held| CertificateReviewView {
        supplier: held.supplier,
        review: held.review,
        renews: held.renews,
        also_of: held.also_of,
        printed: held.printed.clone().into(),
    });
    AxumJson(held.collect())
}

/// Whose a certificate is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateReviewInput {
    /// Whether it is this supplier's, whosever the other one is.
    own: bool,
    /// Why it is not; left out where it is.
    #[serde(default)]
    reason: String,
}

/// Says whether a certificate that another supplier has on record is this one's, too: it is recorded, or rejected.
/// The other one stays as it is; where it is wrong, it is withdrawn there.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/certificate-reviews/{review}", tag = "suppliers",
    params(("id" = String, Path), ("review" = u16, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CertificateReviewInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn review_certificate(
    State(desk): State<Shared>,
    giver: Giver,
    Path((id, review)): Path<(String, u16)>,
    Json(CertificateReviewInput { own, reason }): Json<CertificateReviewInput>,
) -> Answered {
    let supplier = desk.supplier(&id).await?;
    let supplier = supplier.id.ok_or_else(Problem::internal)?;
    let finding = if own { ReviewFinding::Own } else { ReviewFinding::NotOwn { reason } };
    answered(desk.review(&giver, supplier, review, finding).await)
}

/// Which entry is not this supplier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartInput {
    /// Which list.
    #[schema(value_type = String)]
    list: List,
    /// The entry.
    entry: String,
    /// Why.
    reason: String,
}

/// Says that an entry of a list is not this supplier after all.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(post, path = "/api/v1/suppliers/{id}/part", tag = "suppliers",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = PartInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn part(
    State(desk): State<Shared>,
    giver: Giver,
    Path(id): Path<String>,
    Json(PartInput { list, entry, reason }): Json<PartInput>,
) -> Answered {
    let supplier = desk.supplier(&id).await?.id.ok_or_else(Problem::internal)?;
    let command = SupplierCommand::Part { listing: Listing { list, entry }, reason };
    answered(desk.keep(&giver, supplier, "part", None, &command).await)
}
