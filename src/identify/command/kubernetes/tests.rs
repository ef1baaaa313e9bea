use crate::identify::command::tests::actions_in;
use crate::identify::command::tests::{said, said_in, stated};

fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(command, expected)| {
            let got = said(command);
            (got != *expected).then(|| format!("{command}\n   is {got}\n  not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Commands and the requests of `cases.yaml` with the same effect: they are called the same and judged the same.
const TWINS: &[(&str, &str)] = &[
    ("kubectl get pods -n prod", "GET /api/v1/namespaces/prod/pods"),
    ("kubectl get pod web-1 -n prod", "GET /api/v1/namespaces/prod/pods/web-1"),
    ("kubectl -nprod logs web-1 -f", "GET /api/v1/namespaces/prod/pods/web-1/log?follow=true"),
    ("kubectl get ns", "GET /api/v1/namespaces"),
    ("kubectl get namespace prod", "GET /api/v1/namespaces/prod"),
    ("kubectl get secret/db --namespace=prod", "GET /api/v1/namespaces/prod/secrets/db"),
    ("kubectl get secrets -A", "GET /api/v1/secrets"),
    ("kubectl get deploy web -n prod", "GET /apis/apps/v1/namespaces/prod/deployments/web/"),
    ("kubectl top nodes", "GET /apis/metrics.k8s.io/v1beta1/nodes"),
    ("kubectl version", "GET /version"),
    ("kubectl get --raw /livez/ping", "GET /livez/ping"),
    ("kubectl auth can-i delete pods", "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ("kubectl create cm app -n prod --from-literal=a=b", "POST /api/v1/namespaces/prod/configmaps"),
    ("kubectl create namespace new", "POST /api/v1/namespaces"),
    ("kubectl create deployment web --image=b -n prod", "POST /apis/apps/v1/namespaces/prod/deployments"),
    ("kubectl set image deploy/web a=b -n prod", "PATCH /apis/apps/v1/namespaces/prod/deployments/web"),
    ("kubectl label ns prod team=a", "PATCH /api/v1/namespaces/prod"),
    ("kubectl scale deploy web --replicas=0 -n prod", "PATCH /apis/apps/v1/namespaces/prod/deployments/web/scale"),
    (
        "kubectl patch sts db -n prod -p 'spec: {replicas: 0}' --type merge",
        "PATCH /apis/apps/v1/namespaces/prod/statefulsets/db",
    ),
    (
        "kubectl patch cj nightly -n prod -p 'spec: {suspend: true}'",
        "PATCH /apis/batch/v1/namespaces/prod/cronjobs/nightly",
    ),
    ("kubectl cordon n1", "PATCH /api/v1/nodes/n1"),
    ("kubectl taint nodes n1 a:NoExecute", "PATCH /api/v1/nodes/n1"),
    ("kubectl exec web-1 -n prod -it -- sh", "POST /api/v1/namespaces/prod/pods/web-1/exec?command=sh"),
    ("kubectl attach web-1 -n prod", "GET /api/v1/namespaces/prod/pods/web-1/attach"),
    ("kubectl port-forward web-1 8080:80 -n prod", "POST /api/v1/namespaces/prod/pods/web-1/portforward"),
    ("kubectl debug web-1 -n prod --image=busybox", "PATCH /api/v1/namespaces/prod/pods/web-1/ephemeralcontainers"),
    (
        "kubectl create clusterrolebinding a --clusterrole=cluster-admin --user=b",
        "POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    ),
    (
        "kubectl delete rolebinding r -n prod",
        "DELETE /apis/rbac.authorization.k8s.io/v1/namespaces/prod/rolebindings/r",
    ),
    (
        "kubectl delete rolebindings --all -n prod",
        "DELETE /apis/rbac.authorization.k8s.io/v1/namespaces/prod/rolebindings",
    ),
    ("kubectl create token ci -n prod", "POST /api/v1/namespaces/prod/serviceaccounts/ci/token"),
    ("kubectl create sa ci -n prod", "POST /api/v1/namespaces/prod/serviceaccounts"),
    ("kubectl certificate approve x", "PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/x/approval"),
    (
        "kubectl delete validatingwebhookconfiguration guard",
        "DELETE /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/guard",
    ),
    (
        "kubectl delete crd widgets.example.com",
        "DELETE /apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com",
    ),
    ("kubectl delete sc gp3", "DELETE /apis/storage.k8s.io/v1/storageclasses/gp3"),
    ("kubectl delete cpol p", "DELETE /apis/kyverno.io/v1/clusterpolicies/p"),
    ("kubectl delete app shop -n argocd", "DELETE /apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop"),
    (
        "kubectl delete clusters.cluster.x-k8s.io c -n x",
        "DELETE /apis/cluster.x-k8s.io/v1beta1/namespaces/x/clusters/c",
    ),
    ("kubectl delete ns/prod", "DELETE /api/v1/namespaces/prod"),
    ("kubectl delete po web-1 -n prod --force --grace-period=0", "DELETE /api/v1/namespaces/prod/pods/web-1"),
    ("kubectl delete pods --all -n prod", "DELETE /api/v1/namespaces/prod/pods"),
    ("kubectl delete pods -l app=web -n prod", "DELETE /api/v1/namespaces/prod/pods"),
    ("kubectl delete widgets.example.com --all -A", "DELETE /apis/example.com/v1/widgets"),
    ("kubectl delete deployment.apps/web -n prod", "DELETE /apis/apps/v1/namespaces/prod/deployments/web"),
    ("kubectl delete pvc db -n prod", "DELETE /api/v1/namespaces/prod/persistentvolumeclaims/db"),
    ("kubectl delete pv pv-1", "DELETE /api/v1/persistentvolumes/pv-1"),
    (
        "kubectl delete volumesnapshot s -n prod",
        "DELETE /apis/snapshot.storage.k8s.io/v1/namespaces/prod/volumesnapshots/s",
    ),
    ("kubectl delete --raw /api/v1/namespaces/prod", "DELETE /api/v1/namespaces/prod"),
];

#[test]
fn a_command_is_called_what_its_request_is_called() {
    let cases = include_str!("../../../catalog/kubernetes/cases.yaml");
    let of = |call: &str| -> Vec<String> {
        let quoted = format!("call: \"{call}\"");
        let lines = cases.lines().filter(|line| line.contains(&quoted));
        lines.filter_map(|line| Some(line.split_once("is: \"")?.1.split_once('"')?.0.to_owned())).collect()
    };
    let wrong: Vec<String> = TWINS
        .iter()
        .filter_map(|(command, call)| {
            let (got, expected) = (said(command), of(call));
            (!expected.contains(&got)).then(|| format!("{command}\n   is {got}\n  not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), TWINS.len(), wrong.join("\n"));
}

#[test]
fn options_are_those_of_the_program() {
    let deletes = "kubernetes:core:pods.delete destroy resource";
    let reads = "kubernetes:core:pods.delete read resource";
    check(&[
        ("kubectl delete pod web", deletes),
        ("kubectl delete pod web --dry-run=none", deletes),
        ("kubectl delete pod web --dry-run=client --dry-run=none", deletes),
        ("kubectl delete pod web --dry-run=server", reads),
        ("kubectl delete pod web --dry_run=server", reads),
        ("kubectl delete pod web --dry-run", "kubernetes:core:pods.get read resource"),
        // The value of an option, and a name.
        ("kubectl delete pod web -n --help", deletes),
        ("kubectl delete pod web -n --dry-run=server", deletes),
        (
            "kubectl delete pod web -- --dry-run=server",
            "kubernetes:core:pods.delete destroy resource; kubernetes:core:pods.delete destroy resource",
        ),
        ("kubectl delete pod web --wait=false", deletes),
        ("kubectl --v=9 -n x delete pod web", deletes),
        ("kubectl delete pod web -h", "kubernetes:client:delete read local"),
        ("kubectl delete pods", "kubernetes:client:delete read local"),
        ("kubectl help delete", "kubernetes:client:help read local"),
        ("kubectl frobnicate", "shell:unidentified:unidentified unknown resource"),
        (
            "kubectl delete po,pvc db",
            "kubernetes:core:pods.delete destroy resource; kubernetes:core:persistentvolumeclaims.delete destroy resource",
        ),
        ("kubectl edit deploy web", "kubernetes:apps:deployments.patch unknown resource"),
        ("kubectl rollout undo deploy/web", "kubernetes:apps:deployments.patch disrupt resource"),
        ("kubectl rollout restart deploy/web", "kubernetes:apps:deployments.patch disrupt resource"),
        ("kubectl rollout status deploy/web", "kubernetes:apps:deployments.get read resource"),
        ("kubectl uncordon n1", "kubernetes:core:nodes.patch update resource"),
        ("kubectl cp ./a web-0:/tmp/a", "kubernetes:core:pods/exec.connect execute resource"),
        ("kubectl cp web-0:/tmp/a ./a", "kubernetes:core:pods/exec.connect read resource"),
        ("kubectl config view --raw", "kubernetes:client:config.view read local"),
        ("kubectl proxy", "kubernetes:server:proxy.connect execute environment"),
        ("oc adm policy add-cluster-role-to-user cluster-admin dev", "kubernetes:adm:policy permission environment"),
        ("oc delete project shop", "kubernetes:project.openshift.io:projects.delete destroy environment"),
    ]);
}

fn stands(command: &str, files: &[(&str, &str)]) -> String {
    let mut around = stated();
    around.files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let actions = actions_in(command, &around).unwrap();
    let action = actions.last().unwrap();
    let place = action.place();
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let name = [&place.cluster, &place.context, &place.namespace, &place.host].map(shown).join(" ");
    format!("{} {name}", action.environment().kind)
}

const CONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: prod\ncontexts:\n- name: prod\n  context: {cluster: shop, namespace: pay}\n\
    - name: kind-dev\n  context: {cluster: kind-dev}\n- name: kind-trap\n  context: {cluster: shop}\nclusters:\n- name: shop\n  \
    cluster: {server: \"https://kube.shop.example:6443\"}\n- name: kind-dev\n  cluster: {server: \"https://127.0.0.1:40001\"}\n";

#[test]
fn the_server_counts_and_not_the_name() {
    let config = [("/home/dev/.kube/config", CONFIG)];
    for (command, expected) in [
        ("kubectl delete pod web", "unknown shop prod pay kube.shop.example"),
        ("kubectl --context kind-dev delete pod web", "local kind-dev kind-dev default 127.0.0.1"),
        ("kubectl --context kind-trap delete pod web", "unknown shop kind-trap default kube.shop.example"),
        ("kubectl --context kind-dev -s https://10.1.2.3 delete pod web", "unknown - kind-dev default 10.1.2.3"),
        ("kubectl --cluster kind-dev delete pod web", "local kind-dev prod pay 127.0.0.1"),
        ("helm uninstall web --kube-context kind-dev", "local kind-dev kind-dev - 127.0.0.1"),
        ("helm uninstall web -n x", "unknown shop prod x kube.shop.example"),
    ] {
        assert_eq!(stands(command, &config), expected, "{command}");
    }
    assert_eq!(stands("kubectl --context kind-x delete pod a", &[]), "local kind-x kind-x default localhost");
    assert_eq!(stands("kubectl delete pod a", &[]), "unknown - - default current.kubeconfig");
    assert_eq!(stands("minikube kubectl -- delete pod a", &[]), "local minikube minikube default localhost");
}

#[test]
fn manifests_are_read() {
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: pay}\nspec: {replicas: 0}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    let mut around = stated();
    let files = [
        ("/repo/k8s/web.yaml", web),
        ("/repo/k8s/README.md", "no manifest"),
        ("/repo/base/kustomization.yaml", "resources: [ns.yaml]\nnamespace: pay\n"),
        ("/repo/base/ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: pay}\n"),
        ("/repo/over/kustomization.yaml", "resources: [../base]\npatches: [{path: x.yaml}]\n"),
    ];
    around.files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    for (command, expected) in [
        (
            "kubectl apply -f k8s/web.yaml",
            "kubernetes:apps:deployments.patch disrupt resource; kubernetes:core:services.patch update resource",
        ),
        (
            "kubectl apply -f k8s",
            "kubernetes:apps:deployments.patch disrupt resource; kubernetes:core:services.patch update resource",
        ),
        (
            "kubectl delete -f k8s/web.yaml",
            "kubernetes:apps:deployments.delete destroy resource; kubernetes:core:services.delete destroy resource",
        ),
        ("kubectl delete -k base", "kubernetes:core:namespaces.delete destroy environment"),
        (
            "kubectl delete -k over",
            "kubernetes:core:namespaces.delete destroy environment; kubernetes:unidentified:delete destroy environment",
        ),
        ("kubectl apply -f nothing.yaml", "kubernetes:unidentified:apply update environment"),
        ("kubectl apply -f nothing.yaml --dry-run=client", "kubernetes:unidentified:apply read environment"),
    ] {
        assert_eq!(said_in(command, &around), expected, "{command}");
    }
}

#[test]
fn releases_and_what_stands_for_more() {
    check(&[
        ("helm uninstall web", "helm:release:uninstall destroy environment"),
        ("helm un web --keep-history", "helm:release:uninstall destroy environment"),
        ("helm uninstall web --dry-run", "helm:release:uninstall read resource"),
        ("helm uninstall web --dry-run --dry-run=false", "helm:release:uninstall destroy environment"),
        ("helm upgrade web . --dry-run=none", "helm:release:upgrade update resource"),
        ("helm upgrade -i web . -f values.yaml", "helm:release:upgrade update resource"),
        ("helm upgrade web . --force", "helm:release:upgrade disrupt resource"),
        ("helm rollback web 3", "helm:release:rollback disrupt resource"),
        ("helm get values web", "helm:release:get read resource"),
        ("helm template web .", "helm:client:template read local"),
        ("argocd app delete web -y", "argocd:app:delete destroy environment"),
        ("argocd app sync web", "argocd:app:sync update resource"),
        ("argocd app sync web --prune", "argocd:app:sync destroy environment"),
        ("argocd app list", "argocd:app:get read resource"),
        ("flux uninstall -s", "flux:toolkit:uninstall destroy account"),
        ("flux delete kustomization apps", "flux:object:delete destroy environment"),
        ("flux suspend hr web", "flux:object:suspend disrupt resource"),
        ("velero backup delete nightly --confirm", "velero:backup:delete destroy resource"),
        ("velero backup get", "velero:backup:get read resource"),
        ("istioctl uninstall --purge -y", "istioctl:mesh:uninstall destroy account"),
        ("kops delete cluster --name k.example --yes", "kops:cluster:delete destroy account"),
        ("kops delete cluster --name k.example", "kops:cluster:delete read account"),
        ("kubeadm reset -f", "kubeadm:node:reset destroy environment"),
        ("helmfile destroy", "helmfile:releases:destroy destroy environment"),
        ("helmfile diff", "helmfile:releases:get read environment"),
        ("skaffold delete", "skaffold:deployment:delete destroy environment"),
        ("kind delete cluster --name it", "kind:cluster:delete destroy local"),
        ("k3d cluster delete it", "k3d:cluster:delete destroy local"),
        ("stern web", "stern:cluster:read read environment"),
        ("rancher clusters delete c-1", "rancher:cluster:delete destroy account"),
        ("crictl rm -f abc", "crictl:container:delete destroy local"),
    ]);
}

#[test]
fn a_patch_in_json_is_read() {
    use crate::identify::command::{Invocation, Scene, Word};
    for (patch, expected) in [
        (r#"{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":60}}}}"#, "update"),
        (r#"{"spec":{"replicas":0}}"#, "disrupt"),
        ("{not one", "unknown"),
    ] {
        let around = stated();
        let mut scene = Scene::new(&around);
        let words = ["kubectl", "patch", "deploy", "web", "--type=merge", "-p", patch].map(Word::known).to_vec();
        scene.invocation(&Invocation { words, ..Invocation::bare(&around) });
        let heard = scene.finish().unwrap().identified;
        let actions = crate::classify::classify(heard, &Default::default(), crate::model::Evidence::Parsed);
        assert_eq!(actions.first().blast().impact.to_string(), expected, "{patch}");
    }
}
