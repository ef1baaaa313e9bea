//! What is done in each session, and what the gate stops of it.

/// One command line.
pub(super) struct Step {
    /// For a shell. `{ns}` is the session's namespace and user, `{node}` its node.
    pub(super) command: &'static str,
    /// Its exit code where nothing of it is stopped.
    pub(super) code: i32,
    /// Its exit code where something is.
    pub(super) refused: i32,
    /// What is stopped in each cluster, as `operation decision`.
    pub(super) development: &'static [&'static str],
    pub(super) production: &'static [&'static str],
    /// Only a whole cluster can do it.
    pub(super) needs_controllers: bool,
    /// The first minor version of kubectl that can.
    pub(super) since: u32,
}

/// Passes in both clusters.
const fn passes(command: &'static str) -> Step {
    Step { command, code: 0, refused: 1, development: &[], production: &[], needs_controllers: false, since: 0 }
}

/// Passes in the cluster for development only.
const fn stops(command: &'static str, production: &'static [&'static str]) -> Step {
    Step { production, ..passes(command) }
}

/// Is stopped in both.
const fn always_stops(command: &'static str, stopped: &'static [&'static str]) -> Step {
    Step { production: stopped, development: stopped, ..passes(command) }
}

impl Step {
    const fn whole(self) -> Self {
        Self { needs_controllers: true, ..self }
    }

    /// kubectl says that something failed, and ends as if nothing had.
    const fn but_ends_well(self) -> Self {
        Self { refused: 0, ..self }
    }

    const fn since(self, since: u32) -> Self {
        Self { since, ..self }
    }

    const fn code(self, code: i32) -> Self {
        Self { code, ..self }
    }
}

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, labels: { app: shop, part: applied } }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: web, image: 'web:1' }], terminationGracePeriodSeconds: 1 }
";
const CHANGED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, labels: { app: shop, part: applied } }
spec:
  replicas: 3
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: web, image: 'web:2' }], terminationGracePeriodSeconds: 1 }
";
const SETTINGS: &str = "
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { part: applied } }
data: { a: '1' }
";
const CHANGED_SETTINGS: &str = "
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, labels: { part: applied } }
data: { a: '2' }
";
const OTHER: &str = "
apiVersion: v1
kind: ConfigMap
metadata: { name: other, labels: { part: applied } }
data: { b: '1' }
";
/// Files in the working folder.
pub(super) const FILES: &[(&str, &str)] = &[
    ("web.yaml", WEB),
    ("changed.yaml", CHANGED),
    ("settings.yaml", SETTINGS),
    ("settings2.yaml", CHANGED_SETTINGS),
    ("other.yaml", OTHER),
];

pub(super) const LOOKING: &[Step] = &[
    passes("kubectl version"),
    passes("kubectl cluster-info"),
    passes("kubectl get pods -o wide"),
    passes("kubectl get pods -A"),
    passes("kubectl get pods -l app=solo -o name"),
    passes("kubectl get deployments -o yaml"),
    passes("kubectl get nodes"),
    passes("kubectl get namespaces"),
    passes("kubectl get secrets"),
    passes("kubectl get all").whole(),
    passes("kubectl get events").whole(),
    passes("kubectl get crd").whole(),
    passes("kubectl get clusterrolebindings"),
    passes("kubectl describe pod web-1").whole(),
    passes("kubectl describe deployment web").whole(),
    passes("kubectl describe node {node}").whole(),
    passes("kubectl api-resources"),
    passes("kubectl api-versions"),
    passes("kubectl explain deployment.spec.replicas").whole(),
    passes("kubectl logs web-1"),
    passes("kubectl logs -f web-1"),
    passes("kubectl logs -l app=solo --tail=1"),
    passes("kubectl auth can-i delete pods"),
    passes("kubectl auth can-i --list").whole(),
    passes("kubectl get --raw /readyz").whole(),
    passes("kubectl get --raw '/apis/apps/v1/namespaces/{ns}/deployments/web/scale'"),
    passes("kubectl wait --for=condition=Ready pod/web-1 --timeout=20s").whole(),
    passes("kubectl rollout status deployment/web --timeout=40s").whole(),
    passes("kubectl rollout history deployment/web").whole(),
    passes("kubectl get pods --watch --request-timeout=2s >/dev/null").whole(),
    passes("kubectl diff -f settings.yaml").whole().code(1),
    passes("kubectl top pods").whole().code(1),
    passes("kubectl cluster-info dump --namespaces {ns} >/dev/null").whole(),
];

