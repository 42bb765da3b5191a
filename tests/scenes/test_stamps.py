"""What changes when files of scenes do, in a store whose lists lack what is new."""

from __future__ import annotations

from uuid import uuid4

import pytest

from automap_tiles.scenes.stamps import far_stamps, stamp
from automap_tiles.storage import Address
from tests.storage.faults import faulty
from tests.storage.s3 import BUCKET, S3Server


def test_a_file_that_no_list_has_yet_is_asked_for(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = uuid4().hex
    folder = Address.of(f"s3://{BUCKET}/{name}")
    with faulty(s3.endpoint, 1, 1, kinds=["stale list"]) as store:
        monkeypatch.setenv("AWS_S3_ENDPOINT", store.endpoint)
        (folder / "B4.tif").write(b"red")
        far = far_stamps(str(folder))
        assert far is not None
        assert not far.listed
        early = stamp(f"/vsis3/{BUCKET}/{name}/B4.tif", far)
        archive = stamp(f"/vsizip/{{/vsis3/{BUCKET}/{name}/B4.tif}}/B4.tif", far)
    monkeypatch.setenv("AWS_S3_ENDPOINT", s3.endpoint.partition("//")[2])
    late = far_stamps(str(folder))
    assert late is not None
    assert early == archive == late.listed[f"/vsis3/{BUCKET}/{name}/B4.tif"]
    (folder / "B4.tif").write(b"near infrared")
    assert stamp(f"/vsis3/{BUCKET}/{name}/B4.tif", far_stamps(str(folder))) != early
    assert stamp(f"/vsis3/{BUCKET}/{name}/gone.tif", late) == ""
    assert stamp(f"/vsis3/{BUCKET}-of-others/B4.tif", late) == ""
