//! Every operation of GitHub's published descriptions is named by its own id: 100 %, in every form of its path.

use blastgate::classify::classify;
use blastgate::config::Inventory;
use blastgate::identify::{self, Known};
use blastgate::model::http::{Authority, BodyNeed, Captured, Head, Scheme};
use blastgate::model::{Evidence, Impact};
use http::{HeaderMap, HeaderValue};

use crate::support::clients;
use crate::support::github::{Published, description};

/// What comes before a path, and what stands in for its parts.
struct Form {
    name: &'static str,
    host: &'static str,
    base: &'static str,
    long: &'static str,
    /// The start of a path, and what GitHub takes instead.
    numbered: &'static [(&'static str, &'static str)],
}

const PLAIN: Form = Form { name: "plain", host: "api.github.com", base: "", long: "a", numbered: &[] };
const FORMS: &[Form] = &[
    PLAIN,
    Form { name: "long names", long: "a/b/c", ..PLAIN },
    Form { name: "escaped names", long: "a%2Fb", ..PLAIN },
    Form { name: "data residency", host: "api.octo.ghe.com", ..PLAIN },
    Form { name: "enterprise server", host: "ghes.example", base: "/api/v3", ..PLAIN },
    Form {
        name: "numeric ids",
        numbered: &[
            ("/repos/7/7", "/repositories/7"),
            ("/orgs/7/teams/7", "/organizations/7/team/7"),
            ("/orgs/7", "/organizations/7"),
            ("/users/7", "/user/7"),
        ],
        ..PLAIN
    },
];

/// What the request is named, or why it has no name.
fn name(form: &Form, one: &Published) -> Result<String, String> {
    let mut path = one.filled(form.long);
    let begins = |start: &str| path == start || path.starts_with(&format!("{start}/"));
    // One user by its number is an operation of its own.
    if let Some((start, other)) = form.numbered.iter().find(|(start, _)| begins(start) && path != "/users/7") {
        path = path.replacen(start, other, 1);
    }
    let mut headers = HeaderMap::new();
    let mut bytes = vec![];
    if let Some((media, body)) = &one.body {
        headers.insert("content-type", HeaderValue::from_str(media).unwrap());
        bytes = body.to_string().into_bytes();
    }
    let head = Head {
        scheme: Scheme::Https,
        authority: Authority { host: form.host.to_owned(), port: 443 },
        method: one.method.parse().unwrap(),
        target: format!("{}{path}", form.base).parse().unwrap(),
        headers,
        upgrade: None,
    };
    let known = Known { provider: Some("github".to_owned()), cluster: None };
    let found = identify::route(&head, &known)
        .and_then(|route| {
            let body = match route.need() {
                BodyNeed::None => Captured::Unread,
                _ => Captured::Whole(bytes.into()),
            };
            identify::identify(&route, &head, &body)
        })
        .map_err(|error| format!("{} {}: {error}", head.method, head.target))?;
    let actions = classify(found, &Inventory::default(), Evidence::Observed);
    let action = actions.first();
    if one.method != "GET" && action.blast().impact == Impact::Unknown {
        return Err(format!("{} {}: nobody knows what it does", head.method, head.target));
    }
    Ok(action.operation().to_string())
}

#[test]
fn every_operation_of_the_published_descriptions_is_named() {
    let Some(octokit) = clients::octokit() else { return };
    let (mut wrong, mut named) = (vec![], 0);
    for (document, least) in [("api.github.com", 1200), ("ghec", 1450), ("ghes-3.19", 1000), ("ghes-3.17", 900)] {
        let all = description(octokit, document);
        assert!(all.len() >= least, "{document}: {}", all.len());
        for form in FORMS {
            // An older name for the same call.
            for one in all.iter().filter(|one| !one.path.contains("}...")) {
                match name(form, one) {
                    Ok(id) if id == format!("github:rest:{}", one.id) => named += 1,
                    Ok(id) => wrong.push(format!("{document}, {}: {} {} is {id}", form.name, one.method, one.path)),
                    Err(why) => wrong.push(format!("{document}, {}: {}: {why}", form.name, one.id)),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), wrong.len() + named, wrong.join("\n"));
}
