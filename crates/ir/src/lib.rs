//! The owned intermediate representation of a view definition.
//!
//! PostgreSQL parses and analyses a definition; the extension walks the resulting `Query` once and writes down what
//! maintenance needs to know in these types. Nothing in here points into PostgreSQL's memory, and nothing in here needs
//! a server: planning rules are tested by building a [`View`] by hand.
//!
//! * A **source** is one occurrence of a table (or derived table, or table function) in a FROM clause. The same table
//!   twice is two sources.
//! * A **block** is one SELECT: the definition itself, a derived table, an inlined view, or a subquery in an expression.
//! * A **condition** is one conjunct of a WHERE or ON clause, with what has to hold before it may be relied upon.
//! * A **template** is SQL text with numbered holes for columns, so that a planner can place it over any alias.

mod checkpoint;
mod display;
mod document;
mod memo;
mod summary;
mod template;
mod validate;

pub use checkpoint::{checkpoint, set_checkpoint};
pub use document::{Document, Documents, Leaf, List, Mention, Rows, Sort, SortKind};
pub use memo::Memo;
pub use summary::{Aggregate, AggregateFunction, Number, Part, Shape, Summary};
pub use template::{Template, TemplateError};
pub use validate::{Defect, validate};

use std::collections::BTreeSet;

/// PostgreSQL's object identifier.
pub type Oid = u32;

/// Attribute number of a whole-row reference (`p.*` as one value).
pub const WHOLE_ROW: i16 = 0;

/// Identifies a source within one [`View`]: an index into [`View::sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub usize);

/// Identifies a block within one [`View`]: an index into [`View::blocks`]. Block 0 is the definition itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub usize);

/// The block of the definition itself.
pub const ROOT_BLOCK: BlockId = BlockId(0);

/// A column of a source. For a table `attnum` is its attribute number ([`WHOLE_ROW`] for the whole row); for a derived
/// table it is the position in the block's outputs, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column {
    /// The source that the column belongs to.
    pub source: SourceId,
    /// Attribute number, from 1; [`WHOLE_ROW`] for the whole row.
    pub attnum: i16,
}

/// A whole view definition.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// All blocks; the first is the definition itself.
    pub blocks: Vec<Block>,
    /// All sources of all blocks.
    pub sources: Vec<Source>,
    /// The output columns, in order.
    pub columns: Vec<OutputColumn>,
    /// Sides of outer joins: sources that a row of NULLs replaces together.
    pub optional_sides: Vec<BTreeSet<SourceId>>,
    /// Every use of a source's column, anywhere in the definition.
    pub uses: BTreeSet<Use>,
    /// The views that were inlined, as (oid, display name).
    pub inlined_views: Vec<(Oid, String)>,
    /// Tables that are read with the rows of their partitions or of the tables that inherit from them (not with ONLY).
    pub with_members: BTreeSet<Oid>,
    /// All its tables are UNLOGGED, so that the tview has to be, too.
    pub unlogged: bool,
    /// True if the text that the definition produces can depend on session settings such as `TimeZone`.
    pub setting_dependent: bool,
    /// What the outputs are made of.
    pub documents: Documents,
    /// What planning has found out about it. Who changes blocks or sources after that starts from a copy.
    pub memo: Memo,
}

/// One output column of the definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// The source column it copies, where it is nothing but a column.
    pub copies: Option<Column>,
    /// Its type.
    pub type_oid: Oid,
    /// Its collation; 0 if its type has none.
    pub collation: Oid,
    /// The source columns that it shows outside of aggregates.
    pub shown: Vec<Column>,
    /// Its values can be keys: the type has an ordering and an array type.
    pub key: bool,
    /// Its values can be looked up, however long they are: besides, they have a hash function or a fixed length.
    pub searchable: bool,
}

/// How a column is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Its value goes into the output only.
    Leaf,
    /// It decides which rows take part, or in which order or group.
    Link,
}

/// One use of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The column used.
    pub column: Column,
    /// What for.
    pub role: Role,
}

