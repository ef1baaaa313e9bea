use super::*;

#[test]
fn every_table_holds_whole_rows() {
    for (name, rows) in lengths() {
        assert!(rows > 0 || book("github").is_none(), "{name}");
    }
}
