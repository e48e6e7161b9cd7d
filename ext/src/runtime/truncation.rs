//! One statement can empty many tables that a tview reads (TRUNCATE of a partitioned table), and fires a trigger on each:
//! the first comparison of the tview with its definition already sees all of them empty.

pub use crate::pg::transaction::Moment;
use pgrx::pg_sys::Oid;
use std::cell::RefCell;

thread_local! {
    static COMPARED: RefCell<Vec<(Oid, Moment)>> = const { RefCell::new(Vec::new()) };
}

/// Whether a tview has been compared with its definition since this transaction last changed anything. Other transactions have not changed
/// what it should hold: their maintenance waits for its lock.
pub fn compared(tview: Oid, now: Moment) -> bool {
    COMPARED.with_borrow(|compared| compared.contains(&(tview, now)))
}

/// Notes that these tviews equal their definitions at the end of a trigger that has compared them.
pub fn note(tviews: &[Oid]) {
    let now = Moment::close();
    COMPARED.with_borrow_mut(|compared| {
        compared.clear();
        compared.extend(tviews.iter().map(|tview| (*tview, now)));
    });
}
