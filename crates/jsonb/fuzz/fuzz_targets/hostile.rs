//! Bytes that nobody has checked, read as documents and as the values of patches: never a panic, and where all of them are as the server
//! would have written them, so is the outcome.

#![no_main]

#[path = "../../tests/reference/hostile.rs"]
mod hostile;
#[path = "../../tests/reference/mod.rs"]
mod reference;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| hostile::exercise(data));
