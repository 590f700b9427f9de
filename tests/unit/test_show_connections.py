"""Connections that browsers keep: they end with their server, so that the next page may have its port."""

import http.client
import threading

import pytest

from drol_jax.show import replies
from drol_jax.show.replies import Reply, Request
from drol_jax.show.server import Server


def kept(server: Server) -> http.client.HTTPConnection:
    """A connection over which one answer has come, and that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=5)
    connection.request("GET", f"/{server.token}/")
    assert connection.getresponse().read().startswith(b"<!doctype html>")
    return connection


def test_a_kept_connection_ends_with_its_server_and_the_port_is_free_at_once():
    first = Server(replies.assets("pick.html"))
    connection = kept(first)
    first.close()
    with Server(replies.assets("live.html"), port=int(first.server_address[1])) as second:
        assert connection.sock is not None and connection.sock.recv(1) == b""
        connection.close()
        answer = kept(second)
        answer.close()
    with pytest.raises(ConnectionRefusedError):
        kept(second)


def test_several_answers_come_over_one_connection_while_it_lasts():
    with Server(replies.assets("pick.html", "page.css")) as server:
        connection = kept(server)
        socket_before = connection.sock
        connection.request("GET", f"/{server.token}/page.css")
        assert connection.getresponse().status == 200 and connection.sock is socket_before
        connection.close()


def test_an_answer_under_way_at_the_end_comes_whole():
    begun, goes_on = threading.Event(), threading.Event()

    def slow(request: Request) -> Reply:
        begun.set()
        assert goes_on.wait(5)
        return Reply(b"x" * 5_000_000)

    server, got = Server({("GET", "slow"): slow}), list[bytes]()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=5)
        connection.request("GET", f"/{server.token}/slow")
        got.append(connection.getresponse().read())

    asking, closing = threading.Thread(target=ask), threading.Thread(target=server.close)
    asking.start()
    assert begun.wait(5)
    closing.start()
    goes_on.set()
    closing.join(5)
    asking.join(5)
    assert [len(answer) for answer in got] == [5_000_000]


def test_a_server_may_be_closed_twice():
    server = Server({})
    server.close()
    server.close()
