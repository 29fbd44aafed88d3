"""`kernels fetch` by the machine's own apt, from a mirror that a test has made."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mremapcheck.executors.vm.images.apt import AptError
from mremapcheck.executors.vm.images.fetch import fetch
from mremapcheck.report.schema import json_schema
from tests.images.factories import bzimage, deb, flat
from tests.images.mirror import SUITE, Key, Mirror, machine
from tests.tools import tool
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).parent.parent.parent
IMAGE = "linux-image-{}+deb13-cloud-amd64"
BINARY = "linux-binary-{}+deb13-cloud-amd64"


def kernel(version: str) -> bytes:
    """Return a package with a kernel in it, long enough to be interrupted."""
    release = f"{version}+deb13-cloud-amd64"
    return deb({f"./boot/vmlinuz-{release}": bzimage(f"{release} (x@y) #1 Debian {version}-1") + bytes(300_000)})


@pytest.fixture(scope="module")
def keys() -> Iterator[tuple[Key, Key]]:
    """The mirror's key, and another one."""
    for name in ("gpg", "gpgconf", "apt-get", "apt-cache"):
        tool(name)
    folder = Path(tempfile.mkdtemp(prefix="keys-"))
    both = Key(folder / "a", "mirror"), Key(folder / "b", "stranger")
    yield both
    for key in both:
        key.forget()
    shutil.rmtree(folder)


@pytest.fixture
def mirror(tmp_path: Path, keys: tuple[Key, Key]) -> Iterator[Mirror]:
    mirror = Mirror(tmp_path / "mirror", keys[0])
    for version in ("6.12.7", "6.12.63", "6.17.13"):
        mirror.add(IMAGE.format(version), f"{version}-1", kernel(version))
    mirror.add("linux-image-6.12.63+deb13-amd64", "6.12.63-1", b"not the small one")
    mirror.publish()
    yield mirror
    mirror.close()


class User:
    """Somebody on a machine whose apt knows the mirror."""

    def __init__(self, folder: Path, sources: str, name: str = "debian.sources") -> None:
        self.env = {**machine(folder, sources, name), "PYTHONPATH": str(ROOT), "TERM": "xterm"}
        self.cache = folder / "cache" / "mremapcheck"

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "mremapcheck", "kernels", *words]

    def start(self, *words: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        command = self.command(*words)
        return subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=stderr, text=True)

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*words)
        return subprocess.run(command, env={**self.env, **env}, capture_output=True, text=True, check=False)

    def fails(self, *words: str, **env: str) -> str:
        """Return the message of a command that fails as it should."""
        done = self.run(*words, **env)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert "bug" not in done.stderr
        return done.stderr

    def known(self) -> dict[str, str]:
        """Return name -> origin of the kernels that there are."""
        told = json.loads(self.run("list", "--format", "json").stdout)
        Draft202012Validator(json_schema("kernels")).validate(told)
        return {each["name"]: each["origin"] for each in told["kernels"]}

    def left(self) -> dict[str, int]:
        """Return name -> bytes of what lies about of downloads."""
        return {file.name: file.stat().st_size for file in self.cache.glob("downloads/**/*") if file.is_file()}


def sources(mirror: Mirror, key: Key, *more: str) -> str:
    lines = ["Types: deb", f"URIs: {mirror.address}", f"Suites: {SUITE}", "Components: main", *more]
    return "".join(f"{line}\n" for line in (*lines, f"Signed-By: {key.public}"))


@pytest.fixture
def user(tmp_path: Path, mirror: Mirror, keys: tuple[Key, Key]) -> User:
    return User(tmp_path, sources(mirror, keys[0]))


