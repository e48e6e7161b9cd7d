//! Nodes of expressions: kinds, walks, and what analysis asks of them. The invariant is that of [`super::tree`].

use super::imports::called_as_by_server;
use super::interrupts;
use super::list::pointers;
use super::text::owned;
use super::tree::Query;
use pgrx::{is_a, pg_sys};
use std::ffi::c_void;

/// Any node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Node(pub(super) *mut pg_sys::Node);

/// Node kinds that analysis treats in a way of their own.
pub enum NodeKind {
    Variable(Variable),
    Sublink {
        kind: SublinkKind,
        test: Option<Node>,
        query: Query,
    },
    Query,
    SublinkOutput(usize),
    Parameter,
    Aggregate,
    Window,
    SetReturning,
    SessionValue,
    Sequence,
    Other,
}

/// What can stand on one side of an equality.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// A column.
    Variable(Variable),
    /// The n-th output of the subquery that the expression tests.
    Output(usize),
}

/// A reference to a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    pub levels_up: usize,
    pub range_index: usize,
    pub attnum: i16,
}

/// Kind of a subquery in an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SublinkKind {
    Exists,
    Any,
    All,
    Value,
}

/// Whether a function of the server makes rows of JSON.
pub fn reads_records(function: &str) -> bool {
    matches!(
        function,
        "json_populate_record"
            | "json_populate_recordset"
            | "json_to_record"
            | "json_to_recordset"
            | "jsonb_populate_record"
            | "jsonb_populate_record_valid"
            | "jsonb_populate_recordset"
            | "jsonb_to_record"
            | "jsonb_to_recordset"
    )
}

pub(super) fn optional(node: *mut pg_sys::Node) -> Option<Node> {
    (!node.is_null()).then_some(Node(node))
}

/// What a visitor wants done with a node.
pub enum Visit {
    /// Go on with its children.
    Descend,
    /// Leave it, and what is below, as it is.
    Keep,
    /// Put this node in its place.
    Replace(Node),
}

type Visitor<'a> = &'a mut dyn FnMut(Node) -> Visit;

/// A copy of an expression in which a visitor may replace nodes, outermost first.
pub fn rewrite(node: Node, visitor: Visitor<'_>) -> Node {
    let mut context: Visitor<'_> = visitor;
    // SAFETY: `context` outlives the walk; the callback gets it back as it was given.
    Node(unsafe { called_as_by_server(|| rewrite_callback(node.0, (&raw mut context).cast())) })
}

/// # Safety
/// `context` points to a `Visitor`; `node` is null or a valid node.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn rewrite_callback(
    node: *mut pg_sys::Node,
    context: *mut c_void,
) -> *mut pg_sys::Node {
    if node.is_null() {
        return node;
    }
    // SAFETY: see the function's contract; deep nesting is caught by the server's own check.
    unsafe {
        interrupts::check_deep();
        let visitor = &mut *context.cast::<Visitor<'_>>();
        match visitor(Node(node)) {
            Visit::Keep => node,
            Visit::Replace(other) => other.0,
            Visit::Descend => super::version::mutate_children(node, rewrite_callback, context),
        }
    }
}

impl Node {
    pub(super) fn raw(self) -> *mut pg_sys::Node {
        self.0
    }

    pub(super) fn tag(self) -> pg_sys::NodeTag {
        // SAFETY: module invariant.
        unsafe { (*self.0).type_ }
    }

    pub fn kind(self) -> NodeKind {
        use pg_sys::NodeTag::*;
        // SAFETY: each cast follows from the tag.
        unsafe {
            match self.tag() {
                T_Var => NodeKind::Variable(variable(&*self.0.cast())),
                T_SubLink => {
                    let sublink = &*self.0.cast::<pg_sys::SubLink>();
                    let kind = match sublink.subLinkType {
                        pg_sys::SubLinkType::EXISTS_SUBLINK => SublinkKind::Exists,
                        pg_sys::SubLinkType::ANY_SUBLINK => SublinkKind::Any,
                        pg_sys::SubLinkType::ALL_SUBLINK => SublinkKind::All,
                        _ => SublinkKind::Value,
                    };
                    let query = Query(sublink.subselect.cast());
                    NodeKind::Sublink {
                        kind,
                        test: optional(sublink.testexpr),
                        query,
                    }
                }
                T_Query => NodeKind::Query,
                T_Param => {
                    let param = &*self.0.cast::<pg_sys::Param>();
                    if param.paramkind == pg_sys::ParamKind::PARAM_SUBLINK {
                        NodeKind::SublinkOutput(param.paramid as usize)
                    } else {
                        NodeKind::Parameter
                    }
                }
                T_Aggref | T_GroupingFunc => NodeKind::Aggregate,
                T_WindowFunc => NodeKind::Window,
                T_FuncExpr if (*self.0.cast::<pg_sys::FuncExpr>()).funcretset => NodeKind::SetReturning,
                T_OpExpr if (*self.0.cast::<pg_sys::OpExpr>()).opretset => NodeKind::SetReturning,
                T_SQLValueFunction => NodeKind::SessionValue,
                T_NextValueExpr => NodeKind::Sequence,
                _ => NodeKind::Other,
            }
        }
    }

