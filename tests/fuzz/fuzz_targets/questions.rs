//! What comes in addresses: codes, days, editions and the parameters of lists. What is read is
//! written as it is read again.

#![no_main]

use std::{fmt::Display, str::FromStr};

use axum::{extract::Query, http::Uri};
use libfuzzer_sys::fuzz_target;
use projection::api::PracticesQuery;
use proto::{Day, EditionId, OdsCode, RequirementId, Subject};

fuzz_target!(|text: &str| {
    comes_back::<OdsCode>(text);
    comes_back::<Day>(text);
    comes_back::<EditionId>(text);
    comes_back::<RequirementId>(text);
    comes_back::<Subject>(text);
    if let Ok(uri) = format!("/api/v1/areas/ENG/practices?{text}").parse::<Uri>()
        && let Ok(Query(query)) = Query::<PracticesQuery>::try_from_uri(&uri)
    {
        let _ = query.listing();
    }
});

fn comes_back<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert!(read.to_string().parse::<T>().is_ok_and(|again| again == read), "{text:?} is read as {read}");
    }
}
