//! What needs attention, by name, before anything else.

use maud::{Markup, html};

use super::summary::tag;
use crate::Tone;

/// One thing someone should look at.
#[derive(Debug, Clone)]
pub struct AttentionItem {
    /// How bad it is.
    pub tone: Tone,
    /// That in a word, such as `Not met`.
    pub label: String,
    /// Whose it is.
    pub title: String,
    /// Where to look.
    pub href: String,
    /// Why it is here, in a sentence.
    pub detail: String,
}

/// The list of what needs attention, worst first. It always says something, even when all is well.
#[derive(Debug, Clone)]
#[must_use]
pub struct Attention {
    id: String,
    heading: String,
    items: Vec<AttentionItem>,
    all_well: String,
    more: Option<(String, String)>,
}

impl Attention {
    /// A list under the heading “Needs attention”. `id` is unique on the page.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            heading: "Needs attention".to_owned(),
            items: Vec::new(),
            all_well: "Nothing needs attention on this day.".to_owned(),
            more: None,
        }
    }

    /// Another heading.
    pub fn heading(mut self, heading: impl Into<String>) -> Self {
        self.heading = heading.into();
        self
    }

    /// What to say when the list is empty.
    pub fn all_well(mut self, sentence: impl Into<String>) -> Self {
        self.all_well = sentence.into();
        self
    }

    /// One more thing.
    pub fn item(mut self, item: AttentionItem) -> Self {
        self.items.push(item);
        self
    }

    /// The link to the rest, such as `All 674 practices that have not met it`.
    pub fn more(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.more = Some((label.into(), href.into()));
        self
    }

    /// The list.
    #[must_use]
    pub fn render(self) -> Markup {
        let heading_id = format!("{}-heading", self.id);
        html! {
            section.ov-attention id=(self.id) aria-labelledby=(heading_id) {
                h2.nhsuk-heading-m id=(heading_id) { (self.heading) }
                @if self.items.is_empty() {
                    p.nhsuk-u-margin-bottom-0 { (self.all_well) }
                } @else {
                    ul.ov-attention__list {
                        @for item in &self.items {
                            li.ov-attention__item {
                                (tag(item.tone, &item.label))
                                div {
                                    a.nhsuk-link href=(item.href) { (item.title) }
                                    p.ov-attention__detail { (item.detail) }
                                }
                            }
                        }
                    }
                    @if let Some((label, href)) = &self.more {
                        p.nhsuk-u-margin-bottom-0 { a.nhsuk-link href=(href) { (label) } }
                    }
                }
            }
        }
    }
}
