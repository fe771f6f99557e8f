import * as z from 'zod/mini'

const count = z.int().check(z.minimum(0))

/** Streams of one libp2p protocol since the node started. */
export const ProtocolCountSchema = z.object({
  protocol: z.string().check(z.maxLength(300)),
  /** Opened by us. */
  opened: count,
  /** Opened by others, to us. */
  accepted: count,
  /** Not closed yet. */
  open: count,
})
export type ProtocolCount = z.infer<typeof ProtocolCountSchema>

/** What a running node talks with others, by protocol, and whether libp2p's own words are written down. */
export const NetworkTalkSchema = z.object({
  protocols: z.array(ProtocolCountSchema).check(z.maxLength(100)),
  /** When the verbose log ends by itself, ms since the epoch; null while it is off. */
  verboseUntil: z.nullable(z.number()),
})
export type NetworkTalk = z.infer<typeof NetworkTalkSchema>
