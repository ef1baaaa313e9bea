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
fn curl_sends_what_its_options_say() {
    check(&[
        ("curl -s https://api.shop.example/v1/customers/42", "http:api.shop.example:GET read resource"),
        ("curl -XDELETE https://api.shop.example/v1/customers/42", "http:api.shop.example:DELETE destroy resource"),
        ("curl --req DELETE https://api.shop.example/v1/x", "http:api.shop.example:DELETE destroy resource"),
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
    check(&[
        (
            r#"curl -X POST https://backboard.railway.app/graphql/v2 -H 'Content-Type: application/json' -d '{"query":"mutation { volumeDelete(volumeId: \"3d\") }"}'"#,
            volume,
        ),
        (
            r#"curl https://backboard.railway.com/graphql/v2 --json '{"query":"mutation { volumeDelete(volumeId: \"3d\") }"}'"#,
            volume,
        ),
        ("curl -s https://backboard.railway.com/graphql/v2 -d @query.json", "railway:graphql:unidentified unknown resource"),
        (
            "curl --aws-sigv4 aws:amz:eu-west-1:ec2 -u 'K:S' https://ec2.eu-west-1.amazonaws.com/ -d 'Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-0123456789abcdef0'",
            "aws:ec2:TerminateInstances destroy resource",
        ),
        (
            "curl --aws-sigv4 aws:amz:eu-north-1:dynamodb -u 'K:S' https://dynamodb.eu-north-1.amazonaws.com/ -H 'X-Amz-Target: DynamoDB_20120810.DeleteTable' -H 'Content-Type: application/x-amz-json-1.0' -d '{\"TableName\":\"map-tiles\"}'",
            "aws:dynamodb:DeleteTable destroy resource",
        ),
        (
            "curl --unix-socket /var/run/docker.sock -X DELETE http://localhost/v1.47/volumes/shop_pgdata",
            "docker:volume:VolumeDelete destroy resource",
        ),
        (
            "curl --unix-socket /var/run/docker.sock http://localhost/containers/json",
            "docker:container:ContainerList read environment",
        ),
    ]);
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
        ("wget -qO- https://api.github.com/repos/acme/shop/releases/latest", "github:rest:repos/get-latest-release read resource"),
        ("wget --meth=DELETE -O - https://api.shop.example/v1/x", "http:api.shop.example:DELETE destroy resource"),
        ("wget -qO- -e method=DELETE https://api.shop.example/v1/x", "http:api.shop.example:DELETE destroy resource"),
        ("wget --spider -S https://example.com", "http:example.com:HEAD read resource"),
        ("wget -qO- --post-data=a=b https://example.com/x", "http:example.com:POST update resource"),
        ("http DELETE https://api.shop.example/v1/x Authorization:'Bearer t'", "http:api.shop.example:DELETE destroy resource"),
        ("http --offline DELETE https://api.shop.example/v1/x", "shell:exec:http read local"),
        ("http https://api.shop.example/v1/x q==delete", "http:api.shop.example:GET read resource"),
        ("http :3000/api/users name=a", "http:localhost:POST update resource"),
        ("https api.github.com/repos/cli/cli/releases/latest", "github:rest:repos/get-latest-release read resource"),
        ("http PATCH https://api.github.com/repos/acme/shop private:=false", "github:rest:repos/update permission resource"),
        (
            "http POST https://backboard.railway.com/graphql/v2 query='mutation { serviceDelete(id: \"s1\") }'",
            "railway:graphql:serviceDelete destroy resource",
        ),
        ("xh get localhost:8080/metrics", "http:localhost:GET read resource"),
    ]);
}