pub(super) const DEPLOYING: &[Step] = &[
    passes("kubectl apply -f web.yaml -f settings.yaml {unvalidated}"),
    passes("kubectl apply -f changed.yaml -f settings2.yaml {unvalidated}"),
    passes("kubectl diff -f web.yaml >/dev/null").whole().code(1),
    passes("kubectl apply --server-side --force-conflicts -f settings.yaml {unvalidated}").whole(),
    passes("kubectl apply --dry-run=server -f web.yaml {unvalidated}"),
    passes("kubectl apply --dry-run=client -f web.yaml {unvalidated}"),
    passes("kubectl scale deployment/web --replicas=5"),
    passes("kubectl set image deployment/web web=web:2").whole(),
    passes("kubectl rollout status deployment/web --timeout=40s").whole(),
    passes("kubectl label deployment web tier=front"),
    passes("kubectl annotate deployment web seen=yes"),
    passes("kubectl patch deployment web -p '{\"spec\":{\"minReadySeconds\":1}}'"),
    passes("kubectl create configmap made --from-literal=a=b {unvalidated}"),
    passes("kubectl create deployment tool --image=tool:1 {unvalidated}"),
    passes("kubectl expose deployment web --port=80").whole(),
    passes("kubectl autoscale deployment web --min=2 --max=5").whole(),
    passes("kubectl create job nightly --image=tool:1").whole(),
    passes("kubectl run once --image=tool:1 --restart=Never").whole(),
    passes("kubectl replace -f settings2.yaml {unvalidated}"),
    passes("kubectl create secret generic sh.helm.release.v1.shop.v2 --from-literal=release=x {unvalidated}"),
    stops("kubectl delete secret sh.helm.release.v1.shop.v1", &["kubernetes:core:secrets.delete escalate"]),
    stops("kubectl scale deployment/web --replicas=0", &["kubernetes:apps:deployments/scale.patch escalate"]),
    stops("kubectl rollout restart deployment/web", &["kubernetes:apps:deployments.patch escalate"]).whole(),
    stops("kubectl rollout undo deployment/web", &["kubernetes:apps:deployments.patch escalate"]).whole(),
    stops("kubectl replace --force -f settings.yaml {unvalidated}", &["kubernetes:core:configmaps.delete escalate"]),
    // What is not applied any more is looked for among what once was.
    passes("kubectl apply -f settings.yaml {unvalidated}"),
    stops(
        "kubectl apply --prune -l part=applied --prune-allowlist=core/v1/ConfigMap -f other.yaml {unvalidated}",
        &["kubernetes:core:configmaps.delete escalate"],
    )
    .since(26),
];

const EXEC: &str = "kubernetes:core:pods/exec.connect escalate";

pub(super) const PODS: &[Step] = &[
    passes("kubectl logs -f web-1"),
    stops("kubectl exec web-1 -- sh -c 'echo out; exit 0'", &[EXEC]),
    stops("seq 1000 | kubectl exec -i web-1 -- sha256sum", &[EXEC]),
    stops("KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false kubectl exec web-1 -- true", &[EXEC]),
    stops("echo hello | kubectl attach -i web-1", &["kubernetes:core:pods/attach.connect escalate"]),
    stops("python -c '{forward}'", &["kubernetes:core:pods/portforward.connect escalate"]),
    stops("kubectl cp web.yaml web-1:there.yaml", &[EXEC]),
    stops("kubectl cp web-1:there.yaml back.yaml", &[EXEC]),
    stops("kubectl delete pod web-2", &["kubernetes:core:pods.delete escalate"]),
];

pub(super) const DELETING: &[Step] = &[
    passes("kubectl delete pod web-1 --dry-run=client"),
    passes("kubectl delete pod web-1 --dry-run=server"),
    passes("kubectl delete deployment web --dry-run=server"),
    passes("kubectl delete namespace {ns} --dry-run=server"),
    passes("kubectl delete pods --all --dry-run=server"),
    passes("kubectl scale deployment/web --replicas=0 --dry-run=server"),
    passes("kubectl create configmap tried --from-literal=a=b --dry-run=server {unvalidated}"),
    stops("kubectl delete pod web-1", &["kubernetes:core:pods.delete escalate"]),
    stops("kubectl delete pods -l app=solo", &["kubernetes:core:pods.delete escalate"; 3]),
    stops("kubectl delete deployment web", &["kubernetes:apps:deployments.delete escalate"]),
    stops("kubectl delete configmaps --all", &["kubernetes:core:configmaps.delete escalate"]).whole(),
    stops(
        "kubectl delete --raw /api/v1/namespaces/{ns}/configmaps",
        &["kubernetes:core:configmaps.deletecollection escalate"],
    ),
    stops("kubectl delete namespace {ns} --wait=false", &["kubernetes:core:namespaces.delete escalate"]),
];

pub(super) const GRANTING: &[Step] = &[
    passes("kubectl auth can-i create clusterrolebindings"),
    passes("kubectl create serviceaccount ci {unvalidated}"),
    passes("kubectl create namespace {ns}-more {unvalidated}"),
    always_stops(
        "kubectl create clusterrole {ns} --verb=get --resource=pods {unvalidated}",
        &["kubernetes:rbac.authorization.k8s.io:clusterroles.create escalate"],
    ),
    stops("kubectl create token ci", &["kubernetes:core:serviceaccounts/token.create escalate"]).since(24),
    stops(
        "kubectl create rolebinding ci --clusterrole=view --serviceaccount={ns}:ci {unvalidated}",
        &["kubernetes:rbac.authorization.k8s.io:rolebindings.create escalate"],
    ),
    always_stops(
        "kubectl create clusterrolebinding {ns}-ci --clusterrole=cluster-admin --serviceaccount={ns}:ci {unvalidated}",
        &["kubernetes:rbac.authorization.k8s.io:clusterrolebindings.create escalate"],
    ),
    always_stops(
        "kubectl certificate approve {ns}",
        &["kubernetes:certificates.k8s.io:certificatesigningrequests/approval.update escalate"],
    ),
];

const EVICTION: &str = "kubernetes:core:pods/eviction.create escalate";

pub(super) const DRAINING: &[Step] = &[
    passes("kubectl label node {node} rack=1"),
    passes("kubectl annotate node {node} seen=yes"),
    passes("kubectl taint node {node} quiet=yes:NoSchedule"),
    passes("kubectl drain {node} --ignore-daemonsets --force --dry-run=server"),
    stops("kubectl cordon {node}", &["kubernetes:core:nodes.patch escalate"]).but_ends_well(),
    passes("kubectl uncordon {node}"),
    stops("kubectl taint node {node} away=yes:NoExecute", &["kubernetes:core:nodes.patch escalate"]),
    // A node that cannot be cordoned is drained all the same.
    stops(
        "kubectl drain {node} --ignore-daemonsets --force --timeout=30s",
        &["kubernetes:core:nodes.patch escalate", EVICTION, EVICTION, EVICTION],
    ),
];
