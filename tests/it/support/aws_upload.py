"""One upload: `aws_upload.py WAY FILE BUCKET`. Says the SHA-256 of the body as it was sent where it signs chunks itself.

Ways: `parts`, `stream` (both boto3's own), `signed-chunks`, `signed-chunks-trailer`. The last two follow "Signature
calculations for the authorization header: Transferring payload in multiple chunks" (and "…including trailing headers") of the
S3 API reference, whose example is checked first.
"""

import base64
import datetime
import hashlib
import hmac
import http.client
import os
import ssl
import sys
import urllib.parse
import zlib

CHUNK = 64 * 1024
REGION = "eu-west-1"
EMPTY = hashlib.sha256().hexdigest()


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Signer:
    def __init__(self, access, secret, region, now):
        self.access, self.now = access, now
        self.scope = f"{now[:8]}/{region}/s3/aws4_request"
        key = ("AWS4" + secret).encode()
        for part in self.scope.split("/"):
            key = sign(key, part)
        self.key = key
        self.last = None

    def seed(self, path, headers):
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = f"PUT\n{path}\n\n{lines}\n{names}\n{headers['x-amz-content-sha256']}"
        digest = hashlib.sha256(request.encode()).hexdigest()
        self.last = sign(self.key, f"AWS4-HMAC-SHA256\n{self.now}\n{self.scope}\n{digest}").hex()
        return f"AWS4-HMAC-SHA256 Credential={self.access}/{self.scope},SignedHeaders={names},Signature={self.last}"

    def chunk(self, data):
        text = f"AWS4-HMAC-SHA256-PAYLOAD\n{self.now}\n{self.scope}\n{self.last}\n{EMPTY}\n{hashlib.sha256(data).hexdigest()}"
        self.last = sign(self.key, text).hex()
        return b"%x;chunk-signature=%s\r\n" % (len(data), self.last.encode()) + data

    def trailer(self, line):
        digest = hashlib.sha256(line.encode() + b"\n").hexdigest()
        text = f"AWS4-HMAC-SHA256-TRAILER\n{self.now}\n{self.scope}\n{self.last}\n{digest}"
        self.last = sign(self.key, text).hex()
        return f"{line}\r\nx-amz-trailer-signature:{self.last}\r\n\r\n".encode()


def check_example():
    signer = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "20130524T000000Z")
    signer.seed("/examplebucket/chunkObject.txt", {
        "content-encoding": "aws-chunked", "content-length": "66824", "host": "s3.amazonaws.com",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-date": "20130524T000000Z",
        "x-amz-decoded-content-length": "66560", "x-amz-storage-class": "REDUCED_REDUNDANCY",
    })
    signatures = [signer.last]
    for size in (65536, 1024, 0):
        signer.chunk(b"a" * size)
        signatures.append(signer.last)
    assert [text[:16] for text in signatures] == [
        "4f232c4386841ef7", "ad80c730a21e5b8d", "0055627c9e194cb4", "b6c6ea8a5354eaf1",
    ], signatures


def body(signer, path, checksum):
    crc = 0
    with open(path, "rb") as file:
        while data := file.read(CHUNK):
            crc = zlib.crc32(data, crc) if checksum else 0
            yield signer.chunk(data) + b"\r\n"
    if checksum:
        yield signer.chunk(b"")
        text = base64.b64encode(crc.to_bytes(4, "big")).decode()
        yield signer.trailer(f"x-amz-checksum-crc32:{text}")
    else:
        yield signer.chunk(b"") + b"\r\n"


def encoded_length(size, checksum):
    whole, rest = divmod(size, CHUNK)
    frame = len(";chunk-signature=") + 64 + 4
    length = whole * (len(f"{CHUNK:x}") + frame + CHUNK) + (rest and len(f"{rest:x}") + frame + rest)
    last = 1 + frame
    if checksum:
        # The empty line comes after the trailers.
        last += len("x-amz-checksum-crc32:") + 8 + 2 + len("x-amz-trailer-signature:") + 64 + 2
    return length + last


def signed_chunks(path, bucket, checksum):
    check_example()
    host = f"{bucket}.s3.{REGION}.amazonaws.com"
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    signer = Signer(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], REGION, now)
    size = os.path.getsize(path)
    headers = {
        "content-encoding": "aws-chunked", "content-length": str(encoded_length(size, checksum)), "host": host,
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if checksum else ""),
        "x-amz-date": now, "x-amz-decoded-content-length": str(size),
    }
    if checksum:
        headers["x-amz-trailer"] = "x-amz-checksum-crc32"
    headers["authorization"] = signer.seed("/object", headers)
    proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
    trusted = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, context=trusted, timeout=600)
    connection.set_tunnel(host, 443)
    connection.putrequest("PUT", "/object", skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    digest, sent = hashlib.sha256(), 0
    for piece in body(signer, path, checksum):
        digest.update(piece)
        sent += len(piece)
        connection.send(piece)
    assert sent == int(headers["content-length"]), (sent, headers)
    answer = connection.getresponse()
    assert answer.status == 200, (answer.status, answer.read())
    print(digest.hexdigest())


def main(way, path, bucket):
    if way.startswith("signed-chunks"):
        return signed_chunks(path, bucket, way.endswith("trailer"))
    import boto3

    s3 = boto3.client("s3", region_name=REGION)
    if way == "parts":
        return s3.upload_file(path, bucket, "object")
    with open(path, "rb") as file:
        s3.put_object(Bucket=bucket, Key="object", Body=file)


main(*sys.argv[1:])
