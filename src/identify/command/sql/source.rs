//! Which database a project's configuration names.

use super::run::contents;
use super::target::{Target, dsn, variable};
use crate::identify::command::{Invocation, Machine, Scene, Word};
use crate::identify::statement::{SqlDialect, is_loopback};
use crate::model::Place;

/// A project's database, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    target: Target,
    scheme: Option<String>,
    is_known: bool,
    /// It is a file of this machine.
    is_file: bool,
}

impl Source {
    fn of(text: &str) -> Self {
        let read = dsn(text);
        let is_file = read.scheme.as_deref().is_some_and(|scheme| scheme.starts_with("sqlite") || scheme == "file")
            || text.starts_with("file:");
        let known = read.host.is_some() || is_file;
        let target = Target { host: read.host, is_unknown: !known, database: read.database };
        Self { target, scheme: read.scheme, is_known: known, is_file }
    }

    /// Where it stands; nobody knows without a configuration.
    pub(super) fn place(&self, at: &Invocation) -> Place {
        if self.is_known {
            if self.is_file && matches!(at.machine, Machine::Own) {
                return Place { host: Some("localhost".to_owned()), loopback: true, ..Place::default() };
            }
            return self.target.place(at);
        }
        let here = match &at.machine {
            Machine::Own | Machine::Container(_) => None,
            machine => Some(crate::identify::command::place_of(machine)),
        };
        here.unwrap_or_else(|| Target { is_unknown: true, ..Target::default() }.place(at))
    }

    /// Whose SQL it takes.
    pub(super) fn dialect(&self) -> SqlDialect {
        match self.scheme.as_deref() {
            Some("postgres" | "postgresql" | "postgis" | "cockroachdb") => SqlDialect::Postgres,
            Some("mysql" | "mariadb" | "mysql2") => SqlDialect::Mysql,
            Some("sqlite" | "sqlite3" | "file") => SqlDialect::Sqlite,
            Some("sqlserver" | "mssql") => SqlDialect::Mssql,
            _ => SqlDialect::Generic,
        }
    }
}

/// Options that name the database, for any of these tools.
const URL_OPTIONS: &[&str] = &["--url", "-url", "-u", "--database-url", "--db-url", "-D", "--to-url", "--endpoint"];
/// Options that name the file of configuration.
const FILE_OPTIONS: &[&str] = &[
    "--config",
    "-c",
    "--knexfile",
    "--schema",
    "-d",
    "--dataSource",
    "--defaults-file",
    "--config-file",
    "-configFiles",
    "--options-path",
];

/// Files in which a tool's configuration stands, in the order in which they count.
fn files(tool: &str) -> &'static [&'static str] {
    match tool {
        "prisma" => &["prisma/.env", ".env", "prisma/schema.prisma", "schema.prisma", "prisma.config.ts"],
        "drizzle-kit" => &[
            "drizzle.config.ts",
            "drizzle.config.js",
            "drizzle.config.json",
            "drizzle.config.mjs",
            ".env",
            ".env.local",
        ],
        "rails" | "rake" => &["config/database.yml", ".env"],
        "alembic" => &["alembic.ini", ".env"],
        "flyway" => &["flyway.toml", "flyway.conf", "conf/flyway.toml", "conf/flyway.conf"],
        "liquibase" => &["liquibase.properties"],
        "sequelize" | "sequelize-cli" => &["config/config.json", "config/config.js", ".env"],
        "knex" => &["knexfile.js", "knexfile.ts", "knexfile.mjs", "knexfile.cjs", ".env"],
        "dbmate" | "sqlx" | "diesel" | "sea-orm-cli" | "goose" | "artisan" => &[".env"],
        "typeorm" => &["ormconfig.json", "data-source.ts", "src/data-source.ts", ".env"],
        "mikro-orm" => &["mikro-orm.config.ts", "src/mikro-orm.config.ts", ".env"],
        "atlas" => &["atlas.hcl"],
        "mix" => &[],
        "hasura" => &["config.yaml"],
        _ => &[".env"],
    }
}

/// The database that a tool would work on.
pub(super) fn find(tool: &str, words: &[Word], at: &Invocation, scene: &Scene<'_>) -> Source {
    if let Some(word) =
        option(words, URL_OPTIONS).or_else(|| words.iter().find(|word| is_url(&word.to_string())).cloned())
    {
        let shown = word.to_string();
        // `env://NAME` and what nobody knows.
        return if word.text().is_some() && !shown.starts_with("env:") {
            Source::of(&shown)
        } else {
            Source::default()
        };
    }
    if tool == "goose"
        && let Some(found) = goose(words)
    {
        return found;
    }
    for name in names(tool) {
        if let Some(word) = variable(at, scene, name) {
            return word.text().map_or_else(Source::default, |text| Source::of(&text));
        }
    }
    // A task may name variables among its words.
    if let Some(url) =
        words.iter().find_map(|word| word.to_string().strip_prefix("DATABASE_URL=").map(ToOwned::to_owned))
    {
        return Source::of(&url);
    }
    if !matches!(at.machine, Machine::Own) {
        return Source::default();
    }
    let environment = environment(tool, words, at, scene);
    let config = option(words, FILE_OPTIONS).and_then(|word| word.text().map(std::borrow::Cow::into_owned));
    let config = config.map(|path| path.trim_start_matches("file:").to_owned());
    let django = if tool == "manage.py" || tool == "django-admin" { settings(words, at, scene) } else { vec![] };
    let candidates =
        config.iter().map(String::as_str).chain(django.iter().map(String::as_str)).chain(files(tool).iter().copied());
    for path in candidates {
        let Some(text) = contents(at, scene, path) else { continue };
        if let Some(found) = in_file(path, &text, &environment, at, scene) {
            return found;
        }
    }
    Source::default()
}

