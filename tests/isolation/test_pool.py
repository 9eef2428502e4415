"""Children that read: what comes back, what one file may cost, and what becomes of a child that dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.base.errors import ImageRefused, ReadingEnded
from core.base.settings import ImageLimits
from core.imaging import decoding
from core.imaging.pixels import encode_jpeg, perceptual_hash
from core.isolation import photos, pool
from core.isolation.bounds import Bounds
from core.isolation.messages import (
    DATE_PHOTO,
    DECODE_PHOTO,
    BlocksOnly,
    BrokenMessage,
    PhotoOrder,
    PictureAnswer,
    decode_message,
)
from core.isolation.pool import Pool
from tests.waiting import LONGEST_S

ROOT = Path(__file__).parents[2]
LIMITS = ImageLimits()
BOUNDS = Bounds(1 << 30, 30)
AMPLE = 1 << 30
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded, and shared, on Linux only")


def noise(width: int, height: int) -> decoding.RgbImage:
    """A picture that compresses badly: decoding it is work."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture(params=["shared memory", "pipe"])
def children(request: pytest.FixtureRequest) -> Iterator[Pool]:
    """Two children at most, speaking either way."""
    made = Pool(2, shared=request.param == "shared memory")
    yield made
    made.close()


@pytest.fixture
def own_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """The pool of this process, for one test alone."""
    made = Pool(2)
    monkeypatch.setattr(photos, "shared_pool", lambda: made)
    yield made
    made.close()


def test_pixels_come_as_the_decoder_gives_them_either_way(children: Pool) -> None:
    data = encode_jpeg(noise(640, 480))
    reply = children.read(DECODE_PHOTO, PhotoOrder(LIMITS), [data], BOUNDS, AMPLE)
    assert reply.answer == PictureAnswer(shape=(480, 640, 3), width_px=640, height_px=480, notes=())
    assert np.array_equal(reply.blocks[0].reshape(480, 640, 3), decoding.decode_image(data, LIMITS))


def test_a_picture_larger_than_a_pipe_or_the_last_one_comes_whole(children: Pool) -> None:
    sizes = [(3000, 2000), (30, 20), (2000, 3000)]
    for width, height in sizes:
        data = encode_jpeg(noise(width, height), quality=30)
        reply = children.read(DECODE_PHOTO, PhotoOrder(LIMITS), [data], BOUNDS, AMPLE)
        assert np.array_equal(reply.blocks[0].reshape(height, width, 3), decoding.decode_image(data, LIMITS))


