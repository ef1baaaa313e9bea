use super::super::tests::{said, said_in, stated};

fn check(cases: &[(&str, &str)]) {
    for (command, expected) in cases {
        assert_eq!(said(command), *expected, "{command}");
    }
}

const APPLY: &str = "terraform:state:apply update environment";
const DESTROY: &str = "terraform:state:destroy destroy environment";

#[test]
fn what_only_reads_is_a_read() {
    check(&[
        ("terraform plan -destroy -out=tfplan", "terraform:state:plan read environment"),
        ("terraform plan --destroy -refresh=false", "terraform:state:plan read environment"),
        ("terraform -chdir=infra plan -target=module.vpc -lock=false", "terraform:state:plan read environment"),
        ("terraform plan -replace=aws_instance.web", "terraform:state:plan read environment"),
        ("terraform show -json tfplan", "terraform:state:show read environment"),
        ("terraform output -json", "terraform:state:output read environment"),
        ("terraform state pull", "terraform:state:pull read environment"),
        ("terraform state show aws_s3_bucket.assets", "terraform:state:show read environment"),
        ("terraform workspace list", "terraform:state:list read environment"),
        ("terraform validate", "shell:exec:terraform.validate read local"),
        ("terraform fmt -recursive", "shell:exec:terraform.fmt read local"),
        ("terraform init -upgrade", "shell:exec:terraform.init read local"),
        ("terraform providers lock -platform=linux_amd64", "shell:exec:terraform.lock read local"),
        ("terraform graph", "shell:exec:terraform.graph read local"),
        ("terraform", "shell:exec:terraform.help read local"),
        ("terraform -version", "shell:exec:terraform.version read local"),
        ("terraform destroy -help", "shell:exec:terraform.help read local"),
        ("terraform -help destroy", "shell:exec:terraform.help read local"),
        ("terraform workspace select prod", "shell:exec:terraform.workspace-select read local"),
        ("terraform state rm -dry-run module.db", "terraform:state:rm read resource"),
    ]);
}

#[test]
fn an_apply_without_a_plan_may_do_anything() {
    check(&[
        ("terraform apply", APPLY),
        ("tofu apply", APPLY),
        ("terraform -chdir=environments/prod apply -input=false -auto-approve -target=module.db", APPLY),
        ("terraform apply tfplan", APPLY),
        ("terraform apply -refresh-only", "terraform:state:refresh update environment"),
        ("terraform apply -refresh-only=false", APPLY),
        ("terraform apply -auto-approve -destroy", DESTROY),
        ("terraform apply --destroy=true --auto-approve", DESTROY),
        ("terraform apply -destroy=t", DESTROY),
        ("terraform apply -destroy=F", APPLY),
        ("terraform apply -destroy=true -destroy=false", APPLY),
        ("terraform apply -var -destroy", APPLY),
        ("terraform apply -var-file=x -lock=false -destroy", DESTROY),
        (
            "terraform apply -replace=aws_db_instance.main -auto-approve",
            "terraform:state:replace destroy resource; terraform:state:apply update environment",
        ),
        ("terraform destroy -auto-approve", DESTROY),
        ("terraform -chdir=infra/prod destroy -target aws_s3_bucket.uploads", DESTROY),
        ("terraform frobnicate", "terraform:unidentified:unidentified unknown environment"),
    ]);
}

#[test]
fn the_state_has_verbs_of_its_own() {
    check(&[
        ("terraform state rm module.db.aws_db_instance.main", "terraform:state:rm destroy resource"),
        ("terraform state rm -backup=/dev/null module.db", "terraform:state:rm destroy resource"),
        ("terraform state rm -dry-run=0 module.db", "terraform:state:rm destroy resource"),
        ("terraform state mv a.b a.c", "terraform:state:mv update environment"),
        ("terraform state push -force old.tfstate", "terraform:state:push destroy environment"),
        ("terraform state replace-provider a b", "terraform:state:replace-provider update environment"),
        ("terraform import aws_vpc.main vpc-1", "terraform:state:import update resource"),
        ("terraform taint aws_db_instance.main", "terraform:state:taint destroy resource"),
        ("terraform force-unlock -force 6d2e", "terraform:state:force-unlock disrupt resource"),
        ("terraform workspace new delete-me-later", "terraform:state:workspace-new create resource"),
        ("terraform workspace delete -force staging", "terraform:state:workspace-delete destroy environment"),
        ("terraform refresh", "terraform:state:refresh update environment"),
        ("terraform init -migrate-state", "terraform:state:migrate update environment"),
        ("terraform init -migrate-state=false", "shell:exec:terraform.init read local"),
    ]);
}

#[test]
fn variables_add_words() {
    for (name, value, command, expected) in [
        ("TF_CLI_ARGS_apply", "-destroy -auto-approve", "terraform apply", DESTROY),
        ("TF_CLI_ARGS", "'-destroy'", "terraform apply", DESTROY),
        ("TF_CLI_ARGS_apply", "-destroy", "terraform apply -destroy=false", APPLY),
        ("TF_CLI_ARGS_plan", "-destroy", "terraform apply", APPLY),
        ("TF_CLI_ARGS_state_rm", "-dry-run", "terraform state rm a.b", "terraform:state:rm read resource"),
    ] {
        let mut around = stated();
        around.variables.insert(name.to_owned(), value.to_owned());
        assert_eq!(said_in(command, &around), expected, "{name}={value} {command}");
    }
}

