//! Elements of lists: `(SELECT jsonb_agg(jsonb_build_object('id', r.pk, …) ORDER BY r.pk) FROM review r WHERE r.fk = p.pk)`.
//!
//! A changed row of such a subquery's only table can be patched into its own element if
//!
//! 1. it has at most one element, in the list of one unit, whose key the row holds: the subquery reads no other table, and an equality
//!    ties the row to the unit key;
//! 2. the element can be told from the others: a member shows a unique key of the table, in a way in which equal values are
//!    written alike and others are not;
//! 3. the change does not decide whether the row has an element and where: filters, order, `LIMIT`. Nor may chance: what the rows are
//!    ordered by has to contain a unique key, or else the new version of a row can come at another place than the old one did.
//!
//! A row that has no element before (a filter, a `LIMIT`) has none after: then nothing is to be written, and nothing is found.
//!
//! Where the third fails, and for rows that come and go, the list is looked at once more ([`element_place`]): if it has an element for each of the
//! subquery's rows (no `LIMIT`), and if the elements show all by which they are ordered, then an element has *one* place among the
//! others, which follows from what is stored. The list that the subquery would make of that one row says whether there is
//! an element and what it is.

use crate::UnitKey;
use crate::leaf::LeafPlace;
use crate::locate::{is_joined_block, is_shown_once};
use crate::patch::{alias, is_deciding};
use crate::resolve::{Known, LONGEST, Sight};
use pg_tviews_ir::{
    BlockId, Column, Document, Expression, Leaf, List, Parent, ROOT_BLOCK, Rows, Sort, SourceId, SourceKind,
    Table, View, WHOLE_ROW,
};
use pg_tviews_sqltext::column as column_text;
use std::collections::BTreeSet;

/// A list whose elements are rows of one occurrence.
pub(crate) struct Elements<'v> {
    source: SourceId,
    /// The subquery that makes the list.
    block: BlockId,
    pub rows: &'v Rows,
    /// The columns of a row that hold the key of its unit.
    pub unit: Vec<i16>,
    /// The member that tells elements apart, and the column that it shows.
    pub key: (&'v str, i16),
    /// Some rows may be left out by LIMIT.
    limited: bool,
}

/// How the element of a changed row is brought to its place in a list, whatever has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementPlace {
    /// The number of the list among the leaves.
    pub leaf: usize,
    /// The member that tells elements apart.
    pub member: String,
    /// The column that it shows.
    pub attnum: i16,
    /// By what the elements are ordered. No two are equal in all of it.
    pub order: Vec<Sort>,
}

/// How changed rows of an occurrence are brought to their places in the only leaf that they concern.
pub(crate) fn element_place(
    view: &View,
    key: &UnitKey,
    source: SourceId,
    (leaf, place): (usize, &LeafPlace),
) -> Option<ElementPlace> {
    let elements = elements(view, key, source)?;
    let shown = view.documents.outputs.get(&ROOT_BLOCK)?.get(place.position)?;
    let shown = shown
        .leaves()
        .into_iter()
        .find(|(path, _)| *path == place.path)?
        .1;
    if elements.limited || !elements.are_shown_by(shown) {
        return None;
    }
    Some(ElementPlace {
        leaf,
        member: elements.key.0.to_owned(),
        attnum: elements.key.1,
        order: elements.rows.order.clone()?,
    })
}

/// The list whose elements are rows of an occurrence, if they can be told apart.
pub(crate) fn elements<'v>(view: &'v View, key: &UnitKey, source: SourceId) -> Option<Elements<'v>> {
    let table = view.table(source)?;
    let (block, limited) = list_block(view, source)?;
    let [Document::Leaf(leaf)] = view.documents.outputs.get(&block)?.as_slice() else {
        return None;
    };
    let Some(List::Rows(rows)) = &leaf.list else {
        return None;
    };
    let orders = limited.iter().map(|limited| &view.block(*limited).ordered_by);
    for order in orders.chain([&rows.ordered_by]) {
        if !contains_key(view, source, table, order) {
            return None;
        }
    }
    Some(Elements {
        limited: !limited.is_empty(),
        source,
        block,
        rows,
        unit: unit(view, key, source)?,
        key: element_key(view, source, table, rows)?,
    })
}

/// The subquery of the select list that makes one row of the rows of a table, and of nothing else; and the derived tables on the way to
/// it that leave rows out by LIMIT.
fn list_block(view: &View, source: SourceId) -> Option<(BlockId, Vec<BlockId>)> {
    let mut limited = Vec::new();
    let mut id = view.source(source).block;
    loop {
        let block = view.block(id);
        let sources = view.sources.iter().filter(|source| source.block == id);
        if sources.count() != 1 || block.repeats {
            return None;
        }
        match block.parent? {
            Parent::Derived(outer) => {
                if !block.picks || !is_shown_once(view, id) {
                    return None;
                }
                if !block.plain {
                    limited.push(id);
                }
                id = view.source(outer).block;
            }
            Parent::Sublink(outer) => {
                let one_group = block.sums_up && block.at_most_one_row && block.group_outputs.is_empty();
                let shown = is_joined_block(view, outer) && !is_deciding(view, id);
                return (one_group && shown).then_some((id, limited));
            }
            Parent::Branch(_) => return None,
        }
    }
}

