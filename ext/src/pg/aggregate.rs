//! Aggregates in expression trees, and what is around them. The invariant is that of [`super::tree`].

use super::list::pointers;
use super::node::{Node, NodeKind, function_name, optional, stripped};
use super::text::owned;
use pg_tviews_ir::{Number, SortKind};
use pgrx::{is_a, pg_sys};

/// A call of an aggregate of the server, over all rows of its own query's groups, duplicates included and in any order.
pub struct AggregateCall {
    pub function: String,
    /// `None` for `count(*)`.
    pub argument: Option<Node>,
    pub filter: Option<Node>,
}

/// A call of `jsonb_agg` over all rows of its own query's groups.
pub struct ListCall {
    pub element: Node,
    /// Its ORDER BY.
    pub order: Vec<OrderItem>,
    pub filter: Option<Node>,
}

/// An item of an aggregate's ORDER BY.
pub struct OrderItem {
    /// The column or expression.
    pub by: Node,
    /// It is ordered so that equal values are the same value.
    pub told_apart: bool,
    /// The greatest comes first; `None` if the order is not the usual one of its type.
    pub descending: Option<bool>,
    pub nulls_first: bool,
}

/// Neither an ordered-set nor a hypothetical-set aggregate.
const AGGKIND_NORMAL: u8 = b'n';

/// Types whose values have one jsonb form each, which is that of no other value: of no other image, where a collation takes several for equal.
const EXACT_TYPES: [pg_sys::Oid; 6] = [
    pg_sys::INT2OID,
    pg_sys::INT4OID,
    pg_sys::INT8OID,
    pg_sys::UUIDOID,
    pg_sys::TEXTOID,
    pg_sys::VARCHAROID,
];

/// Decimal digits that every `bigint` can hold.
const MOST_DIGITS: i32 = 18;

/// Whether it is an aggregate of the server over the rows of its own block, and of nothing but these and perhaps their order.
fn is_plain(call: &pg_sys::Aggref) -> bool {
    call.agglevelsup == 0
        && call.aggkind as u8 == AGGKIND_NORMAL
        && call.aggdirectargs.is_null()
        && call.aggdistinct.is_null()
        && !call.aggvariadic
        && call.aggfnoid.to_u32() < pg_sys::FirstNormalObjectId
}

impl Node {
    /// The call that an aggregate is.
    pub fn aggregate_call(self) -> Option<AggregateCall> {
        // SAFETY: the casts follow from the tags; the arguments of an ordinary aggregate are target entries.
        unsafe {
            if !is_a(self.0, pg_sys::NodeTag::T_Aggref) {
                return None;
            }
            let call = &*self.0.cast::<pg_sys::Aggref>();
            let usual = is_plain(call) && call.aggorder.is_null();
            let arguments = pointers::<pg_sys::TargetEntry>(call.args);
            let argument = match arguments.as_slice() {
                [] if call.aggstar => None,
                [argument] => Some(Node((**argument).expr.cast())),
                _ => return None,
            };
            usual.then(|| AggregateCall {
                function: function_name(call.aggfnoid),
                argument,
                filter: optional(call.aggfilter.cast()),
            })
        }
    }

    /// The call of `jsonb_agg` that an aggregate is.
    pub fn list_call(self) -> Option<ListCall> {
        // SAFETY: the casts follow from the tags; the arguments of an ordinary aggregate are target entries, what it is ordered by included.
        unsafe {
            if !is_a(self.0, pg_sys::NodeTag::T_Aggref) {
                return None;
            }
            let call = &*self.0.cast::<pg_sys::Aggref>();
            let usual = is_plain(call) && function_name(call.aggfnoid) == "jsonb_agg";
            let arguments = pointers::<pg_sys::TargetEntry>(call.args);
            let mut elements = arguments.iter().filter(|argument| !(***argument).resjunk);
            let (Some(element), None, true) = (elements.next(), elements.next(), usual) else {
                return None;
            };
            let order = pointers::<pg_sys::SortGroupClause>(call.aggorder).into_iter();
            let order = order.map(|clause| {
                let by = arguments
                    .iter()
                    .find(|argument| (***argument).ressortgroupref == (*clause).tleSortGroupRef)?;
                let by = Node((**by).expr.cast());
                Some(OrderItem {
                    by,
                    told_apart: by.is_told_apart_by((*clause).eqop),
                    descending: by.is_descending((*clause).sortop),
                    nulls_first: (*clause).nulls_first,
                })
            });
            Some(ListCall {
                element: Node((**element).expr.cast()),
                order: order.collect::<Option<_>>()?,
                filter: optional(call.aggfilter.cast()),
            })
        }
    }

