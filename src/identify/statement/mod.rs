//! What statements in SQL would do.
//!
//! Pure: a text and its dialect in, operations out. The words of a statement decide, after strings and comments are taken
//! for what they are; the parser of expressions says whether a condition holds for every row. What cannot be named is
//! `sql:DIALECT:unidentified`, never an error, and nothing that only looks harmless is a read.

mod administration;
mod alteration;
mod block;
mod change;
mod condition;
mod definition;
mod lex;
mod query;
mod reader;
mod split;

use std::collections::BTreeMap;
use std::str::FromStr;

use vec1::Vec1;

use super::command::{Seen, alone};
use super::protocol::Face;
use super::{Identified, Reading};
use crate::model::http::Unreadable;
use crate::model::{BlastRadius, Operation, Parameter, Place, Resource};

pub(in crate::identify) use split::{Client, Piece, Splitter, Tokens};

/// The longest text that is read, in bytes.
pub(in crate::identify) const TEXT_BYTES_MAX: usize = 1 << 20;

/// Whose SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SqlDialect {
    /// Nobody said.
    Generic,
    /// PostgreSQL, and what speaks like it.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    Mssql,
    /// Snowflake.
    Snowflake,
    /// BigQuery.
    BigQuery,
    /// Redshift.
    Redshift,
    /// ClickHouse.
    ClickHouse,
    /// DuckDB.
    DuckDb,
}

impl SqlDialect {
    /// As operation ids spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Sqlite => "sqlite",
            Self::Mssql => "mssql",
            Self::Snowflake => "snowflake",
            Self::BigQuery => "bigquery",
            Self::Redshift => "redshift",
            Self::ClickHouse => "clickhouse",
            Self::DuckDb => "duckdb",
        }
    }

    const fn has_hash_comments(self) -> bool {
        matches!(self, Self::Mysql | Self::BigQuery)
    }

    /// What stands in `/*! … */` is run.
    const fn runs_comments(self) -> bool {
        matches!(self, Self::Mysql | Self::Generic)
    }

    const fn nests_comments(self) -> bool {
        matches!(self, Self::Postgres | Self::Redshift | Self::Mssql | Self::DuckDb | Self::ClickHouse)
    }

    const fn has_dollar_quotes(self) -> bool {
        matches!(self, Self::Postgres | Self::Redshift | Self::Snowflake | Self::DuckDb | Self::ClickHouse)
    }

    /// How a backslash in a plain string is read: one way, or either.
    const fn escapes(self) -> &'static [bool] {
        match self {
            Self::Mysql | Self::BigQuery | Self::ClickHouse | Self::Snowflake => &[true],
            Self::Postgres | Self::Sqlite | Self::Mssql | Self::DuckDb => &[false],
            Self::Redshift | Self::Generic => &[false, true],
        }
    }
}

impl FromStr for SqlDialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "" | "generic" | "sql" | "ansi" => Self::Generic,
            "postgres" | "postgresql" | "pg" | "cockroachdb" | "cockroach" | "timescaledb" => Self::Postgres,
            "mysql" | "mariadb" | "tidb" => Self::Mysql,
            "sqlite" | "sqlite3" | "libsql" => Self::Sqlite,
            "mssql" | "sqlserver" | "tsql" => Self::Mssql,
            "snowflake" => Self::Snowflake,
            "bigquery" => Self::BigQuery,
            "redshift" => Self::Redshift,
            "clickhouse" => Self::ClickHouse,
            "duckdb" => Self::DuckDb,
            _ => return Err(format!("`{text}` is not a known dialect of SQL")),
        })
    }
}

/// What one statement would do.
#[derive(Clone, Debug)]
pub(in crate::identify) struct Statement {
    /// `sql:DIALECT:VERB`.
    pub(in crate::identify) operation: Operation,
    /// What it would do.
    pub(in crate::identify) blast: BlastRadius,
    /// Tables, databases, roles, as the statement names them.
    pub(in crate::identify) resources: Vec<Resource>,
    /// What decides.
    pub(in crate::identify) parameters: Vec<Parameter>,
}

