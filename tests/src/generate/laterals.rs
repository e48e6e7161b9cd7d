//! Derived tables beside the products, of which most have one row whatever happens: what documents show of them are leaves.

use super::{leaves, lists};
use crate::fragment::Fragment;
use crate::rng::Rng;

/// The columns of the items, by number.
const SHOWN: [&[&str]; 3] = [&["l0.v"], &["l1.v"], &["l2.n", "l2.v", "l2.list"]];

/// Adds items to a FROM clause, and their columns to the values that can be shown.
pub(super) fn add(rng: &mut Rng, subqueries: bool, from: &mut Vec<Fragment>, values: &mut Vec<&str>) {
    for (nth, shown) in SHOWN.iter().enumerate() {
        if rng.chance(15) {
            from.push(Fragment::optional(vec![item(rng, nth, subqueries).into()]));
            (0..4).for_each(|_| values.extend(*shown));
        }
    }
}

fn item(rng: &mut Rng, nth: usize, subqueries: bool) -> String {
    let around = rng.weighted(&[
        (6, (" LEFT JOIN LATERAL ", " ON true")),
        (3, (" CROSS JOIN LATERAL ", "")),
        (1, (" JOIN LATERAL ", " ON p.touched < 3")),
        (1, (" LEFT JOIN LATERAL ", " ON p.price > 1")),
    ]);
    let (before, after) = around;
    if nth == 2 {
        let summed = "(SELECT count(*), sum(r.stars), coalesce(jsonb_agg(jsonb_build_object('id', r.pk, 'stars', r.stars) \
                      ORDER BY r.stars DESC, r.pk), '[]') FROM review r WHERE r.fk_product = p.pk)";
        return format!("{before}{summed} l2 (n, v, list){after}");
    }
    let of_root = leaves::OF_ROOT.iter().filter(|_| subqueries);
    let whole = of_root.chain(lists::VALUES).filter(|value| is_subquery(value));
    let whole: Vec<&&str> = whole.collect();
    format!("{before}{} l{nth} (v){after}", rng.pick(&whole))
}

/// Whether a value is one subquery and nothing else.
fn is_subquery(value: &str) -> bool {
    let mut depth = 0;
    let ends = value.char_indices().find_map(|(place, char)| {
        depth += i32::from(char == '(') - i32::from(char == ')');
        (depth == 0).then_some(place + 1)
    });
    value.starts_with("(SELECT") && ends == Some(value.len())
}
