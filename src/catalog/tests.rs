use super::*;

#[test]
fn every_manifest_parses_and_is_found() {
    assert_eq!(
        [aws(), kubernetes(), lifeline(), generic()].map(|manifest| manifest.id.as_str()),
        ["aws", "kubernetes", "lifeline", "http"]
    );
}

#[test]
fn what_is_read_without_the_rest_is_what_the_whole_says() {
    for provider in &PROVIDERS {
        let manifest = provider.manifest();
        assert_eq!(provider.id(), manifest.id);
        assert_eq!(provider.hosts(), manifest.hosts, "{}", manifest.folder);
    }
}

#[test]
fn host_patterns() {
    let check = |host: &str, expected: Option<&str>| {
        assert_eq!(by_host(host).map(|manifest| manifest.id.as_str()), expected, "{host}");
    };
    check("ec2.eu-west-1.amazonaws.com", Some("aws"));
    check("abc.gr7.eu-west-1.eks.amazonaws.com", Some("kubernetes"));
    check("abc.eks-cluster.eu-west-1.api.aws", Some("kubernetes"));
    check("eks.eu-west-1.api.aws", Some("aws"));
    check("a.hcp.westeurope.azmk8s.io", Some("kubernetes"));
    check("azmk8s.io", None);
    check("evilazmk8s.io", None);
    check("client-telemetry.us-east-1.amazonaws.com", Some("aws"));
    check("management.azure.com", Some("azure"));
    check("westeurope.management.azure.com", Some("azure"));
    check("graph.microsoft.com", Some("azure"));
    check("registry.npmjs.org", Some("lifeline"));
    check("example.com", None);
    check("", None);
}

#[test]
fn a_pattern_covers_labels() {
    for (pattern, host, covers) in [
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "a.b.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", ".example.com", false),
        ("*.example.com", "badexample.com", false),
        ("example.com", "example.com", true),
    ] {
        assert_eq!(host_matches(pattern, host), covers, "{pattern} {host}");
        let mut hosts = Hosts::default();
        hosts.insert(pattern, ());
        assert_eq!(hosts.get(host).is_some() && !host.starts_with('.'), covers, "{pattern} {host}");
    }
}

#[test]
fn operation_ids() {
    for (id, exists) in [
        ("kubernetes:core:namespaces.delete", true),
        ("kubernetes:apps:deployments/scale.update", true),
        ("kubernetes:rbac.authorization.k8s.io:clusterroles.patch", true),
        ("kubernetes:core:pods/exec.connect", true),
        ("kubernetes:server:version.get", true),
        ("kubernetes:unidentified", true),
        ("kubernetes:core:namespaces.destroy", false),
        ("kubernetes:core:Namespaces.delete", false),
        ("kubernetes::pods.delete", false),
        ("kubernetes:core:pods", false),
        ("http:api.example.com:DELETE", true),
        ("http:api.example.com:delete", false),
        ("graphql:api.example.com:volumeDelete", true),
        ("railway:graphql:volumeDelete", true),
        ("railway:graphql:volume-delete", false),
        ("nobody:graphql:volumeDelete", false),
        ("net:tunnel:Open", true),
        ("net:tunnel:open", false),
        ("git:remote:push", true),
        ("git:remote:pusch", false),
        ("git:local:reset_hard", true),
        ("pulumi:stack:destroy", true),
        ("pulumi:stack:destory", false),
        ("terraform:github_branch_protection:delete", true),
        ("helm:release:uninstall", true),
        ("helm:chart:Push", false),
        ("aws", false),
        ("", false),
    ] {
        assert_eq!(operation_exists(id), exists, "{id}");
    }
}
