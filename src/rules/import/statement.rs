//! One statement of a policy: a rule or several, and what could not be carried over.

use serde_json::{Map, Value};

use super::action::{Actions, Target, Use, near, some};
use super::arn::{self, Fits, fits};
use super::condition::{self, Condition, Key, Meaning};
use super::draft::{Block, Draft, Sample};
use super::{Converted, Fit, Kind, Left, Note, Origin, Policy, region, slug};
use crate::model::Effect;
use crate::rules::Severity;

/// Members that a statement may have.
const MEMBERS: [&str; 9] =
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Principal", "NotPrincipal"];

pub(super) fn convert(policy: &Policy, converted: &mut Converted) {
    let statements: Vec<&Value> = match policy.document.get("Statement") {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => vec![],
    };
    for (at, statement) in statements.into_iter().enumerate() {
        let object = statement.as_object();
        let sid = object.and_then(|object| object.get("Sid")).and_then(Value::as_str).unwrap_or_default();
        let statement_name = if sid.is_empty() { format!("statement {}", at + 1) } else { sid.to_owned() };
        let origin = Origin { file: policy.file.clone(), policy: policy.name.clone(), statement: statement_name };
        let mut one = Statement { policy, origin, drafts: vec![], left: vec![] };
        match object {
            Some(object) => {
                if let Err((why, hint)) = one.read(object) {
                    one.leave("the statement", &why, hint);
                }
            }
            None => one.leave("the statement", "it is no JSON object", None),
        }
        converted.drafts.append(&mut one.drafts);
        converted.left.append(&mut one.left);
    }
}

struct Statement<'a> {
    policy: &'a Policy,
    origin: Origin,
    drafts: Vec<Draft>,
    left: Vec<Left>,
}

/// Why a statement becomes no rule, and what may be done instead.
type Refused = (String, Option<String>);

fn refuse<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err((why.into(), None))
}

/// What a statement's parts have come to.
#[derive(Default)]
struct Parts {
    matches: Block,
    excuses: Vec<(Key, Vec<String>)>,
    exempts: Vec<String>,
    notes: Vec<Note>,
}

