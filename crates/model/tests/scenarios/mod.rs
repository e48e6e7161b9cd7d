//! Small transactions.

#![allow(dead_code, reason = "each test file uses some of them")]

use pg_tviews_model::schema::Table::{Category, Product, Rate, Review, TvProduct, TvShelf, TvSize, Vote};
use pg_tviews_model::transaction::Op::{Delete, Put, Read, Release, RollBack, Savepoint, Update};
use pg_tviews_model::transaction::{Op, Program};

/// A transaction at READ COMMITTED.
pub fn read_committed(ops: impl AsRef<[Op]>) -> Program {
    Program {
        repeatable_read: false,
        ops: ops.as_ref().to_vec(),
    }
}

/// A transaction at REPEATABLE READ.
pub fn repeatable_read(ops: &[Op]) -> Program {
    Program {
        repeatable_read: true,
        ops: ops.to_vec(),
    }
}

/// Two transactions; whether they are at REPEATABLE READ.
pub fn pair(first: &[Op], second: &[Op], (one, other): (bool, bool)) -> [Program; 2] {
    [
        Program {
            repeatable_read: one,
            ops: first.to_vec(),
        },
        Program {
            repeatable_read: other,
            ops: second.to_vec(),
        },
    ]
}

/// What a transaction may do between its begin and its only flush.
pub fn changes() -> Vec<Vec<Op>> {
    vec![
        // Reviews come, go and move.
        vec![Put((Review, 1), [1, 0, 0])],
        vec![Put((Review, 2), [1, 0, 0])],
        vec![Delete((Review, 9))],
        vec![Delete((Review, 8))],
        vec![Update((Review, 9), [1, 0, 0])],
        // One after the other, in opposite orders.
        vec![Put((Review, 3), [1, 0, 0]), Put((Review, 4), [2, 0, 0])],
        vec![Put((Review, 5), [2, 0, 0]), Put((Review, 6), [1, 0, 0])],
        // Products come, go and move: the last one of a category, the first one of another.
        vec![Put((Product, 3), [1, 0, 0])],
        vec![Put((Product, 4), [2, 0, 0])],
        vec![Delete((Product, 2))],
        vec![Update((Product, 1), [2, 0, 0])],
        vec![Update((Product, 1), [2, 0, 0]), Update((Product, 2), [2, 0, 0])],
        // More units than are locked one by one.
        vec![
            Put((Product, 1), [2, 0, 0]),
            Put((Product, 5), [1, 0, 0]),
            Put((Product, 6), [3, 0, 0]),
        ],
        // Prices: of one, of two, together with a move, of one and the category's name.
        vec![Update((Product, 1), [1, 3, 0])],
        vec![Update((Product, 2), [1, 4, 0])],
        vec![Update((Product, 1), [1, 5, 0]), Update((Product, 2), [1, 5, 0])],
        vec![Update((Product, 1), [1, 6, 0]), Update((Product, 1), [2, 6, 0])],
        vec![Update((Product, 2), [1, 7, 0]), Update((Category, 1), [7, 0, 0])],
        // There and back again.
        vec![Update((Product, 1), [2, 0, 0]), Update((Product, 1), [1, 0, 0])],
        // Categories: renamed, deleted with and without their products, inserted after a product that has none.
        vec![Update((Category, 1), [5, 0, 0])],
        vec![Update((Category, 2), [6, 0, 0])],
        vec![Delete((Category, 1))],
        vec![Put((Category, 3), [3, 0, 0])],
        vec![Put((Product, 7), [3, 0, 0])],
        vec![Update((Product, 2), [2, 0, 0]), Delete((Category, 1))],
        // Votes, on a review that is there and on ones that come.
        vec![Put((Vote, 2), [9, 0, 0])],
        vec![Put((Vote, 3), [1, 0, 0])],
        vec![Put((Vote, 4), [2, 0, 0]), Put((Review, 1), [2, 0, 0])],
        vec![Delete((Vote, 1)), Put((Review, 2), [1, 0, 0])],
        // Everything.
        vec![Update((Rate, 0), [2, 0, 0])],
    ]
}

/// Some of them, on one path of joins.
pub fn changes_for_three() -> Vec<[Op; 1]> {
    vec![
        [Put((Review, 1), [1, 0, 0])],
        [Update((Review, 9), [1, 0, 0])],
        [Delete((Review, 8))],
        [Update((Product, 1), [2, 0, 0])],
        [Put((Product, 3), [1, 0, 0])],
        [Update((Category, 1), [5, 0, 0])],
        [Update((Category, 2), [6, 0, 0])],
        [Update((Product, 2), [1, 4, 0])],
        [Delete((Category, 2))],
        [Put((Review, 2), [1, 0, 0])],
        [Delete((Product, 2))],
        [Update((Rate, 0), [2, 0, 0])],
        [Put((Vote, 2), [9, 0, 0])],
        [Put((Vote, 3), [1, 0, 0])],
    ]
}

/// Transactions that flush before their end.
pub fn with_flush_in_between() -> Vec<Vec<Op>> {
    vec![
        vec![
            Put((Review, 1), [1, 0, 0]),
            Read(TvProduct),
            Update((Category, 1), [5, 0, 0]),
            Read(TvShelf),
        ],
        vec![
            Update((Category, 1), [5, 0, 0]),
            Read(TvShelf),
            Put((Product, 3), [1, 0, 0]),
        ],
        vec![
            Put((Review, 1), [1, 0, 0]),
            Savepoint,
            Read(TvProduct),
            RollBack,
            Read(TvSize),
        ],
        vec![
            Savepoint,
            Put((Review, 1), [2, 0, 0]),
            Savepoint,
            Read(TvProduct),
            Release,
            Update((Product, 1), [2, 0, 0]),
            RollBack,
            Put((Review, 2), [1, 0, 0]),
        ],
        vec![
            Update((Product, 1), [2, 0, 0]),
            Savepoint,
            Put((Review, 1), [1, 0, 0]),
            Read(TvShelf),
            RollBack,
        ],
    ]
}
