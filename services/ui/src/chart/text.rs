//! How wide words are. The SVG backend knows no font, so labels are measured here, by the widths of Arial, and every
//! chart leaves a little more room than that.

/// Widths of the printable ASCII characters from space on, in thousandths of the type size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// Room for fonts a little wider than Arial, in percent.
const ALLOWANCE: u32 = 106;

/// The width of a line of text in pixels at a type size in pixels.
pub(super) fn width(text: &str, size: u32) -> u32 {
    let thousandths: u32 = text
        .chars()
        .map(|c| {
            let index = (u32::from(c) as usize).wrapping_sub(32);
            WIDTHS.get(index).map_or(if u32::from(c) < 0x2000 { 600 } else { 1000 }, |w| u32::from(*w))
        })
        .sum();
    (thousandths * size * ALLOWANCE / 100).div_ceil(1000)
}

/// Breaks a text into at most `lines` lines no wider than `room` pixels; what does not fit ends in an ellipsis.
pub(super) fn wrap(text: &str, size: u32, room: u32, lines: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.peek() {
        let longer = if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
        let last = out.len() + 1 == lines;
        if width(&longer, size) <= room {
            line = longer;
            words.next();
        } else if last || line.is_empty() {
            let rest = words.by_ref().fold(line.clone(), |text, word| {
                if text.is_empty() { word.to_owned() } else { format!("{text} {word}") }
            });
            out.push(shorten(&rest, size, room));
            return out;
        } else {
            out.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() || out.is_empty() {
        out.push(line);
    }
    out
}

fn shorten(text: &str, size: u32, room: u32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&format!("{kept}…"), size) > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_letters_take_more_room() {
        assert!(width("WWWW", 16) > width("iiii", 16));
        assert_eq!(width("", 16), 0);
        assert!(width("7,168", 15) <= 42);
    }

    #[test]
    fn long_names_break_and_then_end_in_an_ellipsis() {
        let name = "NHS BATH AND NORTH EAST SOMERSET, SWINDON AND WILTSHIRE CCG";
        let lines = wrap(name, 14, 240, 3);
        assert_eq!(lines.join(" "), name);
        assert!(lines.iter().all(|line| width(line, 14) <= 240));
        let cut = wrap(name, 14, 240, 1);
        assert_eq!(cut.len(), 1);
        assert!(cut[0].ends_with('…') && width(&cut[0], 14) <= 240, "{cut:?}");
    }

    #[test]
    fn one_endless_word_is_cut() {
        let lines = wrap(&"X".repeat(500), 14, 200, 2);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with('…'));
    }
}