def test_one_child_serves_many_tasks_and_threads_share_them(children: Pool) -> None:
    data = encode_jpeg(noise(64, 48))
    threads = [
        threading.Thread(target=children.read, args=(DECODE_PHOTO, PhotoOrder(LIMITS), [data], BOUNDS, AMPLE))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(children.pids) <= 2


def test_a_refusal_in_the_child_is_the_refusal_here(own_pool: Pool) -> None:
    for data in (b"", b"no photo", encode_jpeg(noise(64, 48))[:-40], encode_jpeg(noise(8, 8))):
        with pytest.raises(ImageRefused) as here:
            decoding.decode_image(data, LIMITS)
        with pytest.raises(ImageRefused) as there:
            photos.decode_photo(data, LIMITS)
        assert str(there.value) == str(here.value)
    assert len(own_pool.pids) == 1, "a refusal costs no child"


def test_a_photo_in_the_child_has_its_hash_and_date(own_pool: Pool) -> None:
    data = encode_jpeg(noise(2000, 1500))
    described = photos.describe_photo(data, LIMITS, 500)
    reference = decoding.decode_reduced(data, LIMITS, 500)
    assert np.array_equal(described.picture.pixels, reference.pixels)
    assert (described.picture.width_px, described.picture.height_px) == (2000, 1500)
    assert described.perceptual_hash == perceptual_hash(reference.pixels)
    assert described.taken is None


def test_a_photo_is_described_with_its_weight_where_it_takes_no_more_than_allowed(own_pool: Pool) -> None:
    data = encode_jpeg(noise(320, 240))
    weight_bytes = decoding.decoding_bytes(data, LIMITS)
    allowed = photos.weigh_photo(data, LIMITS, 500, weight_bytes)
    beyond = photos.weigh_photo(data, LIMITS, 500, weight_bytes - 1)
    assert allowed.decoding_bytes == beyond.decoding_bytes == weight_bytes
    assert beyond.described is None
    assert allowed.described is not None
    reference = photos.describe_photo(data, LIMITS, 500)
    assert np.array_equal(allowed.described.picture.pixels, reference.picture.pixels)
    assert allowed.described.perceptual_hash == reference.perceptual_hash


# dying


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What a file that crashes the decoder does: every child ends as soon as it has the file."""
    ask = pool.Child.ask

    def end_when_told(child: pool.Child, *request: Any) -> pool.Reply:
        send = child.channel.send

        def send_and_kill(*message: Any) -> None:
            send(*message)
            child.process.kill()

        child.channel.send = send_and_kill  # type: ignore[method-assign]
        return ask(child, *request)

    with monkeypatch.context() as patch:
        patch.setattr(pool.Child, "ask", end_when_told)
        yield patch


def test_a_file_whose_readers_die_is_refused_and_the_next_is_read(own_pool: Pool, deadly: pytest.MonkeyPatch) -> None:
    with pytest.raises(ReadingEnded, match=r"ended twice \(signal 9\)\. The file was left out"):
        photos.decode_photo(encode_jpeg(noise(4000, 3000)), LIMITS)
    deadly.undo()
    assert photos.decode_photo(encode_jpeg(noise(32, 32)), LIMITS).pixels.shape == (32, 32, 3)


def test_a_child_that_somebody_else_ended_costs_no_photo(own_pool: Pool) -> None:
    photos.decode_photo(encode_jpeg(noise(32, 32)), LIMITS)
    (pid,) = own_pool.pids
    os.kill(pid, signal.SIGKILL)
    assert photos.decode_photo(encode_jpeg(noise(32, 32)), LIMITS).pixels.shape == (32, 32, 3)
    assert own_pool.pids != [pid]


def test_a_photo_that_takes_longer_than_is_allowed_is_refused_by_itself(own_pool: Pool) -> None:
    impatient = replace(LIMITS, max_seconds=0.02)
    with pytest.raises(ReadingEnded, match=r"could not be read within 0\.02 seconds"):
        photos.decode_photo(encode_jpeg(noise(4000, 3000), quality=100), impatient)
    assert photos.decode_photo(encode_jpeg(noise(32, 32)), LIMITS).pixels.shape == (32, 32, 3)


@linux_only
def test_a_photo_that_takes_more_memory_than_is_allowed_is_refused_by_itself(own_pool: Pool) -> None:
    narrow = replace(LIMITS, max_memory_bytes=8 << 20)
    with pytest.raises(ImageRefused):
        photos.decode_photo(encode_jpeg(noise(4000, 3000)), narrow)
    assert photos.decode_photo(encode_jpeg(noise(4000, 3000)), LIMITS).pixels.shape == (3000, 4000, 3)


def test_children_wear_out_and_are_replaced(own_pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MOST_TASKS", 2)
    data, seen = encode_jpeg(noise(32, 32)), set()
    for _ in range(5):
        photos.decode_photo(data, LIMITS)
        seen |= set(own_pool.pids)
    assert len(seen) == 3, "of two tasks each"


# a child that was taken over

GOOD = {"shape": [20, 20, 3], "width_px": 20, "height_px": 20, "notes": []}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({**GOOD, "shape": [20, 20, 4]}, id="four bands"),
        pytest.param({**GOOD, "shape": [-20, -20, 3]}, id="negative sides"),
        pytest.param({**GOOD, "shape": [20.0, 20, 3]}, id="a side that is no integer"),
        pytest.param({**GOOD, "shape": [True, 20, 3]}, id="a side that is a truth"),
        pytest.param({**GOOD, "shape": [20, 20]}, id="no bands"),
        pytest.param({**GOOD, "notes": "one"}, id="notes that are no list"),
        pytest.param({**GOOD, "notes": ["x" * 9999]}, id="a note that is a book"),
        pytest.param({**GOOD, "notes": ["x"] * 21}, id="more notes than anybody reads"),
        pytest.param({**GOOD, "perceptual_hash": -1}, id="a negative hash"),
        pytest.param({**GOOD, "taken": "yesterday"}, id="a time that is no number"),
        pytest.param({"shape": "20x20"}, id="no list"),
        pytest.param({}, id="nothing"),
    ],
)
def test_an_answer_of_another_form_is_no_message(answer: dict[str, object]) -> None:
    assert decode_message(json.dumps(GOOD).encode(), PictureAnswer).shape == (20, 20, 3)
    with pytest.raises(BrokenMessage):
        decode_message(json.dumps(answer).encode(), PictureAnswer)


@pytest.mark.parametrize(
    ("answer", "size"),
    [
        pytest.param(GOOD, 1199, id="too few bytes"),
        pytest.param({**GOOD, "width_px": 10}, 1200, id="more pixels than the photo"),
        pytest.param({**GOOD, "width_px": 1 << 40}, 1200, id="beyond any photo"),
        pytest.param({**GOOD, "perceptual_hash": 1 << 64}, 1200, id="a hash of more bits"),
    ],
)
def test_an_answer_about_another_picture_is_not_believed(answer: dict[str, object], size: int) -> None:
    said = decode_message(json.dumps(answer).encode(), PictureAnswer)
    for blocks in ([np.zeros(size, np.uint8)], []):
        with pytest.raises(ReadingEnded, match="is no photo"):
            photos._described(said, blocks, LIMITS)


ANSWER = b'{"answer":{"taken":1.0}}'


def framed(body: bytes = ANSWER, blocks: bytes = b"[]", shared: bytes = b"false") -> bytes:
    content = b'{"blocks":' + blocks + b',"shared":' + shared + b',"body":' + body + b"}"
    return len(content).to_bytes(4, "big") + content


@contextmanager
def child_that_says(said: bytes) -> Iterator[pool.Child]:
    code = f"import sys, time; sys.stdout.buffer.write({said!r}); sys.stdout.flush(); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    child = pool.Child(process, pool.Channel(process.stdout, process.stdin))  # type: ignore[arg-type]
    yield child
    child.dispose()


ORDER = pool._Order(DATE_PHOTO, BlocksOnly(), [], BOUNDS, 8)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param((1 << 31).to_bytes(4, "big"), id="a header beyond all bounds"),
        pytest.param((4).to_bytes(4, "big") + b"nope", id="no JSON"),
        pytest.param((2).to_bytes(4, "big") + b"[]", id="no object"),
        pytest.param(framed(blocks=b"[99]"), id="more blocks than were expected"),
        pytest.param(framed(blocks=b"[-9]", shared=b"true"), id="a negative block"),
        pytest.param(framed(blocks=b"[1]", shared=b"true"), id="memory that is not shared"),
        pytest.param((29).to_bytes(4, "big") + b'{"blocks":[0],"shared":false}', id="no body"),
        pytest.param(framed(b"{}"), id="no answer"),
        pytest.param(framed(b'{"answer":{"taken":"soon"}}'), id="an answer of another type"),
        pytest.param(framed(b"[" * 100_000), id="nested beyond reading"),
    ],
)
def test_what_is_no_message_ends_the_child_that_said_it(said: bytes) -> None:
    with child_that_says(said) as child:
        with pytest.raises(pool._ChildEnded, match="no sensible answer"):
            child.ask(ORDER)
        assert child.process.returncode is not None


def test_what_is_a_message_is_believed_and_a_refusal_is_words_of_bounded_length() -> None:
    said = (
        framed()
        + framed(b'{"answer":null,"refused":"' + b"x" * 9999 + b'","kind":"ImageRefused"}')
        + framed(b'{"answer":null,"fault":"Bad"}')
    )
    with child_that_says(said) as child:
        assert child.ask(ORDER).answer.taken == 1.0
        with pytest.raises(ImageRefused, match=r"^x{2000}$"):
            child.ask(ORDER)
        with pytest.raises(ImageRefused, match=r"damaged or of an unusual kind \(Bad\)"):
            child.ask(ORDER)


# ending


@linux_only
def test_children_end_with_the_process_that_started_them() -> None:
    code = (
        "import os, sys; from core.isolation.pool import shared_pool; shared_pool().warm()\n"
        "print(*shared_pool().pids, flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + LONGEST_S
    while Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < deadline, "the child outlives its parent"
        time.sleep(0.01)


@linux_only
def test_a_child_gains_nothing_leaves_no_core_and_goes_first() -> None:
    made = Pool(1)
    made.warm()
    (pid,) = made.pids
    status = Path(f"/proc/{pid}/status").read_text()
    bounds = Path(f"/proc/{pid}/limits").read_text()
    assert "NoNewPrivs:\t1" in status
    assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "1000"
    assert [line.split()[4:6] for line in bounds.splitlines() if line.startswith("Max core file size")] == [["0", "0"]]
    secrets = Path(f"/proc/{pid}/environ").read_text().split("\0")
    assert {line.partition("=")[0] for line in secrets} <= {"", *pool._PASSED_ON, *pool._OWN_ENVIRONMENT}
    made.close()
