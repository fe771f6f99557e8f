import { MessageChannel } from 'node:worker_threads'

const closed = new MessageChannel().port1
closed.close()

/**
 * Gives the memory of a buffer that nobody will read again back now; the buffer is empty afterwards. V8 would wait
 * until about 64 MiB of such buffers lie about, since it hardly notices the small objects that hold them.
 *
 * What is transferred through a port leaves its owner, and nothing listens at a closed one: the message and its memory
 * are dropped at once. `ArrayBuffer.prototype.transfer` would do it too, but Node 20 does not have it.
 *
 * Leaves alone what shares its memory with other buffers: their bytes are not spent.
 */
export function freeSpent({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) closed.postMessage(null, [buffer])
}
