//! The parts pages are made of.
//!
//! Each part is a function or a small builder that gives [`maud::Markup`]. Text that comes in as a string is always
//! escaped; what comes in as `Markup` is trusted to have been made by `maud::html!`.

mod attention;
mod button;
mod date;
mod field;
mod form;
mod nav;
mod notice;
mod summary;
mod table;

pub use attention::{Attention, AttentionItem};
pub use button::{Button, ButtonKind, blocked_button, link_button};
pub use date::DateForm;
pub use field::{Choice, Field, InputKind, Width};
pub use form::{FieldError, Form, error_summary};
pub use nav::{Download, LinkGroup, Pager, action_link, breadcrumbs, downloads};
pub use notice::{details, expander, inset, lede, notification, panel, success, warning_callout};
pub use summary::{HistoryItem, KeyFigure, SummaryList, history, key_figures, tag};
pub use table::{Cell, Column, Order, Row, Table};
