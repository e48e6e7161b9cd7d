//! Attacks by plain roles, each of which once succeeded, or might: nobody gets in, nobody stands in the way, no content is wrong in
//! silence. [`takeover`] is about the server, [`obstruction`] about the work of others, [`integrity`] about contents, [`disclosure`] about
//! secrets, [`limits`] about what is large or ends badly.

mod disclosure;
mod integrity;
mod limits;
mod obstruction;
mod takeover;
