//! Views as analysis would describe them, planned and brought into SQL text.

use std::collections::BTreeSet;

use pg_tviews_ir::{
    Block, BlockId, Column, Condition, Document, Equality, Expression, Leaf, Mention, OutputColumn, Parent,
    ROOT_BLOCK, Role, Source, SourceId, SourceKind, Table, TableColumn, Template, Use, View,
};
use pg_tviews_planner::Finding;
use pg_tviews_sqltext::{Batch, KeyColumn, NEW_ROWS, OLD_ROWS, TviewText};

/// Columns of every table: `pk`, two links, then those that documents show.
const COLUMNS: [&str; 6] = ["pk", "fk_one", "fk_two", "name", "price", "note"];
const PK: i16 = 1;
const FK_ONE: i16 = 2;
const FK_TWO: i16 = 3;
const NAME: i16 = 4;
const PRICE: i16 = 5;

/// A product with its category, that one's parent, its supplier if it has one, and a subquery over its reviews.
pub fn star() -> View {
    let mut draft = Draft::default();
    let product = draft.table(ROOT_BLOCK, "product");
    let category = draft.table(ROOT_BLOCK, "category");
    let parent = draft.table(ROOT_BLOCK, "parent");
    let supplier = draft.table(ROOT_BLOCK, "supplier");
    draft.equal(ROOT_BLOCK, (product, FK_ONE), (category, PK), false);
    draft.equal(ROOT_BLOCK, (category, FK_ONE), (parent, PK), true);
    draft.equal(ROOT_BLOCK, (product, FK_TWO), (supplier, PK), true);
    let reviews = draft.subquery();
    let review = draft.table(reviews, "review");
    draft.equal(reviews, (review, FK_ONE), (product, PK), false);
    draft.mention(reviews, (review, PRICE), Role::Leaf);
    let members = vec![
        ("name", draft.leaf((product, NAME))),
        ("price", draft.leaf((product, PRICE))),
        ("category", draft.leaf((category, NAME))),
        ("parent", draft.leaf((parent, NAME))),
        ("supplier", draft.leaf((supplier, NAME))),
        (
            "reviews",
            Document::Leaf(Leaf {
                subqueries: vec![reviews],
                ..Leaf::default()
            }),
        ),
    ];
    draft.finished(product, members)
}

/// `length` tables, each linked to the one before it.
pub fn chain(length: usize) -> View {
    let mut draft = Draft::default();
    let tables: Vec<SourceId> = (0..length)
        .map(|number| draft.table(ROOT_BLOCK, &format!("table_{number}")))
        .collect();
    for pair in tables.windows(2) {
        draft.equal(ROOT_BLOCK, (pair[0], FK_ONE), (pair[1], PK), false);
    }
    let members = tables
        .iter()
        .map(|table| ("name", draft.leaf((*table, NAME))))
        .collect();
    draft.finished(tables[0], members)
}

/// A view in the making.
struct Draft {
    view: View,
}

impl Default for Draft {
    fn default() -> Draft {
        let root = Block {
            plain: true,
            ..Block::default()
        };
        Draft {
            view: View {
                blocks: vec![root],
                ..View::default()
            },
        }
    }
}

impl Draft {
    fn table(&mut self, block: BlockId, name: &str) -> SourceId {
        let columns = COLUMNS.iter().zip(1..).map(|(column, attnum)| TableColumn {
            attnum,
            name: (*column).to_owned(),
            not_null: attnum == PK,
        });
        let table = Table {
            oid: 1_000 + self.view.sources.len() as u32,
            schema: "public".to_owned(),
            name: format!("tb_{name}"),
            columns: columns.collect(),
            unique_keys: vec![vec![PK]],
            deferrable_keys: vec![],
            indexes: vec![vec![PK], vec![FK_ONE]],
        };
        self.view.sources.push(Source {
            block,
            alias: name.to_owned(),
            nullable: false,
            kind: SourceKind::Table(table),
        });
        SourceId(self.view.sources.len() - 1)
    }

    fn subquery(&mut self) -> BlockId {
        self.view.blocks.push(Block {
            parent: Some(Parent::Sublink(ROOT_BLOCK)),
            at_most_one_row: true,
            ..Block::default()
        });
        BlockId(self.view.blocks.len() - 1)
    }