def test_the_newest_of_a_series_is_got_and_kept(user: User, mirror: Mirror) -> None:
    done = user.run("fetch", "6.12", "6.17.13")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"fetched {version}+deb13-cloud-amd64: Linux {version}, from {IMAGE.format(version)} {version}-1"
        for version in ("6.12.63", "6.17.13")
    ]
    assert done.stderr == "", "progress is for a terminal"
    assert user.known() == {
        f"{version}+deb13-cloud-amd64": f"{IMAGE.format(version)} {version}-1" for version in ("6.12.63", "6.17.13")
    }
    assert not user.left(), "just the kernel is kept"

    before = len(mirror.requests)
    again = user.run("fetch", "6.12")
    assert again.stdout.startswith("already here: 6.12.63+deb13-cloud-amd64")
    assert len(mirror.requests) == before, "nothing is asked for twice"


def test_the_package_that_holds_the_image_is_taken(user: User, mirror: Mirror) -> None:
    mirror.add(IMAGE.format("7.3.4"), "7.3.4-1", deb({"./usr/share/doc/README": b"see linux-binary"}))
    mirror.add(BINARY.format("7.3.4"), "7.3.4-1", kernel("7.3.4"))
    mirror.publish()
    assert user.run("fetch", "7.3").returncode == 0
    assert list(user.known().values()) == [f"{BINARY.format('7.3.4')} 7.3.4-1"]


def test_a_build_for_an_older_suite_comes_second(user: User, mirror: Mirror) -> None:
    mirror.add(IMAGE.format("6.12.64"), "6.12.64-1", kernel("6.12.64"))
    mirror.add("linux-image-6.12.64+deb12-cloud-amd64", "6.12.64-1~deb12u1", b"for an older one")
    mirror.publish()
    assert user.run("fetch", "6.12").returncode == 0
    assert list(user.known().values()) == [f"{IMAGE.format('6.12.64')} 6.12.64-1"]


def test_a_kernel_that_came_since_the_lists_were_got(user: User, mirror: Mirror) -> None:
    assert user.run("fetch", "6.12").returncode == 0
    mirror.add(IMAGE.format("6.12.64"), "6.12.64-1", kernel("6.12.64"))
    mirror.add(IMAGE.format("6.18.1"), "6.18.1-1", kernel("6.18.1"))
    mirror.publish()
    assert user.run("fetch", "6.12").stdout.startswith("already here: 6.12.63")
    assert user.run("fetch", "6.18").stdout.startswith("fetched 6.18.1"), "lists that lack it are got again"
    assert user.run("fetch", "6.12", "--update").stdout.startswith("fetched 6.12.64")


def test_what_there_is_not(user: User, mirror: Mirror) -> None:
    message = user.fails("fetch", "6.12", "6.99", "6.12.8")
    assert "there is no kernel 6.99, 6.12.8 to fetch" in message
    assert "hint: of 6.12 there are 6.12.7, 6.12.63; there are 6.17" in message
    assert message.split("looked in Debian's ")[1].splitlines()[0] == SUITE, "the mirror has no other"
    assert not user.known(), "nothing is fetched where something is missing"
    assert not mirror.sent(".deb")
    assert "is not a kernel version" in user.fails("fetch", "latest")


@pytest.mark.parametrize("suite", ["bookworm-backports", "sid", "experimental"])
def test_other_suites(user: User, mirror: Mirror, suite: str) -> None:
    mirror.add(IMAGE.format("6.18.1"), "6.18.1-1", kernel("6.18.1"))
    mirror.publish(suite=suite)
    assert user.run("fetch", "6.18").stdout.startswith("fetched 6.18.1")
    assert f"{SUITE}, {suite}" in user.fails("fetch", "6.99").replace(f"{suite}, {SUITE}", f"{SUITE}, {suite}")


def test_a_release_candidate_is_not_its_release(user: User, mirror: Mirror) -> None:
    image = bzimage("7.3-cloud-amd64 (x@y) #1 SMP PREEMPT_DYNAMIC Debian 7.3~rc7-1~exp1 (2026-11-01)")
    mirror.add("linux-binary-7.3-cloud-amd64", "7.3~rc7-1~exp1", deb({"./usr/lib/modules/7.3/vmlinuz": image}))
    mirror.publish(suite="experimental")
    assert "of 7.3 there are 7.3-rc7" in user.fails("fetch", "7.3")
    assert user.run("fetch", "7.3-rc7").stdout.startswith("fetched 7.3-cloud-amd64: Linux 7.3-rc7")
    assert user.run("path", "7.3-rc7").returncode == 0
    assert "no kernel `7.3` is known" in user.fails("path", "7.3")


