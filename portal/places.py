"""Where the parts of one running portal are: ports, URLs, folders. Written to `var/portal.json`,
so that the command line finds the portal that runs.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from kernel.bus.embedded import free_port

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Places:
    """One portal's addresses. `own_nats` says whether the nats-server is our child; `credential` is
    the path of each part's key to it, with `{service}` for the part's name ("" on a bus without users).
    """

    data: str
    port: int
    gateway: int
    mailbox: int
    smtp: int
    mllp: int
    nats: str
    own_nats: bool
    credential: str = ""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def gateway_url(self) -> str:
        return f"http://{LOOPBACK}:{self.gateway}"

    @property
    def mailbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.mailbox}"

    @property
    def nats_port(self) -> int:
        return int(self.nats.rsplit(":", 1)[1])

    def write(self) -> None:
        """Let others find us."""
        (Path(self.data) / "portal.json").write_text(json.dumps(asdict(self)))

    def note(self, pids: dict[str, int]) -> None:
        """Let others see which process is which part (`pids.json`); a reader sees all of it."""
        part = Path(self.data) / "pids.json.part"
        part.write_text(json.dumps(pids))
        part.replace(Path(self.data) / "pids.json")


def hold(data: Path) -> int:
    """Be the only one who works on this data, as long as the file descriptor returned is open."""
    held = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"A portal runs on {data} already: stop it first.") from None
    return held


def check_free(places: Places) -> None:
    """Refuse to start where somebody else listens already on a port that people were told of."""
    for name, port in (("PORT", places.port), ("MLLP_PORT", places.mllp)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                raise SystemExit(
                    f"Port {port} is in use: choose another one, as in `{name}=9000 make run`."
                ) from None


def choose() -> Places:
    """Places from the environment (PORT, NATS_URL, MLLP_PORT, PORTAL_DATA), free ports else
    (an MLLP_PORT of 0 asks for any)."""
    data = Path(os.environ.get("PORTAL_DATA", "var"))
    data.mkdir(parents=True, exist_ok=True)
    given = os.environ.get("NATS_URL", "")
    theirs = os.environ.get("PORTAL_NATS_CREDENTIAL", "")
    return Places(
        data=str(data),
        port=int(os.environ.get("PORT", "8080")),
        gateway=free_port(),
        mailbox=free_port(),
        smtp=free_port(),
        mllp=int(os.environ.get("MLLP_PORT", "2575")) or free_port(),
        nats=given or f"nats://{LOOPBACK}:{free_port()}",
        own_nats=not given,
        credential=theirs if given else f"{data}/bus/{{service}}/bus.nk",
    )


def running(data: Path) -> Places:
    """The places of the portal that runs on this data, or on the bus that PORTAL_NATS names."""
    if bus := os.environ.get("PORTAL_NATS"):
        credential = os.environ.get("PORTAL_NATS_CREDENTIAL", "")
        return Places(str(data), 0, 0, 0, 0, 0, bus, own_nats=False, credential=credential)
    path = data / "portal.json"
    if not path.exists():
        raise SystemExit("No portal runs here. Start one with: make run")
    return Places(**json.loads(path.read_text()))
