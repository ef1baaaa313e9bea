//! A private kubeconfig for the agent: every cluster through the gate, trusting the gate's CA; the original CA and the
//! client certificate go to the gate, which presents them to that server only.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::{Map, Value};

/// The agent's kubeconfig cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KubeconfigError {
    /// A file that the kubeconfig names, or the kubeconfig itself.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not a kubeconfig.
    #[error("`{path}` is not a kubeconfig: {why}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The certificate that the agent holds in the place of the user's.
    #[error("cannot make a certificate: {0}")]
    StandIn(#[from] rcgen::Error),
}

/// One server that kubeconfigs name, for the gate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// `https://host:port` as the kubeconfig has it.
    pub url: String,
    /// The cluster's name in the kubeconfig.
    pub cluster: String,
    /// The server's CA, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Client certificate and key, as PEM: the current context's user's, else those of the only user of this cluster.
    /// Where several users share a cluster that is not the current one, nobody's.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The name that the server's certificate carries, where it is not the host's (`tls-server-name`).
    pub server_name: Option<String>,
    /// The kubeconfig switches verification off for it; the gate does not.
    pub insecure: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    /// The agent's kubeconfig: JSON, which is YAML. Holds the users' tokens: write it for its owner only.
    pub text: String,
    /// What the gate must know.
    pub servers: Vec<Server>,
    /// What was left out, for the operator: a stale entry must not keep everything else from running.
    pub warnings: Vec<String>,
}

/// Rewrites the files that `KUBECONFIG` lists, merged as client-go merges them (the first to name a thing wins).
/// `None` when there is none of them.
///
/// # Errors
/// One of them, or a certificate it names, cannot be read.
pub fn rewrite(files: &[PathBuf], proxy: &str, ca_pem: &str) -> Result<Option<Rewritten>, KubeconfigError> {
    let mut merged = Merged::default();
    let mut any = false;
    for path in files {
        match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(KubeconfigError::Read { path: path.clone(), source }),
            Ok(text) => {
                any = true;
                merged.add(path, &text)?;
            }
        }
    }
    if any { merged.finish(proxy, ca_pem).map(Some) } else { Ok(None) }
}

/// The named lists of all files, with file references resolved to data.
#[derive(Default)]
struct Merged {
    clusters: Vec<(String, Map<String, Value>)>,
    users: Vec<(String, Map<String, Value>)>,
    contexts: Vec<(String, Map<String, Value>)>,
    current: Option<String>,
    warnings: Vec<String>,
}

impl Merged {
    fn add(&mut self, path: &Path, text: &str) -> Result<(), KubeconfigError> {
        let malformed = |why: String| KubeconfigError::Malformed { path: path.into(), why };
        let value: Value = serde_saphyr::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let Value::Object(root) = value else {
            return if value.is_null() { Ok(()) } else { Err(malformed("it is not a mapping".into())) };
        };
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = absolute.parent().unwrap_or(Path::new("/"));
        for (list, inner, into) in [
            ("clusters", "cluster", &mut self.clusters),
            ("users", "user", &mut self.users),
            ("contexts", "context", &mut self.contexts),
        ] {
            for item in root.get(list).and_then(Value::as_array).into_iter().flatten() {
                let name = item.get("name").and_then(Value::as_str);
                let name = name.ok_or_else(|| malformed(format!("an entry of `{list}` has no name")))?;
                if into.iter().any(|(known, _)| known == name) {
                    continue;
                }
                let mut body = item.get(inner).and_then(Value::as_object).cloned().unwrap_or_default();
                for key in ["certificate-authority", "client-certificate", "client-key"] {
                    if let Err(error) = inline(&mut body, key, folder) {
                        self.warnings.push(format!("`{name}` in the kubeconfig is left without its `{key}`: {error}"));
                    }
                }
                absolute_paths(&mut body, folder);
                into.push((name.to_owned(), body));
            }
        }
        let current = root.get("current-context").and_then(Value::as_str).filter(|name| !name.is_empty());
        self.current = self.current.take().or(current.map(str::to_owned));
        Ok(())
    }