#[test]
fn relatives_run_terraform() {
    const WIDE: &str = "terraform:state:destroy destroy account";
    check(&[
        ("terragrunt plan", "terraform:state:plan read environment"),
        ("terragrunt run-all plan --terragrunt-non-interactive", "terraform:state:plan read environment"),
        ("terragrunt run-all plan -destroy --terragrunt-non-interactive", "terraform:state:plan read environment"),
        ("terragrunt hclfmt --terragrunt-check --terragrunt-working-dir live", "shell:exec:terragrunt read local"),
        ("terragrunt graph-dependencies", "shell:exec:terragrunt read local"),
        ("terragrunt run-all output -json", "terraform:state:output read environment"),
        ("terragrunt run-all destroy --terragrunt-non-interactive", WIDE),
        ("terragrunt run --all --non-interactive -- destroy", WIDE),
        ("terragrunt destroy-all", WIDE),
        ("terragrunt stack run destroy", WIDE),
        ("terragrunt run-all apply -destroy", WIDE),
        ("terragrunt apply-all --terragrunt-non-interactive", "terraform:state:apply update account"),
        ("terragrunt apply --terragrunt-working-dir live/prod/db -auto-approve", APPLY),
        ("terragrunt destroy -auto-approve", DESTROY),
        ("terragrunt state rm a.b", "terraform:state:rm destroy resource"),
        ("atmos terraform deploy vpc -s prod-use1", APPLY),
        ("atmos terraform apply vpc -s plat-ue2-prod --from-plan", APPLY),
        ("atmos terraform destroy vpc --stack plat-ue2-prod -auto-approve", DESTROY),
        ("atmos terraform plan vpc -s prod-use1", "terraform:state:plan read environment"),
        ("atmos terraform state rm vpc aws_vpc.main -s prod", "terraform:state:rm destroy resource"),
        ("atmos describe stacks --components vpc", "shell:exec:atmos read local"),
        ("atmos validate component vpc -s prod-use1", "shell:exec:atmos read local"),
        ("atmos terraform output vpc -s prod-use1", "terraform:state:output read environment"),
        ("terramate run -- terraform destroy", DESTROY),
        ("terramate run --changed -- terraform plan", "terraform:state:plan read environment"),
        ("terramate list", "shell:exec:terramate read local"),
    ]);
    assert!(said("atmos nuke prod").contains("unknown"));
}

#[test]
fn tables_tell_of_the_others() {
    check(&[
        ("pulumi preview --diff --stack acme/prod", "pulumi:stack:preview read environment"),
        ("pulumi --cwd infra --stack prod pre", "pulumi:stack:preview read environment"),
        ("pulumi destroy --preview-only --stack prod", "pulumi:stack:preview read environment"),
        ("pulumi destroy --preview-only=false --yes --stack prod", "pulumi:stack:destroy destroy environment"),
        ("pulumi --cwd infra --stack prod dn --yes", "pulumi:stack:destroy destroy environment"),
        ("pulumi down -y -s prod", "pulumi:stack:destroy destroy environment"),
        ("pulumi -C infra --non-interactive destroy --skip-preview -y", "pulumi:stack:destroy destroy environment"),
        ("pulumi destroy --help", "shell:exec:pulumi read local"),
        ("pulumi up --yes", "pulumi:stack:up update environment"),
        ("pulumi up --replace urn:x -y", "pulumi:stack:replace destroy resource"),
        ("pulumi cancel --yes --stack prod", "pulumi:stack:cancel disrupt resource"),
        ("pulumi stack rm acme/shop/prod --force --yes", "pulumi:stack:rm destroy environment"),
        ("pulumi state delete urn:x --force", "pulumi:state:delete destroy resource"),
        ("pulumi stack ls", "pulumi:stack:show read environment"),
        ("pulumi stack output --json", "pulumi:stack:output read environment"),
        ("pulumi stack import --file /tmp/prod.json", "pulumi:stack:import destroy environment"),
        ("pulumi stack export --file /tmp/prod.json", "pulumi:stack:export read environment"),
        ("pulumi config get aws:region --stack prod", "pulumi:config:get read resource"),
        ("pulumi whoami -v", "pulumi:stack:show read environment"),
        ("pulumi login --local", "shell:exec:pulumi read local"),
        ("pulumi logs -f --stack prod", "pulumi:stack:show read environment"),
        ("pulumi about", "pulumi:stack:show read environment"),
        ("packer validate .", "shell:exec:packer read local"),
        ("packer build -var a=b .", "packer:image:build create environment"),
        ("cdktf deploy --auto-approve shop", APPLY),
        ("cdktf destroy", DESTROY),
        ("cdktf diff", "terraform:state:plan read environment"),
        ("terraspace all down -y", "terraform:state:destroy destroy account"),
        ("spacectl stack delete --id shop --destroy-resources", "spacelift:stack:delete destroy environment"),
        ("tflint --recursive", "shell:exec:terraform.check read local"),
        ("infracost breakdown --path .", "shell:exec:terraform.check read local"),
        ("terraform-docs markdown .", "shell:exec:terraform.check read local"),
        ("checkov -d .", "shell:exec:terraform.check read local"),
        ("terraformer import aws --resources=vpc", "terraform:terraformer:import read environment"),
        ("up ctp delete prod", "crossplane:controlplane:delete destroy environment"),
    ]);
}
