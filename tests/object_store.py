"""Object stores that speak S3 or as Google's does, on ports of this machine, for as long as the tests run."""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import boto3
import pytest
from gcp_storage_emulator.server import create_server
from moto.server import ThreadedMotoServer

from tests.serving import free_port


@contextmanager
def running_store() -> Iterator[str]:
    """Its address."""
    # A line for each request would fill what a failing test shows.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@contextmanager
def running_google_store() -> Iterator[str]:
    """Its address."""
    logging.getLogger("gcp_storage_emulator").setLevel(logging.ERROR)
    # Whether a bucket has folders of its own would be asked of Google itself, with somebody's credentials.
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


def use_google_store(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever asks for ``gs://`` ask this store from now on."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)


def new_google_bucket(address: str, name: str = "") -> str:
    """The URL of an empty folder in a bucket of its own."""
    name = name or f"bucket-{uuid4().hex[:12]}"
    request = urllib.request.Request(
        f"{address}/storage/v1/b?project=tests",
        json.dumps({"name": name}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request):
        return f"gs://{name}/atlas"


def rights_to(address: str) -> dict[str, str]:
    """The environment in which whatever speaks S3 asks this store."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def use_store(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever speaks S3 ask this store from now on."""
    for name, value in rights_to(address).items():
        monkeypatch.setenv(name, value)


def new_bucket(*, keeps_versions: bool = False) -> str:
    """The URL of an empty folder in a bucket of its own."""
    name, client = f"bucket-{uuid4().hex[:12]}", boto3.client("s3")
    client.create_bucket(Bucket=name)
    if keeps_versions:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return f"s3://{name}/atlas"
