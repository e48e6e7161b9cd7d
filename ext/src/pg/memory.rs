//! Memory contexts of our own.

use pgrx::pg_sys;

/// A memory context; what is allocated in it goes with it.
pub struct Memory(pg_sys::MemoryContext);

impl Memory {
    /// One that ends with the current memory context, if not before.
    pub fn new() -> Memory {
        // SAFETY: reads a variable.
        Memory::inside(unsafe { pg_sys::CurrentMemoryContext })
    }

    /// One that lives as long as the backend, if not dropped.
    pub fn of_backend() -> Memory {
        // SAFETY: reads a variable.
        Memory::inside(unsafe { pg_sys::CacheMemoryContext })
    }

    /// One that ends with this one, and has to be dropped before it.
    pub fn below(&self) -> Memory {
        Memory::inside(self.0)
    }

    fn inside(parent: pg_sys::MemoryContext) -> Memory {
        // SAFETY: the parent is a valid context; the new one is deleted by `drop`, or with its parent after an error.
        Memory(unsafe {
            pg_sys::AllocSetContextCreateInternal(
                parent,
                c"pg_tviews".as_ptr(),
                pg_sys::ALLOCSET_SMALL_MINSIZE as usize,
                pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        })
    }

    /// Runs something that allocates in it.
    pub fn within<T>(&self, body: impl FnOnce() -> T) -> T {
        // SAFETY: the context lives; an error restores the one before on its way.
        unsafe {
            let previous = pg_sys::MemoryContextSwitchTo(self.0);
            let result = body();
            pg_sys::MemoryContextSwitchTo(previous);
            result
        }
    }

    /// Gives back what was allocated in it, which nobody may use any more.
    pub fn reset(&self) {
        // SAFETY: the context lives.
        unsafe { pg_sys::MemoryContextReset(self.0) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: made by `inside`; nothing points into it any more.
            unsafe { pg_sys::MemoryContextDelete(self.0) }
        }
    }
}
