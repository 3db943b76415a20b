//! What the assessments service promises, as statements of the domain.

mod api;
mod assessment;
mod editions;
mod imports;
mod junk;
mod order;
mod pages;
mod plan;
mod register;
mod server;
mod support;
