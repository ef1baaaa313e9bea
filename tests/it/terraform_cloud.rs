//! What Terraform is promised about workspaces that HCP Terraform keeps.

use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;

use crate::support::clients;
use crate::support::server::{self, answer};
use crate::support::stage::Stage;

/// What HCP Terraform is asked and says, as far as a workspace of `cloud {}` needs it. It refuses what the published
/// description does not have; it is a stand-in, no server.
#[derive(Clone, Default)]
struct Cloud(Arc<Mutex<CloudKept>>);

#[derive(Default)]
struct CloudKept {
    asked: Vec<String>,
    wrong: Vec<String>,
    states: Vec<serde_json::Value>,
    locked: bool,
    mode: &'static str,
}

impl Cloud {
    fn on(stage: &mut Stage, mode: &'static str) -> Self {
        let cloud = Self::default();
        cloud.0.lock().unwrap().mode = mode;
        let handler: server::Handler = {
            let cloud = cloud.clone();
            Arc::new(move |request, _| {
                let cloud = cloud.clone();
                Box::pin(async move {
                    let method = request.method().to_string();
                    let path = request.uri().path().to_owned();
                    let media = request.headers().get("content-type").and_then(|one| one.to_str().ok());
                    let media = media.unwrap_or_default().to_owned();
                    let Ok(body) = request.into_body().collect().await else { return answer(400, "text/plain", "") };
                    let mut answer = cloud.take(&method, &path, &media, &body.to_bytes());
                    answer.headers_mut().insert("tfp-api-version", "2.6".parse().unwrap());
                    answer.headers_mut().insert("tfp-appname", "HCP Terraform".parse().unwrap());
                    answer
                })
            })
        };
        let hosts = ["app.terraform.io", "archivist.terraform.io"];
        let address = server::serve(Some(stage.ca.server(&hosts, &["http/1.1"])), handler);
        for host in hosts {
            stage.resolve(host, address);
        }
        cloud
    }

