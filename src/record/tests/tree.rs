use data_encoding::HEXLOWER;

use crate::record::tree::{self, Tree};

/// The leaves and roots that the Certificate Transparency reference code tests itself with
/// (google/certificate-transparency, `merkletree/merkle_tree_test.cc`).
const VECTORS: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
];

#[test]
fn roots_are_the_published_ones() {
    let mut tree = Tree::default();
    assert_eq!(HEXLOWER.encode(&tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (leaf, root) in VECTORS {
        tree.push(tree::leaf(&HEXLOWER.decode(leaf.as_bytes()).unwrap()));
        assert_eq!(HEXLOWER.encode(&tree.root()), root, "after leaf {leaf}");
    }
}

/// RFC 6962, section 2.1, word for word.
fn recursive(leaves: &[tree::Hash]) -> tree::Hash {
    match leaves {
        [] => Tree::default().root(),
        [one] => *one,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            tree::node(&recursive(&leaves[..split]), &recursive(&leaves[split..]))
        }
    }
}

#[test]
fn the_running_tree_agrees_with_the_definition_at_every_size() {
    let leaves: Vec<_> = (0..130u32).map(|n| tree::leaf(&n.to_le_bytes())).collect();
    let mut tree = Tree::default();
    for (n, leaf) in leaves.iter().enumerate() {
        assert_eq!(tree.root(), recursive(&leaves[..n]), "{n} leaves");
        let again = Tree::from_peaks(tree.size(), tree.peaks().to_vec()).unwrap();
        assert_eq!(again, tree);
        tree.push(*leaf);
    }
    assert_eq!(Tree::from_peaks(3, vec![leaves[0]]), None);
}
