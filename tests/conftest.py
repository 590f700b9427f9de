"""Options of the test suite."""


def pytest_addoption(parser):
    parser.addoption("--all-frames", action="store_true", help="run the deep trackers' recorded tracks to their ends")
