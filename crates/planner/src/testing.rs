//! Views built by hand, for the tests of the planning rules.
