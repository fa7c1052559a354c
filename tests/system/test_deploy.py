"""What `deploy/` says fits the catalog and the programs that it is for. (No containers run here.)"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from contracts.catalog import SERVICES
from kernel.bus.embedded import binary
from portal.permissions import PARTS, write

DEPLOY = Path("deploy")


def compose() -> dict[str, Any]:
    """The compose file, merges resolved."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def test_the_bus_of_a_deployment_starts_with_the_users_of_the_catalog(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "nats/server.conf", tmp_path)
    write(tmp_path / "users")
    done = subprocess.run(
        [binary(), "-t", "-c", tmp_path / "server.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_part_runs_in_a_container_of_its_own() -> None:
    services = compose()["services"]
    for part in (*SERVICES, "gateway", "frontend"):
        assert services[part]["command"] == ["serve", part]


def test_every_part_finds_its_own_key_to_the_bus_and_nobody_elses() -> None:
    services = compose()["services"]
    given = {v.split(":")[0]: v.split(":")[1] for v in services["bus-keys"]["volumes"]}
    assert given == {"users": "/bus", **{part: f"/bus/{part}" for part in PARTS}}
    for part in (*SERVICES, "gateway"):
        mounted = [v.split(":")[0] for v in services[part]["volumes"]]
        assert mounted == [part, "public"]
        assert services[part]["volumes"][0] == f"{part}:/data"
    image = (DEPLOY / "Dockerfile").read_text()
    assert "PORTAL_NATS_CREDENTIAL=/data/bus.nk" in image
    assert all(f"/bus/{part}" in image for part in PARTS)


def test_every_service_has_databases_for_its_log_and_its_keys() -> None:
    made = (DEPLOY / "postgres/databases.sql").read_text()
    for service in SERVICES:
        assert f"CREATE DATABASE {service};" in made
        assert f"CREATE DATABASE {service}_keys;" in made
