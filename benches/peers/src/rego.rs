//! The table in Rego, by regorus.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use regorus::{Engine as Regorus, Value};

use super::{Engine, Request, Rule};

const ENTRY: &str = "data.gate.deny";

fn engine(policy: String, data: Option<&str>) -> Regorus {
    let mut engine = Regorus::new();
    engine.add_policy("gate.rego".to_owned(), policy).expect("a policy");
    if let Some(data) = data {
        engine.add_data_json(data).expect("data");
    }
    // Compiles, so that the first request need not.
    engine.set_input(Value::new_object());
    engine.eval_rule(ENTRY.to_owned()).expect("an answer");
    engine
}

fn input(request: &Request) -> Value {
    let Request { operation, resource, environment, .. } = request;
    let text = format!(r#"{{"operation":"{operation}","resource":"{resource}","environment":"{environment}"}}"#);
    Value::from_json_str(&text).expect("JSON")
}

fn is_denied(engine: &mut Regorus, input: &Value) -> bool {
    engine.set_input(input.clone());
    engine.eval_rule(ENTRY.to_owned()).expect("an answer") == Value::Bool(true)
}

/// A rule each.
pub struct Whole(Regorus);

impl Engine for Whole {
    const NAME: &'static str = "regorus 0.14.1, a rule each";
    type Ready = Value;

    fn load(rules: &[Rule]) -> Self {
        let mut text = "package gate\nimport rego.v1\n\ndefault deny := false\n".to_owned();
        for Rule { operation, path, environment, .. } in rules {
            let _ = writeln!(
                text,
                "deny if {{ input.operation == \"{operation}\"; startswith(input.resource, \"{path}\"); input.environment \
                 == \"{environment}\" }}"
            );
        }
        Self(engine(text, None))
    }

    fn ready(request: &Request) -> Value {
        input(request)
    }

    fn denies(&mut self, request: &Value) -> bool {
        is_denied(&mut self.0, request)
    }
}

/// The table as data, by operation, and one rule that looks into it.
pub struct AsData(Regorus);

impl Engine for AsData {
    const NAME: &'static str = "regorus 0.14.1, rules as data by operation";
    type Ready = Value;

    fn load(rules: &[Rule]) -> Self {
        let text = "package gate\nimport rego.v1\n\ndefault deny := false\ndeny if {\n  some rule in \
                    data.rules[input.operation]\n  startswith(input.resource, rule.path)\n  input.environment == \
                    rule.environment\n}\n";
        let mut by_operation: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for Rule { operation, path, environment, .. } in rules {
            let row = format!(r#"{{"path":"{path}","environment":"{environment}"}}"#);
            by_operation.entry(operation).or_default().push(row);
        }
        let rows: Vec<String> =
            by_operation.into_iter().map(|(operation, rows)| format!("\"{operation}\":[{}]", rows.join(","))).collect();
        Self(engine(text.to_owned(), Some(&format!("{{\"rules\":{{{}}}}}", rows.join(",")))))
    }

    fn ready(request: &Request) -> Value {
        input(request)
    }

    fn denies(&mut self, request: &Value) -> bool {
        is_denied(&mut self.0, request)
    }
}
