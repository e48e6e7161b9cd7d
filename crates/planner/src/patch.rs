//! Patches: writing single leaves of stored rows from the changed row alone.
//!
//! A changed row of an occurrence can be patched into the rows that it is in if
//!
//! 1. none of the changed columns *decides* anything: joins, filters, grouping, order, the unit key. Then the row takes part in the
//!    same combinations of rows before and after, and only the leaves that are made from the changed columns differ;
//! 2. each of these leaves is an expression over columns of this one occurrence: its new value is known from the new row;
//! 3. the stored rows that hold the changed row can be told *exactly*. A search for units to compute anew may name too many; a patch
//!    of one too many would be wrong.
//!
//! For 3 a unit has to have one row, made from one combination of source rows, in which every table is determined by a unique key,
//! going outwards from the root: then the combination of a unit contains the changed row exactly if the equalities on the way lead
//! from the root's row to it. Conditions of inner joins and filters need not be looked at: the stored row would not be there if
//! they did not hold. The conditions of an outer join have to be these equalities and nothing else, because a stored row is there
//! whether or not they hold.
//!
//! Where one of the three fails the unit is computed anew.

use crate::UnitKey;
use crate::absence::optional;
use crate::resolve::{Depth, Link, Sight, enclosing_blocks, sources_below};
use pg_tviews_ir::{
    BlockId, Column, Document, Expression, Leaf, Parent, ROOT_BLOCK, Role, SourceId, SourceKind, View,
    WHOLE_ROW,
};
use pg_tviews_sqltext::{PatchValue, RowSearch, column as column_text, qualified};
use std::collections::{BTreeMap, BTreeSet};

/// How the changes of one occurrence can be patched.
#[derive(Clone, Debug)]
pub struct Patches {
    /// The alias under which [`PatchColumn::value`] knows the changed row.
    pub alias: String,
    /// Where the rows are that hold a changed row.
    pub location: Location,
    /// Columns by which the changed row can be found again: none of them can be patched.
    pub row_key: Vec<i16>,
    /// Columns that decide something.
    deciding: BTreeSet<i16>,
    leaves: Vec<PatchLeaf>,
}

/// How the stored rows are found that hold a changed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// By the unit key, whose values these columns of the changed row hold.
    Key(Vec<i16>),
    /// By one column of the tview, or where that has no index by a search.
    Column {
        /// Position in the output, from 0.
        position: usize,
        /// The column of the changed row that it equals.
        attnum: i16,
        /// The other way.
        search: ExactSearch,
    },
    /// By the unit keys that a search finds.
    Search(ExactSearch),
}

/// A search from a changed row to exactly the units that hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactSearch {
    /// The statement's parts.
    pub search: RowSearch,
    /// The columns of the changed row that it uses.
    pub columns: Vec<i16>,
}

/// A leaf that depends on columns of the occurrence.
#[derive(Clone, Debug)]
struct PatchLeaf {
    position: usize,
    path: Vec<String>,
    /// The columns of the occurrence that it depends on.
    columns: BTreeSet<i16>,
    /// Its value over the changed row; `None` if that does not suffice.
    value: Option<String>,
    settled: bool,
}

/// What becomes of the stored rows that hold a changed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// One entry for each output column with a leaf that changes, in order.
    pub columns: Vec<PatchColumn>,
    /// The values follow from the changed row alone, whatever the session's settings are.
    pub settled: bool,
}

/// What becomes of one output column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchColumn {
    /// Its position, from 0.
    pub position: usize,
    /// The new value, or the new leaves of the document.
    pub value: PatchValue,
}

impl Patches {
    /// The patch for a row in which these columns have changed; `None` if the units have to be computed anew. A patch without columns
    /// means that nothing changes.
    pub fn of(&self, changed: &BTreeSet<i16>) -> Option<Patch> {
        if !self.deciding.is_disjoint(changed) {
            return None;
        }
        let mut columns: BTreeMap<usize, PatchValue> = BTreeMap::new();
        let mut settled = true;
        let touched =
            |leaf: &&PatchLeaf| leaf.columns.contains(&WHOLE_ROW) || !leaf.columns.is_disjoint(changed);
        for leaf in self.leaves.iter().filter(touched) {
            let value = PatchValue::Value(leaf.value.clone()?);
            settled &= leaf.settled;
            match leaf.path.split_first() {
                None => {
                    columns.insert(leaf.position, value);
                }
                Some((first, rest)) => {
                    let whole = columns.entry(leaf.position);
                    insert(
                        whole.or_insert_with(|| PatchValue::Members(vec![])),
                        first,
                        rest,
                        value,
                    );
                }
            }
        }
        let columns = columns
            .into_iter()
            .map(|(position, value)| PatchColumn { position, value });
        Some(Patch {
            columns: columns.collect(),
            settled,
        })
    }

    /// Whether no change can be patched.
    pub fn is_empty(&self) -> bool {
        self.leaves.iter().all(|leaf| leaf.value.is_none())
    }
}

