//! A synthetic England: some 7,000 invented practices and their year 2017/18 on the IG Toolkit.
//!
//! It is there so that a first look shows something. [`England`] is pure: a seed gives the same
//! bytes every time. [`load`] puts it on a log, goes on where it was interrupted, and never
//! writes anything twice. Nothing in it is real, and every name says so.

mod calendar;
mod chance;
mod deeds;
mod england;
mod files;
pub mod gate;
pub mod geography;
pub mod load;
mod onsite;
mod story;
mod words;

pub use england::{DEFAULT_SEED, England, Occurrence, Ready, last_event, office_holder, seed_of};
pub use load::{Loading, Progress};
pub use story::{Choice, REQUIREMENTS, Step, Story};
pub use words::MARK;
