//! Tools that deploy to AWS: what their commands do, as the calls that they send where those are known.

use serde_json::{Map, Value};

use super::custom::shown;
use super::globals::{Globals, Token, token};
use super::options::Given;
use super::{LOCALSTACK, place, reads, target, told};
use crate::catalog::aws as catalog;
use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::identify::protocol::aws::declared::Parameters;
use crate::model::{Count, Hazard, Impact, Scope};

/// What a command does.
enum Does {
    /// It shows something, builds or tests here.
    Reads,
    /// It changes files of the project.
    Writes,
    /// It sends this call; the member is named by the first of these options, or the first operand behind the command.
    Calls(&'static str, &'static str, &'static str, &'static [&'static str]),
    /// An effect of its own on what stands in the cloud.
    Own(Impact, Scope),
    /// The same, with the loss of data.
    Loses(Scope),
    /// Something of which nobody knows.
    Unknown,
}

/// One row: programs, the command's words, an option that must (`--x`) or must not (`!--x`) be there, and what it does.
type Row = (&'static str, &'static str, &'static str, Does);

const CDK: &str = "cdk|cdklocal";
const SAM: &str = "sam|samlocal";
const SLS: &str = "serverless|sls";

/// Sources: the documentation of each tool. Of the rows of a command the first that fits counts; `*` is every other command.
const ROWS: &[Row] = &[
    (CDK, "destroy", "", Does::Calls("cloudformation", "DeleteStack", "StackName", &[])),
    (CDK, "deploy", "--method=prepare-change-set", Does::Calls("cloudformation", "CreateChangeSet", "StackName", &[])),
    (CDK, "deploy", "--no-execute", Does::Calls("cloudformation", "CreateChangeSet", "StackName", &[])),
    (CDK, "deploy", "", Does::Calls("cloudformation", "UpdateStack", "StackName", &[])),
    (CDK, "watch", "", Does::Calls("cloudformation", "UpdateStack", "StackName", &[])),
    (CDK, "import", "", Does::Calls("cloudformation", "UpdateStack", "StackName", &[])),
    (CDK, "refactor", "--dry-run", Does::Reads),
    (CDK, "refactor", "", Does::Calls("cloudformation", "UpdateStack", "StackName", &[])),
    (CDK, "rollback", "", Does::Calls("cloudformation", "RollbackStack", "StackName", &[])),
    (CDK, "bootstrap", "--show-template", Does::Reads),
    (CDK, "bootstrap", "", Does::Own(Impact::Permission, Scope::Account)),
    (CDK, "gc", "--action=print", Does::Reads),
    (CDK, "gc", "", Does::Loses(Scope::Resource)),
    (
        CDK,
        "synth|synthesize|diff|ls|list|doctor|docs|doc|notices|metadata|drift|flags|acknowledge|ack",
        "",
        Does::Reads,
    ),
    (CDK, "init|context|migrate", "", Does::Writes),
    (SAM, "delete", "", Does::Calls("cloudformation", "DeleteStack", "StackName", &["stack-name"])),
    (
        SAM,
        "deploy",
        "--no-execute-changeset",
        Does::Calls("cloudformation", "CreateChangeSet", "StackName", &["stack-name"]),
    ),
    (SAM, "deploy|sync", "", Does::Calls("cloudformation", "UpdateStack", "StackName", &["stack-name"])),
    (SAM, "remote invoke", "", Does::Calls("lambda", "Invoke", "FunctionName", &["function-name"])),
    (SAM, "remote", "", Does::Own(Impact::Update, Scope::Resource)),
    (SAM, "package|publish", "", Does::Own(Impact::Create, Scope::Resource)),
    (SAM, "pipeline bootstrap", "", Does::Own(Impact::Permission, Scope::Account)),
    (SAM, "build|validate|local|logs|list|traces|docs|pipeline", "", Does::Reads),
    (SAM, "init", "", Does::Writes),
    (SLS, "remove", "", Does::Calls("cloudformation", "DeleteStack", "StackName", &["stack", "stage", "s"])),
    (SLS, "deploy list|deploy functions", "", Does::Reads),
    (SLS, "deploy function", "", Does::Calls("lambda", "UpdateFunctionCode", "FunctionName", &["function", "f"])),
    (SLS, "deploy", "", Does::Calls("cloudformation", "UpdateStack", "StackName", &["stage", "s"])),
    (SLS, "rollback", "", Does::Calls("cloudformation", "UpdateStack", "StackName", &["stage", "s"])),
    (SLS, "invoke local", "", Does::Reads),
    (SLS, "invoke", "", Does::Calls("lambda", "Invoke", "FunctionName", &["function", "f"])),
    (SLS, "prune", "", Does::Own(Impact::Destroy, Scope::Item)),
    (SLS, "info|package|offline|logs|metrics|print|doctor|usage|diagnostics|support|test|dev", "", Does::Reads),
    (SLS, "create|plugin|login|logout|config|install", "", Does::Writes),
    ("eb", "terminate", "", Does::Calls("elasticbeanstalk", "TerminateEnvironment", "EnvironmentName", &[])),
    ("eb", "rebuild", "", Does::Calls("elasticbeanstalk", "RebuildEnvironment", "EnvironmentName", &[])),
    (
        "eb",
        "deploy|upgrade|config|scale|setenv|swap|clone|use-version",
        "",
        Does::Calls("elasticbeanstalk", "UpdateEnvironment", "EnvironmentName", &[]),
    ),
    ("eb", "restart", "", Does::Calls("elasticbeanstalk", "RestartAppServer", "EnvironmentName", &[])),
    ("eb", "abort", "", Does::Calls("elasticbeanstalk", "AbortEnvironmentUpdate", "EnvironmentName", &[])),
    ("eb", "create", "", Does::Calls("elasticbeanstalk", "CreateEnvironment", "EnvironmentName", &[])),
    ("eb", "ssh", "", Does::Own(Impact::Execute, Scope::Resource)),
    ("eb", "appversion|labs|platform", "--delete", Does::Loses(Scope::Item)),
    ("eb", "platform delete", "", Does::Loses(Scope::Resource)),
    ("eb", "appversion|labs|platform|tags|restore|migrate", "", Does::Own(Impact::Update, Scope::Resource)),
    ("eb", "status|health|events|list|logs|printenv|console|open", "", Does::Reads),
    ("eb", "init|use|local|codesource", "", Does::Writes),
    (
        "eksctl",
        "delete nodegroup|delete iamserviceaccount|drain nodegroup|delete fargateprofile|delete addon|delete podidentityassociation|delete iamidentitymapping",
        "--config-file & !--approve",
        Does::Reads,
    ),
    ("eksctl", "delete cluster", "", Does::Calls("eks", "DeleteCluster", "name", &["name", "n"])),
    ("eksctl", "delete nodegroup", "", Does::Calls("eks", "DeleteNodegroup", "nodegroupName", &["name", "n"])),
    (
        "eksctl",
        "delete fargateprofile",
        "",
        Does::Calls("eks", "DeleteFargateProfile", "fargateProfileName", &["name"]),
    ),
    ("eksctl", "delete addon", "", Does::Calls("eks", "DeleteAddon", "addonName", &["name"])),
    ("eksctl", "delete accessentry", "", Does::Calls("eks", "DeleteAccessEntry", "principalArn", &["principal-arn"])),
    ("eksctl", "delete", "", Does::Own(Impact::Permission, Scope::Resource)),
    ("eksctl", "create cluster", "--dry-run", Does::Reads),
    ("eksctl", "create nodegroup", "--dry-run", Does::Reads),
    ("eksctl", "create cluster", "", Does::Calls("eks", "CreateCluster", "name", &["name", "n"])),
    (
        "eksctl",
        "create nodegroup|create nodegroups",
        "",
        Does::Calls("eks", "CreateNodegroup", "nodegroupName", &["name"]),
    ),
    ("eksctl", "create addon", "", Does::Calls("eks", "CreateAddon", "addonName", &["name"])),
    (
        "eksctl",
        "create fargateprofile",
        "",
        Does::Calls("eks", "CreateFargateProfile", "fargateProfileName", &["name"]),
    ),
    ("eksctl", "create", "", Does::Own(Impact::Permission, Scope::Resource)),
    ("eksctl", "scale nodegroup", "--nodes=0", Does::Own(Impact::Disrupt, Scope::Resource)),
    ("eksctl", "scale", "", Does::Calls("eks", "UpdateNodegroupConfig", "nodegroupName", &["name", "n"])),
    ("eksctl", "drain", "--undo", Does::Own(Impact::Update, Scope::Resource)),
    ("eksctl", "drain", "", Does::Own(Impact::Disrupt, Scope::Resource)),
    ("eksctl", "upgrade cluster", "!--approve", Does::Reads),
    ("eksctl", "upgrade cluster", "", Does::Calls("eks", "UpdateClusterVersion", "name", &["name"])),
    ("eksctl", "upgrade", "", Does::Calls("eks", "UpdateNodegroupVersion", "nodegroupName", &["name"])),
    (
        "eksctl",
        "utils describe-stacks|utils describe-addon-versions|utils describe-addon-configuration|utils write-kubeconfig|utils nodegroup-health|utils schema",
        "",
        Does::Reads,
    ),
    ("eksctl", "utils", "!--approve", Does::Reads),
    ("eksctl", "utils|associate|set|enable", "", Does::Own(Impact::Permission, Scope::Resource)),
    (
        "eksctl",
        "disassociate|unset|update|register|deregister|anywhere",
        "",
        Does::Own(Impact::Update, Scope::Resource),
    ),
    ("eksctl", "get|info|version|completion", "", Does::Reads),
    (
        "copilot",
        "app delete|env delete|svc delete|job delete|pipeline delete|task delete",
        "",
        Does::Calls("cloudformation", "DeleteStack", "StackName", &["name", "n", "app", "a"]),
    ),
    ("copilot", "svc exec|task exec|job run|task run|run local", "", Does::Own(Impact::Execute, Scope::Resource)),
    ("copilot", "svc pause", "", Does::Own(Impact::Disrupt, Scope::Resource)),
    (
        "copilot",
        "deploy|svc deploy|env deploy|job deploy|pipeline deploy|svc resume|app upgrade|env upgrade|svc upgrade",
        "",
        Does::Calls("cloudformation", "UpdateStack", "StackName", &["name", "n"]),
    ),
    ("copilot", "secret init|storage init", "", Does::Own(Impact::Create, Scope::Resource)),
    (
        "copilot",
        "init|app init|env init|svc init|job init|pipeline init|svc override|env override",
        "",
        Does::Own(Impact::Create, Scope::Environment),
    ),
    (
        "copilot",
        "app ls|app show|env ls|env show|svc ls|svc show|svc logs|svc status|svc package|env package|job ls|job logs|job package|pipeline ls|pipeline show|pipeline status|version|completion|docs",
        "",
        Does::Reads,
    ),
    ("amplify", "delete", "", Does::Loses(Scope::Environment)),
    ("amplify", "env remove", "", Does::Loses(Scope::Environment)),
    ("amplify", "push|publish", "", Does::Calls("cloudformation", "UpdateStack", "StackName", &[])),
    ("amplify", "status|env list|console|diagnose|mock|help|codegen|pull|env get|env checkout", "", Does::Reads),
    ("amplify", "init|env add", "", Does::Own(Impact::Create, Scope::Environment)),
    ("amplify", "add|update|remove|override|configure", "", Does::Writes),
    ("sst", "remove", "", Does::Loses(Scope::Environment)),
    ("sst", "deploy|dev|refresh|unlock|state", "", Does::Own(Impact::Update, Scope::Environment)),
    ("sst", "secret remove", "", Does::Own(Impact::Destroy, Scope::Item)),
    ("sst", "secret set|secret load", "", Does::Own(Impact::Update, Scope::Item)),
    ("sst", "shell|tunnel", "", Does::Own(Impact::Execute, Scope::Resource)),
    ("sst", "diff|version|secret list|install|init|add|upgrade|telemetry|cert|diagnostic", "", Does::Reads),
    ("chalice", "delete", "", Does::Loses(Scope::Environment)),
    ("chalice", "deploy", "", Does::Own(Impact::Update, Scope::Environment)),
    ("chalice", "invoke", "", Does::Own(Impact::Execute, Scope::Resource)),
    (
        "chalice",
        "local|logs|url|package|gen-policy|generate-sdk|generate-models|new-project|generate-pipeline|dev",
        "",
        Does::Reads,
    ),
    ("zappa", "undeploy", "", Does::Loses(Scope::Environment)),
    ("zappa", "deploy", "", Does::Own(Impact::Create, Scope::Environment)),
    ("zappa", "update|rollback|schedule|unschedule|certify", "", Does::Own(Impact::Update, Scope::Resource)),
    ("zappa", "invoke|manage|shell", "", Does::Own(Impact::Execute, Scope::Resource)),
    ("zappa", "status|tail|package|template|init|save-python-settings-file", "", Does::Reads),
    ("cloud-nuke", "inspect-aws|aws-inspect", "", Does::Reads),
    ("cloud-nuke", "aws|defaults-aws|*", "--dry-run", Does::Reads),
    ("cloud-nuke", "aws|defaults-aws|*", "", Does::Loses(Scope::Account)),
    ("aws-nuke", "resource-types|account-details|explain-account|explain-config|version|completion", "", Does::Reads),
    // Without this flag it only lists.
    ("aws-nuke", "run|nuke|-", "!--no-dry-run", Does::Reads),
    ("aws-nuke", "run|nuke|-", "--no-dry-run", Does::Loses(Scope::Account)),
    ("*", "-|help|version|completion", "", Does::Reads),
    ("*", "*", "", Does::Unknown),
];

/// Options without a value of these tools, which the word behind them does not belong to.
const FLAGS: [&str; 30] = [
    "all",
    "approve",
    "dry-run",
    "force",
    "no-dry-run",
    "no-execute",
    "no-prompts",
    "undo",
    "wait",
    "verbose",
    "yes",
    "no-confirm-changeset",
    "no-execute-changeset",
    "force-sleep",
    "quiet",
    "debug",
    "exclusively",
    "e",
    "f",
    "y",
    "v",
    "d",
    "q",
    "lint",
    "cached",
    "guided",
    "no-force-dry-run",
    "delete",
    "only-missing",
    "help",
];

/// The command's operands and options.
struct Line {
    operands: Vec<Word>,
    options: Vec<(String, Option<Word>)>,
    /// An option may stand where nobody knows what stands.
    open: bool,
}

impl Line {
    fn read(program: &str, arguments: &[Word]) -> Self {
        let mut line = Self { operands: vec![], options: vec![], open: false };
        let mut left = arguments.iter().peekable();
        while let Some(word) = left.next() {
            let (name, value) = match token(word) {
                Token::Option(name, value) => (name, value),
                Token::Open(word) => {
                    line.open |= word.splits();
                    line.operands.push(word);
                    continue;
                }
                Token::Value(word) => match word.text().as_deref().and_then(|text| text.strip_prefix('-')) {
                    Some(short) if !short.is_empty() => (short.to_owned(), None),
                    _ => {
                        line.operands.push(word);
                        continue;
                    }
                },
            };
            // `-f` is a file of `eksctl`, a function of `serverless`, the consent of `cdk`.
            let is_flag =
                FLAGS.contains(&name.as_str()) && !(name == "f" && matches!(program, "eksctl" | "sls" | "serverless"));
            let takes = value.is_none() && !is_flag && left.peek().is_some_and(|next| !next.leading().starts_with('-'));
            let value = if takes { left.next().cloned() } else { value };
            let name = match (program, name.as_str()) {
                ("eksctl", "f") => "config-file".to_owned(),
                ("eksctl", "N") => "nodes".to_owned(),
                _ => name,
            };
            line.options.push((name, value));
        }
        line
    }

    fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().find(|(given, _)| given == name).and_then(|(_, value)| value.as_ref())
    }

    /// `--x`, `--x=value`, `!--x`; several joined by ` & `.
    fn holds(&self, when: &str) -> bool {
        when.split(" & ").filter(|part| !part.is_empty()).all(|part| match part.strip_prefix("!--") {
            Some(name) => !self.open && !self.is_on(name),
            None => {
                let part = part.trim_start_matches("--");
                let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
                match value {
                    Some(value) => self.value(name).is_some_and(|word| word.is(value)),
                    None => self.is_on(name),
                }
            }
        })
    }

    fn is_on(&self, name: &str) -> bool {
        let last = self.options.iter().rev().find(|(given, _)| given == name);
        last.is_some_and(|(_, value)| value.as_ref().is_none_or(|word| !word.is("false")))
    }

    /// How many words of the command these are; `None` when they are others.
    fn fits(&self, command: &str) -> Option<usize> {
        let one = |words: &str| match words {
            "*" => Some(0),
            "-" => self.operands.is_empty().then_some(0),
            words => {
                let mut count = 0;
                let all = words.split(' ').all(|word| {
                    let is = self.operands.get(count).is_some_and(|operand| operand.is(word));
                    count += 1;
                    is
                });
                all.then_some(count)
            }
        };
        command.split('|').find_map(one)
    }
}

/// One of the tools of the table.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let program = one.program().unwrap_or_default();
    let line = Line::read(&program, one.arguments());
    if line.is_on("help") || line.is_on("h") || line.is_on("version") && line.operands.is_empty() {
        return reads(one, scene);
    }
    let of = |row: &&Row| row.0 == "*" || row.0.split('|').any(|name| name == program);
    if let Some(first) = line.operands.first()
        && first.has_unknown()
    {
        return scene.unknown(one, "the command is not known");
    }
    let found = ROWS.iter().filter(of).find_map(|row| {
        let count = line.fits(row.1)?;
        line.holds(row.2).then_some((row, count))
    });
    if let Some((row, count)) = found {
        carry_out((&program, &row.3, count), &line, one, scene);
    }
}

fn carry_out((program, does, count): (&str, &Does, usize), line: &Line, one: &Invocation, scene: &mut Scene<'_>) {
    let target = || Globals {
        profile: line.value("profile").or_else(|| line.value("aws-profile")).cloned(),
        region: line.value("region").or_else(|| line.value("r").filter(|_| program != "cdk")).cloned(),
        endpoint: program.ends_with("local").then(|| Word::known(LOCALSTACK)),
        ..Globals::default()
    };
    let behind: Vec<String> = line.operands.iter().skip(count).map(shown).collect();
    let words: Vec<String> = line.operands.iter().take(count.max(1)).map(shown).collect();
    let id = format!("{program}:{}:{}", "deploy", words.join("-"));
    match does {
        Does::Reads => reads(one, scene),
        Does::Writes => scene.effect(one, Effect::new(&format!("shell:exec:{program}"), Impact::Update, Scope::Local)),
        Does::Unknown => scene.unknown(one, "the command is not one that the tables hold"),
        Does::Own(impact, scope) => {
            let target = target::of(&target(), "cloudformation", one, scene);
            let effect = behind.iter().fold(Effect::new(&id, *impact, *scope), |effect, name| effect.on(name.clone()));
            scene.effect(one, effect.at(place(&target)));
        }
        Does::Loses(scope) => {
            let target = target::of(&target(), "cloudformation", one, scene);
            let effect = Effect::new(&id, Impact::Destroy, *scope).hazard(Hazard::DataLoss).count(Count::AtLeast(1));
            let effect = behind.iter().fold(effect, |effect, name| effect.on(name.clone()));
            scene.effect(one, effect.at(place(&target)));
        }
        Does::Calls(service, name, member, options) => {
            let target = target::of(&target(), service, one, scene);
            let Some((service, operation)) = catalog::service(service).and_then(|s| Some((s, s.operation(name)?)))
            else {
                return;
            };
            let named: Vec<String> =
                options.iter().find_map(|option| line.value(option)).map(shown).into_iter().collect();
            let named = if named.is_empty() { behind } else { named };
            let cluster = line.value("cluster").map(shown);
            for name in if named.is_empty() { vec![String::new()] } else { named } {
                let mut document = Map::new();
                document.insert((*member).to_owned(), Value::from(name));
                if let Some(cluster) = &cluster {
                    document.insert("clusterName".to_owned(), Value::from(cluster.as_str()));
                }
                let given = Given { parameters: Parameters { document, ..Parameters::default() }, ..Given::default() };
                told((service, operation), &given, &target, (one, scene));
            }
        }
    }
}

/// `tflocal`: terraform against `LocalStack`. What a plan holds is not looked at: everything stands on this machine.
pub(super) fn terraform(one: &Invocation, scene: &mut Scene<'_>) {
    let is_bare = one.arguments().iter().find(|word| !word.leading().starts_with('-'));
    let name = is_bare.map(shown).unwrap_or_default();
    scene.effect(one, Effect::new(&format!("terraform:state:{name}"), Impact::Update, Scope::Local));
}