@pytest.mark.parametrize("length", ["same", "shorter", "longer"])
def test_a_file_that_is_not_what_the_index_promises(user: User, mirror: Mirror, length: str) -> None:
    promised = kernel("6.18.1")
    served = {"same": promised[:-9] + b"evil" + promised[-5:], "shorter": promised[:-99], "longer": promised + b"evil"}
    path = mirror.add(IMAGE.format("6.18.1"), "6.18.1-1", served[length], promised)
    mirror.publish()
    message = user.fails("fetch", "6.18")
    assert f"{IMAGE.format('6.18.1')} could not be downloaded" in message
    assert not user.known()
    path.write_bytes(promised)
    assert user.run("fetch", "6.18").stdout.startswith("fetched 6.18.1"), "once the mirror is right all is well"
    assert not user.left()


@pytest.mark.parametrize("how", ["unsigned", "stranger", "altered"])
def test_an_index_that_is_not_signed_as_it_must_be(
    user: User, mirror: Mirror, keys: tuple[Key, Key], tmp_path: Path, how: str
) -> None:
    mirror.publish(key=keys[1] if how == "stranger" else None, signed=how != "unsigned")
    if how == "altered":
        index = tmp_path / "mirror/dists" / SUITE / "InRelease"
        index.write_text(index.read_text().replace("Label: Debian", "Label: Debiam"))
    for env in ({}, {"APT_CONFIG": str(_careless(tmp_path))}):
        message = user.fails("fetch", "6.12", **env)
        assert "signature" in message or "not signed" in message or "BADSIG" in message, message
        assert not user.known()
        assert not mirror.sent(".deb")


def _careless(folder: Path) -> Path:
    """Return the configuration of a machine that takes what nobody has signed."""
    config = folder / "careless.conf"
    careless = 'Acquire::AllowInsecureRepositories "true";\nAPT::Get::AllowUnauthenticated "true";\n'
    config.write_text((folder / "apt.conf").read_text() + careless)
    return config


def test_a_signature_that_breaks_later_keeps_what_was_known(user: User, mirror: Mirror, keys: tuple[Key, Key]) -> None:
    assert user.run("fetch", "6.12").returncode == 0
    mirror.add(IMAGE.format("6.18.1"), "6.18.1-1", kernel("6.18.1"))
    mirror.publish(key=keys[1])
    message = user.fails("fetch", "6.18")
    assert "there is no kernel 6.18" in message
    assert SUITE in message and "signature" in message, "the reason why the lists are old"


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name
)
def test_an_interrupted_download_goes_on(user: User, mirror: Mirror, number: signal.Signals) -> None:
    mirror.stall = 100_000
    process = user.start("fetch", "6.17")
    assert mirror.stalled.wait(PATIENCE)
    until(lambda: user.left() == {"package.deb": 100_000}, "apt has written what it got")
    process.send_signal(number)
    output, errors = process.communicate()
    assert (process.returncode, output) == (-number if number == signal.SIGKILL else 128 + number, ""), errors
    assert user.left() == {"package.deb": 100_000}
    mirror.go_on()
    done = user.run("fetch", "6.17")
    assert done.stdout.startswith("fetched 6.17.13"), done.stderr
    if number != signal.SIGKILL:  # apt had no time to note which file on the mirror it was
        assert mirror.sent(".deb") == [0, 100_000], "the second one began where the first had ended"
    assert not user.left()


def test_two_at_a_time_fetch_once(user: User, mirror: Mirror) -> None:
    mirror.stall = 100_000
    first = user.start("fetch", "6.17")
    assert mirror.stalled.wait(PATIENCE)
    second = user.start("fetch", "6.17")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(1.5)
    mirror.go_on()
    told = [process.communicate() for process in (first, second)]
    assert [(output.split(" 6")[0], errors) for output, errors in told] == [("fetched", ""), ("already here:", "")]
    assert len(mirror.sent(".deb")) <= 2, "one, and where apt has lost the connection the rest of it"


