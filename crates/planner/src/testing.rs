//! Views built by hand, for the tests of the planning rules, and plans as text.
//!
//! A view is written one clause a line, nearly as SQL; what analysis would note about it is noted here in the same way:
//! ```text
//! from product p                               the first table
//! join category c on p.fk_category = c.pk      further ones; `left` for an outer join; several conditions with `and`
//! left [                                       an outer join whose optional side is a join itself
//!   from supplier s
//!   join category h on h.pk = s.home
//! ] on s.pk = p.fk_supplier
//! join (                                       a derived table
//!   from review r
//!   group r.fk_product                         columns and expressions; or: limit 5, aggregate, distinct
//!   select r.fk_product, count(r.pk) as n      count() stands for any aggregate
//! ) t on t.fk_product = p.pk
//! apart                                        an ORDER BY or a WITH clause
//! where p.name <> ''                           `harmless` before a condition that can't fail
//! select p.pk, p.name, p.name as data/name     with a place in a document; also sum(x), avg(x), coalesce(…,0), round(…,2)
//! sub                                          a subquery in a condition; with a place in a document, in the select list
//!   from review r
//!   where r.fk_product = p.pk
//!   select r.rating
//! end
//! list r.pk as id, r.rating as stars by r.pk   in a subquery: `jsonb_agg(… ORDER BY …)`; `order` in a derived table
//! ```
//!
//! An alias is used once. An expression is strict in its columns unless `coalesce`, `is` or `or` occurs in it.

mod catalog;
mod deltas;
mod elements;
mod filters;
mod finding;
mod groups;
mod keys;
mod large;
mod leaves;
mod links;
mod patches;
mod words;

use crate::{Finding, Plan, Refusal, missing_keys, plan};
use pg_tviews_ir::{
    Block, BlockId, Column, Condition, Document, Equality, Expression, Leaf, List, Mention, OutputColumn,
    Parent, Role, Source, SourceId, SourceKind, Template, Use, View, validate,
};
use pg_tviews_sqltext::Relation;
use std::collections::{BTreeMap, BTreeSet};
use words::split_words;

/// Plans a view and compares the plan's text.
pub(crate) fn check(input: &str, expect: &str) {
    check_fixed(input, None, expect);
}

/// The same with a unit key that is already chosen.
pub(crate) fn check_fixed(input: &str, key: Option<&[usize]>, expect: &str) {
    let built = Builder::read(input);
    assert_eq!(validate(&built.view), [], "{input}\n{}", built.view);
    let plan = plan(&built.view, key);
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    let actual = match &plan {
        Ok(plan) => built.plan_text(plan),
        Err(refusal) => built.refusal_text(refusal),
    };
    assert_eq!(lines(&actual), lines(expect), "{input}\n{}", built.view);
}

/// A block that is being read.
struct Open {
    block: BlockId,
    names: Vec<String>,
    nullable: BTreeSet<SourceId>,
    /// Outer joins whose optional side is being read: number of conditions and of sources before it.
    groups: Vec<(usize, usize)>,
    grouped: bool,
    keys: Vec<Expression>,
    limited: bool,
    distinct: bool,
    /// How the derived table joins, once it is closed.
    left: bool,
}

#[derive(Default)]
struct Builder {
    view: View,
    aliases: BTreeMap<String, SourceId>,
    output_names: BTreeMap<BlockId, Vec<String>>,
    open: Vec<Open>,
}

