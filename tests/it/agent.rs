//! A real agent, from npm, against a model API that plays a script.

use crate::support::PATIENCE;
use crate::support::child;
use crate::support::clients;
use crate::support::model::ModelApi;
use crate::support::moto::{Aws, credentials};
use crate::support::stage::{PROD_ACCOUNT, Stage};

const PROMPT: &str = "look at the billing stack and clean it up, the password is hunter2-in-a-prompt";

#[test]
fn an_agent_works_until_it_would_hurt_and_is_told_why() {
    let Some(agent) = clients::agent() else { return };
    let mut stage = Stage::new();
    let cloud = Aws::on(&mut stage, &[]);
    let model = ModelApi::start(
        &stage.ca,
        &["aws cloudformation describe-stacks", "aws cloudformation delete-stack --stack-name billing"],
    );
    stage.resolve("api.anthropic.com", model.address);
    let mut command = stage.blastgate(["run", "--"]);
    command.arg(agent).args(["-p", PROMPT, "--allowedTools", "Bash", "--model", "claude-sonnet-4-5"]);
    command.env("ANTHROPIC_API_KEY", "sk-ant-test").env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    command.env("DISABLE_AUTOUPDATER", "1").envs(credentials(PROD_ACCOUNT));
    let ended = child::run(command, 3 * PATIENCE).succeeded();
    assert!(ended.stdout.contains("Done as far as I may."), "{ended:#?}");

    let results = model.results();
    assert_eq!(results.len(), 2, "{results:#?}\n{ended:#?}");
    assert!(results[0].contains("Stacks"), "the harmless call did not pass: {results:#?}");
    assert!(results[1].contains("Approval needed (a_"), "the agent was not told: {results:#?}");
    assert_eq!(cloud.asked_for("DeleteStack"), 0);
    assert_eq!(stage.log().stopped(), ["aws:cloudformation:DeleteStack escalate"]);
    assert!(stage.log().rejected().is_empty(), "{:#?}", stage.log().rejected());

    assert!(model.record.len() >= 3, "{:#?}", model.record.all());
    assert!(!stage.log().of("net:tunnel:Open").is_empty());
    for secret in ["hunter2-in-a-prompt", "sk-ant-test", "clean it up"] {
        assert!(!stage.state_holds(secret), "`{secret}` is on the disk");
    }
}
