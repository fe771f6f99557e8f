//! The unary calls that KwaaiNet took over from hivemind: one stream a call, one frame each way, each with its length
//! as a varint before it. Written from docs/protocols.md, with nothing of the TypeScript code.

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::{PeerId, Stream, StreamProtocol};
use libp2p_stream::Control;

const MAX_FRAME_BYTES: usize = 4 * 1024 * 1024;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// One call. The stream is not closed before the answer is there: that would mean that nobody waits any more.
pub async fn call(
    control: &mut Control,
    peer: PeerId,
    protocol: StreamProtocol,
    data: &[u8],
) -> Result<Vec<u8>, Failure> {
    let mut stream = control.open_stream(peer, protocol.clone()).await?;
    let call_id: [u8; 16] = rand::random();
    // The callee's id stays empty, as KwaaiNet leaves it; required fields are written all the same.
    let body = [field(1, &[]), field(2, protocol.as_ref().as_bytes()), field(3, data)].concat();
    write_frame(&mut stream, &[field(1, &call_id), field(3, &body)].concat()).await?;
    let reply = read_frame(&mut stream).await?;
    stream.close().await.ok();
    let reply = fields(&reply)?;
    if find(&reply, 1) != Some(&call_id[..]) {
        return Err("an answer to another call".into());
    }
    let result = fields(find(&reply, 4).ok_or("not an answer")?)?;
    match (find(&result, 1), find(&result, 2)) {
        (Some(response), None) => Ok(response.to_vec()),
        (None, Some(error)) => Err(format!("the peer says: {}", String::from_utf8_lossy(error)).into()),
        _ => Err("an answer without a result".into()),
    }
}

/// Answers the one call of a stream that a peer opened.
pub async fn answer(
    mut stream: Stream,
    handler: impl FnOnce(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<(), Failure> {
    let request = read_frame(&mut stream).await?;
    let request = fields(&request)?;
    let call_id = find(&request, 1).filter(|id| id.len() == 16).ok_or("no callId of 16 bytes")?;
    let call = fields(find(&request, 3).ok_or("not a call")?)?;
    find(&call, 1).ok_or("peer is missing")?;
    find(&call, 2).ok_or("proto is missing")?;
    let result = match handler(find(&call, 3).ok_or("data is missing")?) {
        Ok(response) => field(1, &response),
        Err(error) => field(2, error.as_bytes()),
    };
    write_frame(&mut stream, &[field(1, call_id), field(4, &result)].concat()).await?;
    stream.close().await?;
    Ok(())
}

async fn write_frame(stream: &mut Stream, frame: &[u8]) -> Result<(), Failure> {
    stream.write_all(&[&varint(frame.len() as u64)[..], frame].concat()).await?;
    stream.flush().await?;
    Ok(())
}

async fn read_frame(stream: &mut Stream) -> Result<Vec<u8>, Failure> {
    let mut length = 0usize;
    for index in 0.. {
        let mut byte = [0u8];
        stream.read_exact(&mut byte).await?;
        if index > 4 {
            return Err("a length without an end".into());
        }
        length |= usize::from(byte[0] & 0x7f) << (7 * index);
        if byte[0] < 0x80 {
            break;
        }
    }
    if length > MAX_FRAME_BYTES {
        return Err(format!("a frame of {length} bytes").into());
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A length-delimited protobuf field, written also when it is empty.
fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [&varint(number << 3 | 2)[..], &varint(bytes.len() as u64), bytes].concat()
}

/// All fields of these messages are length-delimited; anything else is refused.
fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, &[u8])>, Failure> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = take_varint(&mut bytes)?;
        let length = take_varint(&mut bytes)? as usize;
        if key & 7 != 2 || length > bytes.len() {
            return Err("not a message".into());
        }
        let (value, rest) = bytes.split_at(length);
        found.push((key >> 3, value));
        bytes = rest;
    }
    Ok(found)
}

fn take_varint(bytes: &mut &[u8]) -> Result<u64, Failure> {
    let mut value = 0;
    for index in 0..10 {
        let (byte, rest) = bytes.split_first().ok_or("a message that was cut off")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number without an end".into())
}

fn find<'a>(fields: &[(u64, &'a [u8])], number: u64) -> Option<&'a [u8]> {
    fields.iter().find(|(found, _)| *found == number).map(|(_, value)| *value)
}
