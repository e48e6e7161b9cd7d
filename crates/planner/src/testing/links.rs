//! Which conditions a search may rely on. A search may name too many units, never too few: a condition is a link only if it is
//! certain to hold for every combination of rows in which the changed row has a say.

use super::check;

/// The condition of an outer join is certain to hold where the optional table has a row.
#[test]
fn an_optional_table_is_left_by_its_own_condition() {
    check(
        "from product p
         left supplier s on s.pk = p.fk_supplier
         where coalesce(s.name, 'none') <> 'x'
         select p.pk, s.name",
        "key p.pk: one row
         p: direct pk
         s: p.pk from s, product p where s.pk = p.fk_supplier",
    );
}

/// Products without a supplier belong to the category of name ''. Going from a changed category over suppliers would miss them.
#[test]
fn a_condition_that_nulls_can_fulfil_is_no_link() {
    check(
        "from product p
         left supplier s on s.pk = p.fk_supplier
         join category c on c.name = coalesce(s.name, '')
         select p.pk, c.pk as category",
        "key p.pk: many rows
p: direct pk
s: p.pk from s, product p where s.pk = p.fk_supplier
c: everything",
    );
    check(
        "from product p
         left supplier s on s.pk = p.fk_supplier
         join category c on c.name = s.name or s.name is null
         select p.pk, c.pk as category",
        "key p.pk: many rows
p: direct pk
s: p.pk from s, product p where s.pk = p.fk_supplier
c: everything",
    );
}

/// NULLs keep a strict condition from being true, so that every combination it lets through has a supplier.
#[test]
fn a_strict_condition_on_an_optional_table_is_a_link() {
    check(
        "from product p
         left supplier s on s.pk = p.fk_supplier
         join category c on c.parent = s.home
         select p.pk, c.pk as category",
        "key p.pk: many rows
p: direct pk
s: p.pk from s, product p where s.pk = p.fk_supplier
c: p.pk from c, supplier s, product p where c.parent = s.home and s.pk = p.fk_supplier",
    );
}

/// Where it does not hold the supplier is missing, but product and category still make a row.
#[test]
fn the_condition_of_an_outer_join_says_nothing_about_the_other_tables() {
    check(
        "from product p
         join category c
         left supplier s on s.pk = p.fk_supplier and p.fk_category = c.pk
         select p.pk, c.pk as category",
        "key p.pk: many rows
p: direct pk
c: everything
s: p.pk from s, product p where s.pk = p.fk_supplier",
    );
}

/// Once a way has led over the optional table, its condition holds.
#[test]
fn a_guarded_condition_holds_where_the_guard_was_passed() {
    check(
        "from product p
         join category c
         left supplier s on s.pk = p.fk_supplier and p.fk_category = c.pk
         where s.home = c.parent
         select p.pk, c.name",
        "key p.pk: many rows
p: direct pk
c: p.pk from c, supplier s, product p where s.home = c.parent and s.pk = p.fk_supplier and p.fk_category = c.pk
s: p.pk from s, product p where s.pk = p.fk_supplier",
    );
}

#[test]
fn the_optional_side_can_be_a_join() {
    check(
        "from product p
         left [
           from supplier s
           join category h on h.pk = s.home
         ] on s.pk = p.fk_supplier
         select p.pk, h.name",
        "key p.pk: one row
         p: direct pk
         s: p.pk from s, product p where s.pk = p.fk_supplier
         h: p.pk from h, supplier s, product p where h.pk = s.home and s.pk = p.fk_supplier",
    );
}

#[test]
fn outer_joins_are_chained() {
    check(
        "from product p
         left category c on c.pk = p.fk_category
         left category above on above.pk = c.parent
         select p.pk, above.name",
        "key p.pk: one row
p: direct pk
c: p.pk from c, product p where c.pk = p.fk_category
above: p.pk from above, category c, product p where above.pk = c.parent and c.pk = p.fk_category",
    );
    // Products without a category are joined with the category whose number is 0: the way over c would miss them.
    check(
        "from product p
         left category c on c.pk = p.fk_category
         left category above on above.pk = coalesce(c.parent, 0)
         select p.pk, above.name",
        "key p.pk: many rows
p: direct pk
c: p.pk from c, product p where c.pk = p.fk_category
above: everything",
    );
}

/// Which five products are the first depends on all products: a changed one can move another one in.
#[test]
fn a_condition_above_a_limit_is_no_link() {
    check(
        "from category c
         left (
           from product p
           limit 5
           select p.pk, p.fk_category
         ) d on d.fk_category = c.pk
         select c.pk, d.pk as product",
        "key c.pk: many rows
c: direct pk
p: everything
lateral",
    );
}

/// Among the products of one category only those of that category have a say.
#[test]
fn a_condition_below_a_limit_is_a_link() {
    check(
        "from category c
         left (
           from product p
           where p.fk_category = c.pk
           limit 5
           select p.pk
         ) d
         select c.pk, d.pk as product",
        "key c.pk: many rows
         c: direct pk
         p: direct fk_category
         lateral",
    );
    check(
        "from category c
         select c.pk
         sub
           from (
             from product p
             where p.fk_category = c.pk
             limit 5
             select p.name
           ) d
           aggregate
           select count(d.name)
         end",
        "key c.pk: one row
         c: direct pk
         p: direct fk_category",
    );
}

#[test]
fn a_grouped_table_is_left_by_its_group_key() {
    check(
        "from product p
         left (
           from review r
           group r.fk_product
           select r.fk_product, count(r.pk) as n
         ) t on t.fk_product = p.pk
         select p.pk, t.n",
        "key p.pk: one row
         p: direct pk
         r: direct fk_product
         lateral",
    );
}