    /// Oids of the functions that this node itself calls, its children left out.
    pub fn functions(self) -> Vec<pg_sys::Oid> {
        let mut found: Vec<pg_sys::Oid> = Vec::new();
        // SAFETY: the callback gets `found` back; the tag of the node is one that has functions or is ignored.
        unsafe {
            pg_sys::check_functions_in_node(self.0, Some(collect_function), (&raw mut found).cast());
        }
        found
    }

    /// Oids of the relations whose names, or the names of whose columns, the text of this node holds, its children left out: tables that
    /// stand as values (`'t'::regclass`), and row types whose fields are selected.
    pub fn named_relations(self) -> Vec<pg_sys::Oid> {
        use pg_sys::NodeTag::*;
        // SAFETY: each cast follows from the tag; the value is of the type that the constant has.
        unsafe {
            match self.tag() {
                T_Const => {
                    let constant = &*self.0.cast::<pg_sys::Const>();
                    super::scan::relations_in(constant.constvalue, constant.consttype, constant.constisnull)
                }
                T_FieldSelect => {
                    let selected = &*self.0.cast::<pg_sys::FieldSelect>();
                    let row_type = pg_sys::getBaseType(Node(selected.arg.cast()).type_oid());
                    let relation = pg_sys::get_typ_typrelid(row_type);
                    (relation != pg_sys::InvalidOid)
                        .then_some(relation)
                        .into_iter()
                        .collect()
                }
                _ => Vec::new(),
            }
        }
    }

    /// If the node converts between types through text: (type converted from, type converted to).
    pub fn text_conversion(self) -> Option<(pg_sys::Oid, pg_sys::Oid)> {
        if self.tag() != pg_sys::NodeTag::T_CoerceViaIO {
            return None;
        }
        // SAFETY: the cast follows from the tag.
        let coercion = unsafe { &*self.0.cast::<pg_sys::CoerceViaIO>() };
        Some((Node(coercion.arg.cast()).type_oid(), coercion.resulttype))
    }

    /// The types that the node makes out of text or JSON through their input functions: results of SQL/JSON functions, columns of
    /// JSON_TABLE and XMLTABLE, the row that `jsonb_populate_record` and its like give. For casts see [`Node::text_conversion`].
    pub fn types_read(self) -> Vec<pg_sys::Oid> {
        use pg_sys::NodeTag::*;
        // SAFETY: the casts follow from the tags.
        unsafe {
            match self.tag() {
                T_TableFunc => super::version::xml_columns(&*self.0.cast()),
                T_FuncExpr => {
                    let call = &*self.0.cast::<pg_sys::FuncExpr>();
                    let reads = reads_records(&function_name(call.funcid));
                    if reads && call.funcresulttype != pg_sys::RECORDOID {
                        vec![call.funcresulttype]
                    } else {
                        vec![]
                    }
                }
                _ => super::version::json_result(self).into_iter().collect(),
            }
        }
    }

    /// The function that a node calls, if it is a plain call.
    pub fn called_function(self) -> Option<pg_sys::Oid> {
        // SAFETY: the cast follows from the tag.
        (self.tag() == pg_sys::NodeTag::T_FuncExpr)
            .then(|| unsafe { (*self.0.cast::<pg_sys::FuncExpr>()).funcid })
    }

    /// A call of a function that makes rows as if it made one value: so it can be a template.
    pub fn as_scalar_call(self) -> Option<Node> {
        self.called_function()?;
        // SAFETY: the copy is a call, as `called_function` has seen.
        unsafe {
            let copy = pg_sys::copyObjectImpl(self.0.cast()).cast::<pg_sys::FuncExpr>();
            (*copy).funcretset = false;
            Some(Node(copy.cast()))
        }
    }

