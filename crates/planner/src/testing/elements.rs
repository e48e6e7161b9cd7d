//! Which changes are patched into single elements of a list.

use super::Builder;
use super::patches::check;
use pg_tviews_ir::{Column, Document, Expression, Leaf, List, Role, Rows, Sort, SortKind};
use std::collections::BTreeSet;

impl Builder {
    /// The output of a subquery that is a list: `member, … by column, …`. All columns are integers.
    pub(super) fn list(&mut self, text: &str) {
        let (members, order) = text.split_once(" by ").unwrap_or((text, ""));
        let members: Vec<(String, Expression)> = members
            .split(", ")
            .map(|member| {
                let (value, name) = member.split_once(" as ").expect("value as name");
                (name.to_owned(), self.expression(value, Role::Leaf))
            })
            .collect();
        let order: Vec<Column> = order
            .split(", ")
            .filter(|column| !column.is_empty())
            .flat_map(|column| self.expression(column, Role::Leaf).columns)
            .collect();
        let columns = members.iter().flat_map(|(_, value)| value.columns.clone());
        let columns = columns.chain(order.iter().copied()).collect();
        let is_column = |(_, value): &&(String, Expression)| value.as_column().is_some();
        let exact = members.iter().filter(is_column).map(|(name, _)| name.clone());
        let rows = Rows {
            exact: exact.collect(),
            order: shown_order(&members, &order),
            members: members
                .into_iter()
                .map(|(name, value)| {
                    let leaf = Leaf {
                        columns: value.columns.iter().copied().collect(),
                        value: Some(value),
                        settled: true,
                        ..Leaf::default()
                    };
                    (name, Document::Leaf(leaf))
                })
                .collect(),
            placing: order.iter().copied().collect(),
            ordered_by: order.into_iter().collect(),
        };
        self.top().grouped = true;
        let leaf = Leaf {
            columns,
            list: Some(List::Rows(Box::new(rows))),
            ..Leaf::default()
        };
        self.output("list", None, leaf);
    }

    /// The ORDER BY clause of a derived table.
    pub(super) fn order(&mut self, text: &str) {
        let columns: BTreeSet<Column> = text
            .split(", ")
            .flat_map(|column| self.expression(column, Role::Link).columns)
            .collect();
        let block = self.top().block;
        self.view.blocks[block.0].ordered_by = columns;
    }
}

/// The order, if the members show it.
fn shown_order(members: &[(String, Expression)], order: &[Column]) -> Option<Vec<Sort>> {
    let sort = |column: &Column| {
        let shows = |(_, value): &&(String, Expression)| value.as_column() == Some(*column);
        Some(Sort {
            member: members.iter().find(shows)?.0.clone(),
            kind: SortKind::Number,
            descending: false,
            nulls_first: false,
        })
    };
    order.iter().map(sort).collect()
}

#[test]
fn a_child_is_patched_at_its_element() {
    check(
        "from product p
         select p.pk, p.name as data/name
         sub data/reviews
           from review r
           where r.fk_product = p.pk
           list r.pk as id, r.rating as stars, r.rating + 1 as more by r.pk
         end",
        "p.pk: computed anew
         p.name: data/name = p.name by key pk
         r.pk: computed anew
         r.fk_product: computed anew
         r.rating: data/reviews[id = r.pk]/stars = r.rating, data/reviews[id = r.pk]/more = r.rating + 1 by key fk_product",
    );
}

#[test]
fn a_list_may_be_cut_off_in_a_known_order() {
    check(
        "from product p
         select p.pk
         sub data/reviews
           from (
             from review r
             where r.fk_product = p.pk
             order r.pk
             limit 5
             select r.pk, r.rating
           ) x
           list x.pk as id, x.rating as stars by x.pk
         end",
        "p.pk: computed anew
         r.pk: computed anew
         r.fk_product: computed anew
         r.rating: data/reviews[id = r.pk]/stars = r.rating by key fk_product",
    );
}

/// The new version of a row may come at another place than the old one did.
#[test]
fn what_chance_orders_is_computed_anew() {
    let computed = "p.pk: computed anew
         r.pk: computed anew
         r.fk_product: computed anew
         r.rating: computed anew";
    check(
        "from product p
         select p.pk
         sub data/reviews
           from review r
           where r.fk_product = p.pk
           list r.pk as id, r.rating as stars
         end",
        computed,
    );
    check(
        "from product p
         select p.pk
         sub data/reviews
           from (
             from review r
             where r.fk_product = p.pk
             order r.fk_product
             limit 5
             select r.pk, r.rating
           ) x
           list x.pk as id, x.rating as stars by x.pk
         end",
        computed,
    );
}

#[test]
fn what_decides_on_elements_and_their_order_is_computed_anew() {
    let computed = "p.pk: computed anew
         r.pk: computed anew
         r.fk_product: computed anew
         r.rating: computed anew";
    check(
        "from product p
         select p.pk
         sub data/reviews
           from review r
           where r.fk_product = p.pk
           list r.pk as id, r.rating as stars by r.rating, r.pk
         end",
        computed,
    );
    check(
        "from product p
         select p.pk
         sub data/reviews
           from review r
           where r.fk_product = p.pk and r.rating > 3
           list r.pk as id, r.rating as stars by r.pk
         end",
        computed,
    );
    check(
        "from product p
         select p.pk
         sub data/reviews
           from (
             from review r
             where r.fk_product = p.pk
             order r.rating, r.pk
             limit 5
             select r.pk, r.rating
           ) x
           list x.pk as id, x.rating as stars by x.pk
         end",
        computed,
    );
}

#[test]
fn elements_without_a_key_are_computed_anew() {
    check(
        "from product p
         select p.pk
         sub data/reviews
           from review r
           where r.fk_product = p.pk
           list r.fk_product as id, r.rating as stars by r.pk
         end",
        "p.pk: computed anew
         r.pk: computed anew
         r.fk_product: computed anew
         r.rating: computed anew",
    );
}

#[test]
fn a_list_over_several_tables_is_computed_anew() {
    check(
        "from product p
         select p.pk
         sub data/parts
           from line l
           join part x on x.order = l.order and x.no = l.no
           where l.fk_product = p.pk
           list x.pk as id, x.name as name by x.pk
         end",
        "p.pk: computed anew
         l.order: computed anew
         l.no: computed anew
         l.fk_product: computed anew
         x.pk: computed anew
         x.order: computed anew
         x.no: computed anew
         x.name: computed anew",
    );
}

/// What a row shows elsewhere is not in its element alone.
#[test]
fn a_member_made_of_the_outer_row_is_computed_anew() {
    check(
        "from product p
         select p.pk, p.name as data/name
         sub data/reviews
           from review r
           where r.fk_product = p.pk
           list r.pk as id, r.rating || p.name as both by r.pk
         end",
        "p.pk: computed anew
         p.name: computed anew
         r.pk: computed anew
         r.fk_product: computed anew
         r.rating: computed anew",
    );
}
