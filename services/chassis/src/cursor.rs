//! Where the next page of a list begins.
//!
//! A list gives out a cursor with each page but the last, and takes it back with the request for the next one. To
//! its caller a cursor is one opaque word. It holds where the page before ended and whatever the list needs to go
//! on from there, so it outlives a restart. It grants nothing: what one may see is decided anew for every page.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::problem::Problem;

/// Raised where the content of any cursor changes: older ones are then refused with a sentence.
const VERSION: u8 = 1;

/// The most characters of a cursor.
const CURSOR_MAX_CHARS: usize = 1_000;

/// A place in a list.
pub trait Place: Serialize + DeserializeOwned {
    /// The name of the list; a cursor of another one is refused.
    const LIST: &'static str;
}

/// The cursor of a place.
pub fn write<P: Place>(place: &P) -> Result<String, Problem> {
    let content = serde_json::to_vec(&(VERSION, P::LIST, place)).map_err(|error| {
        tracing::error!(%error, list = P::LIST, "a cursor could not be written");
        Problem::internal()
    })?;
    Ok(URL_SAFE_NO_PAD.encode(content))
}

/// The place of a cursor; none where none is given.
pub fn read<P: Place>(text: Option<&str>) -> Result<Option<P>, Problem> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let read = || {
        let content =
            (text.len() <= CURSOR_MAX_CHARS).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        let (version, list, place): (u8, String, P) = serde_json::from_slice(&content).ok()?;
        (version == VERSION && list == P::LIST).then_some(place)
    };
    read()
        .map(Some)
        .ok_or_else(|| refused("not the `next` of a page of this list; start again without a cursor"))
}

/// A cursor cannot be used, and why.
pub fn refused(why: impl Into<String>) -> Problem {
    Problem::bad_input("a query parameter is wrong").at("cursor", why)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        code: String,
        number: u16,
    }

    impl Place for Row {
        const LIST: &'static str = "rows";
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct OtherRow {
        code: String,
        number: u16,
    }

    impl Place for OtherRow {
        const LIST: &'static str = "other rows";
    }

    #[test]
    fn a_cursor_is_one_word_and_comes_back_as_it_was() {
        let row = Row { code: "Ä 1&2".to_owned(), number: 7 };
        let cursor = write(&row).unwrap();
        assert!(cursor.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{cursor}");
        assert_eq!(read(Some(&cursor)).unwrap(), Some(row));
        assert_eq!(read::<Row>(None).unwrap(), None);
        assert_eq!(read::<Row>(Some(" ")).unwrap(), None);
    }

    #[test]
    fn what_is_no_cursor_of_this_list_is_refused_with_a_sentence() {
        let row = Row { code: "A81001".to_owned(), number: 7 };
        let cursor = write(&row).unwrap();
        let older = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(VERSION - 1, Row::LIST, &row)).unwrap());
        let long = "A".repeat(CURSOR_MAX_CHARS + 1);
        for wrong in ["A81001", "*", "\0", &cursor[1..], &older, &long, "bnVsbA", "💥"] {
            let problem = read::<Row>(Some(wrong)).unwrap_err();
            assert_eq!(problem.status, 400);
            assert!(problem.errors[0].detail.contains("start again"), "{wrong}: {problem:?}");
        }
        assert!(read::<OtherRow>(Some(&cursor)).is_err(), "a cursor of another list");
    }
}
