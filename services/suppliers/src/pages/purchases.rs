//! What an organisation uses, what it has checked, and its receipts.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chassis::{
    Giver, Outcome, Problem, Viewer,
    http::{Form as FormBody, Path, Query},
    pages::{after, form_errors, form_of, page_response},
};
use maud::{Markup, html};
use proto::{
    Day, Moment, OdsCode,
    certification::{Verdict, table},
    suppliers::{List, Used},
};
use serde::Deserialize;
use ui::components::{
    Button, ButtonKind, Cell, Column, Field, FieldError, InputKind, Row, Table, Width, expander, lede,
};

use super::{
    Done,
    look_up::{receipt_body, type_field},
    page, verdict_tag,
};
use crate::{
    access::{AGREE_GAP_PLAN, CHECK},
    api::{bulk_answer, buyer_of, receipt_of},
    desk::{Asked, Desk, Failure, Question, Shared},
    model::{Buyer, BuyerCommand},
};

/// After so many days a check has to be made again: the requirement asks for one within the year.
const CHECK_AGAIN_AFTER_DAYS: i32 = 365;

/// What any form of the page sends.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct PurchaseForm {
    #[serde(default)]
    supplier: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    service_type: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    on: String,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    list: String,
    #[serde(default)]
    record: String,
    #[serde(default)]
    idempotency_key: Option<String>,
}

fn href(organisation: OdsCode) -> String {
    format!("/purchases/{organisation}")
}

pub(super) async fn show(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let organisation = desk.organisation(&viewer, &code).await?;
    Ok(render(&desk, &viewer, organisation, &PurchaseForm::default(), StatusCode::OK, Vec::new(), &done))
}

/// One service that is used, and what there is to say of it.
struct Line {
    used: Used,
    name: String,
    verdict: Verdict,
    checked: Option<(u32, Day)>,
    /// Whether a check is late: none was made, or the day the next was due is over.
    is_late: bool,
    /// The day the next check is due.
    due: Option<Day>,
    plan: Option<(String, Day)>,
}

fn lines(desk: &Desk, buyer: &Buyer) -> Vec<Line> {
    let today = desk.today();
    let known = desk.register.known();
    let lines = buyer.uses_on(today).map(|(used, _)| {
        let supplier = known.supplier(used.supplier);
        let name = supplier.map_or_else(
            || used.supplier.to_string(),
            |supplier| {
                let of = &supplier.dossier.details.legal_name;
                match used.service.and_then(|service| supplier.services.get(&service)) {
                    Some(offered) => format!("{} of {of}", offered.service.product),
                    None => format!("{} of {of}", table().type_title(used.service_type)),
                }
            },
        );
        let checked = buyer.checked.get(used).map(|last| (last.check, last.on));
        let due = checked.map(|(_, on)| on.plus_days(CHECK_AGAIN_AFTER_DAYS));
        Line {
            used: *used,
            name,
            verdict: supplier.map_or(Verdict::NotCertified, |supplier| {
                supplier.dossier.verdict_on(used.service, used.service_type, today)
            }),
            checked,
            is_late: due.is_none_or(|due| Moment::During(today).is_over(due)),
            due,
            plan: buyer
                .plans
                .get(used)
                .filter(|plan| today <= plan.until)
                .map(|plan| (plan.plan.clone(), plan.until)),
        }
    });
    let mut lines: Vec<Line> = lines.collect();
    // What has to be done first stands first.
    lines.sort_by(|one, other| {
        (other.verdict, other.is_late, &one.name).cmp(&(one.verdict, one.is_late, &other.name))
    });
    lines
}

