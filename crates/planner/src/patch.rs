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
//! Rows that are elements of a list are another case: see [`crate::elements`].
//!
//! Where one of the three fails the unit is computed anew.

use crate::UnitKey;
use crate::elements::{Elements, elements};
use crate::locate::locate;
use crate::resolve::{Depth, Known, Sight, enclosing_blocks};
use pg_tviews_ir::{
    BlockId, Column, Document, Expression, Leaf, Parent, ROOT_BLOCK, Role, SourceId, SourceKind, View,
    WHOLE_ROW, checkpoint,
};
use pg_tviews_sqltext::{PatchValue, RowSearch, column as column_text};
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
        /// The column of the root that it shows.
        root: Column,
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
    path: Vec<Step>,
    /// The columns of the occurrence that it depends on.
    columns: BTreeSet<i16>,
    /// Its value over the changed row; `None` if that does not suffice.
    value: Option<String>,
    settled: bool,
}

/// One step of the way to a leaf.
#[derive(Clone, Debug)]
struct Step {
    /// The member's key.
    key: String,
    /// Where it is a member of an element of a list: the member by which the element is known, and its value.
    element: Option<(String, String)>,
}

impl Step {
    fn member(key: &str) -> Step {
        Step {
            key: key.to_owned(),
            element: None,
        }
    }