/// One occurrence of something that produces rows.
#[derive(Clone, Debug)]
pub struct Source {
    /// The block in whose FROM clause it stands.
    pub block: BlockId,
    /// The name under which the definition knows it.
    pub alias: String,
    /// True if an outer join of its block can replace its columns by NULLs.
    pub nullable: bool,
    /// What it is.
    pub kind: SourceKind,
}

/// What a source is.
#[derive(Clone, Debug)]
pub enum SourceKind {
    /// A table, another tview included.
    Table(Table),
    /// A derived table or an inlined view.
    Derived(BlockId),
    /// Rows that no write can change: a table function over other columns, or VALUES.
    Computed,
    /// Inside a recursive WITH query: the rows that this block, the whole WITH query, has produced so far.
    Recursion(BlockId),
}

/// A table as the definition sees it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its oid.
    pub oid: Oid,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, without dropped ones.
    pub columns: Vec<TableColumn>,
    /// Unique keys that always hold: immediate, total, plain columns; the primary key first.
    pub unique_keys: Vec<Vec<i16>>,
    /// Unique keys that need not hold in the middle of a transaction (DEFERRABLE).
    pub deferrable_keys: Vec<Vec<i16>>,
    /// Column lists of all usable indexes, for advice on missing ones.
    pub indexes: Vec<Vec<i16>>,
}

impl Table {
    /// The column with this attribute number.
    pub fn column(&self, attnum: i16) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.attnum == attnum)
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// Attribute number, from 1.
    pub attnum: i16,
    /// Its name.
    pub name: String,
    /// Whether it is declared NOT NULL.
    pub not_null: bool,
}

/// How a block hangs below another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// It is this source of its parent's FROM clause.
    Derived(SourceId),
    /// It is a subquery in an expression of this block.
    Sublink(BlockId),
    /// It is a branch of this block's set operation.
    Branch(BlockId),
}

/// One SELECT, or a set operation whose branches are SELECTs.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Where it hangs; `None` for the definition itself.
    pub parent: Option<Parent>,
    /// For each output the expression that ties it to the block's rows, where a changed row can only influence output
    /// rows that have its own (old or new) value there: any plain expression of a block without grouping, the group keys of
    /// a grouped one, what all windows partition by, nothing below LIMIT. Empty for a set operation: its branches have them.
    pub outputs: Vec<Option<Expression>>,
    /// The conjuncts of its WHERE clause and of the ON clauses of its joins.
    pub conditions: Vec<Condition>,
    /// Each of its rows sums up a group of the FROM clause's rows that pass its conditions, and nothing else decides which rows there
    /// are: GROUP BY, or aggregates without it, but no HAVING, DISTINCT, LIMIT, grouping sets or set-returning functions.
    pub sums_up: bool,
    /// A conjunct of its WHERE clause or joins is not among `conditions`.
    pub hides_conditions: bool,
    /// Never more than one row (an aggregate without GROUP BY, or LIMIT 1).
    pub at_most_one_row: bool,
    /// The outputs (positions from 1) by which the rows are grouped: GROUP BY, DISTINCT, the columns that a set operation compares.
    pub group_outputs: Vec<i16>,
    /// All that the rows are grouped by is in `group_outputs`: together these are unique.
    pub groups_in_output: bool,
    /// The outputs (positions from 1) whose value is one of several that are equal but written differently (5.0 and 5.00), and chance
    /// decides which: what rows are grouped by or told apart by, where the type has such values.
    pub loose: BTreeSet<i16>,
    /// Rows come from single combinations of the FROM clause's rows (no grouping, DISTINCT, LIMIT, window, set operation).
    pub plain: bool,
    /// Rows come from single combinations of the FROM clause's rows, but LIMIT or OFFSET may leave some out.
    pub picks: bool,
    /// Columns by which its rows are ordered: of two rows that differ in one of them it is not left to chance which comes first.
    pub ordered_by: BTreeSet<Column>,
    /// PostgreSQL computes it apart from a query around it, although it is plain: it has an ORDER BY or a WITH clause.
    pub apart: bool,
    /// A combination of the FROM clause's rows can give several rows: a set-returning function in the select list.
    pub repeats: bool,
    /// The branches of a set operation, in the order of the text; those of nested operations included.
    pub branches: Vec<BlockId>,
    /// A changed row of a branch can influence only rows that have its own values: not so under LIMIT or in a recursion.
    pub passes_values: bool,
    /// PostgreSQL lets no condition on the output reach inside: EXCEPT, grouping sets, a recursion.
    pub opaque: bool,
    /// The query's text, for a derived table that refers to nothing outside itself.
    pub text: Option<String>,
}

