//! The service over a real embedded log in a temporary folder, asked as a client would.

use chassis::testing::land::small_land;
pub use chassis::testing::server::{Answer, Server};

/// The service with the practices A81001 and A81002 of CCG 00K in region Y54.
pub async fn start(now: &str) -> Server {
    Server::start(now, small_land(), assessments::service).await
}

/// The same behind the real doors and the real guard.
pub async fn guarded(now: &str) -> Server {
    Server::guarded(now, small_land(), assessments::service).await
}
