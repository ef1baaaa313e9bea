use super::*;
use crate::catalog::described;
use crate::identify::command::testing::said;

#[test]
fn every_name_of_the_table_is_a_call() {
    let book = described::book("gcp").expect("a book");
    let mut wrong = vec![];
    for row in gcloud::rows().iter().filter(|row| row.service != "=" && !row.names.contains(['{']) && row.names != "*")
    {
        let found = row.names.split('|').any(|name| {
            if let Some((owner, noun)) = name.split_once(".*").filter(|(_, noun)| !noun.is_empty()) {
                return !book.named(row.service, &format!("{owner}.Get{noun}")).is_empty();
            }
            if name.contains('*') {
                return ["get", "list", "delete", "create", "patch", "insert", "describe", "update"]
                    .iter()
                    .any(|method| !book.named(row.service, &name.replace('*', method)).is_empty());
            }
            !book.named(row.service, name).is_empty()
        });
        if !found {
            wrong.push(format!("{} -> {} {}", row.words.join(" "), row.service, row.names));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn try_out() {
    for line in std::fs::read_to_string("/tmp/clouds_try.txt").unwrap_or_default().lines() {
        println!("{line}\n    {}", said(line));
    }
}
