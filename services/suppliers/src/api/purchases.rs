//! What an organisation uses, what it has checked, and its receipts.

use axum::{Json as AxumJson, extract::State, response::Response};
use chassis::{
    Giver, Outcome, Problem, Viewer,
    desk::{Answered, Receipt, answered},
    http::{Json, Path, Query, Raw},
    sheet::{self, FileName},
};
use jiff::Timestamp;
use proto::{
    Day, EventHash, Header, OdsCode, Position, ServiceId, ServiceTypeId, SupplierId,
    certification::Verdict,
    suppliers::{CertificationChecked, List, SupplierEvent, Used},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::bodies::{CheckView, DemandView};
use crate::{
    desk::{Asked, Desk, Question, Shared},
    model::{Buyer, BuyerCommand, buyer_aggregate},
};

/// The most rows of a bulk check.
const BULK_MAX_ROWS: usize = 1_000;

/// What an organisation uses and has checked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PurchasesView {
    /// Whose.
    #[schema(value_type = String)]
    organisation: OdsCode,
    /// What it uses or used.
    engagements: Vec<EngagementView>,
    /// How many checks it has made.
    checks: u32,
    /// Up to where the log is read.
    position: u64,
}

/// Something it uses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EngagementView {
    /// The supplier.
    #[schema(value_type = String)]
    supplier: SupplierId,
    /// Its name.
    supplier_name: String,
    /// The service; none where only the supplier is known.
    #[schema(value_type = Option<String>)]
    service: Option<ServiceId>,
    /// The id of the type of service.
    #[schema(value_type = String)]
    service_type: ServiceTypeId,
    /// The first day.
    #[schema(value_type = String, format = "date")]
    begun: Day,
    /// The last day.
    #[schema(value_type = Option<String>, format = "date")]
    ended: Option<Day>,
    /// Whether it is certified today as it has to be.
    #[schema(value_type = String)]
    today: Verdict,
    /// The day of the last check.
    #[schema(value_type = Option<String>, format = "date")]
    checked: Option<Day>,
    /// The number of that check.
    check: Option<u32>,
    /// The last day of the plan for a gap, if there is one.
    #[schema(value_type = Option<String>, format = "date")]
    gap_plan_until: Option<Day>,
}

/// What an organisation uses and has checked.
///
/// Who may call it: the organisation, its CCG, its region, and NHS Digital.
#[utoipa::path(get, path = "/api/v1/purchases/{code}", tag = "suppliers",
    params(("code" = String, Path, description = "the organisation's ODS code")),
    responses((status = 200, body = PurchasesView), (status = "4XX", body = Problem)))]
pub(crate) async fn one(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<AxumJson<PurchasesView>, Problem> {
    let organisation = desk.organisation(&viewer, &code).await?;
    let position = desk.register.position().0;
    let known = desk.register.known();
    let buyer = known.buyer(organisation).cloned().unwrap_or_default();
    let today = desk.today();
    let engagements = buyer.engagements.iter().map(|(used, engagement)| {
        let supplier = known.supplier(used.supplier);
        EngagementView {
            supplier: used.supplier,
            supplier_name: supplier
                .map_or_else(String::new, |known| known.dossier.details.legal_name.clone()),
            service: used.service,
            service_type: used.service_type,
            begun: engagement.begun,
            ended: engagement.ended,
            today: supplier.map_or(Verdict::NotCertified, |known| {
                known.dossier.verdict_on(used.service, used.service_type, today)
            }),
            checked: buyer.checked.get(used).map(|last| last.on),
            check: buyer.checked.get(used).map(|last| last.check),
            gap_plan_until: buyer.plans.get(used).map(|plan| plan.until),
        }
    });
    let engagements = engagements.collect();
    Ok(AxumJson(PurchasesView { organisation, engagements, checks: buyer.checks, position }))
}

/// What is used, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsedInput {
    /// The id of the supplier.
    supplier: String,
    /// The id of its service; none where only the supplier is known.
    #[serde(default)]
    service: String,
    /// The id of the type of service; none: that of the service.
    #[serde(default)]
    service_type: String,
    /// The day it begins or ends; none: today.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    on: Option<Day>,
}

