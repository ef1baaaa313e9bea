use std::collections::BTreeMap;

use super::super::super::tests::{actions_in, said_in, stated};
use super::*;
use crate::classify::Action;
use crate::identify::command::{Kept, Real, Stated, Surroundings};

const CHANGES: &[u8] = include_bytes!("../samples/changes.tfplan");
const DESTROY: &[u8] = include_bytes!("../samples/destroy.tfplan");
const PROVISIONED: &[u8] = include_bytes!("../samples/provisioned.tfplan");
const PAIRS: [(&[u8], &[u8]); 3] = [
    (CHANGES, include_bytes!("../samples/changes.json")),
    (DESTROY, include_bytes!("../samples/destroy.json")),
    (PROVISIONED, include_bytes!("../samples/provisioned.json")),
];

/// Told surroundings with files of bytes.
struct Around(Stated, BTreeMap<String, Vec<u8>>);

impl Surroundings for Around {
    fn directory(&self) -> Option<&str> {
        self.0.directory()
    }
    fn home(&self) -> Option<&str> {
        self.0.home()
    }
    fn workspace(&self) -> Option<&str> {
        self.0.workspace()
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.0.variable(name)
    }
    fn read(&self, path: &str) -> Contents {
        self.1.get(path).map_or(Contents::Absent, |bytes| Contents::Whole(bytes.clone()))
    }
    fn real(&self, path: &str) -> Real {
        self.0.real(path)
    }
    fn list(&self, path: &str) -> Option<Vec<String>> {
        let below = format!("{path}/");
        Some(self.1.keys().filter_map(|name| name.strip_prefix(&below)).map(ToOwned::to_owned).collect())
    }
    fn kept(&self, path: &str) -> Kept {
        self.0.kept(path)
    }
}

#[test]
fn both_forms_of_a_plan_say_the_same() {
    for (binary, json) in PAIRS {
        let (one, other) = (parse(binary).expect("a plan file"), parse(json).expect("a document"));
        let told = |plan: &Plan| {
            let mut changes: Vec<Change> = plan.changes.clone();
            changes.sort_by(|a, b| a.address.cmp(&b.address));
            for change in &mut changes {
                change.provider = change.provider.replace("provider[\"", "").replace("\"]", "");
                // The binary form has the value on both sides where nothing changes.
                if change.act == Act::Nothing {
                    change.after = Value::Null;
                }
            }
            changes
        };
        assert_eq!(told(&one), told(&other));
        assert_eq!(one.is_destroy, other.is_destroy);
    }
}

#[test]
fn what_is_no_whole_plan_is_none() {
    assert!(parse(b"").is_none() && parse(b"{}").is_none() && parse(b"PK\x05\x06").is_none());
    // Cut anywhere, or with any byte changed, nothing panics; what is cut is no plan.
    for end in 0..CHANGES.len() {
        assert!(parse(&CHANGES[..end]).is_none(), "{end}");
    }
    for at in 0..CHANGES.len() {
        let mut bytes = CHANGES.to_vec();
        bytes[at] ^= 0x55;
        drop(parse(&bytes));
    }
}

fn said_of(command: &str, files: &[(&str, &[u8])]) -> String {
    let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
    let around = Around(stated(), files);
    said_around(command, &around)
}

fn said_around(command: &str, around: &Around) -> String {
    let actions = actions_around(command, around);
    let one = |action: &Action| {
        let blast = action.blast();
        format!("{} {} {} {}", action.operation(), blast.impact, blast.scope, blast.count)
    };
    actions.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn actions_around(command: &str, around: &Around) -> Vec<Action> {
    use crate::identify::command::{Invocation, tests::words};
    let mut scene = Scene::new(around);
    for part in command.split(" && ") {
        scene.invocation(&Invocation { words: words(part), ..Invocation::bare(around) });
    }
    let heard = scene.finish().expect("readable");
    let inventory = crate::config::Inventory::default();
    crate::classify::classify(heard.identified, &inventory, crate::model::Evidence::Parsed).into_vec()
}

#[test]
fn a_plan_file_stands_for_its_apply() {
    let files: [(&str, &[u8]); 3] =
        [("/repo/changes", CHANGES), ("/repo/destroy", DESTROY), ("/repo/infra/changes", PROVISIONED)];
    for (command, expected) in [
        (
            "terraform apply changes",
            "terraform:state:apply update resource 1; terraform:terraform_data:delete destroy local 1; \
             terraform:terraform_data:update update local 1; terraform:terraform_data:delete destroy local 1; \
             terraform:terraform_data:create create local 1; terraform:terraform_data:delete destroy local 1; \
             terraform:terraform_data:delete destroy local 1",
        ),
        ("terraform apply -destroy changes", "terraform:state:destroy destroy environment any number of"),
        ("terraform apply changes other", "terraform:state:apply update environment any number of"),
        ("terraform apply missing", "terraform:state:apply update environment any number of"),
        ("terraform plan -out=changes && terraform apply changes", ""),
        (
            "terraform plan -out=other && terraform apply changes",
            "terraform:state:plan read environment 1; terraform:state:apply update resource 1",
        ),
        (
            "frobnicate && terraform apply changes",
            "shell:exec:frobnicate execute local 1; terraform:state:apply update environment any number of",
        ),
    ] {
        let said = said_of(command, &files);
        match expected {
            "" => {
                assert!(said.ends_with("terraform:state:apply update environment any number of"), "{command}: {said}")
            }
            expected => assert!(said.starts_with(expected), "{command}: {said}"),
        }
    }
    let said = said_of("terraform apply destroy", &files);
    assert!(said.starts_with("terraform:state:destroy destroy environment 5; "), "{said}");
}

#[test]
fn a_plan_binds_by_its_digest() {
    let around = Around(stated(), [("/repo/changes".to_owned(), CHANGES.to_vec())].into());
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(CHANGES));
    for action in actions_around("terraform apply changes", &around) {
        assert!(action.parameters().iter().any(|one| one.name == "plan.sha256" && one.value == digest), "{action:?}");
    }
}

