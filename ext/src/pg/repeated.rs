//! Expressions that stand twice in a select list.
//!
//! `SELECT DISTINCT ON (2) k AS a, k AS b`: the text of this query says `DISTINCT ON (k)`, and who reads it takes the first of the two columns for what is
//! meant. A definition is analysed as it will be read.

use super::imports::{called_as_by_server, walk_children, walk_query};
use super::interrupts;
use super::list::pointers;
use super::tree::Query;
use pgrx::{is_a, pg_sys};
use std::ffi::c_void;

impl Query {
    /// Whether the text of the query names another column than the query does, at any level.
    pub fn reads_otherwise(&self) -> bool {
        // SAFETY: the query is only looked at.
        unsafe { called_as_by_server(|| repeated_callback(self.raw().cast(), std::ptr::null_mut())) }
    }
}

/// # Safety
/// `node` is null or a valid node.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn repeated_callback(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: see the function's contract; the cast follows from the tag.
    unsafe {
        interrupts::check_deep();
        if is_a(node, pg_sys::NodeTag::T_Query) {
            let query = node.cast::<pg_sys::Query>();
            return has_repeated_reference(&*query) || walk_query(query, repeated_callback, context);
        }
        walk_children(node, repeated_callback, context)
    }
}

/// Whether a clause refers to an item of the select list before which the same expression stands.
fn has_repeated_reference(query: &pg_sys::Query) -> bool {
    let targets = pointers::<pg_sys::TargetEntry>(query.targetList);
    // SAFETY: the select list is a list of TargetEntry, whose expressions are valid nodes.
    let is_repeated = |(place, target): (usize, &*mut pg_sys::TargetEntry)| unsafe {
        let target = &**target;
        let same = |before: &*mut pg_sys::TargetEntry| {
            !(**before).resjunk && pg_sys::equal((**before).expr.cast(), target.expr.cast())
        };
        target.ressortgroupref != 0 && targets[..place].iter().any(same)
    };
    targets.iter().enumerate().any(is_repeated)
}
