"""A mirror of Debian in a folder, signed by a key of its own and served on this machine; and an apt that knows it."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import threading
from datetime import datetime, timedelta, timezone
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from tests.waiting import PATIENCE

SUITE = "trixie"
_POOL = "pool/main/l/linux"
#: When all packages were built: long ago, so that nobody takes the time of a download for it.
_BUILT = 1_700_000_000


class Key:
    """A throw-away key; ``public`` is the file of its public part. ``home``'s path must be short: sockets lie there."""

    def __init__(self, home: Path, name: str) -> None:
        self._home = home
        home.mkdir(mode=0o700)
        self._gpg("--quick-generate-key", f"{name} <{name}@example.invalid>", "ed25519", "sign", "never")
        self.public = home / "public.gpg"
        self._gpg("--output", str(self.public), "--export")

    def sign(self, text: bytes) -> bytes:
        """Return the text with the signature around it."""
        return self._gpg("--digest-algo", "SHA512", "--clearsign", data=text)

    def forget(self) -> None:
        """End the agent that gpg has started."""
        subprocess.run(["gpgconf", "--homedir", str(self._home), "--kill", "all"], check=True)

    def _gpg(self, *words: str, data: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self._home), "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
        return subprocess.run([*command, *words], input=data, capture_output=True, check=True).stdout


class Mirror:
    """One suite with packages, which can be changed at any time.

    ``requests``: what was sent, and from which byte on. ``stall``: packages are sent up to this byte, and then nothing
    comes until ``go_on``; ``stall_all``: of everything only the head is.
    """

    def __init__(self, folder: Path, key: Key) -> None:
        self._folder = folder
        self._key = key
        self._index: dict[str, list[str]] = {}
        self.requests: list[tuple[str, int]] = []
        self.stall: int | None = None
        self.stall_all = False
        self.stalled = threading.Event()
        self._go_on = threading.Event()
        (folder / _POOL).mkdir(parents=True)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def add(
        self, name: str, version: str, package: bytes, promised: bytes | None = None, architecture: str = "amd64"
    ) -> Path:
        """Add a package; the index tells the checksums of ``promised`` where that is another file."""
        path = self._folder / _POOL / f"{name}_{version}_{architecture}.deb"
        path.write_bytes(package)
        os.utime(path, (_BUILT, _BUILT))
        data = package if promised is None else promised
        fields = {
            "Package": name,
            "Version": version,
            "Architecture": architecture,
            "Maintainer": "Nobody <nobody@example.invalid>",
            "Filename": f"{_POOL}/{path.name}",
            "Size": str(len(data)),
            "SHA256": hashlib.sha256(data).hexdigest(),
            "Description": "a kernel\n that was made by a test",
        }
        stanza = "".join(f"{field}: {value}\n" for field, value in fields.items())
        self._index.setdefault(architecture, []).append(stanza)
        return path

    def publish(self, key: Key | None = None, signed: bool = True, suite: str = SUITE) -> None:
        """Write the index of what there is, signed by ``key`` instead of the mirror's own, or by nobody."""
        place = self._folder / "dists" / suite
        sums = []
        for architecture in {"amd64", *self._index}:
            index = "\n".join(self._index.get(architecture, ())).encode()
            for name, data in (("Packages", index), ("Packages.gz", gzip.compress(index))):
                path = place / f"main/binary-{architecture}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                sums.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} main/binary-{architecture}/{name}\n")
        architectures = " ".join(sorted({"amd64", *self._index}))
        now = datetime.now(timezone.utc) - timedelta(minutes=1)
        release = (
            f"Origin: Debian\nLabel: Debian\nSuite: {suite}\nCodename: {suite}\n"
            f"Date: {now:%a, %d %b %Y %H:%M:%S} UTC\nArchitectures: {architectures}\n"
            f"Components: main\nSHA256:\n{''.join(sums)}"
        ).encode()
        for name in ("InRelease", "Release"):
            (place / name).unlink(missing_ok=True)
        if signed:
            (place / "InRelease").write_bytes((key or self._key).sign(release))
        else:
            (place / "Release").write_bytes(release)

    def go_on(self) -> None:
        """Serve packages whole again."""
        self.stall, self.stall_all = None, False
        self._go_on.set()

    def sent(self, end: str) -> list[int]:
        """Return from which byte on each file of that ending was sent."""
        return [start for path, start in self.requests if path.endswith(end)]

    def close(self) -> None:
        self.go_on()
        self._server.shutdown()
        self._server.server_close()

    def serve(self, handler: _Handler) -> None:
        wanted = handler.headers.get("Range", "")
        path = self._folder / unquote(handler.path).lstrip("/")
        if not path.is_file():
            handler.send_error(404)
            return
        data = path.read_bytes()
        modified = handler.date_time_string(int(path.stat().st_mtime))
        unchanged = handler.headers.get("If-Range", modified) == modified
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and unchanged else 0
        self.requests.append((handler.path, start))
        if start >= len(data):
            handler.send_error(416)
            return
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(data) - start))
        handler.send_header("Last-Modified", modified)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.end_headers()
        if self.stall_all:
            handler.wfile.flush()
            self._go_on.wait(PATIENCE)
        stall = self.stall if path.suffix == ".deb" else None
        try:
            handler.wfile.write(data[start:stall])
            if stall is not None:
                handler.wfile.flush()
                self.stalled.set()
                self._go_on.wait(PATIENCE)
                handler.close_connection = True
        except OSError:
            handler.close_connection = True


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, mirror: Mirror, *rest: object) -> None:
        self._mirror = mirror
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._mirror.serve(self)

    def log_message(self, *words: object) -> None:
        """Keep quiet."""


def machine(folder: Path, sources: str, name: str = "debian.sources") -> dict[str, str]:
    """Return the environment of a machine whose apt has these sources and nothing else, no lists of packages either."""
    etc = folder / "etc"
    for part in ("apt.conf.d", "preferences.d", "trusted.gpg.d", "sources.list.d"):
        (etc / part).mkdir(parents=True)
    (etc / "sources.list.d" / name).write_text(sources)
    config = folder / "apt.conf"
    lists = folder / "lists"
    lists.mkdir()
    config.write_text(f'Dir::Etc "{etc}";\nDir::State::Lists "{lists}";\nAcquire::Retries::Delay "false";\n')
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {
        **inherited,
        "APT_CONFIG": str(config),
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
