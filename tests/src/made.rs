//! Files made up in any size, in the layouts of the national ones. The same every time.

use std::fmt::Write as _;

/// Practices of one CCG.
pub const PRACTICES_OF_A_CCG: u32 = 34;

/// The regions that CCGs lie in by turns.
pub const REGIONS: [&str; 4] = ["Y54", "Y55", "Y56", "Y57"];

/// The code of a practice.
pub fn practice_code(number: u32) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPY";
    let letter = LETTERS[(number / 10_000) as usize % LETTERS.len()];
    format!("{}{:05}", letter as char, number % 10_000 + 80_000)
}

/// The code of a CCG.
pub fn ccg_code(number: u32) -> String {
    let letter = b'A' + (number % 26) as u8;
    format!("{:02}{}", number / 26, letter as char)
}

/// A practice file (`epraccur`, 27 columns) of so many practices.
pub fn practice_file(practices: u32) -> String {
    let mut file = String::new();
    for number in 0..practices {
        let ccg = number / PRACTICES_OF_A_CCG;
        let _ = write!(
            file,
            "\"{}\",\"THE INVENTED {number} SURGERY\",\"{}\",\"Q{:02}\",\"{} HIGH STREET\",\"NEWTOWN\",\"SHIRE\",\"\",\"\",\
             \"ZZ{} {}AA\",\"19740401\",\"\",\"A\",\"B\",\"{ccg}\",\"20130401\",\"\",\"01632 {number:06}\",\"\",\"\",\"\",\"0\",\
             \"\",\"{ccg}\",\"\",\"4\",\"\"\r\n",
            practice_code(number),
            REGIONS[ccg as usize % REGIONS.len()],
            70 + ccg % 14,
            number % 200,
            number % 100,
            number % 10,
            ccg = ccg_code(ccg),
        );
    }
    file
}

/// A register of published results as of 17 June 2019: the practices first, and others after them.
pub fn result_file(practices: u32, others: u32) -> String {
    let mut file =
        "OrganisationName,ODSCode,PublicationStatus,DateOfPublication,PrimarySector,CCG\r\n".to_owned();
    let mut rng = fastrand::Rng::with_seed(2019);
    for number in 0..practices + others {
        let status = ["Standards Met", "Standards Met", "Standards Exceeded", ""][rng.usize(..4)];
        let day = rng.u8(1..=31);
        let published = if status.is_empty() { String::new() } else { format!("2019-03-{day:02}") };
        let (code, sector) = if number < practices {
            (practice_code(number), "GP")
        } else {
            (format!("8{number:06}"), "Care Home")
        };
        let _ =
            write!(file, "BODY {number} ({code}),{code},{status},{published},{sector},NHS SOMEWHERE CCG\r\n");
    }
    file
}
