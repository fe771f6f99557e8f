//! KwaaiNet's block protocol, encoded as KwaaiNet encodes it: rmp-serde with named fields, where a `Vec<u8>` becomes a
//! list of numbers and not a byte string.

use half::f16;
use libp2p::StreamProtocol;
use serde::{Deserialize, Serialize};

pub const INFERENCE: StreamProtocol = StreamProtocol::new("/kwaai/inference/1.0.0");
pub const HELLO: StreamProtocol = StreamProtocol::new("/kwaai/p2p/hello/1.0.0");

#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    pub session_id: u64,
    pub seq_pos: u32,
    pub payload_type: String,
    pub shape: Vec<u32>,
    pub data: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    pub session_id: u64,
    pub response_type: String,
    pub shape: Vec<u32>,
    pub data: Vec<u8>,
    pub error: Option<String>,
}

/// A stand-in for two blocks. Of token `t` the first makes the row `[t, -t]`; of rows the second, which is the last,
/// makes as many logits as the last row has values: the same ones. A position of a million finds it still loading.
pub fn compute(payload: &[u8]) -> Result<Vec<u8>, String> {
    let request: Request = rmp_serde::from_slice(payload).map_err(|error| error.to_string())?;
    let session_id = request.session_id;
    let reply = |response_type: &str, shape: Vec<u32>, data: Vec<u8>, error: Option<String>| {
        let reply = Reply { session_id, response_type: response_type.into(), shape, data, error };
        rmp_serde::to_vec_named(&reply).map_err(|error| error.to_string())
    };
    if request.seq_pos >= 1_000_000 {
        let text = "node warming up — model loading in background";
        return reply("hidden_states", vec![], vec![], Some(text.into()));
    }
    match (request.payload_type.as_str(), &request.shape[..]) {
        ("token_ids", [rows]) => {
            let row = |token: &[u8]| {
                let token = u32::from_le_bytes([token[0], token[1], token[2], token[3]]) as f32;
                [f16::from_f32(token).to_le_bytes(), f16::from_f32(-token).to_le_bytes()].concat()
            };
            let data = request.data.chunks_exact(4).flat_map(row).collect();
            reply("hidden_states", vec![1, *rows, 2], data, None)
        }
        ("hidden_states", [1, _, width]) => {
            let last = request.data.len() - 2 * *width as usize;
            reply("logits", vec![1, 1, *width], request.data[last..].to_vec(), None)
        }
        _ => reply("hidden_states", vec![], vec![], Some(format!("unexpected shape {:?}", request.shape))),
    }
}

pub fn floats(data: &[u8]) -> Vec<f32> {
    data.chunks_exact(2).map(|half| f16::from_le_bytes([half[0], half[1]]).to_f32()).collect()
}

pub fn halves(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect()
}
