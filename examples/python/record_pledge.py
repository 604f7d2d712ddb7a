"""Records a pledge between two countries and reads it back.

The pledge is one that Cambodia and Russia announced on a 15 December, in a year
that the source does not give. It goes in with the officials whom the source
names, each under the title held on that day, as one commit: all or nothing.
The program may be run again: what stands already is read and compared.

Exit code 0: what is stored is what was sent. 1: it differs. 2: an error.
"""

import argparse
import json
import sys
import uuid

import grpc
import protovalidate
from google.api import field_behavior_pb2
from google.protobuf.message import Message

from entente.v1 import agreement_pb2, agreement_pb2_grpc, official_pb2, official_pb2_grpc
from entente.v1 import record_pb2, record_pb2_grpc
from error_details import describe

AGREEMENT_ID = "khm-rus-security-pledge"
AREAS = ("counter-terrorism", "drug-trafficking", "transnational-crime", "regime-security",
         "money-laundering", "terrorist-financing")
# Id, name, title, country served, rank, day on which the source has it so.
OFFICIALS = (
    ("hun-manith", "Hun Manith", "director-general of Intelligence",
     "countries/KHM", "INTELLIGENCE_HEAD", "XXXX-12-15"),
    ("nikolai-patrushev", "Nikolai Patrushev", "Secretary of the Security Council",
     "countries/RUS", "NATIONAL_SECURITY_ADVISER", "XXXX-12-15"),
    ("hun-sen", "Hun Sen", "Prime Minister",
     "countries/KHM", "HEAD_OF_GOVERNMENT", "XXXX-12-15"),
    ("hun-manet", "Hun Manet", "Deputy Commander-in-Chief of the Royal Cambodian Armed Forces",
     "countries/KHM", "MILITARY_COMMAND", "XXXX-12-16"),
    # An analyst, who serves no country.
    ("ro-vannak", "Ro Vannak", "co-founder of the Cambodian Institute for Democracy",
     "", "OTHER", "XXXX-12-16"),
)
# A write with a request id can be sent again safely, so let gRPC do it.
RETRY = json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": {
    "maxAttempts": 5, "initialBackoff": "0.2s", "maxBackoff": "3s", "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"]}}]})
TIMEOUT_S = 20


def pledge() -> agreement_pb2.Agreement:
    """Returns the pledge. Nobody signed it, so `signed_by` stays empty."""
    return agreement_pb2.Agreement(
        title="Pledge of Cambodia and Russia to strengthen security cooperation",
        form="AGREEMENT_FORM_POLITICAL_COMMITMENT",
        legal_force="LEGAL_FORCE_NON_BINDING",
        parties=[agreement_pb2.AgreementParty(country=country, role="PARTY_ROLE_PARTY")
                 for country in ("countries/KHM", "countries/RUS")],
        areas=[f"cooperationAreas/{area}" for area in AREAS],
        actions=[agreement_pb2.AgreementAction(kind="ACTION_KIND_ANNOUNCED", date="XXXX-12-15")],
        purpose="to ensure regional and global stability and peace",
    )


def official(display_name: str, title: str, country: str, rank: str,
             day: str) -> official_pb2.Official:
    """Returns a person with the one post that the source attests."""
    return official_pb2.Official(display_name=display_name, tenures=[official_pb2.Tenure(
        title=title, country=country, rank=f"TENURE_RANK_{rank}", attested_on=[day])])


def differences(sent: Message, stored: Message) -> list[str]:
    """Compares all the fields that a client writes, also those left empty."""
    found = []
    for field in sent.DESCRIPTOR.fields:
        behavior = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        server_given = {field_behavior_pb2.IDENTIFIER, field_behavior_pb2.OUTPUT_ONLY}
        if server_given.intersection(behavior) or field.name == "etag":
            continue
        before, after = getattr(sent, field.name), getattr(stored, field.name)
        if before != after:
            found.append(f"{stored.name} {field.name}: sent {before!r}, stored {after!r}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="localhost:50051", help="host:port (%(default)s)")
    parser.add_argument("--actor", default="record-pledge-example",
                        help="who writes, kept with the commit (%(default)s)")
    arguments = parser.parse_args()
    metadata = (("entente-actor", arguments.actor),)

    agreement = pledge()
    officials = {identifier: official(*facts) for identifier, *facts in OFFICIALS}
    create = record_pb2.CreateMutation
    creates = [create(id=identifier, resource=record_pb2.Resource(official=each))
               for identifier, each in officials.items()]
    creates.append(create(id=AGREEMENT_ID, resource=record_pb2.Resource(agreement=agreement)))
    request = record_pb2.ApplyRequest(
        mutations=[record_pb2.Mutation(create=each) for each in creates],
        reason="Announced in a press release of 15 December")
    # Made from the body: the same facts give the same id, which answers the
    # first result again; other facts give another.
    body = request.SerializeToString(deterministic=True)
    request.request_id = str(uuid.uuid5(uuid.NAMESPACE_OID, body.hex()))
    protovalidate.validate(request)  # The rules stand in the protos: judged without a round trip.

    with grpc.insecure_channel(arguments.address, [("grpc.service_config", RETRY)]) as channel:
        call = {"metadata": metadata, "timeout": TIMEOUT_S}
        try:
            response = record_pb2_grpc.RecordServiceStub(channel).Apply(request, **call)
            print(f"Commit {response.revision} holds all {len(response.results)} records.")
        except grpc.RpcError as error:
            # A request id is remembered for a day; later the names are taken.
            if error.code() != grpc.StatusCode.ALREADY_EXISTS:
                raise
            print("Recorded earlier; reading what stands.")
        stored = agreement_pb2_grpc.AgreementServiceStub(channel).GetAgreement(
            agreement_pb2.GetAgreementRequest(name=f"agreements/{AGREEMENT_ID}"), **call)
        people = official_pb2_grpc.OfficialServiceStub(channel).BatchGetOfficials(
            official_pb2.BatchGetOfficialsRequest(
                names=[f"officials/{each}" for each in officials]), **call).officials

    found = differences(agreement, stored)
    for sent, person in zip(officials.values(), people, strict=True):
        found += differences(sent, person)
    status = agreement_pb2.AgreementStatus.Name(stored.status)
    if status != "AGREEMENT_STATUS_ANNOUNCED":
        found.append(f"{stored.name} status: {status}, not AGREEMENT_STATUS_ANNOUNCED")

    print(f"{stored.name}, revision {stored.revision}: {stored.title}")
    print(f"  {status} on {stored.actions[0].date if stored.actions else 'no day'}, between",
          " and ".join(party.country for party in stored.parties))
    print("  about", ", ".join(area.removeprefix("cooperationAreas/") for area in stored.areas))
    for person in people:
        print(f"  {person.display_name}:", "; ".join(post.title for post in person.tenures))
    for line in found:
        print("DIFFERS:", line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except grpc.RpcError as rpc_error:
        print(describe(rpc_error), file=sys.stderr)
        sys.exit(2)
