use crate::head::check::{Form, check};
use crate::model::http::Upgrade;

/// What a head opens, or the status that refuses it. `KEY` stands for a WebSocket's key and version.
fn opens(line: &str, lines: &str) -> Result<Option<Upgrade>, u16> {
    let lines = lines.replace("KEY", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n");
    let text = format!("{line} HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    check(text.as_bytes(), Form::Origin).map(|checked| checked.upgrade).map_err(|unreadable| unreadable.status)
}

#[test]
fn what_real_clients_open() {
    for (line, lines, expected) in [
        ("GET /chat?x=1", "Upgrade: websocket\r\nConnection: Upgrade\r\nKEY", Upgrade::WebSocket),
        ("GET /", "Connection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\nKEY", Upgrade::WebSocket),
        ("POST /x/exec?command=sh", "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n", Upgrade::Spdy),
        (
            "POST /v1.43/exec/0a1b/start",
            "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: 27\r\n",
            Upgrade::Tcp,
        ),
        ("POST /containers/my_web-1/attach?stream=1", "Connection: Upgrade\r\nUpgrade: tcp\r\n", Upgrade::Tcp),
        ("POST /v1.47/session", "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n", Upgrade::H2c),
        ("POST /grpc", "Connection: Upgrade\r\nUpgrade: h2c\r\n", Upgrade::H2c),
    ] {
        assert_eq!(opens(line, lines), Ok(Some(expected)), "{line} {lines:?}");
    }
    assert_eq!(opens("GET /", "Connection: keep-alive\r\nKEY"), Ok(None));
}

#[test]
fn everything_else_is_refused() {
    for (line, lines, status) in [
        ("GET /", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n", 400),
        ("GET /", "Upgrade: h2c\r\nConnection: Upgrade\r\n", 501),
        ("GET /session", "Upgrade: h2c\r\nConnection: Upgrade\r\n", 501),
        ("POST /", "Upgrade: h2c\r\nConnection: Upgrade\r\n", 501),
        ("POST /x/grpc", "Upgrade: h2c\r\nConnection: Upgrade\r\n", 501),
        ("POST /grpc/", "Upgrade: h2c\r\nConnection: Upgrade\r\n", 501),
        ("POST /v1.47/grpc", "Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 1\r\n", 400),
        ("POST /grpc", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n", 400),
        ("GET /", "Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n", 501),
        ("GET /", "Upgrade: websocket, h2c\r\nConnection: Upgrade\r\nKEY", 501),
        ("GET /", "Upgrade: websocket,\r\nConnection: Upgrade\r\nKEY", 501),
        ("GET /", "Upgrade: \r\nConnection: Upgrade\r\nKEY", 501),
        ("GET /", "Upgrade: websocket/13\r\nConnection: Upgrade\r\nKEY", 501),
        ("GET /", "Upgrade: SPDY/3\r\nConnection: Upgrade\r\n", 501),
        ("GET /", "Upgrade: TCP\r\nConnection: Upgrade\r\n", 501),
        ("GET /", "Upgrade: websocket\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nKEY", 400),
        ("GET /", "Upgrade: websocket\r\nKEY", 400),
        ("GET /", "Upgrade: websocket\r\nConnection: keep-alive\r\nKEY", 400),
        ("GET /", "Upgrade: websocket\r\nProxy-Connection: Upgrade\r\nKEY", 400),
        ("GET /", "Upgrade: websocket\r\nConnection: Upgrade, Authorization\r\nKEY", 400),
        ("GET /", "Connection: Upgrade\r\nKEY", 400),
        ("GET /", "Upgrade: websocket\r\nConnection: Upgrade\r\n", 400),
        ("GET /", "Upgrade: websocket\r\nConnection: Upgrade\r\nKEYKEY", 400),
        (
            "GET /",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 8\r\n",
            400,
        ),
        ("POST /", "Upgrade: websocket\r\nConnection: Upgrade\r\nKEY", 400),
        ("DELETE /", "Upgrade: websocket\r\nConnection: Upgrade\r\nKEY", 400),
        ("GET /", "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\nKEY", 400),
        ("GET /", "Upgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\nKEY", 400),
        ("GET /", "Upgrade: websocket\r\nConnection: Upgrade\r\nExpect: 100-continue\r\nKEY", 400),
        ("PUT /", "Upgrade: SPDY/3.1\r\nConnection: Upgrade\r\n", 400),
        ("POST /", "Upgrade: SPDY/3.1\r\nConnection: Upgrade\r\nContent-Length: 1\r\n", 400),
        ("POST /", "Upgrade: tcp\r\nConnection: Upgrade\r\n", 501),
        ("GET /containers/a/attach", "Upgrade: tcp\r\nConnection: Upgrade\r\n", 501),
        ("POST /containers/a/start", "Upgrade: tcp\r\nConnection: Upgrade\r\n", 501),
        ("POST /containers/../attach", "Upgrade: tcp\r\nConnection: Upgrade\r\n", 501),
        ("POST /containers/%61/attach", "Upgrade: tcp\r\nConnection: Upgrade\r\n", 501),
        ("POST /x/containers/a/attach", "Upgrade: tcp\r\nConnection: Upgrade\r\n", 501),
        ("POST /exec/a/start", "Upgrade: tcp\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n", 400),
        ("POST /exec/a/start", "Upgrade: tcp\r\nConnection: Upgrade\r\nContent-Length: 65537\r\n", 413),
        ("POST /grpc", "Upgrade: tcp\r\nConnection: Upgrade\r\n", 501),
    ] {
        assert_eq!(opens(line, lines), Err(status), "{line} {lines:?}");
    }
    let connect = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert!(check(connect, Form::Proxy).is_err());
}
