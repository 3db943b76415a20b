//! The JSON API.
//!
//! | address | what |
//! | --- | --- |
//! | `/api/v1/certification` | the schemes, and what each type of service needs |
//! | `/api/v1/suppliers…` | suppliers by name and number, their services and certificates; whether a service is certified |
//! | `/api/v1/suppliers/{id}/…` | keeping the record of a supplier |
//! | `/api/v1/suppliers/review…` | entries of lists that resemble a known supplier |
//! | `/api/v1/purchases/{code}…` | what an organisation uses and has checked |
//! | `/api/v1/receipts/{position}/{hash}` | whether a receipt is genuine |
//! | `/api/v1/suppliers/reliance` | who relies on what ends soon |
//! | `/api/v1/suppliers/imports/…` | lists |

mod bodies;
mod imports;
mod look_up;
mod purchases;
mod record;
mod reliance;

use axum::extract::DefaultBodyLimit;
use chassis::{Routes, pace::Pace};
use utoipa::OpenApi;

use crate::{
    access::{
        AGREE_GAP_PLAN, CHECK, IMPORT, KEEP_RECORD, LOOK_UP, REVIEW, SEE_RELIANCE, STATE_COVERAGE,
        VIEW_PURCHASES,
    },
    desk::Shared,
};
pub(crate) use bodies::Grounds;
pub(crate) use purchases::{Genuine, bulk_answer, buyer_of, genuine, number_of, receipt_of};
pub(crate) use record::voice_of;
pub(crate) use reliance::{Relying, relying};

/// The description of these routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        look_up::certification,
        look_up::find,
        look_up::one,
        look_up::check,
        look_up::badge,
        record::register,
        record::amend,
        record::offer,
        record::retire,
        record::certify,
        record::renew,
        record::suspend,
        record::reinstate,
        record::withdraw,
        record::cover,
        record::name_sub_supplier,
        record::release_sub_supplier,
        record::held,
        record::settle,
        record::certificate_reviews,
        record::review_certificate,
        record::part,
        purchases::one,
        purchases::begin,
        purchases::end,
        purchases::check,
        purchases::bulk,
        purchases::receipt,
        purchases::gap_plan,
        purchases::verify,
        reliance::all,
        imports::list,
        imports::all,
        imports::progress,
        imports::withdraw,
    ),
    tags((name = "suppliers", description = "Suppliers, their certificates, and whether what is bought is certified: looked up by everyone, kept by suppliers and NHS Digital, checked by those who buy."))
)]
pub(crate) struct Description;

/// The routes.
pub(crate) fn routes() -> Routes<Shared> {
    let look_up = LOOK_UP.here().paced(Pace::LookUp);
    let keep = KEEP_RECORD.here();
    let view = VIEW_PURCHASES.of("code").sensitive();
    let check = CHECK.of("code").seen_by(VIEW_PURCHASES);
    let uploads = Routes::new()
        .post("/api/v1/suppliers/imports/{kind_or_id}", IMPORT.here().paced(Pace::Import), imports::list)
        .layer(DefaultBodyLimit::disable());
    Routes::new()
        .get("/api/v1/certification", look_up, look_up::certification)
        .get("/api/v1/suppliers", look_up, look_up::find)
        .post("/api/v1/suppliers", keep, record::register)
        .get("/api/v1/suppliers/review", REVIEW.here(), record::held)
        .post("/api/v1/suppliers/review", REVIEW.here(), record::settle)
        .get("/api/v1/suppliers/certificate-reviews", REVIEW.here(), record::certificate_reviews)
        .post(
            "/api/v1/suppliers/{id}/certificate-reviews/{review}",
            REVIEW.here(),
            record::review_certificate,
        )
        .get("/api/v1/suppliers/reliance", SEE_RELIANCE.here().sensitive(), reliance::all)
        .get("/api/v1/suppliers/{id}", look_up, look_up::one)
        .get("/api/v1/suppliers/{id}/check", look_up, look_up::check)
        .get("/api/v1/suppliers/{id}/badge.svg", look_up, look_up::badge)
        .post("/api/v1/suppliers/{id}/amend", keep, record::amend)
        .post("/api/v1/suppliers/{id}/part", REVIEW.here(), record::part)
        .post("/api/v1/suppliers/{id}/services", keep, record::offer)
        .post("/api/v1/suppliers/{id}/services/{service}/retire", keep, record::retire)
        .post("/api/v1/suppliers/{id}/certificates", keep, record::certify)
        .post("/api/v1/suppliers/{id}/certificates/{number}/renew", keep, record::renew)
        .post("/api/v1/suppliers/{id}/certificates/{number}/suspend", keep, record::suspend)
        .post("/api/v1/suppliers/{id}/certificates/{number}/reinstate", keep, record::reinstate)
        .post("/api/v1/suppliers/{id}/certificates/{number}/withdraw", keep, record::withdraw)
        .post("/api/v1/suppliers/{id}/certificates/{number}/coverage", STATE_COVERAGE.here(), record::cover)
        .post("/api/v1/suppliers/{id}/sub-suppliers", keep, record::name_sub_supplier)
        .post("/api/v1/suppliers/{id}/sub-suppliers/release", keep, record::release_sub_supplier)
        .get("/api/v1/purchases/{code}", view, purchases::one)
        .post("/api/v1/purchases/{code}/engagements", check, purchases::begin)
        .post("/api/v1/purchases/{code}/engagements/end", check, purchases::end)
        .post("/api/v1/purchases/{code}/checks", check, purchases::check)
        .post("/api/v1/purchases/{code}/checks/bulk", check.paced(Pace::Import), purchases::bulk)
        .get("/api/v1/purchases/{code}/checks/{number}", view, purchases::receipt)
        .post(
            "/api/v1/purchases/{code}/gap-plans",
            AGREE_GAP_PLAN.of("code").seen_by(VIEW_PURCHASES),
            purchases::gap_plan,
        )
        .get("/api/v1/receipts/{position}/{hash}", look_up, purchases::verify)
        .get("/api/v1/suppliers/imports", IMPORT.here(), imports::all)
        .get("/api/v1/suppliers/imports/{kind_or_id}", IMPORT.here(), imports::progress)
        .post("/api/v1/suppliers/imports/{kind_or_id}/withdraw", IMPORT.here(), imports::withdraw)
        .merge(uploads)
}
