//! What happens when there is no memory.
//!
//! PostgreSQL reports it as an error (53200) and goes on. Rust's collections end the process where an allocation fails, and the server
//! then ends all other sessions too. So, two things:
//!
//! - Collections that grow with the number of changed rows ask before they grow ([`make_room`], [`room_for`]), and report as PostgreSQL does.
//! - All else is small. It comes out of a reserve when the system gives nothing more, so that work goes on to the next place
//!   where the shortage is reported ([`check`]): the transaction ends there, and gives back what it holds.

use crate::error::{Error, Result, or_raise};
use pgrx::PgSqlErrorCode;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes of the reserve. They are part of the library's zeroed data: no page of it is used before a shortage.
const SIZE: usize = 2 << 20;

/// The system's allocator, with the reserve behind it.
struct WithReserve;

#[global_allocator]
static ALLOCATOR: WithReserve = WithReserve;

#[repr(align(64))]
struct Reserve(UnsafeCell<[u8; SIZE]>);

// SAFETY: parts are handed out once each, by an atomic counter.
unsafe impl Sync for Reserve {}

static RESERVE: Reserve = Reserve(UnsafeCell::new([0; SIZE]));
/// Bytes handed out since the reserve was last whole.
static USED: AtomicUsize = AtomicUsize::new(0);
/// Parts that have not been given back.
static PARTS: AtomicUsize = AtomicUsize::new(0);
/// Something had to come out of the reserve, or could not be had at all.
static SHORT: AtomicBool = AtomicBool::new(false);

impl WithReserve {
    fn start() -> *mut u8 {
        RESERVE.0.get().cast()
    }

    fn holds(pointer: *mut u8) -> bool {
        (pointer as usize).wrapping_sub(Self::start() as usize) < SIZE
    }

    #[cold]
    fn out_of_reserve(layout: Layout) -> *mut u8 {
        SHORT.store(true, Ordering::Relaxed);
        // A backend has one thread; were there others, each would get a part of its own.
        let place = |used: usize| {
            let base = Self::start() as usize;
            let start = (base + used).checked_next_multiple_of(layout.align())? - base;
            let end = start.checked_add(layout.size())?;
            (end <= SIZE).then_some((start, end))
        };
        let taken = USED.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
            place(used).map(|(_, end)| end)
        });
        match taken.ok().and_then(place) {
            Some((start, _)) => {
                PARTS.fetch_add(1, Ordering::AcqRel);
                // SAFETY: within the reserve.
                unsafe { Self::start().add(start) }
            }
            None => std::ptr::null_mut(),
        }
    }

    fn give_back() {
        if PARTS.fetch_sub(1, Ordering::AcqRel) == 1 {
            USED.store(0, Ordering::Release);
        }
    }
}

// SAFETY: what the system's allocator gives is passed on; a part of the reserve is aligned, large enough, and nobody else's until it is
// given back.
unsafe impl GlobalAlloc for WithReserve {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        let pointer = unsafe { System.alloc(layout) };
        if pointer.is_null() {
            Self::out_of_reserve(layout)
        } else {
            pointer
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's contract.
        let pointer = unsafe { System.alloc_zeroed(layout) };
        if !pointer.is_null() {
            return pointer;
        }
        let pointer = Self::out_of_reserve(layout);
        if !pointer.is_null() {
            // SAFETY: as many bytes as were asked for.
            unsafe { pointer.write_bytes(0, layout.size()) }
        }
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if Self::holds(pointer) {
            Self::give_back();
        } else {
            // SAFETY: the caller's contract; it is the system's.
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !Self::holds(pointer) {
            // SAFETY: the caller's contract; it is the system's.
            let grown = unsafe { System.realloc(pointer, layout, size) };
            if !grown.is_null() {
                return grown;
            }
        }
        // SAFETY: the caller's contract; old and new place are different.
        unsafe {
            let wanted = Layout::from_size_align_unchecked(size, layout.align());
            let grown = self.alloc(wanted);
            if !grown.is_null() {
                grown.copy_from_nonoverlapping(pointer, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
            grown
        }
    }
}

/// Reports a shortage, if there was one since the last report. Called where changed rows are gone through, one by one.
#[inline]
pub fn check() -> Result<()> {
    if SHORT.load(Ordering::Relaxed) {
        return Err(out_of_memory());
    }
    Ok(())
}

/// Work that has been given up has given its memory back: a shortage that it met is nobody else's.
pub fn forget_shortage() {
    SHORT.store(false, Ordering::Relaxed);
}

/// Makes sure that a collection has room for some more, or reports that there is no memory.
#[inline]
pub fn make_room<T>(items: &mut Vec<T>, more: usize) {
    if items.capacity() - items.len() < more && items.try_reserve(more).is_err() {
        or_raise(Err(out_of_memory()))
    }
}

/// An empty collection with room for this many, or a report that there is no memory.
pub fn room_for<T>(count: usize) -> Vec<T> {
    let mut items = Vec::new();
    if items.try_reserve_exact(count).is_err() {
        or_raise(Err(out_of_memory()))
    }
    items
}

#[cold]
fn out_of_memory() -> Error {
    SHORT.store(false, Ordering::Relaxed);
    Error::new(PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY, "out of memory")
        .detail("The system gave no more memory to the maintenance of tviews.")
        .hint("Change fewer rows in one statement, or give the server more memory.")
}
