//! Toolkit assessments: the practice's own work, statements, improvement plans, and the results that
//! the national register publishes.

pub mod model;
