//! Which objects of the catalogs an expression names.

use super::node::Node;
use pgrx::pg_sys::{self, Oid};

/// An object, as the server names it: its catalog, and its oid there.
pub type Object = (Oid, Oid);

/// The catalogs `pg_ts_config` and `pg_ts_dict`.
pub const TEXT_SEARCH_CONFIGURATIONS: u32 = 3602;
const TEXT_SEARCH_DICTIONARIES: u32 = 3600;
/// The catalog `pg_cast`.
pub const CASTS: u32 = 2605;

/// Functions of text search that use the configuration of the setting `default_text_search_config`.
const BY_DEFAULT_CONFIGURATION: [u32; 17] = [
    pg_sys::F_JSONB_TO_TSVECTOR_JSONB_JSONB,
    pg_sys::F_JSON_TO_TSVECTOR_JSON_JSONB,
    pg_sys::F_PHRASETO_TSQUERY_TEXT,
    pg_sys::F_PLAINTO_TSQUERY_TEXT,
    pg_sys::F_TO_TSQUERY_TEXT,
    pg_sys::F_TO_TSVECTOR_JSON,
    pg_sys::F_TO_TSVECTOR_JSONB,
    pg_sys::F_TO_TSVECTOR_TEXT,
    pg_sys::F_TS_HEADLINE_JSONB_TSQUERY,
    pg_sys::F_TS_HEADLINE_JSONB_TSQUERY_TEXT,
    pg_sys::F_TS_HEADLINE_JSON_TSQUERY,
    pg_sys::F_TS_HEADLINE_JSON_TSQUERY_TEXT,
    pg_sys::F_TS_HEADLINE_TEXT_TSQUERY,
    pg_sys::F_TS_HEADLINE_TEXT_TSQUERY_TEXT,
    pg_sys::F_TS_MATCH_TQ,
    pg_sys::F_TS_MATCH_TT,
    pg_sys::F_WEBSEARCH_TO_TSQUERY_TEXT,
];

impl Node {
    /// Whether the node itself, its children left out, uses the default configuration of text search, or calls a function that may.
    pub fn may_use_default_configuration(self) -> bool {
        let mut calls = self.functions().into_iter();
        calls
            .any(|function| can_be_dropped(function) || BY_DEFAULT_CONFIGURATION.contains(&function.to_u32()))
    }

    /// The objects that this node itself names, its children left out, as far as somebody could drop them: functions, operators, types, collations, and
    /// objects that stand as values (`'c'::regconfig`).
    pub fn objects(self) -> Vec<Object> {
        use pg_sys::NodeTag::*;
        let mut found: Vec<Object> = Vec::new();
        let calls = self.functions().into_iter();
        found.extend(calls.map(|function| (pg_sys::ProcedureRelationId, function)));
        // SAFETY: each cast follows from the tag; the nodes are expressions, which have types and collations.
        unsafe {
            match self.tag() {
                T_OpExpr | T_DistinctExpr | T_NullIfExpr => {
                    let operator = (*self.raw().cast::<pg_sys::OpExpr>()).opno;
                    found.push((pg_sys::OperatorRelationId, operator));
                }
                T_ScalarArrayOpExpr => {
                    let operator = (*self.raw().cast::<pg_sys::ScalarArrayOpExpr>()).opno;
                    found.push((pg_sys::OperatorRelationId, operator));
                }
                T_Const => found.extend(named(&*self.raw().cast())),
                _ => {}
            }
            if self.is_typed() {
                found.push((pg_sys::TypeRelationId, pg_sys::exprType(self.raw())));
                found.push((pg_sys::CollationRelationId, pg_sys::exprCollation(self.raw())));
                found.push((
                    pg_sys::CollationRelationId,
                    pg_sys::exprInputCollation(self.raw()),
                ));
            }
        }
        found.retain(|(_, oid)| can_be_dropped(*oid));
        found
    }

