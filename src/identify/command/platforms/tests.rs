use crate::identify::command::tests::{said, said_in, stated};

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
        (
            "gh api -X GET search/issues -f q='repo:acme/shop delete'",
            "github:rest:search/issues-and-pull-requests read resource",
        ),
        ("gh api graphql -f query='query { viewer { login } }'", "github:graphql:query read resource"),
        ("gh api repos/acme/shop -X PATCH -F private=false", "github:rest:repos/update permission resource"),
        (
            "gh api repos/acme/shop --method PATCH --input change.json",
            "shell:unidentified:unidentified unknown resource",
        ),
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

#[test]
fn words_of_platforms_are_their_requests() {
    check(&[
        ("gh repo delete acme/shop --yes", "github:rest:repos/delete destroy resource"),
        (
            "gh repo edit acme/shop --visibility=private --visibility=public",
            "github:rest:repos/update permission resource",
        ),
        (
            "gh workflow run deploy.yml -f environment=production",
            "github:rest:actions/create-workflow-dispatch execute resource",
        ),
        ("gh issue delete 42 --yes", "github:graphql:deleteIssue destroy item"),
        ("gh pr merge 17 --squash", "github:rest:pulls/merge update resource"),
        ("gh pr create --fill --draft", "github:rest:pulls/create create item"),
        (
            "gh secret delete DATABASE_URL --env production",
            "github:rest:actions/delete-environment-secret destroy item",
        ),
        ("gh release delete v1 --cleanup-tag -y", "github:rest:repos/delete-release destroy resource"),
        ("gh nonsense", "gh:unidentified:unidentified unknown resource"),
        ("heroku apps:destroy --app shop --confirm shop", "heroku:app:delete destroy environment"),
        ("heroku ps:scale web=0 worker=0 -a shop", "heroku:formation:batch-update disrupt resource"),
        ("heroku ps:scale web=2 -a shop", "heroku:formation:batch-update update resource"),
        ("heroku pg:reset DATABASE_URL --app shop --confirm shop", "heroku:postgres:reset destroy resource"),
        ("fly apps destroy shop --yes", "fly:machines:AppsDelete destroy environment"),
        ("fly vol rm vol_1 -y", "fly:machines:VolumeDelete destroy resource"),
        ("fly m destroy 568 -f", "fly:machines:MachinesDelete destroy resource"),
        ("fly status -a shop", "fly:machines:AppsShow read resource"),
        ("vercel --token t --scope acme project remove shop", "vercel:projects:deleteProject destroy environment"),
        ("vercel deploy --prod", "vercel:deployments:createDeployment update resource"),
        ("netlify sites:delete 0d3a --force", "netlify:site:deleteSite destroy environment"),
        ("railway volume delete --volume pgdata --yes", "railway:graphql:volumeDelete destroy resource"),
        ("railway down --yes", "railway:graphql:deploymentRemove disrupt resource"),
        ("railway status", "railway:graphql:query read resource"),
        ("doctl c d d web-1 -f", "digitalocean:droplets:destroy destroy resource"),
        ("doctl c d ls", "digitalocean:droplets:list read resource"),
        ("doctl k8s cluster rm prod -f", "digitalocean:kubernetes:delete_cluster destroy environment"),
        ("wrangler d1 delete shop -y", "cloudflare:d1:database.delete destroy resource"),
        ("wrangler delete --name api --dry-run", "shell:exec:wrangler read local"),
        ("supabase db reset --linked", "supabase:cli:db.reset destroy environment"),
        ("supabase db reset", "shell:exec:supabase update local"),
        ("supabase projects delete abc --yes", "supabase:projects:v1-delete-a-project destroy environment"),
        ("npm publish --dry-run=false", "npm:registry:publish permission resource"),
        ("npm publish --dry-run", "npm:registry:publish read resource"),
        ("npm -w packages/a publish", "npm:registry:publish permission resource"),
        ("pnpm -r publish --no-git-checks", "npm:registry:publish permission resource"),
        ("cargo publish -p a", "cargo:registry:publish permission resource"),
        ("cargo build", "shell:exec:cargo execute local"),
        ("twine upload dist/a.whl", "pypi:registry:upload permission resource"),
        ("mvn -B clean deploy", "maven:registry:deploy permission resource"),
        ("mvn clean install", "shell:exec:mvn execute local"),
        ("wrangler d1 execute shop --remote --file=missing.sql", "cloudflare:d1:database.query execute resource"),
        ("wrangler d1 execute shop --local --command 'DROP TABLE a'", "shell:exec:wrangler execute local"),
        ("oci events rule delete --rule-id x --force", "oracle:cli:delete destroy resource"),
        ("pscale password list shop main", "databases:cli:read read resource"),
        ("vault kv destroy -versions=1 secret/app", "vault:kv:destroy destroy item"),
        ("vault status", "vault:sys:read read resource"),
        ("etcdctl del --prefix /app", "etcd:kv:delete destroy environment"),
        ("kafka-topics --bootstrap-server k:9092 --delete --topic a", "kafka:topic:delete destroy resource"),
        ("ansible-playbook site.yml", "ansible:playbook:run execute environment"),
        ("ansible-playbook site.yml --check", "ansible:playbook:check read environment"),
        ("op run --env-file=.env -- gh repo delete acme/shop", "github:rest:repos/delete destroy resource"),
    ]);
}