fn render(
    desk: &Desk,
    viewer: &Viewer,
    organisation: OdsCode,
    form: &PurchaseForm,
    status: StatusCode,
    errors: Vec<FieldError>,
    done: &Done,
) -> Response {
    let buyer = buyer_of(desk, organisation);
    let lines = lines(desk, &buyer);
    let short = lines.iter().filter(|line| line.is_late || line.verdict > Verdict::RunsOut).count();
    let may_check = viewer.may(CHECK, organisation);
    let may_plan = viewer.may(AGREE_GAP_PLAN, organisation);
    let rows = lines.iter().map(|line| {
        Row::new([
            Cell::from(html! {
                a.nhsuk-link href={ "/suppliers/" (line.used.supplier) } { (line.name) }
                @if let Some((plan, until)) = &line.plan { p { "Plan until " (until.long()) ": " (plan) } }
            }),
            Cell::from(verdict_tag(line.verdict)),
            Cell::from(html! {
                @match line.checked {
                    Some((check, on)) => {
                        a.nhsuk-link href={ (href(organisation)) "/checks/" (check) } { (on.long()) }
                        @if line.is_late { " (check overdue)" }
                        @else if line.due == Some(desk.today()) { " (check due today)" }
                    }
                    None => { "Never" }
                }
            }),
            Cell::from(html! {
                @if may_check { (line_forms(viewer, organisation, line, may_plan)) }
            }),
        ])
    });
    let body = html! {
        (done.banner())
        @if lines.is_empty() {
            (lede(html! { "Nothing is known here of what " (desk.common.roster.name(organisation)) " uses. The requirement asks that the supplier of every service is checked each year." }))
        } @else {
            (lede(html! { strong { (short) } " of " (ui::fmt::count(lines.len() as u64, "service", "services")) " in use "
                @if short == 1 { "needs" } @else { "need" } " attention: no evidence of the required certification, or not checked within a year." }))
        }
        (Table::new("used", "Services in use, action needed first")
            .column(Column::text("Service")).column(Column::text("Certified today?")).column(Column::text("Last check")).column(Column::text("What to do"))
            .rows(rows).empty("No service in use is on record.").render())
        @if may_check {
            h2.nhsuk-heading-m { "Add a service" }
            (form_of(viewer, format!("{}/engagements", href(organisation))).body(html! {
                (Field::new("supplier", "Supplier").hint("Its name or number; look it up at Suppliers if you are not sure.").value(&form.supplier)
                    .error(FieldError::of(&errors, "supplier")).input(InputKind::Text))
                (Field::new("service", "Id of the service").hint("As on the page of the supplier; empty where it is not listed there.").value(&form.service)
                    .error(FieldError::of(&errors, "service")).width(Width::Characters(20)).input(InputKind::Text))
                (type_field("service_type", &form.service_type, "Needed where no service is given."))
                (Field::new("on", "In use since").hint("For example 1/4/2018. Empty: today.").value(&form.on)
                    .error(FieldError::of(&errors, "on")).width(Width::Characters(10)).input(InputKind::Text))
                (Button::new("Add"))
            }))
            (expander("Check a whole list", form_of(viewer, format!("{}/checks/bulk", href(organisation))).body(html! {
                (Field::new("list", "List").hint("One supplier a line under the heading supplier,service,service_type,from,to; as CSV, up to 1,000 lines.")
                    .value(if form.list.is_empty() { "supplier,service,service_type,from,to\n" } else { &form.list })
                    .error(FieldError::of(&errors, "body")).textarea(8))
                (Button::new("Check without recording").kind(ButtonKind::Secondary).value("record", "no"))
                (Button::new("Check and record each").value("record", "yes"))
            })))
        }
    };
    let name = desk.common.roster.name(organisation);
    let page = page(desk, viewer, "Services in use").caption(name).errors(errors).body(body);
    page_response(status, page)
}

fn line_forms(viewer: &Viewer, organisation: OdsCode, line: &Line, may_plan: bool) -> Markup {
    let Used { supplier, service, service_type } = line.used;
    let service = service.map(|service| service.to_string()).unwrap_or_default();
    let id = |name: &str| format!("{name}-{supplier}-{service}-{service_type}");
    let field = |name: &str, label: &str| Field::new(name, label).id(id(name));
    let of = |action: &str| {
        form_of(viewer, format!("{}/{action}", href(organisation)))
            .hidden("supplier", supplier.to_string())
            .hidden("service", service.clone())
            .hidden("service_type", service_type.to_string())
    };
    html! {
        (of("checks").body(html! { (Button::new("Check now").kind(ButtonKind::Secondary).about(&line.name)) }))
        (expander("More", html! {
            @if may_plan && line.verdict > Verdict::RunsOut {
                (of("gap-plans").body(html! {
                    (field("plan", "Plan until it is renewed").hint("What is done meanwhile, and what is promised.").textarea(2))
                    (field("until", "Last day").hint("At most 92 days ahead, for example 30/6/2018.").width(Width::Characters(10)).input(InputKind::Text))
                    (Button::new("Agree the plan").kind(ButtonKind::Secondary).about(&line.name))
                }))
            }
            (of("engagements/end").body(html! {
                (field("on", "Last day in use").hint("Empty: today.").width(Width::Characters(10)).input(InputKind::Text))
                (Button::new("Stop using").kind(ButtonKind::Warning).about(&line.name))
            }))
        }))
    }
}

/// The supplier of a form: by id, or by a name or number that fits one alone.
pub(super) async fn supplier_id(desk: &Desk, text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() {
        let detail = "enter the name or number of the supplier";
        return Err(Problem::bad_input(detail).at("supplier", detail));
    }
    if desk.supplier(text).await.is_ok() {
        return Ok(text.trim().to_owned());
    }
    let found = desk.register.known().find(text, 2);
    let detail = match found.as_slice() {
        [only] => return only.id.map(|id| id.to_string()).ok_or_else(Problem::internal),
        [] => "no supplier of this name or number is known; look it up at Suppliers",
        _ => "several suppliers fit: give the company number, or more of the name",
    };
    Err(Problem::bad_input(detail).at("supplier", detail))
}