/// `goose postgres "…" up`: the driver and its connection string.
fn goose(words: &[Word]) -> Option<Source> {
    let at = words.iter().position(|word| {
        ["postgres", "mysql", "sqlite3", "sqlite", "mssql", "pgx", "clickhouse"].iter().any(|driver| word.is(driver))
    })?;
    let text = words.get(at + 1)?.text()?.into_owned();
    let is_file = words.get(at)?.to_string().starts_with("sqlite");
    let mut source = Source::of(&text);
    source.is_file |= is_file;
    source.is_known |= is_file;
    Some(source)
}

fn names(tool: &str) -> &'static [&'static str] {
    match tool {
        "flyway" => &["FLYWAY_URL"],
        "liquibase" => &["LIQUIBASE_COMMAND_URL"],
        "goose" => &["GOOSE_DBSTRING"],
        "hasura" => &["HASURA_GRAPHQL_ENDPOINT"],
        "artisan" => &["DATABASE_URL", "DB_URL", "DB_HOST"],
        _ => &["DATABASE_URL"],
    }
}

fn is_url(text: &str) -> bool {
    let schemes = ["postgres", "postgresql", "mysql", "mariadb", "sqlite", "sqlserver", "mongodb", "jdbc:"];
    let text = text.split_once('=').map_or(text, |(key, value)| if key.starts_with('-') { value } else { text });
    schemes.iter().any(|scheme| text.starts_with(scheme)) && text.contains("://") || text.starts_with("jdbc:")
}

/// The value of the last of these options.
fn option(words: &[Word], names: &[&str]) -> Option<Word> {
    let mut found = None;
    for (at, word) in words.iter().enumerate() {
        let shown = word.leading();
        for name in names {
            if word.is(name) {
                found = words.get(at + 1).cloned().or(found);
            } else if let Some(rest) = shown.strip_prefix(name)
                && rest.starts_with('=')
            {
                found = Some(super::options::after(word, name.len() + 1));
            }
        }
    }
    found
}

/// Which of the configuration's environments is meant.
fn environment(tool: &str, words: &[Word], at: &Invocation, scene: &Scene<'_>) -> String {
    if let Some(word) = option(words, &["--env", "-e", "--environment"]) {
        return word.to_string();
    }
    let among = |name: &str| {
        words.iter().find_map(|word| word.to_string().strip_prefix(&format!("{name}=")).map(ToOwned::to_owned))
    };
    let names: &[&str] = match tool {
        "rails" | "rake" => &["RAILS_ENV", "RACK_ENV"],
        _ => &["NODE_ENV"],
    };
    let set =
        names.iter().find_map(|name| among(name).or_else(|| variable(at, scene, name).map(|word| word.to_string())));
    set.unwrap_or_else(|| "development".to_owned())
}

/// Django's settings: the module that is named, else every one beside a folder's `wsgi.py` or of the usual names.
fn settings(words: &[Word], at: &Invocation, scene: &Scene<'_>) -> Vec<String> {
    let named = option(words, &["--settings"]).or_else(|| variable(at, scene, "DJANGO_SETTINGS_MODULE"));
    if let Some(module) = named {
        return vec![format!("{}.py", module.to_string().replace('.', "/"))];
    }
    let mut all = Vec::new();
    if let Some(text) = contents(at, scene, "manage.py")
        && let Some((_, rest)) = text.split_once("DJANGO_SETTINGS_MODULE")
        && let Some(module) = rest.split(['"', '\'']).find(|part| part.contains('.') && !part.contains(' '))
    {
        all.push(format!("{}.py", module.replace('.', "/")));
    }
    let folders = at.directory.as_deref().and_then(|directory| scene.around().list(directory)).unwrap_or_default();
    all.extend(
        folders.into_iter().filter(|name| !name.contains('.')).take(20).map(|name| format!("{name}/settings.py")),
    );
    all
}

