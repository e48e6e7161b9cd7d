//! Where the server calls in: trigger functions, event triggers and the library's start.

use super::context::guarded;
use super::event::DdlEvent;
use super::fixed_time::fixed_time;
use super::trigger::Firing;
use crate::error::{Result, or_raise};
use crate::{api, runtime};
use pgrx::pg_sys;

/// Declares a version-1 C function that returns no value (SQL NULL is not set: triggers want a null pointer).
macro_rules! entry_point {
    ($name:ident, $info:ident, $body:expr) => {
        /// # Safety
        /// Called by the server with the argument of a version-1 function.
        #[unsafe(no_mangle)]
        #[pgrx::pg_guard]
        pub unsafe extern "C-unwind" fn $name(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
            let body: unsafe fn(pg_sys::FunctionCallInfo) -> Result<()> = $body;
            // SAFETY: `fcinfo` is handed on as the server gave it.
            guarded(|| or_raise(unsafe { body(fcinfo) }));
            pg_sys::Datum::from(0)
        }

        /// The function's calling convention.
        #[unsafe(no_mangle)]
        pub extern "C" fn $info() -> &'static pg_sys::Pg_finfo_record {
            const INFO: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
            &INFO
        }
    };
}

// SAFETY (all): the argument is the server's, as each function's contract says.
entry_point!(
    pg_tviews_source_changed,
    pg_finfo_pg_tviews_source_changed,
    |fcinfo| {
        // SAFETY: see the function's contract.
        runtime::notes::source_changed(&unsafe { Firing::new(fcinfo) }?)
    }
);
entry_point!(
    pg_tviews_refuse_write,
    pg_finfo_pg_tviews_refuse_write,
    |fcinfo| {
        // SAFETY: see the function's contract.
        runtime::guard::check(&unsafe { Firing::new(fcinfo) }?)
    }
);
entry_point!(pg_tviews_restored, pg_finfo_pg_tviews_restored, |fcinfo| {
    // SAFETY: see the function's contract.
    api::suspend::restored(&unsafe { Firing::new(fcinfo) }?)
});
entry_point!(
    pg_tviews_on_ddl_start,
    pg_finfo_pg_tviews_on_ddl_start,
    |fcinfo| {
        // SAFETY: see the function's contract.
        api::ddl::started(&unsafe { DdlEvent::new(fcinfo) }?)
    }
);
entry_point!(pg_tviews_on_ddl_end, pg_finfo_pg_tviews_on_ddl_end, |fcinfo| {
    // SAFETY: see the function's contract.
    api::ddl::ended(&unsafe { DdlEvent::new(fcinfo) }?)
});
entry_point!(pg_tviews_on_drop, pg_finfo_pg_tviews_on_drop, |fcinfo| {
    // SAFETY: see the function's contract.
    api::drop::dropped(&unsafe { DdlEvent::new(fcinfo) }?)
});

/// # Safety
/// Called by the server with the argument of a version-1 function.
#[unsafe(no_mangle)]
#[pgrx::pg_guard]
pub unsafe extern "C-unwind" fn pg_tviews_fixed_time(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: `fcinfo` is handed on as the server gave it.
    guarded(|| or_raise(unsafe { fixed_time(fcinfo) }))
}

/// The function's calling convention.
#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_pg_tviews_fixed_time() -> &'static pg_sys::Pg_finfo_record {
    const INFO: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
    &INFO
}

/// Called by the server when the library is loaded.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    super::invalidation::register();
    super::moved::loaded();
    super::hooks::register();
    super::settings::define();
    pg_tviews_ir::set_checkpoint(super::interrupts::check);
}
