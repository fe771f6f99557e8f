/** KwaaiNet's protocols beside the DHT: one unary call each, in hivemind's framing (`docs/protocols.md`). */
export const INFERENCE_PROTOCOL = '/kwaai/inference/1.0.0'
export const HELLO_PROTOCOL = '/kwaai/p2p/hello/1.0.0'

/** What a node without its blocks answers; callers there read it and ask again. */
export const WARMING_UP = 'node warming up — model loading in background'