impl Statement<'_> {
    fn leave(&mut self, what: &str, why: &str, hint: Option<String>) {
        let origin = self.origin.clone();
        self.left.push(Left { origin, what: what.to_owned(), why: why.to_owned(), hint });
    }

    fn read(&mut self, object: &Map<String, Value>) -> Result<(), Refused> {
        check(object)?;
        let actions = self.actions(object)?;
        let mut parts = Parts::default();
        for note in &actions.notes {
            parts.notes.push(note.clone());
        }
        if let Some(list) = list(object, "NotAction")? {
            let excused = Actions::read(&list, Use::Excuse);
            if excused.everything {
                return refuse("`NotAction` excuses everything");
            }
            parts.notes.extend(excused.notes);
            if !excused.unmapped.is_empty() {
                let names: Vec<&str> = excused.unmapped.iter().map(|(name, _)| name.as_str()).collect();
                let text =
                    format!("no operation belongs to these exceptions, so that nothing needs them: {}", some(&names));
                parts.notes.push(Note { fit: Fit::Same, text });
            }
            if !excused.patterns.is_empty() {
                parts.excuses.push((Key::Place("operation"), excused.patterns));
            }
        }
        let resources = resources(object, &mut parts)?;
        let targets: Vec<Target> = actions.targets.clone();
        for condition in conditions(object)? {
            read_condition(&condition, &targets, &mut parts)?;
        }
        self.build(&actions, &resources, parts)
    }

    fn actions(&mut self, object: &Map<String, Value>) -> Result<Actions, Refused> {
        let Some(list) = list(object, "Action")? else {
            return Ok(Actions { everything: true, broad: true, ..Actions::default() });
        };
        let actions = Actions::read(&list, Use::Deny);
        for (action, why) in &actions.unmapped {
            let hint = (action.eq_ignore_ascii_case("iam:PassRole")).then(|| {
                "rules name the calls that take a role, and `base/privilege` asks for those that grant one".to_owned()
            });
            self.leave(&format!("the action `{action}`"), why, hint);
        }
        let is_empty = !actions.everything && actions.patterns.is_empty() && actions.conditional.is_empty();
        if is_empty { refuse("none of its actions is an operation") } else { Ok(actions) }
    }

    fn build(&mut self, actions: &Actions, resources: &[String], mut parts: Parts) -> Result<(), Refused> {
        narrow(&mut parts)?;
        let restricted = !resources.is_empty() || !parts.matches.is_empty();
        let excused = parts.excuses.iter().any(|(key, _)| *key != Key::Place("operation"));
        if !parts.exempts.is_empty() {
            if actions.broad && !restricted && !excused {
                let why = format!(
                    "it lives by {}: the gate does not know IAM principals, and without that every call would be stopped",
                    parts.exempts.join(" and ")
                );
                return Err((why, Some("say it with `principal:` or `account:` in a rule of your own".to_owned())));
            }
            let text = format!(
                "the gate cannot see the exception {}, so that the rule holds for everybody",
                parts.exempts.join(" and ")
            );
            parts.notes.push(Note { fit: Fit::Wider, text });
        }
        let unless = parts.excuses.pop();
        let base = |matches: Block, notes: Vec<Note>| self.draft(actions, matches, unless.clone(), notes);
        let mut drafts = vec![];
        let loose = loose(actions, resources, &mut parts.notes);
        let is_loose = |pattern: &String| loose.iter().any(|target| target.id() == **pattern);
        let patterns: Vec<String> = actions.patterns.iter().filter(|one| !is_loose(one)).cloned().collect();
        if actions.everything || !patterns.is_empty() {
            let mut matches = parts.matches.clone();
            if actions.everything {
                matches.set("provider", ["aws".to_owned()]);
            } else {
                matches.set("operation", patterns);
            }
            if !resources.is_empty() {
                matches.set("resource", resources.iter().cloned());
            }
            drafts.push(base(matches, parts.notes.clone()));
        }
        if !loose.is_empty() {
            let mut matches = parts.matches.clone();
            matches.set("operation", loose.iter().map(Target::id));
            let is_kind = resources.iter().all(|pattern| arn::is_kind(pattern));
            let fit = if is_kind { Fit::Same } else { Fit::Wider };
            let text =
                format!("requests do not name what `Resource` names, so that it is left out: {}", resources.join(", "));
            let notes = parts.notes.iter().cloned().chain([Note { fit, text }]).collect();
            drafts.push(base(matches, notes));
        }
        let mut members: Vec<&str> = actions.conditional.iter().map(|(_, member)| *member).collect();
        members.dedup();
        for member in members {
            let with: Vec<&Target> =
                actions.conditional.iter().filter(|(_, other)| *other == member).map(|(target, _)| target).collect();
            let mut matches = parts.matches.clone();
            matches.set("operation", with.iter().map(|target| target.id()));
            matches.parameters.insert(member.to_owned(), vec!["*".to_owned()]);
            if !resources.is_empty() {
                matches.set("resource", resources.iter().cloned());
            }
            let mut draft = base(matches, parts.notes.clone());
            draft.samples = with.iter().map(|target| target.sample()).collect();
            draft.name = format!("{}-{}", draft.name, slug(member));
            drafts.push(draft);
        }
        self.drafts.extend(drafts);
        Ok(())
    }

    fn draft(&self, actions: &Actions, matches: Block, unless: Option<(Key, Vec<String>)>, notes: Vec<Note>) -> Draft {
        let (policy, sid) = (&self.policy.name, &self.origin.statement);
        let kind = self.policy.kind.as_str();
        let named = |target: &&Target| {
            let wanted = matches.of("operation");
            wanted.is_empty() || wanted.iter().any(|one| super::pattern::covers(one, &target.id(), true))
        };
        let mut samples: Vec<Sample> = actions.targets.iter().filter(named).take(8).map(Target::sample).collect();
        if samples.is_empty() {
            samples = vec![Sample {
                operation: "aws:ec2:DescribeInstances".to_owned(),
                command: Some("aws ec2 describe-instances".to_owned()),
            }];
        }
        let instead = match &unless {
            Some((key, values)) if *key != Key::Place("operation") => {
                let name = match key {
                    Key::Place(name) => (*name).to_owned(),
                    Key::Parameter(name) => format!("`{name}`"),
                };
                format!("Keep to what the policy leaves, which is for {name}: {}; or ask its owner.", some(&values.iter().map(String::as_str).collect::<Vec<_>>()))
            }
            _ => "Look at the present state with calls that only read, and ask the policy's owner whether this is meant to be possible.".to_owned(),
        };
        let mut block = Block::default();
        match unless {
            Some((Key::Place(name), values)) => block.set(name, values),
            Some((Key::Parameter(name), values)) => {
                block.parameters.insert(name, values);
            }
            None => {}
        }
        let file = self.policy.file.rsplit(['/', '\\']).next().unwrap_or_default();
        let id = self.policy.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        Draft {
            origin: self.origin.clone(),
            name: slug(sid),
            severity: Severity::High,
            decision: Effect::Deny,
            matches,
            unless: block,
            message: format!(
                "The {kind} `{policy}` denies this in its statement `{sid}`. AWS would refuse it as well; it was not sent."
            ),
            instead,
            references: vec![
                format!("{kind} {policy}{id}, {sid}, from {file}"),
                match self.policy.kind {
                    Kind::ServiceControl => {
                        "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html"
                    }
                    Kind::Iam | Kind::Either => {
                        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
                    }
                }
                .to_owned(),
            ],
            notes,
            samples,
            misses: near(actions),
        }
    }
}

