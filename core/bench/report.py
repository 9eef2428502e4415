"""The benchmark's answer as tables for people."""

from __future__ import annotations

from typing import Any

from core.bench import photos
from core.bench.ingesting import STAGES

Measured = dict[str, Any]

AIMS = {photos.ONE_MEGAPIXEL: 35, photos.TWELVE_MEGAPIXELS: 120}
"""Milliseconds a photo."""
LABEL, COLUMN = 44, 16


def format_report(measured: Measured) -> str:
    """Everything that was measured; parts that were left out have no table."""
    parts = [_head(measured)]
    parts += [_stage_table(int(threads), sets) for threads, sets in measured["ingest"].items()]
    if "tutorial" in measured or "peers" in measured:
        parts.append(_systems_table(measured))
    parts.append(_other_table(measured))
    return "\n\n".join(parts)


def _head(measured: Measured) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    features = " ".join(measured["features"]) or "features unknown"
    note = ["A quick look: few photos, one round."] if measured["quick"] else []
    lines = [
        f"{measured['processor']} ({features}), {measured['threads']} threads, "
        f"{measured['engine']} {measured['precision']}",
        versions,
        *note,
    ]
    return "\n".join(lines)


def _stage_table(threads: int, sets: Measured) -> str:
    """Stages down, photos across; milliseconds a photo."""

    def row(label: str, key: str, digits: int = 1) -> str:
        return _line(label, [f"{photo_set[key]:,.{digits}f}" for photo_set in sets.values()])

    stages = [_line(stage, [f"{photo_set['stages'][stage]:,.1f}" for photo_set in sets.values()]) for stage in STAGES]
    # Said beside the whole: this run was watched, so the two may differ a little.
    sums = [f"{sum(photo_set['stages'].values()):,.1f}" for photo_set in sets.values()]
    aims = [str(AIMS.get(name, "")) for name in sets]
    return "\n".join(
        [
            _line(f"Ingest with {threads} thread{'s' * (threads > 1)}, ms a photo", list(sets)),
            *stages,
            _line("all stages", sums),
            row("whole, zip to store (median of its runs)", "whole"),
            _line("aim", aims),
            row("the same batches through the networks alone", "networks"),
            row("whole / networks alone", "ratio", 2),
            row("decoder alone, one photo after another", "decoder"),
            row("photos", "photos", 0),
            row("faces", "faces", 0),
            row("photos without a face", "without_face", 0),
        ]
    )


def _systems_table(measured: Measured) -> str:
    """Face Atlas, the tutorial and other packages on the sample, slower ones with how many times slower."""
    ours = measured["ingest"][str(measured["threads"])]
    lines = [_line("Others, one photo after another", ["ms a photo", "Face Atlas", "times faster", "missed"])]
    tutorial = measured.get("tutorial")
    if tutorial:
        sample = ours[photos.SAMPLE]["whole"]
        missed = tutorial["photos"] - tutorial["faces"]
        lines.append(_compared("tutorial, sample", tutorial["ingest_ms_per_photo"], sample, str(missed)))
        for name, value in tutorial["larger_ms_per_photo"].items():
            lines.append(_compared(f"tutorial, {name}", value, ours[name]["whole"], ""))
    for name, peer in measured.get("peers", {}).items():
        if "reason" in peer:
            lines.append(f"{name}: not measurable here: {peer['reason']}")
            continue
        lines.append(
            _compared(
                f"{name} {peer['version']}, sample", peer["ms_per_photo"], ours[photos.SAMPLE]["whole"], peer["missed"]
            )
        )
        lines.append(f"    {peer['what']}")
    return "\n".join(lines)


def _compared(label: str, theirs: float, ours: float, missed: object) -> str:
    return _line(label, [f"{theirs:,.1f}", f"{ours:,.1f}", f"{theirs / ours:,.1f}", str(missed)])


def _other_table(measured: Measured) -> str:
    tutorial = measured.get("tutorial", {})

    def row(label: str, value: float, digits: int, theirs: str = "") -> str:
        tutorial_value = f"{tutorial[theirs]:,.{digits}f}" if theirs in tutorial else ""
        return _line(label, [f"{value:,.{digits}f}", tutorial_value])

    identify = measured["identify"]
    sample, large = identify[photos.SAMPLE], identify[photos.ONE_MEGAPIXEL]
    lines = [
        _line("Besides", ["Face Atlas", "tutorial"]),
        row("identify, sample, median, ms", sample["p50_ms"], 1, "identify_p50_ms"),
        row("identify, sample, 95th percentile, ms", sample["p95_ms"], 1, "identify_p95_ms"),
        row("identify, 1 megapixel, median, ms (aim 60)", large["p50_ms"], 1),
        row("identify, 1 megapixel, 95th, ms (aim 120)", large["p95_ms"], 1),
        row("train, s", measured["train_s"], 2, "train_s"),
    ]
    if "map_s" in measured:
        lines += [
            row("map, the first in a process, s", measured["map_s"], 1),
            row("map, after the first, s", measured["second_map_s"], 1),
            row("start to the first named photo, s", measured["start_s"], 1, "start_s"),
        ]
        lines += [row(f"peak memory, {name}, MB", value, 0) for name, value in measured["peak_mb"].items()]
        lines += [row("peak memory, all, MB", max(measured["peak_mb"].values()), 0, "peak_mb")]
    return "\n".join(lines)


def _line(label: str, columns: list[str]) -> str:
    return f"{label:<{LABEL}}" + "".join(f"{column:>{COLUMN}}" for column in columns)