/// Puts a value at a path below an object.
fn insert(object: &mut PatchValue, first: &str, rest: &[String], value: PatchValue) {
    let PatchValue::Members(members) = object else {
        return;
    };
    let Some((next, below)) = rest.split_first() else {
        members.push((first.to_owned(), value));
        return;
    };
    let known = members.iter().position(|(key, _)| key == first);
    let at = known.unwrap_or_else(|| {
        members.push((first.to_owned(), PatchValue::Members(vec![])));
        members.len() - 1
    });
    insert(&mut members[at].1, next, below, value);
}

/// How changes of an occurrence can be patched; `None` if never.
pub fn patches(view: &View, key: &UnitKey, source: SourceId) -> Option<Patches> {
    let root = key.root?;
    if !key.single || !view.block(ROOT_BLOCK).plain {
        return None;
    }
    let (location, row_key) = locate(view, key, root, source)?;
    let mut deciding = deciding_columns(view, source);
    if source == root {
        let parts = key.columns.iter().filter_map(|part| part.value.as_column());
        deciding.extend(parts.map(|column| column.attnum));
    }
    if deciding.contains(&WHOLE_ROW) {
        return None;
    }
    let patches = Patches {
        alias: alias(source),
        location,
        row_key,
        deciding,
        leaves: leaves(view, source),
    };
    (!patches.is_empty()).then_some(patches)
}

fn alias(source: SourceId) -> String {
    format!("s{}", source.0)
}

// --- What depends on a column.

/// The columns of a table that decide which rows there are, or how they are grouped or ordered, anywhere in the definition.
fn deciding_columns(view: &View, source: SourceId) -> BTreeSet<i16> {
    let mut reached = BTreeSet::new();
    for mention in &view.documents.mentions {
        if mention.role == Role::Link || is_deciding(view, mention.block) {
            reach(view, mention.column, &mut BTreeSet::new(), &mut reached);
        }
    }
    let of_source = reached.into_iter().filter(|column| column.source == source);
    of_source.map(|column| column.attnum).collect()
}

/// Whether whatever a block computes may decide which rows there are: it is a derived table that is more than a join, or a subquery in
/// a condition, or inside one of these.
fn is_deciding(view: &View, block: BlockId) -> bool {
    let mut current = block;
    loop {
        if view.documents.deciding.contains(&current) {
            return true;
        }
        match view.block(current).parent {
            None => return false,
            Some(Parent::Derived(_)) if !view.block(current).plain => return true,
            Some(Parent::Derived(source)) => current = view.source(source).block,
            Some(Parent::Sublink(outer) | Parent::Branch(outer)) => current = outer,
        }
    }
}

/// Adds the table columns that a column's value depends on. `seen` keeps recursive queries from going round.
fn reach(view: &View, column: Column, seen: &mut BTreeSet<Column>, reached: &mut BTreeSet<Column>) {
    if !seen.insert(column) {
        return;
    }
    match view.source(column.source).kind {
        SourceKind::Table(_) => {
            reached.insert(column);
        }
        // What its arguments mention decides how many rows it has.
        SourceKind::Computed => {}
        SourceKind::Recursion(block) => reach_all_in(view, block, seen, reached),
        SourceKind::Derived(block) => match view.documents.output(block, column.attnum) {
            Some(document) if view.block(block).plain => {
                for (_, leaf) in document.leaves() {
                    reach_leaf(view, leaf, seen, reached);
                }
            }
            _ => reach_all_in(view, block, seen, reached),
        },
    }
}

fn reach_leaf(view: &View, leaf: &Leaf, seen: &mut BTreeSet<Column>, reached: &mut BTreeSet<Column>) {
    for column in &leaf.columns {
        reach(view, *column, seen, reached);
    }
    for block in &leaf.subqueries {
        reach_all_in(view, *block, seen, reached);
    }
}

/// Everything that is mentioned in a block and the blocks inside it.
fn reach_all_in(view: &View, block: BlockId, seen: &mut BTreeSet<Column>, reached: &mut BTreeSet<Column>) {
    for mention in &view.documents.mentions {
        if enclosing_blocks(view, mention.block).contains(&block) {
            reach(view, mention.column, seen, reached);
        }
    }
}

/// The leaves of the output that depend on columns of an occurrence.
fn leaves(view: &View, source: SourceId) -> Vec<PatchLeaf> {
    let mut found = Vec::new();
    let outputs = view.documents.outputs.get(&ROOT_BLOCK);
    for (position, document) in outputs.into_iter().flatten().enumerate() {
        collect(view, source, document, position, &[], &mut found);
    }
    found
}

fn collect(
    view: &View,
    source: SourceId,
    document: &Document,
    position: usize,
    path: &[String],
    found: &mut Vec<PatchLeaf>,
) {
    let leaf = match document {
        Document::Object(members) => {
            for (key, member) in members {
                let longer: Vec<String> = path.iter().chain([key]).cloned().collect();
                collect(view, source, member, position, &longer, found);
            }
            return;
        }
        Document::Leaf(leaf) => leaf,
    };
    if let Some(inner) = copied_document(view, leaf) {
        return collect(view, source, inner, position, path, found);
    }
    let mut reached = BTreeSet::new();
    reach_leaf(view, leaf, &mut BTreeSet::new(), &mut reached);
    let columns: BTreeSet<i16> = reached
        .iter()
        .filter(|column| column.source == source)
        .map(|column| column.attnum)
        .collect();
    if columns.is_empty() {
        return;
    }
    let value = leaf
        .value
        .as_ref()
        .and_then(|value| row_value(view, source, value));
    found.push(PatchLeaf {
        position,
        path: path.to_vec(),
        columns,
        value,
        settled: is_settled(view, leaf),
    });
}

