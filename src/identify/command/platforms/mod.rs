//! Command lines of hosting platforms and code forges whose calls are requests to an API that the catalog describes.
//!
//! Most of their words stand in tables. Here is what tables cannot say: requests that are written out (`gh api`), aliases,
//! which repository a command means, commands that run other commands, and the scripts of package managers.

mod api;
mod forge;
mod hosting;
mod packages;
mod runs;

#[cfg(test)]
mod tests;

use super::{Invocation, Part, Scene, Word};

/// Reads the invocation where the program is one of a platform's; `false` when it is not, or when its table says all.
pub(super) fn read(program: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    match program {
        "gh" => forge::github(one, scene),
        "glab" => forge::gitlab(one, scene),
        "fly" | "flyctl" => hosting::fly(one, scene),
        "heroku" => hosting::heroku(one, scene),
        "netlify" | "ntl" => hosting::netlify(one, scene),
        "wrangler" => hosting::wrangler(one, scene),
        "npm" | "pnpm" | "yarn" | "bun" => packages::read(program, one, scene),
        _ => runs::read(program, one, scene),
    }
}

/// The word made of a known beginning and another word.
fn joined(before: &str, word: &Word) -> Word {
    let mut parts = vec![Part::Text(before.to_owned())];
    for part in &word.parts {
        match (parts.last_mut(), part) {
            (Some(Part::Text(held)), Part::Text(more)) => held.push_str(more),
            _ => parts.push(part.clone()),
        }
    }
    Word { parts }
}
