//! The programs that the tests drive: Python's from PyPI and an agent from npm, installed once into a cache of the
//! harness, and what stands on the machine.
//!
//! `BLASTGATE_TEST_REQUIRE` (`kubectl,curl,npm`) names what must be there; what is missing and not named is said aloud
//! and its tests pass without having tested. Python and its packages are always required.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

const REQUIREMENTS: &str = include_str!("requirements.txt");
/// A mail server, and the published verifier of webhooks.
const RECEIVER_PACKAGES: [&str; 2] = ["aiosmtpd==1.4.6", "standardwebhooks==1.1.0"];
/// The newest that runs on Node 18 and later.
const AGENT_PACKAGE: &str = "@anthropic-ai/claude-code@2.1.100";
const CODING_AGENTS: &[&str] = &["@openai/codex@0.169.0", "@google/gemini-cli@0.61.0", "opencode-ai@1.18.33"];
/// Kubernetes' own client for Python.
const KUBERNETES_PACKAGE: &str = "kubernetes==37.0.2";
/// How a Kubernetes API server is built.
const APISERVER: &str = include_str!("apiserver.sh");
/// Azure's own clients for Python.
const AZURE_PACKAGES: [&str; 2] = ["azure-mgmt-resource==24.0.0", "azure-storage-blob==12.28.0"];
/// Google's client, with every API's description.
const GOOGLE_PACKAGE: &str = include_str!("../../../src/catalog/gcp/requirements.txt");
/// Google's libraries by service, a storage server for them, and what takes httplib2 through a proxy.
const GOOGLE_CLOUD_PACKAGES: [&str; 5] = [
    "PySocks==1.7.1",
    "gcp-storage-emulator==2026.7.19",
    "google-cloud-container==2.67.0",
    "google-cloud-pubsub==2.44.0",
    "google-cloud-storage==3.17.1",
];
/// Azure's storage server for tests.
const AZURITE_PACKAGE: &str = "azurite@3.37.0";
/// What the tests' cluster speaks SPDY with.
const SPDY_PACKAGE: &str = "spdy-transport@3.0.0";

/// GitHub's client for Python.
const PYGITHUB_PACKAGE: &str = "PyGithub==2.10.0";
/// GitHub's own clients for Node, its published descriptions, and what takes Node 20 through a proxy.
const OCTOKIT_PACKAGES: &[&str] = &[
    "@octokit/graphql@9.0.5",
    "@octokit/graphql-schema@15.26.1",
    "@octokit/openapi@23.0.2",
    "@octokit/rest@22.0.1",
    "undici@6.29.1",
];

/// What speaks GraphQL over WebSockets: a server and a client of each subprotocol, and what takes them through a proxy.
const GRAPHQL_PACKAGES: &[&str] = &[
    "graphql@16.11.0",
    "graphql-ws@6.0.6",
    "https-proxy-agent@7.0.6",
    "subscriptions-transport-ws@0.11.0",
    "ws@8.18.3",
];

/// The platforms' own clients for Python, and one of GraphQL's.
const PLATFORM_PACKAGES: [&str; 6] = [
    "cloudflare==5.9.0",
    "datadog-api-client==2.62.0",
    "docker==7.2.0",
    "gql[requests]==4.4.0",
    "pagerduty==7.2.0",
    "pydo==0.44.0",
];
/// The platforms' own clients for Node.
const PLATFORM_NODE_PACKAGES: &[&str] = &[
    "@linear/sdk@98.0.0",
    "@netlify/api@15.1.2",
    "@vercel/sdk@1.28.35",
    "heroku-client@3.1.4",
    "supabase-management-js@2.0.2",
];

/// Railway's command line, whose source holds the schema that Railway publishes.
const RAILWAY_CRATE: &str = "railwayapp@5.71.0";

/// The folder of the Python environment; its `bin` holds `python`, `aws`.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        installed("venv", REQUIREMENTS, |folder| {
            step(Command::new("python3").args(["-m", "venv"]).arg(folder));
            fs::write(folder.join("requirements.txt"), REQUIREMENTS).unwrap();
            let python = folder.join("bin/python");
            step(
                Command::new(python)
                    .args(["-m", "pip", "install", "--quiet", "-r"])
                    .arg(folder.join("requirements.txt")),
            );
        })
    })
}

/// A Python environment with these packages of PyPI.
fn venv(kind: &str, packages: &[&str]) -> PathBuf {
    installed(kind, &packages.join("\n"), |folder| {
        step(Command::new("python3").args(["-m", "venv"]).arg(folder));
        let mut install = Command::new(folder.join("bin/python"));
        step(install.args(["-m", "pip", "install", "--quiet"]).args(packages));
    })
}