#[test]
fn commands_of_provisioners_are_read() {
    let said = said_of("terraform -chdir=infra apply p", &[("/repo/infra/p", PROVISIONED)]);
    let plain = "terraform:state:apply update resource 1; terraform:terraform_data:create create local 1";
    assert!(said.starts_with(plain), "{said}");
    let plan = parse(PROVISIONED).expect("a plan");
    let [file] = plan.modules.as_slice() else { panic!("{:?}", plan.modules) };
    let resource = file.inner("resource").next().expect("a resource");
    let commands: Vec<_> = resource.inner("provisioner").filter_map(|one| one.text("command")).collect();
    assert_eq!(commands, ["git push --force origin main", "echo gone"]);
}

#[test]
fn addresses_name_their_types() {
    for (address, expected) in [
        ("aws_vpc.main", Some(("aws_vpc", "main"))),
        ("aws_vpc.main[0]", Some(("aws_vpc", "main"))),
        ("module.a.module.b[\"x.y\\\"]z\"].aws_vpc.main[\"k\"]", Some(("aws_vpc", "main"))),
        ("data.aws_ami.base", Some(("aws_ami", "base"))),
        ("module.a", None),
        ("aws_vpc", None),
    ] {
        assert_eq!(parts(address), expected, "{address}");
    }
}

#[test]
fn the_state_of_a_folder_names_its_place() {
    let place = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        let actions = actions_around("terraform apply", &Around(stated(), files));
        let place = actions.first().expect("an action").place().clone();
        [place.state, place.profile, place.account, place.host].map(Option::unwrap_or_default).join("|")
    };
    let backend = "terraform {\n  # the state\n  backend \"s3\" {\n    bucket = \"acme-tf\"\n    key = \"shop/prod.tfstate\"\n    profile = \"state\"\n  }\n}\n";
    for (files, expected) in [
        (vec![], "|||unknown"),
        (vec![("/repo/main.tf", backend)], "s3://acme-tf/shop/prod.tfstate|||"),
        (
            vec![("/repo/main.tf", backend), ("/repo/.terraform/environment", "dev")],
            "s3://acme-tf/env:/dev/shop/prod.tfstate|||",
        ),
        (vec![("/repo/main.tf", "provider \"aws\" {\n  profile = \"prod\"\n}\n")], "|prod||"),
        (
            vec![(
                "/repo/main.tf",
                "provider \"aws\" {\n  assume_role {\n    role_arn = \"arn:aws:iam::111122223333:role/x\"\n  }\n}\n",
            )],
            "||111122223333|",
        ),
        (vec![("/repo/main.tf", "provider \"aws\" {\n  profile = var.profile\n}\n")], "|||unknown"),
        (
            vec![(
                "/repo/.terraform/terraform.tfstate",
                r#"{"version":3,"backend":{"type":"gcs","config":{"bucket":"b","prefix":"p"}}}"#,
            )],
            "gs://b/p/default.tfstate|||",
        ),
        (
            vec![(
                "/repo/main.tf",
                "terraform {\n  cloud {\n    organization = \"acme\"\n    workspaces {\n      name = \"shop\"\n    }\n  }\n}\n",
            )],
            "app.terraform.io/acme/shop|||",
        ),
    ] {
        assert_eq!(place(&files), expected, "{files:?}");
    }
}

#[test]
fn a_document_beside_a_plan_only_makes_it_stricter() {
    let mut around = stated();
    let json = r#"{"format_version":"1.2","resource_changes":[{"address":"aws_db_instance.main","type":"aws_db_instance","change":{"actions":["delete","create"]}}]}"#;
    around.files.insert("/repo/tfplan.json".to_owned(), json.to_owned());
    let said = said_in("terraform apply -auto-approve tfplan", &around);
    assert!(said.contains("aws:rds:DeleteDBInstance destroy resource"), "{said}");
    assert!(said.contains("terraform:aws_db_instance:replace destroy resource"), "{said}");
    assert!(said.ends_with("terraform:state:apply update environment"), "{said}");
    assert!(actions_in("terraform apply tfplan", &around).is_ok());
}
