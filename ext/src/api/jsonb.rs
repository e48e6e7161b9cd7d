//! The SQL functions that patch jsonb documents. `docs/jsonb-functions.md` describes them.

use crate::error::{Error, Result, or_raise};
use crate::pg::jsonb::{Jsonb, JsonbBuffer, NewJsonb, Path, Text};
use pg_tviews_jsonb::{Error as JsonbError, Object, Patch, Value, plan};
use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::prelude::*;

/// Merges the members of an object into a document, as `data || patch` does; a document that already has them is
/// returned as it is.
#[pg_extern(immutable, strict, parallel_safe, requires = ["catalog"])]
fn jsonb_smart_patch_scalar(data: Jsonb, patch: Jsonb) -> NewJsonb {
    or_raise(merge(&data, &patch, &[]))
}

/// Merges the members of an object into the object at a path. A missing last key is created, and `null` replaced;
/// if the path leads nowhere, the document is returned as it is.
#[pg_extern(immutable, strict, parallel_safe, requires = ["catalog"])]
fn jsonb_smart_patch_nested(data: Jsonb, patch: Jsonb, path: Path) -> NewJsonb {
    or_raise(path.steps().and_then(|steps| merge(&data, &patch, &steps)))
}

/// Merges the members of an object into those elements of the array at a path in which the match key has the same
/// value as in the object; if there are none, the document is returned as it is.
#[pg_extern(immutable, strict, parallel_safe, requires = ["catalog"])]
fn jsonb_smart_patch_array(
    data: Jsonb,
    patch: Jsonb,
    path: Path,
    match_key: default!(Text, "'id'"),
) -> NewJsonb {
    or_raise(
        path.steps()
            .and_then(|steps| merge_elements(&data, &patch, &steps, match_key.bytes())),
    )
}

fn merge(data: &Jsonb, patch: &Jsonb, path: &[Text]) -> Result<NewJsonb> {
    let patch = Patch::Merge(object(patch)?);
    apply(data, patch, path)
}

fn merge_elements(data: &Jsonb, patch: &Jsonb, path: &[Text], key: &[u8]) -> Result<NewJsonb> {
    let object = object(patch)?;
    let value = object.get(key).map_err(|error| reported(error, &[]))?;
    let name = String::from_utf8_lossy(key);
    let value = match value {
        None => {
            let error = Error::invalid(format!("patch has no key \"{name}\""));
            return Err(error.hint("It tells which elements are meant; give another one as match_key."));
        }
        Some(container @ (Value::Array(_) | Value::Object(_))) => {
            let kind = container.kind();
            let error = Error::invalid(format!("patch has {kind} under the key \"{name}\""));
            return Err(error.hint("Elements can be told apart by a string, a number or a boolean."));
        }
        Some(scalar) => scalar,
    };
    let matching = Patch::Matching {
        key,
        value,
        patch: Box::new(Patch::Merge(object)),
    };
    apply(data, matching, path)
}

/// The document with a patch at a path, or the argument itself if that changes nothing.
fn apply(data: &Jsonb, patch: Patch<'_>, path: &[Text]) -> Result<NewJsonb> {
    let steps: Vec<&[u8]> = path.iter().map(Text::bytes).collect();
    let patched = || {
        let patch = Patch::at(&steps, patch)?;
        let Some(plan) = plan(data.document(), &patch)? else {
            return Ok(data.unchanged());
        };
        let mut buffer = JsonbBuffer::with_capacity(plan.size_hint());
        plan.write(&mut buffer)?;
        Ok(buffer.finish())
    };
    patched().map_err(|error| reported(error, &steps))
}

fn object(patch: &Jsonb) -> Result<Object<'_>> {
    match Value::document(patch.document()).map_err(|error| reported(error, &[]))? {
        Value::Object(object) => Ok(object),
        other => Err(Error::invalid(format!(
            "patch must be an object, not {}",
            other.kind()
        ))),
    }
}

/// The error as the server reports it.
fn reported(error: JsonbError, path: &[&[u8]]) -> Error {
    let code = match error {
        JsonbError::Malformed(_) => PgSqlErrorCode::ERRCODE_DATA_CORRUPTED,
        JsonbError::NotAPosition { .. } => PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION,
        JsonbError::NotAnObject(_) | JsonbError::NotAnArray(_) | JsonbError::ScalarDocument => {
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE
        }
        JsonbError::TooLarge | JsonbError::TooMany | JsonbError::TooDeep => {
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED
        }
        JsonbError::Missing | JsonbError::RootRemoved => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
    };
    let report = Error::new(code, error.to_string());
    let (JsonbError::NotAnObject(kind) | JsonbError::NotAnArray(kind)) = error else {
        return report;
    };
    let steps: Vec<String> = path
        .iter()
        .map(|step| format!("\"{}\"", String::from_utf8_lossy(step)))
        .collect();
    if steps.is_empty() {
        report.detail(format!("The document is {kind}."))
    } else {
        report.detail(format!("At the path {} is {kind}.", steps.join(", ")))
    }
}
