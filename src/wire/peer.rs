//! Whose process is at the other end of a loopback connection.
//!
//! A private listener speaks for its owner's session, with their identity: another user of the same machine must not be
//! able to borrow either. Linux says whose a socket is: asked for that one socket (sock_diag(7)) it answers in
//! microseconds; the table of all of them (`/proc/net/tcp`, proc(5)) takes milliseconds and is what is left where netlink
//! sockets are forbidden.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

#[cfg(target_os = "linux")]
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType,
    netlink::{SOCK_DIAG, SocketAddrNetlink},
};

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user whose process it is.
    pub uid: u32,
    /// The socket's number, as `/proc/PID/fd` names it.
    pub socket: Option<u64>,
}

/// Whose the other end of a connection to `local` is. A socket that cannot be found is nobody's.
#[must_use]
pub fn owner(peer: SocketAddr, local: SocketAddr) -> Option<Owner> {
    // Other systems say nothing; there the listener is as open as loopback is.
    if !cfg!(target_os = "linux") {
        return Some(Owner { uid: rustix::process::getuid().as_raw(), socket: None });
    }
    match asked(peer, local) {
        Ok(owner) => owner,
        Err(_) => listed(peer, local),
    }
}

/// `SOCK_DIAG_BY_FAMILY` (linux/sock_diag.h).
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST` (linux/netlink.h).
const REQUEST: u16 = 1;
/// `NLMSG_ERROR`: also how "there is none" is said.
const ERROR: u16 = 2;
/// `struct nlmsghdr`, `struct inet_diag_req_v2`, and where `struct inet_diag_msg` holds its fields (linux/inet_diag.h).
const HEADER_BYTES: usize = 16;
const QUESTION_BYTES: usize = 72;
const ID_AT: usize = HEADER_BYTES + 4;
const ADDRESSES_BYTES: usize = 36;
const UID_AT: usize = HEADER_BYTES + 64;

/// Asks the kernel about the peer's own socket: its local address is what we call the peer.
///
/// # Errors
/// Netlink cannot be used.
#[cfg(not(target_os = "linux"))]
fn asked(_: SocketAddr, _: SocketAddr) -> std::io::Result<Option<Owner>> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Asks the kernel about the peer's own socket: its local address is what we call the peer.
///
/// # Errors
/// Netlink cannot be used.
#[cfg(target_os = "linux")]
fn asked(peer: SocketAddr, local: SocketAddr) -> std::io::Result<Option<Owner>> {
    let (peer, local) = (plain(peer), plain(local));
    let (family, protocol) = (if peer.is_ipv4() { 2 } else { 10 }, 6);
    let mut question = Vec::with_capacity(QUESTION_BYTES);
    question.extend((QUESTION_BYTES as u32).to_ne_bytes());
    question.extend(BY_FAMILY.to_ne_bytes());
    question.extend(REQUEST.to_ne_bytes());
    question.extend([0; 8]);
    question.extend([family, protocol, 0, 0]);
    // In any state.
    question.extend(u32::MAX.to_ne_bytes());
    let id_at = question.len();
    question.extend(peer.port().to_be_bytes());
    question.extend(local.port().to_be_bytes());
    question.extend(wide(peer.ip()));
    question.extend(wide(local.ip()));
    let id: Vec<u8> = question.get(id_at..).unwrap_or_default().to_vec();
    let ports = question.get(id_at..id_at + 4).unwrap_or_default();
    let dressed = [ports, &dressed(peer.ip()), &dressed(local.ip())].concat();
    // Any interface; no cookie.
    question.extend([0; 4]);
    question.extend([0xff; 8]);

    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(SOCK_DIAG))?;
    rustix::net::sendto(&socket, &question, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0; 1024];
    let (read, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::DONTWAIT)?;
    let answer = answer.get(..read).unwrap_or_default();
    let kind = answer.get(4..6).and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes);
    if kind == Some(ERROR) {
        return Ok(None);
    }
    // A listening socket answers for addresses that nobody is connected from. A socket of IPv6 that is connected over IPv4
    // (gRPC's and Java's are) is found by its IPv4 addresses, and answers with them in IPv6 clothes.
    let answered = answer.get(ID_AT..ID_AT + ADDRESSES_BYTES);
    if kind != Some(BY_FAMILY) || (answered != Some(&id) && answered != Some(&dressed)) {
        return Ok(None);
    }
    let number = |at: usize| {
        let bytes = answer.get(at..at + 4)?;
        bytes.try_into().ok().map(u32::from_ne_bytes)
    };
    Ok(number(UID_AT).map(|uid| Owner { uid, socket: number(UID_AT + 4).map(u64::from).filter(|socket| *socket > 0) }))
}

/// An IPv4 address in IPv6 clothes is that IPv4 address.
fn plain(at: SocketAddr) -> SocketAddr {
    SocketAddr::new(at.ip().to_canonical(), at.port())
}

/// An address in IPv6 clothes.
fn dressed(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// As the kernel's question holds it: 16 bytes in network order.
fn wide(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// Looks through the table of all connections.
fn listed(peer: SocketAddr, local: SocketAddr) -> Option<Owner> {
    // The peer's own entry: its local address is what we call the peer.
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| {
        let table = fs::read_to_string(table).ok()?;
        table.lines().skip(1).find_map(|line| {
            let mut fields = line.split_ascii_whitespace().skip(1);
            let is_it = address(fields.next()?)? == peer && address(fields.next()?)? == local;
            if !is_it {
                return None;
            }
            let uid = fields.nth(4)?.parse().ok()?;
            Some(Owner { uid, socket: fields.nth(1)?.parse().ok() })
        })
    })
}

/// `0100007F:1F90`: the address in the machine's byte order, a 32-bit word at a time; IPv4 in IPv6 as IPv4.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // The kernel prints each word as a number of this machine; its bytes are in network order.
    let words: Vec<u32> = (0..host.len() / 8)
        .map(|word| u32::from_str_radix(host.get(word * 8..word * 8 + 8)?, 16).ok().map(u32::from_be))
        .collect::<Option<_>>()?;
    let ip = match *words.as_slice() {
        [v4] => IpAddr::V4(Ipv4Addr::from_bits(v4)),
        [a, b, c, d] => {
            let bits = [a, b, c, d].iter().fold(0u128, |bits, word| bits << 32 | u128::from(*word));
            std::net::Ipv6Addr::from_bits(bits).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a client of the test's own")]
    fn our_own_connection_is_ours_and_no_other_is() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let local = listener.local_addr().unwrap();
        let client = TcpStream::connect(local).unwrap();
        let (_server, peer) = listener.accept().unwrap();
        let uid = rustix::process::getuid().as_raw();
        assert_eq!(asked(peer, local).unwrap().map(|owner| owner.uid), Some(uid));
        assert_eq!(asked(peer, local).unwrap(), listed(peer, local), "both say the same");
        drop(client);
        let nobody = SocketAddr::new(local.ip(), 1);
        assert_eq!(asked(nobody, local).unwrap(), None, "a socket that is not there is nobody's");
        assert_eq!(listed(nobody, local), None, "a socket that is not there is nobody's");
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a client of the test's own")]
    fn connections_over_ipv6_and_in_its_clothes() {
        let uid = rustix::process::getuid().as_raw();
        for at in ["[::1]:0", "[::]:0"] {
            let listener = TcpListener::bind(at).unwrap();
            let port = listener.local_addr().unwrap().port();
            let to = if at.starts_with("[::1]") { "::1" } else { "127.0.0.1" };
            let _client = TcpStream::connect((to, port)).unwrap();
            let (server, peer) = listener.accept().unwrap();
            assert_eq!(asked(peer, server.local_addr().unwrap()).unwrap().map(|owner| owner.uid), Some(uid), "{at}");
        }
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a client of the test's own")]
    fn a_client_in_ipv6_clothes_is_known_too() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let local = listener.local_addr().unwrap();
        let _client = TcpStream::connect(("::ffff:127.0.0.1", local.port())).unwrap();
        let (_server, peer) = listener.accept().unwrap();
        let found = asked(peer, local).unwrap();
        assert_eq!(found.map(|owner| owner.uid), Some(rustix::process::getuid().as_raw()));
        assert_eq!(found, listed(peer, local), "both say the same");
    }

    #[test]
    fn addresses_as_the_kernel_prints_them() {
        if cfg!(target_endian = "little") {
            assert_eq!(address("0100007F:1F90"), Some("127.0.0.1:8080".parse().unwrap()));
            assert_eq!(address("0000000000000000FFFF00000100007F:0050"), Some("127.0.0.1:80".parse().unwrap()));
        }
        assert_eq!(address("junk"), None);
    }
}