    fn take(&self, method: &str, path: &str, media: &str, body: &[u8]) -> server::Answer {
        let mut kept = self.0.lock().unwrap();
        kept.asked.push(format!("{method} {path}"));
        let kind = |kind: &str, id: &str, attributes: serde_json::Value| {
            let links = serde_json::json!({ "self": format!("/api/v2/{kind}/{id}") });
            let data = serde_json::json!({ "id": id, "type": kind, "attributes": attributes, "links": links });
            answer(200, "application/vnd.api+json", serde_json::json!({ "data": data }).to_string())
        };
        let missing =
            || answer(404, "application/vnd.api+json", r#"{"errors":[{"status":"404","title":"not found"}]}"#);
        let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        if method == "POST" && !body.is_empty() && (media != "application/vnd.api+json" || document["data"].is_null()) {
            kept.wrong.push(format!("{method} {path}: {media} {}", String::from_utf8_lossy(body)));
        }
        match (method, path) {
            ("GET", "/.well-known/terraform.json") => answer(
                200,
                "application/json",
                r#"{"tfe.v2":"/api/v2/","tfe.v2.1":"/api/v2/","tfe.v2.2":"/api/v2/","state.v2":"/api/v2/","modules.v1":"/api/registry/v1/modules/"}"#,
            ),
            ("GET", "/api/v2/ping") => answer(204, "application/vnd.api+json", ""),
            ("GET", "/api/v2/organizations/acme/entitlement-set") => {
                kind("entitlement-sets", "org-1", serde_json::json!({ "operations": true, "state-storage": true }))
            }
            ("GET", "/api/v2/organizations/acme") => {
                kind("organizations", "acme", serde_json::json!({ "name": "acme" }))
            }
            ("GET", "/api/v2/organizations/acme/workspaces/web" | "/api/v2/workspaces/ws-1")
            | ("POST", "/api/v2/workspaces/ws-1/actions/lock" | "/api/v2/workspaces/ws-1/actions/unlock") => {
                if method == "POST" {
                    kept.locked = path.ends_with("/lock");
                }
                kind(
                    "workspaces",
                    "ws-1",
                    serde_json::json!({
                        "name": "web", "execution-mode": kept.mode, "operations": kept.mode == "remote", "locked": kept.locked,
                        "terraform-version": "1.11.4", "auto-apply": false,
                        "permissions": {
                            "can-update": true, "can-queue-run": true, "can-queue-apply": true, "can-queue-destroy": true,
                            "can-lock": true, "can-unlock": true, "can-read-variable": true, "can-update-variable": true,
                        },
                    }),
                )
            }
            ("GET", "/api/v2/workspaces/ws-1/current-state-version") => match kept.states.last() {
                Some(state) => kind(
                    "state-versions",
                    "sv-1",
                    serde_json::json!({
                        "serial": state["serial"], "hosted-state-download-url": "https://archivist.terraform.io/v1/object/state",
                    }),
                ),
                None => missing(),
            },
            ("GET", "/v1/object/state") => {
                answer(200, "application/json", kept.states.last().map(ToString::to_string).unwrap_or_default())
            }
            ("POST", "/api/v2/workspaces/ws-1/state-versions") => kind(
                "state-versions",
                "sv-1",
                serde_json::json!({
                    "serial": document["data"]["attributes"]["serial"], "status": "pending",
                    "hosted-state-upload-url": "https://archivist.terraform.io/v1/object/upload",
                    "hosted-json-state-upload-url": "https://archivist.terraform.io/v1/object/json",
                }),
            ),
            ("PUT", "/v1/object/upload") => {
                kept.states.push(document);
                answer(200, "text/plain", "")
            }
            ("PUT", "/v1/object/json" | "/v1/object/configuration") => answer(200, "text/plain", ""),
            ("GET", "/api/v2/state-versions/sv-1") => {
                kind("state-versions", "sv-1", serde_json::json!({ "status": "finalized" }))
            }
            ("POST", "/api/v2/workspaces/ws-1/configuration-versions") => kind(
                "configuration-versions",
                "cv-1",
                serde_json::json!({
                    "status": "pending", "upload-url": "https://archivist.terraform.io/v1/object/configuration",
                }),
            ),
            ("GET", "/api/v2/configuration-versions/cv-1") => {
                kind("configuration-versions", "cv-1", serde_json::json!({ "status": "uploaded" }))
            }
            _ => {
                kept.wrong.push(format!("{method} {path}"));
                missing()
            }
        }
    }

    /// Writes a configuration that is kept there; `None` without terraform.
    fn written(stage: &mut Stage) -> Option<()> {
        clients::optional("terraform")?;
        let text = "terraform {\n  cloud {\n    organization = \"acme\"\n    workspaces { name = \"web\" }\n  }\n}\n\
                    resource \"terraform_data\" \"one\" {\n  input = \"a\"\n}\n";
        stage.write("work/main.tf", text);
        stage.variable("CHECKPOINT_DISABLE", "1").variable("TF_IN_AUTOMATION", "1");
        stage.variable("TF_TOKEN_app_terraform_io", "a-token");
        Some(())
    }
}

#[test]
fn a_working_day_with_states_in_hcp_terraform_passes() {
    let mut stage = Stage::new();
    let cloud = Cloud::on(&mut stage, "local");
    if Cloud::written(&mut stage).is_none() {
        return;
    }
    let day: [(&[&str], &str); 5] = [
        (&["init", "-no-color"], "successfully initialized"),
        (&["plan", "-no-color"], "1 to add"),
        (&["apply", "-no-color", "-auto-approve"], "1 added, 0 changed, 0 destroyed"),
        (&["state", "list"], "terraform_data.one"),
        (&["destroy", "-no-color", "-auto-approve"], "1 destroyed"),
    ];
    for (step, said) in day {
        let ended = stage.run(&[&["terraform"], step].concat()).succeeded();
        assert!(ended.stdout.contains(said), "{step:?}: {ended:#?}");
    }
    stage.log().is_undisturbed();
    assert_eq!(stage.log().of("terraform:cloud:state-versions.create").len(), 2);
    let kept = cloud.0.lock().unwrap();
    assert_eq!((&*kept.wrong, kept.locked, kept.states.len()), (&[][..], false, 2), "{:#?}", kept.asked);
}

#[test]
fn a_run_that_nobody_confirms_waits_for_people_and_its_text_is_shown() {
    let mut stage = Stage::new();
    let cloud = Cloud::on(&mut stage, "remote");
    if Cloud::written(&mut stage).is_none() {
        return;
    }
    stage.run(&["terraform", "init", "-no-color"]).succeeded();
    for (command, operation) in [("apply", "escalate"), ("destroy", "escalate")] {
        let before = stage.log().stopped().len();
        let ended = stage.run(&["terraform", command, "-no-color", "-auto-approve"]);
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        let said = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
        assert_eq!(said.matches("Stop and ask your person").count(), 1, "{ended:#?}");
        assert!(said.contains("Approval needed (a_"), "{ended:#?}");
        let stopped = stage.log().stopped();
        assert_eq!(stopped[before..], [format!("terraform:cloud:runs.create {operation}")], "{ended:#?}");
    }
    let kept = cloud.0.lock().unwrap();
    assert!(!kept.asked.iter().any(|one| one.ends_with("/runs")), "{:#?}", kept.asked);
    assert_eq!(kept.wrong, [""; 0], "{:#?}", kept.asked);
}
