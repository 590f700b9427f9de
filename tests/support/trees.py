"""Benchmarks in miniature, laid out as their official archives unpack, for the tests of drol_jax.datasets."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

JPEG = cv2.imencode(".jpg", np.full((64, 96, 3), 90, np.uint8))[1].tobytes()
"""An image of 96x64."""


@dataclass(frozen=True, kw_only=True)
class Miniature:
    """One sequence of a benchmark: where the archive has its files, and what they say."""

    dataset: str
    sequence: str
    images: str
    """Path of an image, with a place for its number."""
    first: int = 1
    frames: int = 4
    groundtruth: str
    beside: dict[str, str] = field(default_factory=dict)
    """Other files by path; {n} is replaced by one 0 a frame, {c} by the same with commas."""
    form: str = "{x},{y},{w},{h}"
    origin: int = 0
    server: bool = False
    json: str | None = None
    """PySOT's file."""

    def numbers(self) -> range:
        return range(self.first, self.first + self.frames)

    def image(self, number: int) -> str:
        return self.images % number

    def boxes(self) -> np.ndarray:
        """float64 [T, 4], as a tracker sees them: 0-based; NaN where a server keeps them."""
        boxes = np.array([[10.0 + i, 20, 30, 40] for i in range(self.frames)])
        boxes[1:] = np.nan if self.server else boxes[1:]
        return boxes

    def lines(self) -> list[str]:
        """The annotation file's."""
        shown = self.boxes()[:1] if self.server else self.boxes()
        return [self._line(*(box + np.array([self.origin, self.origin, 0, 0]))) for box in shown]

    def _line(self, x: float, y: float, w: float, h: float) -> str:
        places = {"x": x, "y": y, "w": w, "h": h, "r": x + w, "b": y + h, "r1": x + w - 1, "b1": y + h - 1}
        return self.form.format(**{name: f"{value:g}" for name, value in places.items()})

    def unfold(self, root: Path, lines: list[str] | None = None, pixels: bytes = b"") -> None:
        """Write it below root; the images hold the given bytes."""
        for number in self.numbers():
            write(root / self.image(number), pixels)
        write(root / self.groundtruth, "\n".join(self.lines() if lines is None else lines).encode() + b"\n")
        zeros = ["0"] * self.frames
        for path, content in self.beside.items():
            write(root / path, content.format(n="\n".join(zeros), c=",".join(zeros)).encode())

    def as_pysot(self) -> dict:
        """Its entry in PySOT's JSON file."""
        rects = [[float(n) for n in self._line(*box).replace("\t", ",").split(",")] for box in self.boxes()]
        return {
            "video_dir": self.sequence,
            "init_rect": rects[0],
            "img_names": [self.image(number) for number in self.numbers()],
            "gt_rect": rects[:1] if self.server else rects,
            "attr": ["Fast Motion"],
        }


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


CORNERS = "{x},{y},{r1},{y},{r1},{b1},{x},{b1}"
FLAGS = {"full_occlusion.txt": "{c}", "out_of_view.txt": "{c}\n"}
LABELS = {"absence.label": "{n}\n", "cover.label": "{n}\n", "cut_by_image.label": "{n}\n"}
META = {"meta_info.ini": "[METAINFO]\nurl: none\nresolution: (96, 64)\n"}


