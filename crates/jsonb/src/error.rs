//! What can be wrong with a document or a patch.

use std::fmt;

/// Result of reading or patching.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a document can't be read or patched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The bytes are not a document: what is wrong with them.
    Malformed(&'static str),
    /// A merge or a member was wanted in something that is not an object.
    NotAnObject(Kind),
    /// Elements were wanted in something that is not an array.
    NotAnArray(Kind),
    /// A step into an array is not a whole number; steps count from 1.
    NotAPosition {
        /// Which step of the path.
        step: usize,
    },
    /// A path of several steps into a document that is a scalar.
    ScalarDocument,
    /// A place that the patch relies on is not there.
    Missing,
    /// The document itself can't be removed.
    RootRemoved,
    /// A container would be larger than the format allows (256 MB).
    TooLarge,
    /// A container would have more elements or pairs than the server allows.
    TooMany,
    /// The patch goes deeper than [`crate::Patch::MAX_DEPTH`] levels.
    TooDeep,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Null => "null",
            Kind::Boolean => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Malformed(what) => write!(f, "malformed jsonb value: {what}"),
            Error::NotAnObject(kind) => write!(f, "cannot merge an object into {kind}"),
            Error::NotAnArray(kind) => write!(f, "cannot look for elements in {kind}"),
            Error::NotAPosition { step } => write!(f, "path element at position {step} is not an integer"),
            Error::ScalarDocument => f.write_str("cannot follow a path in a scalar"),
            Error::Missing => f.write_str("the patched place does not exist"),
            Error::RootRemoved => f.write_str("cannot remove a whole document"),
            Error::TooLarge => f.write_str("jsonb container would exceed its maximum size"),
            Error::TooMany => f.write_str("jsonb container would exceed its maximum number of elements"),
            Error::TooDeep => write!(f, "path is deeper than {} levels", crate::patch::Patch::MAX_DEPTH),
        }
    }
}

impl std::error::Error for Error {}
