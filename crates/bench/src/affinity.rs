//! Keeping the client and the measured backends on one processor while a single client is timed.
//!
//! Client and backend take turns: one sleeps while the other works. Where they run on two processors, each turn wakes an
//! idle one, which on virtual machines takes longer than the statement itself, and the scheduler's choice, made anew for
//! each connection, would decide which approach looks fast. On one processor a turn is a context switch, always. Runs with
//! several clients, full refreshes and the making of views are not confined.

use std::fs;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// This thread and some backends, confined to one processor until this value is dropped.
pub struct Confined {
    backends: Vec<Pid>,
    before: CpuSet,
}

impl Confined {
    /// Confines the calling thread and these local processes; what went wrong, if the system refuses.
    pub fn new(backends: &[i32]) -> Result<Confined, String> {
        let refused = |error: nix::errno::Errno| error.desc().to_owned();
        let before = sched_getaffinity(this_thread()).map_err(refused)?;
        let last = (0..CpuSet::count())
            .rev()
            .find(|&cpu| before.is_set(cpu).unwrap_or(false));
        let mut one = CpuSet::new();
        one.set(last.unwrap_or(0)).map_err(refused)?;
        let mut confined = Confined {
            backends: Vec::new(),
            before,
        };
        sched_setaffinity(this_thread(), &one).map_err(refused)?;
        for &backend in backends {
            if !is_backend(backend) {
                return Err("the server's processes are not among this system's".to_owned());
            }
            let backend = Pid::from_raw(backend);
            sched_setaffinity(backend, &one).map_err(refused)?;
            confined.backends.push(backend);
        }
        Ok(confined)
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        for &process in self.backends.iter().chain(&[this_thread()]) {
            // A backend that has ended needs no processor.
            let _ = sched_setaffinity(process, &self.before);
        }
    }
}

/// Whether this system has such a process and it is PostgreSQL's: a server in a container numbers its processes anew.
fn is_backend(process: i32) -> bool {
    fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|title| title.starts_with(b"postgres"))
}

/// Zero stands for the calling thread.
fn this_thread() -> Pid {
    Pid::from_raw(0)
}

#[cfg(test)]
mod tests {
    use nix::sched::{CpuSet, sched_getaffinity};

    use super::{Confined, this_thread};

    fn allowed() -> usize {
        let set = sched_getaffinity(this_thread()).expect("an affinity");
        (0..CpuSet::count())
            .filter(|&cpu| set.is_set(cpu).unwrap_or(false))
            .count()
    }

    #[test]
    fn a_thread_is_confined_only_for_a_while() {
        let before = allowed();
        let confined = Confined::new(&[]).expect("confined");
        assert_eq!(allowed(), 1);
        drop(confined);
        assert_eq!(allowed(), before);
    }

    #[test]
    fn a_process_that_is_no_backend_is_left_alone() {
        let own = i32::try_from(std::process::id()).expect("a process id");
        assert!(Confined::new(&[own]).is_err());
    }

    #[test]
    fn a_process_that_does_not_exist_is_refused_and_nothing_stays_confined() {
        let before = allowed();
        assert!(Confined::new(&[i32::MAX]).is_err());
        assert_eq!(allowed(), before);
    }
}
