//! What kind of server is wanted.

use std::path::PathBuf;

/// How to start a [`crate::Server`].
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The `pg_config` of the installation to run.
    pub pg_config: PathBuf,
    /// Settings for `postgresql.conf`, applied after the crate's own, so that these win.
    pub settings: Vec<(String, String)>,
    /// Locale of the cluster. `None` means `C.UTF-8`, or `C` where that does not exist.
    pub locale: Option<String>,
    /// Whether pages have checksums: an upgraded cluster must be like the old one. `None` means PostgreSQL's default, which differs between
    /// versions.
    pub checksums: Option<bool>,
}

impl ServerOptions {
    /// A server of the installation that `pg_config` belongs to, with default settings.
    pub fn new(pg_config: impl Into<PathBuf>) -> Self {
        ServerOptions {
            pg_config: pg_config.into(),
            settings: Vec::new(),
            locale: None,
            checksums: None,
        }
    }

    /// Adds one setting, as in `postgresql.conf`; the value is quoted here.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Sets the locale of the cluster.
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Says whether pages have checksums.
    pub fn checksums(mut self, wanted: bool) -> Self {
        self.checksums = Some(wanted);
        self
    }
}

/// One line of `postgresql.conf`, its value quoted.
pub(crate) fn configuration_line(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// A value in a libpq keyword string, quoted.
pub(crate) fn quote_keyword_value(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::{configuration_line, quote_keyword_value};

    #[test]
    fn values_are_quoted() {
        assert_eq!(
            configuration_line("search_path", "a'b\\"),
            "search_path = 'a''b\\\\'\n"
        );
        assert_eq!(quote_keyword_value("it's a \\"), "'it\\'s a \\\\'");
    }
}
