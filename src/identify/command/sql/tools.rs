//! Migration tools' commands: what each does to the database.
//!
//! Sources: the tools' own references, as they stood in 2025.

/// What a command does to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Everything in it is gone.
    Wipes,
    /// Takes migrations back: tables and columns go.
    Reverts,
    /// Brings it forward.
    Migrates,
    /// Adds rows.
    Seeds,
    /// Makes it.
    Creates,
    /// Shows.
    Reads,
    /// Works on files of this machine.
    Local,
}

/// A tool's commands: words parted by blanks, `*` for any; the first that fits.
pub(super) type Commands = &'static [(&'static str, Does)];

const PRISMA: Commands = &[
    ("migrate reset", Does::Wipes),
    ("migrate deploy", Does::Migrates),
    ("migrate dev", Does::Migrates),
    ("migrate resolve", Does::Migrates),
    ("migrate status", Does::Reads),
    ("migrate diff", Does::Reads),
    ("db pull", Does::Reads),
    ("db seed", Does::Seeds),
    ("db push", Does::Migrates),
    ("studio", Does::Local),
    ("*", Does::Local),
];
const DRIZZLE: Commands = &[
    ("push", Does::Migrates),
    ("migrate", Does::Migrates),
    ("drop", Does::Local),
    ("introspect", Does::Reads),
    ("pull", Does::Reads),
    ("*", Does::Local),
];
const RAILS: Commands = &[
    ("db:migrate:status", Does::Reads),
    ("db:version", Does::Reads),
    ("db:abort_if_pending_migrations", Does::Reads),
    ("db:schema:dump", Does::Reads),
    ("db:structure:dump", Does::Reads),
    ("db:environment:set", Does::Migrates),
    ("db:create*", Does::Creates),
    ("db:rollback*", Does::Reverts),
    ("db:migrate:down*", Does::Reverts),
    ("db:migrate:redo*", Does::Reverts),
    ("db:migrate:reset*", Does::Wipes),
    ("db:migrate*", Does::Migrates),
    ("db:prepare*", Does::Migrates),
    ("db:seed:replant*", Does::Wipes),
    ("db:seed*", Does::Seeds),
    ("db:fixtures:load*", Does::Seeds),
    ("db:test:*", Does::Wipes),
    ("db:*", Does::Wipes),
    ("*", Does::Local),
];
const DJANGO: Commands = &[
    ("flush", Does::Wipes),
    ("reset_db", Does::Wipes),
    ("reset_schema", Does::Wipes),
    ("migrate", Does::Migrates),
    ("syncdb", Does::Migrates),
    ("loaddata", Does::Seeds),
    ("dumpdata", Does::Reads),
    ("inspectdb", Does::Reads),
    ("showmigrations", Does::Reads),
    ("clearsessions", Does::Reverts),
    ("remove_stale_contenttypes", Does::Reverts),
    ("delete_stale_contenttypes", Does::Reverts),
    ("changepassword", Does::Creates),
    ("createsuperuser", Does::Creates),
    ("*", Does::Local),
];
const ALEMBIC: Commands = &[
    ("downgrade", Does::Reverts),
    ("upgrade", Does::Migrates),
    ("stamp", Does::Migrates),
    ("current", Does::Reads),
    ("check", Does::Reads),
    ("*", Does::Local),
];
const FLYWAY: Commands = &[
    ("clean", Does::Wipes),
    ("undo", Does::Reverts),
    ("migrate", Does::Migrates),
    ("repair", Does::Migrates),
    ("baseline", Does::Migrates),
    ("*", Does::Reads),
];
const LIQUIBASE: Commands = &[
    ("drop-all", Does::Wipes),
    ("dropAll", Does::Wipes),
    ("rollback-sql", Does::Reads),
    ("rollback-count-sql", Does::Reads),
    ("rollback-to-date-sql", Does::Reads),
    ("future-rollback-sql", Does::Reads),
    ("rollback*", Does::Reverts),
    ("update-testing-rollback", Does::Reverts),
    ("update-sql", Does::Reads),
    ("updateSQL", Does::Reads),
    ("update*", Does::Migrates),
    ("execute-sql", Does::Wipes),
    ("tag", Does::Migrates),
    ("changelog-sync*", Does::Migrates),
    ("clear-checksums", Does::Migrates),
    ("*", Does::Reads),
];
const SEQUELIZE: Commands = &[
    ("db:drop", Does::Wipes),
    ("db:migrate:undo*", Does::Reverts),
    ("db:seed:undo*", Does::Reverts),
    ("db:migrate:status", Does::Reads),
    ("db:migrate*", Does::Migrates),
    ("db:seed*", Does::Seeds),
    ("db:create", Does::Creates),
    ("*", Does::Local),
];
const KNEX: Commands = &[
    ("migrate:rollback", Does::Reverts),
    ("migrate:down", Does::Reverts),
    ("migrate:latest", Does::Migrates),
    ("migrate:up", Does::Migrates),
    ("migrate:unlock", Does::Migrates),
    ("seed:run", Does::Wipes),
    ("migrate:list", Does::Reads),
    ("migrate:status", Does::Reads),
    ("migrate:currentVersion", Does::Reads),
    ("*", Does::Local),
];
const TYPEORM: Commands = &[
    ("schema:drop", Does::Wipes),
    ("migration:revert", Does::Reverts),
    ("schema:sync", Does::Reverts),
    ("schema:log", Does::Reads),
    ("migration:run", Does::Migrates),
    ("query", Does::Wipes),
    ("*", Does::Local),
];
const MIKRO: Commands = &[
    ("schema:drop", Does::Wipes),
    ("schema:fresh", Does::Wipes),
    ("migration:fresh", Does::Wipes),
    ("migration:down", Does::Reverts),
    ("migration:up", Does::Migrates),
    ("schema:update", Does::Migrates),
    ("database:create", Does::Creates),
    ("seeder:run", Does::Seeds),
    ("*", Does::Local),
];
const ECTO: Commands = &[
    ("ecto.drop", Does::Wipes),
    ("ecto.reset", Does::Wipes),
    ("ecto.rollback", Does::Reverts),
    ("ecto.load", Does::Wipes),
    ("ecto.migrate", Does::Migrates),
    ("ecto.setup", Does::Migrates),
    ("ecto.create", Does::Creates),
    ("ecto.migrations", Does::Reads),
    ("*", Does::Local),
];
const ARTISAN: Commands = &[
    ("migrate:fresh", Does::Wipes),
    ("migrate:reset", Does::Wipes),
    ("migrate:refresh", Does::Wipes),
    ("db:wipe", Does::Wipes),
    ("migrate:rollback", Does::Reverts),
    ("migrate:status", Does::Reads),
    ("migrate:install", Does::Migrates),
    ("migrate", Does::Migrates),
    ("db:seed", Does::Seeds),
    ("db:show", Does::Reads),
    ("db:table", Does::Reads),
    ("model:prune", Does::Reverts),
    ("queue:clear", Does::Reverts),
    ("queue:flush", Does::Reverts),
    ("cache:clear", Does::Local),
    ("*", Does::Local),
];
const GOOSE: Commands = &[
    ("* * down*", Does::Reverts),
    ("down*", Does::Reverts),
    ("* * reset", Does::Wipes),
    ("reset", Does::Wipes),
    ("* * redo", Does::Reverts),
    ("redo", Does::Reverts),
    ("* * up*", Does::Migrates),
    ("up*", Does::Migrates),
    ("*", Does::Reads),
];
const DBMATE: Commands = &[
    ("drop", Does::Wipes),
    ("rollback", Does::Reverts),
    ("down", Does::Reverts),
    ("load", Does::Wipes),
    ("up", Does::Migrates),
    ("migrate", Does::Migrates),
    ("create", Does::Creates),
    ("*", Does::Reads),
];
const ATLAS: Commands = &[
    ("schema clean", Does::Wipes),
    ("schema apply", Does::Reverts),
    ("migrate apply", Does::Migrates),
    ("migrate down", Does::Reverts),
    ("migrate set", Does::Migrates),
    ("*", Does::Reads),
];
const SQLX: Commands = &[
    ("database drop", Does::Wipes),
    ("database reset", Does::Wipes),
    ("db drop", Does::Wipes),
    ("db reset", Does::Wipes),
    ("migrate revert", Does::Reverts),
    ("migrate run", Does::Migrates),
    ("database create", Does::Creates),
    ("database setup", Does::Migrates),
    ("*", Does::Local),
];
const DIESEL: Commands = &[
    ("database reset", Does::Wipes),
    ("database drop", Does::Wipes),
    ("migration revert", Does::Reverts),
    ("migration redo", Does::Reverts),
    ("migration run", Does::Migrates),
    ("database setup", Does::Migrates),
    ("setup", Does::Migrates),
    ("*", Does::Local),
];
const SEA: Commands = &[
    ("migrate fresh", Does::Wipes),
    ("migrate reset", Does::Wipes),
    ("migrate refresh", Does::Wipes),
    ("migrate down", Does::Reverts),
    ("migrate up", Does::Migrates),
    ("*", Does::Local),
];
const HASURA: Commands = &[
    ("migrate apply", Does::Migrates),
    ("migrate delete", Does::Reverts),
    ("metadata clear", Does::Reverts),
    ("metadata apply", Does::Migrates),
    ("seed apply", Does::Seeds),
    ("*", Does::Reads),
];

/// A tool's commands, by its name.
pub(super) fn commands(tool: &str) -> Option<Commands> {
    Some(match tool {
        "prisma" => PRISMA,
        "drizzle-kit" => DRIZZLE,
        "rails" | "rake" => RAILS,
        "manage.py" | "django-admin" => DJANGO,
        "alembic" => ALEMBIC,
        "flyway" => FLYWAY,
        "liquibase" => LIQUIBASE,
        "sequelize" | "sequelize-cli" => SEQUELIZE,
        "knex" => KNEX,
        "typeorm" | "typeorm-ts-node-commonjs" | "typeorm-ts-node-esm" => TYPEORM,
        "mikro-orm" => MIKRO,
        "mix" => ECTO,
        "artisan" => ARTISAN,
        "goose" => GOOSE,
        "dbmate" => DBMATE,
        "atlas" => ATLAS,
        "sqlx" => SQLX,
        "diesel" => DIESEL,
        "sea-orm-cli" => SEA,
        "hasura" => HASURA,
        _ => return None,
    })
}
