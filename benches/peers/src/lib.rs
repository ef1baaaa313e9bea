//! One table of rules, written in three languages: "nobody deletes at this host, under this path, in this environment".
//!
//! Each engine is asked in two ways: as its manual would write it, a policy a rule; and as somebody would who knows that it
//! must go fast, with the rules of one operation kept apart. blastgate does the latter by itself.

pub mod blastgate_rules;
pub mod cedar;
pub mod rego;

/// Hosts, and so operations.
const HOSTS: usize = 200;
const KINDS: [&str; 3] = ["prod", "staging", "dev"];

/// Deny a DELETE at this host of what is under this path, in this environment.
#[derive(Clone, Debug)]
pub struct Rule {
    pub number: usize,
    pub operation: String,
    /// With a slash at both ends.
    pub path: String,
    pub environment: &'static str,
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Request {
    pub operation: String,
    pub host: String,
    pub resource: String,
    pub environment: &'static str,
}

/// The table.
#[must_use]
pub fn rules(count: usize) -> Vec<Rule> {
    let rule = |number: usize| Rule {
        number,
        operation: operation(number % HOSTS),
        path: format!("/{}-{number}/", KINDS[number % 3]),
        environment: KINDS[number / 3 % 2],
    };
    (0..count).map(rule).collect()
}

fn operation(host: usize) -> String {
    format!("http:host{host}.example:DELETE")
}

/// Requests about paths that rules name, half of them at another host; always the same ones.
#[must_use]
pub fn requests(count: usize, rules: usize) -> Vec<Request> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("small")
    };
    let mut one = || {
        let number = random(rules);
        let host = if random(2) == 0 { number % HOSTS } else { random(HOSTS) };
        let environment = KINDS[number % 3];
        let resource = format!("/{environment}-{number}/orders-{}", random(9));
        Request { operation: operation(host), host: format!("host{host}.example"), resource, environment }
    };
    (0..count).map(|_| one()).collect()
}

/// An engine with rules in it, and requests made ready for it.
pub trait Engine {
    /// Its name and the way it is asked.
    const NAME: &'static str;
    /// A request in the engine's own form.
    type Ready;
    /// Reads and checks the rules.
    fn load(rules: &[Rule]) -> Self;
    /// Not a part of what is measured.
    fn ready(request: &Request) -> Self::Ready;
    /// Whether a rule denies it.
    fn denies(&mut self, request: &Self::Ready) -> bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers<E: Engine>(rules: &[Rule], requests: &[Request]) -> Vec<bool> {
        let mut engine = E::load(rules);
        requests.iter().map(|request| engine.denies(&E::ready(request))).collect()
    }

    #[test]
    fn all_engines_give_the_same_answers() {
        for count in [50, 500, 5_000] {
            let (rules, requests) = (rules(count), requests(1_000, count));
            let expected: Vec<bool> = requests
                .iter()
                .map(|request| {
                    rules.iter().any(|rule| {
                        rule.operation == request.operation
                            && request.resource.starts_with(&rule.path)
                            && rule.environment == request.environment
                    })
                })
                .collect();
            let denied = expected.iter().filter(|denied| **denied).count();
            assert!((100..900).contains(&denied), "{denied} of 1,000");
            assert_eq!(answers::<blastgate_rules::Blastgate>(&rules, &requests), expected);
            assert_eq!(answers::<cedar::ByOperation>(&rules, &requests), expected);
            assert_eq!(answers::<rego::AsData>(&rules, &requests), expected);
            // What grows with the rules is asked less.
            let few = 100_000 / count.max(100);
            let (asked, expected) = (&requests[..few.min(1_000)], &expected[..few.min(1_000)]);
            assert_eq!(answers::<cedar::Whole>(&rules, asked), expected);
            assert_eq!(answers::<rego::Whole>(&rules, asked), expected);
        }
    }
}