/// The folder of a Python environment with Kubernetes' client.
pub(crate) fn kubernetes() -> &'static Path {
    static KUBERNETES: OnceLock<PathBuf> = OnceLock::new();
    KUBERNETES.get_or_init(|| venv("venv-kubernetes", &[KUBERNETES_PACKAGE]))
}

/// The folder of a Python environment with GitHub's client.
pub(crate) fn pygithub() -> &'static Path {
    static PYGITHUB: OnceLock<PathBuf> = OnceLock::new();
    PYGITHUB.get_or_init(|| venv("venv-github", &[PYGITHUB_PACKAGE]))
}

/// The folder of a Python environment with Google's client.
pub(crate) fn google() -> &'static Path {
    static GOOGLE: OnceLock<PathBuf> = OnceLock::new();
    GOOGLE.get_or_init(|| venv("venv-google", &[GOOGLE_PACKAGE.trim()]))
}

/// The folder of a Python environment with the same, Google's libraries by service and a storage server.
pub(crate) fn google_cloud() -> &'static Path {
    static GOOGLE_CLOUD: OnceLock<PathBuf> = OnceLock::new();
    GOOGLE_CLOUD.get_or_init(|| {
        let packages = [&[GOOGLE_PACKAGE.trim()], &GOOGLE_CLOUD_PACKAGES[..]].concat();
        venv("venv-google-cloud", &packages)
    })
}

/// The folder of a Python environment with what notices are sent to.
pub(crate) fn receivers() -> &'static Path {
    static RECEIVERS: OnceLock<PathBuf> = OnceLock::new();
    RECEIVERS.get_or_init(|| venv("venv-receivers", &RECEIVER_PACKAGES))
}

/// The folder of a Python environment with Azure's clients.
pub(crate) fn azure() -> &'static Path {
    static AZURE: OnceLock<PathBuf> = OnceLock::new();
    AZURE.get_or_init(|| venv("venv-azure", &AZURE_PACKAGES))
}

/// The folder with GitHub's own clients for Node and its published descriptions, where npm is there.
pub(crate) fn octokit() -> Option<&'static Path> {
    static OCTOKIT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = OCTOKIT.get_or_init(|| {
        optional("npm")?;
        Some(installed("npm-octokit", &OCTOKIT_PACKAGES.join(" "), |folder| {
            npm(folder, OCTOKIT_PACKAGES);
            // The same descriptions with every reference written out: most of what was installed.
            let written_out = fs::read_dir(folder.join("node_modules/@octokit/openapi/generated")).unwrap().flatten();
            written_out
                .filter(|file| file.file_name().to_string_lossy().ends_with(".deref.json"))
                .for_each(|file| fs::remove_file(file.path()).unwrap());
        }))
    });
    found.as_deref()
}

/// The folder with Azure's storage server, where npm is there.
pub(crate) fn azurite() -> Option<&'static Path> {
    static AZURITE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = AZURITE.get_or_init(|| {
        optional("npm")?;
        Some(installed("npm-azurite", AZURITE_PACKAGE, |folder| npm(folder, &[AZURITE_PACKAGE])))
    });
    found.as_deref()
}

/// The folder of a Python environment with the platforms' clients.
pub(crate) fn platforms() -> &'static Path {
    static PLATFORMS: OnceLock<PathBuf> = OnceLock::new();
    PLATFORMS.get_or_init(|| venv("venv-platforms", &PLATFORM_PACKAGES))
}

/// The folder with the platforms' clients for Node, where npm is there.
pub(crate) fn node_platforms() -> Option<&'static Path> {
    static PLATFORMS: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = PLATFORMS.get_or_init(|| {
        optional("npm")?;
        let packages = PLATFORM_NODE_PACKAGES;
        Some(installed("npm-platforms", &packages.join(" "), |folder| npm(folder, packages)))
    });
    found.as_deref()
}

/// Linear's published schema, as its client's declarations hold it; `None` without npm.
pub(crate) fn linear_schema() -> Option<PathBuf> {
    let folder = node_platforms()?.join("node_modules/@linear/sdk/dist");
    let is_whole = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("index-") && name.ends_with(".d.mts")
    };
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).find(is_whole)
}

/// Railway's published schema: the answer of its introspection.
pub(crate) fn railway_schema() -> &'static Path {
    static RAILWAY: OnceLock<PathBuf> = OnceLock::new();
    RAILWAY.get_or_init(|| {
        let folder = installed("railway", RAILWAY_CRATE, |folder| {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            // Reads a crate's source to tell about it, and leaves it where cargo keeps sources.
            let mut info = Command::new(cargo);
            step(info.args(["info", "--quiet", "--registry", "crates-io", RAILWAY_CRATE]).stdout(Stdio::null()));
            let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
            let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).expect("HOME or CARGO_HOME");
            let inside = Path::new(&RAILWAY_CRATE.replace('@', "-")).join("src/gql/schema.json");
            let mut sources = fs::read_dir(home.join("registry/src")).unwrap().flatten();
            let found = sources.find_map(|registry| fs::read(registry.path().join(&inside)).ok());
            fs::write(folder.join("schema.json"), found.expect("a schema in the crate")).unwrap();
        });
        folder.join("schema.json")
    })
}

