//! How much memory there is: the machine's, or less where this program runs in a container.

use std::fs;

/// Where the system says how much this container may use: control groups of version 2, and of version 1.
const LIMITS: [&str; 2] = [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];

/// The memory that may be used, in MB.
pub fn usable_mb() -> Option<u64> {
    let machine = machine_mb()?;
    Some(limit_mb().map_or(machine, |limit| machine.min(limit)))
}

/// The memory, for the report.
pub fn description() -> String {
    let gigabytes = |megabytes: u64| format!("{:.1} GB", megabytes as f64 / 1_024.0);
    match (machine_mb(), limit_mb()) {
        (Some(machine), Some(limit)) if limit < machine => {
            format!("{}, limited to {}", gigabytes(machine), gigabytes(limit))
        }
        (Some(machine), _) => gigabytes(machine),
        (None, _) => "unknown".to_owned(),
    }
}

fn machine_mb() -> Option<u64> {
    from_meminfo(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn limit_mb() -> Option<u64> {
    LIMITS
        .iter()
        .find_map(|path| from_limit(&fs::read_to_string(path).ok()?))
}

fn from_meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1_024)
}

/// Nothing where the limit is the word `max`.
fn from_limit(text: &str) -> Option<u64> {
    let bytes: u64 = text.trim().parse().ok()?;
    Some(bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::{from_limit, from_meminfo, usable_mb};

    #[test]
    fn limits_are_numbers_of_bytes_or_none() {
        assert_eq!(from_limit("8589934592\n"), Some(8_192));
        assert_eq!(from_limit("max\n"), None);
    }

    #[test]
    fn the_machine_has_memory() {
        assert_eq!(
            from_meminfo("MemTotal:       2097152 kB\nMemFree: 1 kB\n"),
            Some(2_048)
        );
        assert!(usable_mb().is_some_and(|megabytes| megabytes > 0));
    }
}