    /// Whether it is an expression of a kind that can bring in a type or a collation.
    fn is_typed(self) -> bool {
        use pg_sys::NodeTag::*;
        matches!(
            self.tag(),
            T_Var
                | T_Const
                | T_Param
                | T_Aggref
                | T_WindowFunc
                | T_SubscriptingRef
                | T_FuncExpr
                | T_OpExpr
                | T_DistinctExpr
                | T_NullIfExpr
                | T_ScalarArrayOpExpr
                | T_FieldSelect
                | T_RelabelType
                | T_CoerceViaIO
                | T_ArrayCoerceExpr
                | T_ConvertRowtypeExpr
                | T_CollateExpr
                | T_CaseExpr
                | T_ArrayExpr
                | T_RowExpr
                | T_CoalesceExpr
                | T_MinMaxExpr
                | T_XmlExpr
                | T_CoerceToDomain
        )
    }
}

/// Whether an object is none of the server's own.
pub fn can_be_dropped(oid: Oid) -> bool {
    oid.to_u32() >= pg_sys::FirstNormalObjectId
}

/// Whether a function belongs to an extension.
pub fn is_of_extension(function: Oid) -> bool {
    // SAFETY: looks up the catalog.
    let extension = unsafe { pg_sys::getExtensionOfObject(pg_sys::ProcedureRelationId, function) };
    extension != pg_sys::InvalidOid
}

/// The object that a value of one of the types for names of objects stands for.
fn named(constant: &pg_sys::Const) -> Option<Object> {
    let catalog = match constant.consttype {
        pg_sys::REGPROCOID | pg_sys::REGPROCEDUREOID => pg_sys::ProcedureRelationId,
        pg_sys::REGOPEROID | pg_sys::REGOPERATOROID => pg_sys::OperatorRelationId,
        pg_sys::REGCLASSOID => pg_sys::RelationRelationId,
        pg_sys::REGTYPEOID => pg_sys::TypeRelationId,
        pg_sys::REGCOLLATIONOID => pg_sys::CollationRelationId,
        pg_sys::REGCONFIGOID => Oid::from(TEXT_SEARCH_CONFIGURATIONS),
        pg_sys::REGDICTIONARYOID => Oid::from(TEXT_SEARCH_DICTIONARIES),
        _ => return None,
    };
    (!constant.constisnull).then(|| (catalog, Oid::from(constant.constvalue.value() as u32)))
}

/// The configuration of text search that the session uses by default, if somebody could drop it.
pub fn default_configuration() -> Option<Oid> {
    // SAFETY: looks up a setting and the catalog; gives no error for one that is not there.
    let configuration = unsafe { pg_sys::getTSCurrentConfig(false) };
    can_be_dropped(configuration).then_some(configuration)
}

/// Makes a view and its rule depend on an object, as if its query named it: who drops that has to drop the view, too.
pub fn let_view_depend_on(view: Oid, (catalog, oid): Object) {
    /// The catalog `pg_rewrite`, whose first column has its oids.
    const RULES: u32 = 2618;
    const FIRST_COLUMN: pg_sys::AttrNumber = 1;
    let address = |catalog, oid| pg_sys::ObjectAddress {
        classId: catalog,
        objectId: oid,
        objectSubId: 0,
    };
    let object = address(catalog, oid);
    // SAFETY: a view has a rule of this name; the addresses are valid for the call.
    unsafe {
        let rule = pg_sys::GetSysCacheOid(
            pg_sys::SysCacheIdentifier::RULERELNAME as i32,
            FIRST_COLUMN,
            pg_sys::Datum::from(view),
            pg_sys::Datum::from(c"_RETURN".as_ptr()),
            pg_sys::Datum::from(0),
            pg_sys::Datum::from(0),
        );
        for depender in [
            address(pg_sys::RelationRelationId, view),
            address(Oid::from(RULES), rule),
        ] {
            pg_sys::recordDependencyOn(&depender, &object, pg_sys::DependencyType::DEPENDENCY_NORMAL);
        }
    }
}
