//! Colours and patterns. Each tone differs from its neighbours by pattern as well, and each either stands out from
//! white by 3:1 or has an outline that does; segments are set apart by a white gap.

use plotters::style::RGBColor;

use crate::Tone;

pub(super) const INK: RGBColor = RGBColor(0x21, 0x2b, 0x32);
pub(super) const MUTED: RGBColor = RGBColor(0x4c, 0x62, 0x72);
pub(super) const GRID: RGBColor = RGBColor(0xd8, 0xdd, 0xe0);
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
pub(super) const LINK: RGBColor = RGBColor(0x00, 0x5e, 0xb8);

/// What fills an area of this tone.
pub(super) fn fill(tone: Tone) -> RGBColor {
    match tone {
        Tone::Good => RGBColor(0x00, 0x7f, 0x3b),
        Tone::Partial => RGBColor(0xff, 0xb8, 0x1c),
        Tone::Bad => RGBColor(0xd5, 0x28, 0x1b),
        Tone::Unknown => PAPER,
        Tone::Neutral => GRID,
    }
}

/// What edges an area of this tone.
pub(super) fn edge(tone: Tone) -> RGBColor {
    match tone {
        Tone::Good => RGBColor(0x00, 0x5a, 0x2a),
        Tone::Partial => RGBColor(0x8a, 0x5a, 0x00),
        Tone::Bad => RGBColor(0x8c, 0x12, 0x0a),
        Tone::Unknown => MUTED,
        Tone::Neutral => RGBColor(0x6b, 0x7b, 0x87),
    }
}

/// What words on an area of this tone are written in; they stand on a patch of plain [`fill`].
pub(super) fn ink_on(tone: Tone) -> RGBColor {
    match tone {
        Tone::Good | Tone::Bad => PAPER,
        Tone::Partial | Tone::Unknown | Tone::Neutral => INK,
    }
}

/// What a line of this tone is drawn in.
pub(super) fn line(tone: Tone) -> RGBColor {
    match tone {
        Tone::Good => fill(Tone::Good),
        Tone::Partial => RGBColor(0x9a, 0x64, 0x00),
        Tone::Bad => fill(Tone::Bad),
        Tone::Unknown => MUTED,
        Tone::Neutral => LINK,
    }
}

/// `#rrggbb` as plotters writes it.
pub(super) fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

/// The SVG pattern of a tone under this id; none for a tone that is plain.
pub(super) fn pattern(tone: Tone, id: &str) -> Option<String> {
    let (size, marks) = match tone {
        Tone::Good | Tone::Neutral => return None,
        Tone::Partial => {
            (8, r##"<path d="M-2 10 10 -2M-2 2 2 -2M6 10 10 6" stroke="#c98500" stroke-width="2"/>"##)
        }
        Tone::Bad => {
            (8, r##"<path d="M-2 -2 10 10M6 -2 10 2M-2 6 2 10" stroke="#a51a10" stroke-width="1.5"/>"##)
        }
        Tone::Unknown => (6, r##"<circle cx="3" cy="3" r="1" fill="#4c6272"/>"##),
    };
    let base = hex(fill(tone));
    Some(format!(
        r#"<pattern id="{id}" width="{size}" height="{size}" patternUnits="userSpaceOnUse"><rect width="{size}" height="{size}" fill="{base}"/>{marks}</pattern>"#
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        fn part(channel: u8) -> f64 {
            let c = f64::from(channel) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        }
        let light = |c: RGBColor| 0.2126 * part(c.0) + 0.7152 * part(c.1) + 0.0722 * part(c.2);
        let (x, y) = (light(a), light(b));
        (x.max(y) + 0.05) / (x.min(y) + 0.05)
    }

    #[test]
    fn every_tone_stands_out_from_the_paper() {
        for tone in Tone::ALL {
            assert!(contrast(edge(tone), PAPER) >= 3.0, "{tone:?} edge");
            assert!(contrast(line(tone), PAPER) >= 3.0, "{tone:?} line");
        }
    }

    #[test]
    fn words_on_every_tone_can_be_read() {
        for tone in Tone::ALL {
            assert!(contrast(ink_on(tone), fill(tone)) >= 4.5, "{tone:?}");
        }
        assert!(contrast(MUTED, PAPER) >= 4.5);
        assert!(contrast(LINK, PAPER) >= 4.5);
    }
}