/// Whether a leaf's value follows from table columns alone.
fn is_settled(view: &View, leaf: &Leaf) -> bool {
    leaf.settled
        && leaf
            .columns
            .iter()
            .all(|column| match view.source(column.source).kind {
                SourceKind::Table(_) => true,
                SourceKind::Computed | SourceKind::Recursion(_) => false,
                SourceKind::Derived(block) => match view.documents.output(block, column.attnum) {
                    Some(Document::Leaf(inner)) => is_settled(view, inner),
                    Some(Document::Object(_)) | None => false,
                },
            })
}

/// The document of a derived table that a leaf is a copy of, where the derived table always has a row.
fn copied_document<'a>(view: &'a View, leaf: &Leaf) -> Option<&'a Document> {
    let column = leaf.value.as_ref()?.as_column()?;
    let SourceKind::Derived(block) = view.source(column.source).kind else {
        return None;
    };
    if !always_there(view, column.source) || !view.block(block).plain {
        return None;
    }
    view.documents.output(block, column.attnum)
}

/// An expression as text over the changed row, if that suffices.
fn row_value(view: &View, source: SourceId, value: &Expression) -> Option<String> {
    if !value.columns.iter().all(|column| is_transparent(view, *column)) {
        return None;
    }
    let value = Sight::from_source(view, source).expand(value, Depth::Tables)?;
    let table = view.table(source)?;
    let of_row = |column: &Column| column.source == source && column.attnum != WHOLE_ROW;
    if !value.columns.iter().all(of_row) {
        return None;
    }
    let name = |hole: usize| {
        let known = table.column(value.columns[hole].attnum);
        known.map(|column| column.name.clone()).unwrap_or_default()
    };
    Some(
        value
            .template
            .render(|hole| column_text(&alias(source), &name(hole))),
    )
}

/// Whether a column is that of a table, or of a derived table that always has a row and shows it as it is.
fn is_transparent(view: &View, column: Column) -> bool {
    let SourceKind::Derived(block) = view.source(column.source).kind else {
        return view.table(column.source).is_some();
    };
    let position = usize::try_from(column.attnum)
        .ok()
        .and_then(|attnum| attnum.checked_sub(1));
    let output = position.and_then(|position| view.block(block).outputs.get(position)?.as_ref());
    always_there(view, column.source)
        && view.block(block).plain
        && output.is_some_and(|output| output.columns.iter().all(|inner| is_transparent(view, *inner)))
}

/// Whether no outer join of its block can put NULLs in place of a source.
fn always_there(view: &View, source: SourceId) -> bool {
    !view.source(source).nullable
}

// --- Where a row is.

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
fn locate(view: &View, key: &UnitKey, root: SourceId, source: SourceId) -> Option<(Location, Vec<i16>)> {
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
    let mut block = view.source(source).block;
    while block != ROOT_BLOCK {
        let Some(Parent::Derived(outer)) = view.block(block).parent else {
            return false;
        };
        let shows = |kind: &SourceKind| matches!(kind, SourceKind::Derived(inner) if *inner == block);
        let shown = view.sources.iter().filter(|other| shows(&other.kind)).count();
        if !view.block(block).plain || !always_there(view, outer) || shown != 1 {
            return false;
        }
        block = view.source(outer).block;
    }
    view.table(source).is_some()
}

/// The steps from a table to the root, nearest to the table first: each is determined by those after it and the root.
fn way_from(view: &View, root: SourceId, source: SourceId) -> Option<Vec<Step>> {
    let links = Sight::from_source(view, source).links();
    let mut known = BTreeSet::from([root]);
    let mut steps: Vec<Step> = Vec::new();
    // Outwards from the root, one table at a time, until the wanted one is reached.
    while !known.contains(&source) {
        let candidates = view
            .source_ids()
            .filter(|id| !known.contains(id) && is_joined(view, *id));
        let step = candidates
            .filter_map(|id| step_to(view, &links, &known, id))
            .min_by_key(|step| step.source != source)?;
        known.insert(step.source);
        steps.push(step);
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
fn step_to(view: &View, links: &[Link], known: &BTreeSet<SourceId>, source: SourceId) -> Option<Step> {
    let table = view.table(source)?;
    let mut ties: Vec<Tie> = links.iter().filter_map(|link| tie(link, known, source)).collect();
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
    let block = view.block(view.source(source).block);
    let guards = block
        .conditions
        .iter()
        .filter_map(|condition| condition.guard.as_ref());
    let mut count = 0;
    for guard in guards {
        let optional: BTreeSet<SourceId> = guard
            .iter()
            .flat_map(|optional| sources_below(view, *optional))
            .collect();
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
