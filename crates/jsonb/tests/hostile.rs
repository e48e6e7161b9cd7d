//! Inputs of the fuzz target `hostile`: those that once went wrong, and some of each kind.

#[path = "reference/hostile.rs"]
mod hostile;
mod reference;

use std::path::Path;

#[test]
fn known_inputs_do_no_harm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert!(!files.is_empty());
    for file in files {
        hostile::exercise(&std::fs::read(file.unwrap().path()).unwrap());
    }
}
