//! The keys by which the server knows its users: the public half is the server's, the seed is the
//! user's alone.

use std::fmt;

use nkeys::KeyPair;

/// A new user's key.
pub struct NewUser {
    /// What the server is told (`U…`); no secret.
    pub public: String,
    /// What the user proves with that it is the user (`SU…`); a secret.
    pub seed: String,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A key could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a key could not be made: {0}")]
pub struct NkeyError(String);

/// Makes a key from the system's own random numbers.
pub fn new_user() -> Result<NewUser, NkeyError> {
    let pair = KeyPair::new_user();
    let seed = pair.seed().map_err(|error| NkeyError(error.to_string()))?;
    Ok(NewUser { public: pair.public_key(), seed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_a_users_and_never_shows_its_seed() {
        let (one, other) = (new_user().unwrap(), new_user().unwrap());
        assert!(one.public.starts_with('U') && one.seed.starts_with("SU"), "{one:?}");
        assert_ne!(one.seed, other.seed);
        assert_eq!(KeyPair::from_seed(&one.seed).unwrap().public_key(), one.public);
        assert!(!format!("{one:?}").contains(&one.seed));
    }
}