def test_progress_is_shown_on_a_terminal(user: User, mirror: Mirror) -> None:
    mirror.stall = 200_000
    ours, theirs = pty.openpty()
    process = user.start("fetch", "6.17", stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"0.2 of 0.3 MB" not in shown:
        shown += os.read(ours, 4096)
    mirror.go_on()
    process.communicate()
    assert process.returncode == 0
    assert b"kernels fetch: getting lists of packages" in shown
    assert b"kernels fetch: linux-image-6.17.13+deb13-cloud-amd64: 0.2 of 0.3 MB" in shown
    os.close(ours)


def test_a_disk_without_room(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mremapcheck.executors.vm.images.apt._ROOM", 1 << 60)
    for name in ("APT_CONFIG", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, user.env[name])
    with pytest.raises(AptError, match="is full") as caught:
        list(fetch(["6.17"]))
    assert "XDG_CACHE_HOME" in caught.value.hint


def test_a_mirror_that_says_no_more(user: User, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mremapcheck.executors.vm.images.apt._SILENCE", 1.5)
    for name in ("APT_CONFIG", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, user.env[name])
    mirror.stall_all = True
    with pytest.raises(AptError, match="got nothing for 2 s"):
        list(fetch(["6.17"]))


def test_no_apt(user: User, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    message = user.fails("fetch", "6.17", PATH=str(tmp_path / "empty"))
    assert "there is no apt-get here" in message
    assert "kernels add FILE" in message


@pytest.mark.parametrize("what", ["", "Types: deb\nURIs: http://127.0.0.1:9/\nSuites: noble\nComponents: main\n"])
def test_a_machine_without_a_mirror_of_debian(tmp_path: Path, what: str) -> None:
    for name in ("apt-get", "apt-cache"):
        tool(name)
    message = User(tmp_path, what).fails("fetch", "6.17")
    assert "no mirror of Debian" in message
    assert "kernels add FILE" in message


def test_a_mirror_that_does_not_answer(tmp_path: Path, mirror: Mirror, keys: tuple[Key, Key]) -> None:
    text = sources(mirror, keys[0])
    mirror.close()
    message = User(tmp_path, text).fails("fetch", "6.17")
    assert "no list of packages could be got" in message
    assert "onnect" in message


@pytest.mark.parametrize("form", ["line", "options", "inline key", "two suites"])
def test_sources_in_all_forms(tmp_path: Path, mirror: Mirror, keys: tuple[Key, Key], form: str) -> None:
    """The machine's keys come along, whichever way its sources name them; what is switched off is not there."""
    public = keys[0].public
    line = f"deb [arch=amd64 signed-by={public}] {mirror.address} {SUITE} main\n"
    off = f"Enabled: no\n{sources(mirror, keys[1])}\n"
    armored = public.with_name("public.asc")
    command = ["gpg", "--homedir", str(public.parent), "--batch", "--yes", "--armor", "--output", str(armored)]
    subprocess.run([*command, "--export"], check=True, capture_output=True)
    inline = "".join(f" {text or '.'}\n" for text in armored.read_text().splitlines())
    text, name = {
        "line": (f"# deb http://127.0.0.1:9/ {SUITE} main\n{line.replace('arch=amd64 ', '')}", "a.list"),
        "options": (line, "a.list"),
        "inline key": (f"{off}{sources(mirror, keys[0]).rpartition('Signed-By')[0]}Signed-By:\n{inline}", "a.sources"),
        "two suites": (off + sources(mirror, keys[0]).replace(SUITE, f"{SUITE} {SUITE}-updates"), "a.sources"),
    }[form]
    user = User(tmp_path, text, name)
    (tmp_path / "etc/sources.list.d/b.sources.disabled").write_text(
        "Types: deb\nURIs: http://127.0.0.1:9/\nSuites: sid\n"
    )
    done = user.run("fetch", "6.17")
    assert done.stdout.startswith("fetched 6.17.13"), done.stderr


def test_an_ordinary_user_needs_nothing_else(tmp_path: Path, mirror: Mirror, keys: tuple[Key, Key]) -> None:
    if os.getuid() != 0:
        pytest.skip("all of these tests run as an ordinary user here")
    public = Path(tempfile.mkdtemp(prefix="user-"))
    try:
        shutil.copy(keys[0].public, public / "key.gpg")
        user = User(public, sources(mirror, keys[0]).replace(str(keys[0].public), str(public / "key.gpg")))
        (public / "home").mkdir()
        shutil.chown(public / "home", 65534, 65534)
        for folder in (public, *public.rglob("*")):
            folder.chmod(0o755 if folder.is_dir() else 0o644)
        become = [tool("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"]
        command = [*become, *user.command("fetch", "6.17")]
        env = {**user.env, "XDG_CACHE_HOME": ""}
        if subprocess.run([*become, sys.executable, "-c", ""], env=env, capture_output=True, check=False).returncode:
            pytest.skip("an ordinary user may not start this Python")
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd="/")
        assert done.stdout.startswith("fetched 6.17.13"), done.stderr
        assert (public / "home/.cache/mremapcheck/kernels/6.17.13+deb13-cloud-amd64/kernel").stat().st_uid == 65534
        assert not list((public / "lists").iterdir()), "the machine's own lists are left alone"
    finally:
        shutil.rmtree(public)


def test_kernels_of_another_architecture_come_with_a_python(user: User, mirror: Mirror) -> None:
    minor = sys.version_info.minor
    for release, size in (("6.17.13+deb13-cloud-arm64", 4096), ("6.17.13+deb13-arm64-16k", 16384)):
        banner = f"{release} (x@y) (gcc (Debian 14.2.0) 14.2.0) {{}} SMP Debian 6.17.13-1"
        image = deb({f"./boot/vmlinuz-{release}": flat(size, banner)})
        mirror.add(f"linux-image-{release}", "6.17.13-1", image, architecture="arm64")
    mirror.add("linux-image-6.17.13+deb13-arm64", "6.17.13-1", b"not the small one", architecture="arm64")
    for other in (9, minor, 99):
        program = deb({f"./usr/bin/python3.{other}": b"the interpreter"})
        mirror.add(f"python3.{other}-minimal", f"3.{other}.2-6", program, architecture="arm64")
    mirror.add("libc6", "2.41-12", deb({"./usr/lib/aarch64-linux-gnu/libc.so.6": b"libc"}), architecture="arm64")
    mirror.publish()

    done = user.run("fetch", "6.17@arm64-16k", "6.17@arm64")
    assert done.returncode == 0, done.stderr
    told = json.loads(user.run("list", "--format", "json").stdout)["kernels"]
    assert {(each["name"], each["platform"]) for each in told} == {
        ("6.17.13+deb13-arm64-16k", "arm64-16k"),
        ("6.17.13+deb13-cloud-arm64", "arm64"),
    }
    python = user.cache / f"interpreters/arm64/3.{minor}"
    assert (python / "version").read_text() == f"3.{minor}", "the one that runs here, where there is one"
    unpacked = sorted(path.name for path in python.glob("root/usr/**/*") if path.is_file())
    assert unpacked == ["libc.so.6", f"python3.{minor}"]

    before = len(mirror.requests)
    assert user.run("fetch", "6.17@arm64").stdout.startswith("already here")
    assert len(mirror.requests) == before
    assert user.run("path", "6.17@arm64").stdout.strip().endswith("6.17.13+deb13-cloud-arm64/kernel")
    assert "no kernel `6.17` is known" in user.fails("path", "6.17"), "a version means the usual platform"


def test_there_are_no_kernels_with_pages_of_64k(user: User) -> None:
    assert "Debian has no kernels for arm64-64k" in user.fails("fetch", "6.17@arm64-64k")
    assert "there is no platform `arm64-8k`" in user.fails("fetch", "6.17@arm64-8k")