    /// Whether values of this expression's type are written alike in jsonb exactly if they have the same image.
    pub fn is_written_exactly(self) -> bool {
        EXACT_TYPES.contains(&self.type_oid())
    }

    /// Whether values of this expression that an operator takes for equal are the same value.
    pub fn is_told_apart_by(self, equality: pg_sys::Oid) -> bool {
        let collation = self.collation();
        // SAFETY: type and collation exist: an expression has them.
        self.is_written_exactly()
            && unsafe {
                (collation == pg_sys::InvalidOid || pg_sys::get_collation_isdeterministic(collation))
                    && (*pg_sys::lookup_type_cache(self.type_oid(), pg_sys::TYPECACHE_EQ_OPR as i32)).eq_opr
                        == equality
            }
    }

    /// Whether an operator orders values of this expression from the greatest to the smallest; `None` if it does not order them as usual.
    fn is_descending(self, operator: pg_sys::Oid) -> Option<bool> {
        let flags = pg_sys::TYPECACHE_LT_OPR | pg_sys::TYPECACHE_GT_OPR;
        // SAFETY: the type exists: an expression has it.
        let (less, greater) = unsafe {
            let entry = &*pg_sys::lookup_type_cache(self.type_oid(), flags as i32);
            (entry.lt_opr, entry.gt_opr)
        };
        match operator {
            pg_sys::InvalidOid => None,
            _ if operator == less => Some(false),
            _ if operator == greater => Some(true),
            _ => None,
        }
    }

    /// How what the expression is ordered by is shown by a member of an object, if it is: from what is shown follows how two values compare.
    pub fn shown_by(self, member: Node) -> Option<SortKind> {
        let (own, shown) = (self.type_oid(), member.type_oid());
        let text = own == pg_sys::TEXTOID && shown == pg_sys::VARCHAROID;
        // SAFETY: both are expressions.
        let same = unsafe { pg_sys::equal(uncollated(self.0).cast(), uncollated(member.0).cast()) };
        if !same || (own != shown && !text) {
            return None;
        }
        match own {
            pg_sys::INT2OID | pg_sys::INT4OID | pg_sys::INT8OID | pg_sys::NUMERICOID => {
                Some(SortKind::Number)
            }
            pg_sys::BOOLOID => Some(SortKind::Truth),
            pg_sys::UUIDOID => Some(SortKind::Bytes),
            pg_sys::TEXTOID | pg_sys::VARCHAROID => Some(SortKind::Text(self.collation().to_u32())),
            pg_sys::DATEOID => Some(SortKind::Date),
            pg_sys::TIMESTAMPOID => Some(SortKind::Timestamp),
            pg_sys::TIMESTAMPTZOID => Some(SortKind::TimestampTz),
            _ => None,
        }
    }

    /// The list in `coalesce(list, '[]')`, or the expression itself.
    pub fn without_empty_list(self) -> Node {
        // SAFETY: the casts follow from the tags.
        unsafe {
            if !is_a(self.0, pg_sys::NodeTag::T_CoalesceExpr) || self.type_oid() != pg_sys::JSONBOID {
                return self;
            }
            let arguments = pointers::<pg_sys::Node>((*self.0.cast::<pg_sys::CoalesceExpr>()).args);
            match arguments.as_slice() {
                [list, other] if Node(*other).folded_text().as_deref() == Some("[]") => {
                    Node(*list).without_empty_list()
                }
                _ => self,
            }
        }
    }

