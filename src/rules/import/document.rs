//! Policies in JSON, wherever they stand: a document, a list of them, or what the AWS CLI prints around one.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::identify::strict_json;

use super::{Left, Origin};

/// What kind of policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A service control policy.
    ServiceControl,
    /// An IAM policy.
    Iam,
    /// The file does not tell.
    Either,
}

impl Kind {
    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServiceControl => "service control policy",
            Self::Iam => "IAM policy",
            Self::Either => "AWS policy",
        }
    }
}

/// One policy's document.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The file that it stands in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its ARN or id, where the file tells.
    pub id: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// The document.
    pub document: Map<String, Value>,
}

/// Members that hold a document, nested or as text.
const HOLDERS: [&str; 6] =
    ["content", "document", "policydocument", "policy", "assumerolepolicydocument", "permissionspolicy"];

/// What a walk through a file has seen on its way.
#[derive(Clone, Default)]
struct Seen {
    name: Option<String>,
    id: Option<String>,
}

struct Walk<'a> {
    file: &'a str,
    kind: Kind,
    policies: Vec<Policy>,
    left: Vec<Left>,
}

/// Every policy of a file, and what looks like one and cannot be read.
///
/// # Errors
/// The file is not JSON with one reading, or holds no policy.
pub fn policies(file: &str, text: &str, kind: Kind) -> Result<(Vec<Policy>, Vec<Left>), String> {
    let value = strict_json(text.trim_start_matches('\u{feff}').as_bytes())?;
    let mut walk = Walk { file, kind, policies: vec![], left: vec![] };
    walk.look(&value, &Seen::default());
    if walk.policies.is_empty() && walk.left.is_empty() {
        return Err("no policy stands in it: nothing has a `Statement`".to_owned());
    }
    Ok((walk.policies, walk.left))
}

impl Walk<'_> {
    fn look(&mut self, value: &Value, above: &Seen) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.look(item, above)),
            Value::Object(object) => self.object(object, above),
            _ => {}
        }
    }

    fn object(&mut self, object: &Map<String, Value>, above: &Seen) {
        if object.contains_key("Statement") {
            let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
            let stem = file.split('.').next().unwrap_or_default().to_owned();
            let (name, id) = (above.name.clone(), above.id.clone());
            let name = name.or_else(|| text(object, &["Id"])).unwrap_or(stem);
            let (file, kind, document) = (self.file.to_owned(), self.kind, object.clone());
            self.policies.push(Policy { file, name, id, kind, document });
            return;
        }
        let mut seen = above.clone();
        let summary = object.get("PolicySummary").and_then(Value::as_object).unwrap_or(object);
        let name = text(summary, &["PolicyName", "Name", "name"]);
        seen.name = name.or(seen.name).or_else(|| text(object, &["RoleName", "UserName", "GroupName"]));
        seen.id = text(summary, &["Arn", "PolicyArn", "Id", "arn"]).or(seen.id);
        if object.get("IsDefaultVersion") == Some(&Value::Bool(false)) && object.contains_key("Document") {
            let version = text(object, &["VersionId"]).unwrap_or_else(|| "a version".to_owned());
            self.leave(&seen, &version, "it is not the policy's default version", None);
            return;
        }
        for (key, value) in object {
            match value {
                Value::String(content) if HOLDERS.contains(&key.to_ascii_lowercase().as_str()) => {
                    self.text(content, &seen);
                }
                _ if key.eq_ignore_ascii_case("assumerolepolicydocument") => {
                    let why = "it says who may take the role: no denial of what an agent does";
                    self.leave(&seen, "a trust policy", why, None);
                }
                _ => self.look(value, &seen),
            }
        }
    }

    /// A document as a text, perhaps percent-encoded (RFC 3986, as IAM prints it).
    fn text(&mut self, content: &str, seen: &Seen) {
        let trimmed = content.trim_start();
        let decoded = if trimmed.starts_with('%') {
            percent_decode_str(trimmed).decode_utf8().ok().map(|text| text.into_owned())
        } else {
            Some(trimmed.to_owned())
        };
        let Some(decoded) = decoded.filter(|text| text.starts_with(['{', '['])) else {
            // A policy's name or ARN may stand under the same word.
            return;
        };
        match strict_json(decoded.as_bytes()) {
            Ok(value) => self.look(&value, seen),
            Err(wrong) => {
                let why = format!("its text cannot be read: {wrong}");
                self.leave(seen, "a policy's document", &why, None);
            }
        }
    }

    fn leave(&mut self, seen: &Seen, what: &str, why: &str, hint: Option<String>) {
        let policy = seen.name.clone().unwrap_or_default();
        let origin = Origin { file: self.file.to_owned(), policy, statement: String::new() };
        self.left.push(Left { origin, what: what.to_owned(), why: why.to_owned(), hint });
    }
}

fn text(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| object.get(*name)?.as_str()).map(str::to_owned)
}
