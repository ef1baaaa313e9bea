use super::*;

fn ask(words: &[&str], verbose: bool, json: bool) -> (u8, String, String) {
    let (mut out, mut err) = (vec![], vec![]);
    let pattern = words.iter().map(|word| (*word).to_owned()).collect();
    let code = run(&OperationsArgs { pattern, verbose, json }, None, &mut out, &mut err).unwrap();
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

/// Ids and, after a blank, when they are meant.
#[test]
fn an_operation_is_found_by_every_name() {
    for (words, expected) in [
        ("aws:rds:DeleteDBInstance", "aws:rds:DeleteDBInstance"),
        ("rds:DeleteDBInstance", "aws:rds:DeleteDBInstance"),
        (
            "aws:cloudtrail:Stop*",
            "aws:cloudtrail:StopEventDataStoreIngestion|aws:cloudtrail:StopImport|aws:cloudtrail:StopLogging",
        ),
        ("CreateStack", "aws:cloudformation:CreateStack|aws:opsworks:CreateStack"),
        ("rds delete-db-instance", "aws:rds:DeleteDBInstance"),
        ("aws rds delete-db-instance", "aws:rds:DeleteDBInstance"),
        ("s3api delete-bucket", "aws:s3:DeleteBucket"),
        ("s3 rb", "aws:s3:DeleteBucket|aws:s3:ListObjectsV2 --force|aws:s3:DeleteObject --force"),
        ("s3 rb --verbose", "aws:s3:DeleteBucket"),
        (
            "AWS::EC2::Instance",
            "aws:ec2:RunInstances create|aws:ec2:ModifyInstanceAttribute update|aws:ec2:TerminateInstances delete",
        ),
        ("aws_eip", "aws:ec2:AllocateAddress create|aws:ec2:ReleaseAddress delete"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let Ok(Answer::Operations(found, _)) = find(&words) else { panic!("{words:?}") };
        let found: Vec<String> = found
            .iter()
            .map(|one| format!("aws:{}:{} {}", one.service, one.name, one.when).trim_end().to_owned())
            .collect();
        let expected: Vec<&str> = expected.split('|').filter(|id| !id.contains("opsworks")).collect();
        assert!(expected.iter().all(|id| found.iter().any(|one| one == id)), "{words:?}: {found:?}");
        if !words.contains(&"CreateStack") {
            assert_eq!(found, expected, "{words:?}");
        }
    }
}

#[test]
fn described_operations_are_found_by_provider_service_and_name() {
    for (words, expected) in [
        ("cloudflare zones", "cloudflare:zones:delete"),
        ("cloudflare zones delete", "cloudflare:zones:delete"),
        ("netlify deleteSite", "netlify:site:deleteSite"),
        ("netlify *Site", "netlify:site:deleteSite"),
        ("droplets", "digitalocean:droplets:destroy"),
        ("digitalocean:droplets:*", "digitalocean:droplets:destroy"),
        ("railway projectDelete", "railway:graphql:projectDelete"),
        ("repos/delete", "github:rest:repos/delete"),
        ("github repos/delete", "github:rest:repos/delete"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let Ok(Answer::Operations(_, found)) = find(&words) else { panic!("{words:?}") };
        assert!(found.iter().any(|one| one.id() == expected), "{words:?}: {found:?}");
        let api = expected.split(':').next().unwrap();
        assert!(found.iter().all(|one| one.id().starts_with(api)), "{words:?}: {found:?}");
    }
}

#[test]
fn what_is_not_there_is_guessed_at() {
    for (words, code, expected) in [
        ("aws:rds:DeleteDBInstanse", 1, "did you mean `aws:rds:DeleteDBInstance`?"),
        ("rds delete-db-instanse", 1, "did you mean `rds delete-db-instance`?"),
        ("aws_db_instanse", 1, "did you mean `aws_db_instance`?"),
        ("AWS::RDS::DBInstanse", 1, "did you mean `AWS::RDS::DBInstance`?"),
        ("DeleteDBInstanse", 1, "did you mean `DeleteDBInstance`?"),
        ("lambdo list-functions", 1, "did you mean `lambda`?"),
        ("netlfy", 1, "did you mean `netlify`?"),
        ("deleteSitee", 1, "did you mean `deleteSite`?"),
        ("cloudflare:zone:delete", 1, "did you mean `cloudflare:zones:delete`?"),
        ("netlify deleteSiet", 1, "did you mean `netlify deleteSite`?"),
        ("configure set", 0, "calls no operation"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let (found, out, err) = ask(&words, false, false);
        assert!(found == code && out.is_empty() && err.contains(expected), "{words:?}: {found} {out} {err}");
    }
}

#[test]
fn one_is_told_whole() {
    let (code, out, _) = ask(&["rds", "delete-db-instance"], false, false);
    assert_eq!(code, 0);
    for expected in [
        "operation      aws:rds:DeleteDBInstance\n",
        "blast radius   destroy / resource / reversible: partly\n",
        "hazards        data-loss\n",
        "  larger if    SkipFinalSnapshot is not false: destroy / resource, reversible: no\n",
        "parameter      DBInstanceIdentifier (body): resource\n",
        "parameter      SkipFinalSnapshot (body): decides\n",
        "AWS CLI        aws rds delete-db-instance\n",
        "CloudFormation AWS::RDS::DBInstance delete\n",
        "Terraform      aws_db_instance delete\n",
        "see            https://docs.aws.amazon.com/cli/latest/reference/rds/delete-db-instance.html\n",
    ] {
        assert!(out.contains(expected), "{expected}\n{out}");
    }
}

#[test]
fn several_are_a_table_or_lines_of_json() {
    let (_, out, _) = ask(&["s3", "rm"], false, false);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 4, "{out}");
    assert!(lines[0].contains("OPERATION") && lines[0].contains("WHEN"), "{out}");
    assert!(lines[3].starts_with("aws:s3:DeleteObject") && lines[3].ends_with("--recursive"), "{out}");
    let (_, out, _) = ask(&["aws:kms:*Key*"], false, true);
    for line in out.lines() {
        let one: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(one["operation"].as_str().unwrap().starts_with("aws:kms:"), "{line}");
        assert!(one["impact"].is_string() && one["hazards"].is_array() && one["members"].is_array(), "{line}");
    }
    assert!(out.lines().count() > 10);
}
