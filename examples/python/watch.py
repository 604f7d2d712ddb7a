"""Prints every change of the record and survives all interruptions.

With `--output FILE` each change is one line of JSON in FILE, exactly once and in
order, however often this program or the server is killed: `Journal` says how.

Without `--output` changes are printed as text, and resumed only for as long as
this process lives: whoever reads the output keeps no token.

Exit code 0: stopped by SIGINT or SIGTERM, or `--until-revision` was reached.
2: the server refused the request. 3: the token leads nowhere any more.
"""

import argparse
import itertools
import random
import signal
import sys
import threading

import grpc

from change_sinks import Console, Journal, entries_of
from entente.v1 import change_pb2, change_pb2_grpc
from error_details import describe, reason_of, retry_delay_s

ORIGINS = {name: change_pb2.Origin.Value(f"ORIGIN_{name.upper()}")
           for name in ("earliest", "now", "snapshot")}
# Finds out within 30 s that the other end is gone.
CHANNEL_OPTIONS = [("grpc.keepalive_time_ms", 20_000), ("grpc.keepalive_timeout_ms", 10_000)]
BACKOFF_FIRST_S, BACKOFF_LONGEST_S = 0.1, 10.0
# To try again would bring the same answer.
FINAL_CODES = {grpc.StatusCode[name] for name in (
    "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "PERMISSION_DENIED", "UNAUTHENTICATED")}
# The history that the token belongs to is not, or no longer, this server's: it
# was restored from an older backup (HISTORY_DIVERGED), is another store
# (STORE_MISMATCH), or no longer keeps what follows (HISTORY_COMPACTED); or a tree
# that the filter names has changed (FILTER_MEANING_CHANGED). What was derived from
# the old changes can't be continued. Put the file aside, and start a new one with
# `--from snapshot`: it begins with the state, and goes on with what follows.
LOST_REASONS = {
    "HISTORY_DIVERGED", "STORE_MISMATCH", "HISTORY_COMPACTED", "FILTER_MEANING_CHANGED"}


class Watch:
    """One subscription over as many connections as it takes."""

    def __init__(self, arguments: argparse.Namespace, sink: Console | Journal):
        self.arguments, self.sink, self.failures = arguments, sink, 0
        self.stopped, self.call = threading.Event(), None

    def stop(self, *_signal) -> None:
        self.stopped.set()
        if self.call:
            self.call.cancel()

    def finished(self) -> bool:
        return self.stopped.is_set() or 0 < self.arguments.until_revision <= self.sink.revision

    def run(self) -> None:
        """Watches until it is told to stop, at one address after another."""
        for address in itertools.cycle(self.arguments.address):
            if self.finished():
                return
            asked_s = 0.0
            try:
                if self.listen(address):
                    return
            except grpc.RpcError as error:
                if self.stopped.is_set():
                    return
                if error.code() in FINAL_CODES:
                    raise
                print(f"{address}: {describe(error)}", file=sys.stderr)
                asked_s = retry_delay_s(error)
            # Random waits keep many watchers from coming back all at once.
            longest_s = min(BACKOFF_LONGEST_S, BACKOFF_FIRST_S * 2 ** min(self.failures, 10))
            self.failures += 1
            self.stopped.wait(asked_s + random.uniform(longest_s / 2, longest_s))

    def listen(self, address: str) -> bool:
        """Reads one stream to its end; true if it ended because it was done."""
        request = change_pb2.WatchChangesRequest(
            detail="DETAIL_NAMES", until_revision=self.arguments.until_revision,
            filter=self.arguments.filter)
        if self.sink.token:
            request.token = self.sink.token
        else:
            request.origin = ORIGINS[self.arguments.origin]
        pending: list[dict] = []
        with grpc.insecure_channel(address, CHANNEL_OPTIONS) as channel:
            self.call = change_pb2_grpc.ChangeServiceStub(channel).WatchChanges(
                request, metadata=(("entente-actor", self.arguments.actor),))
            if self.stopped.is_set():  # The signal came before there was a call to cancel.
                self.call.cancel()
            reached = 0
            for response in self.call:
                # Of a large commit's fragments only the last carries a token.
                pending += entries_of(response)
                event = response.WhichOneof("event")
                if response.token:
                    self.sink.write(pending, response.token)
                    pending = []
                    # Only what leads on is a success: a stream may break at once each time.
                    self.failures = self.failures if event == "started" else 0
                if event == "progress":
                    reached = response.progress.revision
                if event == "draining":
                    break
            return 0 < self.arguments.until_revision <= reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", nargs="+", default=["localhost:50051"],
                        help="host:port of one or several replicas (localhost:50051)")
    parser.add_argument("--actor", default="watch-example", help="who watches (%(default)s)")
    parser.add_argument("--from", dest="origin", choices=ORIGINS, default="earliest",
                        help="where to start without a token (%(default)s)")
    parser.add_argument("--filter", default="", help="only resources that match; see docs/filters.md")
    parser.add_argument("--output", metavar="FILE", help="JSON Lines file to write and resume from")
    parser.add_argument("--until-revision", type=int, default=0, help="stop after this revision")
    arguments = parser.parse_args()
    try:
        sink = Journal(arguments.output) if arguments.output else Console()
    except (OSError, ValueError) as error:  # Not writable, not ours, or another watcher's.
        parser.error(f"{arguments.output}: {error}")
    watch = Watch(arguments, sink)
    signal.signal(signal.SIGINT, watch.stop)
    signal.signal(signal.SIGTERM, watch.stop)
    try:
        watch.run()
    except grpc.RpcError as error:
        print(describe(error), file=sys.stderr)
        return 3 if reason_of(error) in LOST_REASONS else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
