"""Runs the two programs against a running server and checks what they promise.

Records the pledge twice, which must leave one record. Then, while a writer goes
on changing an agreement of the check's own, kills watch.py with SIGKILL again
and again, tears the end of its output, and lets it resume: at last the file must
hold what ListChanges tells, each change once and in order. At last it has watch.py
begin with the state, with a filter, and compares what it makes of that with a list.
The server may have other writers meanwhile.
"""

import argparse
import atexit
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent import futures

import grpc

from entente.v1 import agreement_pb2, agreement_pb2_grpc, change_pb2, change_pb2_grpc
from error_details import describe

HERE = pathlib.Path(__file__).parent
PLEDGE = "agreements/khm-rus-security-pledge"
KILLS, LINES_BEFORE_KILL = 6, 15
FILTER = 'parties.country = "countries/KHM"'
LIMIT_S = 60
# Between two writes, so that the log does not grow without need.
WRITE_PAUSE_S = 0.005
# What a killed writer may leave at the end of a file.
TORN_ENDS = (b"", b'{"revision": 9', b'{"revision": 9, "name": "agreements/of-half-a-message"}\n')


def require(holds: bool, text: str) -> None:
    if not holds:
        sys.exit(f"FAILED: {text}")


def check_pledge(address: str, agreements: agreement_pb2_grpc.AgreementServiceStub) -> None:
    """Records the pledge twice; the second time must change nothing."""
    etags = []
    for _ in range(2):
        command = [sys.executable, HERE / "record_pledge.py", "--address", address]
        result = subprocess.run(command, check=False, timeout=LIMIT_S)
        require(result.returncode == 0, f"record_pledge.py exited with {result.returncode}")
        request = agreement_pb2.GetAgreementRequest(name=PLEDGE)
        etags.append(agreements.GetAgreement(request, timeout=LIMIT_S).etag)
    require(etags[0] == etags[1], f"the second recording changed the pledge: {etags}")


def keep_writing(agreements: agreement_pb2_grpc.AgreementServiceStub,
                 done: threading.Event) -> tuple[str, list[str]]:
    """Creates an agreement, changes its note until told to stop, and deletes it.

    Returns its name and the kinds of the changes made.
    """
    metadata = (("entente-actor", "check-example"),)
    identifier = f"check-{uuid.uuid4().hex[:12]}"
    agreement = agreement_pb2.Agreement(title="Written by a check", form="AGREEMENT_FORM_OTHER")
    created = agreements.CreateAgreement(agreement_pb2.CreateAgreementRequest(
        agreement=agreement, agreement_id=identifier), metadata=metadata, timeout=LIMIT_S)
    count = 0
    while not done.wait(WRITE_PAUSE_S):
        count += 1
        changed = agreement_pb2.Agreement(name=created.name, note=f"Change {count}")
        agreements.UpdateAgreement(agreement_pb2.UpdateAgreementRequest(
            agreement=changed, update_mask={"paths": ["note"]}), metadata=metadata, timeout=LIMIT_S)
    agreements.DeleteAgreement(agreement_pb2.DeleteAgreementRequest(name=created.name),
                               metadata=metadata, timeout=LIMIT_S)
    return created.name, ["CREATED"] + ["UPDATED"] * count + ["DELETED"]


def start_watch(address: str, output: pathlib.Path, *more: str) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, HERE / "watch.py", "--address", address,
                                "--from", "earliest", "--output", output, *more])
    atexit.register(process.kill)  # A check that fails leaves nothing running.
    return process


def wait_for_lines(process: subprocess.Popen, output: pathlib.Path, count: int) -> None:
    """Waits until the file has so many lines more than when it was called."""
    def lines() -> int:
        return output.read_bytes().count(b"\n") if output.exists() else 0
    wanted, deadline = lines() + count, time.monotonic() + LIMIT_S
    while lines() < wanted:
        require(process.poll() is None, f"watch.py ended by itself with {process.returncode}")
        require(time.monotonic() < deadline, f"watch.py wrote no {count} lines in {LIMIT_S} s")
        time.sleep(0.002)


def listed(changes: change_pb2_grpc.ChangeServiceStub, until: int) -> list[tuple]:
    """Returns every change up to a revision, as ListChanges tells it."""
    found, start = [], {"origin": "ORIGIN_EARLIEST"}
    while True:
        page = changes.ListChanges(change_pb2.ListChangesRequest(
            detail="DETAIL_NAMES", max_commits=1000, **start), timeout=LIMIT_S)
        for commit in page.commits:
            require(len(commit.changes) == commit.change_count,
                    f"commit {commit.revision} is not whole")
            found += [(commit.revision, change.ordinal,
                       change_pb2.ChangeKind.Name(change.kind).removeprefix("CHANGE_KIND_"),
                       change.name)
                      for change in commit.changes if commit.revision <= until]
        if page.at_head or (page.commits and page.commits[-1].revision >= until):
            return found
        start = {"token": page.next_token}


