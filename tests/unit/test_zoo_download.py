"""Downloads from a server with faults: the right bytes, or one line, and never half a file."""

import socket

import pytest
from faulty_server import CONTENT, PROXIES, SHA256, TIMEOUT, serving

from drol_jax.errors import UserError
from drol_jax.zoo.download import Wanted, fetch


@pytest.fixture
def server(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    with serving() as running:
        yield running


def wanted(folder, **more):
    facts = {"sha256": SHA256, "size": len(CONTENT), "timeout": TIMEOUT, "pause": lambda seconds: None}
    return Wanted(target=folder / "file", **facts | more)


@pytest.mark.parametrize("how", ["whole", "cut", "busy", "moved"])
def test_the_right_bytes_come_however_they_are_served(how, server, tmp_path):
    assert fetch([f"{server.url}/{how}"], wanted(tmp_path)) == f"{server.url}/{how}"
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("nothing_here", "HTTP 404"),
        ("circle", "HTTP 302"),
        ("cut_without_resuming", "broke off after 1,000 of 256,000 bytes, 4 times"),
        ("stuck", "sent nothing for 0.4 seconds|broke off"),
        ("trickle", "less than 1024 bytes a second"),
        ("unlike", "other bytes than were published"),
        ("page", "gives 35 bytes"),
        ("endless", "more bytes than the file has"),
    ],
)
def test_a_fault_is_one_line_that_says_which(how, told, server, tmp_path):
    with pytest.raises(UserError, match=told) as error:
        fetch([f"{server.url}/{how}"], wanted(tmp_path))
    assert "\n" not in str(error.value) and f"{server.url}/{how}" in str(error.value)
    assert not (tmp_path / "file").exists() or (tmp_path / "file").read_bytes() != CONTENT


def test_the_next_address_is_asked_where_one_fails(server, tmp_path):
    addresses = [f"{server.url}/{how}" for how in ("nothing_here", "unlike", "cut_without_resuming", "whole")]
    assert fetch(addresses, wanted(tmp_path)) == addresses[-1]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_part_of_an_earlier_run_is_gone_on_with(server, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT[:70_000])
    fetch([f"{server.url}/whole"], wanted(tmp_path))
    assert server.seen == [("/whole", "bytes=70000-")]
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("part", [b"other" * 1000, CONTENT, CONTENT + b"more"], ids=["another file", "all", "too long"])
def test_a_part_that_does_not_fit_is_thrown_away(part, server, tmp_path):
    (tmp_path / "file").write_bytes(part)
    fetch([f"{server.url}/whole"], wanted(tmp_path))
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_without_a_known_hash_nothing_is_resumed_and_no_part_stays(server, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT[:70_000])
    fetch([f"{server.url}/whole"], wanted(tmp_path, sha256=None))
    assert server.seen == [("/whole", None)]
    with pytest.raises(UserError):
        fetch([f"{server.url}/cut_without_resuming"], wanted(tmp_path, sha256=None))
    assert not (tmp_path / "file").exists()


def test_a_proxy_of_the_environment_is_asked(server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    fetch(["http://far.example/whole"], wanted(tmp_path))
    assert server.seen == [("http://far.example/whole", None)]


def test_without_a_network_it_is_one_line(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UserError, match=r"Connection refused.*Check the network, name a proxy") as error:
        fetch([f"http://127.0.0.1:{port}/x", "ftp://127.0.0.1/x"], wanted(tmp_path))
    assert "it is no address of the web" in str(error.value) and "\n" not in str(error.value)
