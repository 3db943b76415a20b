//! What shows in a text, and what does not: texts on one line, and texts for a terminal.

use std::{borrow::Cow, fmt};

use unicode_normalization::char::is_combining_mark;

/// A character that does not show: a control character other than a tab or a line end, one that changes the
/// direction in which text reads, one without a width, or a blank that counts as a letter. In a name it makes two
/// that look the same differ, or one look like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invisible(char);

impl Invisible {
    /// The character, if it is one of these.
    pub fn of(c: char) -> Option<Self> {
        let invisible = match c {
            '\t' | '\n' | '\r' => false,
            c if c.is_control() => true,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
            '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => true,
            // Fillers, which are letters to Unicode, and the blank pattern of Braille.
            '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => true,
            // They choose the look of the character before them.
            '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' => true,
            // Tags, and what is kept free for more of all these.
            '\u{e0000}'..='\u{e0fff}' => true,
            _ => false,
        };
        invisible.then_some(Self(c))
    }

    /// The first one in a text.
    pub fn first_in(text: &str) -> Option<Self> {
        text.chars().find_map(Self::of)
    }
}

/// As it is named in messages: `U+202E`.
impl fmt::Display for Invisible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))
    }
}

/// The text without characters that do not show.
pub fn without_invisible(text: &str) -> Cow<'_, str> {
    match Invisible::first_in(text) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.chars().filter(|c| Invisible::of(*c).is_none()).collect()),
    }
}

/// Whether anything of a text shows: it is more than blanks, characters that do not show, and marks that belong to
/// a letter which is not there.
pub fn shows(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_combining_mark(c) && Invisible::of(c).is_none())
}

/// A text on one line, as names, purposes, user names, e-mail addresses, numbers and references are: without blanks
/// around it, it shows, and there is nothing in it that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a>(&'a str);

impl<'a> Line<'a> {
    /// The text, if it is one.
    pub fn of(text: &'a str) -> Result<Self, LineFault> {
        let text = text.trim();
        if text.contains(['\n', '\r', '\t']) {
            return Err(LineFault::Breaks);
        }
        if let Some(hidden) = Invisible::first_in(text) {
            return Err(LineFault::Hidden(hidden));
        }
        if shows(text) { Ok(Self(text)) } else { Err(LineFault::Blank) }
    }

    /// The text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// Why a text is none on one line. In words it goes on from what the text is: “the name …”.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It runs over several lines, or has tabs.
    #[error("must be on one line: remove line breaks and tabs")]
    Breaks,
    /// It holds something that does not show.
    #[error("contains the character {0}, which does not show: remove it and enter the text again")]
    Hidden(Invisible),
    /// Nothing of it shows.
    #[error("is missing: enter letters or digits")]
    Blank,
}

/// The text as it may go to a terminal, on one line: what a terminal would obey, and what does not show, is written
/// out.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() && Invisible::of(c).is_none();
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            c if is_plain(c) => shown.push(c),
            c => shown.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_named_and_removed() {
        for (text, named) in [
            ("EVIL\u{202e}NAME", "U+202E"),
            ("A\u{200f}B", "U+200F"),
            ("A\u{61c}B", "U+061C"),
            ("A\u{2066}B", "U+2066"),
            ("A\u{7}B", "U+0007"),
            ("A\u{85}B", "U+0085"),
            ("A\u{feff}B", "U+FEFF"),
            ("A\u{3164}B", "U+3164"),
            ("A\u{fe0f}B", "U+FE0F"),
            ("A\u{115f}B", "U+115F"),
            ("A\u{1d173}B", "U+1D173"),
            ("A\u{e0080}B", "U+E0080"),
        ] {
            assert_eq!(Invisible::first_in(text).map(|c| c.to_string()).as_deref(), Some(named));
            assert_eq!(Invisible::first_in(&without_invisible(text)), None);
            assert!(Line::of(text).unwrap_err().to_string().contains(named), "{named}");
            assert_eq!(Invisible::first_in(&for_terminal(text)), None);
        }
        for plain in ["O’Brien – Café\tnaïve\r\nLlŷn", "", "日本", "👍🏽"] {
            assert_eq!(Invisible::first_in(plain), None, "{plain}");
            assert_eq!(without_invisible(plain), plain);
        }
    }

    #[test]
    fn a_line_shows_and_is_one() {
        for (text, line) in [
            (" Dr O’Brien \n", "Dr O’Brien"),
            ("a.officer@example.org", "a.officer@example.org"),
            ("Llŷn", "Llŷn"),
            ("e\u{301}", "e\u{301}"),
            ("日本 7", "日本 7"),
            ("–", "–"),
        ] {
            assert_eq!(Line::of(text).map(Line::as_str), Ok(line), "{text:?}");
        }
        for (text, fault) in [
            ("Dr\nO’Brien", LineFault::Breaks),
            ("Dr\tO’Brien", LineFault::Breaks),
            ("Dr\r\nO’Brien", LineFault::Breaks),
            ("", LineFault::Blank),
            (" \u{a0}\u{3000}\n", LineFault::Blank),
            ("\u{301}\u{20dd}", LineFault::Blank),
            ("\u{2800}\u{2800}", LineFault::Hidden(Invisible('\u{2800}'))),
            ("\u{2066}", LineFault::Hidden(Invisible('\u{2066}'))),
            ("a\u{1b}[31m", LineFault::Hidden(Invisible('\u{1b}'))),
        ] {
            assert_eq!(Line::of(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn a_terminal_is_told_nothing_that_it_would_obey() {
        assert_eq!(for_terminal("O’Brien – Llŷn"), "O’Brien – Llŷn");
        assert_eq!(for_terminal("a\n\tb\r"), "a\\n\\tb\\r");
        assert_eq!(for_terminal("\u{1b}]0;x\u{7}\u{9b}2J\u{202e}"), "\\u{1b}]0;x\\u{7}\\u{9b}2J\\u{202e}");
    }
}
