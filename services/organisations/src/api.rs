//! The API: imports, and what the log holds of an organisation.

use std::sync::Arc;

use axum::{Json, body::Body, extract::State};
use chassis::{
    Clock, Commands, Problem, Routes, Viewer,
    http::{Json as JsonBody, Path, Query},
    import::{
        self, ImportEntry, ImportId, ImportRecords, Imports, Mode, ProgressView, Report, Whose,
        WithdrawalInput, WithdrawalReceipt,
    },
    log::Log,
    pace::Pace,
};
use proto::{
    Day, OdsCode, Position,
    organisations::{
        AreaListing, Membership, NetworkListing, NetworkMembership, OdsStatus, OrganisationEvent,
        OrganisationKind, OrganisationListing, PracticeListing, PrescribingSetting,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::OpenApi;
use uuid::Uuid;

use crate::{
    access::{IMPORT, LIST, VIEW},
    import::{Import, Kind},
    model::{Organisation, Shown, Shows, Successor},
    roster::{Entry, Roster},
};

/// The most organisations of one page of a list.
pub const PAGE_MAX: usize = 500;

/// How many where nothing is said.
pub const PAGE_DEFAULT: usize = 50;

/// The most characters searched for.
const SEARCH_MAX_CHARS: usize = 100;

/// What the routes need.
#[derive(Debug)]
pub struct Api {
    /// The commands.
    pub commands: Commands<Organisation>,
    /// Who exists.
    pub roster: Roster,
    /// The imports of this process.
    pub imports: Imports,
    /// The imports on the log.
    pub records: ImportRecords<OrganisationEvent>,
    /// The log.
    pub log: Log,
    /// The clock.
    pub clock: Clock,
}

/// The routes of the service.
pub fn routes(api: Arc<Api>) -> Routes {
    Routes::new()
        .get("/api/v1/organisations", LIST.here().paced(Pace::LookUp), list)
        .get("/api/v1/organisations/{code}", VIEW.of("code"), organisation)
        .post("/api/v1/organisations/imports/{kind_or_id}", IMPORT.here().paced(Pace::Import), import_file)
        .get("/api/v1/organisations/imports", IMPORT.here(), list_imports)
        .get("/api/v1/organisations/imports/{kind_or_id}", IMPORT.here(), import_progress)
        .post("/api/v1/organisations/imports/{kind_or_id}/withdraw", IMPORT.here(), withdraw_import)
        .with_state(api)
}

/// The service's part of the description of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(import_file, import_progress, list_imports, withdraw_import, organisation, list))]
    struct Paths;
    Paths::openapi()
}

/// What may be said of an import.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// The date of the file: the day its content is as at.
    #[param(value_type = String, format = "date", required = true, example = "2018-05-31")]
    as_of: Option<Day>,
    /// Only say what would be recorded.
    #[serde(default)]
    dry_run: bool,
}

/// Import a register file.
///
/// The body is the file as published, CSV of any size, or a zip archive of up to 32 MB with one CSV file in it; `kind` is `practices` (epraccur, 27
/// columns), `ccgs` (eccg), `regions` (eauth: regions and local offices), `trusts` (etr),
/// `memberships` (epcmem, 6 columns), `list-sizes` (NHS Payments to General Practice, with a
/// heading), `areas` (names and codes of integrated care boards, sub-ICB locations and regions, and which lies in
/// which: the lists of the Office for National Statistics with headings such as ICB24CDH, or rows of the register)
/// `networks` (primary care networks, ePCN: the details or the core partners, with a heading)
/// or `successions` (which body took the place of which: columns predecessor, successor, date, and sub-ICB location
/// where a body was divided). Records what the file shows that the log does not hold yet; rows that are wrong are
/// reported by line and column and the others land. Import the files of a kind oldest first; lists of areas and of
/// successions may come in any order. The same `Import-Id` never records twice.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(
    post,
    path = "/api/v1/organisations/imports/{kind_or_id}",
    tag = "organisations",
    params(
        ("kind_or_id" = String, Path, description = "The kind of file", example = "practices"),
        ("Import-Id" = Option<String>, Header, description = "A UUID of the caller's choice, to ask after the progress and to repeat the request by"),
        ImportQuery,
    ),
    request_body(content = String, content_type = "text/csv", description = "The file"),
    responses(
        (status = 200, description = "What came of the rows", body = Report),
        (status = 400, description = "The file is not of the kind, or the upload broke off", body = Problem),
        (status = 404, description = "No such kind of file", body = Problem),
        (status = 409, description = "Older than what the log holds, or running already", body = Problem),
        (status = 503, description = "The log is out of reach; says how many rows are in", body = Problem),
    ),
)]
async fn import_file(
    State(api): State<Arc<Api>>,
    viewer: Viewer,
    path: Result<Path<String>, Problem>,
    query: Result<Query<ImportQuery>, Problem>,
    id: Result<ImportId, Problem>,
    body: Body,
) -> Result<Json<Report>, Problem> {
    let mut body = body.into_data_stream();
    let begun = async {
        let import = api.import_asked_for(&viewer, path?.0, query?.0, id?).await?;
        let progress = api.imports.begin(&import.job, &viewer.by(None).actor)?;
        Ok((import, progress))
    };
    match begun.await {
        Ok((import, progress)) => {
            import.run(&api.commands, &api.records, api.clock.clone(), progress, body).await.map(Json)
        }
        Err(problem) => {
            import::drain(&mut body).await;
            Err(problem)
        }
    }
}

