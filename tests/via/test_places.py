"""Where Pythons are: in another root, another namespace, behind ssh, in an emulator."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.references import open_executor
from mremapcheck.executors.via.executor import ViaExecutor
from mremapcheck.executors.vm.interpreter import executable, take_apart
from mremapcheck.linux.sandbox import REMEDY, remedy
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.notation import document
from mremapcheck.scenario.parse import parse_document
from tests.tools import missing, tool
from tests.via.conftest import CASES
from tests.waiting import until

PYTHON = shlex.quote(str(executable()))


def run(command: str) -> list[Execution]:
    with ViaExecutor(command) as executor:
        return list(executor.run(CASES))


def works(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def unshared(*options: str) -> list[str]:
    """Return a command that starts another in namespaces of its own; skip where this user may not have them."""
    command = [tool("unshare"), *(["--map-root-user"] if os.getuid() else []), *options]
    if not works([*command, "true"]):
        missing("needs namespaces of its own (unshare)")
    return command


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a root folder with this interpreter, the part of its library that is needed, and nothing of ours."""
    root = tmp_path_factory.mktemp("root")
    names = ("executors.via.far_side", "executors.via.loader", "executors.remote.server")
    parts = take_apart([*(f"mremapcheck.{name}" for name in names), "base64", "encodings.latin_1", "socket"])
    theirs = (module.file for module in parts.modules if module.name.partition(".")[0] != "mremapcheck")
    for path in (parts.executable, *parts.objects, *theirs):
        target = root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (root / "lib64").mkdir(exist_ok=True)
    for name in ("proc", "tmp", "dev/shm"):
        (root / name).mkdir(parents=True)
    (root / Path(os.__file__).resolve().parent.relative_to("/") / "lib-dynload").mkdir(exist_ok=True)
    return root


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.relative_to(root).parts[0] != "proc")


def test_another_root(root: Path, usual: list[Execution]) -> None:
    """Nothing of the tool is there, nothing is written there."""
    libraries = sorted({str(path.parent) for path in root.rglob("*.so*")})
    before = files(root)
    enter = unshared("--mount", "--pid", "--fork", f"--mount-proc={root / 'proc'}")
    there = [f"/{Path(folder).relative_to(root)}" for folder in libraries]
    command = [*enter, tool("chroot"), str(root), str(executable())]
    environ = tool("env"), f"LD_LIBRARY_PATH={':'.join(there)}"
    assert run(shlex.join([*environ, *command])) == usual
    assert files(root) == before


def test_a_container_without_proc_is_told_apart(root: Path) -> None:
    libraries = sorted({f"/{path.parent.relative_to(root)}" for path in root.rglob("*.so*")})
    enter = [*unshared("--mount"), tool("chroot"), str(root), str(executable())]
    reference = shlex.join([tool("env"), f"LD_LIBRARY_PATH={':'.join(libraries)}", *enter])
    with pytest.raises(ExecutorError, match="behind this command: /proc/self/maps cannot be opened"):
        run(reference)


@pytest.mark.parametrize("options", [("--pid", "--fork"), ("--ipc", "--uts", "--net")])
def test_other_namespaces(options: tuple[str, ...], usual: list[Execution]) -> None:
    enter = unshared(*options, *(["--mount-proc"] if "--pid" in options else []))
    assert run(shlex.join([*enter, str(executable())])) == usual


def test_qemus_user_mode_carries_scenarios_out() -> None:
    """What it does is its own; that it can be asked is ours."""
    with open_executor(f"via:{tool('qemu-x86_64')} {PYTHON}") as executor:
        assert executor.kernel.executor == "via"
        results = list(executor.run(CASES))
    outcomes = [result.outcome for result in results]
    assert [outcome and outcome.moves[0].verdict for outcome in outcomes[:1]] == ["moved"]
    assert [outcome and outcome.regions["dst"] for outcome in outcomes[:1]] == ["AA"]


@pytest.mark.skipif(remedy() == REMEDY, reason="a system call filter is in force here")
def test_what_an_emulator_lacks_is_not_said_to_be_a_sandboxs() -> None:
    with open_executor(f"via:{tool('qemu-x86_64')} {PYTHON}") as executor:
        (result,) = executor.run([parse_document(document(["src=A", "A: uffd missing", "mremap(src, 1p)"]))])
    assert result.reason is not None and result.reason.startswith("userfaultfd(2) is refused here (ENOSYS): ")
    assert REMEDY not in result.reason and "an emulator" in result.reason


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an ssh server of our own on loopback; return the command that goes there."""
    sshd, keygen, ssh = tool("sshd"), tool("ssh-keygen"), tool("ssh")
    home = tmp_path_factory.mktemp("ssh")
    for name in ("user", "host"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (home / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/host\nAuthorizedKeysFile {home}/user.pub\n"
        f"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    )
    (home / "ssh_config").write_text(
        f"Host *\nHostName 127.0.0.1\nPort {port}\nUser {getpass.getuser()}\nIdentityFile {home}/user\n"
        f"IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where it shuts a part of itself away
    with subprocess.Popen([sshd, "-D", "-e", "-f", str(home / "sshd_config")], stderr=subprocess.DEVNULL) as server:
        try:
            command = [ssh, "-F", str(home / "ssh_config")]
            until(lambda: server.poll() is not None or works([*command, "lab1", "true"]), "the ssh server answers")
            if server.poll() is not None:
                missing("needs an ssh server that this user may start")
            yield shlex.join(command)
        finally:
            server.terminate()


def test_ssh(lab: str, usual: list[Execution]) -> None:
    assert run(f"{lab} lab1 {PYTHON}") == usual


def test_ssh_without_the_key(lab: str) -> None:
    command = f"{lab} -o PubkeyAuthentication=no lab1 {PYTHON}"
    with pytest.raises(ExecutorError, match="Permission denied") as caught:
        run(command)
    assert "nobody can type a password here" in str(caught.value)


def test_ssh_to_a_machine_without_python(lab: str) -> None:
    with pytest.raises(ExecutorError, match=r"(?s)status 127 before any Python answered.*no-such-python"):
        run(f"{lab} lab1 no-such-python")
