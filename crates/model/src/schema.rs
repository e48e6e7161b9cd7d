//! Tables, tviews over them, and what changed rows ask for.
//!
//! `TvProduct` has one row for each product with its price, its category (inner join), the number of its reviews, and a rate that
//! concerns all; price and category's name are leaves that can be written alone, the number of reviews is one that can be computed alone.
//! `TvSize` groups products by category and counts those without a review (anti-join), and votes on their reviews. `TvShelf`, over `TvProduct`, has one
//! row for each category. There are no foreign keys.

use std::collections::{BTreeMap, BTreeSet};

/// A table or tview.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Table {
    /// One row: the rate.
    Rate,
    /// The name.
    Category,
    /// The category, and the price.
    Product,
    /// The product, and whether it hides the product.
    Review,
    /// The review.
    Vote,
    /// Category, its name with the price, number of reviews with the rate.
    TvProduct,
    /// Number of products, of those without reviews, and of votes.
    TvSize,
    /// The category's name, number of rows of `TvProduct`, and of reviews in them.
    TvShelf,
}
use Table::{Category, Product, Rate, Review, TvProduct, TvShelf, TvSize, Vote};

/// All tviews, in the order of their oids. The one over another comes first: levels and oids disagree.
pub const TVIEWS: [Table; 3] = [TvShelf, TvProduct, TvSize];

/// The columns.
pub type Row = [i8; 3];
/// A table and the primary key of a row. That of a tview is its unit key.
pub type Key = (Table, i8);
/// What a snapshot sees.
pub type Db = BTreeMap<Key, Row>;

/// What changed rows of a table ask for.
pub enum Finding {
    /// The row names its unit.
    Direct(i8),
    /// The row leads to units by a search.
    Search,
    /// Every unit.
    Everything,
}

/// How many tviews lie one over the other below this one.
pub fn level(tview: Table) -> u8 {
    u8::from(tview == TvShelf)
}

/// Two categories, two products in the first of them, one review of the second product; a third product that a review hides; a vote on the first review.
pub fn initial() -> Db {
    let sources = [
        ((Rate, 0), [1, 0, 0]),
        ((Category, 1), [1, 0, 0]),
        ((Category, 2), [2, 0, 0]),
        ((Product, 1), [1, 0, 0]),
        ((Product, 2), [1, 0, 0]),
        ((Review, 9), [2, 0, 0]),
        ((Product, 8), [1, 0, 0]),
        ((Review, 8), [8, 1, 0]),
        ((Vote, 1), [9, 0, 0]),
    ];
    let mut db = Db::from(sources);
    for tview in [TvProduct, TvSize, TvShelf] {
        for unit in units(&db, tview) {
            if let Some(row) = query(&db, tview, unit) {
                db.insert((tview, unit), row);
            }
        }
    }
    db
}

/// What a row of a source asks for of a tview; nothing if the tview does not read its table.
pub fn finding(tview: Table, (table, id): Key, row: Row) -> Option<Finding> {
    Some(match (tview, table) {
        (TvProduct, Product) => Finding::Direct(id),
        (TvProduct, Review) => Finding::Direct(row[0]),
        (TvProduct, Category) | (TvSize, Review | Vote) => Finding::Search,
        (TvProduct, Rate) => Finding::Everything,
        (TvSize, Product) => Finding::Direct(row[0]),
        (TvShelf, Category) => Finding::Direct(id),
        (TvShelf, TvProduct) => Finding::Direct(row[0]),
        _ => return None,
    })
}

/// A value over which searches go: which table they enter, and by which value.
pub type PathValue = (Table, i8);

/// The value over which the search from a changed row goes on to the next one.
pub fn passing(tview: Table, (table, id): Key, row: Row) -> Option<PathValue> {
    match (tview, table) {
        (TvProduct, Category) => Some((Product, id)),
        (TvSize, Review) => Some((Product, row[0])),
        (TvSize, Vote) => Some((Review, row[0])),
        _ => None,
    }
}

/// The values over which it goes from there.
pub fn passing_later(db: &Db, tview: Table, (table, _): Key, row: Row) -> Option<PathValue> {
    match (tview, table) {
        (TvSize, Vote) => db.get(&(Review, row[0])).map(|review| (Product, review[0])),
        _ => None,
    }
}

/// The value over which searches come to a row.
pub fn passed(tview: Table, (table, id): Key, row: Row) -> Option<PathValue> {
    match (tview, table) {
        (TvProduct, Product) => Some((Product, row[0])),
        (TvSize, Product) => Some((Product, id)),
        (TvSize, Review) => Some((Review, id)),
        _ => None,
    }
}

/// A change of which single leaves of `TvProduct` can be written: of a price, or of a category's name.
pub fn is_patched(tview: Table, (table, _): Key, old: Row, new: Row) -> bool {
    tview == TvProduct && (table == Category || (table == Product && old[0] == new[0]))
}