impl Api {
    async fn import_asked_for(
        &self,
        viewer: &Viewer,
        kind: String,
        query: ImportQuery,
        id: ImportId,
    ) -> Result<Import, Problem> {
        let kind: Kind = kind
            .parse()
            .map_err(|error: crate::import::UnknownKind| Problem::not_found(error.to_string()))?;
        let as_of = query.as_of.ok_or_else(|| {
            Problem::bad_input("the date of the file is needed, for example ?as_of=2018-05-31")
                .at("as_of", "missing")
        })?;
        import::not_in_the_future(as_of, self.clock.today())?;
        self.roster.catch_up().await?;
        if let Some(newest) = self.roster.newest(kind).filter(|newest| as_of < *newest) {
            return Err(Problem::refused(
                "older-file",
                format!(
                    "the log holds {kind} as of {newest}, and this file is of {as_of}; import files oldest first"
                ),
            ));
        }
        let mode = if query.dry_run { Mode::DryRun } else { Mode::Write };
        Ok(Import::new(id.0, viewer.by(None), kind, as_of, mode))
    }
}

/// How far an import is.
///
/// Who may call it: whoever began it, and administrators.
#[utoipa::path(
    get,
    path = "/api/v1/organisations/imports/{kind_or_id}",
    tag = "organisations",
    params(("kind_or_id" = String, Path, description = "The Import-Id the import was begun with")),
    responses(
        (status = 200, description = "The counters, and at the end the report", body = ProgressView),
        (status = 400, description = "Not a UUID", body = Problem),
        (status = 400, description = "Not a UUID", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such import in this process", body = Problem),
    ),
)]
async fn import_progress(
    State(api): State<Arc<Api>>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Json<ProgressView>, Problem> {
    let id = Uuid::parse_str(&id)
        .map_err(|_| Problem::bad_input("the id of an import is a UUID").at("kind_or_id", "not a UUID"))?;
    api.imports.get(id, &viewer).map(Json)
}

/// All imports of register files.
///
/// The newest first: of what kind and date, by whom, what came of them, and whether they were withdrawn.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(
    get,
    path = "/api/v1/organisations/imports",
    tag = "organisations",
    responses((status = 200, body = Vec<ImportEntry>), (status = "4XX", body = Problem), (status = 503, body = Problem)),
)]
async fn list_imports(
    State(api): State<Arc<Api>>,
    viewer: Viewer,
) -> Result<Json<Vec<ImportEntry>>, Problem> {
    api.records.list(&viewer, Whose::Everyones).await.map(Json)
}

/// Withdraw an import.
///
/// Finished or not: from here on figures are as if it had not been. As known before, they stay as they were. The file
/// may be imported again, with the right date. Repeated, it answers the same.
///
/// Who may call it: NHS Digital and administrators.
#[utoipa::path(
    post,
    path = "/api/v1/organisations/imports/{kind_or_id}/withdraw",
    tag = "organisations",
    params(("kind_or_id" = String, Path, format = "uuid", description = "The Import-Id the import was begun with")),
    request_body = WithdrawalInput,
    responses((status = 200, body = WithdrawalReceipt), (status = "4XX", body = Problem), (status = 503, body = Problem)),
)]
async fn withdraw_import(
    State(api): State<Arc<Api>>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    JsonBody(input): JsonBody<WithdrawalInput>,
) -> Result<Json<WithdrawalReceipt>, Problem> {
    api.records.withdraw(id, &input.reason, &viewer, Whose::Everyones).await.map(Json)
}