/// A changed review changes the number of its product's reviews: before the change it was another one.
#[test]
fn an_aggregate_is_no_link() {
    check(
        "from category c
         join (
           from review r
           group r.fk_product
           select r.fk_product, count(r.pk) as n
         ) t on t.n = c.pk
         select c.pk, t.fk_product",
        "key c.pk: many rows
c: direct pk
r: everything
lateral",
    );
}

/// Part of the group key bounds the units, not the rows of one.
#[test]
fn part_of_a_group_key_links_but_does_not_determine() {
    check(
        "from product p
         join (
           from review r
           group r.fk_product, r.rating
           select r.fk_product, r.rating, count(r.pk) as n
         ) t on t.fk_product = p.pk
         select p.pk, t.n",
        "key p.pk: many rows
         p: direct pk
         r: direct fk_product
         lateral",
    );
}

#[test]
fn distinct_rows_are_left_by_any_column() {
    check(
        "from product p
         join (
           from review r
           distinct
           select r.fk_product
         ) t on t.fk_product = p.pk
         select p.pk",
        "key p.pk: one row
         p: direct pk
         r: direct fk_product
         lateral",
    );
}

/// The derived table is optional, so that its own conditions hold only where it has a row.
#[test]
fn a_derived_table_is_passed_from_outside() {
    check(
        "from product p
         left (
           from line l
           join part t on t.order = l.order and t.no = l.no
           select l.fk_product, t.name
         ) d on d.fk_product = p.pk
         join code k on k.name = d.name
         select p.pk, k.id",
        "key p.pk: many rows
         p: direct pk
         l: direct fk_product
         t: l.fk_product from t, line l where t.order = l.order and t.no = l.no
         k: l.fk_product from k, part t, line l where k.name = t.name and t.order = l.order and t.no = l.no
         missing for k: part(name)",
    );
}

/// What a derived table does with NULLs counts where its output is used.
#[test]
fn strictness_is_seen_through_derived_tables() {
    let view = |output: &str| {
        format!(
            "from (
               from product p
               left supplier s on s.pk = p.fk_supplier
               select p.pk, {output} as home
             ) d
             join category c on c.parent = d.home
             select d.pk, c.pk as category"
        )
    };
    check(
        &view("coalesce(s.home, 0)"),
        "key p.pk: many rows
p: direct pk
s: p.pk from s, product p where s.pk = p.fk_supplier
c: everything",
    );
    check(
        &view("s.home"),
        "key p.pk: many rows
         p: direct pk
         s: p.pk from s, product p where s.pk = p.fk_supplier
         c: p.pk from c, supplier s, product p where c.parent = s.home and s.pk = p.fk_supplier",
    );
}

#[test]
fn a_condition_inside_an_optional_derived_table_says_nothing_outside() {
    check(
        "from product p
         join category c
         left (
           from review r
           where r.fk_product = p.pk and p.fk_category = c.pk
           select r.rating
         ) d
         select p.pk, c.pk as category",
        "key p.pk: many rows
p: direct pk
c: everything
r: direct fk_product",
    );
}

/// The subquery's condition decides what it returns, not which rows there are.
#[test]
fn a_condition_inside_a_subquery_says_nothing_outside() {
    check(
        "from product p
         join category c
         select p.pk, c.name
         sub
           from review r
           where r.fk_product = p.pk and p.fk_category = c.pk
           select r.rating
         end",
        "key p.pk: many rows
p: direct pk
c: everything
r: direct fk_product",
    );
}

/// Conditions around a subquery hold for its rows too.
#[test]
fn a_subquery_is_left_over_the_tables_around_it() {
    check(
        "from product p
         join category c on c.pk = p.fk_category
         select p.pk
         sub
           from supplier s
           where s.home = c.pk
           select s.name
         end",
        "key p.pk: one row
p: direct pk
c: p.pk from c, product p where c.pk = p.fk_category
s: p.pk from s, category c, product p where s.home = c.pk and c.pk = p.fk_category",
    );
}

/// `p.fk_category NOT IN (SELECT s.home …)` is NULL for every product as soon as one home is NULL: rows for which the test is
/// true or NULL matter, so analysis gives this condition.
#[test]
fn the_test_of_not_in_links_without_being_an_equality() {
    check(
        "from product p
         select p.pk
         sub
           from supplier s
           where (p.fk_category = s.home) is not false
           select s.home
         end",
        "key p.pk: one row
         p: direct pk
         s: p.pk from s, product p where (p.fk_category = s.home) is not false",
    );
}

/// From a category neither product nor supplier is determined alone.
#[test]
fn a_condition_between_three_tables_does_not_lead_from_one() {
    check(
        "from product p
         join supplier s
         join category c on p.name = c.name || s.name
         select p.pk, s.pk as supplier, c.pk as category",
        "key p.pk: many rows
p: direct pk
s: everything
c: everything",
    );
    check(
        "from product p
         join supplier s on s.pk = p.fk_supplier
         join category c on p.name = c.name || s.name
         select p.pk, c.pk as category",
        "key p.pk: many rows
p: direct pk
s: p.pk from s, product p where s.pk = p.fk_supplier
c: everything",
    );
}

#[test]
fn every_unlinked_occurrence_is_named() {
    check(
        "from product p
         select p.pk
         sub
           from review r
           select r.pk
         end
         sub
           from supplier s
           where s.name <> ''
           select s.pk
         end",
        "key p.pk: one row
p: direct pk
r: everything
s: everything",
    );
}
