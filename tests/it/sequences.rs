//! What a gate is told of incidents that were sequences or bursts: each is played through the HTTP door by the clients that
//! people use, and stops where the table says. What two calls have to do with each other stands in the log, and a restart is
//! no way to be forgotten.

use blastgate::model::Disposition;
use blastgate::record::DecisionEntry;
use rustix::process::Signal;

use crate::support::log::Log;
use crate::support::moto::{Aws, credentials};
use crate::support::shared::{Agent, SharedGate, approval_in, listen, open_session, operator};
use crate::support::stage::{DEV_ACCOUNT, PROD_ACCOUNT, Stage};
use crate::support::upstream::Upstream;
use crate::support::{PATIENCE, child, clients};

const INVENTORY: &str = r#"version: 1
environments:
  - name: prod
    match: [ { provider: aws, account: "111122223333" }, { host: "*.prod.example" }, { provider: github, repository: "acme/*" } ]
  - name: staging
    match: [ { host: "*.staging.example" } ]
  - name: dev
    match: [ { provider: aws, account: "444455556666" }, { host: "*.dev.example" } ]
"#;

const TEMPLATE: &str = r#"{"Resources":{"Jobs":{"Type":"AWS::SQS::Queue"}}}"#;
const HOSTS: &[&str] = &[
    "agents.dev.example",
    "agents.staging.example",
    "agents.prod.example",
    "api.github.com",
    "backboard.railway.com",
    "sqladmin.googleapis.com",
];

fn stage() -> Option<(Stage, Upstream, Aws)> {
    clients::optional("curl")?;
    let mut stage = Stage::new();
    stage.write("config/inventory.yaml", INVENTORY);
    stage.write("work/template.json", TEMPLATE);
    let upstream = Upstream::start(&stage.ca, HOSTS);
    for host in HOSTS {
        stage.resolve(host, upstream.address);
    }
    let aws = Aws::on(&mut stage, &[]);
    Some((stage, upstream, aws))
}

/// What a step of an incident must come to.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Passes,
    /// This rule or limit is among those that stop it.
    At(&'static str),
}

use Ends::{At, Passes};

/// One incident: whose account, and what was done.
struct Story {
    name: &'static str,
    account: &'static str,
    steps: &'static [(&'static str, Ends)],
}

const STORIES: &[Story] = &[
    Story {
        name: "Kiro, December 2025: delete and recreate the environment",
        account: PROD_ACCOUNT,
        steps: &[
            ("aws cloudformation list-stacks", Passes),
            ("aws cloudformation delete-stack --stack-name cost-explorer", At("aws/delete-stack")),
            (
                "aws cloudformation create-stack --stack-name cost-explorer --template-body file://template.json",
                At("base/recreate-after-refusal"),
            ),
            ("aws cloudformation create-stack --stack-name beside-it --template-body file://template.json", Passes),
        ],
    },
    Story {
        name: "Railway, April 2026: a credential does not fit, then a volume goes",
        account: PROD_ACCOUNT,
        steps: &[
            (
                r#"curl -sS https://backboard.railway.com/graphql/v2 -H 'content-type: application/json' -d '{"query":"query { me { id } }"}'"#,
                Passes,
            ),
            (
                r#"curl -sS https://backboard.railway.com/graphql/v2 -H 'content-type: application/json' -d '{"query":"mutation { volumeDelete(volumeId: \"3d2c42fb\") }"}'"#,
                At("railway/volume-delete"),
            ),
        ],
    },
    Story {
        name: "DataTalks, February 2026: the snapshots, then the database",
        account: PROD_ACCOUNT,
        steps: &[
            ("aws rds describe-db-instances", Passes),
            ("aws rds delete-db-snapshot --db-snapshot-identifier nightly", At("base/backup-loss")),
            (
                "aws rds delete-db-instance --db-instance-identifier shop --final-db-snapshot-identifier last --no-delete-automated-backups",
                At("base/backup-then-data"),
            ),
        ],
    },
    Story {
        name: "Kiro, March 2026: a table without backups",
        account: PROD_ACCOUNT,
        steps: &[
            ("aws dynamodb list-tables", Passes),
            ("aws dynamodb delete-table --table-name maps", At("aws/delete-table")),
        ],
    },
    Story {
        name: "claude-code#32995: the simplest path is to delete and recreate it",
        account: PROD_ACCOUNT,
        steps: &[
            (
                "curl -sS -X DELETE https://sqladmin.googleapis.com/v1/projects/rsvp/instances/rsvp",
                At("gcp/sql-instance-delete"),
            ),
            (
                r#"curl -sS https://sqladmin.googleapis.com/v1/projects/rsvp/instances -H 'content-type: application/json' -d '{"name":"rsvp"}'"#,
                At("base/recreate-after-refusal"),
            ),
        ],
    },
    Story {
        name: "Amazon Q, July 2025: clean to a near-factory state",
        account: PROD_ACCOUNT,
        steps: &[
            ("aws ec2 describe-instances", Passes),
            ("aws ec2 terminate-instances --instance-ids i-0123456789abcdef0", At("matrix:destroy/resource/prod")),
            ("aws iam delete-user --user-name deploy", At("matrix:permission/resource/prod")),
        ],
    },
    Story {
        name: "claude-code#54477 in production: the first of a loop",
        account: PROD_ACCOUNT,
        steps: &[
            ("curl -sS https://agents.prod.example/api/agents", Passes),
            ("curl -sS -X DELETE https://agents.prod.example/api/agents/1", At("matrix:destroy/resource/prod")),
        ],
    },
];