    /// The kind of exact number that an expression's values are, if all are written with the same number of decimal places.
    pub fn exact_number(self) -> Option<Number> {
        match self.type_oid() {
            pg_sys::INT2OID | pg_sys::INT4OID => Some(Number::Integer),
            pg_sys::INT8OID => Some(Number::Bigint),
            pg_sys::NUMERICOID => {
                // SAFETY: module invariant.
                let modifier = unsafe { pg_sys::exprTypmod(self.0) } - pg_sys::VARHDRSZ as i32;
                let (precision, scale) = (modifier >> 16, ((modifier & 0x7ff) ^ 1024) - 1024);
                let fits = modifier >= 0 && precision <= MOST_DIGITS && (0..=MOST_DIGITS).contains(&scale);
                fits.then_some(Number::Decimal(u16::try_from(scale).ok()?))
            }
            _ => None,
        }
    }

    /// Whether the expression is nothing but a parameter.
    pub fn is_parameter(self) -> bool {
        matches!(self.kind(), NodeKind::Parameter)
    }

    /// If the expression is `coalesce(parameter, 0)`: the decimal places of the zero.
    pub fn parameter_or_zero(self) -> Option<u16> {
        // SAFETY: the casts follow from the tags; a folded copy is an expression as well.
        unsafe {
            if !is_a(self.0, pg_sys::NodeTag::T_CoalesceExpr) {
                return None;
            }
            let arguments = pointers::<pg_sys::Node>((*self.0.cast::<pg_sys::CoalesceExpr>()).args);
            let [shown, other] = arguments.as_slice() else {
                return None;
            };
            let text = Node(*other)
                .folded_text()
                .filter(|_| Node(*shown).is_parameter())?;
            places_of_zero(&text)
        }
    }

    /// If the expression is `round(parameter, places)`: the number of places.
    pub fn parameter_rounded(self) -> Option<u16> {
        // SAFETY: the casts follow from the tags.
        unsafe {
            if !is_a(self.0, pg_sys::NodeTag::T_FuncExpr) {
                return None;
            }
            let call = &*self.0.cast::<pg_sys::FuncExpr>();
            let own = call.funcid.to_u32() < pg_sys::FirstNormalObjectId;
            let arguments = pointers::<pg_sys::Node>(call.args);
            let [shown, places] = arguments.as_slice() else {
                return None;
            };
            let rounds = own && function_name(call.funcid) == "round" && Node(*shown).is_parameter();
            rounds
                .then(|| Node(*places).folded_text()?.parse().ok())
                .flatten()
        }
    }

    /// The text of an expression's value, if it is a constant that runs no code of a user.
    fn folded_text(self) -> Option<String> {
        if !self.is_constant() {
            return None;
        }
        // SAFETY: without a plan around it nothing but constants is folded; the constant's value is of its type.
        unsafe {
            let folded = pg_sys::eval_const_expressions(std::ptr::null_mut(), self.0);
            if !is_a(folded, pg_sys::NodeTag::T_Const) {
                return None;
            }
            let constant = &*folded.cast::<pg_sys::Const>();
            if constant.constisnull {
                return None;
            }
            let (mut function, mut variable_length) = (pg_sys::InvalidOid, false);
            pg_sys::getTypeOutputInfo(constant.consttype, &mut function, &mut variable_length);
            Some(owned(pg_sys::OidOutputFunctionCall(
                function,
                constant.constvalue,
            )))
        }
    }
}

/// The node below COLLATE and binary-compatible relabelling.
///
/// # Safety
/// `node` is a valid expression.
unsafe fn uncollated(node: *mut pg_sys::Node) -> *mut pg_sys::Node {
    // SAFETY: see the function's contract; the cast follows from the tag.
    unsafe {
        let mut node = stripped(node);
        while is_a(node, pg_sys::NodeTag::T_CollateExpr) {
            node = stripped((*node.cast::<pg_sys::CollateExpr>()).arg.cast());
        }
        node
    }
}

/// The decimal places of a number's text if it stands for zero.
fn places_of_zero(number: &str) -> Option<u16> {
    let (whole, places) = number.split_once('.').unwrap_or((number, ""));
    let zeros = whole == "0" && places.chars().all(|char| char == '0');
    zeros.then(|| u16::try_from(places.len()).ok()).flatten()
}
