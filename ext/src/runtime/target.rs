//! Where the values of expressions go: columns of a tview as a whole, or parts of its documents.

use crate::error::Result;
use crate::pg::jsonb::Form;
use pg_tviews_jsonb::Overlay;
use pg_tviews_sqltext::{PatchValue, in_document};
use pgrx::pg_sys::Oid;

/// A column of a tview that is written anew, or in parts.
pub struct Target {
    pub attnum: i16,
    /// What of it is new.
    pub overlay: Overlay,
    pub source: Source,
}

/// How the new value of a column comes.
pub enum Source {
    /// As one value: the column's, or a document that holds nothing but the new parts.
    Whole,
    /// As a value for each part, in the order in which the overlay names them.
    Parts(Vec<Form>),
}

impl Target {
    /// How many values it takes.
    pub fn width(&self) -> usize {
        match &self.source {
            Source::Whole => 1,
            Source::Parts(forms) => forms.len(),
        }
    }
}

/// Prepares the expressions whose values go to some columns. The parts of a document are computed each for itself where they can be put into it
/// as they are: the server would look up how to put them together once for each row.
pub fn prepare<P>(
    columns: &[(i16, &PatchValue)],
    prepare: impl Fn(&[String]) -> Result<P>,
    types: impl Fn(&P) -> Vec<Oid>,
) -> Result<(P, Vec<Target>)> {
    let mut expressions = expressions(columns.iter().map(|(_, value)| *value));
    let plain = prepare(&expressions)?;
    let forms: Vec<Option<Form>> = types(&plain).into_iter().map(Form::of).collect();
    let mut converted = false;
    let mut targets = Vec::with_capacity(columns.len());
    let mut own = expressions.iter_mut().zip(forms);
    for (attnum, value) in columns {
        let source = match value.parts() {
            None => {
                own.next();
                Source::Whole
            }
            Some(parts) => {
                let forms = own.by_ref().take(parts.len()).map(|(text, form)| {
                    form.unwrap_or_else(|| {
                        *text = in_document(text);
                        converted = true;
                        Form::Document
                    })
                });
                Source::Parts(forms.collect())
            }
        };
        targets.push(Target {
            attnum: *attnum,
            overlay: parts_of(value),
            source,
        });
    }
    let prepared = if converted { prepare(&expressions)? } else { plain };
    Ok((prepared, targets))
}

/// The expressions of new values: of a document's parts one for each.
pub fn expressions<'a>(values: impl Iterator<Item = &'a PatchValue>) -> Vec<String> {
    let of_value = |value: &PatchValue| match value.parts() {
        Some(parts) => parts.into_iter().map(|text| format!("({text})")).collect(),
        None => vec![value.expression()],
    };
    values.flat_map(of_value).collect()
}

/// Which parts of a column a new value replaces.
fn parts_of(value: &PatchValue) -> Overlay {
    let parts = |members: &[(String, PatchValue)]| {
        let part = |(key, value): &(String, PatchValue)| (key.clone().into_bytes(), parts_of(value));
        members.iter().map(part).collect()
    };
    match value {
        PatchValue::Value(_) => Overlay::Value,
        PatchValue::Members(members) => Overlay::Members(parts(members)),
        PatchValue::Element { key, members, .. } => Overlay::Element {
            key: key.clone().into_bytes(),
            members: parts(members),
        },
    }
}
