//! What the forms of an assessment's page send.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use chassis::{
    Action, Giver, Problem, Viewer,
    desk::{PersonInput, speaks_for},
    http::{Form as FormBody, Path},
    pages::{code_entered, form_errors, selected},
};
use proto::{
    Day, OdsCode, PersonId,
    onsite::{Finding, Outcome, Responsibility, Severity, TopicResult},
    topics::topics,
};
use serde::Deserialize;

use super::{Done, show::render};
use crate::{
    access::{ASSESS, CLOSE, DECIDE_PLAN, PLAN, RESPOND, SCHEDULE},
    api::{one, planned},
    desk::{Case, Shared, Step},
    model::OnsiteCommand,
};

/// A form of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Agree,
    Refuse,
    Schedule,
    Cancel,
    Held,
    Finding,
    Answer,
    Disclose,
    Plan,
    DecidePlan,
    Done,
    Retest,
    Close,
}

impl Sent {
    pub const ALL: [Sent; 13] = [
        Sent::Agree,
        Sent::Refuse,
        Sent::Schedule,
        Sent::Cancel,
        Sent::Held,
        Sent::Finding,
        Sent::Answer,
        Sent::Disclose,
        Sent::Plan,
        Sent::DecidePlan,
        Sent::Done,
        Sent::Retest,
        Sent::Close,
    ];

    /// The end of its address, and the beginning of the ids of its fields.
    pub const fn slug(self) -> &'static str {
        match self {
            Sent::Agree => "agree",
            Sent::Refuse => "refuse",
            Sent::Schedule => "schedule",
            Sent::Cancel => "cancel",
            Sent::Held => "held",
            Sent::Finding => "finding",
            Sent::Answer => "answer",
            Sent::Disclose => "disclose",
            Sent::Plan => "plan",
            Sent::DecidePlan => "decide-plan",
            Sent::Done => "done",
            Sent::Retest => "retest",
            Sent::Close => "close",
        }
    }

    /// What it asks to be allowed.
    pub const fn action(self) -> Action {
        match self {
            Sent::Agree | Sent::Refuse | Sent::Answer | Sent::Disclose => RESPOND,
            Sent::Schedule | Sent::Cancel => SCHEDULE,
            Sent::Held | Sent::Finding | Sent::Retest => ASSESS,
            Sent::Plan | Sent::Done => PLAN,
            Sent::DecidePlan => DECIDE_PLAN,
            Sent::Close => CLOSE,
        }
    }

    /// What is told once it has come about.
    pub const fn told(self) -> &'static str {
        match self {
            Sent::Agree => "The practice has agreed to be assessed.",
            Sent::Refuse => "The practice has refused.",
            Sent::Schedule => "The visit has been set.",
            Sent::Cancel => "The visit has been cancelled.",
            Sent::Held => "The result has been entered.",
            Sent::Finding => "The finding has been recorded.",
            Sent::Answer => "The finding has been answered.",
            Sent::Disclose => "The outcome has been disclosed.",
            Sent::Plan => "The plan has been sent to the commissioner or region.",
            Sent::DecidePlan => "The plan has been decided on.",
            Sent::Done => "The action has been marked as done.",
            Sent::Retest => "The re-test has been entered.",
            Sent::Close => "The assessment has been closed.",
        }
    }
}

/// The fields of a form as they were sent.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.trim())
    }

    /// The finding or action a form of many is about.
    pub fn item(&self) -> Option<u16> {
        self.get("item").parse().ok()
    }

    /// A date. `what` is the date in the words of its question.
    fn day(&self, name: &str, what: &str) -> Result<Day, Problem> {
        Day::entered(self.get(name), what).map_err(|detail| wrong(name, detail))
    }

    /// The code of an organisation. `what` is whose.
    pub fn code(&self, name: &str, what: &str) -> Result<OdsCode, Problem> {
        code_entered(self.get(name), what).map_err(|detail| wrong(name, detail))
    }

    /// One of a list. `what` is what is selected.
    fn one_of<T: Copy>(
        &self,
        name: &str,
        what: &str,
        all: &[T],
        slug: fn(T) -> &'static str,
    ) -> Result<T, Problem> {
        let found = all.iter().copied().find(|value| slug(*value) == self.get(name));
        found.ok_or_else(|| wrong(name, format!("Select {what}")))
    }

    fn text(&self, name: &str) -> String {
        self.get(name).to_owned()
    }
}

fn wrong(name: &str, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    Problem::bad_input(detail.clone()).at(name, detail)
}

type Asked = (Step, Box<dyn FnOnce(&[PersonId]) -> OnsiteCommand + Send>);

fn asked(step: Step, command: OnsiteCommand) -> Result<Asked, Problem> {
    Ok((step, Box::new(|_| command)))
}

