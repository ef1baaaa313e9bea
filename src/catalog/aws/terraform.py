#!/usr/bin/env python3
"""Writes terraform.tsv: the operations behind the resource types of Terraform's AWS provider.

    terraform providers schema -json > SCHEMA      in a folder whose configuration requires hashicorp/aws
    python3 terraform.py SCHEMA VERSION

The names of the types are facts of the provider (Mozilla Public License 2.0); nothing else is taken from it. A type counts where
its first words name a service and the rest is an operation's noun there; `reviewed-faces.tsv` says the rest, and always counts.
"""
import json
import sys

import faces

# First words of types: the services and what stands before the operation's noun. The longest that fits counts.
PREFIXES = {
    "acmpca": ("acm-pca", ""), "alb": ("elbv2", ""), "api_gateway": ("apigateway", ""), "apigatewayv2": ("apigatewayv2", ""),
    "appautoscaling": ("application-autoscaling", ""), "applicationinsights": ("application-insights", ""),
    "autoscalingplans": ("autoscaling-plans", ""), "backup": ("backup", "backup", ""), "bcmdataexports": ("bcm-data-exports", ""),
    "bedrockagent": ("bedrock-agent", ""), "chime": ("chime-sdk-voice", ""),
    "chimesdkmediapipelines": ("chime-sdk-media-pipelines", ""), "chimesdkvoice": ("chime-sdk-voice", ""),
    "cloudhsm_v2": ("cloudhsmv2", ""), "cloudsearch": ("cloudsearch", ""), "cloudwatch_event": ("events", "", "event"),
    "cloudwatch_log": ("logs", "", "log"), "cloudwatch_query": ("logs", "query"), "codedeploy": ("deploy", ""),
    "codegurureviewer": ("codeguru-reviewer", ""), "codestarconnections": ("codestar-connections", ""),
    "codestarnotifications": ("codestar-notifications", ""), "cognito": ("cognito-idp", ""),
    "cognito_identity": ("cognito-identity", "identity"), "config": ("configservice", ""),
    "customerprofiles": ("customer-profiles", ""), "db": ("rds", "db", ""), "devopsguru": ("devops-guru", ""),
    "directory_service": ("ds", ""), "docdb": ("docdb", "db", ""), "docdbelastic": ("docdb-elastic", ""), "dx": ("directconnect", ""),
    "ebs": ("ec2", ""), "ec2": ("ec2", ""), "ecrpublic": ("ecr-public", ""), "elastic_beanstalk": ("elasticbeanstalk", ""),
    "elasticache": ("elasticache", "", "cache"), "elasticsearch": ("es", "", "elasticsearch"), "emrcontainers": ("emr-containers", ""),
    "emrserverless": ("emr-serverless", ""), "globalaccelerator": ("globalaccelerator", ""),
    "kinesis_analytics": ("kinesisanalytics", ""), "kinesis_firehose": ("firehose", ""), "kinesis_video": ("kinesisvideo", ""),
    "lb": ("elbv2", ""), "lex": ("lex-models", ""), "lexv2models": ("lexv2-models", ""), "licensemanager": ("license-manager", ""),
    "load_balancer": ("elb", "load_balancer"), "media_convert": ("mediaconvert", ""), "media_package": ("mediapackage", ""),
    "media_packagev2": ("mediapackagev2", ""), "media_store": ("mediastore", ""), "msk": ("kafka", ""),
    "mskconnect": ("kafkaconnect", ""), "mwaa": ("mwaa", ""), "neptune": ("neptune", "db", ""), "neptunegraph": ("neptune-graph", ""),
    "networkfirewall": ("network-firewall", ""), "paymentcryptography": ("payment-cryptography", ""),
    "pinpointsmsvoicev2": ("pinpoint-sms-voice-v2", ""), "prometheus": ("amp", ""), "rds": ("rds", "db", ""),
    "redshift": ("redshift", "", "cluster"), "redshiftserverless": ("redshift-serverless", ""),
    "resourceexplorer2": ("resource-explorer-2", ""), "resourcegroups": ("resource-groups", ""),
    "route53_resolver": ("route53resolver", "", "resolver"), "route53domains": ("route53domains", ""),
    "route53recoverycontrolconfig": ("route53-recovery-control-config", ""),
    "route53recoveryreadiness": ("route53-recovery-readiness", ""), "s3": ("s3", ""), "service_discovery": ("servicediscovery", ""),
    "servicecatalogappregistry": ("servicecatalog-appregistry", ""), "servicequotas": ("service-quotas", ""),
    "sfn": ("stepfunctions", "", "state_machine"), "ssmcontacts": ("ssm-contacts", ""), "ssmincidents": ("ssm-incidents", ""),
    "ssoadmin": ("sso-admin", ""), "timestreaminfluxdb": ("timestream-influxdb", ""), "timestreamquery": ("timestream-query", ""),
    "timestreamwrite": ("timestream-write", ""), "verifiedaccess": ("ec2", "verified_access"), "vpc": ("ec2", "vpc", ""),
    "vpc_endpoint": ("ec2", "vpc_endpoint"), "vpc_ipam": ("ec2", "ipam"), "vpclattice": ("vpc-lattice", ""), "vpn": ("ec2", "vpn"),
    "wafregional": ("waf-regional", ""), "workspacesweb": ("workspaces-web", ""),
}
# Services whose types' words are no nouns of the API's, or those of another one: only reviewed rows count.
UNSURE = {"opsworks", "sagemaker_servicecatalog"}


def guesses(name, services):
    """Services, and what the operation's noun would be there."""
    words = name.split("_")
    for length in range(len(words), -1, -1):
        prefix, rest = "_".join(words[:length]), "".join(words[length:])
        service = services.get(faces.plain(prefix)) if length else None
        known = PREFIXES.get(prefix) or (service and (service, ""))
        if known:
            return known[0], [before + rest for before in known[1:] if before + rest]
    return "ec2", ["".join(words)]


def main(path, version):
    held = {}
    for _, cells in faces.rows("operations.tsv"):
        held.setdefault(cells[0], []).append(cells[1])
    services = {faces.plain(name): name for name in held}
    reviewed = {cells[0]: cells for _, cells in faces.rows("reviewed-faces.tsv") if cells[0].startswith("aws_")}
    (provider,) = json.load(open(path))["provider_schemas"].values()
    found = []
    for name in sorted(provider["resource_schemas"]):
        service, nouns = guesses(name[4:], services)
        sure = not any(name[4:].startswith(word) for word in UNSURE)
        derived = [faces.derive(held.get(service, ()), nouns, action) for action in ("create", "update", "delete")]
        row = [name, service] + (derived if sure else ["-"] * 3)
        # A noun that only one of both has is no object of its own.
        if "-" in (row[2], row[4]):
            row = [name, service, "-", "-", "-"]
        own = reviewed.pop(name, None)
        if own:
            row = [name] + [mine if mine != "=" else derived for mine, derived in zip(own[1:5], row[1:5])]
        faces.check(row, held)
        if row[2:5] != ["-"] * 3:
            found.append([*row, "-"])
    if reviewed:
        sys.exit("reviewed-faces.tsv names types that there are not: " + " ".join(reviewed))
    text = f"# Written by terraform.py from the schema of hashicorp/aws {version}; do not edit. Columns: type service create update delete identifier\n"
    (faces.HERE / "terraform.tsv").write_text(text + "".join("\t".join(row) + "\n" for row in sorted(found)))


if __name__ == "__main__":
    main(*sys.argv[1:])
