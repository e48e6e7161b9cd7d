//! The one error type, with everything that PostgreSQL reports.

use pgrx::PgLogLevel;
use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::pg_sys::panic::{ErrorReport, ErrorReportable};
use std::convert::Infallible;

/// Result of anything that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

/// An error to be reported through PostgreSQL.
#[derive(Debug, Clone)]
pub struct Error {
    code: PgSqlErrorCode,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Error {
    /// An error with this SQLSTATE.
    pub fn new(code: PgSqlErrorCode, message: impl Into<String>) -> Error {
        Error {
            code,
            message: message.into(),
            detail: None,
            hint: None,
        }
    }

    /// Something that is not supported (0A000).
    pub fn unsupported(message: impl Into<String>) -> Error {
        Error::new(PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED, message)
    }

    /// A wrong argument (22023).
    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message)
    }

    /// A name that stands for nothing, or not for a tview (42704 / 42809).
    pub fn undefined(message: impl Into<String>) -> Error {
        Error::new(PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE, message)
    }

    /// A defect of pg_tviews itself (XX000).
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, message)
    }

    /// Its SQLSTATE.
    pub fn code(&self) -> PgSqlErrorCode {
        self.code
    }

    /// Its message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Adds the detail.
    pub fn detail(mut self, detail: impl Into<String>) -> Error {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// Reports it: the current statement ends here.
    pub fn raise(self) -> ! {
        let mut report = ErrorReport::new(self.code, self.message, "pg_tviews");
        if let Some(detail) = self.detail {
            report = report.set_detail(detail);
        }
        if let Some(hint) = self.hint {
            report = report.set_hint(hint);
        }
        let never: std::result::Result<Infallible, ErrorReport> = Err(report);
        match never.unwrap_or_report() {}
    }
}

/// The value, or the error reported.
pub fn or_raise<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| error.raise())
}

/// A NOTICE with a hint.
pub fn notice(message: impl Into<String>, hint: impl Into<String>) {
    tell(
        PgLogLevel::NOTICE,
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        message.into(),
        hint.into(),
    );
}

/// A WARNING with a hint.
pub fn warning(message: impl Into<String>, hint: impl Into<String>) {
    tell(
        PgLogLevel::WARNING,
        PgSqlErrorCode::ERRCODE_WARNING,
        message.into(),
        hint.into(),
    );
}

fn tell(level: PgLogLevel, code: PgSqlErrorCode, message: String, hint: String) {
    ErrorReport::new(code, message, "pg_tviews")
        .set_hint(hint)
        .report(level);
}
