use crate::classify::classify;
use crate::config::Inventory;
use crate::identify::command::tests::{said, said_in, stated};
use crate::identify::command::{Invocation, Scene, Word};
use crate::model::Evidence;

/// What these words would do, given one by one.
fn said_of(words: &[&str]) -> String {
    given(words.iter().map(|word| Word::known(*word)).collect())
}

fn given(words: Vec<Word>) -> String {
    let around = stated();
    let mut scene = Scene::new(&around);
    scene.invocation(&Invocation { words, ..Invocation::bare(&around) });
    match scene.finish() {
        Err(unreadable) => format!("refused: {}", unreadable.why),
        Ok(heard) => classify(heard.identified, &Inventory::default(), Evidence::Parsed)
            .iter()
            .map(|action| format!("{} {} {}", action.operation(), action.blast().impact, action.blast().scope))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

#[test]
fn what_is_not_known_is_filled_only_where_it_cannot_decide() {
    let unknown = |before: &str, after: &str| {
        let mut word = Word::known(before);
        word.parts.extend(Word::unknown("$X", false).parts);
        if !after.is_empty() {
            word.parts.extend(Word::known(after).parts);
        }
        word
    };
    let read = "http:unknown:GET read resource";
    for (words, expected) in [
        (vec![Word::known("curl"), Word::unknown("$URL", true)], read),
        (vec![Word::known("curl"), unknown("https://", "/v1/x")], read),
        (vec![Word::known("curl"), unknown("http://localhost:", "/v1/x")], "http:localhost:GET read resource"),
        (
            vec![Word::known("curl"), unknown("https://api.github.com/repos/acme/", "")],
            "github:rest:repos/get read resource",
        ),
        (
            vec![Word::known("curl"), Word::known("-X"), Word::known("DELETE"), Word::unknown("$URL", true)],
            "shell:unidentified:unidentified unknown resource",
        ),
        (
            vec![Word::known("curl"), unknown("-X", "ETE"), Word::known("https://a.example/x")],
            "shell:unidentified:unidentified unknown resource",
        ),
        (
            vec![
                Word::known("curl"),
                Word::known("-d"),
                unknown(r#"{"a":""#, r#""}"#),
                Word::known("https://a.example/x"),
            ],
            "http:a.example:POST update resource",
        ),
    ] {
        assert_eq!(given(words.clone()), expected, "{words:?}");
    }
}

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
fn curl_sends_what_its_options_say() {
    check(&[
        ("curl -s https://api.shop.example/v1/customers/42", "http:api.shop.example:GET read resource"),
        ("curl -XDELETE https://api.shop.example/v1/customers/42", "http:api.shop.example:DELETE destroy resource"),
        ("curl --head --retry 3 https://cdn.example.com/app.js", "http:cdn.example.com:HEAD read resource"),
        ("curl --upload a https://cdn.example.com/app.js", "shell:unidentified:unidentified unknown resource"),
        ("curl --upload-fil a https://cdn.example.com/app.js", "http:cdn.example.com:PUT update resource"),
        ("curl -sXGET -X DELETE https://api.shop.example/v1/x", "http:api.shop.example:DELETE destroy resource"),
        ("curl -H 'X-Note: -X DELETE' https://api.shop.example/v1/x", "http:api.shop.example:GET read resource"),
        ("curl -G -d q='drop table' https://api.example.com/v1/search", "http:api.example.com:GET read resource"),
        ("curl -d '{}' https://api.example.com/v1/orders", "http:api.example.com:POST update resource"),
        ("curl -I https://example.com", "http:example.com:HEAD read resource"),
        ("curl -T a.txt https://example.com/up/", "http:example.com:PUT update resource"),
        ("curl -X DELETE https://api.github.com/repos/acme/shop", "github:rest:repos/delete destroy resource"),
        ("curl ifconfig.me", "http:ifconfig.me:GET read resource"),
        ("curl --version", "shell:exec:curl read local"),
        ("curl -K request.curl", "shell:unidentified:unidentified unknown resource"),
        (
            "curl https://a.example/x --next -X DELETE https://b.example/y",
            "http:a.example:GET read resource; http:b.example:DELETE destroy resource",
        ),
        (
            "curl -XDELETE 'https://api.shop.example/v1/{1,2}'",
            "http:api.shop.example:DELETE destroy resource; http:api.shop.example:DELETE destroy resource",
        ),
    ]);
}

#[test]
fn curl_speaks_to_known_apis() {
    let volume = "railway:graphql:volumeDelete destroy resource";
    let json = r#"{"query":"mutation { volumeDelete(volumeId: \"3d\") }"}"#;
    let table = r#"{"TableName":"map-tiles"}"#;
    let railway = "https://backboard.railway.com/graphql/v2";
    let target = "X-Amz-Target: DynamoDB_20120810.DeleteTable";
    let media = "Content-Type: application/x-amz-json-1.0";
    let dynamo = "https://dynamodb.eu-north-1.amazonaws.com/";
    let terminate = "Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0";
    for (words, expected) in [
        (vec!["curl", "-X", "POST", railway, "-H", "Content-Type: application/json", "-d", json], volume),
        (vec!["curl", railway, "--json", json], volume),
        (vec!["curl", railway, "-d", json], volume),
        (vec!["wget", "-qO-", "--post-data", json, railway], volume),
        (vec!["curl", "-s", railway, "-d", "@query.json"], "railway:graphql:unidentified unknown resource"),
        (
            vec![
                "curl",
                "--aws-sigv4",
                "aws:amz:eu-west-1:ec2",
                "-u",
                "K:S",
                "https://ec2.eu-west-1.amazonaws.com/",
                "-d",
                terminate,
            ],
            "aws:ec2:TerminateInstances destroy resource",
        ),
        (
            vec![
                "curl",
                "--aws-sigv4",
                "aws:amz:eu-north-1:dynamodb",
                "-u",
                "K:S",
                dynamo,
                "-H",
                target,
                "-H",
                media,
                "-d",
                table,
            ],
            "aws:dynamodb:DeleteTable destroy resource",
        ),
        (
            vec![
                "curl",
                "--unix-socket",
                "/var/run/docker.sock",
                "-X",
                "DELETE",
                "http://localhost/v1.47/volumes/shop_pgdata",
            ],
            "docker:volume:VolumeDelete destroy resource",
        ),
        (
            vec!["curl", "--unix-socket", "/var/run/docker.sock", "http://localhost/containers/json"],
            "docker:container:ContainerList read environment",
        ),
        (
            vec!["curl", "-F", "file=@a.png", "https://api.example.com/files"],
            "http:api.example.com:POST update resource",
        ),
        (vec!["curl", "-d", "@a.json", "https://api.example.com/files"], "http:api.example.com:POST update resource"),
        (vec!["curl", "-H", "Host: app.local", "http://localhost:8080/x"], "http:localhost:GET read resource"),
    ] {
        assert_eq!(said_of(&words), expected, "{words:?}");
    }
}

#[test]
fn files_of_options_take_part() {
    let mut around = stated();
    around.files.insert("/repo/r".to_owned(), "url = \"https://api.shop.example/x\"\n# no\n-X DELETE\n".to_owned());
    assert_eq!(said_in("curl -K r", &around), "http:api.shop.example:DELETE destroy resource");
    around.files.insert("/home/dev/.curlrc".to_owned(), "request = DELETE\n".to_owned());
    let said = said_in("curl https://api.shop.example/x", &around);
    assert_eq!(said, "http:api.shop.example:DELETE destroy resource");
    assert_eq!(said_in("curl -q https://api.shop.example/x", &around), "http:api.shop.example:GET read resource");
}

#[test]
fn wget_and_httpie_too() {
    check(&[
        (
            "wget -qO- https://api.github.com/repos/acme/shop/releases/latest",
            "github:rest:repos/get-latest-release read resource",
        ),
        ("wget --meth=DELETE -O - https://api.shop.example/v1/x", "http:api.shop.example:DELETE destroy resource"),
        ("wget -qO- -e method=DELETE https://api.shop.example/v1/x", "http:api.shop.example:DELETE destroy resource"),
        ("wget --spider -S https://example.com", "http:example.com:HEAD read resource"),
        ("wget -qO- --post-data=a=b https://example.com/x", "http:example.com:POST update resource"),
        (
            "http DELETE https://api.shop.example/v1/x Authorization:'Bearer t'",
            "http:api.shop.example:DELETE destroy resource",
        ),
        ("http --offline DELETE https://api.shop.example/v1/x", "shell:exec:http read local"),
        ("http https://api.shop.example/v1/x q==delete", "http:api.shop.example:GET read resource"),
        ("http :3000/api/users name=a", "http:localhost:POST update resource"),
        ("https api.github.com/repos/cli/cli/releases/latest", "github:rest:repos/get-latest-release read resource"),
        (
            "http PATCH https://api.github.com/repos/acme/shop private:=false",
            "github:rest:repos/update permission resource",
        ),
        (
            "http POST https://backboard.railway.com/graphql/v2 query='mutation { serviceDelete(id: \"s1\") }'",
            "railway:graphql:serviceDelete destroy resource",
        ),
        ("xh get localhost:8080/metrics", "http:localhost:GET read resource"),
    ]);
}
