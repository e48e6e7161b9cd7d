//! Which changes concern only leaves that can be computed on their own.

use super::Builder;
use crate::{leaf_columns, leaves, plan};
use pg_tviews_ir::validate;
use pg_tviews_sqltext::PatchValue;

/// Compares which leaves the changes of each table concern: one line for each.
fn check(input: &str, expect: &str) {
    let built = Builder::read(input);
    assert_eq!(validate(&built.view), [], "{input}\n{}", built.view);
    let plan = plan(&built.view, None).expect("a plan");
    let found = leaves(&built.view, &plan.key, &plan.occurrences);
    let mut actual = vec![];
    for (occurrence, of) in plan.occurrences.iter().zip(&found.of) {
        let name = |number: &usize| {
            let place = &found.places[*number];
            let column = built.view.columns[place.position].name.as_str();
            let path = place.path.iter().map(String::as_str);
            std::iter::once(column).chain(path).collect::<Vec<_>>().join("/")
        };
        let number = actual.len();
        let element = found.elements[number].as_ref().map(|element| {
            let order: Vec<&str> = element.order.iter().map(|sort| sort.member.as_str()).collect();
            format!(", element {} by {}", element.member, order.join(", "))
        });
        let text = match of {
            None => "computed anew".to_owned(),
            Some(numbers) => numbers.iter().map(name).collect::<Vec<_>>().join(", "),
        };
        let alias = &built.view.source(occurrence.source).alias;
        actual.push(format!("{alias}: {text}{}", element.unwrap_or_default()));
    }
    let lines = expect.lines().map(str::trim).filter(|line| !line.is_empty());
    assert_eq!(actual, lines.collect::<Vec<_>>(), "{input}\n{}", built.view);
}

#[test]
fn a_subquery_of_the_root_is_computed_on_its_own() {
    check(
        "from product p
         join category c on c.pk = p.fk_category
         sub data/reviews/count
           from review r
           where r.fk_product = p.pk
           aggregate
           select count() as n
         end
         sub data/reviews/recent
           from (
             from review x
             where x.fk_product = p.pk
             limit 5
             select x.rating
           ) y
           aggregate
           select count(y.rating) as n
         end
         select p.pk, p.name as data/name, c.name as data/category",
        "p: computed anew
         c: computed anew
         r: data/reviews/count
         x: data/reviews/recent",
    );
}

#[test]
fn all_leaves_of_a_table_inside_subqueries_count() {
    check(
        "from product p
         sub total
           from review r
           join category c on c.pk = r.rating
           where r.fk_product = p.pk
           aggregate
           select sum(c.pk)
         end
         select p.pk",
        "p: computed anew
         r: total
         c: total",
    );
}

#[test]
fn a_subquery_that_names_another_table_is_not() {
    check(
        "from product p
         join category c on c.pk = p.fk_category
         sub data/n
           from review r
           where r.fk_product = p.pk and r.rating > c.parent
           aggregate
           select count() as n
         end
         select p.pk",
        "p: computed anew
         c: computed anew
         r: computed anew",
    );
}

#[test]
fn a_subquery_in_a_condition_decides() {
    check(
        "from product p
         sub
           from review r
           where r.fk_product = p.pk
           select r.rating
         end
         select p.pk",
        "p: computed anew
         r: computed anew",
    );
}

#[test]
fn a_unit_of_many_rows_is_computed_as_a_whole() {
    check(
        "from product p
         join visit s on s.fk_product = p.pk
         sub n
           from review r
           where r.fk_product = p.pk
           aggregate
           select count() as n
         end
         select p.pk",
        "p: computed anew
         s: computed anew
         r: computed anew",
    );
}

#[test]
fn a_grouped_definition_has_no_such_leaves() {
    check(
        "from product p
         sub n
           from review r
           where r.fk_product = p.pk
           aggregate
           select count() as n
         end
         group p.pk
         select p.pk, count() as m",
        "p: computed anew
         r: computed anew",
    );
}

#[test]
fn the_new_parts_of_a_document_are_nested() {
    let place = |position: usize, path: &[&str]| crate::LeafPlace {
        position,
        path: path.iter().map(|key| (*key).to_owned()).collect(),
    };
    let columns = leaf_columns(&[
        place(2, &["reviews", "n"]),
        place(1, &[]),
        place(2, &["reviews", "last"]),
    ]);
    let value = |number: usize| PatchValue::Value(format!("l.\"c{number}\""));
    let reviews = PatchValue::Members(vec![("n".into(), value(1)), ("last".into(), value(3))]);
    assert_eq!(columns.len(), 2);
    assert_eq!((columns[0].position, &columns[0].value), (1, &value(2)));
    let document = PatchValue::Members(vec![("reviews".into(), reviews)]);
    assert_eq!((columns[1].position, &columns[1].value), (2, &document));
}

#[test]
fn an_element_has_a_place_where_the_order_is_shown() {
    check(
        "from product p
         select p.pk
         sub data/all
           from review r
           where r.fk_product = p.pk and r.rating > 3
           list r.rating as stars, r.pk as id by r.rating, r.pk
         end
         sub data/hidden_order
           from review x
           where x.fk_product = p.pk
           list x.pk as id by x.rating, x.pk
         end
         sub data/chance
           from review y
           where y.fk_product = p.pk
           list y.pk as id, y.rating as stars by y.rating
         end",
        "p: computed anew
         r: data/all, element id by stars, id
         x: data/hidden_order
         y: data/chance",
    );
}

/// Which rows are shown then depends on others.
#[test]
fn an_element_of_a_list_that_is_cut_off_has_no_place() {
    check(
        "from product p
         select p.pk
         sub data/reviews
           from (
             from review r
             where r.fk_product = p.pk
             order r.pk
             limit 5
             select r.pk
           ) x
           list x.pk as id by x.pk
         end",
        "p: computed anew
         r: data/reviews",
    );
}

#[test]
fn elements_and_figures_stand_side_by_side() {
    check(
        "from product p
         select p.pk
         sub data/reviews
           from review r
           where r.fk_product = p.pk and r.fk_product > 1
           list r.pk as id by r.pk
         end
         sub n
           from review x
           where x.fk_product = p.pk
           aggregate
           select count() as n
         end",
        "p: computed anew
         r: data/reviews, element id by id
         x: n",
    );
}
