"""Receives what people are told: one JSON line on standard output for each message, after one with the port.

receiver.py webhook SECRET CERT KEY
receiver.py mail (none | starttls | implicit) USER PASSWORD CERT KEY
"""

import json
import ssl
import sys


def say(value):
    print(json.dumps(value), flush=True)


def context(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def webhook(secret, cert, key):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from standardwebhooks import Webhook, WebhookVerificationError

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                value = Webhook(secret).verify(body, dict(self.headers.items()))
                say({"verified": True, "path": self.path, "body": value})
                self.send_response(204)
            except WebhookVerificationError as error:
                say({"verified": False, "error": str(error)})
                self.send_response(401)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context(cert, key).wrap_socket(server.socket, server_side=True)
    say({"port": server.server_address[1]})
    server.serve_forever()


def mail(tls, user, password, cert, key):
    import asyncio
    from email import message_from_bytes, policy

    from aiosmtpd.smtp import SMTP, AuthResult

    class Handler:
        async def handle_DATA(self, server, session, envelope):
            message = message_from_bytes(envelope.content, policy=policy.default)
            say({
                "to": envelope.rcpt_tos,
                "from": envelope.mail_from,
                "secured": session.ssl is not None or tls == "implicit",
                "authenticated": bool(session.authenticated),
                "headers": {name.lower(): str(value) for name, value in message.items()},
                "text": message.get_content(),
            })
            return "250 taken"

    def authenticate(server, session, envelope, mechanism, data):
        is_known = (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=is_known, handled=False)

    def one():
        options = {"authenticator": authenticate, "auth_required": bool(user)}
        if tls == "starttls":
            options |= {"tls_context": context(cert, key), "require_starttls": True}
        else:
            options |= {"auth_require_tls": False}
        return SMTP(Handler(), **options)

    async def serve():
        wrapped = context(cert, key) if tls == "implicit" else None
        server = await asyncio.get_running_loop().create_server(one, "127.0.0.1", 0, ssl=wrapped)
        say({"port": server.sockets[0].getsockname()[1]})
        await server.serve_forever()

    asyncio.run(serve())


{"webhook": webhook, "mail": mail}[sys.argv[1]](*sys.argv[2:])
