"""The commands that compare and scale run through at a size that measures nothing."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks.arkworks import PACKAGE


def test_against_arkworks(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip(PACKAGE, reason="the extra 'bench' is not installed")
    from tests.benchmarks.against_arkworks import main

    main(["--log-size", "6", "--repeat", "2", "--json"])
    figures = json.loads(capsys.readouterr().out)["comparisons"]
    assert [each["work"] for each in figures] == [
        "multiplication of 2^6 points, 254 bits",
        "transform of 2^6",
    ]
    assert all(each["ratio"] >= 0 for each in figures)  # rounded; these sizes mean nothing
    main(["--log-size", "6", "--repeat", "1"])
    assert "ratio_one_thread" in capsys.readouterr().out


@pytest.mark.slow
def test_scaling(capsys: pytest.CaptureFixture[str]) -> None:
    from tests.benchmarks.scaling import main

    main(["--batches", "2", "--orders", "20", "--json"])
    pools = json.loads(capsys.readouterr().out)["pools"]
    assert (pools[0]["workers"], pools[0]["threads"], pools[0]["efficiency"]) == (1, 1, 1.0)
    assert all(pool["seconds"] > 0 for pool in pools)
