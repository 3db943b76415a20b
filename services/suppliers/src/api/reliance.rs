//! Certificates ending soon.

use std::collections::BTreeMap;

use axum::{
    Json as AxumJson,
    extract::State,
    response::{IntoResponse, Response},
};
use chassis::{
    Problem, Viewer,
    http::Query,
    sheet::{self, FileName},
};
use proto::{Day, OdsCode, SupplierId, certification::Verdict, suppliers::Used};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::purchases::sees;
use crate::desk::{Desk, Shared};

/// How many days ahead is looked, unless asked otherwise.
const DAYS_DEFAULT: u16 = 60;
/// The most days one may look ahead.
const DAYS_MAX: u16 = 730;

/// What is asked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelianceQuery {
    /// The id of a supplier; none: any.
    #[serde(default)]
    supplier: String,
    /// How many days ahead, 1 to 730; none: 60.
    #[serde(default)]
    days: Option<u16>,
    /// `json` or `csv`; none: `json`.
    #[serde(default)]
    format: String,
}

/// A service that is certified less well within some days than it is today, and who uses it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Relying {
    /// Of which supplier.
    #[schema(value_type = String)]
    pub supplier: SupplierId,
    /// Its name.
    pub supplier_name: String,
    /// The service; empty where only the supplier is known.
    pub service_name: String,
    /// The id of its type.
    pub service_type: String,
    /// What holds today.
    #[schema(value_type = String)]
    pub today: Verdict,
    /// The first day on which it is worse, if no one acts.
    #[schema(value_type = String, format = "date")]
    pub lapses: Day,
    /// What holds then.
    #[schema(value_type = String)]
    pub then: Verdict,
    /// How many organisations that you may see use it.
    pub organisations: usize,
    /// They, by CCG; those without one stand under none.
    pub by_ccg: Vec<RelyingCcg>,
}

/// The organisations of a CCG that use it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RelyingCcg {
    /// The CCG.
    #[schema(value_type = Option<String>)]
    pub ccg: Option<OdsCode>,
    /// Its name.
    pub name: String,
    /// Its region.
    #[schema(value_type = Option<String>)]
    pub region: Option<OdsCode>,
    /// The organisations, by code.
    #[schema(value_type = Vec<String>)]
    pub organisations: Vec<OdsCode>,
}

/// The services whose certification gets worse within some days, soonest first, and who uses them, by CCG
/// and region. Costs a look at every engagement.
pub(crate) fn relying(desk: &Desk, viewer: &Viewer, of: Option<SupplierId>, days: u16) -> Vec<Relying> {
    let today = desk.today();
    let last = today.plus_days(i32::from(days));
    let hierarchy = viewer.access().hierarchy();
    let known = desk.register.known();
    let mut found = Vec::new();
    for supplier in known.suppliers() {
        let Some(id) = supplier.id.filter(|id| of.is_none_or(|of| of == *id)) else { continue };
        let mut users: BTreeMap<Used, Vec<OdsCode>> = BTreeMap::new();
        for (code, used, engagement) in known.users_of(id) {
            if engagement.runs_on(today) && sees(viewer, code) {
                users.entry(*used).or_default().push(code);
            }
        }
        for (used, codes) in users {
            let verdict = |day| supplier.dossier.verdict_on(used.service, used.service_type, day);
            let now = verdict(today);
            let mut ahead: Vec<Day> =
                supplier.dossier.days().filter(|day| *day > today && *day <= last).collect();
            ahead.sort_unstable();
            let Some(lapses) = ahead.into_iter().find(|day| verdict(*day) > now) else { continue };
            let mut by_ccg: BTreeMap<Option<OdsCode>, Vec<OdsCode>> = BTreeMap::new();
            for code in &codes {
                by_ccg.entry(hierarchy.above(*code).commissioner).or_default().push(*code);
            }
            let offered = used.service.and_then(|service| supplier.services.get(&service));
            found.push(Relying {
                supplier: id,
                supplier_name: supplier.dossier.details.legal_name.clone(),
                service_name: offered.map_or_else(String::new, |offered| offered.service.product.clone()),
                service_type: used.service_type.to_string(),
                today: now,
                lapses,
                then: verdict(lapses),
                organisations: codes.len(),
                by_ccg: by_ccg
                    .into_iter()
                    .map(|(ccg, organisations)| RelyingCcg {
                        ccg,
                        name: ccg.map(|code| desk.common.roster.name(code)).unwrap_or_default(),
                        region: ccg.and_then(|code| hierarchy.above(code).region),
                        organisations,
                    })
                    .collect(),
            });
        }
    }
    found.sort_by(|one, other| {
        (one.lapses, &one.supplier_name, &one.service_name).cmp(&(
            other.lapses,
            &other.supplier_name,
            &other.service_name,
        ))
    });
    found
}

/// The services whose certification gets worse within some days if no one acts, soonest first, and which of
/// the organisations you may see use them, by CCG and region. Also as CSV, an organisation a row.
///
/// Who may call it: practices, buyers, CCGs, regions and NHS Digital.
#[utoipa::path(get, path = "/api/v1/suppliers/reliance", tag = "suppliers", params(RelianceQuery),
    responses((status = 200, description = "JSON, or CSV with format=csv",
            content((Vec<Relying> = "application/json"), (String = "text/csv"))),
        (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn all(
    State(desk): State<Shared>,
    viewer: Viewer,
    Query(query): Query<RelianceQuery>,
) -> Result<Response, Problem> {
    let days = query.days.unwrap_or(DAYS_DEFAULT);
    if !(1..=DAYS_MAX).contains(&days) {
        let detail = format!("one looks 1 to {DAYS_MAX} days ahead");
        return Err(Problem::bad_input(detail.clone()).at("days", detail));
    }
    let of = match query.supplier.as_str() {
        "" => None,
        text => desk.supplier(text).await?.id,
    };
    let found = relying(&desk, &viewer, of, days);
    match query.format.as_str() {
        "" | "json" => Ok(AxumJson(found).into_response()),
        "csv" => csv(&desk, &found),
        _ => Err(Problem::bad_input("there is no such format").at("format", "json or csv")),
    }
}

fn csv(desk: &Desk, found: &[Relying]) -> Result<Response, Problem> {
    let mut out = sheet::writer();
    let heading =
        ["organisation", "ccg", "region", "supplier", "service", "service_type", "today", "lapses", "then"];
    let mut written = out.write_record(heading);
    for relying in found {
        for of_ccg in &relying.by_ccg {
            for organisation in &of_ccg.organisations {
                let lapses = relying.lapses.to_string();
                let row = [
                    organisation.as_str(),
                    of_ccg.ccg.as_ref().map_or("", OdsCode::as_str),
                    of_ccg.region.as_ref().map_or("", OdsCode::as_str),
                    &sheet::harmless(&relying.supplier_name),
                    &sheet::harmless(&relying.service_name),
                    &relying.service_type,
                    relying.today.slug(),
                    &lapses,
                    relying.then.slug(),
                ];
                written = written.and_then(|()| out.write_record(row));
            }
        }
    }
    let name = FileName::new("reliance", desk.register.position()).on(desk.today());
    sheet::answer(&name, written.and_then(|()| sheet::finish(out)))
}
