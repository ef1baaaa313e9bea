//! Clients of databases: the statements that they would send, and the server that they would send them to.
//!
//! A server is this machine's own only where something says so: a loopback host, a socket, a file. Where nobody says, it is
//! unknown.

mod migrate;
mod mongo;
mod mysql;
mod options;
mod others;
mod postgres;
mod redis;
mod run;
mod source;
mod sqlite;
mod target;
mod tools;

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[
    ("psql", postgres::psql),
    ("pgcli", postgres::psql),
    ("dropdb", postgres::tool),
    ("createdb", postgres::tool),
    ("dropuser", postgres::tool),
    ("createuser", postgres::tool),
    ("pg_dump", postgres::tool),
    ("pg_dumpall", postgres::tool),
    ("pg_restore", postgres::tool),
    ("pg_isready", postgres::tool),
    ("pg_basebackup", postgres::tool),
    ("pg_receivewal", postgres::tool),
    ("pgbench", postgres::tool),
    ("vacuumdb", postgres::tool),
    ("reindexdb", postgres::tool),
    ("clusterdb", postgres::tool),
    ("pg_ctl", postgres::server),
    ("pg_ctlcluster", postgres::server),
    ("pg_createcluster", postgres::server),
    ("pg_dropcluster", postgres::server),
    ("pg_resetwal", postgres::server),
    ("initdb", postgres::server),
    ("wal-g", postgres::backups),
    ("wal-e", postgres::backups),
    ("pgbackrest", postgres::backups),
    ("mysql", mysql::mysql),
    ("mariadb", mysql::mysql),
    ("mycli", mysql::mysql),
    ("mysqladmin", mysql::admin),
    ("mariadb-admin", mysql::admin),
    ("mysqldump", mysql::dump),
    ("mariadb-dump", mysql::dump),
    ("mysqlimport", mysql::dump),
    ("mariadb-import", mysql::dump),
    ("sqlite3", sqlite::sqlite),
    ("litecli", sqlite::sqlite),
    ("duckdb", sqlite::duckdb),
    ("redis-cli", redis::redis),
    ("valkey-cli", redis::redis),
    ("mongosh", mongo::shell),
    ("mongo", mongo::shell),
    ("mongodump", mongo::tool),
    ("mongorestore", mongo::tool),
    ("mongoimport", mongo::tool),
    ("mongoexport", mongo::tool),
    ("cqlsh", others::cqlsh),
    ("clickhouse-client", others::clickhouse),
    ("clickhouse-local", others::clickhouse),
    ("clickhouse", others::clickhouse),
    ("sqlcmd", others::sqlcmd),
    ("snowsql", others::snowsql),
    ("snow", others::snow),
    ("sqlplus", others::sqlplus),
    ("sqlplus64", others::sqlplus),
    ("influx", others::influx),
    ("prisma", migrate::tool),
    ("drizzle-kit", migrate::tool),
    ("rails", migrate::tool),
    ("rake", migrate::tool),
    ("manage.py", migrate::tool),
    ("django-admin", migrate::tool),
    ("alembic", migrate::tool),
    ("flyway", migrate::tool),
    ("liquibase", migrate::tool),
    ("sequelize", migrate::tool),
    ("sequelize-cli", migrate::tool),
    ("knex", migrate::tool),
    ("typeorm", migrate::tool),
    ("typeorm-ts-node-commonjs", migrate::tool),
    ("typeorm-ts-node-esm", migrate::tool),
    ("mikro-orm", migrate::tool),
    ("mix", migrate::tool),
    ("artisan", migrate::tool),
    ("goose", migrate::tool),
    ("dbmate", migrate::tool),
    ("atlas", others::atlas),
    ("sqlx", migrate::tool),
    ("diesel", migrate::tool),
    ("sea-orm-cli", migrate::tool),
    ("hasura", migrate::tool),
];

#[cfg(test)]
mod tests;
