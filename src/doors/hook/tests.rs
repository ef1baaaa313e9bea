//! Exact inputs and outputs, one file an agent: `golden/AGENT.json`.

use serde::Deserialize;
use serde_json::Value;

use super::*;

/// What an agent sends, and what must be read from it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    /// Each verdict with the reason `no`, in the form that the agent takes for this event.
    answers: Vec<Answers>,
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answers {
    event: String,
    pass: Said,
    ask: Said,
    deny: Said,
    fault: Said,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Said {
    exit: u8,
    /// JSON on one line, or nothing.
    stdout: Value,
    stderr: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    what: String,
    input: Value,
    #[serde(default)]
    calls: Vec<String>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    session: Option<String>,
    #[serde(default)]
    sub_agent: Option<String>,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

fn event(name: &str) -> Event {
    match name {
        "before" => Event::Before,
        "before-without-ask" => Event::BeforeWithoutAsk,
        "permission" => Event::Permission,
        "other" => Event::Other,
        other => panic!("no event `{other}`"),
    }
}

fn told(call: &ToolCall) -> String {
    let inside = |directory: &Option<String>| directory.as_ref().map_or_else(String::new, |one| format!(" in {one}"));
    match call {
        ToolCall::Shell { text, shell, directory } => format!("{shell:?}{}: {text}", inside(directory)),
        ToolCall::Program { words, directory } => format!("Program{}: {}", inside(directory), words.join("|")),
        ToolCall::Write { path, keeps } => format!("{} {path}", if *keeps { "edit" } else { "write" }),
        ToolCall::Delete { path } => format!("delete {path}"),
        ToolCall::Move { from, to } => format!("move {from} {to}"),
        ToolCall::Read { path } => format!("read {path}"),
        ToolCall::Aws { service, operation, parameters, region, profile } => {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            let parameters = serde_json::to_string(parameters).unwrap();
            format!("aws {service} {operation} {parameters} {} {}", part(region), part(profile))
        }
        ToolCall::Fetch { url } => format!("fetch {url}"),
        ToolCall::Mcp { server, tool, arguments, .. } => format!("mcp {server} {tool} {arguments}"),
        ToolCall::Own { name } => format!("own {name}"),
        ToolCall::Unknown { name } => format!("unknown {name}"),
    }
}

fn said(answer: &Answer) -> Said {
    let stdout = match answer.stdout.strip_suffix('\n') {
        Some(line) => serde_json::from_str(line).expect("one line of JSON"),
        None => Value::String(answer.stdout.clone()),
    };
    Said { exit: answer.exit, stdout, stderr: answer.stderr.clone() }
}

fn golden(agent: Agent) -> Golden {
    let path = format!("{}/src/doors/hook/golden/{agent}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_agent_s_input_is_read() {
    for agent in Agent::ALL {
        for Input { what, input, calls, event: wanted, session, sub_agent, cwd, error } in golden(agent).inputs {
            let text = match &input {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            match decode(agent, &text) {
                Ok(asked) => {
                    let found: Vec<_> = asked.calls.iter().map(told).collect();
                    assert_eq!(found, calls, "{agent}: {what}");
                    assert_eq!(error, None, "{agent}: {what}");
                    assert_eq!(asked.event, event(wanted.as_deref().unwrap_or("before")), "{agent}: {what}");
                    assert_eq!(asked.agent_session, session, "{agent}: {what}");
                    assert_eq!(asked.sub_agent, sub_agent, "{agent}: {what}");
                    assert_eq!(asked.cwd, cwd, "{agent}: {what}");
                }
                Err(found) => {
                    let found = found.to_string();
                    let error = error.unwrap_or_else(|| panic!("{agent}: {what}: {found}"));
                    assert!(found.contains(&error), "{agent}: {what}: {found}");
                }
            }
        }
    }
}

#[test]
fn every_agent_is_answered_in_its_own_form() {
    for agent in Agent::ALL {
        let answers = golden(agent).answers;
        assert!(answers.iter().any(|one| one.event == "before"), "{agent}");
        for Answers { event: name, pass, ask, deny, fault } in answers {
            let event = event(&name);
            let no = || "no".to_owned();
            let found = |verdict| said(&answer(agent, event, &verdict));
            assert_eq!(found(Verdict::Pass), pass, "{agent} {name} pass");
            assert_eq!(found(Verdict::Ask(no())), ask, "{agent} {name} ask");
            assert_eq!(found(Verdict::Deny(no())), deny, "{agent} {name} deny");
            assert_eq!(found(Verdict::Fault(no())), fault, "{agent} {name} fault");
        }
    }
}

#[test]
fn a_refusal_always_has_a_reason_and_no_answer_allows_by_itself() {
    for agent in Agent::ALL {
        for event in [Event::Before, Event::BeforeWithoutAsk, Event::Permission] {
            for verdict in [Verdict::Deny(String::new()), Verdict::Fault("  ".into()), Verdict::Ask(String::new())] {
                let answer = answer(agent, event, &verdict);
                assert!(format!("{}{}", answer.stdout, answer.stderr).contains("blastgate stopped"), "{agent}");
                assert!(answer.exit == 0 || !answer.stderr.trim().is_empty(), "{agent}");
            }
            let pass = answer(agent, event, &Verdict::Pass);
            let allows = pass.stdout.contains("allow");
            let must = matches!(agent, Agent::Cursor | Agent::Antigravity | Agent::Opencode);
            assert_eq!(allows, must, "{agent}: {}", pass.stdout);
        }
    }
}

#[test]
fn hostile_input_is_an_error_and_never_a_panic() {
    for agent in Agent::ALL {
        for text in ["", "null", "[]", "{", "\"x\"", "{}", "{\"tool_name\":7}", "\u{feff}", "{\"tool_name\":\"Bash\"}"]
        {
            assert!(decode(agent, text).is_err(), "{agent}: {text}");
        }
        let deep = "[".repeat(100_000);
        assert!(decode(agent, &deep).is_err());
    }
}

#[test]
fn over_http_there_is_always_json() {
    for agent in Agent::ALL {
        for verdict in [Verdict::Pass, Verdict::Deny("no".into()), Verdict::Fault("no".into())] {
            let body = answer(agent, Event::Before, &verdict).body();
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body.to_string().contains("\"no\""), verdict != Verdict::Pass, "{agent}: {body}");
        }
    }
}
