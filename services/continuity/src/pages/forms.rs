//! A form for each thing that can be done about a plan, on a page of its own.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chassis::{
    Action, Giver, Problem, Viewer,
    desk::PersonInput,
    http::{Form, KEY_FIELD, Path},
};
use maud::{Markup, html};
use proto::continuity::{Against, ExerciseKind, Impact, MUST_COVER, Scenario};
use ui::components::{Button, ButtonKind, Choice, FieldError, InputKind, Width, blocked_button};

use super::{
    after, case_page,
    fields::{Fields, Reader},
    form_of, href, page_response, sentence,
};
use crate::{
    access::{APPROVE_PLAN, WORK_ON_PLAN},
    desk::{Case, Desk, Shared},
    input::{
        Ask, ExerciseInput, InvocationInput, LessonInput, PlanApprovalInput, PlanDocument, PlanReviewInput,
        PlanVersionInput, PlanWithdrawalInput, PlannedSystemBody, RelianceInput,
    },
    model::{ContinuityPlan, SYSTEMS_MAX},
};

/// Rows for lessons on a form. More can be sent by the API.
const LESSON_ROWS: usize = 4;

/// Empty rows for systems on a form, beneath those of the version before.
const SYSTEM_ROWS: usize = 3;

/// Something that can be done about a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Version,
    Approval,
    Review,
    Exercise,
    Invocation,
    Reliance,
    Withdrawal,
}

impl Task {
    pub const ALL: [Task; 7] = [
        Task::Version,
        Task::Approval,
        Task::Review,
        Task::Exercise,
        Task::Invocation,
        Task::Reliance,
        Task::Withdrawal,
    ];

    /// The name in addresses.
    pub fn slug(self) -> &'static str {
        match self {
            Task::Version => "version",
            Task::Approval => "approval",
            Task::Review => "review",
            Task::Exercise => "exercise",
            Task::Invocation => "invocation",
            Task::Reliance => "reliance",
            Task::Withdrawal => "withdrawal",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Task::Version => "Add a new version",
            Task::Approval => "Approve the newest version",
            Task::Review => "Record a review",
            Task::Exercise => "Record an exercise",
            Task::Invocation => "Record that the plan was needed",
            Task::Reliance => "Name a delivery partner",
            Task::Withdrawal => "Withdraw the plan",
        }
    }

    /// What someone has to be allowed to.
    pub fn asks(self) -> Action {
        match self {
            Task::Version | Task::Exercise | Task::Invocation | Task::Reliance => WORK_ON_PLAN,
            Task::Approval | Task::Review | Task::Withdrawal => APPROVE_PLAN,
        }
    }

    /// What is hard to take back looks so.
    fn weight(self) -> ButtonKind {
        if self == Task::Withdrawal { ButtonKind::Warning } else { ButtonKind::Primary }
    }

    pub fn href(self, case: &Case) -> String {
        format!("{}/{}", href(case), self.slug())
    }

    /// Why it cannot be done as things stand.
    pub fn blocked(self, plan: &ContinuityPlan) -> Option<String> {
        let refused = match self {
            Task::Version | Task::Reliance => None,
            Task::Approval => plan.to_approve().err(),
            Task::Review | Task::Exercise | Task::Invocation | Task::Withdrawal => plan.in_force().err(),
        };
        refused.map(|refusal| refusal.text)
    }

    fn intro(self) -> &'static str {
        match self {
            Task::Version => {
                "Say what the plan covers and where it is kept. The document itself stays with you."
            }
            Task::Approval => {
                "A partner, a board member or the practice manager approves the plan for the organisation."
            }
            Task::Review => {
                "The approved plan was reviewed and does not need to change. If it must change, add a new version instead."
            }
            Task::Exercise => {
                "A one-hour table-top exercise is enough: one person describes what has happened, and each says what they would do."
            }
            Task::Invocation => "The plan was needed for real. Write nothing about patients or staff.",
            Task::Reliance => {
                "A delivery partner runs systems for you, so your plan is only as good as theirs."
            }
            Task::Withdrawal => "The plan no longer counts from that day on. It stays on record.",
        }
    }

    fn ask(self, reader: &mut Reader<'_>) -> Option<Ask> {
        match self {
            Task::Version => version(reader),
            Task::Approval => {
                let (version, on, next_review) = (
                    reader.number("version"),
                    reader.day("on", APPROVED),
                    reader.day("next_review", NEXT_REVIEW)?,
                );
                Some(Ask::Approve(PlanApprovalInput {
                    version: version?,
                    by: person(reader),
                    on: Some(on?),
                    next_review,
                }))
            }
            Task::Review => {
                let (on, next_review) =
                    (reader.day("on", "the date of the review"), reader.day("next_review", NEXT_REVIEW)?);
                Some(Ask::Review(PlanReviewInput { by: person(reader), on: Some(on?), next_review }))
            }
            Task::Exercise => {
                let kind =
                    reader.one_of("kind", "the kind of exercise", &ExerciseKind::ALL, ExerciseKind::slug);
                let (scenario, on, outcome, lessons) = run(reader);
                let board = PersonInput::named(&reader.text("board"), &reader.text("board_role"));
                Some(Ask::Exercise(ExerciseInput {
                    kind: kind?,
                    scenario: scenario?,
                    on: Some(on?),
                    board: Some(board).filter(|board| !board.name.is_empty()),
                    outcome: outcome?,
                    lessons: lessons?,
                }))
            }
            Task::Invocation => {
                let (scenario, on, outcome, lessons) = run(reader);
                Some(Ask::Invoke(InvocationInput {
                    scenario: scenario?,
                    on: Some(on?),
                    outcome: outcome?,
                    account: reader.text("account"),
                    lessons: lessons?,
                }))
            }
            Task::Reliance => {
                let (partner, since) = (
                    reader.code("partner", "the code of the delivery partner"),
                    reader.day("since", "the date since when you rely on the partner")?,
                );
                let services = reader.text("services");
                Some(Ask::Rely(RelianceInput { partner: partner?, services, since: Some(since) }))
            }
            Task::Withdrawal => {
                let on = reader.day("on", "the date of the withdrawal")?;
                Some(Ask::Withdraw(PlanWithdrawalInput { reason: reader.text("reason"), on: Some(on) }))
            }
        }
    }
}

