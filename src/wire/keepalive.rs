//! Notices that the other end of a resting TCP connection is gone without having said so.
//!
//! Streams into pods and WebSockets rest for hours and must not be cut for it; one whose machine is gone would rest for
//! ever.

use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// A connection that rests is asked after this time.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// And again after this one, until there is an answer or it is given up.
const INTERVAL: Duration = Duration::from_secs(15);
const PROBES: u32 = 4;

/// Asks for it. A system that cannot do it leaves its own defaults.
pub fn keep_alive(stream: &TcpStream) {
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, IDLE_TIME);
    let _ = sockopt::set_tcp_keepintvl(stream, INTERVAL);
    let _ = sockopt::set_tcp_keepcnt(stream, PROBES);
}