/// The database that a file names.
fn in_file(path: &str, text: &str, environment: &str, at: &Invocation, scene: &Scene<'_>) -> Option<Source> {
    if path.ends_with(".json")
        && let Ok(value) = serde_json::from_str::<serde_json::Value>(text)
    {
        return in_value(&value, environment, at, scene);
    }
    if path.ends_with(".yml") || path.ends_with(".yaml") {
        let value = serde_saphyr::from_str::<serde_json::Value>(text).ok()?;
        return in_value(&value, environment, at, scene);
    }
    if path.rsplit('/').next().is_some_and(|name| name.starts_with(".env")) {
        return in_environment(text);
    }
    scanned(text, at, scene)
}

/// Lines of `NAME=value`.
fn in_environment(text: &str) -> Option<Source> {
    let value = |wanted: &str| {
        text.lines().rev().find_map(|line| {
            let line = line.trim().strip_prefix("export ").unwrap_or(line.trim());
            let (name, value) = line.split_once('=')?;
            (name.trim() == wanted).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
        })
    };
    for name in ["DATABASE_URL", "DB_URL", "POSTGRES_URL", "GOOSE_DBSTRING", "DB_HOST"] {
        if let Some(value) = value(name) {
            return Some(if name == "DB_HOST" { host(&value) } else { Source::of(&value) });
        }
    }
    None
}

fn host(name: &str) -> Source {
    let target = Target { host: Some(name.to_owned()), ..Target::default() };
    Source { target, is_known: !name.is_empty(), ..Source::default() }
}

/// The section of an environment, or the whole.
fn in_value(value: &serde_json::Value, environment: &str, at: &Invocation, scene: &Scene<'_>) -> Option<Source> {
    let section = value.get(environment).or_else(|| value.get("default")).unwrap_or(value);
    let text = |key: &str| {
        let merged = section.get("<<").and_then(|merged| merged.get(key));
        section.get(key).or(merged).and_then(serde_json::Value::as_str).map(ToOwned::to_owned)
    };
    let named = text("use_env_variable").and_then(|name| variable(at, scene, &name));
    if let Some(word) = named {
        return Some(Source::of(&word.to_string()));
    }
    if let Some(url) = text("url").or_else(|| text("endpoint")) {
        return Some(if url.contains("<%") || url.contains("${") { Source::default() } else { Source::of(&url) });
    }
    let adapter = text("adapter").or_else(|| text("dialect")).or_else(|| text("type")).unwrap_or_default();
    if adapter.starts_with("sqlite") {
        return Some(Source { is_known: true, is_file: true, scheme: Some("sqlite".to_owned()), ..Source::default() });
    }
    let mut source = host(&text("host")?);
    source.scheme = Some(adapter);
    if source.target.host.as_deref().is_some_and(|host| host.contains("<%") || host.contains("${")) {
        return Some(Source::default());
    }
    Some(source)
}

/// Every connection string and host in a text; one that is not this machine's decides, and one that is not known too.
fn scanned(text: &str, at: &Invocation, scene: &Scene<'_>) -> Option<Source> {
    let mut found: Vec<Source> = Vec::new();
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with(['#', ';']) && !line.trim_start().starts_with("//"))
        .fold(String::new(), |mut code, line| {
            code.push_str(line);
            code.push('\n');
            code
        });
    for piece in code.split(['"', '\'', '`', '\n', ' ', '=', ',']) {
        if is_url(piece) {
            found.push(Source::of(piece));
        }
    }
    for name in ["env(", "process.env.", "os.environ", "getenv(", "import.meta.env."] {
        for (at_name, _) in code.match_indices(name).take(8) {
            let rest = code.get(at_name + name.len()..).unwrap_or_default();
            let variable_name: String = rest
                .trim_start_matches(['[', '(', '"', '\'', '.', 'g', 'e', 't'])
                .chars()
                .take_while(|c| c.is_ascii_uppercase() || *c == '_' || c.is_ascii_digit())
                .collect();
            if variable_name.contains("URL") || variable_name.contains("HOST") || variable_name.contains("DSN") {
                // `.env` says what it is, where there is one.
                found.push(
                    variable(at, scene, &variable_name)
                        .map_or_else(Source::default, |word| Source::of(&word.to_string())),
                );
            }
        }
    }
    for key in ["host:", "\"host\":", "'HOST':", "\"HOST\":", "host =", "host="] {
        for (at_key, _) in code.match_indices(key).take(8) {
            let rest = code.get(at_key + key.len()..).unwrap_or_default().trim_start();
            if let Some(quoted) = rest.strip_prefix(['"', '\'']) {
                found.push(host(quoted.split(['"', '\'']).next().unwrap_or_default()));
            }
        }
    }
    if found.is_empty() && (code.contains("django.db.backends.sqlite3") || code.contains("provider = \"sqlite\"")) {
        return Some(Source { is_known: true, is_file: true, scheme: Some("sqlite".to_owned()), ..Source::default() });
    }
    let is_local = |source: &Source| source.is_file || source.target.host.as_deref().is_some_and(is_loopback);
    found
        .iter()
        .find(|source| source.is_known && !is_local(source))
        .or_else(|| found.iter().find(|source| !source.is_known))
        .or(found.first())
        .cloned()
}
