//! Which changes are patched, into which leaves, and where the rows are found.

use super::Builder;
use crate::{Location, Patch, patches, plan};
use pg_tviews_ir::{SourceId, validate};
use pg_tviews_sqltext::PatchValue;
use std::collections::BTreeSet;

/// Compares what becomes of changes of single used columns, in the order of the FROM clause: one line for each, without those that
/// concern nothing but links.
pub(super) fn check(input: &str, expect: &str) {
    let built = Builder::read(input);
    assert_eq!(validate(&built.view), [], "{input}\n{}", built.view);
    let key = plan(&built.view, None).expect("a plan").key;
    let mut actual = vec![];
    for source in built.view.source_ids() {
        let Some(table) = built.view.table(source) else {
            continue;
        };
        let alias = &built.view.source(source).alias;
        let found = patches(&built.view, &key, source);
        for column in &table.columns {
            let used = |used: &pg_tviews_ir::Use| {
                used.column.source == source && used.column.attnum == column.attnum
            };
            if !built.view.uses.iter().any(used) {
                continue;
            }
            let patch = found
                .as_ref()
                .and_then(|found| Some((found.of(&BTreeSet::from([column.attnum]))?, &found.location)));
            let text = match patch {
                None => "computed anew".to_owned(),
                Some((patch, _)) if patch.columns.is_empty() => "nothing".to_owned(),
                Some((patch, location)) => built.patch_text(source, &patch, location),
            };
            actual.push(format!("{alias}.{}: {text}", column.name));
        }
    }
    let lines: Vec<&str> = expect
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(actual, lines, "{input}\n{}", built.view);
}

impl Builder {
    fn patch_text(&self, source: SourceId, patch: &Patch, location: &Location) -> String {
        let mut leaves = vec![];
        for column in &patch.columns {
            let name = &self.view.columns[column.position].name;
            write_leaves(name, &column.value, &mut leaves);
        }
        let table = self.view.table(source).expect("a table");
        let name = |attnum: &i16| table.column(*attnum).expect("a column").name.clone();
        let found = match location {
            Location::Key(columns) => {
                format!("key {}", columns.iter().map(name).collect::<Vec<_>>().join(", "))
            }
            Location::Column {
                position,
                attnum,
                search,
                ..
            } => format!(
                "{} = {} or {}",
                self.view.columns[*position].name,
                name(attnum),
                search.search.statement().replace('\n', "")
            ),
            Location::Search(search) => search.search.statement().replace('\n', ""),
        };
        let mut text = format!("{} by {found}", leaves.join(", "));
        for id in self.view.source_ids().collect::<Vec<_>>().into_iter().rev() {
            let alias = &self.view.source(id).alias;
            text = text.replace(&format!("s{}.", id.0), &format!("{alias}."));
            text = text.replace(&format!(" AS s{}", id.0), &format!(" {alias}"));
        }
        text.replace("\"s\".", "").replace('"', "")
    }
}

fn write_leaves(path: &str, value: &PatchValue, leaves: &mut Vec<String>) {
    match value {
        PatchValue::Value(text) => leaves.push(format!("{path} = {text}")),
        PatchValue::Members(members) => {
            for (key, member) in members {
                write_leaves(&format!("{path}/{key}"), member, leaves);
            }
        }
        PatchValue::Element { key, value, members } => {
            for (name, member) in members {
                write_leaves(&format!("{path}[{key} = {value}]/{name}"), member, leaves);
            }
        }
    }
}

#[test]
fn columns_of_the_root_and_of_lookups_are_patched() {
    check(
        "from product p
         join category c on c.pk = p.fk_category
         left category above on above.pk = c.parent
         select p.pk, p.fk_category, p.name as plain, p.name as data/name, c.name as data/category/name, above.name as data/category/above",
        "p.pk: computed anew
         p.fk_category: computed anew
         p.name: plain = p.name, data/name = p.name by key pk
         c.pk: computed anew
         c.parent: computed anew
         c.name: data/category/name = c.name by fk_category = pk or \
           SELECT p.pk  FROM (SELECT $1 AS pk) c, product p WHERE (c.pk = p.fk_category)
         above.pk: computed anew
         above.name: data/category/above = above.name by \
           SELECT p.pk  FROM (SELECT $1 AS pk) above, category c, product p WHERE (above.pk = c.parent)   AND (c.pk = p.fk_category)",
    );
}

#[test]
fn a_leaf_of_several_tables_is_computed_anew() {
    check(
        "from product p
         left supplier s on s.pk = p.fk_supplier
         select p.pk, s.home as home, p.name || s.home as data/both",
        "p.pk: computed anew
         p.fk_supplier: computed anew
         p.name: computed anew
         s.pk: computed anew
         s.home: computed anew",
    );
}

