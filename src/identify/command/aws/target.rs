//! Where a call of the AWS command line goes: region, account, endpoint, by options, environment and `~/.aws/config`, in the
//! order in which botocore asks them.

use crate::head::text::head_from_parts;
use crate::identify::command::{Contents, Invocation, Machine, Scene, Word};
use crate::identify::protocol::aws::declared::{self, Target};

use super::globals::Globals;

/// Environment variables of endpoints whose name is not the service's in capitals (botocore's service ids).
const ENDPOINT_NAMES: [(&str, &str); 22] = [
    ("acm", "ACM"),
    ("apigateway", "API_GATEWAY"),
    ("application-autoscaling", "APPLICATION_AUTO_SCALING"),
    ("autoscaling", "AUTO_SCALING"),
    ("cloudwatch", "CLOUDWATCH"),
    ("cognito-identity", "COGNITO_IDENTITY"),
    ("cognito-idp", "COGNITO_IDENTITY_PROVIDER"),
    ("elasticbeanstalk", "ELASTIC_BEANSTALK"),
    ("elb", "ELASTIC_LOAD_BALANCING"),
    ("elbv2", "ELASTIC_LOAD_BALANCING_V2"),
    ("es", "ELASTICSEARCH_SERVICE"),
    ("events", "EVENTBRIDGE"),
    ("logs", "CLOUDWATCH_LOGS"),
    ("resourcegroupstaggingapi", "RESOURCE_GROUPS_TAGGING_API"),
    ("route53", "ROUTE_53"),
    ("s3api", "S3"),
    ("s3control", "S3_CONTROL"),
    ("scheduler", "SCHEDULER"),
    ("secretsmanager", "SECRETS_MANAGER"),
    ("servicediscovery", "SERVICEDISCOVERY"),
    ("stepfunctions", "SFN"),
    ("transfer", "TRANSFER"),
];

/// What a word says, else how it looks.
fn shown(word: &Word) -> String {
    word.text().map_or_else(|| word.to_string(), std::borrow::Cow::into_owned)
}