def beside(folder: str, *files: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": content for table in files for name, content in table.items()}


def vot(dataset: str, sequence: str, **fields) -> Miniature:
    fields = {"form": CORNERS, "images": f"{sequence}/color/%08d.jpg"} | fields
    return Miniature(
        dataset=dataset, sequence=sequence, groundtruth=f"{sequence}/groundtruth.txt", json=f"{dataset}.json", **fields
    )


MINIATURES = [
    Miniature(dataset="OTB100", sequence="Deer", images="Deer/img/%04d.jpg", frames=71,
              groundtruth="Deer/groundtruth_rect.txt", origin=1, json="OTB100.json"),
    Miniature(dataset="OTB2013", sequence="Deer", images="Deer/img/%04d.jpg", frames=71,
              groundtruth="Deer/groundtruth_rect.txt", form="{x}\t{y}\t{w}\t{h}", origin=1, json="CVPR13.json"),
    Miniature(dataset="UAV123", sequence="person8_2", images="data_seq/UAV123/person8/%06d.jpg", first=1075, frames=451,
              groundtruth="anno/UAV123/person8_2.txt", origin=1, json="UAV123.json"),
    Miniature(dataset="UAV123@10fps", sequence="person8_2", images="data_seq/UAV123_10fps/person8/%06d.jpg", first=359,
              frames=151, groundtruth="anno/UAV123_10fps/person8_2.txt", origin=1, json="UAV10fps.json"),
    Miniature(dataset="UAV20L", sequence="car3", images="data_seq/UAV123/car3/%06d.jpg", frames=1717,
              groundtruth="anno/UAV20L/car3.txt", origin=1, json="UAV20L.json"),
    Miniature(dataset="LaSOT", sequence="kite-4", images="kite/kite-4/img/%08d.jpg",
              groundtruth="kite/kite-4/groundtruth.txt",
              beside=beside("kite/kite-4", FLAGS), origin=1, json="LaSOT.json"),
    Miniature(dataset="LaSOTExt", sequence="atv-3", images="atv/atv-3/img/%08d.jpg",
              groundtruth="atv/atv-3/groundtruth.txt",
              beside=beside("atv/atv-3", FLAGS), origin=1, json="LaSOText.json"),
    Miniature(dataset="TrackingNet", sequence="-Dz7OIf54b0_0", images="TEST/frames/-Dz7OIf54b0_0/%d.jpg", first=0,
              frames=12, groundtruth="TEST/anno/-Dz7OIf54b0_0.txt", server=True, json="TrackingNet.json"),
    Miniature(dataset="GOT-10k-val", sequence="GOT-10k_Val_000007", images="val/GOT-10k_Val_000007/%08d.jpg",
              groundtruth="val/GOT-10k_Val_000007/groundtruth.txt", form="{x}.0000,{y}.0000,{w}.0000,{h}.0000",
              beside=beside("val/GOT-10k_Val_000007", LABELS, META)),
    Miniature(dataset="GOT-10k-test", sequence="GOT-10k_Test_000180", images="test/GOT-10k_Test_000180/%08d.jpg",
              groundtruth="test/GOT-10k_Test_000180/groundtruth.txt", server=True, json="GOT-10k.json"),
    Miniature(dataset="NFS30", sequence="car_jumping", images="sequences/car_jumping/%05d.jpg",
              groundtruth="anno/nfs_car_jumping.txt", form="{x}\t{y}\t{w}\t{h}", json="NFS30.json"),
    Miniature(dataset="NFS240", sequence="bee", images="bee/240/bee/%05d.jpg", groundtruth="bee/240/bee.txt",
              form='0 {x} {y} {r} {b} 0 0 0 0 "insect"'),
    Miniature(dataset="TNL2K", sequence="CartoonHuLuWa01", images="CartoonHuLuWa01/imgs/%05d.png",
              groundtruth="CartoonHuLuWa01/groundtruth.txt"),
    Miniature(dataset="DTB70", sequence="Zebra", images="Zebra/img/%05d.jpg", groundtruth="Zebra/groundtruth_rect.txt",
              origin=1, json="DTB70.json"),
    Miniature(dataset="UAVDT", sequence="S0101", images="UAV-benchmark-S/S0101/img%06d.jpg",
              groundtruth="UAV-benchmark-SOT_v1.0/anno/S0101_gt.txt", origin=1),
    Miniature(dataset="VisDrone-SOT", sequence="uav0000011_00000_s", images="sequences/uav0000011_00000_s/img%07d.jpg",
              groundtruth="annotations/uav0000011_00000_s.txt", json="VisDrone2019.json"),
    Miniature(dataset="VisDrone-SOT-challenge", sequence="uav0000003_00000_s", server=True,
              images="sequences/uav0000003_00000_s/img%07d.jpg", groundtruth="initialization/uav0000003_00000_s.txt"),
    Miniature(dataset="TC128", sequence="Hurdle_ce2", images="Hurdle_ce2/img/%04d.jpg", first=27, frames=304,
              groundtruth="Hurdle_ce2/Hurdle_ce2_gt.txt", origin=1, json="TC128.json"),
    Miniature(dataset="AVisT", sequence="air_show", images="sequences/air_show/img_%05d.jpg",
              groundtruth="anno/air_show.txt", form="{x} {y} {w} {h}",
              beside={f"{flag}/air_show_{flag}.txt": "{n}\n" for flag in ("full_occlusion", "out_of_view")}),
    Miniature(dataset="LasHeR", sequence="3men", images="3men/visible/v%03d.jpg", first=0,
              groundtruth="3men/init.txt"),
    Miniature(dataset="UAVTrack112", sequence="bell tower", images="data_seq/bell tower/%05d.jpg",
              groundtruth="anno/bell tower.txt"),
    Miniature(dataset="PTB-TIR", sequence="phone3", images="tirsequences/phone3/img/%08d.jpg", frames=50,
              groundtruth="tiranno/phone3.txt", origin=1, json="PTB-TIR.json"),
    Miniature(dataset="LSOTB-TIR", sequence="car_S_003", images="sequences/car_S_003/img/%04d.jpg", frames=105,
              groundtruth="anno/car_S_003.txt", origin=1, json="LSOTB-TIR.json"),
    Miniature(dataset="VideoCube-val", sequence="005", images="data/val/005/frame_005/%06d.jpg", first=0,
              groundtruth="attribute/groundtruth/005.txt",
              beside={f"attribute/{flag}/005.txt": "{n}\n" for flag in ("absent", "shotcut")}),
    Miniature(dataset="VideoCube-tiny-val", sequence="029", images="data/val/029/frame_029/%06d.jpg", first=0,
              groundtruth="attribute/groundtruth/029.txt",
              beside={f"attribute/{flag}/029.txt": "{n}\n" for flag in ("absent", "shotcut")}),
    Miniature(dataset="VideoCube-test", sequence="001", images="data/test/001/frame_001/%06d.jpg", first=0, server=True,
              groundtruth="attribute/groundtruth/001.txt"),
    Miniature(dataset="VideoCube-tiny-test", sequence="006", images="data/test/006/frame_006/%06d.jpg", first=0,
              server=True, groundtruth="attribute/groundtruth/006.txt"),
    vot("VOT2016", "tunnel", images="tunnel/%08d.jpg"),
    vot("VOT2017", "ants1", beside={"list.txt": "ants1\n"}),
    vot("VOT2018", "zebrafish1"),
    vot("VOT2019", "agility"),
    vot("VOT2018-LT", "yamaha", form="{x},{y},{w},{h}"),
]  # fmt: skip
"""At least one of every benchmark."""
