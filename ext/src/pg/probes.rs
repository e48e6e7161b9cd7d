//! What indexes a table has.

use super::list::oids;
use super::node::{Node, Visit, rewrite};
use super::stored::{Probe, ProbePart};
use pgrx::pg_sys;

/// The indexes by which rows can be found, unique ones first, and whether making entries of any index calls nothing but functions of the server.
///
/// # Safety
/// The relation is open.
pub(super) unsafe fn probes(relation: pg_sys::Relation) -> (Vec<Probe>, bool) {
    let mut found = Vec::new();
    let mut settled = true;
    // SAFETY: see the function's contract; each index is opened before it is looked at and closed after.
    unsafe {
        for oid in oids(pg_sys::RelationGetIndexList(relation)) {
            let index = pg_sys::index_open(oid, pg_sys::AccessShareLock as i32);
            let form = &*(*index).rd_index;
            let keys = form.indkey.values.as_slice(form.indnkeyatts as usize);
            let expressions = written(index, pg_sys::Anum_pg_index_indexprs);
            let predicate = written(index, pg_sys::Anum_pg_index_indpred);
            let total = predicate.is_none();
            let own = |place| (*(*index).rd_opfamily.add(place)).to_u32() < pg_sys::FirstNormalObjectId;
            let mut expressions = expressions.into_iter().chain(predicate);
            settled &= (0..keys.len()).all(own) && expressions.all(Node::calls_server_only);
            let btree = (*(*index).rd_rel).relam == pg_sys::BTREE_AM_OID;
            if btree && total && form.indisvalid && form.indisready && !form.indcheckxmin {
                let columns = keys.iter().take_while(|attnum| **attnum != 0);
                let parts: Vec<ProbePart> = columns
                    .enumerate()
                    .map(|(place, attnum)| part(index, place, *attnum))
                    .collect();
                found.push(Probe {
                    index: oid,
                    unique: form.indisunique && form.indimmediate && parts.len() == keys.len(),
                    parts,
                });
            }
            pg_sys::index_close(index, pg_sys::NoLock as i32);
        }
    }
    found.sort_by_key(|probe| !probe.unique);
    (found, settled)
}

/// The expressions or the predicate of an index as its catalog has them. The cache of relations has them with their constants folded, which runs
/// what they call as whoever asks first.
///
/// # Safety
/// The index is open; the attribute holds expressions.
unsafe fn written(index: pg_sys::Relation, attribute: u32) -> Option<Node> {
    let mut absent = true;
    // SAFETY: see the function's contract; an attribute of expressions is a text that the server reads back.
    unsafe {
        let tuple = (*index).rd_indextuple;
        let cache = pg_sys::SysCacheIdentifier::INDEXRELID as i32;
        let text = pg_sys::SysCacheGetAttr(cache, tuple, attribute as i16, &mut absent);
        if absent {
            return None;
        }
        let node = pg_sys::stringToNode(pg_sys::text_to_cstring(text.cast_mut_ptr())).cast();
        pg_sys::fix_opfuncids(node);
        Some(Node(node))
    }
}

/// # Safety
/// The index is an open btree with a key column at the place.
unsafe fn part(index: pg_sys::Relation, place: usize, attnum: i16) -> ProbePart {
    // SAFETY: see the function's contract.
    unsafe {
        let subtype = *(*index).rd_opcintype.add(place);
        let family = *(*index).rd_opfamily.add(place);
        let operator =
            pg_sys::get_opfamily_member(family, subtype, subtype, pg_sys::BTEqualStrategyNumber as i16);
        ProbePart {
            attnum,
            equality: pg_sys::get_opcode(operator),
            subtype,
            collation: *(*index).rd_indcollation.add(place),
        }
    }
}

impl Node {
    /// Whether an expression calls nothing but functions of the server.
    fn calls_server_only(self) -> bool {
        let mut own = true;
        rewrite(self, &mut |node| {
            own &= node.tag() != pg_sys::NodeTag::T_CoerceToDomain;
            let mut functions = node.functions().into_iter();
            own &= functions.all(|function| function.to_u32() < pg_sys::FirstNormalObjectId);
            Visit::Descend
        });
        own
    }
}
