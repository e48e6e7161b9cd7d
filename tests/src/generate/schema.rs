//! Random schemas: tables that refer to each other, with all kinds of keys, and views over them.

use super::kinds;
use super::types::{Extras, KEYS, ROUTINES, Ty, copy_text};
use crate::fragment::Fragment;
use crate::rng::Rng;
use crate::{parts, sql};

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name, unquoted.
    pub name: String,
    /// Its type.
    pub ty: Ty,
    /// Whether it takes NULL.
    pub nullable: bool,
}

/// Columns of one relation that hold the key of another.
#[derive(Clone, Debug)]
pub struct Link {
    /// Positions of the columns.
    pub columns: Vec<usize>,
    /// The other table.
    pub target: usize,
    /// Types of the key there; those of the columns may be other ones with an equality between them.
    pub types: Vec<Ty>,
    /// Whether a foreign key enforces it.
    pub enforced: bool,
}

/// What a relation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A table.
    Table,
    /// A view over tables.
    View,
    /// A tview.
    Tview,
    /// A derived table in a definition.
    Derived,
    /// The columns of a source that a grouped query has left.
    Groups,
}

/// A table, a view or a tview, as definitions and statements see it.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its name, unquoted.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Positions of the key's columns; none when rows may be equal.
    pub key: Vec<usize>,
    /// Its links to tables.
    pub links: Vec<Link>,
    /// The table whose keys its key names: its own position for a table, its root's for a view.
    pub entity: usize,
    /// Whether its key is a primary key, which determines all columns of a group.
    pub primary: bool,
    /// Whether its last column is computed, and so not written.
    pub generated: bool,
    /// Its partitions, or tables that inherit from it.
    pub parts: Vec<Part>,
    /// About how many rows it has.
    pub size: usize,
}

/// A partition, or a table that inherits.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Which rows a partition has.
    pub bound: String,
}

/// About how many rows a table has.
pub const TABLE_SIZE: usize = 14;

/// A schema.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// All relations: a link's target stands at its position.
    pub relations: Vec<Relation>,
    /// The statements that make them.
    pub statements: Vec<Fragment>,
    /// The statements that fill them.
    pub data: Vec<Fragment>,
    /// PostgreSQL's major version.
    pub version: u32,
    /// What types there are beyond those that every server has.
    pub extras: Extras,
    /// Whether its tables are unlogged; all are, because a tview over a mixture is refused.
    pub unlogged: bool,
    /// Whether the sources of all definitions hang together by their links.
    pub tame: bool,
    /// How many tviews there are.
    pub tviews: usize,
}

impl Relation {
    /// Positions of the columns that are neither key nor link.
    pub fn data_columns(&self) -> Vec<usize> {
        (0..self.columns.len())
            .filter(|at| !self.key.contains(at) && !self.links.iter().any(|link| link.columns.contains(at)))
            .collect()
    }

    /// Positions of the columns that a statement can give values.
    pub fn written(&self) -> Vec<usize> {
        (0..self.columns.len() - usize::from(self.generated)).collect()
    }

    /// Those among them that are neither key nor link.
    pub fn settable_columns(&self) -> Vec<usize> {
        let written = self.written();
        let mut columns = self.data_columns();
        columns.retain(|at| written.contains(at));
        columns
    }

    /// Names of the columns at these positions, with an alias or without.
    pub fn names(&self, alias: &str, positions: &[usize]) -> Vec<String> {
        let dot = if alias.is_empty() { "" } else { "." };
        positions
            .iter()
            .map(|at| format!("{alias}{dot}{}", self.columns[*at].name))
            .collect()
    }

    /// An ORDER BY list that puts rows into one order, but for equal rows.
    pub fn total_order(&self, alias: &str) -> String {
        if self.key.is_empty() {
            return format!("({alias}.*)::text COLLATE \"C\"");
        }
        self.names(alias, &self.key).join(", ")
    }

