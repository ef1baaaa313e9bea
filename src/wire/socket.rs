//! What every TCP connection of the gate is set to.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// A silent connection is asked after this time whether anybody is still there: watches and long polls rest for minutes,
/// and a machine that lost its power says nothing. Shorter than the 350 s after which common load balancers forget.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_ATTEMPTS: u32 = 4;

/// No waiting for more to send, and a dead peer is noticed within two minutes.
///
/// # Errors
/// The connection is gone already.
pub fn prepare(stream: &TcpStream) -> io::Result<()> {
    // Without it the first answer waits for a delayed acknowledgement (40 ms).
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    Ok(sockopt::set_tcp_keepcnt(stream, KEEPALIVE_ATTEMPTS)?)
}
