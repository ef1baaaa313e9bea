use super::of;

fn kind(host: &str) -> Option<(&'static str, Option<String>, Option<String>)> {
    of(host).map(|plane| (plane.kind, plane.region, plane.account))
}

#[test]
fn kinds_are_told_by_their_hosts() {
    for (host, expected, region, account) in [
        ("ec2-1-2-3-4.eu-west-1.compute.amazonaws.com", "application", "eu-west-1", ""),
        ("ec2-1-2-3-4.compute-1.amazonaws.com", "application", "", ""),
        ("shop-123.eu-west-1.elb.amazonaws.com", "application", "eu-west-1", ""),
        ("shop-123.elb.eu-west-1.amazonaws.com", "application", "eu-west-1", ""),
        ("a1b2c3.execute-api.us-east-1.amazonaws.com", "execute-api", "us-east-1", ""),
        ("a1b2c3.execute-api.cn-north-1.amazonaws.com.cn", "execute-api", "cn-north-1", ""),
        ("site.s3-website-eu-west-1.amazonaws.com", "website", "", ""),
        ("site.s3-website.eu-central-1.amazonaws.com", "website", "eu-central-1", ""),
        ("abc.lambda-url.us-east-1.on.aws", "lambda-url", "us-east-1", ""),
        ("search-shop-abc123.eu-west-1.es.amazonaws.com", "search", "eu-west-1", ""),
        ("vpc-shop-abc123.us-gov-west-1.es.amazonaws.com", "search", "us-gov-west-1", ""),
        ("search-shop-abc123.aos.eu-west-1.on.aws", "search", "eu-west-1", ""),
        ("abc.eu-west-1.aoss.amazonaws.com", "search-collection", "eu-west-1", ""),
        ("abc.appsync-api.eu-west-1.amazonaws.com", "appsync-api", "eu-west-1", ""),
        ("aps-workspaces.eu-west-1.amazonaws.com", "prometheus", "eu-west-1", ""),
        ("g-1.grafana-workspace.eu-west-1.amazonaws.com", "grafana-workspace", "eu-west-1", ""),
        ("abc.credentials.iot.eu-west-1.amazonaws.com", "iot-credentials", "eu-west-1", ""),
        ("awscli.amazonaws.com", "download", "", ""),
        ("checkip.amazonaws.com", "download", "", ""),
        ("ip-ranges.amazonaws.com", "download", "", ""),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "ecr-registry", "eu-west-1", "111122223333"),
        ("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "ecr-registry", "us-gov-west-1", "111122223333"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr-registry", "cn-north-1", "111122223333"),
        ("111122223333.dkr-ecr.eu-west-1.on.aws", "ecr-registry", "eu-west-1", "111122223333"),
        (
            "shop-111122223333.d.codeartifact.eu-west-1.amazonaws.com",
            "codeartifact-registry",
            "eu-west-1",
            "111122223333",
        ),
        ("git-codecommit.us-east-1.amazonaws.com", "codecommit-git", "us-east-1", ""),
        ("169.254.169.254", "metadata", "", ""),
        ("fd00:ec2::254", "metadata", "", ""),
    ] {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        assert_eq!(kind(host), Some((expected, text(region), text(account))), "{host}");
    }
}

#[test]
fn apis_buckets_and_strangers_are_none() {
    for host in [
        "elasticloadbalancing.us-east-1.amazonaws.com",
        "ec2.eu-west-1.amazonaws.com",
        "es.eu-west-1.amazonaws.com",
        "elb.s3.amazonaws.com",
        "x.elb.s3.eu-west-1.amazonaws.com",
        "execute-api.us-east-1.amazonaws.com",
        "compute.amazonaws.com.evil.example",
        "s3-website-x.s3.amazonaws.com",
        "codeartifact.eu-west-1.amazonaws.com",
        "codecommit.us-east-1.amazonaws.com",
        "ecr.eu-west-1.amazonaws.com",
        "api.ecr.eu-west-1.amazonaws.com",
        "d.codeartifact.eu-west-1.amazonaws.com",
        "awscli.s3.amazonaws.com",
        "x.awscli.amazonaws.com",
        "git-codecommit.s3.us-east-1.amazonaws.com",
        "checkip.amazonaws.com.evil.example",
        "eu-west-1.es.s3.amazonaws.com",
        "data-ats.iot.eu-west-1.amazonaws.com",
        "169.254.169.254.evil.example",
    ] {
        assert_eq!(kind(host), None, "{host}");
    }
}
