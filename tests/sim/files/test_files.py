"""Simulated files: steps, locks that belong to the inode, and what a crash takes."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable

import pytest
import trio

from raceexplore import BadOption, Replay, World, explore, run_once
from raceexplore.sim.files import Files, FileSystem, Sort

Call = Callable[[Files], Awaitable[object]]


def quiet(program: Callable[[World], Awaitable[None]]) -> None:
    run = run_once(program, Replay())
    assert run.failure is None, run.failure


ERRORS: dict[int, list[Call]] = {
    errno.ENOENT: [
        lambda files: files.open("none"),
        lambda files: files.open(""),
        lambda files: files.unlink("none"),
        lambda files: files.rename("none", "new"),
        lambda files: files.stat("folder/none"),
        lambda files: files.mkdir("none/inner"),
    ],
    errno.EEXIST: [
        lambda files: files.open("file", "x"),
        lambda files: files.mkdir("file"),
        lambda files: files.link("file", "other"),
        lambda files: files.symlink("file", "other"),
    ],
    errno.ENOTDIR: [
        lambda files: files.open("file/inner"),
        lambda files: files.rmdir("file"),
        lambda files: files.rename("folder", "file"),
        lambda files: files.listdir("file"),
    ],
    errno.EISDIR: [
        lambda files: files.open("folder", "w"),
        lambda files: files.unlink("folder"),
        lambda files: files.rename("file", "folder"),
    ],
    errno.ENOTEMPTY: [lambda files: files.rmdir("/home")],
    errno.EINVAL: [lambda files: files.rename("/home", "/home/user/x"),
                   lambda files: files.readlink("file")],
    errno.ELOOP: [lambda files: files.open("round")],
    errno.EPERM: [lambda files: files.link("folder", "new")],
}  # fmt: skip


def test_what_cannot_be_done_has_the_number_that_posix_gives_it() -> None:
    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/home/user/file": "x", "/home/user/other": "y"})
        files = Files(system)
        await files.mkdir("folder")
        await files.symlink("round", "round")
        for number, calls in ERRORS.items():
            for call in calls:
                with pytest.raises(OSError) as raised:  # noqa: PT011 the number is looked at
                    await call(files)
                assert raised.value.errno == number

    quiet(program)


def test_a_file_that_is_replaced_lives_on_for_who_has_it_open() -> None:
    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/a": "old", "/b": "new"})
        files = Files(system)
        opened = await files.open("/a")
        await files.rename("/b", "/a")
        assert (await opened.read(), await files.read_text("/a")) == (b"old", "new")
        assert system.paths() == ["/a"]

    quiet(program)


def test_links_lead_to_the_same_file_until_the_last_is_gone() -> None:
    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/a": "1"})
        files = Files(system, cwd="/")
        await files.link("a", "b")
        await files.symlink("a", "c")
        await files.write_text("b", "2")
        assert await files.read_text("c") == "2"
        status = await files.stat("a")
        assert (status.links, status.size, status.sort) == (2, 1, Sort.FILE)
        assert (await files.stat("c", follow=False)).sort is Sort.SYMLINK
        await files.unlink("a")
        assert (await files.exists("c"), await files.exists("b")) == (False, True)
        assert await files.listdir("/") == ["b", "c", "home", "tmp"]

    quiet(program)


def test_open_files_write_where_they_are_and_appending_ones_at_the_end() -> None:
    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/a": "12345"})
        files = Files(system)
        end = await files.open("/a", "a")
        begin = await files.open("/a", "r+")
        await begin.write("ab")
        await end.write("6")
        assert (await begin.read(2), begin.seek(-1, 2), await begin.read()) == (b"34", 5, b"6")
        await begin.truncate(1)
        begin.seek(3)
        await begin.write("z")
        assert system.content("/a") == b"a\0\0z"
        await begin.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            await begin.read()
        with pytest.raises(OSError, match="Bad file descriptor"):
            await end.read()

    quiet(program)


async def writer(files: Files, text: str) -> None:
    await files.write_text("/a", text)


def test_a_reader_may_see_a_file_that_is_empty_or_half_written() -> None:
    seen: set[str] = set()

    async def program(world: World) -> None:
        system = FileSystem(world, block=2)
        system.put({"/a": "old!"})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(writer, Files(system), "new?")
            seen.add(await Files(system).read_text("/a"))

    explore(program, scheduler="random", budget=300, stop="never")
    assert seen == {"old!", "", "ne", "new?"}


def test_a_write_may_be_short_where_that_is_asked_for() -> None:
    written: set[int] = set()

    async def program(world: World) -> None:
        files = Files(FileSystem(world, short_writes=True))
        written.add(await (await files.open("/a", "w")).write("1234"))

    explore(program, scheduler="random", budget=20, stop="never")
    assert written == {4, 2}


def test_create_exclusively_has_one_winner() -> None:
    async def program(world: World) -> None:
        system, won = FileSystem(world), []

        async def create(name: str) -> None:
            try:
                await Files(system).open("/lock", "x")
                won.append(name)
            except FileExistsError:
                pass

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(create, name)
        assert len(won) == 1

    campaign = explore(program, scheduler="random", budget=200, stop="never")
    assert campaign.failures == ()


def test_a_lock_belongs_to_the_file_and_not_to_its_name() -> None:
    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/a": "", "/b": ""})
        one, other = Files(system), Files(system)
        held = await one.open("/a")
        await held.flock()
        with pytest.raises(BlockingIOError):
            await (await other.open("/a")).flock(wait=False)
        await other.rename("/b", "/a")
        await (await other.open("/a")).flock(wait=False)  # another file by now

    quiet(program)


def test_shared_locks_go_together_and_the_wait_for_an_exclusive_one_ends() -> None:
    async def program(world: World) -> None:
        system, order = FileSystem(world), []
        system.put({"/a": ""})
        readers = [await Files(system).open("/a") for _ in range(2)]
        for reader in readers:
            await reader.flock(exclusive=False)

        async def write() -> None:
            async with await Files(system).open("/a") as opened:
                await opened.flock()
                order.append("locked")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(write)
            for reader in readers:
                order.append("unlock")
                await reader.unlock()
        assert order == ["unlock", "unlock", "locked"]

    campaign = explore(program, scheduler="dfs", budget=2_000, stop="never")
    assert (campaign.failures, campaign.complete) == ((), True)


def test_two_locks_taken_in_two_orders_are_a_deadlock_with_its_cycle() -> None:
    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/a": "", "/b": ""})

        async def take(first: str, second: str) -> None:
            files = Files(system)
            await (await files.open(first)).flock()
            await (await files.open(second)).flock()
            files.close_all()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take, "/a", "/b", name="ab")
            nursery.start_soon(take, "/b", "/a", name="ba")

    (found,) = explore(program, budget=200, explain=False).failures
    assert found.kind == "deadlock"
    assert "cycle" in found.message


def test_closing_any_descriptor_of_a_file_gives_up_the_records_of_the_process() -> None:
    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/a": "0123456789"})
        one, other = Files(system), Files(system)
        held = await one.open("/a", "r+")
        await held.lock_range(0, 4)
        await held.unlock_range(1, 1)
        theirs = await other.open("/a", "r+")
        await theirs.lock_range(1, 1, wait=False)
        await theirs.lock_range(4, wait=False)
        with pytest.raises(BlockingIOError):
            await theirs.lock_range(2, 1, wait=False)
        await (await one.open("/a")).close()
        await theirs.lock_range(0, 0, wait=False)

    quiet(program)


def test_what_is_not_synced_may_be_lost_in_a_crash_and_what_is_synced_may_not() -> None:
    found: set[tuple[str, ...]] = set()

    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/d/a": "old"})
        files = Files(system)
        async with await files.open("/d/new", "w") as new:
            await new.write("new")
        await files.rename("/d/new", "/d/a")
        system.crash()
        found.add(tuple(f"{path} {system.text(path)}" for path in system.paths("/d")))

    explore(program, scheduler="dfs", budget=500, stop="never")
    # the folder's changes survive in their order; the content of a file may come later
    assert found == {
        ("/d/a new",), ("/d/a ",), ("/d/a old",), ("/d/a old", "/d/new new"),
        ("/d/a old", "/d/new "),
    }  # fmt: skip


@pytest.mark.parametrize("folder_too", [True, False])
def test_a_rename_survives_a_crash_whole_once_file_and_folder_are_synced(folder_too: bool) -> None:
    async def program(world: World) -> None:
        system = FileSystem(world)
        system.put({"/d/a": "old"})
        files = Files(system)
        async with await files.open("/d/new", "w") as new:
            await new.write("new")
            await new.sync()
        await files.rename("/d/new", "/d/a")
        if folder_too:
            await files.sync_folder("/d")
        system.crash()
        world.sometimes("the old one is there", system.text("/d/a") == "old")
        assert system.text("/d/a") in (("new",) if folder_too else ("new", "old"))

    campaign = explore(program, scheduler="dfs", budget=500, stop="never")
    assert (campaign.failures, campaign.complete) == ((), True)
    assert campaign.never == (("the old one is there",) if folder_too else ())


def test_options_that_make_no_sense_are_refused() -> None:
    async def program(world: World) -> None:
        with pytest.raises(BadOption, match="a block is of at least 1 byte, not 0"):
            FileSystem(world, block=0)
        with pytest.raises(BadOption, match="a mode is one of r, w"):
            await Files(FileSystem(world)).open("/a", "rw")

    quiet(program)
