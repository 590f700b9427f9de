"""The page of a run in a browser: tables sort and search, curves tell values, strips play, wide tables say so."""

import pytest
from chromium import DESK, PHONE, chromium
from contrast import faint
from pages import NAMES, entry, toy_result

from drol_jax.report.page import page


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    (folder / "report.html").write_text(page(toy_result(folder), [entry(name) for name in NAMES]), encoding="utf-8")
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def tab(browser, address, request):
    context = browser.new_context(**request.param)
    tab, troubles, asked = context.new_page(), [], []
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(address)
    yield tab
    assert troubles == [] and asked == [address]
    context.close()


def test_the_page_is_alive(tab):
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for theme in ("light", "dark"):
        tab.emulate_media(color_scheme=theme)
        assert faint(tab) == []

    rows = "[...document.querySelector('#ranking ~ .side table').tBodies[0].rows]"
    names = f"() => {rows}.map(row => row.cells[0].innerText)"
    assert tab.evaluate(names) == ["near", "far"]
    head = tab.locator("#ranking ~ .side table").first.locator("thead button").first
    head.click()
    assert tab.evaluate(names) == ["far", "near"] and "AUC" not in head.inner_text()
    tab.locator("#ranking ~ .side table").first.locator("thead button").nth(1).click()
    assert tab.evaluate(names) == ["near", "far"]

    curve = tab.locator("svg[data-plot]").first
    curve.scroll_into_view_if_needed()
    curve.focus()
    tab.keyboard.press("ArrowRight")
    told = tab.locator(".told:visible")
    assert told.locator("b").inner_text() == "overlap threshold 0.05" and "near 1" in told.inner_text()

    assert tab.locator(".screen:visible").count() == 0
    tab.locator(".play button").first.click()
    tab.wait_for_function("document.querySelector('.play input').value > 0")
    assert tab.locator(".screen:visible img").count() == 1
    tab.locator(".play button").first.click()
    assert tab.locator(".hint:visible").count() == tab.locator(".more:visible").count()
