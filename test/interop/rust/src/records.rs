//! The Kademlia form of Espalier's records, written and checked by a second implementation: a msgpack map of the
//! content `v`, the times `t` and `e` in milliseconds and the signature `s` of the peer that the key names.

use libp2p::{identity::Keypair, kad::RecordKey, PeerId};
use rmp::decode::{read_bin_len, read_int, read_map_len, read_str_from_slice};
use rmp::encode::{write_array_len, write_bin, write_map_len, write_str, write_uint};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

pub fn record_key(key: &str, writer: &PeerId) -> RecordKey {
    RecordKey::new(&format!("/hm/{key}/{writer}"))
}

/// The multihash of sha2-256 of the key as text.
pub fn provider_key(key: &str) -> RecordKey {
    RecordKey::new(&[&[0x12, 0x20][..], &Sha256::digest(key.as_bytes())].concat())
}

pub fn seal(keypair: &Keypair, key: &RecordKey, content: &[u8], lifetime_ms: u64) -> Vec<u8> {
    let written_at = now_ms();
    let expires_at = written_at + lifetime_ms;
    let signature = keypair.sign(&signed(key, content, written_at, expires_at)).expect("Ed25519 signs anything");
    let mut value = Vec::new();
    // Writing to a vector does not fail.
    write_map_len(&mut value, 4).unwrap();
    write_str(&mut value, "v").unwrap();
    write_bin(&mut value, content).unwrap();
    write_str(&mut value, "t").unwrap();
    write_uint(&mut value, written_at).unwrap();
    write_str(&mut value, "e").unwrap();
    write_uint(&mut value, expires_at).unwrap();
    write_str(&mut value, "s").unwrap();
    write_bin(&mut value, &signature).unwrap();
    value
}

/// The content of a value that `writer` signed and that has not expired.
pub fn open(key: &RecordKey, writer: &PeerId, mut value: &[u8]) -> Result<Vec<u8>, String> {
    let (mut content, mut signature, mut written_at, mut expires_at) = (vec![], vec![], 0, 0);
    for _ in 0..read_map_len(&mut value).map_err(|error| error.to_string())? {
        let (name, rest) = read_str_from_slice(value).map_err(|error| error.to_string())?;
        value = rest;
        match name {
            "v" => content = take_bin(&mut value)?,
            "s" => signature = take_bin(&mut value)?,
            "t" => written_at = read_int(&mut value).map_err(|error| error.to_string())?,
            "e" => expires_at = read_int(&mut value).map_err(|error| error.to_string())?,
            _ => return Err(format!("an unknown field {name}")),
        }
    }
    if expires_at <= now_ms() {
        return Err("it has expired".into());
    }
    let public = public_key(writer).ok_or("no public key in the writer's id")?;
    match public.verify(&signed(key, &content, written_at, expires_at), &signature) {
        true => Ok(content),
        false => Err("its signature is wrong".into()),
    }
}

fn signed(key: &RecordKey, content: &[u8], written_at: u64, expires_at: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_array_len(&mut bytes, 5).unwrap();
    write_str(&mut bytes, "espalier-kademlia-record:").unwrap();
    write_bin(&mut bytes, key.as_ref()).unwrap();
    write_bin(&mut bytes, content).unwrap();
    write_uint(&mut bytes, written_at).unwrap();
    write_uint(&mut bytes, expires_at).unwrap();
    bytes
}

/// Peer ids of Ed25519 keys are the key itself: an identity multihash (00, length) of its protobuf.
fn public_key(peer: &PeerId) -> Option<libp2p::identity::PublicKey> {
    let bytes = peer.to_bytes();
    libp2p::identity::PublicKey::try_decode_protobuf(bytes.strip_prefix(&[0x00, 0x24])?).ok()
}

fn take_bin(value: &mut &[u8]) -> Result<Vec<u8>, String> {
    let length = read_bin_len(value).map_err(|error| error.to_string())? as usize;
    if length > value.len() {
        return Err("it was cut off".into());
    }
    let (bytes, rest) = value.split_at(length);
    *value = rest;
    Ok(bytes.to_vec())
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64
}
