//! From IAM's actions to operations: a permission is not always called like what it guards.

use crate::catalog::aws::permission::{Needed, guarded_services, guards, permissions};
use crate::catalog::aws::{Operation, Service, faces};

use super::draft::Sample;
use super::pattern::covers;
use super::{Fit, Note};

/// An operation that an action speaks of.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) service: &'static Service,
    pub(super) operation: &'static Operation,
    /// The action was written without a pattern.
    pub(super) exact: bool,
}

impl Target {
    pub(super) fn id(&self) -> String {
        format!("aws:{}:{}", self.service.name.get(), self.operation.name.get())
    }

    pub(super) fn sample(&self) -> Sample {
        let command = format!("aws {}", faces::command_of(self.service, self.operation));
        Sample { operation: self.id(), command: Some(command) }
    }
}

/// What a list of actions stands for.
#[derive(Default)]
pub(super) struct Actions {
    /// `Action: "*"`.
    pub(super) everything: bool,
    /// A whole service is among them.
    pub(super) broad: bool,
    /// Patterns of operations.
    pub(super) patterns: Vec<String>,
    /// What they cover, as far as the catalog knows.
    pub(super) targets: Vec<Target>,
    /// Operations that are meant only when a member is there.
    pub(super) conditional: Vec<(Target, &'static str)>,
    /// Actions that are no operation, and why.
    pub(super) unmapped: Vec<(String, String)>,
    pub(super) notes: Vec<Note>,
}

/// Whether the operations are to be denied or excused: what is excused must be all of what an action says, and no more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Deny,
    Excuse,
}

impl Actions {
    pub(super) fn read(list: &[String], purpose: Use) -> Self {
        let mut actions = Self::default();
        for action in list {
            actions.add(action, purpose);
        }
        // What a later action says of every call, an earlier one need not say of some.
        let conditional = std::mem::take(&mut actions.conditional);
        let is_new = |(target, _): &(Target, &str)| !actions.has(target.service, target.operation);
        actions.conditional = conditional.into_iter().filter(is_new).collect();
        actions
    }

    fn add(&mut self, action: &str, purpose: Use) {
        if matches!(action, "*" | "*:*") {
            (self.everything, self.broad) = (true, true);
            return;
        }
        let Some((prefix, name)) =
            action.split_once(':').filter(|(prefix, name)| !prefix.is_empty() && !name.is_empty())
        else {
            return self.drop(action, "it is not `service:Action`");
        };
        let prefix = prefix.to_ascii_lowercase();
        if prefix.contains(['*', '?']) {
            return self.drop(action, "a pattern in a service's prefix means nothing to IAM");
        }
        let before = self.patterns.len() + self.conditional.len();
        for service in guarded_services(&prefix) {
            // Neptune and DocumentDB are read as RDS under other names, and count as it.
            if service.judged_as.get() == service.name.get() || purpose == Use::Excuse {
                self.add_service(service, name, purpose);
            }
        }
        let has = self.add_guards((&prefix, name), purpose);
        if self.patterns.len() + self.conditional.len() == before && !has && !self.covers(&prefix, name) {
            self.drop(action, &why_none(&prefix, name));
        }
    }

    /// Whether an earlier action already brought all that this one says.
    fn covers(&self, prefix: &str, name: &str) -> bool {
        let mut services = guarded_services(prefix).into_iter();
        services.any(|service| {
            service.operations().iter().any(|operation| {
                let is_it = permissions(service, operation).iter().any(|one| covers(name, one, false));
                is_it && self.has(service, operation)
            })
        })
    }

    fn has(&self, service: &Service, operation: &Operation) -> bool {
        let is_it =
            |target: &Target| std::ptr::eq(target.service, service) && std::ptr::eq(target.operation, operation);
        self.targets.iter().any(is_it)
    }

