"""Shows what a watch with a filter is told: first the state, then what begins,
ceases and goes on to match, also after an interruption.

docs/stream.md walks through what it prints. The agreements that it makes are
deleted at the end.
"""

import argparse
import sys
import uuid

import grpc

from entente.v1 import agreement_pb2, agreement_pb2_grpc, change_pb2, change_pb2_grpc
from error_details import describe

FILTER = 'parties.country = "countries/KHM" AND under(areas, "cooperationAreas/security")'
ACTOR = (("entente-actor", "session-example"),)
TIMEOUT_S = 20


def record(agreements: agreement_pb2_grpc.AgreementServiceStub, name: str, title: str,
           country: str) -> agreement_pb2.Agreement:
    """Records an agreement on fighting terrorism of a country with Russia, or changes it."""
    agreement = agreement_pb2.Agreement(
        name=name, title=title, form="AGREEMENT_FORM_MEMORANDUM_OF_UNDERSTANDING",
        areas=["cooperationAreas/counter-terrorism"],
        parties=[agreement_pb2.AgreementParty(country=each) for each in (country, "countries/RUS")])
    return agreements.UpdateAgreement(agreement_pb2.UpdateAgreementRequest(
        agreement=agreement, allow_missing=True), metadata=ACTOR, timeout=TIMEOUT_S)


def watch(changes: change_pb2_grpc.ChangeServiceStub, until: int, **start) -> str:
    """Prints what comes up to a revision; returns the token to go on from there."""
    token = ""
    for response in changes.WatchChanges(change_pb2.WatchChangesRequest(
            filter=FILTER, until_revision=until, **start), metadata=ACTOR, timeout=TIMEOUT_S):
        event = response.WhichOneof("event")
        if event == "snapshot":
            for item in response.snapshot.items:
                print(f"  snapshot      {item.agreement.title}")
        elif event == "snapshot_end":
            print("  snapshot_end")
        elif event == "commits":
            for change in (each for commit in response.commits.commits for each in commit.changes):
                kind = change_pb2.ChangeKind.Name(change.kind).removeprefix("CHANGE_KIND_")
                title = change.resource.agreement.title or f"({change.name.split('-')[-1]})"
                print(f"  {kind:13} {title}  {', '.join(change.changed_fields.paths)}".rstrip())
        # What was printed before it is done; the inner fragments of a commit have none.
        token = response.token or token
    return token


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="localhost:50051", help="host:port (%(default)s)")
    with grpc.insecure_channel(parser.parse_args().address) as channel:
        agreements = agreement_pb2_grpc.AgreementServiceStub(channel)
        changes = change_pb2_grpc.ChangeServiceStub(channel)
        prefix = f"agreements/session-{uuid.uuid4().hex[:8]}"
        police, border = f"{prefix}-police", f"{prefix}-border"

        record(agreements, police, "On police training", "countries/KHM")
        made = record(agreements, border, "On border guards", "countries/VNM")
        print("The state, of which the agreement of Vietnam is no part:")
        token = watch(changes, made.revision, origin="ORIGIN_SNAPSHOT")

        # Nobody watches now.
        record(agreements, border, "On border guards", "countries/KHM")
        record(agreements, police, "On police training and exchange", "countries/KHM")
        made = record(agreements, police, "On police training and exchange", "countries/VNM")
        print("Back with the token:")
        token = watch(changes, made.revision, token=token)

        for name in (police, border):
            agreements.DeleteAgreement(agreement_pb2.DeleteAgreementRequest(name=name),
                                       metadata=ACTOR, timeout=TIMEOUT_S)
        head = changes.GetHead(change_pb2.GetHeadRequest(), timeout=TIMEOUT_S).head_revision
        print("And once more:")
        watch(changes, head, token=token)


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(describe(error))
