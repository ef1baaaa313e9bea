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
    /// Client certificate and key, as PEM, of the users that contexts join to this cluster (the current context's
    /// first, else the first).
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
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
}

impl Merged {
    fn add(&mut self, path: &Path, text: &str) -> Result<(), KubeconfigError> {
        let malformed = |why: String| KubeconfigError::Malformed { path: path.into(), why };
        let value: Value = serde_saphyr::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let Value::Object(root) = value else {
            return if value.is_null() { Ok(()) } else { Err(malformed("it is not a mapping".into())) };
        };
        let folder = path.parent().unwrap_or(Path::new("."));
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
                    inline(&mut body, key, folder)?;
                }
                // A token file is read again by the client as it changes: only its path is made absolute.
                if let Some(Value::String(token)) = body.get_mut("tokenFile") {
                    *token = folder.join(&*token).display().to_string();
                }
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
            cluster.insert("proxy-url".into(), proxy.into());
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
        Ok(Rewritten { text: merged.to_string(), servers })
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
        let joined = |(_, context): &&(String, Map<String, Value>)| text(context, "cluster") == name;
        let is_current = |(context, _): &&(String, Map<String, Value>)| Some(context) == self.current.as_ref();
        let mut contexts: Vec<_> = self.contexts.iter().filter(joined).collect();
        contexts.sort_by_key(|context| !is_current(context));
        let identity = contexts.iter().find_map(|(_, context)| {
            let (_, user) = self.users.iter().find(|(user, _)| user == text(context, "user"))?;
            Some((data(user, "client-certificate-data")?, data(user, "client-key-data")?))
        });
        Server {
            url: text(cluster, "server").to_owned(),
            cluster: name.to_owned(),
            ca_pem: data(cluster, "certificate-authority-data"),
            identity,
            insecure: cluster.get("insecure-skip-tls-verify").and_then(Value::as_bool).unwrap_or(false),
        }
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
        assert!(rewrite(&[path], "", "").unwrap_err().to_string().contains("ca.crt"));
    }
}
