//! XML bodies of the REST-XML services: the named members' texts, by element names below the root.
//!
//! Refused, because two readers could differ and no client needs it: a document type, an entity that is not predefined,
//! prefixed elements, a namespace inside the document, an encoding other than UTF-8.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::catalog::aws::Member;
use crate::model::http::Unreadable;

use super::members::{Step, Values};

const DEPTH_MAX: usize = 64;

/// Takes the members' values from a document.
///
/// # Errors
/// It is not well-formed, or not plain in the sense above.
pub(super) fn collect(body: &[u8], members: &[&'static Member], values: &mut Values) -> Result<(), Unreadable> {
    if body.is_empty() || members.is_empty() {
        return Ok(());
    }
    let text = std::str::from_utf8(body).map_err(|_| refuse("it is not UTF-8"))?;
    let wanted: Vec<(&'static Member, Vec<&str>)> =
        members.iter().map(|member| (*member, elements(member.wire.get()))).collect();
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, String)> = vec![];
    let mut roots = 0;
    loop {
        match reader.read_event().map_err(|_| refuse("it is not well-formed"))? {
            Event::Start(tag) => {
                check(&tag, open.is_empty())?;
                roots += usize::from(open.is_empty());
                open.push((name(&tag), String::new()));
                if open.len() > DEPTH_MAX {
                    return Err(refuse("it is nested too deeply"));
                }
            }
            Event::Empty(tag) => {
                check(&tag, open.is_empty())?;
                roots += usize::from(open.is_empty());
                open.push((name(&tag), String::new()));
                close(&mut open, &wanted, values);
            }
            Event::End(_) => close(&mut open, &wanted, values),
            Event::Text(part) => append(&mut open, &part.xml10_content()),
            Event::CData(part) => append(&mut open, &part.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().map_err(|_| refuse("a character is broken"))? {
                    Some(character) => character,
                    None => predefined(&reference).ok_or_else(|| refuse("an entity is not predefined"))?,
                };
                append(&mut open, character.encode_utf8(&mut [0; 4]));
            }
            Event::Decl(declaration) => {
                let utf8 =
                    declaration.encoding().is_none_or(|name| name.is_ok_and(|name| name.eq_ignore_ascii_case("utf-8")));
                if !utf8 {
                    return Err(refuse("its encoding is not UTF-8"));
                }
            }
            Event::DocType(_) => return Err(refuse("it has a document type")),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if roots == 1 && open.is_empty() { Ok(()) } else { Err(refuse("it has no single root")) }
}

/// Element names below the root; lists leave no trace but their elements' names.
fn elements(wire: &str) -> Vec<&str> {
    Step::parse(wire)
        .into_iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key),
            _ => None,
        })
        .collect()
}

fn check(tag: &BytesStart<'_>, root: bool) -> Result<(), Unreadable> {
    if name(tag).contains(':') {
        return Err(refuse("an element has a prefix"));
    }
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| refuse("an attribute is broken"))?;
        if !root && attribute.key.0 == "xmlns" {
            return Err(refuse("an element has a namespace of its own"));
        }
    }
    Ok(())
}

fn name(tag: &BytesStart<'_>) -> String {
    tag.name().0.to_owned()
}

fn append(open: &mut [(String, String)], text: &str) {
    if let Some((_, content)) = open.last_mut() {
        content.push_str(text);
    }
}

/// Takes the innermost element off; its text is a value when its path is a wanted one.
fn close(open: &mut Vec<(String, String)>, wanted: &[(&'static Member, Vec<&str>)], values: &mut Values) {
    let inside = open.iter().skip(1).map(|(name, _)| name.as_str());
    let found = wanted.iter().find(|(_, path)| inside.clone().eq(path.iter().copied()));
    if let (Some((member, _)), Some((_, text))) = (found, open.last()) {
        values.push(member, text.trim());
    }
    open.pop();
}

fn predefined(reference: &str) -> Option<char> {
    Some(match reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

fn refuse(why: &str) -> Unreadable {
    Unreadable::new(format!("the body has no single reading: {why}"))
}