    /// A random row: text forms in column order. Links name existing keys only by chance.
    pub fn row(&self, rng: &mut Rng) -> Vec<Option<String>> {
        let key = rng.below(KEYS);
        let mut row: Vec<Option<String>> = self.columns.iter().map(|column| value(column, rng)).collect();
        for (nth, at) in self.key.iter().enumerate() {
            row[*at] = Some(
                self.columns[*at]
                    .ty
                    .key(if nth == 0 { key } else { rng.below(3) }),
            );
        }
        for link in &self.links {
            let target = rng.skewed(KEYS);
            let null = rng.chance(12);
            for (nth, at) in link.columns.iter().enumerate() {
                if self.key.contains(at) {
                    continue;
                }
                let nth_key = if nth == 0 { target } else { rng.below(3) };
                let text = link.types[nth].link(nth_key, rng);
                row[*at] = if null && self.columns[*at].nullable {
                    None
                } else {
                    Some(text)
                };
            }
        }
        row
    }
}

fn value(column: &Column, rng: &mut Rng) -> Option<String> {
    column.ty.value(rng, if column.nullable { 20 } else { 0 })
}

impl Schema {
    /// Positions of the relations of a kind.
    pub fn of_kind(&self, kind: Kind) -> Vec<usize> {
        (0..self.relations.len())
            .filter(|at| self.relations[*at].kind == kind)
            .collect()
    }

    /// A random schema with its data.
    pub fn random(version: u32, extras: Extras, rng: &mut Rng) -> Self {
        let mut schema = Self {
            version,
            extras,
            unlogged: rng.chance(7),
            ..Self::default()
        };
        schema.statements.extend(ROUTINES.map(Fragment::from));
        let more = extras.statements().into_iter().map(Fragment::from);
        schema.statements.extend(more);
        for number in 0..rng.between(3, 6) {
            schema.add_table(number, rng);
        }
        for at in schema.of_kind(Kind::Table) {
            schema.add_data(at, rng);
        }
        if rng.chance(6) {
            schema.add_many(rng);
        }
        if rng.chance(25) {
            schema.add_trigger(rng);
        }
        schema
    }

    /// Some hundred rows in one of the tables: what is done with a few units is done otherwise with many.
    fn add_many(&mut self, rng: &mut Rng) {
        let optional = |at: &usize| {
            let table = &self.relations[*at];
            let mut links = table.links.iter().flat_map(|link| &link.columns);
            links.all(|column| table.columns[*column].nullable)
        };
        let tables: Vec<usize> = self.of_kind(Kind::Table).into_iter().filter(optional).collect();
        if tables.is_empty() {
            return;
        }
        let at = *rng.pick(&tables);
        let most = rng.between(80, 260);
        let table = &self.relations[at];
        let mut values = vec![];
        for at in table.written() {
            let column = &table.columns[at];
            let link = table.links.iter().find(|link| link.columns.contains(&at));
            values.push(match (table.key.first() == Some(&at), link) {
                (true, _) => column.ty.numbered_key("n"),
                (_, Some(link)) if link.columns.len() == 1 => {
                    let target = &self.relations[link.target];
                    let key = &target.columns[target.key[0]].name;
                    format!(
                        "(SELECT {key} FROM {} WHERE n > 0 ORDER BY {key} OFFSET n % 5 LIMIT 1)",
                        target.name
                    )
                }
                _ if column.nullable && link.is_some() => format!("NULL::{}", column.ty.name()),
                _ => {
                    let [a, b] = [0; 2].map(|_| column.ty.constant(column.ty.value(rng, 0).as_deref()));
                    format!("CASE n % 3 WHEN 0 THEN {a} ELSE {b} END")
                }
            });
        }
        let written = table.names("", &table.written());
        self.data.push(
            format!(
                "INSERT INTO {} ({}) SELECT {} FROM generate_series(20, {most}) AS n ON CONFLICT DO NOTHING",
                table.name,
                written.join(", "),
                values.join(", ")
            )
            .into(),
        );
        self.relations[at].size = most;
    }