    fn finish(mut self, proxy: &str, ca_pem: &str) -> Result<Rewritten, KubeconfigError> {
        let mut servers: Vec<Server> = self.clusters.iter().map(|(name, body)| self.server(name, body)).collect();
        servers.retain(|server| !server.url.is_empty());
        for (_, cluster) in &mut self.clusters {
            cluster.remove("insecure-skip-tls-verify");
            // The client's server name must be the tunnel's; the gate verifies the real one.
            cluster.remove("tls-server-name");
            if cluster.insert("proxy-url".into(), proxy.into()).is_some() {
                let server = text(cluster, "server");
                self.warnings.push(format!(
                    "the `proxy-url` of `{server}` is not used: `egress.proxy` says what the gate goes through"
                ));
            }
            if text(cluster, "server").starts_with("https://") {
                cluster.insert("certificate-authority-data".into(), BASE64.encode(ca_pem.as_bytes()).into());
            }
        }
        self.replace_identities()?;
        let list = |inner: &str, items: Vec<(String, Map<String, Value>)>| -> Value {
            items.into_iter().map(|(name, body)| serde_json::json!({ "name": name, inner: body })).collect()
        };
        let merged = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "preferences": {},
            "clusters": list("cluster", self.clusters),
            "users": list("user", self.users),
            "contexts": list("context", self.contexts),
            "current-context": self.current.unwrap_or_default(),
        });
        Ok(Rewritten { text: merged.to_string(), servers, warnings: self.warnings })
    }

    /// The gate presents the client certificates; the agent gets one that opens nothing in the place of each. Without any,
    /// kubectl would ask for a user name (client-go's `canIdentifyUser`).
    fn replace_identities(&mut self) -> Result<(), KubeconfigError> {
        let mut stand_in: Option<(Value, Value)> = None;
        for (_, user) in &mut self.users {
            let certificate = user.remove("client-certificate-data");
            let key = user.remove("client-key-data");
            if certificate.is_none() && key.is_none() {
                continue;
            }
            let (certificate, key) = match &stand_in {
                Some(made) => made.clone(),
                None => stand_in.insert(make_stand_in()?).clone(),
            };
            user.insert("client-certificate-data".into(), certificate);
            user.insert("client-key-data".into(), key);
        }
        Ok(())
    }

    fn server(&self, name: &str, cluster: &Map<String, Value>) -> Server {
        let identity = self.user_of(name).and_then(|user| {
            let (_, user) = self.users.iter().find(|(known, _)| known == user)?;
            Some((data(user, "client-certificate-data")?, data(user, "client-key-data")?))
        });
        Server {
            url: text(cluster, "server").to_owned(),
            cluster: name.to_owned(),
            ca_pem: data(cluster, "certificate-authority-data"),
            identity,
            server_name: Some(text(cluster, "tls-server-name").to_owned()).filter(|name| !name.is_empty()),
            insecure: cluster.get("insecure-skip-tls-verify").and_then(Value::as_bool).unwrap_or(false),
        }
    }

    /// SECURITY: whose certificate the gate may present: never that of a user whom the agent's context does not name.
    fn user_of(&self, cluster: &str) -> Option<&str> {
        let joined = self.contexts.iter().filter(|(_, context)| text(context, "cluster") == cluster);
        let mut users: Vec<&str> = joined.clone().map(|(_, context)| text(context, "user")).collect();
        users.sort_unstable();
        users.dedup();
        let current = joined.clone().find(|(name, _)| Some(name) == self.current.as_ref());
        match (current, users.as_slice()) {
            (Some((_, context)), _) => Some(text(context, "user")),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

/// Paths that clients resolve against the kubeconfig's folder, which is no longer theirs. A token file is read again as
/// it changes and an exec plugin is run each time: only their paths change.
fn absolute_paths(body: &mut Map<String, Value>, folder: &Path) {
    if let Some(Value::String(token)) = body.get_mut("tokenFile") {
        *token = folder.join(&*token).display().to_string();
    }
    if let Some(Value::String(command)) = body.get_mut("exec").and_then(|exec| exec.get_mut("command"))
        && command.contains('/')
    {
        *command = folder.join(&*command).display().to_string();
    }
}

/// A self-signed certificate and its key, as a kubeconfig holds them.
fn make_stand_in() -> Result<(Value, Value), KubeconfigError> {
    let made = rcgen::generate_simple_self_signed(["stand-in.blastgate.invalid".to_owned()])?;
    let encode = |pem: String| Value::from(BASE64.encode(pem.as_bytes()));
    Ok((encode(made.cert.pem()), encode(made.signing_key.serialize_pem())))
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn data(map: &Map<String, Value>, key: &str) -> Option<Vec<u8>> {
    BASE64.decode(text(map, key).as_bytes()).ok().filter(|bytes| !bytes.is_empty())
}

/// Replaces a file reference by the file's content; data that is there already wins, as in client-go.
fn inline(body: &mut Map<String, Value>, key: &str, folder: &Path) -> Result<(), KubeconfigError> {
    let Some(Value::String(file)) = body.remove(key) else { return Ok(()) };
    let data_key = format!("{key}-data");
    if file.is_empty() || !text(body, &data_key).is_empty() {
        return Ok(());
    }
    let path = folder.join(file);
    let bytes = fs::read(&path).map_err(|source| KubeconfigError::Read { path, source })?;
    body.insert(data_key, BASE64.encode(&bytes).into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "
apiVersion: v1
kind: Config
current-context: b
clusters:
- name: prod-eu
  cluster: { server: 'https://kube.prod.example:6443', certificate-authority: ca.crt }
- name: kind-dev
  cluster: { server: 'https://127.0.0.1:40001', insecure-skip-tls-verify: true }
users:
- name: alice
  user: { client-certificate: alice.crt, client-key-data: a2V5 }
- name: bob
  user: { token: secret-token }
contexts:
- { name: a, context: { cluster: prod-eu, user: alice, namespace: shop } }
- { name: b, context: { cluster: kind-dev, user: bob } }
";

    #[test]
    fn clusters_go_through_the_gate_and_keys_stay_with_it() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("config", ONE), ("ca.crt", "their ca"), ("alice.crt", "alice's certificate")] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let rewritten =
            rewrite(&[folder.path().join("config"), folder.path().join("absent")], "http://127.0.0.1:1", "our ca")
                .unwrap()
                .unwrap();
        let made: Value = serde_json::from_str(&rewritten.text).unwrap();
        let cluster = &made["clusters"][0]["cluster"];
        assert_eq!(cluster["proxy-url"], "http://127.0.0.1:1");
        assert_eq!(cluster["certificate-authority-data"], BASE64.encode(b"our ca"));
        assert_eq!(made["clusters"][1]["cluster"].get("insecure-skip-tls-verify"), None);
        let user = &made["users"][0]["user"];
        let held = BASE64.decode(user["client-certificate-data"].as_str().unwrap().as_bytes()).unwrap();
        assert!(held.starts_with(b"-----BEGIN CERTIFICATE") && user["client-key-data"] != "a2V5");
        assert_eq!(made["users"][1]["user"]["token"], "secret-token");
        assert_eq!(made["current-context"], "b");
        assert_eq!(
            rewritten.servers[0],
            Server {
                url: "https://kube.prod.example:6443".into(),
                cluster: "prod-eu".into(),
                ca_pem: Some(b"their ca".to_vec()),
                identity: Some((b"alice's certificate".to_vec(), b"key".to_vec())),
                server_name: None,
                insecure: false,
            }
        );
        assert!(rewritten.servers[1].insecure && rewritten.servers[1].identity.is_none());
    }

    #[test]
    fn absent_is_none_and_broken_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(rewrite(&[folder.path().join("absent")], "", "").unwrap().is_none());
        let path = folder.path().join("config");
        fs::write(&path, "[1, 2]").unwrap();
        assert!(rewrite(std::slice::from_ref(&path), "", "").unwrap_err().to_string().contains("not a kubeconfig"));
        fs::write(&path, ONE).unwrap();
        let rewritten = rewrite(&[path], "", "").unwrap().unwrap();
        assert!(rewritten.warnings[0].contains("ca.crt"), "{:?}", rewritten.warnings);
        assert_eq!(rewritten.servers.len(), 2, "a stale entry keeps nothing else from running");
    }

    /// Two users of one server: the one whom the current context names, and nobody in the place of one without a
    /// certificate.
    #[test]
    fn nobody_gets_another_user_s_certificate() {
        let identity = |current: &str| {
            let text = format!(
                "
current-context: {current}
clusters: [ {{ name: c, cluster: {{ server: 'https://c.example' }} }} ]
users:
- {{ name: admin, user: {{ client-certificate-data: YWRtaW4=, client-key-data: a2V5 }} }}
- {{ name: viewer, user: {{ token: t }} }}
contexts:
- {{ name: as-admin, context: {{ cluster: c, user: admin }} }}
- {{ name: readonly, context: {{ cluster: c, user: viewer }} }}
"
            );
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("config");
            fs::write(&path, text).unwrap();
            rewrite(&[path], "", "").unwrap().unwrap().servers.remove(0).identity
        };
        assert_eq!(identity("as-admin"), Some((b"admin".to_vec(), b"key".to_vec())));
        assert_eq!(identity("readonly"), None);
        assert_eq!(identity("elsewhere"), None);
    }

    #[test]
    fn paths_stay_those_of_the_kubeconfig_s_folder() {
        let text = "
clusters: [ { name: c, cluster: { server: 'https://c.example', tls-server-name: other.example } } ]
users: [ { name: u, user: { tokenFile: t, exec: { command: ./bin/get-token } } }, { name: v, user: { exec: { command: aws } } } ]
";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, text).unwrap();
        let rewritten = rewrite(&[path], "", "").unwrap().unwrap();
        let made: Value = serde_json::from_str(&rewritten.text).unwrap();
        let user = &made["users"][0]["user"];
        assert_eq!(user["tokenFile"], folder.path().join("t").display().to_string());
        assert_eq!(user["exec"]["command"], folder.path().join("./bin/get-token").display().to_string());
        assert_eq!(made["users"][1]["user"]["exec"]["command"], "aws");
        assert_eq!(made["clusters"][0]["cluster"].get("tls-server-name"), None);
        assert_eq!(rewritten.servers[0].server_name.as_deref(), Some("other.example"));
    }
}
