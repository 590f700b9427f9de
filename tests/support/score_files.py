"""Result files and groundtruths as lines of text, and the command that scores them."""

from drol_jax.eval.cli import main

BOX = "20,20,30,20"


def score(capsys, *arguments, dataset="OTB100"):
    """(exit code, everything that was printed) of the command score."""
    code = main(["score", "--dataset", dataset, "--no-dialects", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out + told.err


def row(text, tracker):
    """The numbers of a tracker's line in the ranking."""
    return next(line.split()[1:] for line in text.splitlines() if line.split()[:1] == [tracker])


def lines(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{one}\n" for one in rows))


def workspace(folder, name, truth, *, size=(80, 60), anchors=None):
    lines(folder / "list.txt", name)
    lines(folder / name / "groundtruth.txt", *truth)
    lines(folder / name / "sequence", f"width={size[0]}", f"height={size[1]}")
    if anchors:
        lines(folder / name / "anchor.value", *anchors)
    return ["--data-root", folder, "--results", folder.parent / "T"]
