//! What a definition needs must last as long as the tview.

use super::{Analysis, Analyzer, Objection};
use crate::catalog::needs;
use crate::error::Result;
use crate::pg::node::Node;
use crate::pg::objects::{CASTS, Object, TEXT_SEARCH_CONFIGURATIONS, can_be_dropped, default_configuration};
use crate::pg::types::{cast_to_json, parts};
use pgrx::pg_sys::{self, Oid};
use std::collections::BTreeSet;

/// An object that a definition names, with the first place where it does.
struct Needed {
    object: Object,
    place: String,
    location: Option<usize>,
}

/// What a definition needs besides tables and views.
#[derive(Default)]
pub struct Needs {
    objects: Vec<Needed>,
    /// A function is called that uses the default configuration of text search, or may.
    default_configuration: bool,
    /// Casts to `json` by which values are written.
    casts: BTreeSet<u32>,
}

impl Analyzer {
    /// Notes the objects that a node names.
    pub(super) fn note_objects(&mut self, node: Node, place: &str) {
        if self.misread.is_none() {
            self.misread = node.misread();
        }
        self.needs.default_configuration |= node.may_use_default_configuration();
        node.types_written()
            .into_iter()
            .for_each(|written| self.note_written(written));
        for object in node.objects() {
            self.note_object(object, node.location(), place);
        }
    }

    /// Notes that values of a type may be written as JSON.
    pub(super) fn note_written(&mut self, type_oid: Oid) {
        let casts = parts(type_oid).into_iter().filter_map(cast_to_json);
        self.needs.casts.extend(casts.map(|(cast, _)| cast.to_u32()));
    }

    /// Notes an object.
    pub(super) fn note_object(&mut self, object: Object, location: Option<usize>, place: &str) {
        let is_known = || self.needs.objects.iter().any(|known| known.object == object);
        if can_be_dropped(object.1) && !is_known() {
            self.needs.objects.push(Needed {
                object,
                place: place.to_owned(),
                location,
            });
        }
    }
}

impl Analysis {
    /// The configuration of text search that the definition uses because it is the session's default, if somebody could drop it. It is
    /// needed like one that the definition names.
    pub fn need_default_configuration(&mut self) -> Option<Object> {
        let used = default_configuration().filter(|_| self.needs.default_configuration);
        let object = (Oid::from(TEXT_SEARCH_CONFIGURATIONS), used?);
        self.needs.objects.push(Needed {
            object,
            place: "setting default_text_search_config".to_owned(),
            location: None,
        });
        Some(object)
    }

    /// The casts to `json` by which the definition's values are written.
    pub fn casts(&self) -> Vec<Object> {
        let casts = self.needs.casts.iter();
        casts.map(|cast| (Oid::from(CASTS), Oid::from(*cast))).collect()
    }

    /// The functions of users that the definition names.
    pub fn functions(&self) -> Vec<Oid> {
        let named = self.needs.objects.iter().map(|needed| needed.object);
        let functions = named.filter(|(catalog, _)| *catalog == pg_sys::ProcedureRelationId);
        functions.map(|(_, function)| function).collect()
    }

    /// Objects to what is temporary, or needs something that is.
    pub fn refuse_temporary(&mut self) -> Result<()> {
        let objects: Vec<Object> = self.needs.objects.iter().map(|needed| needed.object).collect();
        for (number, what) in needs::temporary(&objects)? {
            let Some(needed) = self.needs.objects.get(number) else {
                continue;
            };
            let (message, hint) = goes_with_its_session(&what);
            let objection = Objection {
                place: needed.place.clone(),
                location: needed.location,
                message,
                hint,
                privilege: false,
            };
            let is_known = |known: &Objection| known.message == objection.message;
            if !self.objections.iter().any(is_known) {
                self.objections.push(objection);
            }
        }
        Ok(())
    }
}

/// Why something temporary can't be needed: (message, hint).
pub fn goes_with_its_session(what: &str) -> (String, String) {
    (
        format!("{what} is temporary, and goes when its session ends"),
        "Create it in another schema.".to_owned(),
    )
}
