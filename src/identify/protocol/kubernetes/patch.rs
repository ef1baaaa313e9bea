//! The forms in which a body says what is to become of an object, and a JSON patch as what it would write.

use serde_json::{Map, Value};

use crate::model::http::Unreadable;

/// How a value stands for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The object itself: what it does not hold is gone.
    Whole,
    /// A merge patch: null takes away, a list replaces.
    Merge,
    /// A strategic merge patch: a merge patch with directives, in which lists are merged.
    Strategic,
    /// A server-side apply: what this manager no longer names is gone where nobody else named it.
    Apply,
    /// One operation of a JSON patch, nested at its place.
    Json,
}

impl Form {
    /// The form of a patch with this content type.
    pub(super) fn of_patch(media: &str) -> Self {
        match media {
            "application/json-patch+json" => Self::Json,
            "application/strategic-merge-patch+json" => Self::Strategic,
            media if media.contains("apply-patch") => Self::Apply,
            _ => Self::Merge,
        }
    }

    /// Whether a member that is here may only repeat what was so before.
    pub(super) const fn repeats(self) -> bool {
        matches!(self, Self::Whole | Self::Apply)
    }
}

/// What one operation of a JSON patch writes.
pub(super) struct Write {
    /// [`Form::Whole`] where it replaces the whole object, [`Form::Merge`] where it says what such a patch would say.
    pub(super) form: Form,
    /// `/spec/replicas` ← 0 as `{"spec":{"replicas":0}}`; null for what is taken away.
    pub(super) value: Value,
    /// Finalizers go.
    pub(super) unguards: bool,
    /// The spec, or all data, goes.
    pub(super) empties: bool,
    /// The template of pods is replaced whole.
    pub(super) replaces_template: bool,
}

impl Write {
    fn at(path: &str, value: Value) -> Self {
        Self { form: Form::Json, value: nest(path, value), unguards: false, empties: false, replaces_template: false }
    }

    fn nothing() -> Self {
        Self::at("", Value::Object(Map::new()))
    }
}

/// A JSON patch (RFC 6902) as what its operations would write, each for itself.
///
/// # Errors
/// It is no JSON patch, or has a path that libraries read differently.
pub(super) fn read(patch: &Value) -> Result<Vec<Write>, Unreadable> {
    let operations = patch.as_array().ok_or_else(bad)?;
    let mut writes = Vec::with_capacity(operations.len());
    for operation in operations {
        let member = |name| operation.get(name).and_then(Value::as_str);
        let path = pointer(member("path").ok_or_else(bad)?)?;
        match member("op").ok_or_else(bad)? {
            "test" => {}
            "remove" => writes.push(removed(path)),
            what @ ("add" | "replace") => {
                let value = operation.get("value").cloned().ok_or_else(bad)?;
                writes.push(written(path, value, what == "replace"));
            }
            "copy" => moved(path, &mut writes),
            "move" => {
                writes.push(removed(pointer(member("from").ok_or_else(bad)?)?));
                moved(path, &mut writes);
            }
            _ => return Err(bad()),
        }
    }
    Ok(writes)
}

fn bad() -> Unreadable {
    Unreadable::new("the body is not a JSON patch")
}

/// A JSON pointer. The API server's library drops whatever stands before the first slash.
fn pointer(path: &str) -> Result<&str, Unreadable> {
    if path.is_empty() || path.starts_with('/') { Ok(path) } else { Err(bad()) }
}

/// Whether this path holds, or is one of, the finalizers.
fn guards(path: &str) -> bool {
    holds_finalizers(path) || path == "/metadata/finalizers" || path.starts_with("/metadata/finalizers/")
}

/// Whether a value at this path takes the place of all finalizers.
fn holds_finalizers(path: &str) -> bool {
    matches!(path, "" | "/metadata")
}

/// Whether this path is all that an object is about.
fn is_content(path: &str) -> bool {
    matches!(path, "" | "/spec" | "/data" | "/binaryData")
}

/// A removed member takes its default, which is not zero, or was allowed to be absent: nothing is written in its place but
/// where null itself says something.
fn removed(path: &str) -> Write {
    let defaulted = path.starts_with("/spec/") && path != "/spec/claimRef" && path != "/spec/loadBalancerSourceRanges";
    if path == "/spec/replicas" {
        return Write { form: Form::Merge, ..Write::at(path, Value::Null) };
    }
    let mut write = if defaulted || is_content(path) { Write::nothing() } else { Write::at(path, Value::Null) };
    write.unguards = guards(path);
    write.empties = is_content(path);
    write
}

fn written(path: &str, value: Value, replaces: bool) -> Write {
    let mut write = Write::at(path, Value::Null);
    let emptied = value.as_object().is_some_and(Map::is_empty) || value.is_null();
    write.empties = is_content(path) && emptied;
    write.replaces_template = matches!(path, "/spec/template" | "/spec/template/spec");
    write.unguards = match path {
        "/metadata" => value.get("finalizers").is_none_or(is_empty),
        "/metadata/finalizers" => is_empty(&value),
        // One more takes none away; one in the place of another does.
        _ => replaces && path.starts_with("/metadata/finalizers/"),
    };
    write.value = nest(path, value);
    if path.is_empty() {
        write.form = Form::Whole;
        write.unguards = write.value.pointer("/metadata/finalizers").is_none_or(is_empty);
    }
    write
}

fn is_empty(list: &Value) -> bool {
    list.is_null() || list.as_array().is_some_and(Vec::is_empty)
}

/// What is moved or copied is not in the request: it counts as nothing, which is zero and emptied, and as true.
fn moved(path: &str, writes: &mut Vec<Write>) {
    let mut nothing = Write::at(path, Value::Null);
    nothing.unguards = guards(path);
    nothing.empties = is_content(path);
    nothing.replaces_template = path.starts_with("/spec/template");
    writes.push(nothing);
    if !path.is_empty() {
        writes.push(Write::at(path, Value::Bool(true)));
    }
}

/// `value` at the JSON pointer `path` of an otherwise empty object.
fn nest(path: &str, value: Value) -> Value {
    path.split('/')
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .fold(value, |inner, key| Value::Object(Map::from_iter([(key.replace("~1", "/").replace("~0", "~"), inner)])))
}
