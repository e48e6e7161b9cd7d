//! Where the rows that a patch writes are found: a way of equalities from the root to the changed source, read backwards.

use crate::UnitKey;
use crate::absence::optional;
use crate::patch::{ExactSearch, Location, alias, always_there};
use crate::resolve::{Depth, Known, Link, Links, Sight};
use crate::shape::{Region, Shape};
use pg_tviews_ir::{BlockId, Column, Expression, Parent, ROOT_BLOCK, SourceId, SourceKind, View, checkpoint};
use pg_tviews_sqltext::{RowSearch, column as column_text, qualified};
use std::collections::BTreeSet;

/// How a table is tied to those nearer to the root: by equalities that make a unique key of it.
struct Step {
    source: SourceId,
    unique: Vec<i16>,
    ties: Vec<Tie>,
}

/// An equality of two columns.
struct Tie {
    /// The column of the step's table.
    own: Column,
    /// The column of a table nearer to the root.
    near: Column,
    /// The value of one can stand for that of the other.
    same_type: bool,
    condition: Expression,
    /// It is a condition of the outer join that makes the step's table optional.
    of_outer_join: bool,
}

/// Where the rows are that hold a row of a table, and a key of the table.
pub(crate) fn locate(
    view: &View,
    key: &UnitKey,
    root: SourceId,
    source: SourceId,
) -> Option<(Location, Vec<i16>)> {
    if !is_joined(view, source) {
        return None;
    }
    let key: Option<Vec<Column>> = key.columns.iter().map(|part| part.value.as_column()).collect();
    let key = key?;
    let by_key = |columns: &[Column]| {
        let attnums: Vec<i16> = columns.iter().map(|column| column.attnum).collect();
        Some((Location::Key(attnums.clone()), attnums))
    };
    if source == root {
        return by_key(&key);
    }
    let way = way_from(view, root, source)?;
    let row_key = way.first()?.unique.clone();
    let without_root = key_before_root(&way, root, &key);
    if let (Some(columns), [_]) = (&without_root, way.as_slice()) {
        return by_key(columns);
    }
    let search = search(view, root, &way, without_root.as_deref(), &key);
    if let [step] = way.as_slice()
        && let [tie] = step.ties.as_slice()
        && tie.same_type
        && let Some(position) = shown_at(view, tie.near)
    {
        let location = Location::Column {
            position,
            attnum: tie.own.attnum,
            root: tie.near,
            search,
        };
        return Some((location, row_key));
    }
    Some((Location::Search(search), row_key))
}

/// The position of the output that is a copy of a table's column.
fn shown_at(view: &View, wanted: Column) -> Option<usize> {
    let sight = Sight::from_block(view, ROOT_BLOCK);
    view.columns.iter().position(|column| {
        let copied = column
            .copies
            .and_then(|copied| sight.column(copied, Depth::Tables));
        copied == Some(wanted)
    })
}

/// The unit key from tables before the root, where nothing else of the root is asked for.
fn key_before_root(way: &[Step], root: SourceId, key: &[Column]) -> Option<Vec<Column>> {
    let of_root = || {
        way.iter()
            .flat_map(|step| &step.ties)
            .filter(|tie| tie.near.source == root)
    };
    if !of_root().all(|tie| tie.same_type && key.contains(&tie.near)) {
        return None;
    }
    key.iter()
        .map(|column| of_root().find(|tie| tie.near == *column).map(|tie| tie.own))
        .collect()
}

/// Whether a table stands in the FROM clause of the definition, or of derived tables in it that are joins and always there.
fn is_joined(view: &View, source: SourceId) -> bool {
    is_joined_block(view, view.source(source).block) && view.table(source).is_some()
}

/// Whether a block is the definition itself, or a derived table in it, or in such a one, that is a join and always there.
pub(crate) fn is_joined_block(view: &View, block: BlockId) -> bool {
    let known = view.memo.get::<Known>();
    let joined = known.joined.get_or_init(|| joined_blocks(view));
    joined.get(block.0).copied().unwrap_or(false)
}

/// By block: whether it is joined.
fn joined_blocks(view: &View) -> Vec<bool> {
    let mut shown = vec![0; view.blocks.len()];
    for source in &view.sources {
        if let SourceKind::Derived(block) = source.kind {
            shown[block.0] += 1;
        }
    }
    let mut joined = vec![false; view.blocks.len()];
    joined[ROOT_BLOCK.0] = true;
    for (block, outer) in Shape::of(view).derived() {
        let is_shown =
            matches!(view.block(*block).parent, Some(Parent::Derived(source)) if always_there(view, source));
        joined[block.0] = joined[outer.0] && is_shown && view.block(*block).plain && shown[block.0] == 1;
    }
    joined
}

/// Whether a derived table is only one source.
pub(crate) fn is_shown_once(view: &View, block: BlockId) -> bool {
    let shows = |kind: &SourceKind| matches!(kind, SourceKind::Derived(inner) if *inner == block);
    view.sources.iter().filter(|other| shows(&other.kind)).count() == 1
}

