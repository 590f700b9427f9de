"""The server of our pages lets its own page in and refuses everything else, before anything is read or done."""

import json
import socket
import threading
import time
from importlib.resources import files
from urllib.parse import urlsplit

import pytest
from browsing import ask, raw

from drol_jax.show.handler import LARGEST_BODY
from drol_jax.show.replies import assets, told, words
from drol_jax.show.server import Server


@pytest.fixture
def done() -> list[bytes]:
    return []


@pytest.fixture
def server(done):
    def post(request):
        done.append(request.body)
        return told({"length": len(request.body), "query": dict(request.query)})

    routes = assets("pick.html", "page.css", "pick.js", "icon.svg") | {("POST", "put"): post}
    with Server(routes) as made:
        yield made


@pytest.fixture
def address(server) -> str:
    return server.addresses[0]


def test_the_page_and_its_files_are_served_with_their_types(address):
    kinds = {"": "text/html", "page.css": "text/css", "pick.js": "text/javascript", "icon.svg": "image/svg+xml"}
    for path, kind in kinds.items():
        answer = ask(address, path)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(kind)


def test_answers_forbid_everything_from_elsewhere_and_are_not_kept(address):
    headers = ask(address).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Python" not in headers["Server"]


def test_pages_name_nothing_from_elsewhere(server):
    for file in (files("drol_jax.show") / "static").iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text, file.name


def test_it_listens_on_this_machine_alone_unless_told(server):
    assert server.host == "127.0.0.1"


def test_two_servers_have_different_tokens_that_cannot_be_guessed():
    with Server({}) as one, Server({}) as other:
        assert one.token != other.token
        assert len(one.token) >= 20


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/wrong/", "/wrong/put", "/../../etc/passwd"])
def test_a_request_without_the_token_is_refused(address, path):
    parts = urlsplit(address)
    answer = ask(f"http://{parts.netloc}{path}")
    assert answer.status == 403
    assert b"the whole address" in answer.body


@pytest.mark.parametrize("path", ["nothing", "pick.html/", "../page.css", "%2e%2e/page.css", "put/", "static/page.css"])
def test_an_unknown_path_is_refused(address, path):
    assert ask(address, path).status == 404


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.168.0.7", ""])
def test_another_sites_host_header_is_refused(address, done, name):
    assert ask(address, Host=name).status == 403
    assert ask(address, "put", method="POST", body=b"{}", Host=name).status == 403
    assert done == []


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST:1234", "127.0.0.1", "127.0.0.1:9", "[::1]:80"])
def test_this_machines_own_names_pass_with_any_port_as_tunnels_have(address, name):
    assert ask(address, Host=name).status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://{netloc}", "http://127.0.0.1:1"])
def test_requests_of_other_sites_pages_are_refused(address, done, origin):
    origin = origin.format(netloc=urlsplit(address).netloc)
    assert ask(address, "put", method="POST", body=b"{}", Origin=origin).status == 403
    assert done == []


def test_our_own_pages_requests_pass(address, done):
    origin = f"http://{urlsplit(address).netloc}"
    answer = ask(address, "put?a=1&b=x%20y", method="POST", body=b'{"a": 1}', Origin=origin)
    assert answer.status == 200
    assert answer.json == {"length": 8, "query": {"a": "1", "b": "x y"}}
    assert done == [b'{"a": 1}']


def test_a_body_over_the_limit_is_refused_unread(address, done):
    assert ask(address, "put", method="POST", body=bytes(LARGEST_BODY)).status == 200
    parts = urlsplit(address)
    head = f"POST {parts.path}put HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    answer = raw(address, f"{head}Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413")
    assert len(done) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("", 411),
        ("Transfer-Encoding: chunked\r\n", 411),
        ("Content-Length: -1\r\n", 400),
        ("Content-Length: 2\r\nContent-Length: 3\r\n", 400),
        ("Content-Length: ten\r\n", 400),
        ("Content-Length: 99999999999999999999\r\n", 413),
    ],
)
def test_a_body_of_unclear_length_is_refused(address, done, headers, status):
    parts = urlsplit(address)
    head = f"POST {parts.path}put HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    assert raw(address, f"{head}{headers}\r\n{{}}".encode()).startswith(f"HTTP/1.1 {status}".encode())
    assert done == []


def test_a_body_that_is_cut_off_does_nothing(address, done):
    parts = urlsplit(address)
    head = f"POST {parts.path}put HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    raw(address, f"{head}Content-Length: 10\r\n\r\n{{}}".encode())
    assert done == []


def test_a_form_of_another_site_cannot_post(address, done):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert ask(address, "put", method="POST", body=b"{}", Content_Type=kind).status == 415
    assert done == []


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_the_server_goes_on(address, request_bytes, capfd):
    answer = raw(address, request_bytes)
    assert b" 200 " not in answer and b"<" not in answer
    assert ask(address).status == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "<b>"])
def test_other_methods_are_refused(address, method):
    assert ask(address, method=method).status == 501


def test_a_page_cannot_be_posted_to_nor_an_action_got(address):
    assert ask(address, method="POST", body=b"{}").status == 405
    assert ask(address, "put").status == 405


def test_one_slow_connection_does_not_hold_up_the_others(address):
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port)) as slow:
        slow.sendall(b"GET /")
        assert ask(address).status == 200


def test_a_browser_that_goes_away_is_no_noise(address, capfd):
    parts = urlsplit(address)
    for _ in range(5):
        connection = socket.create_connection((parts.hostname, parts.port))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, not closed
        connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        connection.close()
    time.sleep(0.05)
    assert ask(address).status == 200
    assert capfd.readouterr().err == ""


def test_the_end_waits_for_an_answer_under_way_and_leaves_no_thread():
    began = threading.Event()

    def slow(request):
        began.set()
        time.sleep(0.2)
        return words("done")

    server, answers = Server({("GET", ""): slow}), []
    asking = threading.Thread(target=lambda: answers.append(ask(server.addresses[0])))
    asking.start()
    began.wait(5)
    server.close()
    server.close()  # twice is once
    asking.join(5)
    assert [answer.body for answer in answers] == [b"done\n"]
    assert not [thread for thread in threading.enumerate() if thread.name == "drol-page"]
    with pytest.raises(ConnectionRefusedError):
        ask(server.addresses[0])


def test_a_value_that_json_lacks_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="JSON"):
        told({"value": float("nan")})
    assert json.loads(told({"value": 1}).body) == {"value": 1}