fn person(reader: &Reader<'_>) -> PersonInput {
    PersonInput::named(&reader.text("name"), &reader.text("role"))
}

fn version(reader: &mut Reader<'_>) -> Option<Ask> {
    let fields = reader.fields;
    let covers = fields.all("covers").filter_map(|slug| Scenario::ALL.into_iter().find(|s| s.slug() == slug));
    let mut systems = Vec::new();
    for row in 1..=SYSTEMS_MAX {
        let name = |field: &str| format!("{field}-{row}");
        let is_empty = ["system", "rto", "rpo"].iter().all(|field| fields.get(&name(field)).is_empty());
        if is_empty {
            continue;
        }
        let system = (
            reader.needed(&name("system"), "Say which system it is"),
            reader.one_of(&name("impact"), "the impact", &Impact::ALL, Impact::slug),
            reader.number(&name("rto")),
            reader.number(&name("rpo")),
        );
        if let (Some(name), Some(impact), Some(recovery_time_hours), Some(recovery_point_hours)) = system {
            systems.push(PlannedSystemBody { name, impact, recovery_time_hours, recovery_point_hours });
        }
    }
    let (reference, sha256) = (reader.text("reference"), reader.text("sha256"));
    let document =
        (!reference.is_empty() || !sha256.is_empty()).then_some(PlanDocument { reference, sha256 });
    Some(Ask::Write(PlanVersionInput { owner: person(reader), covers: covers.collect(), systems, document }))
}

const APPROVED: &str = "the date of the approval";
const NEXT_REVIEW: &str = "the date of the next review";

type RunRead = (Option<Scenario>, Option<proto::Day>, Option<Against>, Option<Vec<LessonInput>>);

/// What an exercise and an invocation have in common.
fn run(reader: &mut Reader<'_>) -> RunRead {
    let scenario = reader.one_of("scenario", "the scenario", &Scenario::ALL, Scenario::slug);
    let on = reader.day("on", "the date it happened");
    let outcome = reader.one_of("outcome", "how it went", &Against::ALL, Against::slug);
    let mut lessons = Some(Vec::new());
    for row in 1..=LESSON_ROWS {
        let name = |field: &str| format!("{field}-{row}");
        if ["lesson", "action", "due"].iter().all(|field| reader.fields.get(&name(field)).is_empty()) {
            continue;
        }
        let lesson = reader.needed(&name("lesson"), "Say what was learnt");
        let action = reader.needed(&name("action"), "Say what is to be done about it");
        match (lesson, action, reader.day(&name("due"), "the date the action is due"), &mut lessons) {
            (Some(lesson), Some(action), Some(due), Some(lessons)) => {
                lessons.push(LessonInput { lesson, action, due });
            }
            _ => lessons = None,
        }
    }
    (scenario, on, outcome, lessons)
}

