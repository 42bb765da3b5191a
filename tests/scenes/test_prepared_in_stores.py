"""Prepared scenes in a store whose lists lack what is new."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from automap_tiles.scenes import prepared
from automap_tiles.storage import Address
from tests.storage.faults import faulty
from tests.storage.s3 import BUCKET, S3Server


def test_what_the_collection_names_is_found(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty(s3.endpoint, 1, 1, kinds=["stale list"]) as store:
        monkeypatch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        folder = Address.of(f"s3://{BUCKET}/{uuid4().hex}")
        names = [f"scene{number}.json" for number in range(4)]
        for name in names[:3]:
            (folder / name).write(json.dumps({"properties": {"name": name}}).encode())
        links = [{"rel": "item", "href": f"./{name}"} for name in (names[0], names[1], names[3])]
        (folder / prepared.NAME).write(json.dumps({"links": links}).encode())
        assert not list(folder.as_folder().list())
        assert prepared.is_folder(folder, [])
        # the last one is named, and is not there
        assert dict(prepared.items(folder)).keys() == set(names[:2])
        assert dict(prepared.items(folder, names)).keys() == set(names[:3])
        assert not prepared.is_folder(Address.of(f"s3://{BUCKET}/{uuid4().hex}"), [])
