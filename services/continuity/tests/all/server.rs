//! The service over a real embedded log in a temporary folder, asked as a client would.

use chassis::testing::land::{Told, body, practice, small_land};
pub use chassis::testing::server::Server;
use proto::organisations::OrganisationKind;

use crate::support::*;

/// The service with the practices A81001 to A81003 of CCG 00K in region Y54, another CCG 15E, and the
/// partner 0AR.
pub async fn start(now: &str) -> Server {
    Server::start(now, organisations(), continuity::service).await
}

/// The same behind the real doors and the real guard.
pub async fn guarded(now: &str) -> Server {
    Server::guarded(now, organisations(), continuity::service).await
}

pub fn organisations() -> Vec<Told> {
    let mut land = small_land();
    land.push(practice("A81003", "=SUM(A1:A9)"));
    land.push(body("15E", "NHS SOMEWHERE CCG", OrganisationKind::Ccg));
    land.push(body(PARTNER, "NORTH OF ENGLAND SUPPORT", OrganisationKind::Other));
    land
}
