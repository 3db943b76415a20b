//! What may be decided about a plan, and what is so: pure.
//!
//! One kind of aggregate, [`ContinuityPlan`]: all that an organisation ever said of its plan. It reads
//! no clock, makes up no id and knows no name.

mod checks;
mod plan;
mod standing;

pub use checks::{
    ACCOUNT_MAX_CHARS, APPROVALS_MAX, LESSONS_MAX, RECOVERY_MAX_HOURS, RELIANCES_MAX, REVIEW_MAX_DAYS,
    REVIEWS_MAX, RUNS_MAX, SYSTEM_MAX_CHARS, SYSTEMS_MAX, TEXT_MAX_CHARS, VERSIONS_MAX,
};
pub use plan::{ContinuityPlan, HeldLesson, Own, PlanCommand, Reliance, Run, Withdrawal};
pub use standing::{Dates, Due, InForce, Standing};
