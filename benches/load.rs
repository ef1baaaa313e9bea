//! What it costs to load an organisation's rules: up to 5,000 files as people write them, one rule a file, with the tests
//! inside them; a fifth has an expression, a tenth regular expressions, a tenth patterns of operations. And what it costs to
//! start without any, which is what a hook on its own pays.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot be set up must stop")]

use blastgate::rules::{Layer, RuleSet, Source};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// Operations, the words that a test calls them by, and the resource's form.
const OPERATIONS: &[(&str, &str, &str)] = &[
    (
        "aws:rds:DeleteDBInstance",
        "aws rds delete-db-instance --db-instance-identifier NAME --skip-final-snapshot",
        "*:db:NAME*",
    ),
    ("aws:s3:DeleteBucket", "aws s3api delete-bucket --bucket NAME", "arn:aws:s3:::NAME*"),
    ("aws:dynamodb:DeleteTable", "aws dynamodb delete-table --table-name NAME", "*:table/NAME*"),
    ("aws:cloudformation:DeleteStack", "aws cloudformation delete-stack --stack-name NAME", "*:stack/NAME/*"),
    ("aws:sqs:PurgeQueue", "aws sqs purge-queue --queue-url https://sqs.eu-west-1.amazonaws.com/1/NAME", "*:NAME"),
    ("aws:lambda:DeleteFunction", "aws lambda delete-function --function-name NAME", "*:function:NAME"),
    ("aws:ec2:TerminateInstances", "aws ec2 terminate-instances --instance-ids i-00000001", "*i-0*"),
    ("kubernetes:apps:deployments.delete", "kubectl -n NAME delete deployment web", "*NAME*"),
    ("kubernetes:core:namespaces.delete", "kubectl delete namespace NAME", "*NAME*"),
    (
        "gcp:compute:instances.delete",
        "gcloud compute instances delete NAME --project shop --zone europe-west1-b",
        "*NAME*",
    ),
];

const DECISIONS: &[&str] =
    &["decision: deny", "decision: escalate\napproval: { quorum: 2, from: [\"role:sre\"], expires: 30m }"];

/// The `n`th file.
fn file(n: usize) -> Source {
    let (operation, command, resource) = OPERATIONS[n % OPERATIONS.len()];
    let name = format!("team-{n}-orders");
    let (provider, rest) = operation.split_once(':').expect("an id");
    let (service, _) = rest.split_once(':').expect("an id");
    let resource = resource.replace("NAME", &name);
    let matches = match n / OPERATIONS.len() % 10 {
        0 => format!(
            "{{ operation: \"{provider}:{service}:*elete*\", resource: [\"{resource}\"], environment: [prod] }}"
        ),
        1 => format!(
            "{{ operation: \"{operation}\", resource: [\"regex:(^|[:/]){name}(-[a-z0-9]{{2,8}})?$\"], environment: [prod] }}"
        ),
        2 => format!("{{ provider: {provider}, service: {service}, impact: [destroy], resource: [\"{resource}\"] }}"),
        _ => format!("{{ operation: \"{operation}\", resource: [\"{resource}\"], environment: [staging, prod] }}"),
    };
    let when = if n.is_multiple_of(5) {
        "when: count.resources > 3 || (environment.kind == \"prod\" && !(\"sre\" in principal.roles))\n"
    } else {
        ""
    };
    let text = format!(
        "# Written by the team that runs it; see the runbook.\nid: acme-{}/r{n}\nowner: \"@team-{}\"\nseverity: high\nmatch: \
         {matches}\n{when}{}\nmessage: >\n  The orders of team {n} live here. Deleting it loses what was not shipped yet, and \
         nobody\n  can bring that back.\ninstead: >\n  Ask the team that owns it, or work on a copy of it in dev.\nrunbook: \
         https://runbooks.acme.example/orders/{n}\ntests:\n  match:\n    - {{ command: \"{}\", environment: prod }}\n  \
         not_match:\n    - {{ command: \"{}\", environment: dev }}\n    - {{ command: \"aws sts get-caller-identity\" }}\n",
        n % 50,
        n % 80,
        DECISIONS[n % DECISIONS.len()],
        command.replace("NAME", &name),
        command.replace("NAME", "other"),
    );
    Source { file: format!("rules/acme-{}/r{n}.yaml", n % 50), text, layer: Layer::Organisation }
}

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    for count in [0, 50, 500, 5_000] {
        let sources: Vec<Source> = (0..count).map(file).collect();
        group.bench_with_input(BenchmarkId::new("whole", count), &sources, |bencher, sources| {
            bencher.iter(|| RuleSet::load(sources).map_err(|wrong| wrong.to_string()).expect("the rules load"));
        });
        group.bench_with_input(BenchmarkId::new("to judge by", count), &sources, |bencher, sources| {
            bencher.iter(|| RuleSet::judging(sources).map_err(|wrong| wrong.to_string()).expect("the rules load"));
        });
    }
    group.finish();
}

criterion_group!(benches, loading);
criterion_main!(benches);