/// Whether some columns tell all rows of a table apart.
fn contains_key(view: &View, source: SourceId, table: &Table, columns: &BTreeSet<Column>) -> bool {
    let own: BTreeSet<i16> = columns
        .iter()
        .filter_map(|column| through(view, source, &Expression::of_column(*column))?.as_column())
        .map(|column| column.attnum)
        .collect();
    let told_apart = |attnum: &i16| own.contains(attnum) && is_not_null(table, *attnum);
    table
        .unique_keys
        .iter()
        .any(|key| !key.is_empty() && key.iter().all(told_apart))
}

fn is_not_null(table: &Table, attnum: i16) -> bool {
    table.column(attnum).is_some_and(|column| column.not_null)
}

/// The columns of a row whose values are the key of the only unit in which the row has a say.
fn unit(view: &View, key: &UnitKey, source: SourceId) -> Option<Vec<i16>> {
    let links = Sight::from_source(view, source).links();
    let equalities = || {
        let always = links.iter().filter(|link| link.guard.is_none());
        let known = always.filter_map(|link| link.equality);
        known.filter(|equality| equality.same_type)
    };
    let parts = key.columns.iter().map(|part| {
        let wanted = part.value.as_column()?;
        equalities()
            .flat_map(|equality| [(equality.left, equality.right), (equality.right, equality.left)])
            .find(|(own, outer)| own.source == source && *outer == wanted)
            .map(|(own, _)| own.attnum)
    });
    parts.collect()
}

/// A member that shows a unique key.
fn element_key<'v>(view: &View, source: SourceId, table: &Table, rows: &'v Rows) -> Option<(&'v str, i16)> {
    rows.members.iter().find_map(|(name, member)| {
        let Document::Leaf(leaf) = member else { return None };
        let column = through(view, source, leaf.value.as_ref()?)?.as_column()?;
        let unique = table.unique_keys.contains(&vec![column.attnum]);
        let exact = rows.exact.contains(name) && is_not_null(table, column.attnum);
        (unique && exact).then_some((name.as_str(), column.attnum))
    })
}

impl Elements<'_> {
    /// Whether a leaf is the list.
    pub fn are_shown_by(&self, leaf: &Leaf) -> bool {
        leaf.list == Some(List::Subquery(self.block))
    }

    /// An expression as text over the changed row, if that suffices.
    pub fn value(&self, view: &View, value: &Expression) -> Option<String> {
        let value = through(view, self.source, value)?;
        let table = view.table(self.source)?;
        let name = |column: &Column| table.column(column.attnum).map(|column| column.name.as_str());
        let names: Vec<&str> = value.columns.iter().map(name).collect::<Option<_>>()?;
        let text = |hole: usize| column_text(&alias(self.source), names[hole]);
        Some(value.template.render(text))
    }

    /// The value by which a row's element is known, as text over the row.
    pub fn key_value(&self, view: &View) -> Option<String> {
        let column = Column {
            source: self.source,
            attnum: self.key.1,
        };
        self.value(view, &Expression::of_column(column))
    }
}

/// An expression over derived tables that show rows of a table, some of them perhaps, as an expression over the table; `None` if it
/// needs anything else.
fn through(view: &View, source: SourceId, expression: &Expression) -> Option<Expression> {
    let mut columns: Vec<Column> = Vec::new();
    let mut fills = Vec::new();
    for column in &expression.columns {
        let inner = shown(view, source, *column)?;
        let mut number_of = |wanted: &Column| {
            let known = columns.iter().position(|known| known == wanted);
            known.unwrap_or_else(|| {
                columns.push(*wanted);
                columns.len() - 1
            })
        };
        let renumbered: Vec<usize> = inner.columns.iter().map(&mut number_of).collect();
        fills.push((inner.template, renumbered));
    }
    let lengths = expression.template.holes().map(|hole| fills[hole].0.length());
    if lengths.sum::<usize>() > LONGEST {
        return None;
    }
    Some(Expression {
        template: expression.template.substitute(|hole| fills[hole].clone()),
        columns,
        strict: BTreeSet::new(),
        merges: vec![],
    })
}

/// What a column shows of a row.
fn shown(view: &View, source: SourceId, column: Column) -> Option<Expression> {
    if column.source == source {
        return (column.attnum != WHOLE_ROW).then(|| Expression::of_column(column));
    }
    let SourceKind::Derived(block) = view.source(column.source).kind else {
        return None;
    };
    let memo = view.memo.get::<Known>();
    if let Some(known) = memo.shown.borrow().get(&(source, column)) {
        return known.clone();
    }
    let shown = match view.documents.output(block, column.attnum) {
        Some(Document::Leaf(leaf)) if view.block(block).picks => {
            leaf.value.as_ref().and_then(|value| through(view, source, value))
        }
        Some(Document::Leaf(_) | Document::Object(_)) | None => None,
    };
    memo.shown.borrow_mut().insert((source, column), shown.clone());
    shown
}
