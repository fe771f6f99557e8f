//! A peer of another family for Espalier's interop tests: rust-libp2p, the library that KwaaiNet's nodes are built on.
//! Commands are JSON lines on stdin, `{ "id": 1, "op": "dial", … }`; each gets one line on stdout, `{ "id": 1, "ok": … }`
//! or `{ "id": 1, "error": "…" }`. The first line says who it is and where it listens. The end of stdin ends it.
//! With `--lazy` it does not wait for the answer to its proposal of a protocol before it sends, as KwaaiNet's dialer.

mod inference;
mod records;
mod unary;

use futures::StreamExt;
use libp2p::core::upgrade::Version;
use libp2p::kad::{self, store::MemoryStore, GetProvidersOk, GetRecordOk, QueryId, QueryResult};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{identify, identity::Keypair, multiaddr::Protocol, noise, ping, tcp, yamux};
use libp2p::{Multiaddr, PeerId, StreamProtocol, Swarm};
use serde_json::{json, Value};
use std::collections::HashMap;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};

const KAD: StreamProtocol = StreamProtocol::new("/kwaai/kad/1.0.0");
const QUERY_TIMEOUT: Duration = Duration::from_secs(15);

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(NetworkBehaviour)]
struct Behaviour {
    identify: identify::Behaviour,
    kad: kad::Behaviour<MemoryStore>,
    ping: ping::Behaviour,
    streams: libp2p_stream::Behaviour,
}

/// A Kademlia query under way for the command `id`.
struct Query {
    id: u64,
    found: Vec<Value>,
    /// Whose record is looked for.
    writer: Option<PeerId>,
}

struct Peer {
    keypair: Keypair,
    swarm: Swarm<Behaviour>,
    known: HashMap<PeerId, identify::Info>,
    round_trips: HashMap<PeerId, Duration>,
    /// Commands that wait until identify has heard of a peer.
    meeting: Vec<(u64, PeerId)>,
    queries: HashMap<QueryId, Query>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let keypair = Keypair::generate_ed25519();
    let is_lazy = std::env::args().any(|argument| argument == "--lazy");
    let mut swarm = libp2p::SwarmBuilder::with_existing_identity(keypair.clone())
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)?
        .with_behaviour(|key| {
            let own = key.public().to_peer_id();
            let mut config = kad::Config::new(KAD);
            config.set_query_timeout(QUERY_TIMEOUT);
            let mut kad = kad::Behaviour::with_config(own, MemoryStore::new(own), config);
            kad.set_mode(Some(kad::Mode::Server));
            let about = identify::Config::new("ipfs/0.1.0".into(), key.public()).with_agent_version("kwaainet/interop".into());
            Behaviour {
                identify: identify::Behaviour::new(about),
                kad,
                ping: ping::Behaviour::new(ping::Config::new().with_interval(Duration::from_secs(2))),
                streams: libp2p_stream::Behaviour::new(),
            }
        })?
        .with_swarm_config(|config| {
            let config = config.with_idle_connection_timeout(Duration::from_secs(600));
            match is_lazy {
                true => config.with_substream_upgrade_protocol_override(Version::V1Lazy),
                false => config,
            }
        })
        .build();
    serve(&mut swarm)?;
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse()?)?;
    let mut peer = Peer {
        keypair,
        swarm,
        known: HashMap::new(),
        round_trips: HashMap::new(),
        meeting: Vec::new(),
        queries: HashMap::new(),
    };
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                None => return Ok(()),
                Some(line) => {
                    let command: Value = serde_json::from_str(&line)?;
                    let id = command["id"].as_u64().unwrap_or(0);
                    if let Err(error) = peer.begin(id, &command) {
                        say(id, Err(error));
                    }
                }
            },
            event = peer.swarm.select_next_some() => peer.on_event(event),
        }
    }
}

fn say(id: u64, result: Result<Value, Failure>) {
    match result {
        Ok(value) => println!("{}", json!({ "id": id, "ok": value })),
        Err(error) => println!("{}", json!({ "id": id, "error": error.to_string() })),
    }
}

