//! A problem as a page.

use maud::html;

use crate::{Page, components};

/// The page for a request that could not be answered: what was wrong, where, and how to go on. `faults` are pairs of
/// the place in the input and what is accepted there; `instead` is an address that would be answered. The menu is the
/// caller's to add: it is for whom the page is.
pub fn problem_page(
    status: u16,
    title: &str,
    detail: &str,
    faults: &[(String, String)],
    instead: Option<&str>,
) -> Page {
    Page::new(title)
        .of_problem()
        .caption(format!("Error {status}"))
        .body(html! {
            p.nhsuk-lede-text { (sentence(detail)) }
            @if !faults.is_empty() {
                ul.nhsuk-list.nhsuk-list--bullet {
                    @for (at, fault) in faults { li { strong { (at) } ": " (fault) } }
                }
            }
            @if let Some(instead) = instead {
                p { a.nhsuk-link href=(instead) { "Open this page without it" } }
            }
            @match status {
                404 => p { "If you typed the address, check that it is right. You can look for a practice in the search box above, or go to the home page." },
                500.. => p { "Try again in a little while. What is recorded is safe." },
                _ => p { "Go back to the page before, or go to the home page." },
            }
            (components::action_link("/", "Start page"))
        })
}

/// With a capital letter first and a full stop last.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let mut sentence: String =
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_and_stays_text() {
        let faults = [("at".to_owned(), "“<script>” is no day".to_owned())];
        let page = problem_page(
            400,
            "There is a problem with what you entered",
            "a parameter is wrong",
            &faults,
            None,
        )
        .reference("5b6a5b5e")
        .render()
        .into_string();
        assert!(page.contains("A parameter is wrong."));
        assert!(page.contains("“&lt;script&gt;” is no day"));
        assert_eq!(page.matches("<h1").count(), 1);
        assert!(page.contains("give this reference: <code>5b6a5b5e</code>"));
        let all_is_well = Page::new("Areas").reference("5b6a5b5e").render().into_string();
        assert!(!all_is_well.contains("5b6a5b5e"), "where nothing is wrong no one needs it");
    }
}