    /// Byte position in the definition's text, if known.
    pub fn location(self) -> Option<usize> {
        // SAFETY: module invariant.
        usize::try_from(unsafe { pg_sys::exprLocation(self.0) }).ok()
    }

    pub fn type_oid(self) -> pg_sys::Oid {
        // SAFETY: module invariant; only called on expressions.
        unsafe { pg_sys::exprType(self.0) }
    }

    /// Whether it is NULL, of some type and perhaps with a collation.
    pub fn is_null_constant(self) -> bool {
        // SAFETY: module invariant; the casts follow from the tags.
        unsafe {
            match self.tag() {
                pg_sys::NodeTag::T_Const => (*self.0.cast::<pg_sys::Const>()).constisnull,
                pg_sys::NodeTag::T_CollateExpr => {
                    Node((*self.0.cast::<pg_sys::CollateExpr>()).arg.cast()).is_null_constant()
                }
                pg_sys::NodeTag::T_RelabelType => {
                    Node((*self.0.cast::<pg_sys::RelabelType>()).arg.cast()).is_null_constant()
                }
                pg_sys::NodeTag::T_CoerceToDomain => {
                    Node((*self.0.cast::<pg_sys::CoerceToDomain>()).arg.cast()).is_null_constant()
                }
                _ => false,
            }
        }
    }

    /// Its type as SQL writes it. Without length or scale that is not the bare name: `character` means `character(1)`.
    pub fn type_text(self) -> String {
        // SAFETY: module invariant; only called on expressions.
        unsafe {
            owned(pg_sys::format_type_with_typemod(
                self.type_oid(),
                pg_sys::exprTypmod(self.0),
            ))
        }
    }

    /// The parameter `$number` of this expression's type.
    pub fn parameter(self, number: usize) -> Node {
        // SAFETY: palloc0 returns zeroed memory of the size asked for; every field that readers look at is set.
        unsafe {
            let param = pg_sys::palloc0(size_of::<pg_sys::Param>()).cast::<pg_sys::Param>();
            (*param).xpr.type_ = pg_sys::NodeTag::T_Param;
            (*param).paramkind = pg_sys::ParamKind::PARAM_EXTERN;
            (*param).paramid = number as i32;
            (*param).paramtype = self.type_oid();
            (*param).paramtypmod = pg_sys::exprTypmod(self.0);
            (*param).paramcollid = pg_sys::exprCollation(self.0);
            (*param).location = -1;
            Node(param.cast())
        }
    }

    /// `expression = $number`, by the equality of the parameter's type; `None` if it has none or the expression can't be of it.
    pub fn equals_parameter(self, number: usize, type_oid: pg_sys::Oid) -> Option<Node> {
        // SAFETY: the nodes are valid, and what is made of them is of the types that the operator takes.
        unsafe {
            let own = self.type_oid();
            let copied = pg_sys::copyObjectImpl(self.0.cast()).cast::<pg_sys::Node>();
            let left = if own == type_oid {
                copied
            } else {
                pg_sys::coerce_type(
                    std::ptr::null_mut(),
                    copied,
                    own,
                    type_oid,
                    -1,
                    pg_sys::CoercionContext::COERCION_IMPLICIT,
                    pg_sys::CoercionForm::COERCE_IMPLICIT_CAST,
                    -1,
                )
            };
            let operator = (*pg_sys::lookup_type_cache(type_oid, pg_sys::TYPECACHE_EQ_OPR as i32)).eq_opr;
            if left.is_null() || operator == pg_sys::InvalidOid {
                return None;
            }
            let right = Node(left).parameter(number);
            let clause = pg_sys::make_opclause(
                operator,
                pg_sys::BOOLOID,
                false,
                left.cast(),
                right.0.cast(),
                pg_sys::InvalidOid,
                Node(left).collation(),
            );
            optional(clause.cast())
        }
    }

    /// `(expression) IS NOT FALSE`, or `IS NOT TRUE`.
    pub fn is_not(self, value: bool) -> Node {
        // SAFETY: as in `parameter`.
        unsafe {
            let test = pg_sys::palloc0(size_of::<pg_sys::BooleanTest>()).cast::<pg_sys::BooleanTest>();
            (*test).xpr.type_ = pg_sys::NodeTag::T_BooleanTest;
            (*test).arg = self.0.cast();
            (*test).booltesttype = if value {
                pg_sys::BoolTestType::IS_NOT_TRUE
            } else {
                pg_sys::BoolTestType::IS_NOT_FALSE
            };
            (*test).location = -1;
            Node(test.cast())
        }
    }