/// A row and the date of the file that showed it.
#[derive(Debug, Serialize)]
pub struct Dated<T> {
    #[serde(flatten)]
    row: T,
    as_of: Day,
}

impl<T> From<Shown<T>> for Dated<T> {
    fn from(shown: Shown<T>) -> Self {
        Self { row: shown.value, as_of: shown.as_of }
    }
}

/// What the log holds of an organisation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrganisationView {
    /// Its code.
    #[schema(value_type = String)]
    code: OdsCode,
    /// As a practice: `as_of` and `shows`, the last row of the practice file that differed.
    #[schema(value_type = Option<Object>)]
    practice: Option<Shown<PracticeListing>>,
    /// As any other body.
    #[schema(value_type = Option<Object>)]
    body: Option<Shown<OrganisationListing>>,
    /// Whom it belonged to, by the membership history: `parent`, `joined`, `left`, and `as_of`; by first day.
    #[schema(value_type = Vec<Object>)]
    memberships: Vec<Dated<Membership>>,
    /// Registered patients.
    #[schema(value_type = Option<Object>)]
    registered_patients: Option<Shown<u32>>,
    /// As lists of areas show it: `as_of` and `shows`, by date of the list.
    #[schema(value_type = Vec<Object>)]
    areas: Vec<Shown<AreaListing>>,
    /// Which bodies took its place.
    #[schema(value_type = Vec<Object>)]
    successors: Vec<Successor>,
    /// As lists of primary care networks show it: `as_of` and `shows`, by date of the list.
    #[schema(value_type = Vec<Object>)]
    network: Vec<Shown<NetworkListing>>,
    /// The primary care networks a practice was in: `network`, `joined`, `left`, and `as_of`; by first day.
    #[schema(value_type = Vec<Object>)]
    networks: Vec<Dated<NetworkMembership>>,
    /// The position of its last event.
    #[schema(value_type = u64)]
    position: Position,
}

/// An organisation as the registers showed it last.
///
/// Who may call it: whoever belongs to it or stands above it, national bodies and administrators. To
/// everyone else there is nothing.
#[utoipa::path(
    get,
    path = "/api/v1/organisations/{code}",
    tag = "organisations",
    params(("code" = String, Path, description = "The ODS code", example = "A81001")),
    responses(
        (status = 200, description = "What the log holds", body = OrganisationView),
        (status = 400, description = "Not a code", body = Problem),
        (status = 404, description = "Never listed", body = Problem),
        (status = 503, description = "The log is out of reach", body = Problem),
    ),
)]
async fn organisation(
    State(api): State<Arc<Api>>,
    Path(code): Path<String>,
) -> Result<Json<OrganisationView>, Problem> {
    let code: OdsCode = parse("code", &code)?;
    let id = Organisation::id(&code).map_err(|error| Problem::bad_input(error.to_string()))?;
    let loaded = api.commands.load(&id).await?;
    let withdrawn = api.records.withdrawn().await?;
    let shows = loaded.state.shows(&withdrawn);
    if !shows.is_known() {
        return Err(Problem::not_found(format!("no register file has listed {code}")));
    }
    let Shows { practice, body, memberships, registered_patients, areas, successors, network, networks } =
        shows;
    Ok(Json(OrganisationView {
        code,
        practice,
        body,
        memberships: memberships.into_iter().map(Dated::from).collect(),
        registered_patients,
        areas,
        successors,
        network,
        networks: networks.into_iter().map(Dated::from).collect(),
        position: loaded.position,
    }))
}

fn parse<T: std::str::FromStr<Err = proto::codes::CodeError>>(at: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error: proto::codes::CodeError| {
        Problem::bad_input("a code is not as accepted").at(at, error.to_string())
    })
}

/// Which organisations to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only of this kind.
    kind: Option<ListedKind>,
    /// Only those whose code or name contains this, without regard to case.
    q: Option<String>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<OdsCode>,
    /// How many, up to 500.
    limit: Option<usize>,
}

/// The kinds of organisation a list can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ListedKind {
    /// General practices of England, whatever their status.
    Practice,
    /// Clinical commissioning groups.
    Ccg,
    /// Commissioning hubs.
    CommissioningHub,
    /// NHS England regions.
    Region,
    /// NHS England local offices.
    LocalOffice,
    /// NHS trusts.
    Trust,
    /// Anything else the files list.
    Other,
}

