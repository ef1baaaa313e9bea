//! Clusters that kubeconfigs name. Of a kubeconfig only names and servers are kept; tokens and keys are dropped unseen.

use serde::Deserialize;

use super::proposal::{Candidate, Named, SourceKind};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Kubeconfig {
    clusters: Vec<NamedCluster>,
    contexts: Vec<NamedContext>,
}

#[derive(Deserialize)]
struct NamedCluster {
    name: String,
}

#[derive(Deserialize)]
struct NamedContext {
    name: String,
    #[serde(default)]
    context: Option<Context>,
}

#[derive(Deserialize)]
struct Context {
    #[serde(default)]
    cluster: Option<String>,
}

/// The clusters of one kubeconfig, each with the contexts that lead to it. The gate knows a cluster by its name in the
/// kubeconfig.
///
/// # Errors
/// It is not a kubeconfig. The parser's own words are not passed on: they may quote a token.
pub fn kubernetes_clusters(text: &str) -> Result<Vec<Candidate>, &'static str> {
    let config: Option<Kubeconfig> = serde_saphyr::from_str(text).map_err(|_| "it is not a kubeconfig")?;
    let config = config.unwrap_or_default();
    let contexts_of = |cluster: &str| {
        let leads = |context: &&NamedContext| {
            context.context.as_ref().and_then(|inner| inner.cluster.as_deref()) == Some(cluster)
        };
        config.contexts.iter().filter(leads).map(|context| context.name.clone()).collect()
    };
    let mut found: Vec<Candidate> = Vec::new();
    for NamedCluster { name } in &config.clusters {
        if !found.iter().any(|known| known.value == *name) {
            let names = contexts_of(name);
            found.push(Candidate { source: SourceKind::Kubernetes, key: Named::Cluster, value: name.clone(), names });
        }
    }
    Ok(found)
}
