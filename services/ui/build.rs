//! Embeds the style sheets, icons and scripts in the binary.
//!
//! The NHS style sheet is rewritten on the way: its web fonts live on a foreign host, which the content security
//! policy forbids, and its icons get the hashed names under which they can be cached for ever.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Hex digits of the content hash that go into a file name.
const HASH_DIGITS: usize = 12;

/// One file on its way into the binary.
struct Embedded {
    name: String,
    path: String,
    hash: String,
    file: PathBuf,
    content_type: &'static str,
}

fn main() {
    if let Err(error) = embed() {
        println!("cargo::error={error}");
    }
}

fn embed() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let design_system = root.join("node_modules/nhsuk-frontend/dist/nhsuk");
    let own = root.join("assets");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=package-lock.json");
    println!("cargo::rerun-if-changed={}", own.display());
    let sheet = design_system.join("nhsuk-frontend.min.css");
    println!("cargo::rerun-if-changed={}", sheet.display());
    if !sheet.is_file() {
        return Err(format!(
            "the page design system is not installed: {} is missing. Run `make build`, which installs it with npm.",
            sheet.strip_prefix(&root).unwrap_or(&sheet).display()
        )
        .into());
    }

    let mut files = Vec::new();
    let css = without_web_fonts(&fs::read_to_string(&sheet)?);
    let css = with_hashed_icons(&css, &design_system.join("assets/images"), &out, &mut files)?;
    refuse_foreign_hosts(&css)?;
    files.push(store("nhsuk-frontend.css", css.as_bytes(), &out)?);
    let mut own_files: Vec<PathBuf> =
        fs::read_dir(&own)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    own_files.sort();
    for file in own_files {
        let name = file.file_name().and_then(|n| n.to_str()).ok_or("an asset's name is not text")?;
        files.push(store(name, &fs::read(&file)?, &out)?);
    }
    fs::write(out.join("assets.rs"), table(&files)?)?;
    Ok(())
}

/// Drops every `@font-face` rule: the fall-back fonts named beside them are used instead.
fn without_web_fonts(css: &str) -> String {
    let mut kept = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("@font-face{") {
        kept.push_str(&rest[..start]);
        rest = rest[start..].find('}').map_or("", |end| &rest[start + end + 1..]);
    }
    kept.push_str(rest);
    match kept.find("/*# sourceMappingURL") {
        Some(at) => kept[..at].to_owned(),
        None => kept,
    }
}

/// Points each `url(/assets/images/NAME)` at the hashed name, embedding the file it names.
fn with_hashed_icons(
    css: &str,
    images: &Path,
    out: &Path,
    files: &mut Vec<Embedded>,
) -> Result<String, Box<dyn Error>> {
    const OPEN: &str = "url(/assets/images/";
    let mut rewritten = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find(OPEN) {
        let name_at = start + OPEN.len();
        let end = name_at + rest[name_at..].find(')').ok_or("the style sheet has an unclosed url(")?;
        let name = &rest[name_at..end];
        if !files.iter().any(|f| f.name == name) {
            files.push(store(name, &fs::read(images.join(name))?, out)?);
        }
        let path = files.iter().find(|f| f.name == name).map_or("", |f| f.path.as_str());
        let _ = write!(rewritten, "{}url({path})", &rest[..start]);
        rest = &rest[end + 1..];
    }
    rewritten.push_str(rest);
    Ok(rewritten)
}

fn refuse_foreign_hosts(css: &str) -> Result<(), Box<dyn Error>> {
    let bare = css.replace("http://www.w3.org", "");
    for scheme in ["http://", "https://", "url(//"] {
        if let Some(at) = bare.find(scheme) {
            let around: String = bare[at..].chars().take(60).collect();
            return Err(format!("the design system's style sheet asks a foreign host: {around}").into());
        }
    }
    Ok(())
}

/// Writes the file under its hashed name, so that `include_bytes!` and the address agree.
fn store(name: &str, bytes: &[u8], out: &Path) -> Result<Embedded, Box<dyn Error>> {
    let mut hash = String::new();
    for byte in Sha256::digest(bytes) {
        let _ = write!(hash, "{byte:02x}");
    }
    hash.truncate(HASH_DIGITS);
    let (stem, extension) = name.rsplit_once('.').ok_or_else(|| format!("asset {name} has no extension"))?;
    let content_type = match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        other => return Err(format!("asset {name}: no content type is known for .{other}").into()),
    };
    let hashed = format!("{stem}.{hash}.{extension}");
    let file = out.join(&hashed);
    fs::write(&file, bytes)?;
    Ok(Embedded { name: name.to_owned(), path: format!("/assets/{hashed}"), hash, file, content_type })
}

fn table(files: &[Embedded]) -> Result<String, Box<dyn Error>> {
    let mut code = String::from("static ALL: &[Asset] = &[\n");
    for Embedded { name, path, hash, file, content_type } in files {
        let file = file.to_str().ok_or("the build directory's name is not text")?;
        let etag = format!("\"{hash}\"");
        writeln!(
            code,
            "    Asset {{ name: {name:?}, path: {path:?}, bytes: include_bytes!({file:?}), content_type: {content_type:?}, etag: {etag:?} }},"
        )?;
    }
    code.push_str("];\n");
    Ok(code)
}