    /// The text of an expression that contains no variables. Names come out qualified under the safe search path.
    pub fn deparse(self) -> String {
        // SAFETY: without variables the deparser needs no context.
        unsafe {
            owned(pg_sys::deparse_expression(
                self.0,
                std::ptr::null_mut(),
                false,
                false,
            ))
        }
    }

    /// The conjuncts of a condition.
    pub fn conjuncts(self) -> Vec<Node> {
        if self.tag() == pg_sys::NodeTag::T_List {
            return pointers(self.0.cast())
                .into_iter()
                .flat_map(|part| Node(part).conjuncts())
                .collect();
        }
        match self.boolean() {
            Some((pg_sys::BoolExprType::AND_EXPR, arguments)) => {
                arguments.into_iter().flat_map(Node::conjuncts).collect()
            }
            _ => vec![self],
        }
    }

    fn boolean(self) -> Option<(pg_sys::BoolExprType::Type, Vec<Node>)> {
        if self.tag() != pg_sys::NodeTag::T_BoolExpr {
            return None;
        }
        // SAFETY: the cast follows from the tag.
        let expression = unsafe { &*self.0.cast::<pg_sys::BoolExpr>() };
        Some((
            expression.boolop,
            pointers(expression.args).into_iter().map(Node).collect(),
        ))
    }

    /// If the expression is nothing but the first of some columns that is not NULL: these columns.
    pub fn merged_variables(self) -> Option<Vec<Variable>> {
        // SAFETY: each cast follows from the tag.
        unsafe {
            let node = stripped(self.0);
            if !is_a(node, pg_sys::NodeTag::T_CoalesceExpr) {
                return match Node(node).kind() {
                    NodeKind::Variable(variable) => Some(vec![variable]),
                    _ => None,
                };
            }
            let arguments = pointers((*node.cast::<pg_sys::CoalesceExpr>()).args);
            let parts: Option<Vec<Vec<Variable>>> = arguments
                .into_iter()
                .map(|part| Node(part).merged_variables())
                .collect();
            Some(parts?.concat())
        }
    }

    fn constant(&self) -> Option<&pg_sys::Const> {
        // SAFETY: the cast follows from the tag.
        (self.tag() == pg_sys::NodeTag::T_Const).then(|| unsafe { &*self.0.cast::<pg_sys::Const>() })
    }

    /// A constant of type bigint, as `LIMIT 1` has it.
    pub fn is_constant_bigint(self, value: i64) -> bool {
        self.constant().is_some_and(|constant| {
            !constant.constisnull
                && constant.consttype == pg_sys::INT8OID
                && constant.constvalue.value() as i64 == value
        })
    }

    /// The constant NULL.
    pub fn is_constant_null(self) -> bool {
        self.constant().is_some_and(|constant| constant.constisnull)
    }

    /// Columns (and outputs of the tested subquery) that, when NULL, keep a condition from being true. Below a function or an
    /// operator that is not enough: there the NULL has to arrive as one (`(a IS NOT NULL)::text = 'false'` is true).
    pub fn strict_operands(self) -> Vec<Operand> {
        if let Some(tested) = self.tested_not_null() {
            return tested.null_operands();
        }
        match self.boolean() {
            Some((pg_sys::BoolExprType::AND_EXPR, arguments)) => {
                arguments.into_iter().flat_map(Node::strict_operands).collect()
            }
            Some((pg_sys::BoolExprType::OR_EXPR, arguments)) => {
                let mut sets = arguments.into_iter().map(Node::strict_operands);
                let first = sets.next().unwrap_or_default();
                sets.fold(first, |both, next| {
                    both.into_iter().filter(|one| next.contains(one)).collect()
                })
            }
            _ => self.null_operands(),
        }
    }

    /// Columns (and outputs of the tested subquery) that, when NULL, make the expression NULL.
    pub fn null_operands(self) -> Vec<Operand> {
        use pg_sys::NodeTag::*;
        let of_all = |list| {
            let nodes = pointers(list).into_iter();
            nodes.flat_map(|node| Node(node).null_operands()).collect()
        };
        // SAFETY: each cast follows from the tag.
        unsafe {
            match self.tag() {
                T_Var | T_Param => operand(self.0).into_iter().collect(),
                T_RelabelType => Node((*self.0.cast::<pg_sys::RelabelType>()).arg.cast()).null_operands(),
                T_OpExpr => {
                    let operator = &*self.0.cast::<pg_sys::OpExpr>();
                    let strict = pg_sys::op_strict(operator.opno);
                    if strict { of_all(operator.args) } else { vec![] }
                }
                T_FuncExpr => {
                    let function = &*self.0.cast::<pg_sys::FuncExpr>();
                    let strict = pg_sys::func_strict(function.funcid);
                    if strict { of_all(function.args) } else { vec![] }
                }
                _ => vec![],
            }
        }
    }

