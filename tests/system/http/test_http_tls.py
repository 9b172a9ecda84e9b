# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS: which TLS is spoken, certificates that are renewed under way, and those that are wrong."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import time

import pytest

from ddns.steps import wait_until
from ddns.tls import Authority
from http_hosts import demo
from http_raw import connect, parse, read_all, request, update, update_target


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(str(tmp_path_factory.mktemp("tls")))


@pytest.fixture(scope="module")
def stack(module_stacks, authority):
    """The file's servers, with HTTPS beside HTTP."""
    stack = module_stacks.make()
    stack.gateway.certificate = authority.issue()
    return stack.start()


@contextlib.contextmanager
def secure(stack, context, name="localhost"):
    with connect(stack.gateway, port=stack.gateway.https_port) as plain:
        with context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False) as connection:
            yield connection


def exchange(stack, context, data):
    """What comes back; the end must be told, not only happen."""
    with secure(stack, context) as connection:
        connection.sendall(data)
        return read_all(connection)


def reload(stack):
    """SIGHUP, with the configuration as it is now: what was logged of it."""
    began = len(stack.gateway.read_log())
    stack.gateway.rewrite()
    stack.gateway.server.send(signal.SIGHUP)
    wait_until(lambda: "read again" in stack.gateway.read_log(began), 30, "SIGHUP is done")
    return stack.gateway.read_log(began)


def serial_of(stack, context):
    with secure(stack, context) as connection:
        return connection.getpeercert()["serialNumber"]


def test_an_update(stack, authority):
    """By Python's TLS and by curl: the same door as over HTTP, which is there beside it."""
    target = update_target(stack.host, myip="192.0.2.31")
    reply = parse(exchange(stack, authority.context(), request(target, demo(stack))))
    assert (reply.status, reply.body) == (200, "good 192.0.2.31\n")
    url = f"https://localhost:{stack.gateway.https_port}{target}"
    done = subprocess.run(["curl", "-sS", "--cacert", authority.ca_file, "-u", f"{stack.key_name}:{stack.key_secret}",
                           "--resolve", f"localhost:{stack.gateway.https_port}:{stack.gateway.address}", url],
                          capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout == "nochg 192.0.2.31\n"
    assert update(stack.gateway, demo(stack), stack.host, myip="192.0.2.31") == "nochg 192.0.2.31"
    stack.wait_answer(stack.host, "A", {"192.0.2.31"})


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version, is_spoken", [
    (ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, True),
    (ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1, False),
])
def test_versions(stack, authority, version, is_spoken):
    context = authority.context()
    context.set_ciphers("ALL:@SECLEVEL=0")  # this side would not refuse
    context.minimum_version = context.maximum_version = version
    if is_spoken:
        with secure(stack, context) as connection:
            assert connection.version() == {"TLSv1_3": "TLSv1.3", "TLSv1_2": "TLSv1.2"}[version.name]
        return
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with secure(stack, context):
            pass


