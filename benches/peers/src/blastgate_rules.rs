//! The table as blastgate's rules, one file a rule.

use blastgate::classify::{Action, classify};
use blastgate::config::Inventory;
use blastgate::decide::{Facts, decide};
use blastgate::head::text::head_from_parts;
use blastgate::identify::{Known, identify, route};
use blastgate::model::http::Captured;
use blastgate::model::{Context, Effect, Evidence, Posture, Timestamp};
use blastgate::prove::nobody;
use blastgate::rules::{Layer, RuleSet, Source};
use vec1::Vec1;

use super::{Engine, KINDS, Request, Rule};

/// The whole set, built-in rules and matrix included: that is what a call meets.
pub struct Blastgate {
    rules: RuleSet,
    context: Context,
    facts: Facts,
}

fn source(rule: &Rule) -> Source {
    let Rule { number, operation, path, environment } = rule;
    Source {
        file: format!("rules/peers/r{number}.yaml"),
        text: format!(
            "id: peers/r{number}\nowner: \"@peers\"\nseverity: high\nmatch: {{ operation: \"{operation}\", resource: \
             [\"*.example{path}*\"], environment: [{environment}] }}\ndecision: deny\nmessage: Nobody deletes here.\ninstead: Ask.\n"
        ),
        layer: Layer::Organisation,
    }
}

fn inventory() -> Inventory {
    let environment = |kind: &str| {
        format!("  - {{ name: {kind}, match: [ {{ host: \"*.example\", resource: \"*.example/{kind}-*\" }} ] }}\n")
    };
    let environments: String = KINDS.iter().copied().map(environment).collect();
    Inventory::parse("inventory.yaml", &format!("version: 1\nenvironments:\n{environments}")).expect("an inventory")
}

impl Engine for Blastgate {
    const NAME: &'static str = "blastgate";
    type Ready = Vec1<Action>;

    fn load(rules: &[Rule]) -> Self {
        let sources: Vec<Source> = rules.iter().map(source).collect();
        let rules = RuleSet::load(&sources).expect("the rules load");
        Self { rules, context: nobody(Timestamp::from_millis(0)), facts: Facts::default() }
    }

    fn ready(request: &Request) -> Vec1<Action> {
        let url = format!("https://{}{}", request.host, request.resource);
        let head = head_from_parts("DELETE", &url, &[]).expect("a request");
        let route = route(&head, &Known::default()).expect("a route");
        let identified = identify(&route, &head, &Captured::Unread).expect("a reading");
        let actions = classify(identified, &inventory(), Evidence::Observed);
        assert_eq!(actions.first().operation().as_str(), request.operation);
        assert_eq!(actions.first().environment().kind.as_str(), request.environment);
        actions
    }

    fn denies(&mut self, actions: &Vec1<Action>) -> bool {
        decide(actions, &self.context, &self.rules, &self.facts, Posture::Guarded).effect() == Effect::Deny
    }
}
