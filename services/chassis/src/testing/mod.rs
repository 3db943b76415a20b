//! For the tests of this crate and others: given/when/then, a service to ask, and a real broker.

pub mod land;
pub mod model;
pub mod nats;
pub mod server;

pub use model::given;