    /// What the step leads out of, without members.
    fn container(&self) -> PatchValue {
        match &self.element {
            None => PatchValue::Members(vec![]),
            Some((key, value)) => PatchValue::Element {
                key: key.clone(),
                value: value.clone(),
                members: vec![],
            },
        }
    }
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
            match leaf.path.first() {
                None => {
                    columns.insert(leaf.position, value);
                }
                Some(first) => {
                    let whole = columns.entry(leaf.position).or_insert_with(|| first.container());
                    put(whole, &leaf.path, value);
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

    /// The list in which changed rows are elements: the output's position, and the keys that lead to it.
    pub fn list(&self) -> Option<(usize, Vec<&str>)> {
        self.leaves.iter().find_map(|leaf| {
            let element = leaf.path.iter().position(|step| step.element.is_some())?;
            let path = leaf.path.iter().take(element);
            Some((leaf.position, path.map(|step| step.key.as_str()).collect()))
        })
    }

    /// Whether no change can be patched.
    pub fn is_empty(&self) -> bool {
        self.leaves.iter().all(|leaf| leaf.value.is_none())
    }
}

/// Puts a value at a path below an object.
pub(crate) fn insert(object: &mut PatchValue, first: &str, rest: &[String], value: PatchValue) {
    let rest = rest.iter().map(String::as_str);
    let path: Vec<Step> = std::iter::once(first).chain(rest).map(Step::member).collect();
    put(object, &path, value);
}

fn put(container: &mut PatchValue, path: &[Step], value: PatchValue) {
    let (PatchValue::Members(members) | PatchValue::Element { members, .. }) = container else {
        return;
    };
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    let Some(next) = rest.first() else {
        members.push((step.key.clone(), value));
        return;
    };
    let known = members.iter().position(|(key, _)| *key == step.key);
    let at = known.unwrap_or_else(|| {
        members.push((step.key.clone(), next.container()));
        members.len() - 1
    });
    put(&mut members[at].1, rest, value);
}

/// How changes of an occurrence can be patched; `None` if never.
pub fn patches(view: &View, key: &UnitKey, source: SourceId) -> Option<Patches> {
    let root = key.root?;
    if !key.single || !view.block(ROOT_BLOCK).plain {
        return None;
    }
    let mut deciding = deciding_columns(view, source);
    let mut list = None;
    let (location, row_key) = match locate(view, key, root, source) {
        Some(located) => located,
        None => {
            let elements = list.insert(elements(view, key, source)?);
            deciding.extend(placing_columns(view, source, elements));
            (Location::Key(elements.unit.clone()), vec![elements.key.1])
        }
    };
    if source == root {
        let parts = key.columns.iter().filter_map(|part| part.value.as_column());
        deciding.extend(parts.map(|column| column.attnum));
    }
    if deciding.contains(&WHOLE_ROW) {
        return None;
    }
    let mut collection = Collection {
        view,
        source,
        list: list.as_ref(),
        found: Vec::new(),
        visited: 0,
    };
    collection.outputs();
    if collection.visited > MOST_LEAVES {
        return None;
    }
    let patches = Patches {
        alias: alias(source),
        location,
        row_key,
        deciding,
        leaves: collection.found,
    };
    (!patches.is_empty()).then_some(patches)
}

pub(crate) fn alias(source: SourceId) -> String {
    format!("s{}", source.0)
}

// --- What depends on a column.

/// The columns of a table that decide which rows there are, or how they are grouped or ordered, anywhere in the definition.
fn deciding_columns(view: &View, source: SourceId) -> BTreeSet<i16> {
    let known = view.memo.get::<Known>();
    let deciding = known.deciding.get_or_init(|| {
        let mut reach = Reach::new(view);
        for mention in &view.documents.mentions {
            if mention.role == Role::Link || is_deciding(view, mention.block) {
                reach.column(mention.column);
            }
        }
        reach.reached
    });
    of_source(deciding, source)
}

fn of_source(columns: &BTreeSet<Column>, source: SourceId) -> BTreeSet<i16> {
    let of_source = columns.iter().filter(|column| column.source == source);
    of_source.map(|column| column.attnum).collect()
}

/// The columns of a table that decide whether a row has an element in a list, which one, and where.
fn placing_columns(view: &View, source: SourceId, elements: &Elements<'_>) -> BTreeSet<i16> {
    let mut reach = Reach::new(view);
    for column in &elements.rows.placing {
        reach.column(*column);
    }
    let placing = of_source(&reach.reached, source).into_iter();
    placing
        .chain(elements.unit.iter().copied())
        .chain([elements.key.1])
        .collect()
}

/// Whether whatever a block computes may decide which rows there are: it is a derived table that is more than a join and a LIMIT (of
/// which the order and the filters decide), or a subquery in a condition, or inside one of these.
pub(crate) fn is_deciding(view: &View, block: BlockId) -> bool {
    let mut current = block;
    loop {
        if view.documents.deciding.contains(&current) {
            return true;
        }
        match view.block(current).parent {
            None => return false,
            Some(Parent::Derived(_)) if !is_row_by_row(view, current) => return true,
            Some(Parent::Derived(source)) => current = view.source(source).block,
            Some(Parent::Sublink(outer) | Parent::Branch(outer)) => current = outer,
        }
    }
}

/// Whether the rows of a block are made of single combinations of rows, each or some of them.
fn is_row_by_row(view: &View, block: BlockId) -> bool {
    let block = view.block(block);
    block.plain || block.picks
}

/// The table columns that values depend on.
struct Reach<'v> {
    view: &'v View,
    reached: BTreeSet<Column>,
    /// What has been looked at: also keeps recursive queries from going round.
    columns: BTreeSet<Column>,
    blocks: BTreeSet<BlockId>,
}

impl<'v> Reach<'v> {
    fn new(view: &'v View) -> Reach<'v> {
        Reach {
            view,
            reached: BTreeSet::new(),
            columns: BTreeSet::new(),
            blocks: BTreeSet::new(),
        }
    }

    /// Adds those that a column's value depends on.
    fn column(&mut self, column: Column) {
        checkpoint();
        if !self.columns.insert(column) {
            return;
        }
        match self.view.source(column.source).kind {
            SourceKind::Table(_) => {
                self.reached.insert(column);
            }
            // What its arguments mention decides how many rows it has.
            SourceKind::Computed => {}
            SourceKind::Recursion(block) => self.all_in(block),
            SourceKind::Derived(block) => match self.view.documents.output(block, column.attnum) {
                Some(document) if is_row_by_row(self.view, block) => {
                    for (_, leaf) in document.leaves() {
                        self.leaf(leaf);
                    }
                }
                _ => self.all_in(block),
            },
        }
    }

    fn leaf(&mut self, leaf: &Leaf) {
        for column in &leaf.columns {
            self.column(*column);
        }
        for block in &leaf.subqueries {
            self.all_in(*block);
        }
    }

    /// Everything that is mentioned in a block and the blocks inside it.
    fn all_in(&mut self, block: BlockId) {
        if !self.blocks.insert(block) {
            return;
        }
        let view = self.view;
        for mention in &view.documents.mentions {
            if enclosing_blocks(view, mention.block).contains(&block) {
                self.column(mention.column);
            }
        }
    }
}

/// The leaves of the output that depend on columns of an occurrence.
struct Collection<'c, 'v> {
    view: &'v View,
    source: SourceId,
    /// The list of which the occurrence's rows are elements, if they are.
    list: Option<&'c Elements<'v>>,
    found: Vec<PatchLeaf>,
    /// How many leaves have been looked at.
    visited: usize,
}

/// A document of more leaves is not patched: derived tables can show those below them twice, and these again.
const MOST_LEAVES: usize = 20_000;

impl<'v> Collection<'_, 'v> {
    fn outputs(&mut self) {
        let outputs = self.view.documents.outputs.get(&ROOT_BLOCK);
        for (position, document) in outputs.into_iter().flatten().enumerate() {
            self.collect(document, position, &[]);
        }
    }