impl UsedInput {
    async fn used(&self, desk: &Desk) -> Result<Used, Problem> {
        let supplier = desk.supplier(&self.supplier).await?;
        let asked = Asked { service: &self.service, service_type: &self.service_type, ..Asked::default() };
        Ok(desk.question(&supplier, asked)?.used)
    }
}

/// Says that the organisation uses a service, from a day on.
///
/// Who may call it: the organisation, and its CCG on its behalf.
#[utoipa::path(post, path = "/api/v1/purchases/{code}/engagements", tag = "suppliers",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = UsedInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn begin(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<UsedInput>,
) -> Answered {
    let organisation = desk.organisation(&giver.viewer, &code).await?;
    let used = input.used(&desk).await?;
    let command = BuyerCommand::Begin { organisation, used, list: List::Here };
    answered(desk.buy(&giver, organisation, "begin", input.on, &command).await)
}

/// Says that the organisation no longer uses a service; the day is the last one.
///
/// Who may call it: the organisation, and its CCG on its behalf.
#[utoipa::path(post, path = "/api/v1/purchases/{code}/engagements/end", tag = "suppliers",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = UsedInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn end(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<UsedInput>,
) -> Answered {
    let organisation = desk.organisation(&giver.viewer, &code).await?;
    let used = input.used(&desk).await?;
    let command = BuyerCommand::End { organisation, used };
    answered(desk.buy(&giver, organisation, "end", input.on, &command).await)
}

/// A check, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckInput {
    /// The id of the supplier.
    supplier: String,
    /// The id of its service; none: say the type.
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

impl CheckInput {
    async fn question(&self, desk: &Desk) -> Result<Question, Problem> {
        let supplier = desk.supplier(&self.supplier).await?;
        let asked = Asked {
            service: &self.service,
            service_type: &self.service_type,
            from: &self.from,
            to: &self.to,
        };
        desk.question(&supplier, asked)
    }
}

/// A check that was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckedView {
    /// The number of the check among the organisation's.
    check: u32,
    /// Where its event stands, and with the hash the receipt.
    position: u64,
    /// The hash of that event.
    #[schema(value_type = String)]
    hash: EventHash,
    /// The verdict with its answers.
    #[serde(flatten)]
    answer: CheckView,
}