async fn question(desk: &Desk, form: &PurchaseForm) -> Result<Question, Problem> {
    let supplier = desk.supplier(&supplier_id(desk, &form.supplier).await?).await?;
    let asked =
        Asked { service: &form.service, service_type: &form.service_type, from: &form.from, to: &form.to };
    desk.question(&supplier, asked)
}

/// A date that may be left out. `what` is the date in the words of its question.
fn day(name: &'static str, text: &str, what: &str) -> Result<Option<Day>, Problem> {
    Day::entered_if_any(text, what).map_err(|detail| Problem::bad_input(detail.clone()).at(name, detail))
}

/// On to the page again, or the page with what was wrong.
fn respond(
    desk: &Desk,
    viewer: &Viewer,
    organisation: OdsCode,
    form: &PurchaseForm,
    outcome: Result<Outcome, Failure>,
    done: &str,
) -> Response {
    match after(outcome, format!("{}?done={done}", href(organisation))) {
        Ok(redirect) => redirect.into_response(),
        Err((status, errors)) => render(desk, viewer, organisation, form, status, errors, &Done::default()),
    }
}

pub(super) async fn begin(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    FormBody(form): FormBody<PurchaseForm>,
) -> Result<Response, Problem> {
    let organisation = desk.organisation(&viewer, &code).await?;
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let given = async {
        let used = question(&desk, &form).await?.used;
        let command = BuyerCommand::Begin { organisation, used, list: List::Here };
        let on = day("on", &form.on, "the date use began")?;
        desk.buy(&giver, organisation, "begin", on, &command).await
    };
    Ok(respond(&desk, &viewer, organisation, &form, given.await, "begun"))
}

pub(super) async fn end(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    FormBody(form): FormBody<PurchaseForm>,
) -> Result<Response, Problem> {
    let organisation = desk.organisation(&viewer, &code).await?;
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let given = async {
        let used = question(&desk, &form).await?.used;
        let command = BuyerCommand::End { organisation, used };
        desk.buy(&giver, organisation, "end", day("on", &form.on, "the date use ended")?, &command).await
    };
    Ok(respond(&desk, &viewer, organisation, &PurchaseForm::default(), given.await, "ended"))
}

pub(super) async fn gap_plan(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    FormBody(form): FormBody<PurchaseForm>,
) -> Result<Response, Problem> {
    let organisation = desk.organisation(&viewer, &code).await?;
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let given = async {
        let used = question(&desk, &form).await?.used;
        let until = Day::entered(&form.until, "the date the plan ends")
            .map_err(|detail| Problem::bad_input(detail.clone()).at("until", detail))?;
        let command = BuyerCommand::AgreeGapPlan { organisation, used, plan: form.plan.clone(), until };
        desk.buy(&giver, organisation, "gap-plan", None, &command).await
    };
    Ok(respond(&desk, &viewer, organisation, &PurchaseForm::default(), given.await, "planned"))
}

/// Records a check and shows its receipt.
pub(super) async fn check(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    FormBody(form): FormBody<PurchaseForm>,
) -> Result<Response, Problem> {
    let organisation = desk.organisation(&viewer, &code).await?;
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    let given = async {
        let question = question(&desk, &form).await?;
        desk.check(&giver, organisation, question).await.map(|(outcome, _)| outcome)
    };
    let outcome = given.await;
    if let Ok(outcome) = &outcome
        && let Some(recorded) = desk.common.log.at(outcome.position()).await?
        && let Some(number) = crate::api::number_of(outcome.position(), &recorded.body)
    {
        return Ok(Redirect::to(&format!("{}/checks/{number}", href(organisation))).into_response());
    }
    Ok(respond(&desk, &viewer, organisation, &PurchaseForm::default(), outcome, ""))
}

pub(super) async fn bulk(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    FormBody(form): FormBody<PurchaseForm>,
) -> Result<Response, Problem> {
    let organisation = desk.organisation(&viewer, &code).await?;
    let giver = Giver::of_form(viewer.clone(), form.idempotency_key.as_deref())?;
    match bulk_answer(&desk, &giver, organisation, form.list.as_bytes(), form.record == "yes").await {
        Ok(answer) => Ok(answer),
        Err(problem) => {
            let (status, errors) = form_errors(problem);
            Ok(render(&desk, &viewer, organisation, &form, status, errors, &Done::default()))
        }
    }
}

pub(super) async fn receipt(
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, number)): Path<(String, u32)>,
) -> Result<Response, Problem> {
    let organisation = desk.organisation(&viewer, &code).await?;
    let receipt = receipt_of(&desk, &code, number).await?;
    let page = page(&desk, &viewer, format!("Receipt of check {number}"))
        .caption("Certification check")
        .crumb("Services in use", href(organisation))
        .body(receipt_body(&desk, &receipt));
    Ok(page_response(StatusCode::OK, page))
}
