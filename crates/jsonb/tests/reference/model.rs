//! What a patch means, on trees.

use pg_tviews_jsonb::{Patch, Value};

use super::{Tree, encode, key};

/// A patch that owns its values, as trees and as documents.
#[derive(Clone, Debug)]
pub enum Spec {
    Set(Stored),
    Remove,
    /// Of an object.
    Merge(Stored),
    At(Vec<u8>, Box<Spec>),
    Members(Vec<(Vec<u8>, Spec)>),
    Elements(Vec<(usize, Spec)>),
    Insert(Stored),
    Matching(Vec<u8>, Stored, Box<Spec>),
}

/// A value in both forms.
#[derive(Clone, Debug)]
pub struct Stored {
    pub tree: Tree,
    pub bytes: Vec<u8>,
}

impl From<Tree> for Stored {
    fn from(tree: Tree) -> Stored {
        let bytes = encode(&tree);
        Stored { tree, bytes }
    }
}

impl Stored {
    pub fn value(&self) -> Value<'_> {
        Value::document(&self.bytes).unwrap()
    }
}

impl Spec {
    pub fn patch(&self) -> Patch<'_> {
        match self {
            Spec::Set(value) => Patch::Set(value.value()),
            Spec::Remove => Patch::Remove,
            Spec::Merge(value) => match value.value() {
                Value::Object(object) => Patch::Merge(object),
                other => panic!("{other:?}"),
            },
            Spec::At(step, spec) => Patch::At(step, Box::new(spec.patch())),
            Spec::Members(members) => Patch::Members(
                members
                    .iter()
                    .map(|(key, spec)| (&key[..], spec.patch()))
                    .collect(),
            ),
            Spec::Elements(elements) => {
                Patch::Elements(elements.iter().map(|(at, spec)| (*at, spec.patch())).collect())
            }
            Spec::Insert(value) => Patch::Insert(value.value()),
            Spec::Matching(key, value, spec) => Patch::Matching {
                key,
                value: value.value(),
                patch: Box::new(spec.patch()),
            },
        }
    }
}

/// What becomes of a place; `None`: nothing is there. `Err`: the patch does not fit.
pub fn apply(current: Option<Tree>, spec: &Spec) -> Result<Option<Tree>, ()> {
    match (spec, current) {
        (Spec::Set(value), _) => Ok(Some(value.tree.clone())),
        (Spec::Remove, _) => Ok(None),
        (Spec::Merge(value), None | Some(Tree::Null)) => Ok(Some(value.tree.clone())),
        (Spec::Merge(value), Some(Tree::Object(mut pairs))) => {
            let Tree::Object(new) = value.tree.clone() else {
                panic!("{value:?}")
            };
            pairs.extend(new);
            Ok(Some(Tree::Object(pairs)))
        }
        (Spec::At(step, spec), Some(Tree::Object(pairs))) => member(pairs, step, spec),
        (Spec::At(step, spec), Some(Tree::Array(elements))) => {
            let step: i64 = String::from_utf8_lossy(step).parse().map_err(drop)?;
            let length = elements.len() as i64;
            let position = if step < 0 { step + length } else { step };
            if (0..length).contains(&position) {
                edit_elements(elements, &[(position as usize, (**spec).clone())])
            } else {
                Ok(Some(Tree::Array(elements)))
            }
        }
        (Spec::At(..), other) => Ok(other),
        (Spec::Members(members), Some(object @ Tree::Object(_))) => {
            let last = |at: usize| !members[at + 1..].iter().any(|other| other.0 == members[at].0);
            let mut object = object;
            for (at, (key, spec)) in members.iter().enumerate() {
                let Tree::Object(pairs) = object else {
                    panic!("{object:?}")
                };
                object = if last(at) {
                    member(pairs, key, spec)?.ok_or(())?
                } else {
                    Tree::Object(pairs)
                };
            }
            Ok(Some(object))
        }
        (Spec::Elements(edits), Some(Tree::Array(elements))) => edit_elements(elements, edits),
        (Spec::Matching(..), current @ (None | Some(Tree::Null))) => Ok(current),
        (Spec::Matching(name, wanted, spec), Some(Tree::Array(elements))) => {
            let is_meant = |element: &Tree| match element {
                Tree::Object(pairs) => pairs.get(&key(name)) == Some(&wanted.tree) && is_scalar(&wanted.tree),
                _ => false,
            };
            let edit = |(at, element): (usize, &Tree)| is_meant(element).then(|| (at, (**spec).clone()));
            let edits: Vec<(usize, Spec)> = elements.iter().enumerate().filter_map(edit).collect();
            edit_elements(elements, &edits)
        }
        _ => Err(()),
    }
}

fn is_scalar(tree: &Tree) -> bool {
    !matches!(tree, Tree::Null | Tree::Array(_) | Tree::Object(_))
}

fn member(mut pairs: super::Pairs, name: &[u8], spec: &Spec) -> Result<Option<Tree>, ()> {
    let current = pairs.remove(&key(name));
    if let Some(value) = apply(current, spec)? {
        pairs.insert(key(name), value);
    }
    Ok(Some(Tree::Object(pairs)))
}

fn edit_elements(elements: Vec<Tree>, edits: &[(usize, Spec)]) -> Result<Option<Tree>, ()> {
    let length = elements.len();
    let beyond = |(at, spec): &(usize, Spec)| match spec {
        Spec::Insert(_) => *at > length,
        _ => *at >= length,
    };
    let is_overruled = |number: usize| {
        let same = |other: &(usize, Spec)| other.0 == edits[number].0 && !matches!(other.1, Spec::Insert(_));
        edits[number + 1..].iter().any(same)
    };
    if edits.iter().any(beyond) {
        return Err(());
    }
    let mut result = vec![];
    for (position, element) in elements.into_iter().map(Some).chain([None]).enumerate() {
        let mut element = element;
        for (number, (_, spec)) in edits.iter().enumerate().filter(|(_, edit)| edit.0 == position) {
            match spec {
                Spec::Insert(value) => result.push(value.tree.clone()),
                _ if is_overruled(number) => {}
                spec => element = apply(element, spec)?,
            }
        }
        result.extend(element);
    }
    Ok(Some(Tree::Array(result)))
}
