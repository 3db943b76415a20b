//! Words for the tests.

use std::str::FromStr;

use chassis::testing::{land::small_land, server::Server};
use proto::{
    Day, SupplierId,
    suppliers::{Certificate, List, Listing, SupplierDetails, SupplierEvent, SupplierRegistered, Used},
};
use serde_json::{Value, json};

pub const SUPPLIER: &str = "acme";
pub const SERVICE: &str = "record";
pub const PRACTICE: &str = "A81001";

pub fn code<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub fn details(legal_name: &str) -> SupplierDetails {
    SupplierDetails { legal_name: legal_name.into(), ..SupplierDetails::default() }
}

pub fn listing(list: List, entry: &str) -> Listing {
    Listing { list, entry: entry.into() }
}

pub fn registered() -> SupplierEvent {
    let listing = listing(List::BuyingCatalogue, "10000");
    SupplierRegistered { supplier: code(SUPPLIER), details: details("Acme Health Limited"), listing }.into()
}

pub fn certificate(scheme: &str, issued: &str, expires: Option<&str>) -> Certificate {
    Certificate {
        scheme: code(scheme),
        number: format!("{scheme}-{issued}"),
        holder: "ACME HEALTH LTD".into(),
        issuer: "Some Assessors Ltd (IASME)".into(),
        issued: day(issued),
        expires: expires.map(day),
        scope: String::new(),
    }
}

pub fn used(service: Option<&str>, service_type: &str) -> Used {
    Used {
        supplier: code::<SupplierId>(SUPPLIER),
        service: service.map(code),
        service_type: code(service_type),
    }
}

/// The service at noon of a day, with two practices of one CCG.
pub async fn server(day: &str) -> Server {
    Server::start(&format!("{day}T12:00:00Z"), small_land(), suppliers::service).await
}

/// The same behind the real doors and the real guard.
pub async fn guarded(day: &str) -> Server {
    Server::guarded(&format!("{day}T12:00:00Z"), small_land(), suppliers::service).await
}

/// Registers a supplier with a network service, and answers its id.
pub async fn with_supplier(server: &Server, name: &str) -> String {
    let answer = server.post("/api/v1/suppliers", json!({ "legal_name": name })).await.ok();
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let service = json!({ "service": "lines", "product": "Lines", "service_type": "network" });
    server.post(&format!("/api/v1/suppliers/{id}/services"), service).await.ok();
    id
}

/// Its Cyber Essentials for a year from a day on, numbered by that day and, where it is not Acme's, by its holder.
pub async fn with_certificate(server: &Server, id: &str, holder: &str, issued: &str, expires: &str) {
    let of = if holder.starts_with("Acme") { String::new() } else { format!("-{holder}") };
    let printed = json!({
        "scheme": "cyber-essentials", "number": format!("CE-{issued}{of}"), "holder": holder, "issuer": "IASME",
        "issued": issued, "expires": expires, "scope": "All of it",
    });
    server.post(&format!("/api/v1/suppliers/{id}/certificates"), printed).await.ok();
}

/// Says that the first certificate covers the network service.
pub async fn covering(server: &Server, id: &str, covers: &str, from: &str) {
    let said = json!({ "service": "lines", "covers": covers, "ground": "the scope says so", "from": from });
    server.post(&format!("/api/v1/suppliers/{id}/certificates/1/coverage"), said).await.ok();
}

/// A supplier whose network service is certified for 2018/19.
pub async fn certified(server: &Server) -> String {
    let id = with_supplier(server, "Acme Health Limited").await;
    with_certificate(server, &id, "Acme Health Ltd", "2018-02-01", "2019-01-31").await;
    covering(server, &id, "yes", "2018-02-01").await;
    id
}

pub fn purchase(id: &str) -> Value {
    json!({ "supplier": id, "service": "lines" })
}

/// A public file, where someone has laid them beside the checkout.
pub fn public_file(path: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("OVERSIGHT_SHARED_DATA") else {
        eprintln!("skipped: OVERSIGHT_SHARED_DATA does not name the folder of public files ({path})");
        return None;
    };
    Some(std::fs::read(std::path::Path::new(&folder).join(path)).unwrap())
}
