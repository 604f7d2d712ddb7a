"""Where watch.py puts changes, and the token to resume after them."""

import fcntl
import json

from entente.v1 import change_pb2

FIRST_BYTES = b'{"token": '


def entries_of(response: change_pb2.WatchChangesResponse) -> list[dict]:
    """Returns the changes of a message, or the resources of a snapshot, in order."""
    items = [getattr(item, item.WhichOneof("resource")) for item in response.snapshot.items]
    return [{
        "kind": "SNAPSHOT",
        "name": item.name,
        "resource_revision": item.revision,
    } for item in items] + [{
        "revision": commit.revision,
        "ordinal": change.ordinal,
        "time": commit.commit_time.ToJsonString(),
        "actor": commit.actor,
        "kind": change_pb2.ChangeKind.Name(change.kind).removeprefix("CHANGE_KIND_"),
        "name": change.name,
        "changed_fields": list(change.changed_fields.paths),
    } for commit in response.commits.commits for change in commit.changes]


class Console:
    """Prints changes as text; the token lives in memory."""

    token, revision = "", 0

    def write(self, changes: list[dict], token: str) -> None:
        """Prints the changes that lead to the token."""
        for change in changes:
            shown = [value for key, value in change.items() if key != "ordinal"]
            print(*(",".join(each) if isinstance(each, list) else each or "-" for each in shown),
                  flush=True)
            self.revision = change.get("revision", self.revision)
        self.token = token


class Journal:
    """Keeps changes and tokens in one file of JSON Lines, each change exactly once.

    To print a change and then store its token elsewhere would repeat the change
    when the process dies in between; the other way round would lose it. Here
    both are in one file: the last line of each message carries the token to
    resume after it. What follows the last whole line with a token (a torn line,
    half a message) is cut off at the next start and comes again. A power loss
    may take the end of the file, but the tokens go with it, so that it comes
    again too. A line with a token alone is a bookmark.
    """

    def __init__(self, path: str):
        self.token, self.revision = "", 0
        self.file = open(path, "a+b")
        fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # One watcher for one file.
        self.file.seek(0)
        # The first message, `started`, makes the first line a bookmark.
        if not FIRST_BYTES.startswith(self.file.read(len(FIRST_BYTES))):
            raise ValueError(f"{path} is not a file of changes; it is left as it is")
        self.file.seek(0)
        end = kept = revision = 0
        for line in self.file:
            try:
                entry = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                entry = None
            if entry is None:
                break
            end += len(line)
            revision = entry.get("revision", revision)
            if "token" in entry:
                kept, self.token, self.revision = end, entry["token"], revision
        self.file.truncate(kept)

    def write(self, changes: list[dict], token: str) -> None:
        """Appends the changes that lead to the token; nothing if it stands already."""
        if not changes and token == self.token:
            return
        entries = changes or [{}]
        entries[-1]["token"] = token
        self.file.write("".join(json.dumps(each) + "\n" for each in entries).encode())
        self.file.flush()
        self.token = token
        self.revision = entries[-1].get("revision", self.revision)
