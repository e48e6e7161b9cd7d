//! Ctrl-C: stop what is running, keep the results, clean up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use postgres::{CancelToken, Client, NoTls};

/// Known to the signal handler and to everything that may take long.
#[derive(Clone, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    running: Arc<Mutex<Vec<CancelToken>>>,
}

impl Interrupt {
    /// Installs the handler: it raises the flag and cancels what the watched connections are doing.
    pub fn install() -> Result<Interrupt> {
        let interrupt = Interrupt::default();
        let handled = interrupt.clone();
        ctrlc::set_handler(move || handled.raise()).context("cannot handle Ctrl-C")?;
        Ok(interrupt)
    }

    fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
        for token in self.running.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // A connection that is gone has nothing to cancel.
            let _ = token.cancel_query(NoTls);
        }
    }

    /// Lets Ctrl-C cancel this connection's statements.
    pub fn watch(&self, client: &Client) {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(client.cancel_token());
    }

    /// Forgets all connections.
    pub fn forget_connections(&self) {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Whether Ctrl-C was pressed.
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    /// Fails once Ctrl-C was pressed.
    pub fn check(&self) -> Result<()> {
        if self.is_raised() {
            bail!("interrupted");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Interrupt;

    #[test]
    fn a_raised_interrupt_fails_every_check() {
        let interrupt = Interrupt::default();
        assert!(interrupt.check().is_ok());
        interrupt.clone().raise();
        assert!(interrupt.is_raised());
        assert!(interrupt.check().is_err());
    }
}
