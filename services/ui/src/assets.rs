//! The style sheets, scripts and icons, embedded when the crate was built.
//!
//! A file's address holds a hash of its content, so it may be cached for ever ([`CACHE_CONTROL`]).

/// What a response with an asset says about caching: its address changes whenever its content does.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// One embedded file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// The name without its hash, such as `oversight.css`.
    pub name: &'static str,
    /// The address, such as `/assets/oversight.0123456789ab.css`.
    pub path: &'static str,
    /// The content.
    pub bytes: &'static [u8],
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// The value of the `ETag` header, with its quotation marks.
    pub etag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The asset at an address: the whole of it (`/assets/oversight.0123456789ab.css`) or its last part.
/// None for an address that was never handed out, and for one of another build.
#[must_use]
pub fn find(path: &str) -> Option<Asset> {
    let file = path.rsplit('/').next().unwrap_or(path);
    ALL.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(file)).copied()
}

/// The address of an asset by its plain name, such as `oversight.css`.
/// A name that does not exist gives `/assets/`, where nothing is ever found.
#[must_use]
pub fn href(name: &str) -> &'static str {
    ALL.iter().find(|asset| asset.name == name).map_or("/assets/", |asset| asset.path)
}

/// Every embedded file.
#[must_use]
pub fn all() -> &'static [Asset] {
    ALL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_at_its_own_address() {
        for asset in all() {
            let found = find(asset.path).expect(asset.path);
            assert_eq!(found.bytes, asset.bytes);
            assert_eq!(href(asset.name), asset.path);
            assert!(asset.etag.starts_with('"') && asset.etag.ends_with('"'));
            assert!(asset.path.contains(asset.etag.trim_matches('"')));
        }
    }

    #[test]
    fn an_unknown_address_finds_nothing() {
        for path in [
            "",
            "/",
            "/assets/",
            "/assets/oversight.css",
            "/assets/../../etc/passwd",
            "oversight.000000000000.css",
        ] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn style_sheets_ask_no_other_host_and_only_for_embedded_files() {
        for asset in all().iter().filter(|a| a.name.ends_with(".css")) {
            let css = std::str::from_utf8(asset.bytes).unwrap();
            assert!(!css.contains("@font-face") && !css.contains("@import"), "{}", asset.name);
            assert!(!css.contains("https://") && !css.contains("url(//"), "{}", asset.name);
            for part in css.split("url(").skip(1) {
                let target = part.split(')').next().unwrap().trim_matches(['"', '\'']);
                assert!(target.starts_with("data:") || find(target).is_some(), "{}: {target}", asset.name);
            }
        }
    }
}