/// The steps from a table to the root, nearest to the table first: each is determined by those after it and the root.
fn way_from(view: &View, root: SourceId, source: SourceId) -> Option<Vec<Step>> {
    let links = Sight::from_source(view, source).links();
    let mut known = BTreeSet::from([root]);
    let mut steps: Vec<Step> = Vec::new();
    // The tables that known ones determine.
    let mut next: BTreeSet<SourceId> = view.source_ids().collect();
    next.retain(|id| is_joined(view, *id) && *id != root && step_to(view, &links, &known, *id).is_some());
    // Outwards from the root, one table at a time, until the wanted one is reached.
    while !known.contains(&source) {
        checkpoint();
        let chosen = next.get(&source).or(next.first()).copied()?;
        let step = step_to(view, &links, &known, chosen)?;
        next.remove(&chosen);
        known.insert(chosen);
        steps.push(step);
        for neighbour in links.of(chosen).iter().flat_map(|link| &links[*link].sources) {
            if known.contains(neighbour) || !is_joined(view, *neighbour) {
                continue;
            }
            if step_to(view, &links, &known, *neighbour).is_some() {
                next.insert(*neighbour);
            } else {
                next.remove(neighbour);
            }
        }
    }
    // Of these, what the wanted table needs.
    let mut needed = BTreeSet::from([source]);
    let mut way = Vec::new();
    for step in steps.into_iter().rev() {
        if needed.contains(&step.source) {
            needed.extend(step.ties.iter().map(|tie| tie.near.source));
            way.push(step);
        }
    }
    Some(way)
}

/// The equalities by which known tables determine a further one, exactly.
fn step_to(view: &View, links: &Links, known: &BTreeSet<SourceId>, source: SourceId) -> Option<Step> {
    let table = view.table(source)?;
    let of_source = links.of(source).iter();
    let mut ties: Vec<Tie> = of_source
        .filter_map(|number| tie(&links[*number], known, source))
        .collect();
    let unique = table.unique_keys.iter().find(|key| {
        key.iter()
            .all(|attnum| ties.iter().any(|tie| tie.own.attnum == *attnum))
    })?;
    if optional(view, ROOT_BLOCK, source) {
        // Everything that the outer join asks for has to be among the equalities.
        let asked = asked_by_outer_join(view, source)?;
        if ties.iter().filter(|tie| tie.of_outer_join).count() != asked {
            return None;
        }
    } else {
        ties.retain(|tie| unique.contains(&tie.own.attnum));
    }
    Some(Step {
        source,
        unique: unique.clone(),
        ties,
    })
}

/// The tie that a link is between a table and known ones.
fn tie(link: &Link, known: &BTreeSet<SourceId>, source: SourceId) -> Option<Tie> {
    let of_outer_join = link.guard.as_ref().is_some_and(|guard| guard.contains(&source));
    let equality = link.equality.filter(|_| of_outer_join || link.guard.is_none())?;
    let sides = [(equality.left, equality.right), (equality.right, equality.left)];
    let (own, near) = sides
        .into_iter()
        .find(|(own, near)| own.source == source && known.contains(&near.source))?;
    Some(Tie {
        own,
        near,
        same_type: equality.same_type,
        condition: link.expression.clone(),
        of_outer_join,
    })
}

/// The number of conditions of the outer join that makes a table optional; `None` if it is not the only table on its side, or
/// not all of the conditions are known.
fn asked_by_outer_join(view: &View, source: SourceId) -> Option<usize> {
    if view.documents.opaque.contains(&source) {
        return None;
    }
    let memo = view.memo.get::<Known>();
    if let Some(known) = memo.asked.borrow().get(&source) {
        return *known;
    }
    let asked = count_asked(view, source);
    memo.asked.borrow_mut().insert(source, asked);
    asked
}

fn count_asked(view: &View, source: SourceId) -> Option<usize> {
    let block = view.block(view.source(source).block);
    let guards = block
        .conditions
        .iter()
        .filter_map(|condition| condition.guard.as_ref());
    let mut count = 0;
    for guard in guards {
        let optional = Region::below_all(&Shape::of(view), guard);
        if optional.contains(&source) {
            if optional.len() != 1 {
                return None;
            }
            count += 1;
        }
    }
    Some(count)
}

/// From a changed row, over the tables of the way, to the unit key.
fn search(
    view: &View,
    root: SourceId,
    way: &[Step],
    without_root: Option<&[Column]>,
    key: &[Column],
) -> ExactSearch {
    let name = |wanted: Column| {
        let table = view.table(wanted.source);
        let known = table.and_then(|table| table.column(wanted.attnum));
        known.map(|column| column.name.clone()).unwrap_or_default()
    };
    let text = |wanted: Column| column_text(&alias(wanted.source), &name(wanted));
    let with_root = without_root.is_none().then_some(root);
    let key = without_root.unwrap_or(key);
    let ties: Vec<&Tie> = way
        .iter()
        .flat_map(|step| &step.ties)
        .filter(|tie| tie.near.source != root || with_root.is_some())
        .collect();
    let mut sources = way.iter().map(|step| step.source).chain(with_root);
    let changed = sources.next();
    let used = ties
        .iter()
        .flat_map(|tie| [tie.own, tie.near])
        .chain(key.iter().copied());
    let columns: BTreeSet<Column> = used.filter(|column| Some(column.source) == changed).collect();
    let tables = sources.filter_map(|source| {
        let table = view.table(source)?;
        Some((qualified(&table.schema, &table.name), alias(source)))
    });
    let conditions = ties.iter().map(|tie| {
        let columns = &tie.condition.columns;
        tie.condition.template.render(|hole| text(columns[hole]))
    });
    ExactSearch {
        search: RowSearch {
            row: (
                changed.map(alias).unwrap_or_default(),
                columns.iter().map(|column| name(*column)).collect(),
            ),
            tables: tables.collect(),
            conditions: conditions.collect(),
            key: key.iter().map(|column| text(*column)).collect(),
        },
        columns: columns.iter().map(|column| column.attnum).collect(),
    }
}
