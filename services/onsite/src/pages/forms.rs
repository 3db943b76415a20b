//! The forms of an assessment's page: the viewer's next steps, and why one is not to be had yet.

use chassis::pages::form_of;
use maud::{Markup, html};
use proto::{
    OdsCode,
    onsite::{Outcome, Responsibility, Severity},
    topics::topics,
};
use ui::components::{
    Button, ButtonKind, Choice, Field, FieldError, InputKind, Width, blocked_button, inset,
};

use super::steps::{Fields, Sent, id_of};
use crate::desk::{Case, Desk};
use crate::model::Reply;

/// The most findings with fields of their own on one page; the API takes any number.
const FINDINGS_ASKED_MAX: usize = 50;

/// A form under way.
struct Asking<'a> {
    case: &'a Case,
    sent: Sent,
    item: Option<u16>,
    /// What was sent, where it was this form.
    fields: Option<&'a Fields>,
    errors: &'a [FieldError],
}

impl Asking<'_> {
    fn field(&self, name: &str, label: &str) -> Field {
        let id = id_of(self.sent, self.item, name);
        let field = Field::new(name, label).error(FieldError::of(self.errors, &id)).id(id);
        match self.fields {
            Some(fields) => fields.all(name).fold(field, |field, value| field.value(value)),
            None => field,
        }
    }

    /// With what is known already, unless the form was sent.
    fn field_with(&self, name: &str, label: &str, known: impl Into<String>) -> Field {
        let field = self.field(name, label);
        if self.fields.is_some() { field } else { field.value(known) }
    }

    fn text(&self, name: &str, label: &str) -> Markup {
        self.field(name, label).input(InputKind::Text)
    }

    fn form(&self, body: Markup) -> Markup {
        let to = format!("/onsite/{}/{}/{}", self.case.practice.code, self.case.number, self.sent.slug());
        let form = form_of(&self.case.viewer, to);
        let form = match self.item {
            Some(item) => form.hidden("item", item.to_string()),
            None => form,
        };
        form.body(body)
    }
}

/// The forms the viewer may send now.
pub(super) fn forms(
    desk: &Desk,
    case: &Case,
    sent: Option<(Sent, &Fields)>,
    errors: &[FieldError],
) -> Markup {
    let state = case.state();
    let asking = |form: Sent, item: Option<u16>| Asking {
        case,
        sent: form,
        item,
        fields: sent
            .filter(|(sent, fields)| *sent == form && fields.item() == item)
            .map(|(_, fields)| fields),
        errors,
    };
    let may = |form: Sent| state.closed.is_none() && case.may(form.action());
    let agreed = matches!(state.reply, Some(Reply::Agreed(_)));
    let held = state.held.is_some();
    let is_set = state.visit.as_ref().is_some_and(|visit| visit.cancelled.is_none());
    let disclosed = !state.disclosed.is_empty();
    html! {
        @if may(Sent::Agree) && !agreed {
            (agree(&asking(Sent::Agree, None)))
            @if state.reply.is_none() { (refuse(&asking(Sent::Refuse, None))) }
        }
        @if may(Sent::Schedule) && !held {
            @if agreed { (schedule(&asking(Sent::Schedule, None), is_set)) }
            @else { (blocked_button("set-visit", "Set the visit", &[html! { "The practice agrees to be assessed" }])) }
            @if is_set { (cancel(&asking(Sent::Cancel, None))) }
        }
        @if may(Sent::Held) {
            @if is_set && !disclosed { (result(&asking(Sent::Held, None))) }
            @if held { (finding(&asking(Sent::Finding, None))) }
            @if held && !state.findings.is_empty() { (retest(&asking(Sent::Retest, None))) }
        }
        @if may(Sent::Answer) && held {
            @for number in to_answer(case) { (answer(&asking(Sent::Answer, Some(number)), number)) }
            @if state.findings.len() > FINDINGS_ASKED_MAX { p { "Only " (FINDINGS_ASKED_MAX) " of the findings are asked for at a time, those without an answer first." } }
            (disclose(desk, &asking(Sent::Disclose, None)))
        }
        @if may(Sent::Plan) && held && !state.findings.is_empty() { (plan(&asking(Sent::Plan, None))) }
        @if may(Sent::DecidePlan) && state.plan.proposed.is_some() { (decide(desk, &asking(Sent::DecidePlan, None))) }
        @if may(Sent::Done) {
            @for (number, planned, done) in state.plan.actions() {
                @if done.is_none() { (action_done(&asking(Sent::Done, Some(number)), number, &planned.action)) }
            }
        }
        @if may(Sent::Close) && held { (close(&asking(Sent::Close, None))) }
    }
}

fn agree(form: &Asking<'_>) -> Markup {
    html! {
        h2.nhsuk-heading-m { "Agree to be assessed" }
        p { "Assessors of a delivery partner come to the practice on a day that is set with it." }
        (form.form(html! { (Button::new("Agree")) }))
    }
}