def kill_and_resume(address: str, output: pathlib.Path) -> None:
    """Kills watch.py again and again; the last time it may stop by itself."""
    for round_number in range(KILLS):
        process = start_watch(address, output)
        wait_for_lines(process, output, LINES_BEFORE_KILL)
        process.kill()
        process.wait()
        with output.open("ab") as file:
            file.write(TORN_ENDS[round_number % len(TORN_ENDS)])
    process = start_watch(address, output)
    wait_for_lines(process, output, LINES_BEFORE_KILL)
    process.send_signal(signal.SIGTERM)
    require(process.wait(LIMIT_S) == 0, f"watch.py answered SIGTERM with {process.returncode}")


def check_watch(address: str, channel: grpc.Channel, output: pathlib.Path) -> str:
    """Compares what watch.py wrote over many lives with what ListChanges tells."""
    changes = change_pb2_grpc.ChangeServiceStub(channel)
    done = threading.Event()
    with futures.ThreadPoolExecutor() as pool:
        writer = pool.submit(keep_writing, agreement_pb2_grpc.AgreementServiceStub(channel), done)
        try:
            kill_and_resume(address, output)
        finally:
            done.set()
        name, kinds = writer.result()

    head = changes.GetHead(change_pb2.GetHeadRequest(), timeout=LIMIT_S)
    process = start_watch(address, output, "--until-revision", str(head.head_revision))
    require(process.wait(LIMIT_S) == 0, f"watch.py ended with {process.returncode}")
    entries = [json.loads(line) for line in output.read_text().splitlines()]
    watched = [(each["revision"], each["ordinal"], each["kind"], each["name"])
               for each in entries if "revision" in each]
    revisions = sorted({each[0] for each in watched})
    require(watched == sorted(set(watched)), "a change came twice or out of order")
    require(revisions == list(range(head.earliest_revision, head.head_revision + 1)),
            f"{len(revisions)} revisions, not {head.earliest_revision} to {head.head_revision}")
    require(watched == listed(changes, head.head_revision), "watch.py and ListChanges differ")
    require([each[2] for each in watched if each[3] == name] == kinds,
            "the changes that were made are not those that were watched")
    return f"{len(watched)} changes in {len(revisions)} revisions, once each, over {KILLS} kills"


def check_snapshot(address: str, channel: grpc.Channel, output: pathlib.Path) -> str:
    """Watches the agreements of a country from their state on, over two lives."""
    agreements = agreement_pb2_grpc.AgreementServiceStub(channel)
    identifier, metadata = f"check-{uuid.uuid4().hex[:12]}", (("entente-actor", "check-example"),)
    selected = ("--from", "snapshot", "--filter", FILTER)
    for place in ("", "Phnom Penh"):
        parties = [agreement_pb2.AgreementParty(country="countries/KHM")] if place else []
        agreement = agreement_pb2.Agreement(
            name=f"agreements/{identifier}", title="Written by a check", place=place,
            form="AGREEMENT_FORM_OTHER", parties=parties)
        made = agreements.UpdateAgreement(agreement_pb2.UpdateAgreementRequest(
            agreement=agreement, allow_missing=True), metadata=metadata, timeout=LIMIT_S)
        process = start_watch(address, output, *selected, "--until-revision", str(made.revision))
        require(process.wait(LIMIT_S) == 0, f"watch.py ended with {process.returncode}")
    entries = [json.loads(line) for line in output.read_text().splitlines()]
    held, kinds = set(), []
    for entry in (entry for entry in entries if "name" in entry):
        kinds += [entry["kind"]] if entry["name"] == made.name else []
        (held.discard if entry["kind"] in ("DELETED", "LEFT") else held.add)(entry["name"])
    listed = agreements.ListAgreements(agreement_pb2.ListAgreementsRequest(
        filter=FILTER, page_size=1000), timeout=LIMIT_S)
    require(held == {each.name for each in listed.agreements}, f"{held} are held, not those listed")
    require(kinds == ["ENTERED"], f"the agreement of the check came as {kinds}")
    agreements.DeleteAgreement(agreement_pb2.DeleteAgreementRequest(name=made.name),
                               metadata=metadata, timeout=LIMIT_S)
    return f"{len(held)} agreements match, as snapshot and changes tell"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="localhost:50051", help="host:port (%(default)s)")
    address = parser.parse_args().address
    with tempfile.TemporaryDirectory() as folder, grpc.insecure_channel(address) as channel:
        check_pledge(address, agreement_pb2_grpc.AgreementServiceStub(channel))
        print("OK:", check_watch(address, channel, pathlib.Path(folder) / "changes.jsonl"))
        print("OK:", check_snapshot(address, channel, pathlib.Path(folder) / "state.jsonl"))


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"FAILED: {describe(error)}")
