//! Small pictures drawn in place. All are decoration: the words beside them say the same.

use maud::{Markup, html};

use crate::Tone;

/// The mark of the service, in the header: a bar chart seen through a lens.
pub(crate) fn mark() -> Markup {
    html! {
        svg.ov-mark viewBox="0 0 40 40" width="40" height="40" aria-hidden="true" focusable="false" {
            circle cx="18" cy="18" r="14" fill="none" stroke="currentColor" stroke-width="4" {}
            path d="M28.5 28.5 37 37" stroke="currentColor" stroke-width="5" stroke-linecap="round" {}
            path d="M12.5 24v-6M18 24V11M23.5 24v-9" stroke="currentColor" stroke-width="3.5" stroke-linecap="round" {}
        }
    }
}

fn drawn(name: &str, path: &str) -> Markup {
    html! {
        svg class={ "nhsuk-icon nhsuk-icon--" (name) } xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"
            width="16" height="16" focusable="false" aria-hidden="true" {
            path d=(path) {}
        }
    }
}

pub(crate) fn search() -> Markup {
    drawn(
        "search",
        "m20.7 18.9-4.1-4.1a7 7 0 1 0-1.4 1.4l4 4.1a1 1 0 0 0 1.5 0c.4-.4.4-1 0-1.4ZM6 10.6a5 5 0 1 1 10 0 5 5 0 0 1-10 0Z",
    )
}

pub(crate) fn arrow_left() -> Markup {
    drawn(
        "arrow-left",
        "M10.7 6.3c.4.4.4 1 0 1.4L7.4 11H19a1 1 0 0 1 0 2H7.4l3.3 3.3c.4.4.4 1 0 1.4a1 1 0 0 1-1.4 0l-5-5A1 1 0 0 1 4 12c0-.3.1-.5.3-.7l5-5a1 1 0 0 1 1.4 0Z",
    )
}

pub(crate) fn arrow_right() -> Markup {
    drawn(
        "arrow-right",
        "m14.7 6.3 5 5c.2.2.3.4.3.7 0 .3-.1.5-.3.7l-5 5a1 1 0 0 1-1.4-1.4l3.3-3.3H5a1 1 0 0 1 0-2h11.6l-3.3-3.3a1 1 0 1 1 1.4-1.4Z",
    )
}

/// The symbol of a tone: each has its own shape, so that colour is never alone.
pub(crate) fn symbol(tone: Tone) -> Markup {
    html! {
        svg.ov-symbol viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false" {
            @match tone {
                Tone::Good => { path d="m3 8.5 3.5 3.5L13 4.5" fill="none" stroke="currentColor" stroke-width="2.5" {} }
                Tone::Partial => {
                    circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" {}
                    path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" {}
                }
                Tone::Bad => { path d="m4 4 8 8m0-8-8 8" fill="none" stroke="currentColor" stroke-width="2.5" {} }
                Tone::Unknown => {
                    circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 2.3" {}
                }
                Tone::Neutral => { path d="M3 8h10" fill="none" stroke="currentColor" stroke-width="2.5" {} }
            }
        }
    }
}

pub(crate) fn arrow_right_circle() -> Markup {
    drawn(
        "arrow-right-circle",
        "M12 2a10 10 0 0 0-10 9h11.7l-4-4a1 1 0 0 1 1.5-1.4l5.6 5.7a1 1 0 0 1 0 1.4l-5.6 5.7a1 1 0 0 1-1.5 0 1 1 0 0 1 0-1.4l4-4H2A10 10 0 1 0 12 2z",
    )
}
