/** Carries a generation through a chain of stages. One stream a pair of neighbours, many sessions on it. */
export const PIPELINE_PROTOCOL = '/espalier/pipeline/1'
/** The same frames, and those that replace one stage of a session (docs/routing.md). */
export const MENDING_PROTOCOL = '/espalier/pipeline/1.1'
/** The same frames; sessions are signed by their entry, and stages show that they may serve (docs/membership.md). */
export const BOUND_PROTOCOL = '/espalier/pipeline/1.2'

/** In the order in which peers offer them. */
export const PIPELINE_PROTOCOLS: readonly string[] = [BOUND_PROTOCOL, MENDING_PROTOCOL, PIPELINE_PROTOCOL]
