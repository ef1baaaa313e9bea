use crate::identify::command::testing::{said, said_in, stated};

fn check(table: &[(&str, &str)]) {
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(command, expected)| {
            let said = said(command);
            (said != *expected).then(|| format!("{command}\n  expected {expected}\n  said     {said}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn gh_api_is_the_request_that_it_writes_out() {
    check(&[
        ("gh api -X DELETE repos/acme/shop", "github:rest:repos/delete destroy resource"),
        ("gh api --method=DELETE /repos/acme/shop", "github:rest:repos/delete destroy resource"),
        ("gh api repos/acme/shop --jq .default_branch", "github:rest:repos/get read resource"),
        ("gh api repos/acme/shop/issues -f title=a", "github:rest:issues/create create item"),
        ("gh api -X GET search/issues -f q='repo:acme/shop delete'", "github:rest:search/issues-and-pull-requests read resource"),
        ("gh api graphql -f query='query { viewer { login } }'", "github:graphql:viewer read resource"),
        ("gh api repos/acme/shop -X PATCH -F private=false", "github:rest:repos/update permission resource"),
        ("gh api repos/acme/shop --method PATCH --input change.json", "github:rest:repos/update permission resource"),
        ("glab api -X DELETE projects/42", "http:gitlab.com:DELETE destroy resource"),
    ]);
    let mut around = stated();
    let drop = "mutation($id: ID!) { deleteRepositoryRuleset(input: {repositoryRulesetId: $id}) { clientMutationId } }";
    around.files.insert("/repo/drop.graphql".to_owned(), drop.to_owned());
    let said = said_in("gh api graphql -F query=@drop.graphql -f id=RRS_1", &around);
    assert_eq!(said, "github:graphql:deleteRepositoryRuleset permission resource");
}

#[test]
fn aliases_of_gh_are_followed() {
    let mut around = stated();
    let settings = "git_protocol: https\naliases:\n    co: pr checkout\n    nuke: repo delete --yes\n";
    around.files.insert("/home/dev/.config/gh/config.yml".to_owned(), settings.to_owned());
    assert_eq!(said_in("gh nuke acme/shop", &around), "github:rest:repos/delete destroy resource");
}

#[test]
fn netlify_names_its_operations() {
    check(&[
        ("netlify api getSite", "netlify:site:getSite read resource"),
        ("netlify api deleteSite", "netlify:site:deleteSite destroy environment"),
    ]);
}