/// Checks whether a service is certified as required over the days of a contract, and records who
/// asked, for whom, when, and what was known: the organisation's proof of diligence.
///
/// Who may call it: the organisation, and its CCG on its behalf.
#[utoipa::path(post, path = "/api/v1/purchases/{code}/checks", tag = "suppliers",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CheckInput,
    responses((status = 200, body = CheckedView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn check(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<CheckInput>,
) -> Result<AxumJson<CheckedView>, Problem> {
    let organisation = desk.organisation(&giver.viewer, &code).await?;
    let question = input.question(&desk).await?;
    let (outcome, judged) = desk.check(&giver, organisation, question).await?;
    let receipt = receipt_at(&desk, outcome).await?;
    // A repeat under the same key shows what was answered then.
    let answer = CheckView { verdict: receipt.checked.verdict, ..CheckView::of(&judged) };
    Ok(AxumJson(CheckedView {
        check: receipt.checked.check,
        position: receipt.position.0,
        hash: receipt.hash,
        answer,
    }))
}

async fn receipt_at(desk: &Desk, outcome: Outcome) -> Result<Genuine, Problem> {
    let position = outcome.position();
    let recorded = desk.common.log.at(position).await?.ok_or_else(Problem::internal)?;
    Genuine::read(position, &recorded.body).ok_or_else(Problem::internal)
}

/// A receipt that is genuine.
#[derive(Debug, Clone)]
pub(crate) struct Genuine {
    pub position: Position,
    pub hash: EventHash,
    /// When it was recorded.
    pub time: Timestamp,
    pub checked: CertificationChecked,
}

impl Genuine {
    fn read(position: Position, body: &[u8]) -> Option<Self> {
        let header = Header::read(body).ok()?;
        match header.event::<SupplierEvent>().ok()? {
            SupplierEvent::CertificationChecked(checked) => {
                Some(Self { position, hash: EventHash::of(body), time: header.time, checked })
            }
            _ => None,
        }
    }

    fn view(&self) -> ReceiptView {
        let checked = &self.checked;
        ReceiptView {
            organisation: checked.organisation,
            check: checked.check,
            supplier: checked.used.supplier,
            supplier_name: checked.supplier_name.clone(),
            service_name: checked.service_name.clone(),
            service_type: checked.used.service_type,
            from: checked.from,
            to: checked.to,
            verdict: checked.verdict,
            in_words: checked.verdict.words(),
            answers: checked.answers.iter().map(DemandView::from).collect(),
            known: checked.known.0,
            recorded: self.time,
            position: self.position.0,
            hash: self.hash,
        }
    }
}

/// A receipt: what was asked, answered and known then.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReceiptView {
    /// For whom it was checked.
    #[schema(value_type = String)]
    organisation: OdsCode,
    /// The number of the check among the organisation's.
    check: u32,
    /// Of which supplier.
    #[schema(value_type = String)]
    supplier: SupplierId,
    /// Its name then.
    supplier_name: String,
    /// The name of the service then.
    service_name: String,
    /// The id of its type.
    #[schema(value_type = String)]
    service_type: ServiceTypeId,
    /// The first day of the contract.
    #[schema(value_type = String, format = "date")]
    from: Day,
    /// Its last day.
    #[schema(value_type = String, format = "date")]
    to: Day,
    /// The verdict.
    #[schema(value_type = String)]
    verdict: Verdict,
    /// The verdict in words.
    in_words: &'static str,
    /// The answers.
    answers: Vec<DemandView>,
    /// The last event that was known.
    known: u64,
    /// When it was recorded.
    #[schema(value_type = String, format = "date-time")]
    recorded: Timestamp,
    /// Where its event stands.
    position: u64,
    /// The hash of that event.
    #[schema(value_type = String)]
    hash: EventHash,
}

/// The receipt of a check of an organisation.
pub(crate) async fn receipt_of(desk: &Desk, code: &str, number: u32) -> Result<Genuine, Problem> {
    let organisation = chassis::desk::organisation_of_address(code)?;
    let aggregate = chassis::desk::aggregate_id(buyer_aggregate(organisation))?;
    let history = desk.common.history(proto::Service::Suppliers, &aggregate).await?;
    let receipts = history.iter().filter_map(|recorded| Genuine::read(recorded.position, &recorded.body));
    let mut receipts = receipts.filter(|receipt| receipt.checked.check == number);
    receipts.next().ok_or_else(|| Problem::not_found("this organisation has no check of this number"))
}

/// The receipt of a check: what was asked, answered and known then.
///
/// Who may call it: the organisation, its CCG, its region, and NHS Digital.
#[utoipa::path(get, path = "/api/v1/purchases/{code}/checks/{number}", tag = "suppliers",
    params(("code" = String, Path), ("number" = u32, Path)),
    responses((status = 200, body = ReceiptView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn receipt(
    State(desk): State<Shared>,
    Path((code, number)): Path<(String, u32)>,
) -> Result<AxumJson<ReceiptView>, Problem> {
    Ok(AxumJson(receipt_of(&desk, &code, number).await?.view()))
}

/// Whether a receipt is genuine: the log holds a check at its position, with its hash. Shows what it says;
/// who holds the hash has been given the receipt.
///
/// Who may call it: everyone.
#[utoipa::path(get, path = "/api/v1/receipts/{position}/{hash}", tag = "suppliers",
    params(("position" = u64, Path), ("hash" = String, Path, description = "64 hexadecimal digits")),
    responses((status = 200, body = ReceiptView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn verify(
    State(desk): State<Shared>,
    Path((position, hash)): Path<(u64, String)>,
) -> Result<AxumJson<ReceiptView>, Problem> {
    Ok(AxumJson(genuine(&desk, position, &hash).await?.view()))
}

pub(crate) async fn genuine(desk: &Desk, position: u64, hash: &str) -> Result<Genuine, Problem> {
    let unknown = || {
        Problem::not_found(
            "the log holds no check with this hash at this position: the receipt is not genuine, or mistyped",
        )
    };
    let hash: EventHash = hash.parse().map_err(|_| unknown())?;
    // The log counts from 1, and up to what the broker can count.
    let within = (1..=i64::MAX.unsigned_abs()).contains(&position);
    let recorded = if within { desk.common.log.at(Position(position)).await? } else { None };
    let receipt = recorded.and_then(|recorded| Genuine::read(Position(position), &recorded.body));
    receipt.filter(|receipt| receipt.hash == hash).ok_or_else(unknown)
}

/// How a gap is bridged, as sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GapPlanInput {
    /// The id of the supplier.
    supplier: String,
    /// The id of its service; none where only the supplier is known.
    #[serde(default)]
    service: String,
    /// The id of the type of service; none: that of the service.
    #[serde(default)]
    service_type: String,
    /// What is done meanwhile, and what is promised.
    plan: String,
    /// The last day it holds, at most 92 days ahead.
    #[schema(value_type = String, format = "date")]
    until: Day,
}

/// Agrees how a gap until a renewal is bridged.
///
/// Who may call it: the organisation, and its CCG on its behalf.
#[utoipa::path(post, path = "/api/v1/purchases/{code}/gap-plans", tag = "suppliers",
    params(("code" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = GapPlanInput,
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn gap_plan(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Json(input): Json<GapPlanInput>,
) -> Answered {
    let organisation = desk.organisation(&giver.viewer, &code).await?;
    let GapPlanInput { supplier, service, service_type, plan, until } = input;
    let used = UsedInput { supplier, service, service_type, on: None }.used(&desk).await?;
    let command = BuyerCommand::AgreeGapPlan { organisation, used, plan, until };
    answered(desk.buy(&giver, organisation, "gap-plan", None, &command).await)
}

/// How a bulk check is made.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkQuery {
    /// Whether each check is recorded for the organisation, with a receipt of its own.
    #[serde(default)]
    record: bool,
}

/// Checks a whole list: CSV in with the columns `supplier` (an id, a name, or a number), `service`,
/// `service_type`, `from` and `to`; the same rows out with what was found, the verdict, and the five answers.
/// A name that fits several suppliers equally is not guessed at. Up to 1,000 rows.
///
/// Who may call it: the organisation, and its CCG on its behalf.
#[utoipa::path(post, path = "/api/v1/purchases/{code}/checks/bulk", tag = "suppliers",
    params(("code" = String, Path), BulkQuery, ("Idempotency-Key" = Option<String>, Header)),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = String, content_type = "text/csv"), (status = "4XX", body = Problem),
        (status = 503, body = Problem)))]
pub(crate) async fn bulk(
    State(desk): State<Shared>,
    giver: Giver,
    Path(code): Path<String>,
    Query(query): Query<BulkQuery>,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    let organisation = desk.organisation(&giver.viewer, &code).await?;
    bulk_answer(&desk, &giver, organisation, &body, query.record).await
}

/// The heading of the answer of a bulk check.
const BULK_HEADING: [&str; 14] = [
    "supplier",
    "service",
    "service_type",
    "from",
    "to",
    "found",
    "supplier_id",
    "verdict",
    "entity",
    "level",
    "scope",
    "dates",
    "body",
    "receipt",
];

/// The answer to a bulk check.
pub(crate) async fn bulk_answer(
    desk: &Desk,
    giver: &Giver,
    organisation: OdsCode,
    body: &[u8],
    record: bool,
) -> Result<Response, Problem> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(body);
    let bad = |error: csv::Error| {
        Problem::bad_input("the list cannot be read as CSV").at("body", error.to_string())
    };
    let heading = reader.headers().map_err(bad)?.clone();
    let column = |name: &str| {
        heading.iter().position(|known| {
            known.trim_start_matches('\u{feff}').replace([' ', '-'], "_").eq_ignore_ascii_case(name)
        })
    };
    let columns = ["supplier", "service", "service_type", "from", "to"].map(column);
    if columns[0].is_none() {
        let detail =
            "the first line names the columns: supplier, and where needed service, service_type, from and to";
        return Err(Problem::bad_input(detail).at("body", "there is no column supplier"));
    }
    let mut out = sheet::writer();
    let write = |out: &mut csv::Writer<Vec<u8>>, row: &[String]| {
        out.write_record(row.iter().map(|cell| sheet::harmless(cell).into_owned()))
    };
    let mut written = write(&mut out, &BULK_HEADING.map(str::to_owned));
    for (index, row) in reader.records().enumerate() {
        let row = row.map_err(bad)?;
        if index >= BULK_MAX_ROWS {
            let detail = format!("a list may have up to {BULK_MAX_ROWS} rows");
            return Err(Problem::bad_input(detail).at("body", format!("line {} is one too many", index + 2)));
        }
        let cells = columns.map(|at| at.and_then(|at| row.get(at)).unwrap_or_default().to_owned());
        let rest = bulk_row(desk, giver, organisation, index, &cells, record).await?;
        let line: Vec<String> = cells.into_iter().chain(rest).collect();
        written = written.and_then(|()| write(&mut out, &line));
    }
    let name =
        FileName::new("certification-checks", desk.register.position()).of(organisation).on(desk.today());
    sheet::answer(&name, written.and_then(|()| sheet::finish(out)))
}

