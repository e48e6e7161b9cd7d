//! What the outputs of a definition are made of: documents as trees, as far as their shape is constant, and the uses of columns
//! by place. From both follows what a changed column changes: nothing, some leaves, or which rows there are.

use crate::{BlockId, Column, Expression, Oid, Role, SourceId, Summary};
use std::collections::{BTreeMap, BTreeSet};

/// The shape of one output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A jsonb object that always is there and always has exactly these keys, in this order of evaluation.
    Object(Vec<(String, Document)>),
    /// Anything else.
    Leaf(Leaf),
}

/// A part of an output that changes as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaf {
    /// Its value over columns; `None` if it contains subqueries, aggregates or window functions.
    pub value: Option<Expression>,
    /// The columns that it names itself, outside of its subqueries.
    pub columns: BTreeSet<Column>,
    /// The subqueries in it.
    pub subqueries: Vec<BlockId>,
    /// What it sums up, if it is made of aggregates or subqueries and of nothing else.
    pub summary: Option<Summary>,
    /// Its value follows from its columns alone: the session's settings have no influence on it.
    pub settled: bool,
    /// The array that it is, or an empty array, `null` or nothing of the kind where that has no rows.
    pub list: Option<List>,
}

/// A jsonb array of objects, one for each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// `jsonb_agg(object ORDER BY …)` over the rows of the block in whose select list it stands.
    Rows(Box<Rows>),
    /// The value of a subquery with one column, which is a list.
    Subquery(BlockId),
}

/// What a list is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The members of an element.
    pub members: Vec<(String, Document)>,
    /// Members that are written alike exactly if their values are equal: whole numbers and uuids.
    pub exact: BTreeSet<String>,
    /// The columns that decide whether a row has an element, and at which place.
    pub placing: BTreeSet<Column>,
    /// Columns by which the elements are ordered: rows that differ in one of them are not left to chance.
    pub ordered_by: BTreeSet<Column>,
    /// By what the elements are ordered, the most important first, if their members show all of it.
    pub order: Option<Vec<Sort>>,
}

/// One of the values by which the elements of a list are ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The member that shows it.
    pub member: String,
    /// How it is shown and compared.
    pub kind: SortKind,
    /// The greatest comes first.
    pub descending: bool,
    /// NULL, which is shown as `null`, comes first.
    pub nulls_first: bool,
}

/// How a value by which elements are ordered is shown and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKind {
    /// A number.
    Number,
    /// `false` before `true`.
    Truth,
    /// A text that is ordered by its bytes: a uuid.
    Bytes,
    /// A text that is ordered by the collation with this oid.
    Text(Oid),
    /// A date.
    Date,
    /// A time without time zone.
    Timestamp,
    /// A time with time zone.
    TimestampTz,
}

/// One mention of a column, of a derived table's too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// The block in which it stands.
    pub block: BlockId,
    /// The column.
    pub column: Column,
    /// What for.
    pub role: Role,
}

/// The outputs of all blocks, and what they are made from.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// The shapes of a block's outputs, in order.
    pub outputs: BTreeMap<BlockId, Vec<Document>>,
    /// Every mention of a column, anywhere in the definition.
    pub mentions: BTreeSet<Mention>,
    /// Subqueries in an expression that decides which rows there are, or their order: everything in them decides, too.
    pub deciding: BTreeSet<BlockId>,
    /// Optional sources for whose outer join there is a condition that is not among the block's conditions.
    pub opaque: BTreeSet<SourceId>,
}

impl Documents {
    /// The shape of an output of a block, by its position from 1.
    pub fn output(&self, block: BlockId, attnum: i16) -> Option<&Document> {
        let position = usize::try_from(attnum).ok()?.checked_sub(1)?;
        self.outputs.get(&block)?.get(position)
    }
}

impl Document {
    /// All leaves, each with the keys that lead to it.
    pub fn leaves(&self) -> Vec<(Vec<&str>, &Leaf)> {
        match self {
            Document::Leaf(leaf) => vec![(vec![], leaf)],
            Document::Object(members) => members
                .iter()
                .flat_map(|(key, member)| {
                    member.leaves().into_iter().map(move |(path, leaf)| {
                        let path = std::iter::once(key.as_str()).chain(path).collect();
                        (path, leaf)
                    })
                })
                .collect(),
        }
    }
}