def test_no_cipher_without_forward_secrecy(stack, authority):
    context = authority.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("kRSA:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with secure(stack, context):
            pass


def test_plain_http_at_the_port_of_https(stack):
    """And junk: nothing is answered, and the next is served."""
    for data in (request(update_target(stack.host, myip="192.0.2.66"), demo(stack)), bytes(3000), b"\x16\x03\x01\x02\x00"):
        with connect(stack.gateway, port=stack.gateway.https_port) as connection:
            with contextlib.suppress(OSError):  # closed while we still sent
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            assert not read_all(connection).startswith(b"HTTP/")


def test_a_certificate_is_renewed(stack, authority):
    """In its files, or as other files by SIGHUP: new connections get the new one, old ones go on."""
    context = authority.context()
    seen = {serial_of(stack, context)}
    with secure(stack, context) as held:
        began = time.monotonic()
        authority.issue()
        wait_until(lambda: serial_of(stack, context) not in seen, 30, "the renewed certificate is shown")
        print(f"a renewed certificate is shown {time.monotonic() - began:.1f} s later")
        seen.add(serial_of(stack, context))
        held.sendall(request("/myip"))
        assert parse(read_all(held)).body == "127.0.0.1"
    stack.gateway.certificate = authority.issue("next", days=40)
    assert "counts after a restart only" not in reload(stack)
    assert serial_of(stack, context) not in seen
    expires = stack.gateway.metric("ddns_gateway_tls_certificate_expiry_seconds")
    assert abs(expires - time.time() - 40 * 86400) < 3600


def test_a_bad_pair_changes_nothing(stack, authority):
    """It is said once what is wrong, and the right pair is taken when it comes."""
    before, began = serial_of(stack, authority.context()), len(stack.gateway.read_log())
    key = stack.gateway.certificate[1]
    with open(key, "rb") as file:
        right = file.read()
    write(key, b"-----BEGIN")  # and the rest never comes
    wait_until(lambda: "stays in use" in stack.gateway.read_log(began), 30, "the half-written key is seen")
    assert "holds no private key" in stack.gateway.read_log(began)
    assert serial_of(stack, authority.context()) == before
    write(key, right)
    wait_until(lambda: "is good until" in stack.gateway.read_log(began), 30, "the right one is taken")
    assert stack.gateway.read_log(began).count("stays in use") == 1


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


@pytest.mark.parametrize("what, says", [
    ("chain", "holds no certificate in PEM form"), ("key", "holds no private key in PEM form"),
    ("other key", "is not the key of the first certificate"), ("no file", "cannot be read: No such file"),
])
def test_sighup_with_a_bad_pair(stack, authority, what, says):
    before = serial_of(stack, authority.context())
    chain, key = authority.issue("bad")
    if what == "other key":
        key = authority.issue("worse")[1]
    elif what == "no file":
        os.unlink(key)
    else:
        write(chain if what == "chain" else key, b"neither of them\n")
    right, stack.gateway.certificate = stack.gateway.certificate, (chain, key)
    log = reload(stack)
    assert says in log and "the certificate that was in use stays in use" in log
    assert serial_of(stack, authority.context()) == before
    stack.gateway.certificate = right
    assert "is good until" in reload(stack)


@pytest.mark.parametrize("what, says", [
    ("mismatch", "is not the key of the first certificate"),
    ("missing", "cannot be read: No such file or directory"),
    ("none", "https-listen needs the files of a certificate and its key"),
    ("encrypted", "is encrypted: store the key without a password"),
])
def test_it_does_not_start_with_a_wrong_one(stack, authority, tmp_path, what, says):
    """Neither does it pass ddns-gateway -n."""
    chain, key = authority.issue(what)
    if what == "mismatch":
        key = authority.issue("another")[1]
    elif what == "missing":
        os.unlink(key)
    elif what == "none":
        key = ""
    else:
        subprocess.run(["openssl", "pkcs8", "-topk8", "-in", key, "-out", key + ".encrypted", "-passout", "pass:secret"],
                       check=True)
        key += ".encrypted"
    conf = tmp_path / "conf"
    conf.write_text(f'https-listen = {{"127.0.0.2:0"}}\ntls-certificate = "{chain}"\ntls-key = "{key}"\n'
                    f'http-listen = {{"127.0.0.2:0"}}\nstatus-listen = {{}}\nuser = "root"\n'
                    f'secret-key-file = "{stack.gateway.secret_key}"\n')
    for words in (["-n"], ["-f"]):
        done = subprocess.run([stack.build.gateway, *words, "-c", str(conf)], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and says in done.stderr
        assert "secret" not in done.stderr.replace("secret.key", "")


def test_connections_of_one_address(stack, authority):
    """The limit is HTTPS's own: what waits in a handshake counts, and plain HTTP does not."""
    stack.gateway.options = "http-connections-per-address = 5"
    reload(stack)
    with contextlib.ExitStack() as opened:
        for _ in range(5):
            opened.enter_context(connect(stack.gateway, port=stack.gateway.https_port))
        wait_until(lambda: stack.gateway.metric("ddns_gateway_http_connections") >= 5, 30, "all are open")
        with connect(stack.gateway, port=stack.gateway.https_port) as refused:
            assert read_all(refused) == b""
        assert stack.update(myip="192.0.2.32").endswith(" 192.0.2.32")

    def is_served():
        with contextlib.suppress(OSError):
            return parse(exchange(stack, authority.context(), request("/myip"))).status == 200
    wait_until(is_served, 30, "HTTPS is served again")
    stack.gateway.options = ""
    reload(stack)


def test_many_at_once(stack, authority):
    """Renewals meanwhile hurt none of them."""
    context = authority.context()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(exchange, stack, context, request("/myip")) for _ in range(200)]
        for _ in range(3):
            stack.gateway.certificate = authority.issue("next")
            reload(stack)
        assert {parse(future.result()).body for future in asked} == {"127.0.0.1"}


def test_a_handshake_that_never_ends(stack):
    """Is cut by the same deadline as a request."""
    stack.gateway.options = "http-request-timeout = 2"
    reload(stack)
    hello = bytes.fromhex("16030100c8010000c40303") + bytes(100)
    with contextlib.ExitStack() as opened:
        since = time.monotonic()
        held = [opened.enter_context(connect(stack.gateway, port=stack.gateway.https_port)) for _ in range(3)]
        for connection, data in zip(held, (b"", hello[:5], hello)):
            connection.sendall(data)
        for connection in held:
            assert read_all(connection) == b""
            assert 1.0 < time.monotonic() - since < 20