/// What a form asks for.
fn read(sent: Sent, fields: &Fields, case: &Case, giver: &Giver) -> Result<Asked, Problem> {
    let step = Step::new(sent.slug());
    let overseers = case.practice.overseers();
    let item = || fields.item().ok_or_else(|| wrong("item", "say which by its number"));
    match sent {
        Sent::Agree => asked(step, OnsiteCommand::Agree),
        Sent::Refuse => asked(step, OnsiteCommand::Refuse { grounds: fields.text("grounds") }),
        Sent::Schedule => {
            let (on, partner) = (
                fields.day("on", "the date of the visit")?,
                fields.code("partner", "the code of the delivery partner")?,
            );
            let who = PersonInput::named(fields.get("name"), fields.get("role")).who()?;
            let command =
                move |people: &[PersonId]| OnsiteCommand::Schedule { on, partner, assessor: one(people) };
            Ok((step.naming(vec![who]), Box::new(command)))
        }
        Sent::Cancel => asked(step, OnsiteCommand::Cancel { reason: fields.text("reason") }),
        Sent::Held => {
            let (on, mut results) = (fields.day("on", "the date of the visit")?, Vec::new());
            for topic in topics() {
                let (outcome, remark) = (format!("outcome_{}", topic.id), format!("remark_{}", topic.id));
                if !fields.get(&outcome).is_empty() {
                    let outcome = fields.one_of(&outcome, "the outcome", &Outcome::ALL, Outcome::slug)?;
                    results.push(TopicResult { topic: topic.id, outcome, remark: fields.text(&remark) });
                }
            }
            asked(step.on(on), OnsiteCommand::Hold { on, results })
        }
        Sent::Finding => asked(
            step,
            OnsiteCommand::RecordFinding(Finding {
                topic: selected(fields.get("topic"), "the topic").map_err(|detail| wrong("topic", detail))?,
                severity: fields.one_of("severity", "the severity", &Severity::ALL, Severity::slug)?,
                system: fields.text("system"),
                responsibility: fields.one_of(
                    "responsibility",
                    "who is responsible",
                    &Responsibility::ALL,
                    Responsibility::slug,
                )?,
                found: fields.text("found"),
                evidence: fields.text("evidence"),
            }),
        ),
        Sent::Answer => {
            let (finding, answer) = (item()?, fields.text("answer"));
            let accepted = fields.one_of(
                "accepted",
                "whether you accept the finding",
                &["accepted", "disputed"],
                |slug| slug,
            )? == "accepted";
            let step = Step::new(format!("answer {finding}"));
            asked(step, OnsiteCommand::AnswerFinding { finding, accepted, answer })
        }
        Sent::Disclose => {
            let (to, on) = (
                fields.code("to", "the organisation to share the outcome with")?,
                fields.day("on", "the date of sharing")?,
            );
            asked(step.on(on), OnsiteCommand::Disclose { to, overseers, on })
        }
        Sent::Plan => {
            let (mut actions, mut who) = (Vec::new(), Vec::new());
            for finding in case.state().findings.keys() {
                let action = fields.text(&format!("action_{finding}"));
                if action.is_empty() {
                    continue;
                }
                let (name, due) = (format!("name_{finding}"), format!("due_{finding}"));
                let owner = PersonInput::named(fields.get(&name), fields.get(&format!("role_{finding}")));
                who.push(owner.who().map_err(|_| wrong(&name, "say who will do it"))?);
                actions.push((*finding, action, fields.day(&due, "the date the action is due")?));
            }
            let command = move |people: &[PersonId]| OnsiteCommand::ProposePlan(planned(actions, people));
            Ok((step.naming(who), Box::new(command)))
        }
        Sent::DecidePlan => {
            let by = fields.code("by", "the organisation you act for")?;
            speaks_for(giver, by)?;
            match fields.get("decision") {
                "agree" => asked(Step::new("plan-agree"), OnsiteCommand::AgreePlan { by, overseers }),
                "return" => {
                    let reason = fields.text("reason");
                    asked(Step::new("plan-return"), OnsiteCommand::ReturnPlan { by, overseers, reason })
                }
                _ => Err(wrong("by", "press either Agree or Send back")),
            }
        }
        Sent::Done => {
            let (action, done) = (item()?, fields.day("done", "the date the action was done")?);
            let step = Step::new(format!("done {action}")).on(done);
            asked(step, OnsiteCommand::CompleteAction { action, done })
        }
        Sent::Retest => {
            let on = fields.day("on", "the date of the re-test")?;
            let mended = fields.all("mended").map(str::parse).collect::<Result<_, _>>();
            let mended = mended.map_err(|_| wrong("mended", "select the findings that are resolved"))?;
            asked(step.on(on), OnsiteCommand::Retest { on, mended })
        }
        Sent::Close => asked(step, OnsiteCommand::Close),
    }
}

/// The id of a field of a form; of many forms of a kind on one page the item tells them apart.
pub(super) fn id_of(sent: Sent, item: Option<u16>, field: &str) -> String {
    match item {
        Some(item) => format!("{}-{item}-{field}", sent.slug()),
        None => format!("{}-{field}", sent.slug()),
    }
}

/// Takes a form: on to the page again, or the page with what was wrong.
pub(super) async fn take(
    sent: Sent,
    State(desk): State<Shared>,
    viewer: Viewer,
    Path((code, number)): Path<(String, u16)>,
    FormBody(fields): FormBody<Fields>,
) -> Result<Response, Problem> {
    let case = desk.case(&viewer, &code, number).await?;
    let giver = Giver::of_form(viewer, Some(fields.get("idempotency_key")))?;
    let outcome = match read(sent, &fields, &case, &giver) {
        Ok((step, command)) => desk.give(&case, &giver, step, command).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    let problem = match outcome {
        Ok(_) => {
            let to = format!("/onsite/{}/{number}?done={}", case.practice.code, sent.slug());
            return Ok(axum::response::Redirect::to(&to).into_response());
        }
        Err(problem) if problem.status_code().is_server_error() => return Err(problem),
        Err(problem) => problem,
    };
    let (status, mut errors) = form_errors(problem);
    for error in &mut errors {
        // A plan and a result are many fields: of what the model says of them, no one field is to blame.
        let has_field = match sent {
            Sent::Plan => error.field.contains('_'),
            _ => !matches!(error.field.as_str(), "" | "results" | "item"),
        };
        error.field = if has_field { id_of(sent, fields.item(), &error.field) } else { String::new() };
    }
    render(&desk, &case, status, Some((sent, &fields)), errors, &Done::default()).await
}
