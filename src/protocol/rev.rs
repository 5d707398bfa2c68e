//! The server's position of a change: `(transaction id << 22) | sequence`.
//!
//! It exceeds 2^53, so it is a decimal string in every JSON and a `u64` everywhere else.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A row version. Greater means later in the server's order of transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rev(pub u64);

impl Rev {
    /// The transaction that made this version.
    pub fn xid(self) -> u64 {
        self.0 >> 22
    }
}

impl fmt::Display for Rev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Rev {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Rev {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            text.parse().map(Rev).map_err(|_| D::Error::custom(format!("{text:?} is not a rev")))
        } else {
            u64::deserialize(deserializer).map(Rev)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rev_crosses_json_as_a_string_with_every_digit() {
        let rev = Rev(9_223_372_036_854_775_807);
        let json = serde_json::to_string(&rev).expect("writes");
        assert_eq!(json, "\"9223372036854775807\"");
        assert_eq!(serde_json::from_str::<Rev>(&json).expect("reads"), rev);
    }
}
