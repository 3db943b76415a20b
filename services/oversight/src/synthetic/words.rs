//! The words that invented names are made of. Every name says that it is synthetic.

use fastrand::Rng;

/// What every invented name begins with.
pub const MARK: &str = "Synthetic";

const PLACE_HEADS: [&str; 20] = [
    "Brack", "Cold", "Dun", "Elder", "Farn", "Gold", "Hazel", "Iver", "Juniper", "Kelder", "Lark", "Marl",
    "Nettle", "Orchard", "Pebble", "Quill", "Rook", "Sedge", "Thistle", "Umber",
];
const PLACE_TAILS: [&str; 12] =
    ["mere", "vale", "wick", "combe", "holt", "stead", "fell", "marsh", "haven", "gate", "moor", "ness"];

const FEATURES: [&str; 36] = [
    "Willow",
    "Beech",
    "Rowan",
    "Alder",
    "Maple",
    "Cedar",
    "Heron",
    "Kingfisher",
    "Swallow",
    "Lantern",
    "Mill",
    "Bridge",
    "Station",
    "Market",
    "Priory",
    "Castle",
    "Harbour",
    "Meadow",
    "Riverbank",
    "Hilltop",
    "Orchard",
    "Foundry",
    "Lighthouse",
    "Quarry",
    "Windmill",
    "Tannery",
    "Chapel",
    "Granary",
    "Saffron",
    "Clover",
    "Bramble",
    "Poplar",
    "Sycamore",
    "Juniper",
    "Hawthorn",
    "Lavender",
];
const WAYS: [&str; 8] = ["Lane", "Road", "Street", "Green", "Park", "Hill", "House", "Court"];
const SORTS: [&str; 8] = [
    "Surgery",
    "Surgery",
    "Medical Centre",
    "Medical Practice",
    "Health Centre",
    "Group Practice",
    "Family Practice",
    "Partnership",
];

/// How many different places there are.
#[cfg(test)]
pub const PLACES: usize = PLACE_HEADS.len() * PLACE_TAILS.len();

/// The place of a number; there are twenty times twelve of them.
pub fn place(number: usize) -> String {
    // Neighbouring numbers get different heads and tails.
    let head = PLACE_HEADS[number % PLACE_HEADS.len()];
    let tail = PLACE_TAILS[(number / PLACE_HEADS.len() + number % PLACE_HEADS.len()) % PLACE_TAILS.len()];
    format!("{head}{tail}")
}

/// The name of a practice.
pub fn practice(rng: &mut Rng) -> String {
    let feature = pick(rng, &FEATURES);
    let sort = pick(rng, &SORTS);
    if rng.u8(0..100) < 70 {
        format!("{MARK} {feature} {} {sort}", pick(rng, &WAYS))
    } else {
        format!("{MARK} {feature} {sort}")
    }
}

/// A street with a number.
pub fn street(rng: &mut Rng) -> String {
    format!("{} {} {}", rng.u8(1..200), pick(rng, &FEATURES), pick(rng, &WAYS[..3]))
}

/// A postcode of an area, ZZ, that does not exist.
pub fn postcode(rng: &mut Rng, district: usize) -> String {
    let letters = *b"ABDEFGHJLNPQRSTUWXYZ";
    let letter = |rng: &mut Rng| char::from(letters[rng.usize(0..letters.len())]);
    format!("ZZ{} {}{}{}", 1 + district % 98, rng.u8(1..10), letter(rng), letter(rng))
}

/// A telephone number from the range kept free for drama.
pub fn telephone(rng: &mut Rng) -> String {
    format!("01632 960{:03}", rng.u16(0..1000))
}

/// One of several.
pub fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words[rng.usize(0..words.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_share_a_name() {
        let names: std::collections::BTreeSet<String> = (0..PLACES).map(place).collect();
        assert_eq!(names.len(), PLACES);
    }
}