/// The target of calls to this service (as the command line spells it).
pub(super) fn of(globals: &Globals, service: &str, at: &Invocation, scene: &Scene<'_>) -> Target {
    let variable = |name: &str| asked(at, scene, name);
    let first = |names: &[&str]| names.iter().find_map(|name| variable(name)).map(|word| shown(&word));
    let explicit = globals.profile.as_ref().map(shown);
    let profile = explicit.clone().or_else(|| first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]));
    let config = Config::read(at, scene);
    let section = config.profile(profile.as_deref().unwrap_or("default"));
    let setting = |key: &str| section.and_then(|section| section.get(key));
    let key = first(&["AWS_ACCESS_KEY_ID"]).filter(|key| explicit.is_none() && !key.is_empty());
    // Keys of the environment count before a profile that only the environment names.
    let (profile, account) = match &key {
        Some(key) => (None, declared::account_of_key(key)),
        None => (profile, first(&["AWS_ROLE_ARN"]).filter(|_| explicit.is_none()).and_then(|arn| account_of(&arn))),
    };
    let of_profile = || {
        let role = setting("role_arn").and_then(account_of);
        role.or_else(|| setting("sso_account_id").filter(|id| declared::is_account(id)).map(str::to_owned))
    };
    let account = account.or_else(|| of_profile().filter(|_| key.is_none())).filter(|_| !globals.unsigned);
    let region = globals.region.as_ref().map(shown);
    let region = region.or_else(|| first(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
    let region = region.or_else(|| setting("region").map(str::to_owned));
    let endpoint = globals.endpoint.as_ref().map(shown).or_else(|| {
        let ignored = |text: &str| text.eq_ignore_ascii_case("true");
        if first(&["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]).as_deref().is_some_and(ignored) {
            return None;
        }
        let own = ENDPOINT_NAMES.iter().find(|(name, _)| *name == service).map(|(_, variable)| (*variable).to_owned());
        let own = own.unwrap_or_else(|| service.to_ascii_uppercase().replace('-', "_"));
        let by_variable = first(&[&format!("AWS_ENDPOINT_URL_{own}"), "AWS_ENDPOINT_URL"]);
        let services = || setting("services").and_then(|name| config.nested(name, &own));
        by_variable.or_else(|| services().or_else(|| setting("endpoint_url")).map(str::to_owned))
    });
    let endpoint = endpoint.filter(|url| !url.is_empty()).map(|url| reachable(url, at));
    Target { region, account, profile, endpoint }
}

/// The endpoint as it stands to this machine: another machine's loopback is not ours, and what is no URL is nobody's.
fn reachable(url: String, at: &Invocation) -> String {
    const UNKNOWN: &str = "https://unknown.invalid/";
    let Ok(head) = head_from_parts("POST", &url, &[]) else { return UNKNOWN.to_owned() };
    match (&at.machine, head.authority.is_loopback()) {
        (Machine::Own | Machine::Container(_), _) | (_, false) => url,
        _ => UNKNOWN.to_owned(),
    }
}

/// A variable as the command sees it; on another machine only what the text sets is known.
fn asked(at: &Invocation, scene: &Scene<'_>, name: &str) -> Option<Word> {
    match at.machine {
        Machine::Own => scene.variable(at, name),
        _ => at.set(name).cloned(),
    }
}

/// The account in an ARN.
pub(super) fn account_of(arn: &str) -> Option<String> {
    arn.strip_prefix("arn:")?.split(':').nth(3).filter(|part| declared::is_account(part)).map(str::to_owned)
}

/// `~/.aws/config`, or the file that a variable names.
#[derive(Debug, Default)]
struct Config {
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    name: String,
    /// Name and value; of a nested setting its name is `outer.inner`.
    settings: Vec<(String, String)>,
}

impl Section {
    fn get(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

impl Config {
    fn read(at: &Invocation, scene: &Scene<'_>) -> Self {
        if at.machine != Machine::Own {
            return Self::default();
        }
        let home = scene.around().home();
        let named = scene.variable(at, "AWS_CONFIG_FILE").map(|word| shown(&word));
        let path = named.or_else(|| Some("~/.aws/config".to_owned()));
        let path = path.and_then(|path| match path.strip_prefix("~/") {
            Some(rest) => home.map(|home| format!("{home}/{rest}")),
            None => Some(path),
        });
        match path.map(|path| scene.contents(&path)) {
            Some(Contents::Whole(bytes)) => Self { sections: sections(&String::from_utf8_lossy(&bytes)) },
            _ => Self::default(),
        }
    }

    /// `[profile NAME]`, and `[default]`.
    fn profile(&self, name: &str) -> Option<&Section> {
        let is = |section: &&Section| {
            let own = section.name.strip_prefix("profile ").map(str::trim);
            own == Some(name) || name == "default" && section.name == "default"
        };
        self.sections.iter().rev().find(is)
    }

    /// A service's `endpoint_url` in `[services NAME]`.
    fn nested(&self, of: &str, service: &str) -> Option<&str> {
        let fold = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
        let section =
            self.sections.iter().rev().find(|one| one.name.strip_prefix("services ").map(str::trim) == Some(of))?;
        let wanted = fold(service);
        let is = |name: &str| name.strip_suffix(".endpoint_url").is_some_and(|name| fold(name) == wanted);
        section.settings.iter().find(|(name, _)| is(name)).map(|(_, value)| value.as_str())
    }
}

/// The sections of an INI file with settings in settings, as botocore reads it.
fn sections(text: &str) -> Vec<Section> {
    let mut found: Vec<Section> = vec![];
    let mut outer = String::new();
    for line in text.lines() {
        let plain = line.trim();
        if plain.is_empty() || plain.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = plain.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ").replace(['"', '\''], "");
            found.push(Section { name, settings: vec![] });
            outer.clear();
            continue;
        }
        let (Some(section), Some((name, value))) = (found.last_mut(), plain.split_once('=')) else { continue };
        let (name, value) = (name.trim(), value.trim());
        let inner = line.starts_with([' ', '\t']) && !outer.is_empty();
        if inner {
            section.settings.push((format!("{outer}.{name}"), value.to_owned()));
        } else {
            name.clone_into(&mut outer);
            section.settings.push((name.to_owned(), value.to_owned()));
        }
    }
    found
}