/// A change that concerns nothing but a leaf of `TvProduct` that is computed on its own: of reviews that hide nothing.
pub fn is_of_leaf(tview: Table, (table, _): Key, old: Option<Row>, new: Option<Row>) -> bool {
    let hides = [old, new].into_iter().flatten().any(|review| review[1] == 1);
    tview == TvProduct && table == Review && !hides
}

/// That leaf of a unit, whether there is a row or not.
pub fn leaf(db: &Db, unit: i8) -> i8 {
    let rate = db.get(&(Rate, 0)).map_or(0, |rate| rate[0]);
    reviews(db, unit) * 8 + rate
}

/// A stored row with it.
pub fn with_leaf(stored: Row, leaf: i8) -> Row {
    [stored[0], stored[1], leaf]
}

/// A stored row with the leaf of a row of a source as that is now.
pub fn patched(db: &Db, (table, id): Key, stored: Row) -> Row {
    let source = db.get(&(table, id)).copied().unwrap_or_default();
    match table {
        Category => [stored[0], source[0] * 8 + stored[1] % 8, stored[2]],
        _ => [stored[0], stored[1] / 8 * 8 + source[1], stored[2]],
    }
}

/// The stored rows that have a leaf made from a row of a source. Those of a category come in another order than others write them.
pub fn holders(db: &Db, (table, id): Key) -> Vec<(i8, Row)> {
    let holds = |unit: i8, row: Row| match table {
        Category => row[0] == id,
        _ => unit == id,
    };
    let mut found: Vec<(i8, Row)> = rows(db, TvProduct)
        .filter(|(unit, row)| holds(*unit, *row))
        .collect();
    found.reverse();
    found
}

/// The units to which a changed row leads.
pub fn search(db: &Db, tview: Table, (table, id): Key, row: Row) -> BTreeSet<i8> {
    match (tview, table) {
        (TvProduct, Category) => rows(db, Product)
            .filter(|(_, product)| product[0] == id)
            .map(|(product, _)| product)
            .collect(),
        (TvSize, Review) => category_of(db, row[0]).into_iter().collect(),
        (TvSize, Vote) => db
            .get(&(Review, row[0]))
            .and_then(|review| category_of(db, review[0]))
            .into_iter()
            .collect(),
        _ => BTreeSet::new(),
    }
}

/// The row of a unit according to the definition.
pub fn query(db: &Db, tview: Table, unit: i8) -> Option<Row> {
    match tview {
        TvProduct => {
            let product = db.get(&(Product, unit))?;
            let category = db.get(&(Category, product[0]))?;
            db.get(&(Rate, 0))?;
            if rows(db, Review).any(|(_, review)| review[0] == unit && review[1] == 1) {
                return None;
            }
            Some([product[0], category[0] * 8 + product[1], leaf(db, unit)])
        }
        TvSize => {
            let of_category = || rows(db, Product).filter(|(_, product)| product[0] == unit);
            let all = of_category().count() as i8;
            let without = of_category().filter(|(product, _)| reviews(db, *product) == 0);
            let votes = rows(db, Vote).filter(|(_, vote)| {
                let review = db.get(&(Review, vote[0]));
                review.and_then(|review| category_of(db, review[0])) == Some(unit)
            });
            (all > 0).then_some([all, without.count() as i8, votes.count() as i8])
        }
        _ => {
            let category = db.get(&(Category, unit))?;
            let of_category = || rows(db, TvProduct).filter(|(_, product)| product[0] == unit);
            let reviews = of_category().map(|(_, product)| product[2] / 8).sum();
            Some([category[0], of_category().count() as i8, reviews])
        }
    }
}

/// All units that the query or the tview may have.
pub fn units(db: &Db, tview: Table) -> BTreeSet<i8> {
    let queried = match tview {
        TvProduct => rows(db, Product).map(|(id, _)| id).collect(),
        TvSize => rows(db, Product).map(|(_, product)| product[0]).collect(),
        _ => rows(db, Category).map(|(id, _)| id).collect::<BTreeSet<i8>>(),
    };
    queried
        .into_iter()
        .chain(rows(db, tview).map(|(unit, _)| unit))
        .collect()
}

/// Whether the tview equals its query.
pub fn is_right(db: &Db, tview: Table) -> bool {
    units(db, tview)
        .into_iter()
        .all(|unit| db.get(&(tview, unit)).copied() == query(db, tview, unit))
}

fn rows(db: &Db, table: Table) -> impl Iterator<Item = (i8, Row)> {
    db.range((table, i8::MIN)..=(table, i8::MAX))
        .map(|((_, id), row)| (*id, *row))
}

fn category_of(db: &Db, product: i8) -> Option<i8> {
    db.get(&(Product, product)).map(|product| product[0])
}

fn reviews(db: &Db, product: i8) -> i8 {
    rows(db, Review)
        .filter(|(_, review)| review[0] == product)
        .count() as i8
}