/// The agent's program, where npm is there.
pub(crate) fn agent() -> Option<&'static Path> {
    static AGENT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = AGENT.get_or_init(|| {
        optional("npm")?;
        let folder = installed("npm", AGENT_PACKAGE, |folder| npm(folder, &[AGENT_PACKAGE]));
        Some(folder.join("node_modules/.bin/claude"))
    });
    found.as_deref()
}

/// The folder with agents whose model endpoint can be set, where npm is there.
pub(crate) fn coding_agents() -> Option<&'static Path> {
    static AGENTS: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = AGENTS.get_or_init(|| {
        optional("npm")?;
        Some(installed("npm-agents", &CODING_AGENTS.join(" "), |folder| npm(folder, CODING_AGENTS)))
    });
    found.as_deref()
}

/// The folder with an implementation of SPDY, where npm is there.
pub(crate) fn spdy() -> Option<&'static Path> {
    static SPDY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = SPDY.get_or_init(|| {
        optional("npm")?;
        Some(installed("npm", SPDY_PACKAGE, |folder| npm(folder, &[SPDY_PACKAGE])))
    });
    found.as_deref()
}

/// The folder with what speaks GraphQL over WebSockets, where npm is there.
pub(crate) fn graphql_sockets() -> Option<&'static Path> {
    static GRAPHQL: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = GRAPHQL.get_or_init(|| {
        optional("npm")?;
        Some(installed("npm-graphql", &GRAPHQL_PACKAGES.join(" "), |folder| npm(folder, GRAPHQL_PACKAGES)))
    });
    found.as_deref()
}

/// The folder with a Kubernetes API server below `bin`, where it has been built: building takes minutes, so it is built
/// only when `kube-apiserver` is required, or for the full figures (`BLASTGATE_SOAK`).
pub(crate) fn apiserver() -> Option<&'static Path> {
    static SERVER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = SERVER.get_or_init(|| {
        let is_soak = std::env::var_os("BLASTGATE_SOAK").is_some_and(|value| !value.is_empty() && value != "0");
        let is_wanted = is_soak || is_required("kube-apiserver");
        if !is_wanted && !folder("kube-apiserver", APISERVER).join("whole").exists() {
            eprintln!("SKIPPED: no `kube-apiserver` has been built, so the tests' own cluster stands in for it");
            return None;
        }
        Some(installed("kube-apiserver", APISERVER, |folder| {
            step(Command::new("bash").args(["-c", APISERVER, "bash"]).arg(folder));
        }))
    });
    found.as_deref()
}

fn npm(folder: &Path, packages: &[&str]) {
    step(
        Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix"])
            .arg(folder)
            .args(packages),
    );
}

/// A program of this machine. Fails when it is missing and required.
pub(crate) fn optional(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    if found.is_none() {
        assert!(!is_required(program), "`{program}` is required by BLASTGATE_TEST_REQUIRE and not on the PATH");
        eprintln!("SKIPPED: `{program}` is not on the PATH, so nothing was tested with it");
    }
    found
}

fn is_required(program: &str) -> bool {
    let required = std::env::var("BLASTGATE_TEST_REQUIRE").unwrap_or_default();
    required.split(',').any(|one| one.trim() == program)
}

/// Where what was made from `content` stands.
fn folder(kind: &str, content: &str) -> PathBuf {
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(content));
    cache().join(format!("{kind}-{}", &digest[..16]))
}

fn cache() -> PathBuf {
    std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .expect("a cache folder: set HOME or XDG_CACHE_HOME")
        .join("blastgate-test")
}

/// A folder made once by `make`, named after what stands in it. Another process that makes the same one is waited for.
fn installed(kind: &str, content: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let (cache, folder) = (cache(), folder(kind, content));
    fs::create_dir_all(&cache).unwrap();
    let lock = fs::File::create(cache.join(format!("{kind}.lock"))).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let whole = folder.join("whole");
    if !whole.exists() {
        eprintln!("installing into {} (once)", folder.display());
        // A Python environment holds its own path, so it is made in its place; `whole` says that it was finished.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        make(&folder);
        let beside = folder.join("whole.new");
        fs::write(&beside, content).unwrap();
        fs::rename(&beside, &whole).unwrap();
    }
    folder
}

fn step(command: &mut Command) {
    eprintln!("  {command:?}");
    let status =
        command.stdin(Stdio::null()).status().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(status.success(), "{command:?} failed: {status}");
}
