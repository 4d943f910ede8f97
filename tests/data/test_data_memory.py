"""What memory is left, read from files that a test can write."""

import pytest

from backpass.data import memory


@pytest.fixture
def container(tmp_path, monkeypatch):
    """A container's limit and use, as the kernel would show them."""

    def write(limit: str, used: int) -> None:
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        (tmp_path / "memory.current").write_text(f"{used}\n")

    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    return write


def test_the_containers_limit_counts(container):
    container(str(3 << 26), 1 << 26)
    assert memory.available() == 2 << 26
    assert memory.has_room_for(1 << 26)
    assert not memory.has_room_for((1 << 26) + 1)


def test_a_container_without_a_limit_leaves_the_machines(container):
    free = memory._by_kernel()
    container("max", 1 << 40)
    assert free is not None
    assert memory.available() == pytest.approx(free, rel=0.2)


def test_a_little_is_always_there(container):
    container("1", 1)
    assert memory.has_room_for(1 << 20)


def test_what_nobody_knows_is_not_taken(container, monkeypatch):
    monkeypatch.setattr(memory, "_by_kernel", lambda: None)
    assert memory.available() is None
    assert not memory.has_room_for(1 << 30)


def test_where_the_kernel_does_not_tell_the_free_pages_count(monkeypatch):
    pages = {"SC_AVPHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(memory.Path, "read_text", lambda path: "MemTotal: 7 kB\n")
    monkeypatch.setattr(memory.os, "sysconf", pages.__getitem__, raising=False)
    assert memory._by_kernel() == 4_096_000
