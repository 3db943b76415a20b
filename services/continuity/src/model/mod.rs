//! What may be decided about a plan, and what is so: pure.
//!
//! One kind of aggregate, [`ContinuityPlan`]: all that an organisation ever said of its plan. It reads
//! no clock, makes up no id and knows no name.

mod plan;
mod standing;

pub use plan::{
    ACCOUNT_MAX_CHARS, ContinuityPlan, HeldLesson, LESSONS_MAX, Own, PlanCommand, RECOVERY_MAX_HOURS,
    RELIANCES_MAX, REVIEW_MAX_DAYS, REVIEWS_MAX, RUNS_MAX, Reliance, Run, SYSTEM_MAX_CHARS, SYSTEMS_MAX,
    TEXT_MAX_CHARS, VERSIONS_MAX, Withdrawal,
};
pub use standing::{Dates, Due, InForce, Standing};