/// What every statement of a text would do, in order. Never empty for a text that holds a statement.
pub(in crate::identify) fn read(dialect: SqlDialect, text: &str) -> Vec<Statement> {
    let client = if dialect == SqlDialect::Postgres { Client::Psql } else { Client::None };
    if text.len() > TEXT_BYTES_MAX {
        return vec![reader::unidentified(dialect, "longer than is read")];
    }
    let mut found = Vec::new();
    let escapes = if text.contains('\\') { dialect.escapes() } else { &[false][..] };
    for escapes in escapes {
        let mut reader = reader::Reader::new(dialect);
        for piece in (Splitter { dialect, client, variables: BTreeMap::new(), text }).pieces(*escapes) {
            match piece {
                Piece::Statement(tokens) => reader.statement(&tokens),
                Piece::Own(command) => reader.own(&command),
            }
        }
        found.extend(reader.found);
    }
    found
}

/// Reads the pieces of a text that a client was given, one at a time.
pub(in crate::identify) struct Pieces {
    reader: reader::Reader,
}

impl Pieces {
    /// Nothing yet.
    pub(in crate::identify) fn new(dialect: SqlDialect) -> Self {
        Self { reader: reader::Reader::new(dialect) }
    }

    /// What this statement would do.
    pub(in crate::identify) fn statement(&mut self, tokens: &Tokens) -> Vec<Statement> {
        self.reader.statement(tokens);
        std::mem::take(&mut self.reader.found)
    }
}

/// How a backslash before a quote is read for this text: one way, or either.
pub(in crate::identify) fn escapes(dialect: SqlDialect, text: &str) -> &'static [bool] {
    if text.contains('\\') { dialect.escapes() } else { &[false] }
}

/// Names what a text in SQL asks of a database. `target` is `host/name`, as a caller knows it; without one nobody knows
/// where it stands.
///
/// # Errors
/// The dialect is not a known one, or the text is too long or says nothing.
pub fn statement(dialect: &str, text: &str, target: Option<&str>) -> Result<Vec1<Identified>, Unreadable> {
    let Ok(dialect) = dialect.parse::<SqlDialect>() else {
        return Err(Unreadable::status(400, "the dialect of SQL is not a known one"));
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(Unreadable::status(413, "the statement is too long to be judged"));
    }
    let place = place(target.unwrap_or_default());
    let found = read(dialect, text).into_iter().map(|one| identified(one, place.clone())).collect();
    Vec1::try_from_vec(found).map_err(|_| Unreadable::status(400, "the text holds no statement"))
}

/// A statement on a database that stands here.
pub(in crate::identify) fn identified(one: Statement, place: Place) -> Identified {
    let Statement { operation, blast, resources, parameters } = one;
    let (count, face) = (blast.count, Face::Command(Seen { blast }));
    alone(Reading { operation, aliases: vec![], resources, place, parameters, count, face })
}

/// Where `host/name` stands.
fn place(target: &str) -> Place {
    let (host, _) = target.split_once('/').unwrap_or((target, ""));
    let loopback = is_loopback(host);
    let host = match host.rsplit_once(':') {
        Some((bare, port)) if !bare.contains(':') && port.parse::<u16>().is_ok() => bare,
        _ => host,
    };
    let host = if host.is_empty() { "unknown" } else { host };
    Place {
        host: Some(host.to_owned()),
        database: (!target.is_empty()).then(|| target.to_owned()),
        loopback,
        ..Place::default()
    }
}

/// Whether a host's name, with or without a port, is this machine's own.
pub(in crate::identify) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').split(']').next().unwrap_or(host);
    let name = if host.starts_with('[') || bare.matches(':').count() > 1 {
        bare
    } else {
        bare.split(':').next().unwrap_or(bare)
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| match address {
            std::net::IpAddr::V4(v4) => v4.is_loopback() || v4.is_unspecified(),
            std::net::IpAddr::V6(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
        })
}

#[cfg(test)]
mod tests;
