//! Trying something of another role's: what goes wrong in it, or takes too long, is no error of the command that tries.

use super::disclosure::is_of_data;
use super::{context, version};
use crate::error::{Error, Result};
use pgrx::{PgSqlErrorCode, PgTryBuilder, pg_sys};
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};

mod raw {
    use std::ffi::c_int;

    unsafe extern "C-unwind" {
        pub fn RegisterTimeout(id: c_int, handler: Option<unsafe extern "C-unwind" fn()>) -> c_int;
        pub fn enable_timeout_after(id: c_int, milliseconds: c_int);
        pub fn disable_timeout(id: c_int, keep_indicator: bool);
    }
}

/// The time is up. Set by a signal.
static EXPIRED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The timer, once it is known to the server.
    static TIMER: Cell<Option<i32>> = const { Cell::new(None) };
}

/// What has come of it.
pub enum Outcome {
    /// It is done.
    Done,
    /// It is undone, and this is why.
    Failed(String),
    /// It is undone, because the time was up.
    Late,
}

/// Does something in a subtransaction that is rolled back if it fails, or takes longer than `milliseconds`, waiting for locks included. A
/// cancel by the user, or by the user's own timeouts, is an error as always.
pub fn attempt(milliseconds: i32, work: impl FnOnce() -> Result<()>) -> Result<Outcome> {
    Ok(match bounded(Some(milliseconds), Subtransaction::commit, work)? {
        Ok(()) => Outcome::Done,
        Err(Some(failure)) => Outcome::Failed(failure.message),
        Err(None) => Outcome::Late,
    })
}

/// Why there is nothing to be seen.
pub struct Failure {
    /// The SQLSTATE of the error; `None` if the time was up.
    pub code: Option<PgSqlErrorCode>,
    /// Its message.
    pub message: String,
}

/// Looks at something in the same way. No lock stays behind, and what it comes to must hold nothing of the server's. The inner error says why there is nothing
/// to be seen.
pub fn look<T>(
    milliseconds: i32,
    work: impl FnOnce() -> Result<T>,
) -> Result<std::result::Result<T, Failure>> {
    let seen = bounded(Some(milliseconds), Subtransaction::roll_back, work)?;
    let late = || Failure {
        code: None,
        message: format!("it takes longer than {milliseconds} ms"),
    };
    Ok(seen.map_err(|failure| failure.unwrap_or_else(late)))
}

/// Does something whose result does not matter if it fails for the values that it computes from: false then, and it is undone. Other errors are
/// errors as always.
pub fn unless_data_fail(work: impl FnOnce() -> Result<()>) -> Result<bool> {
    match bounded(None, Subtransaction::commit, work)? {
        Ok(()) => Ok(true),
        Err(Some(Failure { code: Some(code), .. })) if is_of_data(code) => Ok(false),
        Err(Some(Failure { code, message })) => Err(Error::new(
            code.unwrap_or(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR),
            message,
        )),
        Err(None) => Ok(false),
    }
}

/// Looks at something without a limit. No lock stays behind; an error is one of the command that looks.
pub fn look_as_long_as_it_takes<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let subtransaction = Subtransaction::begin();
    let caught = PgTryBuilder::new(AssertUnwindSafe(|| Ok(work())))
        .catch_others(|error| Err(Box::new(error)))
        .execute();
    subtransaction.roll_back();
    caught.unwrap_or_else(|error| error.rethrow())
}

/// What comes of something, or the error that has ended it; `None` if the time was up. (One within another one has no time of its own.)
fn bounded<T>(
    milliseconds: Option<i32>,
    end: fn(Subtransaction),
    work: impl FnOnce() -> Result<T>,
) -> Result<std::result::Result<T, Option<Failure>>> {
    let subtransaction = Subtransaction::begin();
    let timer = milliseconds.map(Timer::start);
    let body = || work().map_err(|error| (error.code(), error.message().to_owned()));
    let result = PgTryBuilder::new(AssertUnwindSafe(body))
        .catch_others(|cause| Err(context::told(cause)))
        .execute();
    let expired = timer.is_some_and(Timer::stop);
    match result {
        Ok(value) => {
            end(subtransaction);
            Ok(Ok(value))
        }
        Err((code, message)) => {
            subtransaction.roll_back();
            if code != PgSqlErrorCode::ERRCODE_QUERY_CANCELED {
                let code = Some(code);
                return Ok(Err(Some(Failure { code, message })));
            }
            if expired {
                return Ok(Err(None));
            }
            Err(Error::new(code, message))
        }
    }
}

/// An internal subtransaction.
struct Subtransaction {
    context: pg_sys::MemoryContext,
    owner: pg_sys::ResourceOwner,
}

impl Subtransaction {
    fn begin() -> Subtransaction {
        // SAFETY: a transaction is running; memory context and resource owner are put back when the subtransaction ends.
        unsafe {
            let outer = Subtransaction {
                context: pg_sys::CurrentMemoryContext,
                owner: pg_sys::CurrentResourceOwner,
            };
            pg_sys::BeginInternalSubTransaction(std::ptr::null());
            pg_sys::MemoryContextSwitchTo(outer.context);
            outer
        }
    }

    fn commit(self) {
        // SAFETY: what was begun inside has ended.
        unsafe {
            pg_sys::ReleaseCurrentSubTransaction();
            self.put_back();
        }
    }

    fn roll_back(self) {
        // SAFETY: nothing of what was begun inside is used any more; the server cleans up what an error has left.
        unsafe {
            pg_sys::MemoryContextSwitchTo(self.context);
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
            self.put_back();
        }
    }

    /// # Safety
    /// The subtransaction has ended.
    unsafe fn put_back(self) {
        // SAFETY: both were in force when it began, and live longer.
        unsafe {
            pg_sys::MemoryContextSwitchTo(self.context);
            pg_sys::CurrentResourceOwner = self.owner;
        }
    }
}

/// A timer that cancels what is running, as the user would.
struct Timer(i32);

impl Timer {
    fn start(milliseconds: i32) -> Timer {
        let timer = TIMER.get().unwrap_or_else(|| {
            // SAFETY: the handler lives as long as the library and does nothing that a signal handler may not.
            unsafe { raw::RegisterTimeout(version::USER_TIMEOUT, Some(expire)) }
        });
        TIMER.set(Some(timer));
        EXPIRED.store(false, Ordering::Relaxed);
        // SAFETY: the timer is registered.
        unsafe { raw::enable_timeout_after(timer, milliseconds.max(1)) };
        Timer(timer)
    }

    /// Stops it. Whether the time was up. A cancel that has not been heard by then does not concern what comes next.
    fn stop(self) -> bool {
        // SAFETY: the timer is registered; the variable is the server's, and its own handlers set it in the same way.
        unsafe {
            raw::disable_timeout(self.0, false);
            let expired = EXPIRED.swap(false, Ordering::Relaxed);
            if expired {
                pg_sys::QueryCancelPending = 0;
            }
            expired
        }
    }
}

/// # Safety
/// Called by the server from a signal handler.
unsafe extern "C-unwind" fn expire() {
    EXPIRED.store(true, Ordering::Relaxed);
    // SAFETY: the same as the server's own handler of a cancel does.
    unsafe {
        pg_sys::QueryCancelPending = 1;
        pg_sys::InterruptPending = 1;
        pg_sys::SetLatch(pg_sys::MyLatch);
    }
}
