"""A node of the real hivemind DHT for Espalier's interop tests, with Petals' own data structures where they are installed.

Commands are JSON lines on stdin, {"id": 1, "op": "get", ...}; each gets one line on stdout, {"id": 1, "ok": ...} or
{"id": 1, "error": "..."}. The first line says who it is, where it listens and which versions it runs. The end of stdin
ends it. Arguments: the multiaddrs of its initial peers, and --client for a node that serves nothing.
"""
import asyncio
import dataclasses
import json
import math
import sys
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace

import light

stand_ins = light.install()

import hivemind  # noqa: E402
from hivemind.dht.node import DHTNode  # noqa: E402
from hivemind.dht.routing import DHTID  # noqa: E402
from hivemind.dht.storage import DictionaryDHTValue  # noqa: E402
from hivemind.p2p import P2P, P2PContext, PeerID, ServicerBase  # noqa: E402
from hivemind.proto import runtime_pb2  # noqa: E402
from hivemind.utils.serializer import MSGPackSerializer  # noqa: E402
from hivemind.utils.timed_storage import ValueWithExpiration, get_dht_time  # noqa: E402

# What their packages' own init files would export.
hivemind.PeerID = PeerID

try:
    from petals.data_structures import ServerInfo, ServerState  # noqa: E402
    from petals.server import reachability  # noqa: E402
    from petals.utils.dht import _declare_active_modules, _get_remote_module_infos  # noqa: E402
except ImportError as error:
    print(f"Petals cannot be imported: {error}", file=sys.stderr)
    ServerInfo = None


class TransformerConnectionHandler(ServicerBase):
    """The one call of a Petals server by which monitors see that it is there."""

    async def rpc_info(self, request: runtime_pb2.ExpertUID, context: P2PContext) -> runtime_pb2.ExpertInfo:
        if request.uid not in ("", "served.0"):
            raise KeyError(request.uid)
        info = {"version": "2.2.0", "dht_client_mode": False, "cache_tokens_available": 4096}
        return runtime_pb2.ExpertInfo(serialized_info=MSGPackSerializer.dumps(info))


def plain(value):
    """What JSON can say of a value; a tuple is told apart from a list."""
    if isinstance(value, DictionaryDHTValue):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, ValueWithExpiration):
        return {"value": plain(value.value), "expiration": value.expiration_time}
    if isinstance(value, tuple):
        return {"tuple": [plain(item) for item in value]}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


async def servers(node, keys):
    """Every server of these blocks, by Petals' own reader; what it drops is not there."""
    dht = SimpleNamespace(num_workers=None, peer_id=node.peer_id)
    modules = await _get_remote_module_infos(
        dht, node, uids=keys, active_adapter=None, expiration_time=None, latest=True
    )
    rows = {}
    for key, module in zip(keys, modules):
        found = {} if module is None else module.servers
        rows[key] = {
            peer.to_base58(): plain(dict(dataclasses.asdict(info), state=info.state.name)) for peer, info in found.items()
        }
    return rows


async def run(node, command):
    op = command["op"]
    expiration = get_dht_time() + command.get("livesS", 60)
    if "expiration" in command:
        expiration = command["expiration"]
    if op == "store":
        subkey = {"subkey": command["subkey"]} if "subkey" in command else {}
        kept = await node.store(
            command["key"], command["value"], expiration, exclude_self=command.get("excludeSelf", False), **subkey
        )
        return {"kept": kept, "expiration": expiration}
    if op == "get":
        return plain(await node.get(command["key"], latest=True))
    if op == "declare":
        info = ServerInfo(state=ServerState[command["state"]], throughput=command["throughput"], **command["fields"])
        dht = SimpleNamespace(num_workers=None, peer_id=node.peer_id)
        kept = await _declare_active_modules(
            dht, node, uids=command["keys"], server_info=info, expiration_time=expiration
        )
        return {"kept": list(kept.values()), "expiration": expiration}
    if op == "servers":
        return await servers(node, command["keys"])
    if op == "own":
        return plain(node.protocol.storage.get(DHTID.generate(command["key"])))
    if op == "table":
        return [peer.to_base58() for peer in node.protocol.routing_table.peer_id_to_uid]
    if op == "ping":
        peer = PeerID.from_base58(command["peer"])
        found = await node.protocol.call_ping(peer, validate=True, strict=True)
        return None if found is None else found.to_bytes().hex()
    if op == "info":
        stub = TransformerConnectionHandler.get_stub(node.p2p, PeerID.from_base58(command["peer"]))
        reply = await stub.rpc_info(runtime_pb2.ExpertUID(uid=command["uid"]), timeout=10)
        return plain(MSGPackSerializer.loads(reply.serialized_info))
    if op == "check":
        # As a server that starts does: from its own host, about whom it names.
        asking = reachability.ReachabilityProtocol(probe=node.p2p)
        subject = PeerID.from_base58(command["subject"])
        return await asking.call_check(PeerID.from_base58(command["peer"]), check_peer=subject)
    if op == "peers":
        return {info.peer_id.to_base58(): [str(addr) for addr in info.addrs] for info in await node.p2p.list_peers()}
    raise ValueError(f"no such op: {op}")


async def serve_checks(node):
    """What ReachabilityProtocol.attach_to_dht does, for a node that is not in a process of its own."""
    initial_peers = [str(addr) for addr in await node.get_visible_maddrs(latest=True)]
    # The name that this version has for it, and the one of later ones.
    arguments = getattr(reachability, "STRIPPED_PROBE_ARGS", None) or reachability.PROBE_P2P_ARGS
    probe = await P2P.create(initial_peers, **arguments)
    await reachability.ReachabilityProtocol(probe=probe).add_p2p_handlers(node.p2p)
    return probe


async def answer(node, command):
    try:
        line = json.dumps({"id": command["id"], "ok": await run(node, command)})
    except Exception as error:
        line = json.dumps({"id": command["id"], "error": f"{type(error).__name__}: {error}"})
    print(line, flush=True)


def installed(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


async def main():
    initial_peers = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    node = await DHTNode.create(
        initial_peers=initial_peers,
        client_mode="--client" in sys.argv,
        host_maddrs=["/ip4/127.0.0.1/tcp/0"],
        nat_port_map=False,
        auto_nat=False,
    )
    await TransformerConnectionHandler().add_p2p_handlers(node.p2p)
    probe = await serve_checks(node) if ServerInfo else None
    ready = {
        "peer": node.peer_id.to_base58(),
        "addresses": [str(addr) for addr in await node.get_visible_maddrs()],
        "hivemind": installed("hivemind"),
        "petals": installed("petals") if ServerInfo else None,
        "python": sys.version.split()[0],
        "standIns": stand_ins,
    }
    print(json.dumps(ready), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    running = set()
    while line := await lines.readline():
        task = asyncio.create_task(answer(node, json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)
    if probe:
        await probe.shutdown()
    await node.shutdown()


asyncio.run(main())
