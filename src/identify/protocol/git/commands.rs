//! The commands of a push (`gitprotocol-pack`): pkt-lines `OLD NEW REF` up to a flush, plain or inside a signed
//! certificate, then its options, then the pack.

/// What a push says before its pack.
#[derive(Debug, Default)]
pub(super) struct Push<'a> {
    pub(super) commands: Vec<Command>,
    pub(super) options: Vec<String>,
    /// What follows; `None` where nothing does.
    pub(super) pack: Option<&'a [u8]>,
}

/// One ref and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Ids in hexadecimal: 40 digits, or 64 where the repository uses SHA-256.
    pub(super) old: String,
    pub(super) new: String,
    pub(super) name: String,
}

impl Command {
    /// There was no such ref.
    pub(super) fn creates(&self) -> bool {
        is_zero(&self.old)
    }

    /// There is none afterwards.
    pub(super) fn deletes(&self) -> bool {
        is_zero(&self.new)
    }

    /// It goes from one commit to another.
    pub(super) fn moves(&self) -> bool {
        !self.creates() && !self.deletes()
    }
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

/// One pkt-line.
enum Line<'a> {
    /// `0000`.
    Flush,
    Data(&'a [u8]),
}

/// Reads pkt-lines from the beginning of a body.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Lines<'a> {
    /// The next line; `None` where there is none, or none that is understood.
    fn next(&mut self) -> Option<Line<'a>> {
        let (digits, _) = self.rest.split_at_checked(4)?;
        let length =
            digits.iter().try_fold(0usize, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)? as usize))?;
        match length {
            0 => {
                self.rest = self.rest.get(4..)?;
                Some(Line::Flush)
            }
            5.. => {
                let line = self.rest.get(4..length)?;
                self.rest = self.rest.get(length..)?;
                Some(Line::Data(line))
            }
            _ => None,
        }
    }
}

/// The commands, options and pack of a push; `None` where they cannot be read.
pub(super) fn read(body: &[u8]) -> Option<Push<'_>> {
    let mut lines = Lines { rest: body };
    let mut push = Push::default();
    let mut takes_options = false;
    let mut first = true;
    loop {
        let line = match lines.next()? {
            Line::Flush => break,
            Line::Data(line) => chomped(line),
        };
        let (text, capabilities) = match line.iter().position(|byte| *byte == 0) {
            Some(at) => (line.get(..at)?, line.get(at + 1..)?),
            None => (line, &[][..]),
        };
        if text.starts_with(b"shallow ") {
            continue;
        }
        if !capabilities.is_empty() && !first {
            return None;
        }
        takes_options |= capabilities.split(|byte| *byte == b' ').any(|one| one.trim_ascii() == b"push-options");
        if text == b"push-cert" && first {
            certificate(&mut lines, &mut push)?;
        } else {
            push.commands.push(command(text)?);
        }
        first = false;
    }
    if takes_options {
        while let Line::Data(line) = lines.next()? {
            push.options.push(String::from_utf8_lossy(chomped(line)).into_owned());
        }
    }
    let lengths: Vec<usize> = push.commands.iter().flat_map(|one| [one.old.len(), one.new.len()]).collect();
    let alike = lengths.windows(2).all(|pair| pair.first() == pair.last());
    push.pack = Some(lines.rest).filter(|rest| !rest.is_empty());
    alike.then_some(push)
}

fn chomped(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// How signatures begin (`gpg-interface.c`); git takes the last such line for the end of the commands.
const SIGNATURES: &[&[u8]] = &[
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
];

/// `git push --signed`: headers, an empty line, the commands, and a signature, as `send-pack.c` writes them: each line is a
/// pkt-line. git itself joins the pkt-lines, drops what follows a NUL, and only then splits at newlines
/// (`receive-pack.c`): what it could split otherwise than here cannot be read. Nor can a certificate without a command.
fn certificate(lines: &mut Lines<'_>, push: &mut Push<'_>) -> Option<()> {
    let (mut headed, mut in_commands, mut signed) = (false, false, false);
    loop {
        let Line::Data(line) = lines.next()? else { return None };
        let line = line.strip_suffix(b"\n")?;
        if line.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
            return None;
        }
        let signature = SIGNATURES.iter().any(|begin| line.starts_with(begin));
        match line {
            b"push-cert-end" => return (!push.commands.is_empty()).then_some(()),
            _ if !headed => {
                headed = true;
                line.starts_with(b"certificate version ").then_some(())?;
            }
            b"" if !in_commands => in_commands = true,
            _ if signature && (signed || !in_commands) => return None,
            _ if signature => signed = true,
            line if in_commands && !signed => push.commands.push(command(line)?),
            // A command where none belongs.
            line => command(line).is_none().then_some(())?,
        }
    }
}

fn command(line: &[u8]) -> Option<Command> {
    let text = String::from_utf8_lossy(line);
    let mut parts = text.splitn(3, ' ');
    let (old, new, name) = (parts.next()?, parts.next()?, parts.next()?);
    let is_id = |id: &str| matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    // What no ref's name can hold (`git-check-ref-format`).
    let odd = |c: char| c.is_control() || c == ' ' || c == '\u{fffd}';
    let is_name = !name.is_empty() && !name.chars().any(odd);
    (is_id(old) && is_id(new) && is_name).then(|| Command {
        old: old.to_ascii_lowercase(),
        new: new.to_ascii_lowercase(),
        name: name.to_owned(),
    })
}
