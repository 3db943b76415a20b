//! What is said around on-site assessments, and what assessors find.

use proto::{
    TopicId,
    onsite::Responsibility::{self, Commissioned, Practice},
    topics::topics,
};

use crate::synthetic::deeds::code;

pub const REASONS: [&str; 5] = [
    "The practice is in this year's sample of the region.",
    "A finding at a neighbouring practice concerns a system that is used here, too.",
    "The last publication and what the delivery partner sees do not agree.",
    "The practice asked for help with its preparations.",
    "An incident was reported from here.",
];
pub const GROUNDS: [&str; 3] = [
    "The practice merges with another one this year and moves house.",
    "Two of three partners are on long-term leave.",
    "An assessment by an insurer was held two months ago; its report can be had.",
];
pub const CANCELLED: [&str; 3] =
    ["The assessor is ill.", "Snow; the practice is closed.", "The practice has an inspection on that day."];
pub const RETURNED: [&str; 3] = [
    "The dates are too far off for findings of this kind.",
    "It is not said how the practice will know that it worked.",
    "The delivery partner has to agree to its part first.",
];
pub const ACCEPTED: [&str; 3] =
    ["Accepted.", "Accepted; the delivery partner is told.", "Accepted. We had not seen this."];
pub const DISPUTED: [&str; 2] = [
    "Not accepted: the system was being replaced on that very day.",
    "Not accepted in this severity: it cannot be reached from outside.",
];
pub const CORRECTED: &str = "Entered from the notes; to be compared with the photographs.";
/// What a reference to evidence begins with.
pub const EVIDENCE: &str = "Assessor's file, photograph";

/// Something that assessors find.
#[derive(Debug, Clone, Copy)]
pub struct Weakness {
    topic: &'static str,
    pub system: &'static str,
    pub responsibility: Responsibility,
    pub found: &'static str,
    pub action: &'static str,
}

impl Weakness {
    /// The topic it is about.
    pub fn topic(&self) -> TopicId {
        code(self.topic)
    }

    /// Whether it is about the topic at this place.
    pub fn is_of(&self, place: u8) -> bool {
        topics().get(usize::from(place)).is_some_and(|topic| topic.id.as_str() == self.topic)
    }
}

const fn weakness(
    topic: &'static str,
    system: &'static str,
    responsibility: Responsibility,
    found: &'static str,
    action: &'static str,
) -> Weakness {
    Weakness { topic, system, responsibility, found, action }
}

pub const WEAKNESSES: [Weakness; 25] = [
    weakness(
        "firewalls",
        "Router",
        Commissioned,
        "It still has the password it was delivered with.",
        "Change the password, and write down who holds it.",
    ),
    weakness(
        "firewalls",
        "Guest wireless network",
        Practice,
        "From it the practice's own computers can be reached.",
        "Part it from the practice's own network.",
    ),
    weakness(
        "secure-configuration",
        "Reception computers",
        Commissioned,
        "Accounts of people who left are still open.",
        "Close the accounts, and look through them every month.",
    ),
    weakness(
        "secure-configuration",
        "Telephone exchange",
        Practice,
        "Its administration page is open to the whole network.",
        "Restrict the page to the two people who need it.",
    ),
    weakness(
        "malware-protection",
        "Spirometer's computer",
        Practice,
        "It has no protection against malicious software.",
        "Install what the other computers have.",
    ),
    weakness(
        "malware-protection",
        "Desktop computers",
        Commissioned,
        "On three of them the protection was last updated in spring.",
        "Have the delivery partner find out why, and report on all of them.",
    ),
    weakness(
        "patching",
        "Server in the practice",
        Commissioned,
        "Security updates of the last four months are missing.",
        "Apply them, and agree a fixed evening each month.",
    ),
    weakness(
        "patching",
        "Dictation software",
        Practice,
        "It was bought in 2011 and has not been updated since.",
        "Update it, or stop using it.",
    ),
    weakness(
        "patching",
        "Doctors' tablets",
        Practice,
        "No one is responsible for their updates.",
        "Name someone, and turn on updates overnight.",
    ),
    weakness(
        "access-control",
        "Smartcards",
        Practice,
        "Two cards were in their readers with no one in the room.",
        "Talk about it with all staff, and look around every week.",
    ),
    weakness(
        "access-control",
        "Document system",
        Practice,
        "Reception shares one account.",
        "Give everyone an account of their own.",
    ),
    weakness(
        "personal-data",
        "Paper records",
        Practice,
        "The door of the record room was open.",
        "Fit a lock that closes by itself.",
    ),
    weakness(
        "personal-data",
        "Electronic mail",
        Practice,
        "A list of patients was sent to a private address.",
        "Write down what may be sent how, and show it to all staff.",
    ),
    weakness(
        "responsibilities",
        "The practice as a whole",
        Practice,
        "No one could name who is responsible for information security.",
        "Name the person in the handbook and at the next meeting.",
    ),
    weakness(
        "training",
        "Training records",
        Practice,
        "For six of twenty members of staff there is no record of this year.",
        "Have them take the training, and keep the records in one place.",
    ),
    weakness(
        "process-reviews",
        "Referral letters",
        Practice,
        "The way they are sent was not looked at after the last mishap.",
        "Go through it with those who send them.",
    ),
    weakness(
        "incidents",
        "Advisories",
        Commissioned,
        "The national advisories go to an address that no one reads.",
        "Register two people who read them.",
    ),
    weakness(
        "incidents",
        "Incident log",
        Practice,
        "It has no entry in two years, though staff tell of incidents.",
        "Show all staff how to report, and go through the log every quarter.",
    ),
    weakness(
        "continuity",
        "Backups",
        Commissioned,
        "No one has tried to restore one.",
        "Restore a day's data together with the delivery partner.",
    ),
    weakness(
        "continuity",
        "Continuity plan",
        Practice,
        "The telephone numbers in it are out of date.",
        "Bring it up to date, and exercise it.",
    ),
    weakness(
        "unsupported-systems",
        "X-ray viewer",
        Practice,
        "It runs on a system that is no longer supported.",
        "Replace it; until then take it off the network.",
    ),
    weakness(
        "unsupported-systems",
        "Two desktop computers",
        Commissioned,
        "They run a system that is no longer supported.",
        "Replace them with the next delivery.",
    ),
    weakness(
        "it-protection",
        "The practice as a whole",
        Commissioned,
        "There is no written plan of how its systems are protected.",
        "Write one together with the delivery partner.",
    ),
    weakness(
        "suppliers",
        "Letters sent by post",
        Practice,
        "The contract with the mailing house says nothing of data security.",
        "Amend the contract, and ask for the certificate.",
    ),
    weakness(
        "suppliers",
        "Register of suppliers",
        Practice,
        "Two suppliers with access to data are not in it.",
        "Add them, and check them.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_something_to_find_on_every_topic_and_every_finding_is_on_one() {
        for place in 0..topics().len() as u8 {
            assert!(WEAKNESSES.iter().any(|weakness| weakness.is_of(place)), "topic {place}");
        }
        for weakness in &WEAKNESSES {
            assert!(proto::topics::topic(weakness.topic()).is_some(), "{}", weakness.topic);
        }
    }
}