pub(super) async fn show(
    task: Task,
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code).await?;
    Ok(render(&desk, &case, task, &beforehand(&case, task), StatusCode::OK, Vec::new()))
}

pub(super) async fn give(
    task: Task,
    State(desk): State<Shared>,
    viewer: Viewer,
    Path(code): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code).await?;
    let giver = Giver::of_form(viewer, Some(fields.get(KEY_FIELD)))?;
    let mut reader = Reader::new(&fields);
    let ask = task.ask(&mut reader);
    let errors = reader.errors;
    let Some(ask) = ask.filter(|_| errors.is_empty()) else {
        return Ok(render(&desk, &case, task, &fields, StatusCode::BAD_REQUEST, errors));
    };
    let outcome = desk.give(&case, &giver, ask).await;
    Ok(match after(outcome, format!("{}?done={}", href(&case), task.slug())) {
        Ok(redirect) => redirect.into_response(),
        Err((status, mut errors)) => {
            // The model names the lists; on the form their first row stands for each.
            for error in &mut errors {
                match error.field.as_str() {
                    "systems" => error.field = "system-1".to_owned(),
                    "lessons" => error.field = "lesson-1".to_owned(),
                    _ => {}
                }
            }
            render(&desk, &case, task, &fields, status, errors)
        }
    })
}

/// What a form is filled in with at first: today, and what the version before said.
fn beforehand(case: &Case, task: Task) -> Fields {
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut fields = vec![text("on", &case.today.to_string()), text("since", &case.today.to_string())];
    if task == Task::Version
        && let Some(last) = case.plan().versions.last()
    {
        fields.extend(last.covers.iter().map(|scenario| text("covers", scenario.slug())));
        for (system, row) in last.systems.iter().zip(1..) {
            fields.extend([
                (format!("system-{row}"), system.name.clone()),
                (format!("impact-{row}"), system.impact.slug().to_owned()),
                (format!("rto-{row}"), system.recovery_time_hours.to_string()),
                (format!("rpo-{row}"), system.recovery_point_hours.to_string()),
            ]);
        }
    }
    if let Ok(newest) = case.plan().to_approve() {
        fields.push(text("version", &newest.version.to_string()));
    }
    Fields::of(fields)
}

fn render(
    desk: &Desk,
    case: &Case,
    task: Task,
    fields: &Fields,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> Response {
    let body = html! {
        p { (task.intro()) }
        @match task.blocked(case.plan()) {
            Some(why) => { (blocked_button(task.slug(), task.title(), &[html! { (sentence(&why)) }])) }
            None => {
                (form_of(&case.viewer, task.href(case)).body(html! {
                    (questions(case, task, &Asked { fields, errors: &errors }))
                    (Button::new(task.title()).kind(task.weight()))
                }))
            }
        }
        p { a.nhsuk-link href=(href(case)) { "Back to the plan" } }
    };
    let page = case_page(desk, case, task.title())
        .crumb(case.name.clone(), href(case))
        .caption(case.name.clone())
        .errors(errors)
        .body(body);
    page_response(status, page)
}

/// The questions of a form, with the answers so far.
struct Asked<'a> {
    fields: &'a Fields,
    errors: &'a [FieldError],
}

