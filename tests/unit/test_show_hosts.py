"""Addresses of a page: which may be listened on, which a request may name, and which the user is told."""

import socket

import pytest
from browsing import ask

from drol_jax.errors import UserError
from drol_jax.show import hosts
from drol_jax.show.replies import assets
from drol_jax.show.server import Server


def test_a_taken_port_is_told_by_its_number():
    with Server({}) as server, pytest.raises(UserError, match=rf"port {server.server_address[1]}.*free one"):
        Server({}, port=server.server_address[1])


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_told(port):
    with pytest.raises(UserError, match=rf"--port {port}"):
        Server({}, port=port)


@pytest.mark.parametrize("host", ["no such host", "300.1.2.3", "192.0.2.1", "a" * 300])
def test_a_host_that_is_not_this_machine_is_told_in_one_line(host):
    with pytest.raises(UserError, match=host[:20]) as caught:
        Server({}, host=host)
    assert "\n" not in str(caught.value)


def test_an_address_for_the_network_is_told_first_where_others_are_let_in():
    assert hosts.shown("0.0.0.0", "192.168.0.7") == ["192.168.0.7", "127.0.0.1"]
    assert hosts.shown("0.0.0.0", None) == ["127.0.0.1"]
    assert hosts.shown("127.0.0.1", "192.168.0.7") == ["127.0.0.1"]
    assert hosts.shown("::1", None) == ["[::1]"]


def test_the_network_may_come_in_by_number_but_not_by_a_foreign_name():
    assert hosts.may_name("192.168.0.7:8000", "0.0.0.0")
    assert hosts.may_name(socket.gethostname(), "0.0.0.0")
    assert not hosts.may_name("evil.example:8000", "0.0.0.0")
    assert not hosts.may_name("192.168.0.7:8000", "127.0.0.1")


def test_a_page_for_the_network_is_reached_on_every_address():
    with Server(assets("pick.html"), host="0.0.0.0") as server:
        for address in server.addresses:
            assert ask(address).status == 200
