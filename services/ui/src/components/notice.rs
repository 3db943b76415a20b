//! Things said apart from the running text.

use maud::{Markup, html};

/// The first paragraph of a page, in larger type: one sentence with a number and a name.
#[must_use]
pub fn lede(content: Markup) -> Markup {
    html! { p.nhsuk-lede-text { (content) } }
}

/// An important message that is not about the page's own topic. `id` is unique on the page.
#[must_use]
pub fn notification(id: &str, heading: &str, body: Markup) -> Markup {
    banner(id, "Important", "nhsuk-notification-banner", "region", heading, body)
}

/// Says that something the reader just did has worked. `id` is unique on the page.
#[must_use]
pub fn success(id: &str, heading: &str, body: Markup) -> Markup {
    banner(
        id,
        "Success",
        "nhsuk-notification-banner nhsuk-notification-banner--success",
        "alert",
        heading,
        body,
    )
}

fn banner(id: &str, title: &str, class: &str, role: &str, heading: &str, body: Markup) -> Markup {
    let title_id = format!("{id}-title");
    html! {
        div id=(id) class=(class) role=(role) aria-labelledby=(title_id) {
            div."nhsuk-notification-banner__header" {
                h2."nhsuk-notification-banner__title" id=(title_id) { (title) }
            }
            div."nhsuk-notification-banner__content" {
                h3."nhsuk-notification-banner__heading" { (heading) }
                (body)
            }
        }
    }
}

/// A remark set apart by a bar on its left.
#[must_use]
pub fn inset(body: Markup) -> Markup {
    html! {
        div.nhsuk-inset-text {
            span.nhsuk-u-visually-hidden { "Information: " }
            (body)
        }
    }
}

/// More on a matter for those who want it, closed at first.
#[must_use]
pub fn details(summary: &str, body: Markup) -> Markup {
    disclosure("nhsuk-details", summary, body)
}

/// As [`details`], in a box: for lists of questions and for long content.
#[must_use]
pub fn expander(summary: &str, body: Markup) -> Markup {
    disclosure("nhsuk-details nhsuk-expander", summary, body)
}

fn disclosure(class: &str, summary: &str, body: Markup) -> Markup {
    html! {
        details class=(class) {
            summary."nhsuk-details__summary" { span."nhsuk-details__summary-text" { (summary) } }
            div."nhsuk-details__text" { (body) }
        }
    }
}

/// A warning the reader must not miss.
#[must_use]
pub fn warning_callout(heading: &str, body: Markup) -> Markup {
    html! {
        div.nhsuk-card.nhsuk-card--warning {
            div."nhsuk-card__content" {
                h3."nhsuk-card__heading".nhsuk-heading-m {
                    span.nhsuk-u-visually-hidden { "Important: " } (heading)
                }
                (body)
            }
        }
    }
}

/// Confirms, in place of a title, that something was done.
#[must_use]
pub fn panel(heading: &str, body: Markup) -> Markup {
    html! {
        div.nhsuk-panel {
            h2."nhsuk-panel__heading" { (heading) }
            div."nhsuk-panel__body" { (body) }
        }
    }
}
