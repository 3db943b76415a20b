use super::*;
use proptest::prelude::*;

/// What is read from chunks: `line: value|value`, or `line! problem`.
fn read(chunks: &[&[u8]], widths: Option<RangeInclusive<usize>>) -> Result<Vec<String>, FileFault> {
    let mut reader = RowReader::new();
    if let Some(widths) = widths {
        reader.expect_widths(widths);
    }
    let mut chunks = chunks.iter();
    let mut found = Vec::new();
    loop {
        match reader.next() {
            Next::Item(Item::Row(row)) => {
                found.push(format!("{}: {}", row.line, row.values().collect::<Vec<_>>().join("|")));
            }
            Next::Item(Item::Bad(problem)) => found.push(format!("{}! {}", problem.line, problem.detail)),
            Next::End => return Ok(found),
            Next::More => match chunks.next() {
                Some(chunk) => reader.push(Bytes::copy_from_slice(chunk))?,
                None => reader.finish()?,
            },
        }
    }
}

fn check(file: &[u8], widths: RangeInclusive<usize>, expected: &[&str]) {
    assert_eq!(read(&[file], Some(widths.clone())).unwrap(), expected);
    let single: Vec<&[u8]> = file.chunks(1).collect();
    assert_eq!(read(&single, Some(widths)).unwrap(), expected, "byte by byte");
}

#[test]
fn line_numbers_are_those_of_the_file_whatever_ends_a_line() {
    check(b"a,b\nc,d\n", 2..=2, &["1: a|b", "2: c|d"]);
    check(b"a,b\r\nc,d\r\n", 2..=2, &["1: a|b", "2: c|d"]);
    check(b"a,b\rc,d\r", 2..=2, &["1: a|b", "2: c|d"]);
    check(b"\r\n\r\na,b\r\n\r\n\nc,d", 2..=2, &["3: a|b", "6: c|d"]);
    check(b"a,\"b\r\nb\"\r\nc,d\r\n", 2..=2, &["1: a|b\r\nb", "3: c|d"]);
}

#[test]
fn blank_rows_are_nothing_and_blank_columns_too_many_do_no_harm() {
    check(b"a,b,,\n,,,\n  \nc,d\n\x1a", 2..=2, &["1: a|b", "4: c|d"]);
}

#[test]
fn bytes_that_are_not_utf8_are_read_as_windows_1252() {
    check(b"caf\xe9,\x93x\x94\nna\xc3\xafve,y\n", 2..=2, &["1: café|“x”", "2: naïve|y"]);
    // Two halves of a character either side of a comma are two characters.
    check(b"\xc3,\xa9\n", 2..=2, &["1: Ã|©"]);
}

#[test]
fn half_a_row_at_the_end_is_said_to_be_one() {
    check(
        b"a,b,c\nd,e",
        3..=3,
        &["1: a|b|c", "2! the file ends in the middle of this row: it has 2 columns of 3"],
    );
    check(b"a,b,c\nd,e,f", 3..=3, &["1: a|b|c", "2: d|e|f"]);
    check(
        b"a,b,c\nd,e,\"f",
        3..=3,
        &["1: a|b|c", "2! the file ends within this row: a quotation mark is opened and never closed"],
    );
}

#[test]
fn a_quotation_mark_never_closed_costs_its_own_line_only() {
    check(
        b"a,b\nc,\"d\ne,f\ng,h\n",
        2..=2,
        &[
            "1: a|b",
            "2! the file ends within this row: a quotation mark is opened and never closed",
            "3: e|f",
            "4: g|h",
        ],
    );
    check(
        b"\"a\",\"b\"\n\"c\",\"d\n\"e\",\"f\"\n\"g\",\"h\"\n",
        2..=2,
        &["1: a|b", "2! the row has 3 columns; 2 are expected", "3: e|f", "4: g|h"],
    );
}

#[test]
fn an_open_quotation_mark_over_many_lines_costs_its_own_line_only() {
    let mut file = b"a,b\n\"c,d\n".to_vec();
    let lines = RECORD_MAX_BYTES / 4 + 10;
    for _ in 0..lines {
        file.extend_from_slice(b"e,f\n");
    }
    let found = read(&[&file], Some(2..=2)).unwrap();
    assert_eq!(found.len(), 2 + lines);
    assert!(found[1].starts_with("2! the row is longer than 65536 bytes"), "{}", found[1]);
    assert_eq!(found[2], "3: e|f");
    assert_eq!(found.last().unwrap(), &format!("{}: e|f", lines + 2));
}