/// Answers KwaaiNet's greeting and its block protocol.
fn serve(swarm: &mut Swarm<Behaviour>) -> Result<(), Failure> {
    let mut control = swarm.behaviour().streams.new_control();
    let greetings = control.accept(inference::HELLO)?;
    let calls = control.accept(inference::INFERENCE)?;
    tokio::spawn(greetings.for_each_concurrent(64, |(_, stream)| async {
        unary::answer(stream, |_| Ok(b"ok".to_vec())).await.ok();
    }));
    tokio::spawn(calls.for_each_concurrent(64, |(_, stream)| async {
        if let Err(error) = unary::answer(stream, inference::compute).await {
            eprintln!("a call was not answered: {error}");
        }
    }));
    Ok(())
}

impl Peer {
    /// Begins a command; what takes time is answered later, by an event or a task.
    fn begin(&mut self, id: u64, command: &Value) -> Result<(), Failure> {
        let text = |name: &str| command[name].as_str().ok_or(format!("{name} is missing"));
        let peer = || -> Result<PeerId, Failure> { Ok(text("peer")?.parse()?) };
        match text("op")? {
            "dial" => {
                let address: Multiaddr = text("address")?.parse()?;
                let Some(Protocol::P2p(peer)) = address.iter().last() else { return Err("no peer id".into()) };
                self.meeting.push((id, peer));
                self.swarm.dial(address)?;
            }
            "known" => say(id, self.about(&peer()?)),
            "closest" => {
                let query = self.swarm.behaviour_mut().kad.get_closest_peers(peer()?);
                self.ask(id, query, None);
            }
            "put" => {
                let key = records::record_key(text("key")?, self.swarm.local_peer_id());
                let lifetime_ms = command["lifetimeMs"].as_u64().unwrap_or(60_000);
                let value = records::seal(&self.keypair, &key, text("content")?.as_bytes(), lifetime_ms);
                let record = kad::Record::new(key, value);
                let query = self.swarm.behaviour_mut().kad.put_record(record, kad::Quorum::One)?;
                self.ask(id, query, None);
            }
            "get" => {
                let writer = peer()?;
                let key = records::record_key(text("key")?, &writer);
                let query = self.swarm.behaviour_mut().kad.get_record(key);
                self.ask(id, query, Some(writer));
            }
            "provide" => {
                let query = self.swarm.behaviour_mut().kad.start_providing(records::provider_key(text("key")?))?;
                self.ask(id, query, None);
            }
            "providers" => {
                let query = self.swarm.behaviour_mut().kad.get_providers(records::provider_key(text("key")?));
                self.ask(id, query, None);
            }
            "hello" => self.call(id, peer()?, inference::HELLO, text("text")?.as_bytes().to_vec(), |reply| {
                Ok(json!(String::from_utf8_lossy(&reply)))
            }),
            "infer" => {
                let tokens: Option<Vec<u32>> = serde_json::from_value(command["tokens"].clone())?;
                let hidden: Option<Vec<f32>> = serde_json::from_value(command["hidden"].clone())?;
                let shape: Vec<u32> = serde_json::from_value(command["shape"].clone())?;
                let (payload_type, data) = match (tokens, hidden) {
                    (Some(tokens), None) => ("token_ids", tokens.iter().flat_map(|token| token.to_le_bytes()).collect()),
                    (None, Some(hidden)) => ("hidden_states", inference::halves(&hidden)),
                    _ => return Err("either tokens or hidden".into()),
                };
                let request = inference::Request {
                    session_id: command["session"].as_u64().ok_or("session is missing")?,
                    seq_pos: command["position"].as_u64().ok_or("position is missing")? as u32,
                    payload_type: payload_type.into(),
                    shape,
                    data,
                };
                self.call(id, peer()?, inference::INFERENCE, rmp_serde::to_vec_named(&request)?, |reply| {
                    let reply: inference::Reply = rmp_serde::from_slice(&reply)?;
                    Ok(json!({
                        "session": reply.session_id, "type": reply.response_type, "shape": reply.shape,
                        "values": inference::floats(&reply.data), "error": reply.error,
                    }))
                });
            }
            op => return Err(format!("no such op: {op}").into()),
        }
        Ok(())
    }

    fn ask(&mut self, id: u64, query: QueryId, writer: Option<PeerId>) {
        self.queries.insert(query, Query { id, found: Vec::new(), writer });
    }

    fn call(
        &self,
        id: u64,
        peer: PeerId,
        protocol: StreamProtocol,
        data: Vec<u8>,
        read: fn(Vec<u8>) -> Result<Value, Failure>,
    ) {
        let mut control = self.swarm.behaviour().streams.new_control();
        tokio::spawn(async move {
            say(id, unary::call(&mut control, peer, protocol, &data).await.and_then(read));
        });
    }

