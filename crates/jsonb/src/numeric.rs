//! How two numbers compare, whatever the digits after the point that they show: 1, 1.0 and 1.00 are equal.
//!
//! A number is stored as a variable-length value: its length (one or four bytes), a 16-bit header (sign, number of shown
//! decimals and, in the short form, the weight), in the long form the weight, and base 10000 digits.

use std::cmp::Ordering;

const FORM_MASK: u16 = 0xC000;
const FORM_SHORT: u16 = 0x8000;
const FORM_SPECIAL: u16 = 0xC000;
const LONG_NEGATIVE: u16 = 0x4000;
const SHORT_NEGATIVE: u16 = 0x2000;
const SHORT_WEIGHT_SIGN: u16 = 0x0040;
const SHORT_WEIGHT_MASK: u16 = 0x003F;

/// Whether two stored numbers have the same value. Malformed ones are equal if their bytes are.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    if left == right {
        return true;
    }
    match (Number::read(left), Number::read(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

/// Which of two stored numbers is greater; `None` for malformed ones.
pub(crate) fn compare(left: &[u8], right: &[u8]) -> Option<Ordering> {
    let (left, right) = (Number::read(left)?, Number::read(right)?);
    let signs = right.negative.cmp(&left.negative);
    Some(signs.then_with(|| {
        let sizes = left.compare_size(&right);
        if left.negative { sizes.reverse() } else { sizes }
    }))
}

/// The value of a number, without what can differ between equal ones.
#[derive(PartialEq, Eq)]
struct Number<'a> {
    negative: bool,
    /// Power of 10000 of the first digit.
    weight: i32,
    /// Two bytes each, neither the first nor the last zero.
    digits: &'a [[u8; 2]],
}

impl<'a> Number<'a> {
    /// Compares the numbers without their signs.
    fn compare_size(&self, other: &Number<'_>) -> Ordering {
        let number = |digit: &[u8; 2]| u16::from_ne_bytes(*digit);
        let zeros = other.digits.is_empty().cmp(&self.digits.is_empty());
        let digits = || {
            let own = self.digits.iter().map(number);
            own.cmp(other.digits.iter().map(number))
        };
        zeros
            .then_with(|| self.weight.cmp(&other.weight))
            .then_with(digits)
    }

    fn read(stored: &'a [u8]) -> Option<Number<'a>> {
        let (header, rest) = split_u16(without_length(stored)?)?;
        let (negative, weight, digits) = match header & FORM_MASK {
            FORM_SPECIAL => return None,
            FORM_SHORT => (header & SHORT_NEGATIVE != 0, short_weight(header), rest),
            form => {
                let (weight, digits) = split_u16(rest)?;
                let weight = i32::from(weight.cast_signed());
                (form == LONG_NEGATIVE, weight, digits)
            }
        };
        let (mut digits, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() {
            return None;
        }
        let mut weight = weight;
        while let [[0, 0], rest @ ..] = digits {
            (digits, weight) = (rest, weight - 1);
        }
        while let [rest @ .., [0, 0]] = digits {
            digits = rest;
        }
        let zero = digits.is_empty();
        Some(Number {
            negative: negative && !zero,
            weight: if zero { 0 } else { weight },
            digits,
        })
    }
}

fn short_weight(header: u16) -> i32 {
    let bits = i32::from(header & SHORT_WEIGHT_MASK);
    if header & SHORT_WEIGHT_SIGN == 0 {
        bits
    } else {
        bits - i32::from(SHORT_WEIGHT_SIGN)
    }
}

fn split_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (first, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_ne_bytes(*first), rest))
}

/// What follows the length; `None` for a compressed or external value, which a document can't have.
fn without_length(stored: &[u8]) -> Option<&[u8]> {
    let first = *stored.first()?;
    let (short, plain) = if cfg!(target_endian = "little") {
        (first & 0x01 != 0, first & 0x03 == 0)
    } else {
        (first & 0x80 != 0, first & 0xC0 == 0)
    };
    if short {
        stored.get(1..)
    } else if plain {
        stored.get(4..)
    } else {
        None
    }
}