    fn add_service(&mut self, service: &'static Service, name: &str, purpose: Use) {
        let label = service.name.get();
        let meant = |operation: &'static Operation| {
            let needed = permissions(service, operation);
            let is_covered = |permission: &&str| covers(name, permission, false);
            match purpose {
                Use::Deny => needed.iter().any(is_covered),
                Use::Excuse => needed.iter().all(is_covered),
            }
        };
        let found: Vec<&'static Operation> = service.operations().iter().filter(|one| meant(one)).collect();
        if name == "*" {
            self.broad = true;
            self.pattern(format!("aws:{label}:*"));
        } else if !found.is_empty() {
            let is_open = name.contains('*') && !name.contains('?');
            let reached: Vec<&'static Operation> =
                service.operations().iter().filter(|one| is_open && covers(name, one.name.get(), true)).collect();
            let others: Vec<&str> = reached.iter().filter(|one| !meant(one)).map(|one| one.name.get()).collect();
            // An open pattern also covers what the service learns tomorrow; one that reaches too far is spelt out where
            // it excuses.
            let keeps = !reached.is_empty() && (purpose == Use::Deny || others.is_empty());
            if keeps {
                self.pattern(format!("aws:{label}:{name}"));
            }
            if keeps && !others.is_empty() {
                let text = format!(
                    "`{label}:{name}` as a name of operations also covers what IAM guards by other permissions: {}",
                    some(&others)
                );
                self.notes.push(Note { fit: Fit::Wider, text });
            }
            for one in found.iter().filter(|one| !keeps || !covers(name, one.name.get(), true)) {
                self.pattern(format!("aws:{label}:{}", one.name.get()));
            }
        }
        let exact = !name.contains(['*', '?']);
        for operation in found {
            if !self.has(service, operation) {
                self.targets.push(Target { service, operation, exact });
            }
        }
    }

    /// What the table says of calls that need the permission only at times, and of whole hosts. True when another action
    /// has brought such a call already, whatever it holds.
    fn add_guards(&mut self, (prefix, name): (&str, &str), purpose: Use) -> bool {
        let mut sometimes: Vec<String> = vec![];
        let mut has = false;
        let is_its = |row: &crate::catalog::aws::permission::Guard| {
            row.prefix == prefix && row.permission != "*" && covers(name, row.permission, false)
        };
        for row in guards().filter(is_its) {
            let service = crate::catalog::aws::service(row.service);
            let operation = service.and_then(|service| service.operation(row.operation));
            match (row.needed, service.zip(operation)) {
                (Needed::Always, None) => self.pattern(format!("aws:{}:{}", row.service, row.operation)),
                (Needed::Always, Some(_)) => {}
                (_, Some((service, operation))) if self.has(service, operation) => has = true,
                (_, Some(_)) if purpose == Use::Excuse => {}
                (Needed::With(member), Some((service, operation))) => {
                    let target = Target { service, operation, exact: !name.contains(['*', '?']) };
                    self.conditional.push((target, member));
                }
                (_, _) if purpose == Use::Excuse => {}
                (Needed::With(_) | Needed::Sometimes, _) => {
                    sometimes.push(format!("{}:{}", row.service, row.operation));
                }
            }
        }
        if !sometimes.is_empty() && !self.patterns.is_empty() {
            let text = format!(
                "`{prefix}:{name}` also guards some calls of {}, which a request does not tell apart: they are not covered",
                some(&sometimes.iter().map(String::as_str).collect::<Vec<_>>())
            );
            self.notes.push(Note { fit: Fit::Narrower, text });
        }
        has
    }

    fn pattern(&mut self, pattern: String) {
        if !self.patterns.contains(&pattern) {
            self.patterns.push(pattern);
        }
    }

    fn drop(&mut self, action: &str, why: &str) {
        self.unmapped.push((action.to_owned(), why.to_owned()));
    }
}

fn why_none(prefix: &str, name: &str) -> String {
    let sometimes: Vec<String> = guards()
        .filter(|row| row.prefix == prefix && row.permission != "*" && covers(name, row.permission, false))
        .map(|row| format!("{}:{}", row.service, row.operation))
        .collect();
    if !sometimes.is_empty() {
        let list: Vec<&str> = sometimes.iter().map(String::as_str).collect();
        return format!(
            "no operation is called so; it guards some calls of {}, which a request does not tell apart",
            some(&list)
        );
    }
    if guarded_services(prefix).is_empty() {
        return format!("no service of the catalog has the prefix `{prefix}`");
    }
    "it is a permission without an operation of its own: no request asks for it".to_owned()
}

/// The first few of a list.
pub(super) fn some(list: &[&str]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = list.iter().take(SHOWN).map(|one| format!("`{one}`")).collect();
    match list.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// Operations that only look, of the same services first: near misses for tests.
pub(super) fn near(actions: &Actions) -> Vec<Sample> {
    let reads = ["Describe", "List", "Get"];
    let mut found = vec![];
    for target in actions.targets.iter().take(3) {
        let quiet =
            target.service.operations().iter().filter(|one| {
                reads.iter().any(|verb| one.name.get().starts_with(verb)) && one.required.get().is_empty()
            });
        let others = quiet.map(|operation| Target { operation, ..*target });
        found.extend(others.filter(|one| !actions.has(one.service, one.operation)).take(2).map(|one| one.sample()));
    }
    let sts = crate::catalog::aws::service("sts");
    let identity = sts.and_then(|service| Some((service, service.operation("GetCallerIdentity")?)));
    found.extend(identity.map(|(service, operation)| Target { service, operation, exact: true }.sample()));
    found
}