fn refuse(form: &Asking<'_>) -> Markup {
    html! {
        h2.nhsuk-heading-m { "Or refuse" }
        (form.form(html! {
            (form.field("grounds", "Reason").hint("Whoever requested it will see this").textarea(3))
            (Button::new("Refuse").kind(ButtonKind::Warning))
        }))
    }
}

fn schedule(form: &Asking<'_>, is_set: bool) -> Markup {
    html! {
        h2.nhsuk-heading-m { @if is_set { "Change the visit" } @else { "Set the visit" } }
        (form.form(html! {
            (form.field("on", "On which day?").input(InputKind::Date))
            (form.field("partner", "Code of the delivery partner").width(Width::Characters(10)).input(InputKind::Text))
            (form.field("name", "Assessor").hint("Their name is stored so it can be deleted later").input(InputKind::Text))
            (form.text("role", "In which role?"))
            (Button::new("Set the visit"))
        }))
    }
}

fn cancel(form: &Asking<'_>) -> Markup {
    html! {
        h2.nhsuk-heading-m { "Cancel the visit" }
        (form.form(html! {
            (form.field("reason", "Why?").textarea(2))
            (Button::new("Cancel the visit").kind(ButtonKind::Warning))
        }))
    }
}

fn result(form: &Asking<'_>) -> Markup {
    let outcomes: Vec<Choice> = std::iter::once(Choice::new("", "Not assessed"))
        .chain(Outcome::ALL.iter().map(|outcome| Choice::new(outcome.slug(), outcome.words())))
        .collect();
    let known = form.case.state().held.as_ref();
    html! {
        h2.nhsuk-heading-m { "Enter the result" }
        (form.form(html! {
            (form.field_with("on", "On which day was it held?", known.map(|held| held.on.to_string()).unwrap_or_default()).hint("If it took several days, enter the last").input(InputKind::Date))
            @for topic in topics() {
                @let before = known.and_then(|held| held.results.iter().find(|result| result.topic == topic.id));
                (form.field_with(&format!("outcome_{}", topic.id), &topic.title, before.map(|before| before.outcome.slug()).unwrap_or_default()).hint(&topic.help)
                    .select(&outcomes))
                (form.field_with(&format!("remark_{}", topic.id), &format!("Remark on {}", topic.title.to_lowercase()), before.map(|before| before.remark.clone()).unwrap_or_default())
                    .input(InputKind::Text))
            }
            (Button::new("Enter the result"))
        }))
    }
}

fn finding(form: &Asking<'_>) -> Markup {
    let of_topics: Vec<Choice> =
        topics().iter().map(|topic| Choice::new(topic.id.to_string(), &topic.title)).collect();
    let severities: Vec<Choice> =
        Severity::ALL.iter().map(|one| Choice::new(one.slug(), one.words())).collect();
    let whose: Vec<Choice> =
        Responsibility::ALL.iter().map(|one| Choice::new(one.slug(), one.words())).collect();
    html! {
        h2.nhsuk-heading-m { "Record a finding" }
        (form.form(html! {
            (form.field("topic", "On which topic?").select(&of_topics))
            (form.field("severity", "Severity").radios(&severities))
            (form.text("system", "Which system is it about?"))
            (form.field("responsibility", "Who answers for that system?").radios(&whose))
            (form.field("found", "What was found?").textarea(3))
            (form.field("evidence", "Where is the evidence?").hint("A reference; the file stays with you").input(InputKind::Text))
            (Button::new("Record the finding"))
        }))
    }
}

fn retest(form: &Asking<'_>) -> Markup {
    let findings: Vec<Choice> = form
        .case
        .state()
        .findings
        .iter()
        .map(|(number, held)| Choice::new(number.to_string(), format!("{number}: {}", held.recorded.system)))
        .collect();
    html! {
        h2.nhsuk-heading-m { "Enter a re-test" }
        (form.form(html! {
            (form.field("on", "On which day?").input(InputKind::Date))
            (form.field("mended", "Which findings are resolved?").hint("Those not ticked are not").checkboxes(&findings))
            (Button::new("Enter the re-test"))
        }))
    }
}

/// The findings to answer, those without an answer first.
fn to_answer(case: &Case) -> Vec<u16> {
    let findings = &case.state().findings;
    let (answered, left): (Vec<_>, Vec<_>) = findings.iter().partition(|(_, held)| held.answer.is_some());
    left.into_iter().chain(answered).map(|(number, _)| *number).take(FINDINGS_ASKED_MAX).collect()
}