/// What is found for one row: of what cannot be answered it says why, and the others go on.
async fn bulk_row(
    desk: &Desk,
    giver: &Giver,
    organisation: OdsCode,
    index: usize,
    [supplier, service, service_type, from, to]: &[String; 5],
    record: bool,
) -> Result<[String; 9], Problem> {
    let told = |text: String| {
        let mut cells: [String; 9] = Default::default();
        cells[0] = text;
        cells
    };
    let by_id = match supplier.parse::<SupplierId>() {
        Ok(id) => desk.register.known().supplier(id).cloned(),
        Err(_) => None,
    };
    let found = match by_id {
        Some(known) => known,
        None => match desk.register.known().find(supplier, 2).as_slice() {
            [] => return Ok(told("no supplier of this name or number is known".to_owned())),
            [only] => only.clone(),
            [first, ..] => {
                use proto::certification::entity_key;
                let details = &first.dossier.details;
                let names = std::iter::once(&details.legal_name).chain(&details.trading_names);
                if !names.into_iter().any(|name| entity_key(name) == entity_key(supplier)) {
                    return Ok(told("several suppliers fit: give the id or the number".to_owned()));
                }
                first.clone()
            }
        },
    };
    let asked = Asked { service, service_type, from, to };
    let question = match desk.question(&found, asked) {
        Ok(question) => question,
        Err(problem) => {
            let why = problem.errors.first().map_or(problem.detail.clone(), |fault| fault.detail.clone());
            return Ok(told(why));
        }
    };
    let (judged, receipt) = if record {
        let giver = giver.part(index);
        let (outcome, judged) = desk.check(&giver, organisation, question).await?;
        let receipt = receipt_at(desk, outcome).await?;
        (judged, format!("{}/{}", receipt.position, receipt.hash))
    } else {
        (desk.judge(found.clone(), question), String::new())
    };
    let worst = |answer: fn(&proto::suppliers::DemandAnswered) -> proto::certification::Answer| {
        judged.answers.iter().map(answer).max().map_or("", |answer| answer.slug()).to_owned()
    };
    Ok([
        found.dossier.details.legal_name.clone(),
        question.used.supplier.to_string(),
        judged.verdict.slug().to_owned(),
        worst(|answered| answered.entity),
        worst(|answered| answered.level),
        worst(|answered| answered.scope),
        worst(|answered| answered.dates),
        worst(|answered| answered.body),
        receipt,
    ])
}

/// The number of the check that an event is; none where it is none.
pub(crate) fn number_of(position: Position, body: &[u8]) -> Option<u32> {
    Genuine::read(position, body).map(|receipt| receipt.checked.check)
}

/// What an organisation uses today, for a page.
pub(crate) fn buyer_of(desk: &Desk, organisation: OdsCode) -> Buyer {
    desk.register.known().buyer(organisation).cloned().unwrap_or_default()
}

/// Whether someone may see what an organisation buys.
pub(crate) fn sees(viewer: &Viewer, organisation: OdsCode) -> bool {
    viewer.may(crate::access::VIEW_PURCHASES, organisation)
}
