//! The table as Cedar policies: everything is permitted, and each rule forbids.

use std::collections::HashMap;
use std::fmt::Write as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request as Asked, RestrictedExpression,
};

use super::{Engine, Request, Rule};

const PERMIT: &str = "permit(principal, action, resource);\n";

fn forbid(rule: &Rule, out: &mut String) {
    let Rule { number, operation, path, environment } = rule;
    let _ = writeln!(
        out,
        "@id(\"r{number}\")\nforbid(principal, action == Action::\"{operation}\", resource) when {{\n  context.resource like \
         \"{path}*\" && context.environment == \"{environment}\"\n}};"
    );
}

fn asked(request: &Request) -> Asked {
    let uid = |text: String| text.parse::<EntityUid>().expect("an id");
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let context = Context::from_pairs([
        ("resource".to_owned(), text(&request.resource)),
        ("environment".to_owned(), text(request.environment)),
    ]);
    let action = uid(format!("Action::\"{}\"", request.operation));
    Asked::new(
        uid("Agent::\"a\"".to_owned()),
        action,
        uid(format!("Path::\"{}\"", request.resource)),
        context.expect("a context"),
        None,
    )
    .expect("a request")
}

fn is_denied(authorizer: &Authorizer, request: &Asked, policies: &PolicySet) -> bool {
    authorizer.is_authorized(request, policies, &Entities::empty()).decision() == Decision::Deny
}

/// All policies in one set.
pub struct Whole {
    authorizer: Authorizer,
    policies: PolicySet,
}

impl Engine for Whole {
    const NAME: &'static str = "cedar-policy 4.14.1, one set";
    type Ready = Asked;

    fn load(rules: &[Rule]) -> Self {
        let mut text = PERMIT.to_owned();
        rules.iter().for_each(|rule| forbid(rule, &mut text));
        Self { authorizer: Authorizer::new(), policies: text.parse().expect("policies") }
    }

    fn ready(request: &Request) -> Asked {
        asked(request)
    }

    fn denies(&mut self, request: &Asked) -> bool {
        is_denied(&self.authorizer, request, &self.policies)
    }
}

/// A set for each operation, looked up by the caller.
pub struct ByOperation {
    authorizer: Authorizer,
    policies: HashMap<String, PolicySet>,
    others: PolicySet,
}

impl Engine for ByOperation {
    const NAME: &'static str = "cedar-policy 4.14.1, a set for each operation";
    type Ready = (String, Asked);

    fn load(rules: &[Rule]) -> Self {
        let mut texts: HashMap<String, String> = HashMap::new();
        for rule in rules {
            forbid(rule, texts.entry(rule.operation.clone()).or_insert_with(|| PERMIT.to_owned()));
        }
        let policies =
            texts.into_iter().map(|(operation, text)| (operation, text.parse().expect("policies"))).collect();
        Self { authorizer: Authorizer::new(), policies, others: PERMIT.parse().expect("a policy") }
    }

    fn ready(request: &Request) -> Self::Ready {
        (request.operation.clone(), asked(request))
    }

    fn denies(&mut self, (operation, request): &Self::Ready) -> bool {
        is_denied(&self.authorizer, request, self.policies.get(operation).unwrap_or(&self.others))
    }
}
