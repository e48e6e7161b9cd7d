//! A second implementation of the format, as simple as can be: documents as trees, written and read from scratch.

#![allow(dead_code, reason = "each test program uses its part")]

pub mod model;
pub mod strategy;

use std::collections::BTreeMap;

/// A value as a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    Null,
    Bool(bool),
    /// As stored.
    Number(Vec<u8>),
    String(Vec<u8>),
    Array(Vec<Tree>),
    Object(Pairs),
}

/// Keys sort by length and then by bytes.
pub type Pairs = BTreeMap<(usize, Vec<u8>), Tree>;

pub fn key(text: &[u8]) -> (usize, Vec<u8>) {
    (text.len(), text.to_vec())
}

pub fn string(text: &str) -> Tree {
    Tree::String(text.as_bytes().to_vec())
}

pub fn object(pairs: &[(&str, Tree)]) -> Tree {
    let pair = |(name, value): &(&str, Tree)| (key(name.as_bytes()), value.clone());
    Tree::Object(pairs.iter().map(pair).collect())
}

/// A number in the short form: base 10000 digits, of which the first has this weight.
pub fn number(negative: bool, weight: i8, scale: u16, digits: &[u16]) -> Tree {
    assert!((-64..64).contains(&weight) && scale < 64);
    let header = 0x8000 | u16::from(negative) << 13 | scale << 7 | u16::from(weight as u8 & 0x7F);
    numeric(&[header], digits)
}

/// A number in the long form.
pub fn long_number(negative: bool, weight: i16, scale: u16, digits: &[u16]) -> Tree {
    let header = u16::from(negative) << 14 | scale;
    numeric(&[header, weight as u16], digits)
}

pub fn integer(value: u16) -> Tree {
    assert!(value < 10000);
    number(
        false,
        0,
        0,
        if value == 0 {
            &[]
        } else {
            std::slice::from_ref(&value)
        },
    )
}

fn numeric(header: &[u16], digits: &[u16]) -> Tree {
    let words = header.iter().chain(digits);
    let body: Vec<u8> = words.flat_map(|word| word.to_ne_bytes()).collect();
    let length = 4 + body.len() as u32;
    let length = if cfg!(target_endian = "little") {
        length << 2
    } else {
        length
    };
    Tree::Number([&length.to_ne_bytes()[..], &body].concat())
}

/// Writes a document.
pub fn encode(tree: &Tree) -> Vec<u8> {
    let mut out = vec![];
    match tree {
        Tree::Array(_) | Tree::Object(_) => drop(encode_value(tree, &mut out)),
        scalar => encode_children(0x5000_0001, std::slice::from_ref(scalar), &mut out),
    }
    out
}

/// Appends a value with its padding; returns its type.
fn encode_value(tree: &Tree, out: &mut Vec<u8>) -> u32 {
    if matches!(tree, Tree::Number(_) | Tree::Array(_) | Tree::Object(_)) {
        while !out.len().is_multiple_of(4) {
            out.push(0);
        }
    }
    match tree {
        Tree::Null => 0x4000_0000,
        Tree::Bool(false) => 0x2000_0000,
        Tree::Bool(true) => 0x3000_0000,
        Tree::Number(bytes) => {
            out.extend(bytes);
            0x1000_0000
        }
        Tree::String(bytes) => {
            out.extend(bytes);
            0
        }
        Tree::Array(elements) => {
            encode_children(0x4000_0000 | elements.len() as u32, elements, out);
            0x5000_0000
        }
        Tree::Object(pairs) => {
            let keys = pairs.keys().map(|(_, key)| Tree::String(key.clone()));
            let children: Vec<Tree> = keys.chain(pairs.values().cloned()).collect();
            encode_children(0x2000_0000 | pairs.len() as u32, &children, out);
            0x5000_0000
        }
    }
}

fn encode_children(header: u32, children: &[Tree], out: &mut Vec<u8>) {
    out.extend(header.to_ne_bytes());
    let entries = out.len();
    out.extend(vec![0; children.len() * 4]);
    let data = out.len();
    for (index, child) in children.iter().enumerate() {
        let start = out.len();
        let kind = encode_value(child, out);
        let entry = if index % 32 == 0 {
            kind | 0x8000_0000 | (out.len() - data) as u32
        } else {
            kind | (out.len() - start) as u32
        };
        out[entries + index * 4..][..4].copy_from_slice(&entry.to_ne_bytes());
    }
}

/// Reads a document; panics at anything that the server would not have written.
pub fn decode(document: &[u8]) -> Tree {
    try_decode(document).expect("a document as the server writes it")
}

/// Reads a document; `None` if the server would not have written it so.
pub fn try_decode(document: &[u8]) -> Option<Tree> {
    if word(document, 0)? == 0x5000_0001 {
        return decode_children(document, 1)?.pop().filter(is_scalar);
    }
    decode_container(document)
}

fn is_scalar(tree: &Tree) -> bool {
    !matches!(tree, Tree::Array(_) | Tree::Object(_))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn decode_container(bytes: &[u8]) -> Option<Tree> {
    let header = word(bytes, 0)?;
    let count = (header & 0x0FFF_FFFF) as usize;
    match header & 0xF000_0000 {
        0x4000_0000 => decode_children(bytes, count).map(Tree::Array),
        0x2000_0000 => {
            let mut keys = decode_children(bytes, count * 2)?;
            let values = keys.split_off(count);
            let mut pairs = Pairs::new();
            for (name, value) in keys.into_iter().zip(values) {
                let Tree::String(name) = name else { return None };
                let name = key(&name);
                if pairs.last_key_value().is_some_and(|(last, _)| *last >= name) {
                    return None;
                }
                pairs.insert(name, value);
            }
            Some(Tree::Object(pairs))
        }
        _ => None,
    }
}

fn decode_children(bytes: &[u8], count: usize) -> Option<Vec<Tree>> {
    let data = bytes.get(4 + count * 4..)?;
    let mut start = 0;
    let mut children = vec![];
    for index in 0..count {
        let entry = word(bytes, 4 + index * 4)?;
        let bits = (entry & 0x0FFF_FFFF) as usize;
        if (entry & 0x8000_0000 != 0) != (index % 32 == 0) {
            return None;
        }
        let end = if index % 32 == 0 { bits } else { start + bits };
        let child = data.get(start..end)?;
        let padded = || {
            let (zeros, rest) = child.split_at_checked(start.next_multiple_of(4) - start)?;
            zeros.iter().all(|byte| *byte == 0).then_some(rest)
        };
        children.push(match entry & 0x7000_0000 {
            0x0000_0000 => Tree::String(child.to_vec()),
            0x1000_0000 => Tree::Number(padded()?.to_vec()),
            0x2000_0000 if child.is_empty() => Tree::Bool(false),
            0x3000_0000 if child.is_empty() => Tree::Bool(true),
            0x4000_0000 if child.is_empty() => Tree::Null,
            0x5000_0000 => decode_container(padded()?)?,
            _ => return None,
        });
        start = end;
    }
    (start == data.len()).then_some(children)
}
