"""A message that was acknowledged is there when the power comes back; without the sync at each commit it is not."""

import shutil
from pathlib import Path

import pytest

from tests.databases import template_in
from tests.faults import power

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None,
    reason="NOT TESTED: power cuts need strace (apt-get install strace)",
)
CUTS, MESSAGES = 300, 240


async def _cuts(folder: Path, synchronous: str) -> power.Cuts:
    template = await template_in(folder)
    shutil.copy(template, folder / "desk.sqlite")
    calls = power.record(folder, synchronous, MESSAGES)
    return power.cut(folder, template.read_bytes(), calls, times=CUTS, seed=MESSAGES)


async def test_a_power_cut_loses_nothing_that_was_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cuts = await _cuts(tmp_path, "FULL")
    with capsys.disabled():
        print(f"\n  power, synchronous=FULL: {cuts}")
    assert cuts.acknowledged == MESSAGES
    assert cuts.in_mid_commit >= 50, "too few cuts struck a commit to prove anything"
    assert (cuts.lost, cuts.corrupt) == (0, 0)


async def test_a_power_cut_shows_what_is_not_synchronised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cuts = await _cuts(tmp_path, "NORMAL")
    with capsys.disabled():
        print(f"\n  power, synchronous=NORMAL: {cuts}")
    assert cuts.acknowledged == MESSAGES
    assert cuts.with_loss > 0
