//! Programs that run another program: sudo, env, xargs, find -exec, ssh, bash -c.

use super::face::Reader;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];

/// Reads a command that stands in another one's arguments (`find -exec`, `git bisect run`), as it would be run there.
pub(super) fn found(words: Vec<super::Word>, at: &super::Invocation, scene: &mut super::Scene<'_>) {
    scene.invocation(&at.with_words(words));
}
