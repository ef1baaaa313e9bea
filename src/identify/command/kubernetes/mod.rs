//! kubectl, helm, and the programs around them: what they would ask of which cluster.

mod context;
mod helm;
mod kubectl;
mod local;
mod manifest;
pub(in crate::identify::command) mod pflag;
mod types;

use super::face::Reader;
use super::{Invocation, Scene};

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[
    ("kubectl", kubectl::read),
    ("k", kubectl::read),
    ("oc", kubectl::read),
    ("kubecolor", kubectl::read),
    ("kubectl.docker", kubectl::read),
    ("microk8s", local::microk8s),
    ("microk8s.kubectl", kubectl::read),
    ("k3s", local::k3s),
    ("k0s", local::k3s),
    ("minikube", local::minikube),
    ("kind", local::kind),
    ("k3d", local::k3d),
    ("kubectx", local::kubectx),
    ("kubens", local::kubens),
    ("helm", helm::read),
    ("helm3", helm::read),
];

/// A path as the command at `at` would find it.
fn absolute(path: &str, at: &Invocation, scene: &Scene<'_>) -> String {
    if let Some(rest) = path.strip_prefix("~/") {
        let home = scene.variable(at, "HOME").and_then(|word| word.text().map(std::borrow::Cow::into_owned));
        let home = home.or_else(|| scene.around().home().map(str::to_owned)).unwrap_or_default();
        return join(&home, rest);
    }
    join(at.directory.as_deref().unwrap_or("/unknown"), path)
}

/// A path below a folder, `.` and `..` resolved by name.
fn join(folder: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") };
    let mut parts: Vec<&str> = vec![];
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests;
