//! Resource types by the names that command lines and manifests give them.

/// Group, version, plural: where a type stands in the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// Empty for the core group.
    pub(super) group: String,
    pub(super) version: String,
    pub(super) plural: String,
    /// Its objects stand in a namespace.
    pub(super) namespaced: bool,
}

const TYPES: &str = include_str!("../../../catalog/kubernetes/types.tsv");

struct Row<'a> {
    cells: [&'a str; 7],
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        Some(Row { cells: [next()?, next()?, next()?, next()?, next()?, next()?, next()?] })
    };
    TYPES.lines().filter(|line| !line.starts_with('#')).filter_map(row)
}

impl Row<'_> {
    fn group(&self) -> &str {
        if self.cells[0] == "core" { "" } else { self.cells[0] }
    }

    fn is(&self, name: &str) -> bool {
        let [_, _, plural, singular, short, _, kind] = self.cells;
        plural == name
            || singular == name
            || short.split(',').any(|short| short == name)
            || kind.eq_ignore_ascii_case(name)
    }

    fn kind(&self) -> Type {
        Type {
            group: self.group().to_owned(),
            version: self.cells[1].to_owned(),
            plural: self.cells[2].to_owned(),
            namespaced: self.cells[5] == "n",
        }
    }
}

/// What `all` stands for (`kubectl api-resources --categories=all`).
const ALL: [&str; 10] = [
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "horizontalpodautoscalers",
    "cronjobs",
    "jobs",
];

/// The types that a word such as `po`, `deploy.apps`, `certificates.v1.cert-manager.io` or `all` stands for.
pub(super) fn named(name: &str) -> Vec<Type> {
    if name == "all" {
        return ALL.iter().flat_map(|name| named(name)).collect();
    }
    let lower = name.to_ascii_lowercase();
    let (short, group) = match lower.split_once('.') {
        Some((short, rest)) => match rest.split_once('.') {
            Some((version, group)) if is_version(version) => (short, group),
            _ => (short, rest),
        },
        None => (lower.as_str(), ""),
    };
    let fits = |row: &Row<'_>| row.is(short) && (group.is_empty() || row.cells[0].starts_with(group));
    if let Some(row) = rows().find(fits) {
        return vec![row.kind()];
    }
    let plural = if short.ends_with('s') { label(short) } else { plural_of(&label(short)) };
    let group = if group.is_empty() { "unknown".to_owned() } else { group.chars().filter(|c| is_name(*c)).collect() };
    vec![unlisted(group, "v1".to_owned(), plural)]
}

/// The type that a manifest's `apiVersion` and `kind` name.
pub(super) fn of_manifest(api: &str, kind: &str) -> Type {
    let (group, version) = api.split_once('/').unwrap_or(("", api));
    let version = if is_version(version) { version.to_owned() } else { "v1".to_owned() };
    // Groups that lived elsewhere once.
    let group = match (group, kind) {
        ("extensions", "Deployment" | "DaemonSet" | "ReplicaSet") => "apps",
        (group, _) => group,
    };
    let group: String = group.chars().filter(|c| is_name(*c)).collect();
    match rows().find(|row| row.group() == group && row.cells[6] == kind) {
        Some(row) => Type { version, ..row.kind() },
        None => unlisted(group, version, plural_of(&label(&kind.to_ascii_lowercase()))),
    }
}

fn unlisted(group: String, version: String, plural: String) -> Type {
    let namespaced = !plural.starts_with("cluster");
    Type { group, version, plural, namespaced }
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn is_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.'
}

fn label(text: &str) -> String {
    let plain: String = text.chars().filter(|c| is_name(*c) && *c != '.').collect();
    if plain.is_empty() { "unknown".to_owned() } else { plain }
}

/// As `meta.UnsafeGuessKindToResource` of `k8s.io/apimachinery` guesses.
fn plural_of(singular: &str) -> String {
    if singular.ends_with('s') || singular.ends_with('x') {
        format!("{singular}es")
    } else if let Some(stem) = singular.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        format!("{singular}s")
    }
}

impl Type {
    /// The path of an object, or of all of a type where there is no name.
    pub(super) fn path(&self, namespace: Option<&str>, name: Option<&str>, sub: Option<&str>) -> String {
        let mut path = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if let Some(namespace) = namespace.filter(|_| self.namespaced) {
            path.push_str(&format!("/namespaces/{}", segment(namespace)));
        }
        for part in [Some(self.plural.as_str()), name, sub].into_iter().flatten() {
            path.push('/');
            path.push_str(&segment(part));
        }
        path
    }

    /// The type of this plural.
    pub(super) fn of(plural: &str) -> Self {
        let found = named(plural).into_iter().next();
        found.unwrap_or_else(|| unlisted("unknown".to_owned(), "v1".to_owned(), label(plural)))
    }
}

/// As a path's segment. What no name may hold (`kubectl` refuses it) is shown as `_`.
pub(super) fn segment(name: &str) -> String {
    let odd = |c: char| matches!(c, '/' | '\\' | '%' | ';' | '?' | '#') || c.is_control() || c.is_whitespace();
    let plain: String = name.chars().map(|c| if odd(c) { '_' } else { c }).collect();
    match plain.as_str() {
        "" | "." | ".." => "_".to_owned(),
        plain => percent_encoding::utf8_percent_encode(plain, ESCAPED).to_string(),
    }
}

/// All but what RFC 3986 calls unreserved, and `:` that names of roles hold.
const ESCAPED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');
