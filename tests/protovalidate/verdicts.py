"""Judges messages with the official protovalidate, by upstream's own options.

Called with the folder of the protos and a corpus: a line for each message, its
full type name, a space, its encoding in base64. Writes a line for each: a JSON
list of pairs, the path of a field that is wrong and the rule that it breaks.

The contract is compiled against buf/validate from protovalidate and google/api
from googleapis-common-protos, so the verdicts also prove that the options as the
contract declares them have upstream's names and numbers.
"""

import base64
import importlib.resources
import json
import os
import sys
import tempfile

try:
    import protovalidate
    from google.api import resource_pb2
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from grpc_tools import protoc
    from protobuf.wkt.google.protobuf.descriptor_pb import FileDescriptorSet
    from protovalidate._gen.buf.validate import validate_pb
except ImportError as missing:
    sys.exit(f"missing: {missing}")


def compile_contract(protos, folder):
    """The contract and all it imports, as a FileDescriptorSet."""
    rules = os.path.join(folder, "rules.binpb")
    with open(rules, "wb") as file:
        file.write(FileDescriptorSet(file=[validate_pb.desc().proto]).to_binary())
    # Only the contract's own files: the options next to them stay hidden.
    os.symlink(os.path.join(protos, "entente"), os.path.join(folder, "entente"))
    own = os.path.join(folder, "entente", "v1")
    out = os.path.join(folder, "contract.binpb")
    failed = protoc.main([
        "protoc",
        f"-I{folder}",
        f"-I{os.path.dirname(os.path.dirname(os.path.dirname(resource_pb2.__file__)))}",
        f"-I{importlib.resources.files('grpc_tools') / '_proto'}",
        f"--descriptor_set_in={rules}",
        "--include_imports",
        f"--descriptor_set_out={out}",
        *(f"entente/v1/{name}" for name in sorted(os.listdir(own))),
    ])
    if failed:
        sys.exit("the contract does not compile with upstream's options")
    with open(out, "rb") as file:
        return descriptor_pb2.FileDescriptorSet.FromString(file.read())


def path_text(field):
    """`agreement.parties[0].country`, `labels["a"]`."""
    text = ""
    for element in field.elements:
        text += ("." if text else "") + element.field_name
        subscript = element.subscript
        if subscript is not None:
            value = subscript.value
            text += f"[{json.dumps(value, ensure_ascii=False)}]"
    return text


def main():
    protos, corpus = sys.argv[1:]
    pool = descriptor_pool.DescriptorPool()
    with tempfile.TemporaryDirectory() as folder:
        for file in compile_contract(os.path.abspath(protos), folder).file:
            pool.Add(file)
    validator = protovalidate.Validator()
    with open(corpus, encoding="ascii") as lines:
        for line in lines:
            name, _, encoded = line.rstrip("\n").partition(" ")
            kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
            message = kind.FromString(base64.b64decode(encoded))
            found = validator.collect_violations(message)
            print(json.dumps([[path_text(one.proto.field), one.proto.rule_id] for one in found]))


main()