impl From<OrganisationKind> for ListedKind {
    fn from(kind: OrganisationKind) -> Self {
        match kind {
            OrganisationKind::Ccg => ListedKind::Ccg,
            OrganisationKind::CommissioningHub => ListedKind::CommissioningHub,
            OrganisationKind::Region => ListedKind::Region,
            OrganisationKind::LocalOffice => ListedKind::LocalOffice,
            OrganisationKind::Trust => ListedKind::Trust,
            OrganisationKind::Other => ListedKind::Other,
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page {
    /// In the order of their codes.
    organisations: Vec<ListedOrganisation>,
    /// The `cursor` of the next page, none on the last one.
    #[schema(value_type = Option<String>)]
    next: Option<OdsCode>,
    /// Up to where the log is read.
    #[schema(value_type = u64)]
    position: Position,
}

/// An organisation in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ListedOrganisation {
    /// Its code.
    #[schema(value_type = String)]
    code: OdsCode,
    /// Its name.
    name: String,
    /// What it is; a code may be listed as two things.
    kinds: Vec<ListedKind>,
    /// Of a practice: active, closed, dormant or proposed.
    #[schema(value_type = Option<String>)]
    status: Option<OdsStatus>,
    /// Of a practice: its prescribing setting; 4 is a general practice.
    #[schema(value_type = Option<u8>)]
    setting: Option<PrescribingSetting>,
    /// Of a practice: its commissioner.
    #[schema(value_type = Option<String>)]
    commissioner: Option<OdsCode>,
    /// Of any other body: the last day it existed.
    #[schema(value_type = Option<String>, format = "date")]
    closed: Option<Day>,
}

/// Organisations by code, filtered by kind and by what their code or name contains.
///
/// Who may call it: everyone who is signed in; it lists what they may see.
#[utoipa::path(
    get,
    path = "/api/v1/organisations",
    tag = "organisations",
    params(ListQuery),
    responses(
        (status = 200, description = "A page of the list", body = Page),
        (status = 400, description = "An unknown parameter or value", body = Problem),
    ),
)]
async fn list(
    State(api): State<Arc<Api>>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page>, Problem> {
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_input("a page has 1 to 500 organisations").at("limit", format!("{limit}")));
    }
    let wanted = query.q.as_deref().unwrap_or_default().trim().to_uppercase();
    if wanted.chars().count() > SEARCH_MAX_CHARS {
        return Err(Problem::bad_input(format!("up to {SEARCH_MAX_CHARS} characters are searched for"))
            .at("q", "too long"));
    }
    let position = api.roster.position();
    let mut found = api.roster.list(query.cursor, limit + 1, |code, entry| {
        query.kind.is_none_or(|kind| kinds(entry).any(|other| other == kind))
            && contains(code, entry, &wanted)
            && viewer.may(VIEW, *code)
    });
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(code, _)| *code);
    let organisations = found.into_iter().map(|(code, entry)| listed(code, &entry)).collect();
    Ok(Json(Page { organisations, next, position }))
}

fn kinds(entry: &Entry) -> impl Iterator<Item = ListedKind> + use<> {
    let practice = entry.practice.as_ref().map(|practice| match practice.is_welsh {
        true => ListedKind::Other,
        false => ListedKind::Practice,
    });
    let body = entry.body.as_ref().map(|body| ListedKind::from(body.kind));
    practice.into_iter().chain(body)
}

fn contains(code: &OdsCode, entry: &Entry, wanted: &str) -> bool {
    let name_contains = |name: &str| name.to_uppercase().contains(wanted);
    wanted.is_empty()
        || code.as_str().contains(wanted)
        || entry.practice.as_ref().is_some_and(|practice| name_contains(&practice.name))
        || entry.body.as_ref().is_some_and(|body| name_contains(&body.name))
}

fn listed(code: OdsCode, entry: &Entry) -> ListedOrganisation {
    let name = entry.practice.as_ref().map(|practice| &practice.name);
    let name = name.or(entry.body.as_ref().map(|body| &body.name));
    ListedOrganisation {
        code,
        name: name.map(ToString::to_string).unwrap_or_default(),
        kinds: kinds(entry).collect(),
        status: entry.practice.as_ref().map(|practice| practice.status),
        setting: entry.practice.as_ref().map(|practice| practice.setting),
        commissioner: entry.practice.as_ref().and_then(|practice| practice.commissioner),
        closed: entry.body.as_ref().and_then(|body| body.closed),
    }
}