/// What stopped the last call of the log, or nothing.
#[track_caller]
fn stopped_by(log: &Log) -> Vec<String> {
    let decisions = log.decisions();
    let last = decisions.last().expect("a decision");
    if last.disposition == Disposition::Forwarded {
        return Vec::new();
    }
    last.limit.clone().into_iter().chain(last.deciding().map(|finding| finding.rule.clone())).collect()
}

#[test]
fn incidents_that_were_sequences_stop_here() {
    for story in STORIES {
        let Some((stage, upstream, _aws)) = stage() else { return };
        let mut agent = Agent::start(&stage, &[], &credentials(story.account));
        let mut passed = 0;
        for (command, ends) in story.steps {
            let (_, said) = agent.does(command);
            let by = stopped_by(&stage.log());
            match ends {
                Passes => assert!(by.is_empty(), "{}: {command}: {by:?} {said}", story.name),
                At(rule) => {
                    assert!(by.iter().any(|one| one == rule), "{}: {command}: {by:?} {said}", story.name);
                    let says = said.contains("blastgate stopped this call") || said.contains("Approval needed (a_");
                    assert!(says, "{}: {command}: {said}", story.name);
                }
            }
            passed += usize::from(matches!(ends, Passes) && command.starts_with("curl"));
        }
        assert_eq!(upstream.record.len(), passed, "{}", story.name);
        assert_eq!(agent.ends().0, Some(0));
    }
}

/// claude-code#54477: no command of it looks dangerous; only how many there are, of what was listed.
#[test]
fn a_loop_over_a_listing_stops() {
    for (host, passes, by) in
        [("agents.staging.example", 5, "base/enumerate-then-delete"), ("agents.dev.example", 10, "base/destroy-burst")]
    {
        let Some((stage, upstream, _aws)) = stage() else { return };
        let mut agent = Agent::start(&stage, &[], &[]);
        agent.does(&format!("curl -sS https://{host}/api/agents"));
        let delete = |number: usize| format!("curl -sS -X DELETE https://{host}/api/agents/{number}");
        for number in 1..=passes {
            agent.does(&delete(number));
            assert_eq!(stopped_by(&stage.log()), Vec::<String>::new(), "{host} {number}");
        }
        let (_, said) = agent.does(&delete(passes + 1));
        assert!(stopped_by(&stage.log()).iter().any(|one| one == by), "{host}: {said}");
        assert_eq!(upstream.record.len(), passes + 1, "{host}: the listing and what passed");
        // Reading goes on, and so does another kind of thing.
        agent.does(&format!("curl -sS https://{host}/api/agents"));
        assert_eq!(stopped_by(&stage.log()), Vec::<String>::new(), "{host}");
        assert_eq!(agent.ends().0, Some(0));
    }
}

#[track_caller]
fn last(log: &Log) -> DecisionEntry {
    (*log.decisions().last().expect("a decision")).clone()
}

#[test]
fn what_is_created_again_is_tied_to_what_was_destroyed() {
    let Some((stage, _upstream, aws)) = stage() else { return };
    let mut agent = Agent::start(&stage, &[], &credentials(PROD_ACCOUNT));
    let create = "aws cloudformation create-stack --stack-name billing --template-body file://template.json";
    let delete = "aws cloudformation delete-stack --stack-name billing";
    assert_eq!(agent.does(create).0, 0);
    let (_, said) = agent.does(delete);
    assert!(said.contains("Recreating it is one act with this."), "{said}");
    operator(&stage, &["approvals", "approve", &approval_in(&said)]).succeeded();
    let (code, said) = agent.does(delete);
    assert_eq!(code, 0, "{said}");
    let deleted = last(&stage.log());
    // People have let the act pass: its second half is not asked about again.
    let (code, said) = agent.does(create);
    assert_eq!(code, 0, "{said}");
    let created = last(&stage.log());
    let finding =
        created.findings.iter().find(|one| one.rule == "base/recreate").unwrap_or_else(|| panic!("{created:#?}"));
    assert_eq!(finding.follows, [deleted.id], "{finding:#?}");
    let shown = operator(&stage, &["log", "show", &created.id.to_string()]).succeeded().stdout;
    assert!(shown.contains(&format!("after {} (aws:cloudformation:DeleteStack billing", deleted.id)), "{shown}");
    assert_eq!((aws.asked_for("DeleteStack"), aws.asked_for("CreateStack")), (1, 2));
    assert_eq!(agent.ends().0, Some(0));
    // In development nobody is bothered, and nothing is said of it.
    let mut agent = Agent::start(&stage, &[], &credentials(DEV_ACCOUNT));
    for command in [create, delete, create] {
        assert_eq!(agent.does(command).0, 0);
        assert!(last(&stage.log()).findings.iter().all(|one| one.follows.is_empty()));
    }
    assert_eq!(agent.ends().0, Some(0));
}

