//! Pages, components and charts on the NHS design system, and the files they need.
//!
//! Responsible for: how a page looks and reads, for everyone who reads it (keyboard, screen reader, phone, paper,
//! no JavaScript), and for a strict content security policy. Callers hand over words, numbers and addresses and get
//! markup.
//!
//! Never: knows what a practice or a requirement is, reads a file, a clock or the network at run time, or writes an
//! inline style or script.
//!
//! A page is put together like this:
//!
//! ```
//! use maud::html;
//! use ui::{Page, Stamp, Tone, components::tag};
//!
//! let page = Page::new("NHS Leeds CCG")
//!     .caption("CCG 15F")
//!     .crumb("England", "/areas/ENG")
//!     .body(html! { p { "Data security: " (tag(Tone::Good, "Met")) } })
//!     .stamp(Stamp { position: 7_214, time: "2019-06-17T09:30:00+01:00".into(), time_text: "17 June 2019 at 9:30am".into() })
//!     .render();
//! assert!(page.into_string().starts_with("<!DOCTYPE html>"));
//! ```

pub mod assets;
pub mod chart;
pub mod components;
pub mod fmt;
mod icon;
mod page;
mod problem;
mod tone;

pub use page::{CONTENT_SECURITY_POLICY, Page, Stamp};
pub use problem::problem_page;
pub use tone::Tone;
