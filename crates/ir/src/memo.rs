//! A place beside a view for what planning has found out about it.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// What has been found out about a view: nothing that is not in the view itself. A copy of the view begins without it.
#[derive(Default)]
pub struct Memo(RefCell<Option<Rc<dyn Any>>>);

impl Memo {
    /// What is there, of the one type that the planner keeps in it.
    pub fn get<T: Default + 'static>(&self) -> Rc<T> {
        let mut kept = self.0.borrow_mut();
        if let Some(known) = kept.clone().and_then(|kept| kept.downcast().ok()) {
            return known;
        }
        let fresh = Rc::new(T::default());
        *kept = Some(Rc::clone(&fresh) as Rc<dyn Any>);
        fresh
    }
}

impl Clone for Memo {
    fn clone(&self) -> Memo {
        Memo::default()
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
