//! Single facts about reading and patching.

mod reference;

use pg_tviews_jsonb::{Error, Kind, Outcome, Patch, Value, patch, plan};
use reference::{Tree, decode, encode, integer, key, long_number, number, object, string};

fn value(document: &[u8]) -> Value<'_> {
    Value::document(document).unwrap()
}

fn merge(document: &[u8]) -> Patch<'_> {
    match value(document) {
        Value::Object(object) => Patch::Merge(object),
        other => panic!("{other:?}"),
    }
}

/// The outcome as a tree; `None` if unchanged.
fn patched(tree: &Tree, change: &Patch<'_>) -> Result<Option<Tree>, Error> {
    let mut out = vec![];
    let outcome = patch(&encode(tree), change, &mut out)?;
    Ok((outcome == Outcome::Changed).then(|| decode(&out)))
}

/// Bytes as the server writes them for `{"b": 1, "aa": "x"}`, on a little-endian machine.
#[test]
#[cfg(target_endian = "little")]
fn the_reference_writes_as_the_server_does() {
    let document = encode(&object(&[("aa", string("x")), ("b", integer(1))]));
    let entries = [
        0x2000_0002,
        0x8000_0001,
        0x0000_0002,
        0x1000_0009,
        0x0000_0001_u32,
    ];
    let expected: Vec<u8> = entries.into_iter().flat_map(u32::to_le_bytes).collect();
    assert_eq!(document[..20], expected);
    assert_eq!(document[20..24], *b"baa\0");
    assert_eq!(document[24..], [0x20, 0, 0, 0, 0, 0x80, 1, 0, b'x']);
}

#[test]
fn equal_numbers_differ_in_their_zeros() {
    let one = integer(1);
    let equal = [
        number(false, 0, 2, &[1]),
        long_number(false, 0, 300, &[1, 0]),
        number(false, 1, 0, &[0, 1]),
    ];
    let different = [
        number(true, 0, 0, &[1]),
        number(false, 1, 0, &[1]),
        integer(2),
        integer(0),
        string("1"),
    ];
    let one = encode(&one);
    for other in equal.map(|tree| encode(&tree)) {
        assert!(value(&one).equals_scalar(&value(&other)));
        assert!(!value(&one).is_identical(&value(&other)));
    }
    for other in different.map(|tree| encode(&tree)) {
        assert!(!value(&one).equals_scalar(&value(&other)));
    }
    let zeros = [encode(&integer(0)), encode(&long_number(true, 5, 3, &[]))];
    assert!(value(&zeros[0]).equals_scalar(&value(&zeros[1])));
}

#[test]
fn a_number_with_other_zeros_is_a_change() {
    let new = encode(&object(&[("a", number(false, 0, 2, &[1]))]));
    let old = object(&[("a", integer(1))]);
    assert_eq!(patched(&old, &merge(&new)), Ok(Some(decode(&new))));
}

#[test]
fn elements_are_matched_by_the_value_of_their_key() {
    let element = |id: Tree, name: &str| object(&[("id", id), ("name", string(name))]);
    let tree = |name: &str| {
        Tree::Array(vec![
            string("no object"),
            object(&[("name", string("no key"))]),
            element(Tree::Null, "null"),
            element(string("1"), "a string"),
            element(number(false, 0, 2, &[1]), name),
            element(integer(2), "another"),
            element(integer(1), name),
        ])
    };
    let (one, new) = (encode(&integer(1)), encode(&object(&[("name", string("new"))])));
    let matching = |wanted| Patch::Matching {
        key: b"id",
        value: wanted,
        patch: Box::new(merge(&new)),
    };
    assert_eq!(
        patched(&tree("old"), &matching(value(&one))),
        Ok(Some(tree("new")))
    );
    assert_eq!(patched(&tree("new"), &matching(value(&one))), Ok(None));
    assert_eq!(patched(&tree("old"), &matching(Value::Null)), Ok(None));
}

