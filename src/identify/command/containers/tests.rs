use crate::identify::command::testing::{said, said_in, stated};

#[test]
fn volumes_hold_data() {
    assert_eq!(said("docker volume rm shop_pgdata"), "docker:volume:VolumeDelete destroy resource");
}
