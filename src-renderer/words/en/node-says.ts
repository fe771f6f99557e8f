import type { NodePhrases } from '../../../src-shared/node-says'

/** The node speaks English by itself. */
export const NODE_SAYS: NodePhrases | null = null
