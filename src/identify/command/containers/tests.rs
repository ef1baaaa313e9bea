use crate::identify::command::tests::{actions_in, said, stated};

fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(command, expected)| {
            let got = said(command);
            (got != *expected).then(|| format!("{command}\n   is {got}\n  not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn commands_are_calls_of_the_engine() {
    check(&[
        ("docker volume rm shop_pgdata", "docker:volume:VolumeDelete destroy resource"),
        ("docker volume prune -af", "docker:volume:VolumePrune destroy environment"),
        ("docker volume ls -f dangling=true", "docker:volume:VolumeList read environment"),
        ("podman volume rm --all", "docker:volume:VolumePrune destroy environment"),
        ("docker rm -f web", "docker:container:ContainerDelete destroy resource"),
        ("docker rmi ghcr.io/a/b:1", "docker:image:ImageDelete destroy resource"),
        ("docker ps -a", "docker:container:ContainerList read environment"),
        ("docker logs -f web", "docker:container:ContainerLogs read resource"),
        ("docker build -t a:volume-prune .", "docker:image:ImageBuild create resource"),
        ("docker swarm leave --force", "docker:swarm:SwarmLeave destroy environment"),
        ("docker service scale web=0", "docker:service:ServiceUpdate disrupt resource"),
        ("docker volume rm --help", "docker:client:volume.rm read local"),
        ("docker frobnicate", "shell:unidentified:unidentified unknown resource"),
        ("docker compose -v", "docker:compose:help read local"),
        ("docker compose --dry-run down -v", "docker:compose:dry-run read local; docker:compose:dry-run read local"),
        (
            "docker compose down -vt 5",
            "docker:container:ContainerDelete destroy resource; docker:volume:VolumeDelete destroy resource",
        ),
        ("docker compose down -t 5", "docker:container:ContainerDelete destroy resource"),
        (
            "podman machine rm -f",
            "docker:container:ContainerDelete destroy resource; docker:volume:VolumePrune destroy environment",
        ),
    ]);
    let pruned = said("docker system prune -af");
    assert!(!pruned.contains("volume") && pruned.contains("docker:image:ImagePrune"), "{pruned}");
    assert!(said("docker system prune -af --volumes").contains("docker:volume:VolumePrune"));
    assert!(!said("docker system prune -af --volumes=false").contains("volume"));
}

fn kind_of(command: &str, files: &[(&str, &str)]) -> String {
    let mut around = stated();
    around.files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let actions = actions_in(command, &around).unwrap();
    let place = actions[0].place();
    format!("{} {}", actions[0].environment().kind, place.host.clone().unwrap_or_default())
}

#[test]
fn the_engine_may_be_elsewhere() {
    let settings = [("/home/dev/.docker/config.json", "{\"currentContext\":\"prod\"}")];
    assert_eq!(kind_of("docker rm web", &[]), "local localhost");
    assert_eq!(kind_of("docker -H tcp://10.0.4.7:2376 rm web", &[]), "unknown 10.0.4.7");
    assert_eq!(kind_of("docker -H unix:///run/docker.sock rm web", &settings), "local localhost");
    assert_eq!(kind_of("docker --context prod rm web", &[]), "unknown prod.docker-context");
    assert_eq!(kind_of("docker rm web", &settings), "unknown prod.docker-context");
    assert_eq!(kind_of("docker -c default rm web", &settings), "local localhost");
    assert_eq!(kind_of("docker -H ssh://ops@prod-1 compose down", &[]), "unknown prod-1");
    assert_eq!(kind_of("docker push ghcr.io/a/b", &[]), "unknown ghcr.io");
    assert_eq!(kind_of("docker push localhost:5000/b", &[]), "local localhost");
}

/// The words that are run, last of all that is found.
fn runs(command: &str) -> String {
    let around = stated();
    let mut scene = crate::identify::command::Scene::new(&around);
    let words = crate::identify::command::tests::words(command);
    scene.invocation(&crate::identify::command::Invocation {
        words,
        ..crate::identify::command::Invocation::bare(&around)
    });
    scene.finish().unwrap().trail.last().last().cloned().unwrap_or_default()
}

#[test]
fn shared_folders_are_this_machines() {
    for (command, expected) in [
        ("docker run --rm -v /:/host alpine rm -rf /host/etc", "rm -rf /etc"),
        ("docker run --rm -v /:/host alpine rm -rf /host", "rm -rf /"),
        ("docker run --rm -v /var/lib:/x alpine sh -c 'rm -rf /x/postgresql /xy'", "rm -rf /var/lib/postgresql /xy"),
        ("docker run --rm -v ./dist:/x alpine rm -rf /x/assets /etc", "rm -rf /repo/dist/assets /tmp/container/etc"),
        ("docker run --rm -v /etc:/x:ro alpine rm -rf /x", "rm -rf /x"),
        ("docker run --rm -v data:/x alpine rm -rf /x/a", "rm -rf /var/lib/docker/volumes/data/_data/a"),
        ("docker run --rm alpine rm -rf /etc", "rm -rf /etc"),
        ("docker run --rm -v .:/w -w /w hashicorp/terraform:1.9 destroy", "terraform destroy"),
        ("docker run --entrypoint cat a /etc/os-release", "cat /etc/os-release"),
        ("docker exec web ls -la /app", "ls -la /app"),
    ] {
        assert_eq!(runs(command), expected, "{command}");
    }
}