/// An expression with holes for columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// The text with holes; hole *n* stands for `columns[n]`.
    pub template: Template,
    /// What fills the holes.
    pub columns: Vec<Column>,
    /// Columns that, when NULL, make the expression NULL; those of a condition: that keep it from being true.
    pub strict: BTreeSet<Column>,
    /// Not empty if the expression is nothing but the first of these columns that is not NULL, as a column merged by FULL JOIN
    /// USING is.
    pub merges: Vec<Column>,
}

impl Expression {
    /// The expression that is nothing but a column.
    pub fn of_column(column: Column) -> Expression {
        Expression {
            template: Template::single_hole(),
            columns: vec![column],
            strict: BTreeSet::from([column]),
            merges: vec![],
        }
    }

    /// The column, if the expression is nothing else.
    pub fn as_column(&self) -> Option<Column> {
        (self.template.is_single_hole() && self.columns.len() == 1).then(|| self.columns[0])
    }
}

/// One conjunct of a WHERE or ON clause.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The conjunct.
    pub expression: Expression,
    /// It is certain to hold for a combination of rows only if that combination has a real row (not one made of NULLs)
    /// of one of these sources. `None`: it always holds for rows that reach the block's output.
    pub guard: Option<BTreeSet<SourceId>>,
    /// Sources of the block that may be NULLs made by an outer join where the condition is evaluated.
    pub nullable: BTreeSet<SourceId>,
    /// Set if the condition is an equality of two columns.
    pub equality: Option<Equality>,
    /// Its evaluation can't fail, whatever the columns hold.
    pub harmless: bool,
}

/// An equality of two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equality {
    /// One side.
    pub left: Column,
    /// The other side.
    pub right: Column,
    /// Both sides have one type and collation and the operator is that type's own equality, so that the value of one side can
    /// stand for the value of the other.
    pub same_type: bool,
}

impl View {
    /// The source with this id.
    pub fn source(&self, id: SourceId) -> &Source {
        &self.sources[id.0]
    }

    /// The block with this id.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0]
    }

    /// All source ids.
    pub fn source_ids(&self) -> impl Iterator<Item = SourceId> + use<> {
        (0..self.sources.len()).map(SourceId)
    }

    /// The table behind a source, if it is one.
    pub fn table(&self, id: SourceId) -> Option<&Table> {
        match &self.source(id).kind {
            SourceKind::Table(table) => Some(table),
            SourceKind::Derived(_) | SourceKind::Computed | SourceKind::Recursion(_) => None,
        }
    }

    /// The oids of all tables that it reads, each once, in order.
    pub fn tables(&self) -> BTreeSet<Oid> {
        let tables = self.source_ids().filter_map(|source| self.table(source));
        tables.map(|table| table.oid).collect()
    }

    /// The block that contains block `id`, and how.
    pub fn parent_block(&self, id: BlockId) -> Option<BlockId> {
        match self.block(id).parent? {
            Parent::Derived(source) => Some(self.source(source).block),
            Parent::Sublink(block) | Parent::Branch(block) => Some(block),
        }
    }

    /// The SELECTs whose rows make up a block's output: the block itself, or the branches of its set operation.
    pub fn leaves(&self, id: BlockId) -> Vec<BlockId> {
        let branches = &self.block(id).branches;
        if branches.is_empty() {
            vec![id]
        } else {
            branches.iter().flat_map(|branch| self.leaves(*branch)).collect()
        }
    }

    /// Number of a block's output columns.
    pub fn width(&self, id: BlockId) -> usize {
        self.leaves(id)
            .first()
            .map_or(0, |leaf| self.block(*leaf).outputs.len())
    }
}
