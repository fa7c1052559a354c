"""Senders that nobody here wrote: python-hl7's `mllp_send`, and npm's `simple-hl7`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.system.test_main_job import potassium
from tests.system.whole_portal import Person, Running, until

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("PORTAL_SHARED", "../shared")) / "data"
MLLP_SEND = Path(sys.executable).with_name("mllp_send")
SIMPLE_HL7 = "simple-hl7@3.3.0"
SECONDS = 120


def inbox(doctor: Person) -> Counter[str]:
    """The names of the reports that wait for the demo's first provider."""
    answer = doctor.get("labs/inbox")
    assert answer.status_code == 200, answer.text
    return Counter(report["name"] for report in answer.json()["reports"])


def mllp_send(portal: Running, file: Path) -> list[str]:
    """What the sender printed of each acknowledgement: its MSA line."""
    ran = subprocess.run(
        [str(MLLP_SEND), "--loose", "--file", str(file), "--port", str(portal.mllp), "127.0.0.1"],
        capture_output=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    said = ran.stdout.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    return [line for line in said if line.startswith("MSA|")]


def test_mllp_send_delivers_results_one_after_another(
    portal: Running, doctor: Person, tmp_path: Path
) -> None:
    before = inbox(doctor)["Basic metabolic panel"]
    file = tmp_path / "three.hl7"
    made = [potassium("HV-LIVE", f"LIVE-{n}", f"4.{n}").replace("Delacroix", "Live") for n in "123"]
    file.write_text("\n".join(made) + "\n")
    assert [line.split("|")[1:3] for line in mllp_send(portal, file)] == [
        ["AA", f"LIVE-{n}"] for n in "123"
    ]
    until(lambda: inbox(doctor)["Basic metabolic panel"] == before + 3)
    # The same file again: the same answers, and nothing twice.
    assert len(mllp_send(portal, file)) == 3
    assert inbox(doctor)["Basic metabolic panel"] == before + 3


def test_mllp_send_brings_every_shared_message_and_each_is_answered(
    portal: Running, tmp_path: Path
) -> None:
    found = sorted(SHARED.glob("hl7v2/*/*.hl7"))
    if not found:
        print(f"left out: {SHARED / 'hl7v2'} is not here")
        return
    answers: Counter[str] = Counter()
    for path in found:
        said = mllp_send(portal, path)
        assert said, path.name
        answers.update(line.split("|")[1] for line in said)
    print(f"{len(found)} files: {dict(answers)}")
    assert set(answers) == {"AA", "AE", "AR"}


@pytest.mark.skipif(shutil.which("npm") is None, reason="left out: no Node.js on this machine")
def test_simple_hl7_for_node_delivers_results(
    portal: Running, doctor: Person, tmp_path: Path
) -> None:
    npm = ["npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund"]
    subprocess.run(
        [*npm, SIMPLE_HL7], cwd=tmp_path, check=True, capture_output=True, timeout=SECONDS
    )
    script = shutil.copy(HERE / "live" / "send.js", tmp_path)
    orders = [f"NODE-{n}" for n in range(5)]
    ran = subprocess.run(
        ["node", str(script), str(portal.mllp), *orders],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    acks = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert acks == [{"code": "AA", "control": order} for order in orders]
    until(lambda: inbox(doctor)["Sodium"] >= len(orders))
