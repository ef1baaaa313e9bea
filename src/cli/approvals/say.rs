//! An answer: shown, confirmed, signed where people sign, handed in.

use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;

use super::page::{self, Page};
use super::sign::sign;
use super::{Desk, Saying};
use crate::app::{self, Places, SystemClock};
use crate::approvals::{Ballot, Said, State, Statement, Subject, View};
use crate::cli::{Failure, gate};
use crate::config::{People, Person};
use crate::control::ControlError;
use crate::control::protocol::{Answer, Spoken};
use crate::model::Clock as _;
use crate::sandbox::{self, Above};

/// More than any statement and any signature.
const FILE_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn say(desk: &Desk<'_>, said: Said, saying: &Saying) -> Result<ExitCode, Failure> {
    let view = desk.show(&saying.id)?;
    let lets_pass = matches!(said, Said::Approve | Said::BreakGlass);
    let asks = lets_pass && !saying.yes && std::io::stdin().is_terminal() && view.state == State::Pending;
    let view = match asks {
        false => view,
        true => {
            let page = desk.page(&saying.id)?;
            if !confirmed(&page)? {
                anstream::println!("nothing was approved");
                return Ok(ExitCode::from(1));
            }
            page.view
        }
    };
    let answer = if view.signed || matches!(said, Said::BreakGlass | Said::Review) {
        let people = people(desk)?;
        let voter = voter(&people, saying.voter.as_deref())?;
        let statement = stated(&view, said, voter, &saying.reason)?;
        let folder = std::env::home_dir().unwrap_or_default().join(".ssh");
        let signature = sign(&statement, voter, saying.key.as_deref(), &folder).map_err(Failure::usage)?;
        Answer::Signed(Ballot { statement: statement.to_string(), signature })
    } else {
        let content = Some(view.content.clone());
        Answer::Operator(Spoken { answer: said, reason: saying.reason.clone(), content })
    };
    let after = handed_in(desk, &saying.id, &answer)?;
    desk.print(&after, || outcome(said, &after))
}

/// Prints what is to be signed, byte for byte.
pub(super) fn statement(
    desk: &Desk<'_>,
    id: &str,
    said: Said,
    (voter_name, reason): (Option<&str>, &str),
) -> Result<ExitCode, Failure> {
    let page = desk.page(id)?;
    let people = people(desk)?;
    let statement = stated(&page.view, said, voter(&people, voter_name)?, reason)?;
    anstream::eprint!("{}", page::whole(&page));
    std::io::stdout().write_all(statement.to_string().as_bytes()).map_err(Failure::fault)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn cast(desk: &Desk<'_>, id: &str, statement: &Path, signature: &Path) -> Result<ExitCode, Failure> {
    let ballot = Ballot { statement: text(statement)?, signature: text(signature)? };
    let said = Statement::parse(&ballot.statement).map_err(Failure::usage)?.answer;
    let after = handed_in(desk, id, &Answer::Signed(ballot))?;
    desk.print(&after, || outcome(said, &after))
}

fn text(path: &Path) -> Result<String, Failure> {
    use std::io::Read as _;
    let fails = |error: std::io::Error| Failure::usage(anyhow!("cannot read `{}`: {error}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(fails)?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(fails)?;
    Ok(text)
}

fn handed_in(desk: &Desk<'_>, id: &str, answer: &Answer) -> Result<View, Failure> {
    let path = format!("/v1/approvals/{id}");
    let alone = || {
        let standing = desk.alone()?;
        Some(may_answer().and(standing).and_then(|desk| desk.answer(id, answer)))
    };
    gate::ask_or(desk.config, async |client| client.post(&path, answer).await, alone)
}

/// SECURITY: nobody answers for themselves. What stands below a `run` is an agent's, also when its gate has gone.
fn may_answer() -> Result<(), ControlError> {
    match sandbox::above(std::process::id()) {
        Above::Nobody => Ok(()),
        Above::Gate(_) | Above::Unknown => Err(ControlError::Refused(
            "this command was started behind the gate (`run`): an agent cannot do this for itself; do it in a terminal \
             of your own"
                .to_owned(),
        )),
    }
}

fn people(desk: &Desk<'_>) -> Result<People, Failure> {
    let places = Places::of(desk.config, |name| std::env::var_os(name)).map_err(Failure::usage)?;
    app::standing(places).map(|(_, _, people)| people).map_err(|wrong| Failure::usage(anyhow!(wrong)))
}

fn voter<'a>(people: &'a People, named: Option<&str>) -> Result<&'a Person, Failure> {
    let own = app::person();
    let Some(name) = named.or(own.as_deref()) else {
        return Err(Failure::usage(anyhow!("whose answer is it? Say it with `--as NAME`")));
    };
    people.named(name).ok_or_else(|| {
        Failure::usage(anyhow!("people.yaml names nobody `{name}`; say whose answer it is with `--as NAME`"))
    })
}

fn stated(view: &View, answer: Said, voter: &Person, reason: &str) -> Result<Statement, Failure> {
    let content = data_encoding::HEXLOWER.decode(view.content.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    let content = content.ok_or_else(|| Failure::fault(anyhow!("the gate's answer names no content")))?;
    let reason = Some(reason.trim()).filter(|reason| !reason.is_empty()).map(str::to_owned);
    Ok(Statement { request: view.id, content, answer, voter: voter.name.clone(), at: SystemClock.now(), reason })
}

/// Shows what would be done, and asks.
fn confirmed(page: &Page) -> Result<bool, Failure> {
    anstream::print!("{}", page::whole(page));
    let asks = if page.view.subject.is_call() { "Let this pass once?" } else { "Let the gate go by this?" };
    anstream::print!("{asks} [y/N] ");
    std::io::stdout().flush().map_err(Failure::fault)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(Failure::fault)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What has become of it.
fn outcome(said: Said, view: &View) -> String {
    let missing = || match view.missing.is_empty() {
        true => String::new(),
        false => format!("\nStill needed: {}", view.missing.join("; ")),
    };
    match (said, view.state) {
        (Said::Approve, State::Approved) => format!(
            "{} approved: what was shown passes once, until {}.\n{}\n",
            view.id,
            crate::cli::moment(view.until),
            match view.subject {
                Subject::Call => "Tell the agent to repeat it.",
                Subject::Change(_) => "The gate takes it up by itself, within seconds.",
            }
        ),
        (Said::BreakGlass, State::Approved) => format!(
            "{}: the glass is broken. What was shown passes once, until {}.\nSomebody else must look at it: blastgate \
             approvals review {}\n",
            view.id,
            crate::cli::moment(view.until),
            view.id
        ),
        (Said::Deny, State::Denied) => format!("{} denied\n", view.id),
        (Said::Withdraw, _) => {
            format!("{}: your answer was taken back; it is {} now.{}\n", view.id, view.state, missing())
        }
        (Said::Review, _) => format!("{}: reviewed\n", view.id),
        _ => format!("{}: your answer counts; it is {}.{}\n", view.id, view.state, missing()),
    }
}