impl Asked<'_> {
    fn field(&self, name: &str, label: &str) -> ui::components::Field {
        self.fields.field(self.errors, name, label)
    }

    fn day(&self, name: &str, label: &str, hint: &str) -> Markup {
        self.field(name, label).hint(hint).input(InputKind::Date)
    }

    fn who(&self, label: &str) -> Markup {
        html! {
            (self.field("name", label).hint("Their name is stored so it can be deleted later").input(InputKind::Text))
            (self.field("role", "In which role?").hint("For example partner, or practice manager").input(InputKind::Text))
        }
    }

    fn hours(&self, name: &str, label: &str, hint: &str) -> Markup {
        self.field(name, label).hint(hint).width(Width::Characters(4)).input(InputKind::WholeNumber)
    }

    fn decision(&self, when: &str) -> Markup {
        html! {
            (self.day("on", when, "Today or an earlier day"))
            (self.day("next_review", "When is the next review?", "Within twelve months. Without a review by the end of that day the plan is not up to date"))
        }
    }

    fn run(&self, happened: &str, began: &str) -> Markup {
        let outcomes = choices(&Against::ALL, Against::slug, Against::words);
        html! {
            (self.field("scenario", happened).radios(&choices(&Scenario::ALL, Scenario::slug, Scenario::words)))
            (self.day("on", began, "Today or an earlier day"))
            (self.field("outcome", "How did it go?").hint("Targets are the hours that the plan gives each system to be back in").radios(&outcomes))
        }
    }

    fn lessons(&self) -> Markup {
        html! {
            @for row in 1..=LESSON_ROWS {
                h2.nhsuk-heading-s { "Lesson " (row) " (leave empty if there is none)" }
                (self.field(&format!("lesson-{row}"), "What was learnt?").textarea(2))
                (self.field(&format!("action-{row}"), "What is to be done about it?").textarea(2))
                (self.day(&format!("due-{row}"), "By when?", "A day on or after that of the exercise or incident"))
            }
        }
    }

    fn version(&self, case: &Case) -> Markup {
        let must: Vec<&str> = MUST_COVER.iter().map(|scenario| scenario.words()).collect();
        let impacts = choices(&Impact::ALL, Impact::slug, Impact::words);
        let before = case.plan().versions.last().map_or(0, |last| last.systems.len());
        html! {
            (self.who("Who owns the plan?"))
            (self.field("covers", "What does the plan cover?").hint(format!("To count, it has to cover: {}", must.join("; ")))
                .checkboxes(&choices(&Scenario::ALL, Scenario::slug, Scenario::words)))
            @for row in 1..=(before + SYSTEM_ROWS).min(SYSTEMS_MAX) {
                h2.nhsuk-heading-s { "System " (row) " (leave empty if there is none)" }
                (self.field(&format!("system-{row}"), "Which system?").hint("For example the clinical system, telephones, or e-mail").input(InputKind::Text))
                (self.field(&format!("impact-{row}"), "Impact if unavailable").select(&impacts))
                (self.hours(&format!("rto-{row}"), "Hours within which it must be back", "Also called its recovery time objective, RTO"))
                (self.hours(&format!("rpo-{row}"), "Hours of data that may be lost", "Also called its recovery point objective, RPO: how old the last copy may be"))
            }
            h2.nhsuk-heading-s { "The document" }
            (self.field("reference", "Where is the document?").hint("A title, path or address by which you find it. It may be left empty").input(InputKind::Text))
            (self.field("sha256", "SHA-256 of the file").hint("64 letters and digits that change whenever the file does; whoever looks after your computers can work it out").input(InputKind::Text))
        }
    }
}

fn choices<T: Copy>(all: &[T], slug: fn(T) -> &'static str, words: fn(T) -> &'static str) -> Vec<Choice> {
    all.iter().map(|one| Choice::new(slug(*one), words(*one))).collect()
}

fn questions(case: &Case, task: Task, asked: &Asked<'_>) -> Markup {
    html! {
        @match task {
            Task::Version => { (asked.version(case)) }
            Task::Approval => {
                input type="hidden" name="version" value=(asked.fields.get("version"));
                p { "This approves version " (asked.fields.get("version")) "." }
                (asked.who("Who approved it?"))
                (asked.decision("When was it approved?"))
            }
            Task::Review => {
                (asked.who("Who reviewed it?"))
                (asked.decision("When was it reviewed?"))
            }
            Task::Exercise => {
                (asked.field("kind", "How was it exercised?").radios(&choices(&ExerciseKind::ALL, ExerciseKind::slug, ExerciseKind::words)))
                (asked.run("Which scenario was tested?", "When was it held?"))
                (asked.field("board", "Who took part for the partners or the board?").hint("A name; leave it empty if no one did").input(InputKind::Text))
                (asked.field("board_role", "In which role?").hint("For example partner").input(InputKind::Text))
                (asked.lessons())
            }
            Task::Invocation => {
                (asked.run("What happened?", "When did it begin?"))
                (asked.field("account", "Tell it in a few sentences").hint("Nothing about patients or staff").textarea(4))
                (asked.lessons())
            }
            Task::Reliance => {
                (asked.field("partner", "Whose plan do you rely on?").hint("The partner’s ODS code, such as 0AR").width(Width::Characters(10)).input(InputKind::Text))
                (asked.field("services", "For what?").hint("For example desktops, servers and network").input(InputKind::Text))
                (asked.day("since", "Since when?", "Today or an earlier day"))
            }
            Task::Withdrawal => {
                (asked.field("reason", "Why is it withdrawn?").textarea(3))
                (asked.day("on", "From which day on?", "Today or an earlier day"))
            }
        }
    }
}
