//! What was done about someone's name: pure. The name itself stands in the directory, and never in the log.

use chassis::{Aggregate, Context, Problem, When};
use proto::{
    AggregateId, PersonId,
    access::{AccessEvent, PersonCorrected, PersonRemoved},
    codes::CodeError,
};
use serde::{Deserialize, Serialize};

/// Someone named in events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    removed: bool,
}

/// What is asked about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonCommand {
    /// To be corrected.
    Correct {
        /// Whose.
        person: PersonId,
    },
    /// To be deleted, for good.
    Remove {
        /// Whose.
        person: PersonId,
    },
}

/// Why a name says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonRefusal {
    /// It was deleted.
    #[error("this name was deleted for good, and cannot be corrected")]
    Removed,
}

impl From<PersonRefusal> for Problem {
    fn from(refusal: PersonRefusal) -> Self {
        Problem::refused("name-deleted", refusal.to_string())
    }
}

impl Person {
    /// The id of the person's aggregate.
    pub fn aggregate(person: PersonId) -> Result<AggregateId, CodeError> {
        format!("person-{person}").parse()
    }
}

impl Aggregate for Person {
    type Event = AccessEvent;
    type Command = PersonCommand;
    type Refusal = PersonRefusal;

    const NAME: &'static str = "people";
    const FOLD_VERSION: u32 = 1;

    fn decide(&self, command: &PersonCommand, _: &Context) -> Result<Option<AccessEvent>, PersonRefusal> {
        match command {
            PersonCommand::Correct { .. } if self.removed => Err(PersonRefusal::Removed),
            PersonCommand::Correct { person } => {
                Ok(Some(AccessEvent::PersonCorrected(PersonCorrected { person: *person })))
            }
            PersonCommand::Remove { person } => {
                let removed = AccessEvent::PersonRemoved(PersonRemoved { person: *person });
                Ok((!self.removed).then_some(removed))
            }
        }
    }

    fn evolve(&mut self, event: &AccessEvent, _when: &When) {
        if let AccessEvent::PersonRemoved(_) = event {
            self.removed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::testing::given;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_name_is_corrected_until_it_is_deleted_and_deleted_once() {
        let person = PersonId(Uuid::from_u128(7));
        let corrected = || AccessEvent::PersonCorrected(PersonCorrected { person });
        let removed = || AccessEvent::PersonRemoved(PersonRemoved { person });
        given::<Person>([])
            .when(PersonCommand::Correct { person })
            .then(corrected())
            .when(PersonCommand::Remove { person })
            .then(removed())
            .when(PersonCommand::Remove { person })
            .then_nothing()
            .when(PersonCommand::Correct { person })
            .then_refused("deleted for good");
    }
}
