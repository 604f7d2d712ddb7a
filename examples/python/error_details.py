"""What Entente's errors say beyond their status code.

Every error carries a google.rpc.Status in the trailing metadata
`grpc-status-details-bin`, with an ErrorInfo whose `reason` is made for
programs, and a RetryInfo where waiting helps.
"""

import grpc
from google.rpc import error_details_pb2, status_pb2


def details_of(error: grpc.RpcError, kind: type) -> list:
    """Returns the error's details of one message type, such as ErrorInfo."""
    found = []
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for packed in status_pb2.Status.FromString(value).details:
                detail = kind()
                if packed.Unpack(detail):
                    found.append(detail)
    return found


def reason_of(error: grpc.RpcError) -> str:
    """Returns the reason, such as `HISTORY_DIVERGED`; empty if a proxy answered."""
    infos = details_of(error, error_details_pb2.ErrorInfo)
    return infos[0].reason if infos else ""


def retry_delay_s(error: grpc.RpcError) -> float:
    """Returns how many seconds the server asks to wait, 0 if it does not ask."""
    infos = details_of(error, error_details_pb2.RetryInfo)
    return infos[0].retry_delay.ToTimedelta().total_seconds() if infos else 0.0


def describe(error: grpc.RpcError) -> str:
    """Returns one readable text: code, reason, message and the fields at fault."""
    lines = [f"{error.code().name} {reason_of(error)}: {error.details()}"]
    for request in details_of(error, error_details_pb2.BadRequest):
        lines += [f"  {each.field}: {each.description}" for each in request.field_violations]
    return "\n".join(lines)