impl Builder {
    fn read(input: &str) -> Builder {
        let mut builder = Builder::default();
        builder.open_block(None, false);
        for line in input.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match (word, rest) {
                ("sub", place) => builder.subquery(place),
                ("end", _) => builder.close_block(),
                ("join" | "left" | "from", "(") => builder.open_derived(word == "left"),
                (")", rest) => builder.close_derived(rest),
                ("left", "[") => builder.open_group(),
                ("]", rest) => builder.close_group(rest.strip_prefix("on ").expect("] on")),
                ("from" | "join" | "left", rest) => builder.table(rest, word == "left"),
                ("where", rest) => builder.conditions(rest, None),
                ("select", rest) => builder.select(rest),
                ("group", rest) => {
                    builder.top().grouped = true;
                    for item in rest.split(", ") {
                        let key = builder.expression(item, Role::Link);
                        builder.top().keys.push(key);
                    }
                }
                ("aggregate", _) => builder.top().grouped = true,
                ("apart", _) => {
                    let block = builder.top().block;
                    builder.view.blocks[block.0].apart = true;
                }
                ("list", text) => builder.list(text),
                ("order", text) => builder.order(text),
                ("distinct", _) => builder.top().distinct = true,
                ("limit", count) => {
                    builder.top().limited = true;
                    let block = builder.top().block;
                    builder.view.blocks[block.0].at_most_one_row = count == "1";
                }
                _ => panic!("not understood: {line}"),
            }
        }
        builder.close_block();
        builder
    }

    fn top(&mut self) -> &mut Open {
        self.open.last_mut().expect("an open block")
    }

    fn open_block(&mut self, parent: Option<Parent>, left: bool) {
        let block = BlockId(self.view.blocks.len());
        self.view.blocks.push(Block {
            parent,
            ..Block::default()
        });
        self.open.push(Open {
            block,
            names: vec![],
            nullable: BTreeSet::new(),
            groups: vec![],
            grouped: false,
            keys: vec![],
            limited: false,
            distinct: false,
            left,
        });
    }

    /// What holds of a block as a whole, as analysis finds it.
    fn close_block(&mut self) {
        let open = self.open.pop().expect("an open block");
        for source in &open.nullable {
            self.view.sources[source.0].nullable = true;
        }
        let block = &mut self.view.blocks[open.block.0];
        block.plain = !open.grouped && !open.limited && !open.distinct;
        block.picks = !open.grouped && !open.distinct;
        block.sums_up = open.grouped && !open.limited && !open.distinct;
        block.at_most_one_row |= open.grouped && open.keys.is_empty();
        let is_key =
            |output: &Option<Expression>| output.as_ref().is_some_and(|output| open.keys.contains(output));
        if open.distinct {
            block.group_outputs = (1..=block.outputs.len() as i16).collect();
            block.groups_in_output = true;
        } else if !open.keys.is_empty() {
            let places: Vec<i16> = (1i16..)
                .zip(&block.outputs)
                .filter(|(_, output)| is_key(output))
                .map(|(place, _)| place)
                .collect();
            block.groups_in_output = places.len() == open.keys.len();
            block.group_outputs = places;
        }
        for output in &mut block.outputs {
            if open.limited || (open.grouped && !is_key(output)) {
                *output = None;
            }
        }
        if block.parent.is_none() {
            let copies = block
                .outputs
                .iter()
                .map(|output| output.as_ref().and_then(Expression::as_column));
            let columns = open.names.iter().zip(copies);
            self.view.columns = columns
                .map(|(name, copies)| OutputColumn {
                    name: name.clone(),
                    copies,
                    type_oid: 0,
                    collation: 0,
                    shown: vec![],
                    key: true,
                    searchable: true,
                })
                .collect();
        }
        self.output_names.insert(open.block, open.names);
    }

    fn source(&mut self, alias: &str, kind: SourceKind) -> SourceId {
        let id = SourceId(self.view.sources.len());
        let block = self.top().block;
        self.view.sources.push(Source {
            block,
            alias: alias.to_owned(),
            nullable: false,
            kind,
        });
        let known = self.aliases.insert(alias.to_owned(), id);
        assert_eq!(known, None, "{alias} is used twice");
        id
    }

    fn table(&mut self, clause: &str, left: bool) {
        let (named, condition) = clause
            .split_once(" on ")
            .map_or((clause, None), |(a, b)| (a, Some(b)));
        let (table, alias) = named.split_once(' ').expect("table and alias");
        let kind = match table {
            "computed" => SourceKind::Computed,
            _ => SourceKind::Table(catalog::table(table)),
        };
        let id = self.source(alias, kind);
        self.joined(id, condition, left);
    }

    fn joined(&mut self, id: SourceId, condition: Option<&str>, left: bool) {
        if let Some(condition) = condition {
            self.conditions(condition, left.then(|| BTreeSet::from([id])));
        }
        if left {
            self.view.optional_sides.push(BTreeSet::from([id]));
            self.top().nullable.insert(id);
        }
    }

    fn open_derived(&mut self, left: bool) {
        let block = BlockId(self.view.blocks.len());
        let alias = format!("block {}", block.0);
        let id = self.source(&alias, SourceKind::Derived(block));
        self.open_block(Some(Parent::Derived(id)), left);
    }

    fn close_derived(&mut self, clause: &str) {
        let (left, block) = (self.top().left, self.top().block);
        self.close_block();
        let (alias, condition) = clause
            .split_once(" on ")
            .map_or((clause, None), |(a, b)| (a, Some(b)));
        let id = self
            .aliases
            .remove(&format!("block {}", block.0))
            .expect("a derived table");
        self.aliases.insert(alias.to_owned(), id);
        self.view.sources[id.0].alias = alias.to_owned();
        self.joined(id, condition, left);
    }

    fn open_group(&mut self) {
        let block = self.top().block;
        let before = (
            self.view.blocks[block.0].conditions.len(),
            self.view.sources.len(),
        );
        self.top().groups.push(before);
    }

    fn close_group(&mut self, condition: &str) {
        let block = self.top().block;
        let (conditions, sources) = self.top().groups.pop().expect("an open group");
        let optional: BTreeSet<SourceId> = self
            .view
            .source_ids()
            .skip(sources)
            .filter(|source| self.view.source(*source).block == block)
            .collect();
        for condition in &mut self.view.blocks[block.0].conditions[conditions..] {
            condition.guard.get_or_insert_with(|| optional.clone());
        }
        self.conditions(condition, Some(optional.clone()));
        self.view.optional_sides.push(optional.clone());
        self.top().nullable.extend(optional);
    }

    fn conditions(&mut self, text: &str, guard: Option<BTreeSet<SourceId>>) {
        for conjunct in text.split(" and ") {
            let (harmless, conjunct) = match conjunct.trim().strip_prefix("harmless ") {
                Some(rest) => (true, rest),
                None => (false, conjunct),
            };
            let expression = self.expression(conjunct, Role::Link);
            let equality = self.equality(&expression);
            let (block, nullable) = (self.top().block, self.top().nullable.clone());
            self.view.blocks[block.0].conditions.push(Condition {
                expression,
                guard: guard.clone(),
                nullable,
                equality,
                harmless,
            });
        }
    }

    /// The equality that an expression is; its two columns have one type if the catalog says so.
    fn equality(&self, expression: &Expression) -> Option<Equality> {
        let text = expression.template.render(|hole| format!("${hole}"));
        let (left, right) = match expression.columns.as_slice() {
            [left, right] if text == "$0 = $1" => (*left, *right),
            _ => return None,
        };
        let wide = |column: Column| {
            let table = self.view.table(column.source);
            let column = table.and_then(|table| table.column(column.attnum));
            column.is_some_and(|column| column.name.starts_with("wide"))
        };
        Some(Equality {
            left,
            right,
            same_type: wide(left) == wide(right),
        })
    }

    /// A subquery in a condition, or in the document at a place.
    fn subquery(&mut self, place: &str) {
        let outer = self.top().block;
        let block = BlockId(self.view.blocks.len());
        if place.is_empty() {
            self.view.documents.deciding.insert(block);
        } else {
            let leaf = Leaf {
                subqueries: vec![block],
                summary: Some(deltas::shown(block)),
                list: Some(List::Subquery(block)),
                ..Leaf::default()
            };
            self.output(place, None, leaf);
        }
        self.open_block(Some(Parent::Sublink(outer)), false);
    }

    fn select(&mut self, list: &str) {
        for item in list.split(", ") {
            let (text, name) = item.split_once(" as ").unwrap_or((item, ""));
            let name = match name {
                "" => text.rsplit('.').next().unwrap_or(text),
                given => given,
            };
            let expression = self.expression(text, Role::Leaf);
            let summary = deltas::summary(text, &expression);
            let plain = summary.is_none() && !text.starts_with("count(");
            let value = plain.then_some(expression.clone());
            let leaf = Leaf {
                value: value.clone(),
                columns: expression.columns.into_iter().collect(),
                summary,
                settled: true,
                ..Leaf::default()
            };
            self.output(name, value, leaf);
        }
    }

    /// An output, or a part of one: `data/category/name`.
    fn output(&mut self, place: &str, value: Option<Expression>, leaf: Leaf) {
        let mut path = place.split('/');
        let name = path.next().unwrap_or(place);
        let open = self.top();
        let block = open.block;
        let known = open.names.iter().position(|known| known == name);
        let outputs = self.view.documents.outputs.entry(block).or_default();
        let position = known.unwrap_or(outputs.len());
        if known.is_none() {
            outputs.push(Document::Object(vec![]));
            self.top().names.push(name.to_owned());
            self.view.blocks[block.0].outputs.push(value);
        }
        let outputs = self.view.documents.outputs.entry(block).or_default();
        let mut document = &mut outputs[position];
        for key in path {
            let Document::Object(members) = document else {
                panic!("{place} leads into a leaf");
            };
            let at = members.iter().position(|(known, _)| known == key);
            let at = at.unwrap_or_else(|| {
                members.push((key.to_owned(), Document::Object(vec![])));
                members.len() - 1
            });
            document = &mut members[at].1;
        }
        *document = Document::Leaf(leaf);
    }

    fn expression(&mut self, text: &str, role: Role) -> Expression {
        let mut columns: Vec<Column> = vec![];
        let mut template = String::new();
        for word in split_words(text) {
            if !word.contains('.') {
                template.push_str(word);
                continue;
            }
            let column = self.column(word);
            self.note(column, role);
            let known = columns.iter().position(|known| *known == column);
            let number = known.unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            });
            template.push_str(&format!("${}", number + 1));
        }
        let lower = format!(" {} ", text.to_lowercase());
        let lax = ["coalesce(", " is ", " or "]
            .iter()
            .any(|word| lower.contains(word));
        Expression {
            template: Template::parse(&template, columns.len()).expect("a template"),
            strict: columns.iter().copied().filter(|_| !lax).collect(),
            merges: if text.starts_with("coalesce(") && columns.len() > 1 {
                columns.clone()
            } else {
                vec![]
            },
            columns,
        }
    }

    fn note(&mut self, column: Column, role: Role) {
        let block = self.top().block;
        self.view
            .documents
            .mentions
            .insert(Mention { block, column, role });
        if self.view.table(column.source).is_some() {
            self.view.uses.insert(Use { column, role });
        }
    }

    fn column(&self, name: &str) -> Column {
        let (alias, column) = name.split_once('.').expect("alias.column");
        let source = *self
            .aliases
            .get(alias)
            .unwrap_or_else(|| panic!("no alias {alias}"));
        let attnum = match &self.view.source(source).kind {
            SourceKind::Table(_) if column == "*" => Some(pg_tviews_ir::WHOLE_ROW),
            SourceKind::Table(table) => {
                let known = table.columns.iter().find(|known| known.name == column);
                known.map(|known| known.attnum)
            }
            SourceKind::Derived(block) => {
                let names = &self.output_names[block];
                names
                    .iter()
                    .position(|known| known == column)
                    .map(|place| place as i16 + 1)
            }
            SourceKind::Computed | SourceKind::Recursion(_) => Some(1),
        };
        let attnum = attnum.unwrap_or_else(|| panic!("no column {name}"));
        Column { source, attnum }
    }

    /// The plan: the key, then how the units of each occurrence are found, then advice.
    fn plan_text(&self, plan: &Plan) -> String {
        let names = plan.key.columns.iter().map(|part| {
            let null = if part.nullable { "?" } else { "" };
            let columns = &part.value.columns;
            let value = part.value.template.render(|hole| {
                let source = columns[hole].source;
                let table = self.view.table(source);
                let column = table.and_then(|table| table.column(columns[hole].attnum));
                let name = column.map_or("no column", |column| &column.name);
                format!("{}.{name}", self.view.source(source).alias)
            });
            format!("{value}{null}")
        });
        let names: Vec<String> = names.collect();
        let rows = if plan.key.single { "one row" } else { "many rows" };
        let mut text = format!("key {}: {rows}\n", names.join(", "));
        if plan.key.columns.is_empty() && !missing_keys(&self.view).is_empty() {
            text.push_str(&format!("{}\n", self.missing_text()));
        }
        for occurrence in &plan.occurrences {
            let alias = &self.view.source(occurrence.source).alias;
            let finding = self.finding_text(occurrence.source, &occurrence.finding);
            text.push_str(&format!("{alias}: {finding}\n"));
            if let Some(filter) = &occurrence.filter {
                let conditions = self.with_aliases(filter.conditions.join(" and "));
                text.push_str(&format!("{alias} only if {conditions}\n"));
            }
        }
        if plan.lateral {
            text.push_str("lateral\n");
        }
        for index in &crate::missing_indexes(&self.view, plan) {
            let for_source = &self.view.source(index.source).alias;
            text.push_str(&format!(
                "missing for {for_source}: {}({})\n",
                index.table,
                index.columns.join(", ")
            ));
        }
        text
    }

    /// `direct fk_product`, or `p.pk from c, product p where …` with the view's own aliases.
    fn finding_text(&self, source: SourceId, finding: &Finding) -> String {
        let search = match finding {
            Finding::Direct(attnums) => {
                let table = self.view.table(source);
                let name = |attnum: &i16| {
                    let column = table.and_then(|table| table.column(*attnum));
                    column.map_or("no column", |column| &column.name).to_owned()
                };
                return format!(
                    "direct {}",
                    attnums.iter().map(name).collect::<Vec<_>>().join(", ")
                );
            }
            Finding::Search(search) => search,
            Finding::Everything => return "everything".to_owned(),
        };
        let sources = search.sources.iter().map(|source| match &source.relation {
            Relation::Table(name) => format!("{} {}.", name.replace("\"s\".", ""), source.alias),
            Relation::Derived { query, .. } => format!("({query}) {}.", source.alias),
            Relation::Changed => format!("{}.", source.alias),
            Relation::Reached => "reached".to_owned(),
        });
        let keys: Vec<String> = search.keys.iter().map(|key| key.join(", ")).collect();
        let mut text = format!(
            "{} from {}",
            keys.join(" | "),
            sources.collect::<Vec<_>>().join(", ")
        );
        let conditions: Vec<String> = search
            .sources
            .iter()
            .flat_map(|source| source.conditions.clone())
            .collect();
        if !conditions.is_empty() {
            text.push_str(&format!(" where {}", conditions.join(" and ")));
        }
        if search.is_spread() {
            let known = search
                .known
                .iter()
                .map(|known| known.as_deref().unwrap_or("always"));
            text.push_str(&format!(" known if {}", known.collect::<Vec<_>>().join(", ")));
        }
        self.with_aliases(text)
    }

    /// A text with the view's own aliases.
    fn with_aliases(&self, mut text: String) -> String {
        for id in self.view.source_ids().collect::<Vec<_>>().into_iter().rev() {
            text = text.replace(
                &format!("s{}.", id.0),
                &format!("{}.", self.view.source(id).alias),
            );
        }
        text.replace('"', "")
            .replace(".,", ",")
            .replace(". ", " ")
            .trim_end_matches('.')
            .to_owned()
    }

    fn refusal_text(&self, refusal: &Refusal) -> String {
        match refusal {
            Refusal::KeyLost => "key lost".to_owned(),
        }
    }

    /// The keys that would have to be in the output.
    fn missing_text(&self) -> String {
        let candidates = missing_keys(&self.view);
        let lacks =
            |(alias, columns): &(String, Vec<String>)| format!("{alias} lacks {}", columns.join(", "));
        candidates.iter().map(lacks).collect::<Vec<_>>().join("; ")
    }
}
