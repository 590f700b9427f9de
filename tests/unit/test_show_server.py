"""The server of our own pages: who is let in, what is refused with a word, and how it ends."""

import http.client
import json
import socket
import threading
import time

import pytest

from drol_jax.errors import UserError
from drol_jax.show import hosts, replies
from drol_jax.show.handler import LARGEST_BODY
from drol_jax.show.replies import Reply, Request
from drol_jax.show.server import Server


@pytest.fixture
def asked():
    """What the routes were asked for, in order."""
    return list[Request]()


@pytest.fixture
def server(asked):
    def note(request: Request) -> Reply:
        asked.append(request)
        return replies.told({"got": len(request.body)})

    routes = replies.assets("pick.html", "page.css") | {("POST", "boxes"): note, ("GET", "state"): note}
    with Server(routes) as running:
        yield running


def ask(server: Server, method: str = "GET", path: str | None = "", body: bytes | None = None, **headers: str):
    """The answer to one request; headers with _ for -, and without the token where the path begins with a slash."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    where = path if path is not None and path.startswith("/") else f"/{server.token}/{path}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, where, body, named)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content.decode()


def raw(server: Server, sent: bytes) -> bytes:
    """All that comes back for bytes that no browser would send."""
    with socket.create_connection(server.server_address[:2], timeout=5) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


class TestLetsIn:
    def test_the_page_at_the_address_that_is_told(self, server):
        assert server.addresses == [f"http://127.0.0.1:{server.server_address[1]}/{server.token}/"]
        answer, content = ask(server)
        assert answer.status == 200 and content.startswith("<!doctype html>")
        assert answer.getheader("Content-Type") == "text/html; charset=utf-8"

    def test_what_a_page_posts(self, server, asked):
        answer, content = ask(server, "POST", "boxes", b'{"a": 1}', Content_Type="application/json")
        assert answer.status == 200 and json.loads(content) == {"got": 8}
        assert [request.body for request in asked] == [b'{"a": 1}']

    def test_a_question_behind_the_path(self, server, asked):
        ask(server, path="state?after=3&page=a%20b")
        assert asked[0].query == {"after": "3", "page": "a b"}

    def test_nothing_is_kept_and_nothing_comes_from_elsewhere(self, server):
        for path in ("", "page.css", "state", "nothing"):
            answer, _ = ask(server, path=path)
            assert answer.getheader("Cache-Control") == "no-store"
            assert "default-src 'none'" in str(answer.getheader("Content-Security-Policy"))
            assert answer.getheader("X-Content-Type-Options") == "nosniff"

    def test_each_server_has_a_token_of_its_own(self, server):
        with Server(replies.assets("pick.html")) as other:
            assert other.token != server.token and len(other.token) >= 20


class TestRefuses:
    @pytest.mark.parametrize("path", ["/", "/boxes", "/wrong/boxes", "//boxes", "/%00/"])
    def test_requests_without_the_token(self, server, asked, path):
        answer, content = ask(server, path=path)
        assert answer.status == 403 and "whole address" in content and asked == []

    @pytest.mark.parametrize(
        "name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.7", "", "[::2]:1"]
    )
    def test_requests_that_name_another_host(self, server, asked, name):
        answer, content = ask(server, path="state", Host=name)
        assert answer.status == 403 and "Host" in content and asked == []

    @pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
    def test_requests_of_another_sites_page(self, server, asked, origin):
        answer, content = ask(server, "POST", "boxes", b"{}", Origin=origin, Content_Type="application/json")
        assert answer.status == 403 and "another site" in content and asked == []

    @pytest.mark.parametrize(
        "path", ["nothing", "server.py", "../server.py", "..%2fserver.py", "page.css/", "static/page.css"]
    )
    def test_unknown_paths(self, server, path):
        answer, content = ask(server, path=path)
        assert answer.status == 404 and content == "refused: no such page\n"

    def test_a_known_path_by_another_method(self, server, asked):
        assert ask(server, path="boxes")[0].status == 405
        assert ask(server, "POST", "state", b"{}", Content_Type="application/json")[0].status == 405
        assert ask(server, "DELETE", "boxes")[0].status == 501
        assert asked == []

    def test_a_body_over_the_limit_before_it_is_sent(self, server, asked):
        length = str(LARGEST_BODY + 1)
        answer, content = ask(server, "POST", "boxes", Content_Length=length, Content_Type="application/json")
        assert answer.status == 413 and str(LARGEST_BODY) in content and asked == []

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Content_Length": "-1"}, 400),
            ({"Content_Length": "two"}, 400),
            ({"Content_Length": "9" * 5000}, 413),
            ({"Transfer_Encoding": "chunked"}, 411),
            ({"Content_Length": "2", "Content_Type": "text/plain"}, 415),
        ],
    )
    def test_bodies_of_unclear_length_or_kind(self, server, asked, headers, status):
        kind = {"Content_Type": "application/json"} | headers
        assert ask(server, "POST", "boxes", **kind)[0].status == status
        assert asked == []

    @pytest.mark.parametrize(
        "sent",
        [
            b"\r\n\r\n",
            b"GET /caf\xc3\xa9/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/9\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01",
        ],
    )
    def test_what_is_no_request_and_answers_the_next_one(self, server, sent):
        assert b"<!doctype" not in raw(server, sent)
        assert ask(server)[0].status == 200

    def test_a_body_that_is_cut_off(self, server, asked):
        head = f"POST /{server.token}/boxes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        raw(server, head.encode() + b"Content-Length: 100\r\n\r\n{}")
        assert asked == [] and ask(server)[0].status == 200

    def test_a_request_with_two_hosts_or_two_lengths(self, server, asked):
        head = f"POST /{server.token}/boxes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        assert b" 403 " in raw(server, head.encode() + b"Host: localhost\r\nContent-Length: 2\r\n\r\n{}")
        assert b" 400 " in raw(server, head.encode() + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}")
        assert asked == []


class TestListening:
    def test_a_port_that_is_taken_is_told(self, server):
        port = server.server_address[1]
        with pytest.raises(UserError, match=rf"port {port}: .*leave --port out"):
            Server({}, port=port)

    @pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "", "a..b"])
    def test_a_host_that_is_not_here_is_told(self, host):
        with pytest.raises(UserError, match="give"):
            Server({}, host=host).close()

    @pytest.mark.parametrize("port", [-1, 65536])
    def test_a_port_that_is_none_is_told(self, port):
        with pytest.raises(UserError, match="0 to 65535"):
            Server({}, port=port)

    def test_other_devices_come_only_where_that_is_asked_for(self):
        assert hosts.may_name("192.168.1.5:8000", "0.0.0.0") and not hosts.may_name("192.168.1.5:8000", "127.0.0.1")
        assert not hosts.may_name("evil.example", "0.0.0.0")

    def test_the_network_address_is_told_first_where_others_may_come(self):
        assert hosts.shown("0.0.0.0", "192.168.1.5") == ["192.168.1.5", "127.0.0.1"]
        assert hosts.shown("0.0.0.0", None) == ["127.0.0.1"]
        assert hosts.shown("127.0.0.1", None) == ["127.0.0.1"]


class TestEnd:
    def test_an_answer_under_way_is_given_first(self):
        begun, goes_on = threading.Event(), threading.Event()

        def slow(request: Request) -> Reply:
            begun.set()
            goes_on.wait(5)
            return replies.words("done")

        server, got = Server({("GET", "slow"): slow}), []
        asking = threading.Thread(target=lambda: got.append(ask(server, path="slow")[1]))
        asking.start()
        begun.wait(5)
        closing = threading.Thread(target=server.close)
        closing.start()
        time.sleep(0.05)
        goes_on.set()
        closing.join(5)
        asking.join(5)
        assert got == ["done\n"]

    def test_kept_connections_end_with_it_so_that_the_next_page_may_have_its_port(self):
        first = Server(replies.assets("pick.html"))
        port = int(first.server_address[1])
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        kept.request("GET", f"/{first.token}/")
        kept.getresponse().read()
        first.close()
        with Server(replies.assets("live.html"), port=port) as second:
            assert kept.sock.recv(1) == b""
            assert "Tracking live" in ask(second)[1]
        kept.close()

    def test_it_may_be_closed_twice(self):
        server = Server({})
        server.close()
        server.close()
        with pytest.raises(ConnectionRefusedError):
            ask(server)