/// What is not a denial that could be carried over.
fn check(object: &Map<String, Value>) -> Result<(), Refused> {
    if let Some(unknown) = object.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
        return refuse(format!("it has `{unknown}`, which no statement has: AWS would refuse the policy"));
    }
    match object.get("Effect").and_then(Value::as_str) {
        Some("Deny") => {}
        Some("Allow") => {
            let hint = "what is not allowed anywhere is denied by AWS; write a rule for what must not be tried";
            return Err(("it allows, and rules only deny".to_owned(), Some(hint.to_owned())));
        }
        _ => return refuse("its `Effect` is neither `Allow` nor `Deny`"),
    }
    if object.contains_key("NotPrincipal") {
        return refuse("it names IAM principals (`NotPrincipal`), which the gate does not know");
    }
    let anybody = |value: &Value| {
        value == "*"
            || value.as_object().is_some_and(|map| map.len() == 1 && map.get("AWS").is_some_and(|one| one == "*"))
    };
    if object.get("Principal").is_some_and(|value| !anybody(value)) {
        return refuse("it names IAM principals (`Principal`), which the gate does not know");
    }
    let pairs = [("Action", "NotAction"), ("Resource", "NotResource")];
    for (one, other) in pairs {
        if object.contains_key(one) && object.contains_key(other) {
            return refuse(format!("it has both `{one}` and `{other}`"));
        }
    }
    if !object.contains_key("Action") && !object.contains_key("NotAction") {
        return refuse("it has neither `Action` nor `NotAction`");
    }
    Ok(())
}

fn list(object: &Map<String, Value>, key: &str) -> Result<Option<Vec<String>>, Refused> {
    let Some(value) = object.get(key) else { return Ok(None) };
    match condition::texts(value) {
        Some(list) if !list.is_empty() => Ok(Some(list)),
        _ => refuse(format!("its `{key}` holds no texts")),
    }
}

/// The patterns of `Resource`; those of `NotResource` become an excuse.
fn resources(object: &Map<String, Value>, parts: &mut Parts) -> Result<Vec<String>, Refused> {
    if let Some(list) = list(object, "NotResource")? {
        let arns = arn::excused(&list);
        parts.notes.extend(arns.notes);
        if arns.patterns.iter().any(|one| one == "*") {
            return refuse("`NotResource` excuses everything");
        }
        if !arns.patterns.is_empty() {
            parts.excuses.push((Key::Place("resource"), arns.patterns));
        }
        return Ok(vec![]);
    }
    let Some(list) = list(object, "Resource")? else { return Ok(vec![]) };
    let arns = arn::matched(&list);
    if let Some(wrong) = arns.wrong.first() {
        return refuse(format!("`{wrong}` is not an ARN"));
    }
    parts.notes.extend(arns.notes);
    Ok(arns.patterns)
}

fn conditions(object: &Map<String, Value>) -> Result<Vec<Condition>, Refused> {
    match object.get("Condition") {
        None => Ok(vec![]),
        Some(Value::Object(block)) => condition::conditions(block).map_err(|why| (why, None)),
        Some(_) => refuse("its `Condition` is no JSON object"),
    }
}

