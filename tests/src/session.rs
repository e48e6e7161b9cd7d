//! One client connection that runs text and reports outcomes instead of stopping at errors.

use std::fmt;
use std::io::{Read, Write};

use postgres::{Client, NoTls, SimpleQueryMessage};

use crate::server;

/// What PostgreSQL said to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded; rows returned or changed.
    Done {
        /// Sum of the counts in the command tags.
        rows: u64,
    },
    /// It failed.
    Failed(Failure),
}

/// An error as the server reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Five characters, or `LOST` when the connection broke.
    pub sqlstate: String,
    /// Message, detail, hint and context.
    pub message: String,
}

/// The `sqlstate` of a [`Failure`] for a connection that broke: the server crashed.
pub const CONNECTION_LOST: &str = "LOST";

impl Failure {
    fn lost() -> Self {
        Self {
            sqlstate: CONNECTION_LOST.into(),
            message: "the connection broke in the middle of COPY".into(),
        }
    }

    fn new(error: &postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return Self {
                sqlstate: CONNECTION_LOST.into(),
                message: format!("{error}{}", server::crashes()),
            };
        };
        let mut message = db.message().to_owned();
        for (label, part) in [
            ("detail", db.detail()),
            ("hint", db.hint()),
            ("context", db.where_()),
        ] {
            if let Some(part) = part {
                message.push_str(&format!("\n  {label}: {part}"));
            }
        }
        Self {
            sqlstate: db.code().code().to_owned(),
            message,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.sqlstate, self.message)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { rows } => write!(f, "success, {rows} rows"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// A connection.
pub struct Session {
    client: Client,
}

impl Session {
    /// Connects; `parameters` is a libpq connection string.
    pub fn connect(parameters: &str) -> Result<Self, Failure> {
        Client::connect(parameters, NoTls)
            .map(|client| Self { client })
            .map_err(|error| Failure::new(&error))
    }

    /// Runs one or more statements with the simple protocol.
    pub fn run(&mut self, sql: &str) -> Outcome {
        match self.client.simple_query(sql) {
            Ok(messages) => Outcome::Done {
                rows: messages.iter().map(rows_of).sum(),
            },
            Err(error) => Outcome::Failed(Failure::new(&error)),
        }
    }

    /// Runs `COPY … FROM STDIN` with these data.
    pub fn copy_in(&mut self, sql: &str, data: &str) -> Outcome {
        let mut copy = || -> Result<u64, postgres::Error> {
            let mut writer = self.client.copy_in(sql)?;
            // A write error here means that the server already refused; `finish` has its words.
            let _ = writer.write_all(data.as_bytes());
            writer.finish()
        };
        match copy() {
            Ok(rows) => Outcome::Done { rows },
            Err(error) => Outcome::Failed(Failure::new(&error)),
        }
    }

    /// Runs `COPY … TO STDOUT`; the rows are the lines.
    pub fn copy_out(&mut self, sql: &str) -> Outcome {
        let mut reader = match self.client.copy_out(sql) {
            Ok(reader) => reader,
            Err(error) => return Outcome::Failed(Failure::new(&error)),
        };
        let mut text = String::new();
        let Err(error) = reader.read_to_string(&mut text) else {
            return Outcome::Done {
                rows: text.lines().count() as u64,
            };
        };
        // An error between two rows is one of reading, with PostgreSQL's inside.
        let inner = error
            .into_inner()
            .and_then(|inner| inner.downcast::<postgres::Error>().ok());
        Outcome::Failed(inner.map_or_else(Failure::lost, |error| Failure::new(&error)))
    }

    /// Runs statements that have to succeed.
    pub fn execute(&mut self, sql: &str) -> Result<(), Failure> {
        match self.run(sql) {
            Outcome::Done { .. } => Ok(()),
            Outcome::Failed(failure) => Err(failure),
        }
    }

    /// The rows of a query, every value as text.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Failure> {
        let messages = self
            .client
            .simple_query(sql)
            .map_err(|error| Failure::new(&error))?;
        Ok(messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|column| row.get(column).map(str::to_owned))
                        .collect(),
                ),
                _ => None,
            })
            .collect())
    }

    /// The first value of a query's first row.
    pub fn value(&mut self, sql: &str) -> Result<Option<String>, Failure> {
        Ok(self
            .rows(sql)?
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next().flatten()))
    }

    /// Whether the connection is still there.
    pub fn is_alive(&mut self) -> bool {
        !self.client.is_closed()
    }
}

fn rows_of(message: &SimpleQueryMessage) -> u64 {
    match message {
        SimpleQueryMessage::CommandComplete(count) => *count,
        _ => 0,
    }
}
