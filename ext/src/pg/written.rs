//! Values that an expression writes as text or JSON.
//!
//! The server's functions that take values of any type call the output functions of these types, which no walk over an expression sees.

use super::list::{oids, pointers};
use super::node::{Node, function_name, volatility};
use pgrx::pg_sys;

/// STABLE functions of the server that take values of any type and write none of them.
const SILENT: [&str; 2] = ["pg_typeof", "pg_collation_for"];

/// Aggregates of the server that write values of any type, although they are declared IMMUTABLE.
const CALLED_IMMUTABLE: [&str; 4] = [
    "jsonb_object_agg",
    "jsonb_object_agg_strict",
    "jsonb_object_agg_unique",
    "jsonb_object_agg_unique_strict",
];

impl Node {
    /// The types of the values that the node itself writes as text or JSON, or puts into rows whose type tells nothing of their fields.
    pub fn types_written(self) -> Vec<pg_sys::Oid> {
        use pg_sys::NodeTag::*;
        // SAFETY: the casts follow from the tags; all lists but that of types are lists of expressions.
        unsafe {
            match self.tag() {
                T_FuncExpr if self.calls_writer() => types_of((*self.raw().cast::<pg_sys::FuncExpr>()).args),
                T_OpExpr if self.calls_writer() => types_of((*self.raw().cast::<pg_sys::OpExpr>()).args),
                T_WindowFunc if self.calls_writer() => {
                    types_of((*self.raw().cast::<pg_sys::WindowFunc>()).args)
                }
                T_Aggref if self.calls_writer() => oids((*self.raw().cast::<pg_sys::Aggref>()).aggargtypes),
                T_CoerceViaIO => {
                    let coercion = &*self.raw().cast::<pg_sys::CoerceViaIO>();
                    vec![Node(coercion.arg.cast()).type_oid()]
                }
                T_RowExpr => {
                    let row = &*self.raw().cast::<pg_sys::RowExpr>();
                    match row.row_typeid == pg_sys::RECORDOID {
                        true => types_of(row.args),
                        false => vec![],
                    }
                }
                T_XmlExpr => {
                    let xml = &*self.raw().cast::<pg_sys::XmlExpr>();
                    let mut types = types_of(xml.args);
                    types.extend(types_of(xml.named_args));
                    types
                }
                _ => super::version::json_arguments(self)
                    .map(types_of)
                    .unwrap_or_default(),
            }
        }
    }

    /// Whether the node calls a function of the server that can write values of any type: the server declares it STABLE, for most of them.
    fn calls_writer(self) -> bool {
        self.functions().into_iter().any(|function| {
            let name = function_name(function);
            let name = name.as_str();
            function.to_u32() < pg_sys::FirstNormalObjectId
                && !SILENT.contains(&name)
                && (volatility(function) == b's' || CALLED_IMMUTABLE.contains(&name))
        })
    }
}

/// The types of expressions.
fn types_of(expressions: *mut pg_sys::List) -> Vec<pg_sys::Oid> {
    let expressions = pointers::<pg_sys::Node>(expressions).into_iter();
    expressions
        .map(|expression| Node(expression).type_oid())
        .collect()
}
