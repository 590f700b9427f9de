"""Two runs of an evaluation side by side in the studio's page, in a real browser."""

import os

import pytest
from chromium import DESK, PHONE, chromium
from contrast import faint
from evaluated import evaluated
from studio_tabs import ready, served, tab_on, until

from drol_jax.studio.opening import open_path
from drol_jax.studio.orders import Desk
from drol_jax.studio.places import places_of
from drol_jax.studio.project import Setup
from drol_jax.studio.session import Session

pytest.importorskip("uvicorn", reason="the extra `studio` is not installed")

SHOTS = os.environ.get("STUDIO_SHOTS")


@pytest.mark.parametrize("device", [DESK, pytest.param(PHONE, marks=pytest.mark.deep)], ids=["desk", "phone"])
def test_another_run_is_chosen_beside_and_the_frame_where_they_part_is_told_and_gone_to(tmp_path, device):
    run = evaluated(tmp_path, "near")
    evaluated(tmp_path, "drifts", rate=(7, 0, 0, 0))
    places = places_of([tmp_path / "run", tmp_path / "data"], tmp_path / "out")
    session = Session(*open_path(run, places, Setup()))
    with chromium() as browser, served(Desk(session, places)) as address, tab_on(browser, address, device) as tab:
        ready(tab)
        tab.click("summary:has-text('Compare')")
        until(tab, "document.getElementById('beside').value === 'groundtruth'")
        told = "document.getElementById('compared').textContent"
        until(tab, told + ".startsWith('They overlap by a half or more')")
        tab.select_option("#beside", "drifts")
        until(tab, told + " === 'They part in frame 2 first. Solid: near. Dashed: drifts.'")
        tab.click("#part")
        until(tab, "document.getElementById('frame').value === '2'")
        assert tab.inner_text("#read-beside").startswith("drifts: tracked, confidence 50%; verdict found; overlap 0.")
        if SHOTS:
            tab.screenshot(path=f"{SHOTS}/compare-{device is PHONE}.png")
        assert faint(tab) == []
        tab.select_option("#beside", "")
        until(tab, told + ".startsWith('Keep the tracks')")
        assert session.project.beside == "" and tab.is_hidden("#part")
        tab.click("#undo")
        until(tab, "document.getElementById('beside').value === 'drifts'")
    session.close()
