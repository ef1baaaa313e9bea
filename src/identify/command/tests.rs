//! For the tests of faces: one simple command, split at blanks outside quotes, and what it would do.

use super::{Invocation, Scene, Stated, Word};
use crate::classify::{Action, classify};
use crate::config::Inventory;
use crate::model::Evidence;
use crate::model::http::Unreadable;

/// `/repo` is the workspace of `/home/dev`'s owner.
pub(in crate::identify) fn stated() -> Stated {
    Stated::in_workspace("/repo")
}

/// The words of a plain command: blanks part, quotes keep together, nothing is expanded.
pub(in crate::identify) fn words(command: &str) -> Vec<Word> {
    let tokens = brush_parser::tokenize_str(command).expect("plain words");
    tokens.iter().map(|token| Word::known(brush_parser::unquote_str(token.to_str()))).collect()
}

/// What a plain command would do, read by its face alone, in these surroundings.
pub(in crate::identify) fn actions_in(command: &str, around: &Stated) -> Result<Vec<Action>, Unreadable> {
    let mut scene = Scene::new(around);
    scene.invocation(&Invocation { words: words(command), ..Invocation::bare(around) });
    let heard = scene.finish()?;
    Ok(classify(heard.identified, &Inventory::default(), Evidence::Parsed).into_vec())
}

/// Each operation as `id impact scope`, parted by `; `; a refusal as `refused STATUS`.
pub(in crate::identify) fn said(command: &str) -> String {
    said_in(command, &stated())
}

/// The same in these surroundings.
pub(in crate::identify) fn said_in(command: &str, around: &Stated) -> String {
    match actions_in(command, around) {
        Ok(actions) => {
            let one = |action: &Action| {
                let blast = action.blast();
                format!("{} {} {}", action.operation(), blast.impact, blast.scope)
            };
            actions.iter().map(one).collect::<Vec<_>>().join("; ")
        }
        Err(unreadable) => format!("refused {}", unreadable.status),
    }
}