fn answer(form: &Asking<'_>, number: u16) -> Markup {
    let before = form.case.state().findings.get(&number).and_then(|held| held.answer.as_ref());
    let choices = [Choice::new("accepted", "We accept it"), Choice::new("disputed", "We dispute it")];
    let chosen = before.map(|(accepted, _)| if *accepted { "accepted" } else { "disputed" });
    html! {
        h2.nhsuk-heading-m { "Answer finding " (number) @if let Some(held) = form.case.state().findings.get(&number) { ": " (held.recorded.system) } }
        (form.form(html! {
            (form.field_with("accepted", "Do you accept the finding?", chosen.unwrap_or_default()).radios(&choices))
            (form.field_with("answer", "In your words", before.map(|(_, answer)| answer.clone()).unwrap_or_default()).textarea(2))
            (Button::new("Answer").kind(ButtonKind::Secondary).about(format!("finding {number}")))
        }))
    }
}

/// The practice's CCG and region that pass, to choose from.
fn overseers(desk: &Desk, case: &Case, passes: impl Fn(OdsCode) -> bool) -> Vec<Choice> {
    let codes = case.practice.overseers().bodies().filter(|code| passes(*code));
    codes.map(|code| Choice::new(code.to_string(), format!("{code} {}", desk.name_of(code)))).collect()
}

fn disclose(desk: &Desk, form: &Asking<'_>) -> Markup {
    let left = overseers(desk, form.case, |code| !form.case.state().disclosed.contains_key(&code));
    html! {
        @if !left.is_empty() {
            h2.nhsuk-heading-m { "Share the outcome" }
            (form.form(html! {
                (form.field("to", "Share it with").select(&left))
                (form.field("on", "On which day?").input(InputKind::Date))
                (Button::new("Share the outcome"))
            }))
        }
    }
}

fn plan(form: &Asking<'_>) -> Markup {
    let state = form.case.state();
    let open = state.open_findings();
    html! {
        h2.nhsuk-heading-m { "Propose what will be done" }
        @if state.disclosed.is_empty() {
            (blocked_button("propose-plan", "Propose the plan", &[html! { "The practice discloses the outcome to its commissioner or region" }]))
        } @else if let Some(proposal) = &state.plan.proposed {
            (blocked_button("propose-plan", "Propose the plan", &[html! { "The commissioner or region decides on the plan of " (proposal.on.long()) }]))
        } @else if open.is_empty() {
            p { "No finding is open." }
        } @else {
            @if state.plan.agreed.is_some() { p { "Once agreed, it takes the place of the actions that are still open." } }
            (form.form(html! {
                @for (number, _) in open.iter().take(FINDINGS_ASKED_MAX) {
                    h3.nhsuk-heading-s { "Finding " (number) ": " (state.findings.get(number).map(|held| held.recorded.found.as_str()).unwrap_or_default()) }
                    (form.field(&format!("action_{number}"), &format!("What will be done about finding {number}?"))
                        .hint("Leave it empty where nothing is planned").textarea(2))
                    (form.text(&format!("name_{number}"), &format!("Who will do it (finding {number})?")))
                    (form.text(&format!("role_{number}"), &format!("In which role (finding {number})?")))
                    (form.field(&format!("due_{number}"), &format!("By when (finding {number})?")).input(InputKind::Date))
                }
                (Button::new("Propose the plan"))
            }))
        }
    }
}

fn decide(desk: &Desk, form: &Asking<'_>) -> Markup {
    let own = overseers(desk, form.case, |code| form.case.viewer.speaks_for(code));
    html! {
        h2.nhsuk-heading-m { "Agree the plan, or send it back" }
        @if own.is_empty() {
            (inset(html! { p { "The practice’s commissioner or region decides: " (form.case.practice.overseers().in_words()) "." } }))
        } @else {
            (form.form(html! {
                (form.field("by", "Who decides?").select(&own))
                (form.field("reason", "Why, if you send it back").hint("The practice reads this").textarea(3))
                (Button::new("Agree the plan").value("decision", "agree")) " "
                (Button::new("Send the plan back").kind(ButtonKind::Warning).value("decision", "return"))
            }))
        }
    }
}

fn action_done(form: &Asking<'_>, number: u16, action: &str) -> Markup {
    html! {
        h2.nhsuk-heading-s { "Action " (number) ": " (action) }
        (form.form(html! {
            (form.field_with("done", "Done on which day?", form.case.today.to_string()).input(InputKind::Date))
            (Button::new("Mark as done").kind(ButtonKind::Secondary).about(format!("action {number}")))
        }))
    }
}

fn close(form: &Asking<'_>) -> Markup {
    let state = form.case.state();
    let mut reasons: Vec<Markup> =
        state.open_findings().iter().map(|(number, why)| html! { "Finding " (number) ": " (why) }).collect();
    if state.disclosed.is_empty() {
        reasons.push(html! { "The practice discloses the outcome to its commissioner or region" });
    }
    html! {
        h2.nhsuk-heading-m { "Close the assessment" }
        @if reasons.is_empty() { (form.form(html! { (Button::new("Close the assessment")) })) }
        @else { (blocked_button("close-assessment", "Close the assessment", &reasons)) }
    }
}