    fn add_table(&mut self, number: usize, rng: &mut Rng) {
        let mut table = Relation {
            name: format!("t{number}"),
            kind: Kind::Table,
            columns: vec![],
            key: vec![],
            links: vec![],
            entity: self.relations.len(),
            primary: false,
            generated: false,
            parts: vec![],
            size: TABLE_SIZE,
        };
        let mut tail = vec![];
        self.add_key(&mut table, number, rng, &mut tail);
        let links = if number == 0 {
            0
        } else {
            rng.weighted(&[(1, 0), (6, 1), (4, 2), (1, 3)])
        };
        for nth in 0..links {
            let target = rng.below(number);
            self.add_link(&mut table, nth, target, rng, &mut tail);
        }
        if table.key.len() == 1 && rng.chance(40) {
            self.add_self_link(&mut table, rng, &mut tail);
        }
        for nth in 0..rng.between(2, 5) {
            let ty = if rng.chance(3) {
                Ty::Json
            } else {
                rng.weighted(&self.extras.data_types())
            };
            table.columns.push(Column {
                name: format!("c{nth}"),
                ty,
                nullable: rng.chance(85),
            });
        }
        let create = if self.unlogged {
            "CREATE UNLOGGED TABLE "
        } else {
            "CREATE TABLE "
        };
        if !table.key.is_empty() && !self.unlogged && rng.chance(15) {
            let (clause, parts) = kinds::partitions(&table, rng);
            self.statements
                .push(sql![create, create_table(&table, &tail, rng), clause]);
            table.parts = parts;
            self.statements.extend(kinds::create_partitions(&table, rng));
        } else {
            self.statements
                .push(sql![create, create_table(&table, &tail, rng)]);
        }
        if table.key.is_empty() && rng.chance(35) {
            let (part, statement) = kinds::child(create, &table);
            table.parts.push(part);
            self.statements.push(statement);
        }
        self.add_later_columns(&mut table, rng);
        if rng.chance(40) {
            let index = self.link_indexes(&table);
            self.statements.extend(index);
        }
        self.relations.push(table);
    }

    /// Columns that come after the table: their numbers have a gap, or they are computed.
    fn add_later_columns(&mut self, table: &mut Relation, rng: &mut Rng) {
        if rng.chance(12) {
            let first = table.data_columns()[0];
            let column = table.columns.remove(first);
            let Column { name, ty, .. } = &column;
            self.statements.push(Fragment::optional(parts![format!(
                "ALTER TABLE {0} DROP COLUMN {name}, ADD COLUMN {name} {1}",
                table.name,
                ty.name()
            )]));
            table.columns.push(Column {
                nullable: true,
                ..column
            });
        }
        if rng.chance(12) {
            let column = kinds::computed(table, self.version, rng);
            self.statements.extend(column);
        }
    }

    fn add_key(&self, table: &mut Relation, number: usize, rng: &mut Rng, tail: &mut Vec<Fragment>) {
        let mut kinds: Vec<(usize, &[Ty])> = vec![
            (6, &[Ty::Int]),
            (3, &[Ty::Big]),
            (3, &[Ty::Uuid]),
            (3, &[Ty::Text]),
            (2, &[Ty::Int, Ty::Text]),
            (1, &[Ty::Big, Ty::Int]),
            (1, &[Ty::Numeric]),
            (3, &[]),
        ];
        // Keys that are equal in more than one form.
        kinds.extend(self.extras.citext.then_some((2, [Ty::Citext].as_slice())));
        kinds.extend(self.extras.icu.then_some((2, [Ty::Folded].as_slice())));
        let mut types = rng.weighted(&kinds);
        if number == 0 && types.is_empty() {
            types = &[Ty::Int];
        }
        for (part, ty) in types.iter().enumerate() {
            let suffix = if part == 0 {
                String::new()
            } else {
                format!("_{part}")
            };
            table.key.push(table.columns.len());
            table.columns.push(Column {
                name: format!("pk{suffix}"),
                ty: *ty,
                nullable: false,
            });
        }
        if !types.is_empty() {
            table.primary = rng.chance(85);
            let word = if table.primary { "PRIMARY KEY" } else { "UNIQUE" };
            tail.push(format!(", {word} ({})", table.names("", &table.key).join(", ")).into());
        }
    }

    fn add_link(
        &self,
        table: &mut Relation,
        nth: usize,
        target: usize,
        rng: &mut Rng,
        tail: &mut Vec<Fragment>,
    ) {
        let other = &self.relations[target];
        if other.key.is_empty() {
            return;
        }
        let first = table.columns.len();
        let nullable = rng.chance(75);
        let types: Vec<Ty> = other.key.iter().map(|at| other.columns[*at].ty).collect();
        for (part, ty) in types.iter().enumerate() {
            let ty = match ty {
                Ty::Int if rng.chance(12) => Ty::Big,
                Ty::Text if rng.chance(12) => Ty::Varchar,
                ty => *ty,
            };
            table.columns.push(Column {
                name: format!("fk{nth}_{part}"),
                ty,
                nullable,
            });
        }
        let columns: Vec<usize> = (first..table.columns.len()).collect();
        let constraint = foreign_key(table, &columns, other, nullable, rng);
        table.links.push(Link {
            columns,
            target,
            types,
            enforced: constraint.is_some(),
        });
        tail.extend(constraint);
    }

