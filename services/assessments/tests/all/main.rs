//! What the assessments service promises, as statements of the domain.

mod assessment;
mod editions;
mod order;
mod plan;
mod register;
mod support;
