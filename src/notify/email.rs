//! Mail over SMTP. Plain text, one message for all receivers.
//!
//! The connection is dialled, checked and secured by `outbound`; the mail library speaks over it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::channel::{Failure, Post, Sent};
use super::letter::Letter;
use super::notice::plain;
use crate::config::{Email, MailTls};

/// Mail servers look things up before they answer.
const TIME_MAX: Duration = Duration::from_secs(60);
const SUBJECT_CHARS_MAX: usize = 150;
const SAID_CHARS_MAX: usize = 200;
/// Of an answer before TLS.
const REPLY_BYTES_MAX: usize = 8 * 1024;

pub(super) async fn send(email: &Email, letter: &Letter, post: &Post) -> Result<Sent, Failure> {
    let message = message(email, letter)?;
    let login = match &email.login {
        Some((name, password)) => {
            let password = post.secret(password).await?;
            Some(Credentials::new(name.clone(), password.trim_end_matches(['\r', '\n']).to_owned()))
        }
        None => None,
    };
    let late = |_| Failure::new(format!("`{}` did not take the mail in 60 s", email.server));
    tokio::time::timeout(TIME_MAX, deliver(email, &message, login, post)).await.map_err(late)??;
    Ok(Sent { said: format!("{} took it for {}", email.server, email.to.join(", ")) })
}

async fn deliver(email: &Email, message: &Message, login: Option<Credentials>, post: &Post) -> Result<(), Failure> {
    let failed = |error: lettre::transport::smtp::Error| {
        Failure::new(plain(&format!("`{}`: {error}", email.server), SAID_CHARS_MAX))
    };
    let mut stream = post.outbound.connect(&email.server).await.map_err(Failure::from)?;
    let address = stream.peer_addr().map_err(|error| Failure::new(error.to_string()))?;
    let hello = ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST);
    let stream: Box<dyn AsyncTokioStream> = match email.tls {
        MailTls::None if address.ip().is_loopback() => Box::new(stream),
        MailTls::None => return Err(Failure::new(format!("`{}` would be told in clear", email.server))),
        MailTls::Implicit => {
            let secured = post.outbound.secure(&email.server, stream).await.map_err(Failure::from)?;
            Box::new(Carrier { greeting: Vec::new(), inner: secured, address })
        }
        MailTls::Starttls => {
            let asked = starttls(&mut stream, &hello).await;
            asked.map_err(|error| Failure::new(plain(&format!("`{}`: {error}", email.server), SAID_CHARS_MAX)))?;
            let secured = post.outbound.secure(&email.server, stream).await.map_err(Failure::from)?;
            // The server does not greet a second time, and the library waits for a greeting.
            Box::new(Carrier { greeting: b"220 secured\r\n".to_vec(), inner: secured, address })
        }
    };
    let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &hello).await.map_err(failed)?;
    if let Some(login) = &login {
        connection.auth(&[Mechanism::Plain, Mechanism::Login], login).await.map_err(failed)?;
    }
    connection.send(message.envelope(), &message.formatted()).await.map_err(failed)?;
    // Taken is taken, however the parting goes.
    let _ = connection.quit().await;
    Ok(())
}

/// What is said in clear before TLS (RFC 3207). SECURITY: what the other side sends beyond its answer is not carried over.
async fn starttls(stream: &mut tokio::net::TcpStream, hello: &ClientId) -> io::Result<()> {
    reply(stream, "220").await?;
    stream.write_all(format!("EHLO {hello}\r\n").as_bytes()).await?;
    let extensions = reply(stream, "250").await?;
    if !extensions.lines().any(|line| line.get(4..).is_some_and(|name| name.trim().eq_ignore_ascii_case("STARTTLS"))) {
        return Err(io::Error::other("it offers no STARTTLS"));
    }
    stream.write_all(b"STARTTLS\r\n").await?;
    reply(stream, "220").await.map(drop)
}

/// An answer of one line or more, which must have this code.
async fn reply(stream: &mut tokio::net::TcpStream, code: &str) -> io::Result<String> {
    let mut text = Vec::new();
    loop {
        let byte = stream.read_u8().await?;
        text.push(byte);
        if text.len() > REPLY_BYTES_MAX {
            return Err(io::Error::other("its answer is too long"));
        }
        if byte != b'\n' {
            continue;
        }
        let so_far = String::from_utf8_lossy(&text);
        let last = so_far.lines().last().unwrap_or_default();
        if last.as_bytes().get(3) == Some(&b'-') {
            continue;
        }
        let said = plain(last, SAID_CHARS_MAX);
        return if last.starts_with(code) {
            Ok(so_far.into_owned())
        } else {
            Err(io::Error::other(format!("it said `{said}`")))
        };
    }
}

fn message(email: &Email, letter: &Letter) -> Result<Message, Failure> {
    let wrong = |why: String| Failure::new(format!("the mail cannot be written: {why}"));
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| wrong(error.to_string()));
    let from = mailbox(&email.from)?;
    let domain = from.email.domain().to_owned();
    let mut builder = Message::builder()
        .from(from)
        .subject(plain(&format!("[blastgate] {}", letter.title()), SUBJECT_CHARS_MAX))
        .message_id(Some(format!("<{}@{domain}>", letter.id)))
        .date(UNIX_EPOCH + Duration::from_millis(letter.at.millis()));
    for receiver in &email.to {
        builder = builder.to(mailbox(receiver)?);
    }
    let details: Vec<String> =
        letter.details().into_iter().map(|(label, text)| format!("{label:<12} {text}")).collect();
    let body = format!(
        "{}\n\n{}\n\nRun the command in a terminal of your own. An answer to this mail reaches nobody.\n",
        letter.title(),
        details.join("\n")
    );
    builder.header(ContentType::TEXT_PLAIN).body(body).map_err(|error| wrong(error.to_string()))
}

/// A secured connection as the mail library takes it.
#[derive(Debug)]
struct Carrier<S> {
    /// Read before anything else.
    greeting: Vec<u8>,
    inner: S,
    address: SocketAddr,
}

impl<S> AsyncTokioStream for Carrier<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Carrier<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.greeting.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buffer);
        }
        let length = self.greeting.len().min(buffer.remaining());
        let rest = self.greeting.split_off(length);
        buffer.put_slice(&std::mem::replace(&mut self.greeting, rest));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Carrier<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
