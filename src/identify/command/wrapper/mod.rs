//! Programs that run another program: sudo, env, xargs, find -exec, ssh, bash -c.

use super::face::Reader;
use super::{Invocation, Machine, Scene, Word};

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[];

/// Reads a command that runs on another machine.
pub(super) fn inside(words: Vec<Word>, machine: Machine, at: &Invocation, scene: &mut Scene<'_>) {
    scene.invocation(&Invocation { words, machine, directory: None, variables: vec![], writes: vec![], ..at.clone() });
}
