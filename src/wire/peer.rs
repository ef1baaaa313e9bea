//! Whose process is at the other end of a loopback connection.
//!
//! A private listener speaks for its owner's session, with their identity: another user of the same machine must not be
//! able to borrow either. Linux says whose a socket is in `/proc/net/tcp` and `tcp6` (proc(5)).

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

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
    // Other systems have no such table; there the listener is as open as loopback is.
    if !cfg!(target_os = "linux") {
        return Some(Owner { uid: rustix::process::getuid().as_raw(), socket: None });
    }
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
        assert_eq!(owner(peer, local).map(|owner| owner.uid), Some(uid));
        drop(client);
        let nobody = SocketAddr::new(local.ip(), 1);
        assert_eq!(owner(nobody, local), None, "a socket that is not there is nobody's");
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
