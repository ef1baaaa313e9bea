//! Listening sockets on their way from one gate to the next, so that no connection is refused between them.
//!
//! Both processes hold the same sockets for a moment: what waits in their queues is taken by whichever is quicker. The old
//! gate goes on until the new one has said that it serves; if the new one dies before that, nothing has happened.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};

/// As many as one message may carry (`SCM_MAX_FD` in unix(7)), with some air.
pub(super) const SOCKETS_MAX: usize = 240;
const NAMES_BYTES_MAX: usize = 64 * 1024;
/// The new gate opens its log and reads its rules in this time, or the old one goes on.
const START_TIME_MAX: Duration = Duration::from_secs(60);
const SERVING: u8 = b'S';

/// The new gate says at once what it goes by.
const GREETING_TIME_MAX: Duration = Duration::from_secs(5);

/// Gives the sockets to the gate at the other end, if it goes by the configuration in the same folder, and waits until it
/// serves. What was accepted of that folder holds for it too; of another one nobody here has accepted anything.
///
/// # Errors
/// It went away before it did, or goes by something else: nothing has changed.
pub(super) fn give(mut to: &UnixStream, config: &Path, sockets: &[(String, BorrowedFd<'_>)]) -> io::Result<()> {
    to.set_read_timeout(Some(GREETING_TIME_MAX))?;
    to.set_write_timeout(Some(START_TIME_MAX))?;
    let theirs = greeting(to)?;
    if theirs != config.as_os_str().as_bytes() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the new gate goes by another configuration"));
    }
    to.set_read_timeout(Some(START_TIME_MAX))?;
    let names: Vec<&str> = sockets.iter().map(|(name, _)| name.as_str()).collect();
    let mut said = serde_json::to_vec(&names)?;
    said.push(b'\n');
    let descriptors: Vec<BorrowedFd<'_>> = sockets.iter().map(|(_, socket)| *socket).collect();
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("more listeners than can be handed over"));
    }
    let sent = rustix::net::sendmsg(to, &[IoSlice::new(&said)], &mut ancillary, SendFlags::empty())?;
    to.write_all(said.get(sent..).unwrap_or_default())?;
    let mut answer = [0];
    to.read_exact(&mut answer)?;
    if answer == [SERVING] { Ok(()) } else { Err(io::Error::other("the new gate said something else")) }
}

/// The folder of the other gate's configuration, ended by a NUL.
fn greeting(mut from: &UnixStream) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    let mut byte = [0];
    while said.len() < NAMES_BYTES_MAX {
        from.read_exact(&mut byte)?;
        match byte {
            [0] => return Ok(said),
            [other] => said.push(other),
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// The old gate, which waits for the word that the new one serves.
#[derive(Debug)]
pub(super) struct Waiting(UnixStream);

impl Waiting {
    /// The new gate serves.
    pub(super) fn serving(mut self) -> io::Result<()> {
        self.0.write_all(&[SERVING])
    }
}

/// Asks the running gate for its sockets.
///
/// # Errors
/// There is none, or it does not give them.
pub(super) fn take(path: &Path, config: &Path) -> io::Result<(Vec<(String, OwnedFd)>, Waiting)> {
    let mut from = UnixStream::connect(path)?;
    from.write_all(config.as_os_str().as_bytes())?;
    from.write_all(&[0])?;
    from.set_read_timeout(Some(START_TIME_MAX))?;
    let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut said = vec![0; NAMES_BYTES_MAX];
    let flags = RecvFlags::CMSG_CLOEXEC;
    let got = rustix::net::recvmsg(from.as_fd(), &mut [IoSliceMut::new(&mut said)], &mut ancillary, flags)?;
    said.truncate(got.bytes);
    let mut sockets = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            sockets.extend(descriptors);
        }
    }
    while said.last() != Some(&b'\n') && !said.is_empty() && said.len() < NAMES_BYTES_MAX {
        let mut more = [0; 1024];
        let read = from.read(&mut more)?;
        if read == 0 {
            break;
        }
        said.extend_from_slice(more.get(..read).unwrap_or_default());
    }
    if said.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the running gate does not hand over its listeners (it goes by another configuration, or this was started behind a gate)",
        ));
    }
    let names: Vec<String> = serde_json::from_slice(&said)?;
    if names.len() != sockets.len() {
        return Err(io::Error::other("the running gate handed over fewer sockets than names"));
    }
    Ok((names.into_iter().zip(sockets).collect(), Waiting(from)))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn sockets_arrive_with_their_names_and_nothing_is_given_up_before_the_word() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("h.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (one, two) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let addresses = [one.local_addr().unwrap(), two.local_addr().unwrap()];
        let giver = std::thread::spawn(move || {
            let mut ends = Vec::new();
            for _ in 0..3 {
                let (stream, _) = listener.accept().unwrap();
                let sockets = [("proxy".into(), one.as_fd()), ("api".into(), two.as_fd())];
                ends.push(give(&stream, Path::new("/etc/gate"), &sockets).is_ok());
            }
            ends
        });
        // The first taker dies before it serves, the second one does not.
        drop(take(&path, Path::new("/etc/gate")).unwrap());
        assert!(take(&path, Path::new("/etc/other")).is_err(), "another configuration");
        let (sockets, waiting) = take(&path, Path::new("/etc/gate")).unwrap();
        let names: Vec<_> = sockets.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["proxy", "api"]);
        for ((_, socket), address) in sockets.into_iter().zip(addresses) {
            assert_eq!(TcpListener::from(socket).local_addr().unwrap(), address);
        }
        waiting.serving().unwrap();
        assert_eq!(giver.join().unwrap(), [false, false, true]);
    }
}