    fn collect(&mut self, document: &'v Document, position: usize, path: &[&str]) {
        checkpoint();
        self.visited += 1;
        if self.visited > MOST_LEAVES {
            return;
        }
        let leaf = match document {
            Document::Object(members) => {
                for (key, member) in members {
                    let longer: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                    self.collect(member, position, &longer);
                }
                return;
            }
            Document::Leaf(leaf) => leaf,
        };
        if let Some(inner) = copied_document(self.view, leaf) {
            return self.collect(inner, position, path);
        }
        let path: Vec<Step> = path.iter().copied().map(Step::member).collect();
        if let Some(list) = self.list.filter(|list| list.are_shown_by(leaf)) {
            for member in &list.rows.members {
                self.member(list, member, position, &path);
            }
            return;
        }
        let value = leaf.value.as_ref();
        let value = value.and_then(|value| row_value(self.view, self.source, value));
        self.add(leaf, position, path, value);
    }

    /// The leaves of a list's element at and below one of its members.
    fn member(
        &mut self,
        list: &Elements<'v>,
        (key, document): &'v (String, Document),
        position: usize,
        path: &[Step],
    ) {
        let element = list
            .key_value(self.view)
            .map(|value| (list.key.0.to_owned(), value));
        for (inner, leaf) in document.leaves() {
            let first = Step {
                key: key.clone(),
                element: element.clone(),
            };
            let inner = inner.into_iter().map(Step::member);
            let path = path.iter().cloned().chain([first]).chain(inner).collect();
            let value = leaf.value.as_ref();
            let value = value.and_then(|value| list.value(self.view, value));
            self.add(leaf, position, path, value.filter(|_| element.is_some()));
        }
    }

    /// Adds a leaf, if it depends on columns of the occurrence.
    fn add(&mut self, leaf: &Leaf, position: usize, path: Vec<Step>, value: Option<String>) {
        let mut reach = Reach::new(self.view);
        reach.leaf(leaf);
        let columns = of_source(&reach.reached, self.source);
        if !columns.is_empty() {
            self.found.push(PatchLeaf {
                position,
                path,
                columns,
                value,
                settled: is_settled(self.view, leaf),
            });
        }
    }
}

/// Whether a leaf's value follows from table columns alone.
fn is_settled(view: &View, leaf: &Leaf) -> bool {
    leaf.settled && leaf.columns.iter().all(|column| is_settled_column(view, *column))
}

fn is_settled_column(view: &View, column: Column) -> bool {
    let block = match view.source(column.source).kind {
        SourceKind::Table(_) => return true,
        SourceKind::Computed | SourceKind::Recursion(_) => return false,
        SourceKind::Derived(block) => block,
    };
    let memo = view.memo.get::<Known>();
    if let Some(known) = memo.settled.borrow().get(&column) {
        return *known;
    }
    let settled = match view.documents.output(block, column.attnum) {
        Some(Document::Leaf(inner)) => is_settled(view, inner),
        Some(Document::Object(_)) | None => false,
    };
    memo.settled.borrow_mut().insert(column, settled);
    settled
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
    let memo = view.memo.get::<Known>();
    if let Some(known) = memo.transparent.borrow().get(&column) {
        return *known;
    }
    let position = usize::try_from(column.attnum)
        .ok()
        .and_then(|attnum| attnum.checked_sub(1));
    let output = position.and_then(|position| view.block(block).outputs.get(position)?.as_ref());
    let transparent = always_there(view, column.source)
        && view.block(block).plain
        && output.is_some_and(|output| output.columns.iter().all(|inner| is_transparent(view, *inner)));
    memo.transparent.borrow_mut().insert(column, transparent);
    transparent
}

/// Whether no outer join of its block can put NULLs in place of a source.
pub(crate) fn always_there(view: &View, source: SourceId) -> bool {
    !view.source(source).nullable
}

// --- Where a row is.
