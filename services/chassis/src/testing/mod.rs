//! For the tests of this crate and others: given/when/then, and a real broker.

pub mod model;
pub mod nats;

pub use model::given;