    fn add_self_link(&self, table: &mut Relation, rng: &mut Rng, tail: &mut Vec<Fragment>) {
        let at = table.columns.len();
        let ty = table.columns[table.key[0]].ty;
        table.columns.push(Column {
            name: "fk_parent".into(),
            ty,
            nullable: true,
        });
        let target = self.relations.len();
        let constraint = foreign_key(table, &[at], table, true, rng);
        table.links.push(Link {
            columns: vec![at],
            target,
            types: vec![ty],
            enforced: constraint.is_some(),
        });
        tail.extend(constraint);
    }

    fn link_indexes(&self, table: &Relation) -> Vec<Fragment> {
        let index = |link: &Link| {
            let columns = table.names("", &link.columns).join(", ");
            Fragment::optional(parts![format!("CREATE INDEX ON {} ({columns})", table.name)])
        };
        table.links.iter().map(index).collect()
    }

    /// Rows; those that violate a foreign key are left out by the statement itself.
    fn add_data(&mut self, at: usize, rng: &mut Rng) {
        if rng.chance(8) {
            return;
        }
        let table = &self.relations[at];
        for _ in 0..rng.between(3, 18) {
            let row = table.row(rng);
            let mut table = table.clone();
            if let [child] = table.parts.as_slice()
                && rng.chance(35)
            {
                table.name = child.name.clone();
            }
            let statement = super::change::insert_existing(self, &table, &row);
            self.data.push(statement);
        }
    }
}

fn foreign_key(
    table: &Relation,
    columns: &[usize],
    other: &Relation,
    nullable: bool,
    rng: &mut Rng,
) -> Option<Fragment> {
    if rng.chance(35) {
        return None;
    }
    let delete = if nullable {
        rng.weighted(&[
            (3, ""),
            (4, " ON DELETE CASCADE"),
            (4, " ON DELETE SET NULL"),
            (2, " ON DELETE SET DEFAULT"),
        ])
    } else {
        rng.weighted(&[(3, ""), (5, " ON DELETE CASCADE")])
    };
    let update = match nullable {
        true => rng.weighted(&[
            (2, ""),
            (4, " ON UPDATE CASCADE"),
            (1, " ON UPDATE SET NULL"),
            (1, " ON UPDATE SET DEFAULT"),
        ]),
        false => rng.weighted(&[(1, ""), (2, " ON UPDATE CASCADE")]),
    };
    let check = rng.weighted(&[(8, ""), (1, " DEFERRABLE INITIALLY DEFERRED")]);
    Some(Fragment::optional(parts![format!(
        ", FOREIGN KEY ({}) REFERENCES {} ({}){delete}{update}{check}",
        table.names("", columns).join(", "),
        other.name,
        other.names("", &other.key).join(", ")
    )]))
}

/// What stands after `CREATE TABLE`.
fn create_table(table: &Relation, tail: &[Fragment], rng: &mut Rng) -> Fragment {
    let columns = table
        .columns
        .iter()
        .map(|column| {
            let default = if column.nullable && rng.chance(10) {
                format!(" DEFAULT {}", column.ty.literal(rng))
            } else {
                String::new()
            };
            let null = if column.nullable { "" } else { " NOT NULL" };
            sql![format!("{} {}{default}{null}", column.name, column.ty.name())]
        })
        .collect();
    let columns = Fragment::joined(columns, ", ");
    sql![
        table.name.as_str(),
        " (",
        columns,
        Fragment::Sequence(tail.to_vec()),
        ")"
    ]
}

/// The row as a line of `COPY`.
pub fn copy_line(row: &[Option<String>]) -> String {
    row.iter()
        .map(|value| copy_text(value.as_deref()))
        .collect::<Vec<_>>()
        .join("\t")
}