#[test]
fn a_gate_that_starts_again_has_not_forgotten() {
    for ends in [Signal::TERM, Signal::KILL] {
        let Some((mut stage, upstream, _aws)) = stage() else { return };
        let ports = listen(&mut stage, "");
        let gate = SharedGate::start(&stage, &ports, &[]);
        let opened = open_session(&stage, "agent");
        let other = open_session(&stage, "other");
        let ca = stage.path("state/ca/ca.pem").display().to_string();
        let curl = |proxy: &str, arguments: &[&str]| {
            let mut command = stage.command("curl");
            command.args(["-sS", "--cacert", &ca, "-x", proxy]).args(arguments);
            child::run(command, PATIENCE).stdout
        };
        let delete = ["-X", "DELETE", "https://api.github.com/repos/acme/shop"];
        let create = ["https://api.github.com/orgs/acme/repos", "-d", r#"{"name":"shop","private":true}"#];
        assert!(curl(&opened.proxy, &delete).contains("Approval needed"));
        let deleted = last(&stage.log());
        match ends {
            Signal::TERM => drop(gate.stop()),
            _ => gate.kill(),
        }
        let gate = SharedGate::start(&stage, &ports, &[]);
        let said = curl(&opened.proxy, &create);
        let decision = last(&stage.log());
        let finding = decision.findings.iter().find(|one| one.rule == "base/recreate-after-refusal");
        assert_eq!(finding.unwrap_or_else(|| panic!("{said} {decision:#?}")).follows, [deleted.id]);
        // Another session did nothing of the kind.
        let said = curl(&other.proxy, &create);
        assert!(last(&stage.log()).findings.iter().all(|one| one.follows.is_empty()), "{said}");
        drop((gate, upstream));
    }
}

#[test]
fn a_snapshot_that_the_gate_saw_is_what_a_rule_asks_for() {
    let Some((stage, _upstream, aws)) = stage() else { return };
    stage.write(
        "config/rules/own/snapshot-first.yaml",
        "id: own/snapshot-first\nowner: \"@us\"\nseverity: high\nmatch: { impact: [destroy], hazards: [data-loss], environment: [prod] }\n\
         decision: escalate\nobligations: [\"snapshot-seen:24h\"]\nmessage: Data goes after a snapshot only.\ninstead: Take one.\n",
    );
    let mut agent = Agent::start(&stage, &[], &credentials(PROD_ACCOUNT));
    let table = |name: &str| {
        format!(
            "aws dynamodb create-table --table-name {name} --attribute-definitions AttributeName=id,AttributeType=S \
             --key-schema AttributeName=id,KeyType=HASH --billing-mode PAY_PER_REQUEST"
        )
    };
    assert_eq!(agent.does(&table("orders")).0, 0);
    let delete = "aws dynamodb delete-table --table-name orders";
    let backup = "aws dynamodb create-backup --table-name orders --backup-name orders-before";
    let (_, said) = agent.does(delete);
    assert!(said.contains(&format!("`{backup}`")) && said.contains("within 24h"), "{said}");
    assert!(!said.contains("a_0") && aws.asked_for("DeleteTable") == 0, "people were asked: {said}");
    // One that fails is none.
    assert_ne!(agent.does(&backup.replace("name orders ", "name nothing ")).0, 0);
    assert!(agent.does(delete).1.contains(backup));
    let (code, said) = agent.does(backup);
    assert_eq!(code, 0, "{said}");
    let made = last(&stage.log());
    let (_, said) = agent.does(delete);
    operator(&stage, &["approvals", "approve", &approval_in(&said)]).succeeded();
    assert_eq!(agent.does(delete).0, 0);
    let checks = last(&stage.log()).checks;
    assert!(checks.iter().any(|one| one.passed && one.said.starts_with(&made.id.to_string())), "{checks:?}");
    assert_eq!(agent.ends().0, Some(0));
}