/// What an outer join asks for besides a key of its table decides whether the row is there.
#[test]
fn the_rows_of_an_optional_table_have_to_be_known_exactly() {
    check(
        "from product p
         left supplier s on s.pk = p.fk_supplier and s.home > 1
         select p.pk, s.pk as data/supplier",
        "p.pk: computed anew
         p.fk_supplier: computed anew
         s.pk: computed anew
         s.home: computed anew",
    );
    check(
        "from product p
         left category c on c.pk = p.fk_category and c.parent > 1
         select p.pk, c.name",
        "p.pk: computed anew
         p.fk_category: computed anew
         c.pk: computed anew
         c.parent: computed anew
         c.name: computed anew",
    );
    check(
        "from product p
         left [
           from supplier s
           join category h on h.pk = s.home
         ] on s.pk = p.fk_supplier
         select p.pk, h.name",
        "p.pk: computed anew
         p.fk_supplier: computed anew
         s.pk: computed anew
         s.home: computed anew
         h.pk: computed anew
         h.name: computed anew",
    );
}

/// A stored row is not there unless the filter holds, and its own columns decide.
#[test]
fn filters_and_inner_joins_do_no_harm() {
    check(
        "from product p
         join category c on c.pk = p.fk_category and c.parent > 1
         where c.parent <> 7 and p.fk_supplier > 0
         select p.pk, c.name, p.name as data/name",
        "p.pk: computed anew
         p.fk_category: computed anew
         p.fk_supplier: computed anew
         p.name: data/name = p.name by key pk
         c.pk: computed anew
         c.parent: computed anew
         c.name: name = c.name by SELECT p.pk  FROM (SELECT $1 AS pk) c, product p WHERE (c.pk = p.fk_category)",
    );
}

#[test]
fn a_row_with_a_key_of_the_root_holds_the_unit_key() {
    check(
        "from product p
         left stock i on i.fk_product = p.pk
         select p.pk, i.amount as data/amount",
        "p.pk: computed anew
         i.fk_product: computed anew
         i.amount: data/amount = i.amount by key fk_product",
    );
}

/// Several rows of a review make one document: none of them is in one row alone.
#[test]
fn what_is_read_by_subqueries_is_computed_anew() {
    check(
        "from product p
         select p.pk, p.name as data/name
         sub data/reviews
           from review r
           where r.fk_product = p.pk
           select r.rating, p.name
         end",
        "p.pk: computed anew
         p.name: computed anew
         r.fk_product: computed anew
         r.rating: computed anew",
    );
    check(
        "from product p
         select p.pk, p.name as data/name, p.fk_supplier as data/supplier
         sub
           from review r
           where r.fk_product = p.pk
           select r.rating, p.fk_supplier
         end",
        "p.pk: computed anew
         p.fk_supplier: computed anew
         p.name: data/name = p.name by key pk
         r.fk_product: computed anew
         r.rating: computed anew",
    );
}

#[test]
fn derived_tables_that_are_joins_are_seen_through() {
    check(
        "from product p
         join (
           from category c
           select c.pk, c.name as doc/name, c.parent as other
         ) d on d.pk = p.fk_category
         select p.pk, d.doc as data/category, d.other",
        "p.pk: computed anew
         p.fk_category: computed anew
         c.pk: computed anew
         c.parent: other = c.parent by SELECT p.pk  FROM (SELECT $1 AS pk) c, product p WHERE (c.pk = p.fk_category)
         c.name: data/category/name = c.name by SELECT p.pk  FROM (SELECT $1 AS pk) c, product p WHERE (c.pk = p.fk_category)",
    );
    check(
        "from product p
         left (
           from category c
           select c.pk, c.name
         ) d on d.pk = p.fk_category
         select p.pk, d.name",
        "p.pk: computed anew
         p.fk_category: computed anew
         c.pk: computed anew
         c.name: computed anew",
    );
}

/// The join's condition speaks of a column of a derived table, which stands for a column that is shown, too.
#[test]
fn what_decides_through_a_derived_table_is_computed_anew() {
    check(
        "from (
           from product q
           select q.pk, q.fk_category as link, q.name
         ) p
         left category c on c.pk = p.link
         select p.pk, p.link as data/link, p.name",
        "q.pk: computed anew
         q.fk_category: computed anew
         q.name: name = q.name by key pk
         c.pk: computed anew",
    );
    check(
        "from product p
         join (
           from review r
           group r.fk_product
           select r.fk_product, count(r.rating) as n
         ) t on t.fk_product = p.pk
         select p.pk, p.name, t.n",
        "p.pk: computed anew
         p.name: name = p.name by key pk
         r.fk_product: computed anew
         r.rating: computed anew",
    );
}

#[test]
fn units_of_many_rows_are_computed_anew() {
    check(
        "from product p
         left review r on r.fk_product = p.pk
         select p.pk, p.name, r.rating",
        "p.pk: computed anew
         p.name: computed anew
         r.fk_product: computed anew
         r.rating: computed anew",
    );
}
