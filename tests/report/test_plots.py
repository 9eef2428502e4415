"""Charts as SVG: the same values give the same bytes anywhere, and drawing leaves no trace."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.charts.shares import IntervalChart, build_recall_intervals, sort_hardest_first
from core.report.plots import draw_plot
from tests.report.made import material
from tests.report.test_drawing import interval

ROOT = Path(__file__).parents[2]
CODE = """
import sys
from core.report.plots import draw_plot
from core.charts.shares import sort_hardest_first, build_recall_intervals
from tests.report.made import material
chart = build_recall_intervals(sort_hardest_first(material().predictions.evaluation))
print(draw_plot(chart, "salt").svg)
print(*(name for name in ("matplotlib.pyplot", "tkinter") if name in sys.modules))
"""


def test_drawings_are_the_same_in_another_process_and_folder_which_is_left_as_it_was(tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsvg.fonttype: path\n")
    (tmp_path / "home").mkdir()
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    }
    environment = {**kept, "HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-W", "error::UserWarning", "-c", CODE]
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    svg, global_state, _ = answer.stdout.split("\n")
    assert svg == draw_plot(build_recall_intervals(sort_hardest_first(material().predictions.evaluation)), "salt").svg
    assert not global_state and not re.search(r"\d{4}-\d\d-\d\d", svg)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["home", "matplotlibrc"]


def test_charts_are_drawn_in_several_threads_at_once():
    charts = [IntervalChart([interval(f"person {n}", 0.5, 0.1, 0.9)], "right") for n in range(6)]
    alone = [draw_plot(chart, "a").svg for chart in charts]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda chart: draw_plot(chart, "a").svg, charts)) == alone


def test_the_settings_of_others_who_draw_are_left_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw_plot(IntervalChart([interval("Ann", 0.5, 0.2, 0.8)], "right"), "a")
    assert dict(matplotlib.rcParams) == before and "MPLCONFIGDIR" not in os.environ