fn read_condition(condition: &Condition, targets: &[Target], parts: &mut Parts) -> Result<(), Refused> {
    let read = condition.read(targets);
    parts.notes.extend(read.notes);
    match read.meaning {
        Meaning::Narrows(Key::Place(name), patterns) if parts.matches.of(name).is_empty() => {
            parts.matches.set(name, patterns);
        }
        Meaning::Narrows(Key::Parameter(name), patterns) if !parts.matches.parameters.contains_key(&name) => {
            parts.matches.parameters.insert(name, patterns);
        }
        Meaning::Narrows(..) => {
            let text = format!("{} narrows what another condition narrows already, and is left out", condition.said());
            parts.notes.push(Note { fit: Fit::Wider, text });
        }
        Meaning::Excuses(key, patterns) => parts.excuses.push((key, patterns)),
        Meaning::Holds(why) => {
            let text = format!("{} is left out: {why}", condition.said());
            parts.notes.push(Note { fit: Fit::Same, text });
        }
        Meaning::Never(why) => return refuse(format!("{}: {why}", condition.said())),
        Meaning::Exempts => parts.exempts.push(condition.said()),
        Meaning::Unseen(why) => {
            let hint = condition.key.to_ascii_lowercase().contains("tag").then(|| {
                "name the accounts and resources in the inventory and write a rule for `environment:`".to_owned()
            });
            return Err((format!("it holds only under {}, and {why}", condition.said()), hint));
        }
    }
    Ok(())
}

/// Leaves one excuse at most, for `unless` lifts a rule only where all its keys hold, and each of a statement's exceptions
/// lifts it alone.
fn narrow(parts: &mut Parts) -> Result<(), Refused> {
    let is_region = |(key, _): &(Key, Vec<String>)| *key == Key::Place("region");
    while parts.excuses.len() > 1 {
        let at = parts.excuses.iter().position(is_region).filter(|_| parts.matches.of("region").is_empty());
        let Some(at) = at else { break };
        let (_, allowed) = parts.excuses.remove(at);
        match region::others(&allowed) {
            Some(others) => {
                parts.matches.set("region", others);
                let text = format!("`region` spells out every region but {}", allowed.join(", "));
                parts.notes.push(Note { fit: Fit::Same, text });
            }
            None => return refuse("its regions have patterns that cannot be turned around, beside another exception"),
        }
    }
    while parts.excuses.len() > 1 {
        let Some((key, values)) = parts.excuses.pop() else { break };
        let name = match key {
            Key::Place(name) => name.to_owned(),
            Key::Parameter(name) => name,
        };
        let text = format!("a rule has room for one exception; this one is left out: {name} {}", values.join(", "));
        parts.notes.push(Note { fit: Fit::Wider, text });
    }
    Ok(())
}

/// Operations, named one by one, whose requests cannot be compared with the statement's resources: of these every call is
/// denied. What a pattern of actions brought along is left to the comparison, and said.
fn loose(actions: &Actions, resources: &[String], notes: &mut Vec<Note>) -> Vec<Target> {
    if resources.is_empty() {
        return vec![];
    }
    let is_kind = resources.iter().any(|pattern| arn::is_kind(pattern));
    let makes = |target: &Target| {
        ["Create", "Run", "Copy", "Import", "Restore", "Request", "Allocate"]
            .iter()
            .any(|verb| target.operation.name.get().starts_with(verb))
    };
    let (mut loose, mut unknown, mut other) = (vec![], vec![], vec![]);
    for target in &actions.targets {
        match fits(target, resources) {
            Fits::Meets => {}
            Fits::Unknown | Fits::Nameless if target.exact => loose.push(*target),
            Fits::Other if target.exact && is_kind && makes(target) => loose.push(*target),
            Fits::Unknown => unknown.push(target.id()),
            Fits::Other if target.exact => other.push(target.id()),
            Fits::Other | Fits::Nameless => {}
        }
    }
    for (list, why) in [
        (unknown, "requests name their resources otherwise than as ARNs, so that these are not covered"),
        (other, "these act upon other resources than the statement's, so that the rule does not concern them"),
    ] {
        if !list.is_empty() {
            let names: Vec<&str> = list.iter().map(String::as_str).collect();
            let fit = Fit::Narrower;
            notes.push(Note { fit, text: format!("{why}: {}", some(&names)) });
        }
    }
    loose
}