    fn about(&self, peer: &PeerId) -> Result<Value, Failure> {
        let info = self.known.get(peer).ok_or("identify has not heard of it")?;
        Ok(json!({
            "agent": info.agent_version,
            "protocols": info.protocols.iter().map(|protocol| protocol.as_ref()).collect::<Vec<_>>(),
            "addresses": info.listen_addrs.iter().map(Multiaddr::to_string).collect::<Vec<_>>(),
            "roundTripMs": self.round_trips.get(peer).map(|time| time.as_secs_f64() * 1000.0),
        }))
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::NewListenAddr { address, .. } => {
                // Kademlia tells providers' addresses only when they are said to be known to the outside.
                self.swarm.add_external_address(address.clone());
                println!("{}", json!({ "peer": self.swarm.local_peer_id().to_string(), "address": address.to_string() }));
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. } => {
                let (failed, rest) = self.meeting.drain(..).partition(|(_, waiting)| *waiting == peer);
                self.meeting = rest;
                let failed: Vec<(u64, PeerId)> = failed;
                for (id, _) in failed {
                    say(id, Err(error.to_string().into()));
                }
            }
            SwarmEvent::Behaviour(BehaviourEvent::Identify(identify::Event::Received { peer_id, info, .. })) => {
                // KwaaiNet's nodes keep everybody out of the table who does not speak their Kademlia.
                if info.protocols.contains(&KAD) {
                    for address in &info.listen_addrs {
                        self.swarm.behaviour_mut().kad.add_address(&peer_id, address.clone());
                    }
                }
                self.known.insert(peer_id, info);
                let (met, rest): (Vec<_>, Vec<_>) = self.meeting.drain(..).partition(|(_, peer)| *peer == peer_id);
                self.meeting = rest;
                for (id, _) in met {
                    say(id, self.about(&peer_id));
                }
            }
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping::Event { peer, result: Ok(time), .. })) => {
                self.round_trips.insert(peer, time);
            }
            SwarmEvent::Behaviour(BehaviourEvent::Kad(kad::Event::OutboundQueryProgressed {
                id, result, step, ..
            })) => self.on_progress(id, result, step.last),
            _ => {}
        }
    }

    fn on_progress(&mut self, query: QueryId, result: QueryResult, is_last: bool) {
        let Some(Query { id, found, writer }) = self.queries.get_mut(&query) else { return };
        let mut failure: Option<String> = None;
        match result {
            QueryResult::GetClosestPeers(Ok(closest)) => found.extend(closest.peers.iter().map(|peer| {
                json!({ "peer": peer.peer_id.to_string(), "addresses": peer.addrs.iter().map(Multiaddr::to_string).collect::<Vec<_>>() })
            })),
            QueryResult::GetClosestPeers(Err(error)) => failure = Some(error.to_string()),
            QueryResult::GetRecord(Ok(GetRecordOk::FoundRecord(kad::PeerRecord { peer, record }))) => {
                let writer = writer.expect("a query for a record names its writer");
                found.push(match records::open(&record.key, &writer, &record.value) {
                    Ok(content) => json!({ "from": peer.map(|peer| peer.to_string()), "content": String::from_utf8_lossy(&content) }),
                    Err(error) => json!({ "from": peer.map(|peer| peer.to_string()), "error": error }),
                });
            }
            QueryResult::GetRecord(Ok(_)) => {}
            QueryResult::GetRecord(Err(error)) => failure = Some(error.to_string()),
            QueryResult::GetProviders(Ok(GetProvidersOk::FoundProviders { providers, .. })) => {
                found.extend(providers.iter().map(|peer| json!(peer.to_string())));
            }
            QueryResult::GetProviders(Ok(_)) => {}
            QueryResult::GetProviders(Err(error)) => failure = Some(error.to_string()),
            QueryResult::PutRecord(result) => failure = result.err().map(|error| error.to_string()),
            QueryResult::StartProviding(result) => failure = result.err().map(|error| error.to_string()),
            _ => {}
        }
        if !is_last && failure.is_none() {
            return;
        }
        say(*id, failure.map_or(Ok(json!(found)), |failure| Err(failure.into())));
        self.queries.remove(&query);
    }
}