    /// A condition of a join, of an outer one if the right table is `optional`.
    fn equal(&mut self, block: BlockId, left: (SourceId, i16), right: (SourceId, i16), optional: bool) {
        let [left, right] = [left, right].map(|(source, attnum)| Column { source, attnum });
        for column in [left, right] {
            self.mention(block, (column.source, column.attnum), Role::Link);
        }
        if optional {
            self.view.sources[right.source.0].nullable = true;
            self.view.optional_sides.push(BTreeSet::from([right.source]));
        }
        // The text is a template, so the other one is never taken.
        let template = Template::parse("$1 = $2", 2).unwrap_or_else(|_| Template::single_hole());
        self.view.blocks[block.0].conditions.push(Condition {
            expression: Expression {
                template,
                columns: vec![left, right],
                strict: BTreeSet::from([left, right]),
                merges: vec![],
            },
            guard: optional.then(|| BTreeSet::from([right.source])),
            nullable: BTreeSet::new(),
            equality: Some(Equality {
                left,
                right,
                same_type: true,
            }),
            harmless: true,
        });
    }

    fn mention(&mut self, block: BlockId, (source, attnum): (SourceId, i16), role: Role) {
        let column = Column { source, attnum };
        self.view
            .documents
            .mentions
            .insert(Mention { block, column, role });
        self.view.uses.insert(Use { column, role });
    }

    fn leaf(&mut self, (source, attnum): (SourceId, i16)) -> Document {
        self.mention(ROOT_BLOCK, (source, attnum), Role::Leaf);
        let column = Column { source, attnum };
        Document::Leaf(Leaf {
            value: Some(Expression::of_column(column)),
            columns: BTreeSet::from([column]),
            settled: true,
            ..Leaf::default()
        })
    }

    /// The view of a key and a document.
    fn finished(mut self, root: SourceId, members: Vec<(&str, Document)>) -> View {
        let key = Column {
            source: root,
            attnum: PK,
        };
        let of_key = self.leaf((root, PK));
        let members = members
            .into_iter()
            .zip(0..)
            .map(|((name, member), number): (_, u32)| (format!("{name}_{number}"), member))
            .collect();
        self.view.columns = vec![output("pk", Some(key)), output("data", None)];
        self.view.blocks[0].outputs = vec![Some(Expression::of_column(key)), None];
        self.view
            .documents
            .outputs
            .insert(ROOT_BLOCK, vec![of_key, Document::Object(members)]);
        self.view
    }
}

fn output(name: &str, copies: Option<Column>) -> OutputColumn {
    OutputColumn {
        name: name.to_owned(),
        copies,
        type_oid: 0,
        collation: 0,
        shown: vec![],
        key: true,
        searchable: true,
    }
}

/// Plans the view; counts what leads to its units.
pub fn plan(view: View) -> Box<dyn Fn() -> usize> {
    Box::new(move || {
        let plan = pg_tviews_planner::plan(&view, None);
        plan.map_or(0, |plan| {
            let narrow = |finding: &Finding| !matches!(finding, Finding::Everything);
            plan.occurrences
                .iter()
                .filter(|occurrence| narrow(&occurrence.finding))
                .count()
        })
    })
}

/// Finds out how each change of a name is patched; counts those that are.
pub fn patches(view: View) -> Box<dyn Fn() -> usize> {
    let planned = pg_tviews_planner::plan(&view, None);
    Box::new(move || {
        let Ok(plan) = &planned else { return 0 };
        let of_name = |source: SourceId| {
            let patches = pg_tviews_planner::patches(&view, &plan.key, source)?;
            patches.of(&BTreeSet::from([NAME]))
        };
        view.source_ids().filter_map(of_name).count()
    })
}

/// The statements that search the units of changed rows.
pub fn search_text(view: View) -> Box<dyn Fn() -> usize> {
    let planned = pg_tviews_planner::plan(&view, None);
    Box::new(move || {
        let Ok(plan) = &planned else { return 0 };
        let text = |finding: &Finding| match finding {
            Finding::Search(search) => search.statement(&[OLD_ROWS, NEW_ROWS]).len(),
            Finding::Direct(_) | Finding::Everything => 0,
        };
        plan.occurrences
            .iter()
            .map(|occurrence| text(&occurrence.finding))
            .sum()
    })
}

/// The statements that bring a tview of a key and twenty columns up to date.
pub fn maintenance_text() -> Box<dyn Fn() -> usize> {
    let column = |number: u32| (format!("column_{number}"), format!("column_{number}"));
    let tview = TviewText {
        table: pg_tviews_sqltext::qualified("public", "tv_product"),
        definition: pg_tviews_sqltext::qualified("tviews", "public.tv_product"),
        columns: (0..20).map(column).collect(),
        key: vec![KeyColumn {
            position: 0,
            equals: "OPERATOR(\"pg_catalog\".=)".to_owned(),
            nullable: false,
        }],
        single: true,
        composite: false,
        lateral: false,
        listed: false,
        restricted: None,
        loose: vec![],
    };
    Box::new(move || {
        let batch = Batch::default();
        [
            tview.upsert_one(),
            tview.upsert_many(batch),
            tview.delete_one(),
            tview.delete_many(batch),
            tview.replace_many(batch),
        ]
        .iter()
        .map(String::len)
        .sum()
    })
}
