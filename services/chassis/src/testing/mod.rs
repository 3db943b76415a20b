//! For the tests of this crate and others: given/when/then, a service to ask, a real broker, and zip archives.

pub mod land;
pub mod model;
pub mod nats;
pub mod server;
pub mod zip;

pub use model::given;
pub use zip::zip_archive;