#[test]
fn what_does_not_fit_is_said() {
    let new = encode(&object(&[]));
    let array = Tree::Array(vec![integer(1)]);
    assert_eq!(
        patched(&array, &merge(&new)),
        Err(Error::NotAnObject(Kind::Array))
    );
    let inside = Patch::at(&[b"0"], merge(&new)).unwrap();
    assert_eq!(patched(&array, &inside), Err(Error::NotAnObject(Kind::Number)));
    let step = Patch::at(&[b"0", b"a"], merge(&new)).unwrap();
    assert_eq!(patched(&array, &step), Ok(None));
    let nested = object(&[("a", array.clone())]);
    let step = Patch::at(&[b"a", b"x"], merge(&new)).unwrap();
    assert_eq!(patched(&nested, &step), Err(Error::NotAPosition { step: 2 }));
    assert_eq!(patched(&integer(1), &inside), Err(Error::ScalarDocument));
    assert_eq!(patched(&array, &Patch::Remove), Err(Error::RootRemoved));
    assert_eq!(
        patched(&array, &Patch::Elements(vec![(1, Patch::Remove)])),
        Err(Error::Missing)
    );
    assert_eq!(
        patched(&array, &Patch::Members(vec![])),
        Err(Error::NotAnObject(Kind::Array))
    );
}

/// A path may be long, a patch tree made by hand too long: neither overflows the stack.
#[test]
fn depth_is_limited() {
    let nested = |depth| (0..depth).fold(integer(1), |inner, _| object(&[("a", inner)]));
    let two = encode(&integer(2));
    let path = vec![&b"a"[..]; Patch::MAX_DEPTH];
    let deepest = Patch::at(&path, Patch::Set(value(&two))).unwrap();
    let changed = patched(&nested(Patch::MAX_DEPTH), &deepest).unwrap().unwrap();
    assert_ne!(changed, nested(Patch::MAX_DEPTH));
    let path = vec![&b"a"[..]; Patch::MAX_DEPTH + 1];
    assert_eq!(Patch::at(&path, Patch::Remove).unwrap_err(), Error::TooDeep);
    let around = Patch::At(b"a", Box::new(deepest));
    assert_eq!(
        patched(&nested(Patch::MAX_DEPTH + 1), &around),
        Err(Error::TooDeep)
    );
}

/// Untouched parts may be deeper than a patch can go.
#[test]
fn deep_documents_are_copied() {
    let mut document = encode(&Tree::Array(vec![]));
    for _ in 0..10_000 {
        let header = 0x4000_0001_u32.to_ne_bytes();
        let entry = (0xD000_0000 | document.len() as u32).to_ne_bytes();
        document.splice(..0, [header, entry].concat());
    }
    let pair = (key(b"b"), integer(1));
    let pairs = Tree::Object([(key(b"a"), Tree::Null), pair].into_iter().collect());
    let change = Patch::Members(vec![(b"a", Patch::Set(value(&document)))]);
    let mut out = vec![];
    patch(&encode(&pairs), &change, &mut out).unwrap();
    let Value::Object(result) = value(&out) else {
        panic!()
    };
    assert!(result.get(b"a").unwrap().unwrap().is_identical(&value(&document)));
}

/// 160 MB twice: more than the 256 MB that a container can have.
#[test]
fn a_container_that_gets_too_large_is_refused() {
    let large = encode(&Tree::String(vec![b'x'; 160 << 20]));
    let tree = object(&[("a", Tree::Null), ("b", Tree::Null)]);
    let set = |key| (key, Patch::Set(value(&large)));
    let document = encode(&tree);
    let both = Patch::Members(vec![set(&b"a"[..]), set(b"b")]);
    let plan = plan(&document, &both).unwrap().unwrap();
    assert_eq!(plan.write(&mut Counter(0)), Err(Error::TooLarge));
    let one = Patch::Members(vec![set(&b"a"[..])]);
    assert!(patch(&document, &one, &mut vec![]).is_ok());
}

/// Counts instead of writing.
struct Counter(usize);

impl pg_tviews_jsonb::Sink for Counter {
    fn position(&self) -> usize {
        self.0
    }
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
    fn zeros(&mut self, count: usize) {
        self.0 += count;
    }
    fn overwrite(&mut self, _: usize, _: [u8; 4]) {}
}

#[test]
fn malformed_documents_are_errors() {
    for bytes in [&b""[..], b"\0\0\0", &[0; 4], &[0xFF; 4], &[0xFF; 64]] {
        assert!(
            matches!(Value::document(bytes), Err(Error::Malformed(_))),
            "{bytes:?}"
        );
    }
}
