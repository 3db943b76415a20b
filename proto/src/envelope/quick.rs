//! Reading an envelope just as [`Envelope::encode`](super::Envelope::encode) writes it: without
//! blanks, its attributes in their order, as strings that need no escapes, and the data last.
//!
//! A fold over the whole log spends half of its time on reading. This goes over the attributes
//! once and stops at the data. Whatever is not written so is left to the other way of reading,
//! which takes every valid object and says of others what is wrong with them.

use std::{borrow::Cow, str::from_utf8};

use jiff::Timestamp;
use memchr::memchr2;
use uuid::Uuid;

use super::Header;
use crate::day::Day;

/// The envelope; none where it is written in another way.
pub(super) fn read(body: &[u8]) -> Option<Header<'_>> {
    let mut rest = Rest(body);
    let id = rest.text_after(br#"{"specversion":"1.0","id":""#)?;
    rest.text_after(br#","source":""#)?;
    let kind = rest.text_after(br#","type":""#)?;
    let subject = rest.text_after(br#","subject":""#)?;
    let time = rest.text_after(br#","time":""#)?;
    let actor = rest.text_after(br#","datacontenttype":"application/json","actor":""#)?;
    rest.text_if_after(br#","actorrole":""#)?;
    rest.text_if_after(br#","actororganisation":""#)?;
    rest.text_if_after(br#","onbehalfof":""#)?;
    let effective = rest.text_if_after(br#","effective":""#)?;
    rest.text_if_after(br#","commandid":""#)?;
    rest.text_if_after(br#","commandcontent":""#)?;
    let correlation = rest.text_if_after(br#","correlationid":""#)?;
    rest.text_if_after(br#","causationid":""#)?;
    rest.text_if_after(br#","previous":""#)?;
    rest.after(br#","data":"#)?;
    // Attributes are no objects: where one stands behind the data, the body does not end in two.
    let data = rest.0.strip_suffix(b"}").filter(|data| data.starts_with(b"{") && data.ends_with(b"}"))?;
    Some(Header {
        id: Uuid::try_parse_ascii(id).ok()?,
        kind: Cow::Borrowed(from_utf8(kind).ok()?),
        subject: Cow::Borrowed(from_utf8(subject).ok()?),
        time: instant(time)?,
        actor: Cow::Borrowed(from_utf8(actor).ok()?),
        effective: match effective {
            Some(day) => Some(from_utf8(day).ok()?.parse().ok()?),
            None => None,
        },
        correlation_id: correlation.and_then(|id| Uuid::try_parse_ascii(id).ok()),
        data,
    })
}

/// The type and the subject; none where it is written in another way.
pub(super) fn standing(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = Rest(body);
    rest.text_after(br#"{"specversion":"1.0","id":""#)?;
    rest.text_after(br#","source":""#)?;
    let kind = rest.text_after(br#","type":""#)?;
    Some((kind, rest.text_after(br#","subject":""#)?))
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn after(&mut self, literal: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// The string without escapes whose opening quote ends the literal.
    fn text_after(&mut self, literal: &[u8]) -> Option<&'a [u8]> {
        self.after(literal)?;
        let (text, rest) = self.0.split_at_checked(memchr2(b'"', b'\\', self.0)?)?;
        self.0 = rest.strip_prefix(b"\"")?;
        Some(text)
    }

    /// The same of an attribute that may be left out.
    fn text_if_after(&mut self, literal: &[u8]) -> Option<Option<&'a [u8]>> {
        if self.0.starts_with(literal) { self.text_after(literal).map(Some) } else { Some(None) }
    }
}

/// An instant as it is written: `2019-03-31T22:59:59.123Z`, with up to nine digits of a second.
fn instant(text: &[u8]) -> Option<Timestamp> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, rest @ ..] =
        text
    else {
        return None;
    };
    let nanoseconds = match rest.strip_suffix(b"Z")? {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10i32.pow(9 - digits.len() as u32)
        }
        _ => return None,
    };
    let two = |tens: &u8, ones: &u8| number(&[*tens, *ones]);
    let (year, month, day) = (number(&[*y1, *y2, *y3, *y4])?, two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day = Day::from_ymd(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)?;
    let minutes = (i64::from(day.number()) * 24 + i64::from(hour)) * 60 + i64::from(minute);
    Timestamp::new(minutes * 60 + i64::from(second), nanoseconds).ok()
}

/// Up to nine decimal digits.
fn number(digits: &[u8]) -> Option<i32> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WRITTEN: &str = r#"{"specversion":"1.0","id":"5b6a5b5e-6d0f-5d0b-8f0c-0d8f5a1f3c11","source":"/oversight/assessments","type":"oversight.assessments.requirement-reviewed.v1","subject":"oversight.assessments.A81001_igt-14-1","time":"2018-03-28T16:02:11.5Z","datacontenttype":"application/json","actor":"system:import","effective":"2018-03-27","data":{"organisation":"A81001","edition":"igt-14.1","requirement":"14-117"}}"#;

    #[test]
    fn what_is_written_as_we_write_it_is_read_the_quick_way() {
        let quick = super::read(WRITTEN.as_bytes()).unwrap();
        assert_eq!(quick, Header::read_with_care(WRITTEN.as_bytes()).unwrap());
        assert!(quick.data.starts_with(br#"{"organisation""#) && quick.data.ends_with(br#""14-117"}"#));
    }

    #[test]
    fn what_is_written_in_another_way_is_left_to_the_other_way_of_reading() {
        for foreign in [
            WRITTEN.replace("1.0", r"1\u002e0"),
            WRITTEN.replace("system:import", r"system\u003aimport"),
            WRITTEN.replace(r#","id":"#, r#", "id":"#),
            WRITTEN.replace(r#""actor""#, r#""sequence":7,"actor""#),
            format!("{WRITTEN}\n"),
            WRITTEN.replace("}}", r#"},"sequence":"7"}"#),
            WRITTEN.replace("11.5Z", "11.5+00:00"),
        ] {
            assert_eq!(super::read(foreign.as_bytes()), None, "{foreign}");
            Header::read(foreign.as_bytes()).unwrap();
        }
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for end in 0..WRITTEN.len() {
            Header::read(&WRITTEN.as_bytes()[..end])
                .and_then(|header| header.fields::<serde_json::Value>())
                .unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn an_instant_is_read_as_the_library_reads_it(
            day in Day::FIRST.number()..=Day::LAST.number(), of_day in 0..86_400i64,
            nanoseconds in prop_oneof![Just(0), 0..1_000_000_000i32, (0..1000i32).prop_map(|ms| ms * 1_000_000)],
        ) {
            let instant = Timestamp::from_second(i64::from(day) * 86_400 + of_day).unwrap()
                .checked_add(jiff::SignedDuration::from_nanos(i64::from(nanoseconds))).unwrap();
            prop_assert_eq!(super::instant(instant.to_string().as_bytes()), Some(instant));
        }

        #[test]
        fn what_is_read_as_an_instant_is_one(
            text in "[0-9]{4}-[0-9]{2}-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?Z?"
        ) {
            if let Some(instant) = super::instant(text.as_bytes()) {
                prop_assert_eq!(text.parse::<Timestamp>().unwrap(), instant);
            }
        }
    }
}