    /// What `IS NOT NULL` tests, unless it is a row.
    fn tested_not_null(self) -> Option<Node> {
        if self.tag() != pg_sys::NodeTag::T_NullTest {
            return None;
        }
        // SAFETY: the cast follows from the tag.
        let test = unsafe { &*self.0.cast::<pg_sys::NullTest>() };
        let not_null = test.nulltesttype == pg_sys::NullTestType::IS_NOT_NULL && !test.argisrow;
        not_null.then(|| Node(test.arg.cast()))
    }

    /// If the expression is an equality of two columns that a unique key over either of them can rely upon: the columns and
    /// whether they are of one type, so that one's value can stand for the other's.
    pub fn column_equality(self) -> Option<(Operand, Operand, bool)> {
        if self.tag() != pg_sys::NodeTag::T_OpExpr {
            return None;
        }
        // SAFETY: the casts follow from the tags; an equality has two arguments.
        unsafe {
            let operator = &*self.0.cast::<pg_sys::OpExpr>();
            let arguments: Vec<*mut pg_sys::Node> = pointers(operator.args);
            let [left, right] = arguments.as_slice() else {
                return None;
            };
            let (left, right) = (stripped(*left), stripped(*right));
            let operands = (operand(left)?, operand(right)?);
            let (left, right) = (Node(left), Node(right));
            if !pg_sys::op_mergejoinable(operator.opno, left.type_oid()) {
                return None;
            }
            let own = pg_sys::lookup_type_cache(left.type_oid(), pg_sys::TYPECACHE_EQ_OPR as i32);
            let same_type = left.type_oid() == right.type_oid()
                && (*own).eq_opr == operator.opno
                && left.collation() == right.collation()
                && left.collation() == operator.inputcollid;
            let collated = operator.inputcollid != pg_sys::InvalidOid;
            (same_type || !collated).then_some((operands.0, operands.1, same_type))
        }
    }

    pub fn collation(self) -> pg_sys::Oid {
        // SAFETY: module invariant; only called on expressions.
        unsafe { pg_sys::exprCollation(self.0) }
    }
}

/// The node below binary-compatible relabelling.
///
/// # Safety
/// `node` is a valid expression.
pub(super) unsafe fn stripped(node: *mut pg_sys::Node) -> *mut pg_sys::Node {
    // SAFETY: each cast follows from the tag.
    unsafe {
        let mut node = node;
        while is_a(node, pg_sys::NodeTag::T_RelabelType) {
            node = (*node.cast::<pg_sys::RelabelType>()).arg.cast();
        }
        node
    }
}

fn operand(node: *mut pg_sys::Node) -> Option<Operand> {
    match Node(node).kind() {
        NodeKind::Variable(variable) => Some(Operand::Variable(variable)),
        NodeKind::SublinkOutput(number) => Some(Operand::Output(number)),
        _ => None,
    }
}

fn variable(var: &pg_sys::Var) -> Variable {
    Variable {
        levels_up: var.varlevelsup as usize,
        range_index: usize::try_from(var.varno).unwrap_or(usize::MAX),
        attnum: var.varattno,
    }
}

/// # Safety
/// `context` points to a `Vec<Oid>`.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn collect_function(function: pg_sys::Oid, context: *mut c_void) -> bool {
    // SAFETY: see the function's contract.
    unsafe { (*context.cast::<Vec<pg_sys::Oid>>()).push(function) };
    false
}

/// Volatility of a function: `i`, `s` or `v`.
pub fn volatility(function: pg_sys::Oid) -> u8 {
    // SAFETY: raises an error for an unknown function.
    unsafe { pg_sys::func_volatile(function) as u8 }
}

/// Name of a function without its schema.
pub fn function_name(function: pg_sys::Oid) -> String {
    // SAFETY: returns null for an unknown function.
    unsafe { owned(pg_sys::get_func_name(function)) }
}

/// Name of a type as SQL writes it.
pub fn type_name(type_oid: pg_sys::Oid) -> String {
    // SAFETY: returns "???" for an unknown type.
    unsafe { owned(pg_sys::format_type_be(type_oid)) }
}