#[test]
fn a_line_of_300_megabytes_costs_no_memory_and_the_rest_goes_on() {
    let mut reader = RowReader::new();
    reader.push(Bytes::from_static(b"a,b\n\"c,")).unwrap();
    let megabyte = Bytes::from(vec![b'x'; 1024 * 1024]);
    let mut problems = Vec::new();
    let mut before = 0;
    for _ in 0..300 {
        reader.push(megabyte.clone()).unwrap();
        loop {
            match reader.next() {
                Next::Item(Item::Bad(problem)) => problems.push(problem),
                Next::Item(Item::Row(_)) => before += 1,
                Next::More => break,
                Next::End => panic!("the file goes on"),
            }
        }
        assert!(reader.raw.capacity() <= 2 * RECORD_MAX_BYTES && reader.input.is_empty());
        assert!(reader.values.len() + reader.ends.len() <= 2 * RECORD_MAX_BYTES);
    }
    reader.push(Bytes::from_static(b"\nd,e\n")).unwrap();
    let Next::Item(Item::Row(row)) = reader.next() else { panic!("the next row") };
    assert_eq!((row.line, row.get(0)), (3, Some("d")));
    assert_eq!((before, problems.len()), (1, 1));
    assert!(problems[0].detail.contains("quotation mark"), "{}", problems[0].detail);
    assert_eq!(problems[0].line, 2);
}

#[test]
fn a_file_made_to_be_read_again_and_again_still_ends() {
    // Each line leaves a quotation mark open, whichever way it is read.
    let line = b"x\"y,\"\n";
    let file: Vec<u8> = line.iter().copied().cycle().take(4 * 1024 * 1024).collect();
    let found = read(&[&file], Some(2..=2)).unwrap();
    assert!(found.len() > REREADS_MAX as usize);
}

#[test]
fn more_columns_than_any_file_has_are_not_kept() {
    let mut file = vec![b','; 5000];
    file.extend_from_slice(b"x\na,b\n");
    check(&file, 2..=2, &["1! the row has more than 1024 columns and is skipped", "2: a|b"]);
}

#[test]
fn excel_unicode_text_and_continental_csv_are_read() {
    let utf16: Vec<u8> =
        "\u{feff}code\tname\r\nA81001\tCafé\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&utf16, 2..=2, &["1: code|name", "2: A81001|Café"]);
    check("\u{feff}a;b\nc;d,e\n".as_bytes(), 2..=2, &["1: a|b", "2: c|d,e"]);
}

fn pieces(file: &[u8], mut cuts: Vec<usize>) -> Vec<&[u8]> {
    cuts.retain(|cut| *cut <= file.len());
    cuts.sort_unstable();
    cuts.insert(0, 0);
    cuts.push(file.len());
    cuts.windows(2).map(|pair| &file[pair[0]..pair[1]]).collect()
}

fn like_csv() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[a-z]{0,6}".prop_map(String::into_bytes),
        3 => Just(b",".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"\r".to_vec()),
        2 => Just(b"\"".to_vec()),
        1 => Just(b"\"\"".to_vec()),
        1 => Just(b"\xEF\xBB\xBF".to_vec()),
        1 => Just(b"\xe9".to_vec()),
        1 => Just("é".as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_of_a_file_into_chunks_gives_the_same_rows(
        file in like_csv(),
        cuts in proptest::collection::vec(0usize..300, 0..12),
        width in 1usize..4,
    ) {
        let whole = read(&[&file], Some(width..=width));
        prop_assert_eq!(read(&pieces(&file, cuts), Some(width..=width)), whole);
    }

    #[test]
    fn utf16_may_be_split_anywhere(text in "[a-zé€😀,\"\r\n]{0,80}", cuts in proptest::collection::vec(0usize..200, 0..9)) {
        let file: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect();
        prop_assert_eq!(read(&pieces(&file, cuts), None), read(&[&file], None));
    }

    #[test]
    fn junk_never_panics(file in proptest::collection::vec(any::<u8>(), 0..6000), cut in 0usize..6000) {
        let _ = read(&pieces(&file, vec![cut]), Some(2..=3));
    }
}
