/** Why a message or a connection was not accepted. Counted, so that an operator can see that someone knocks. */
export const REFUSAL_REASONS = [
  'oversize',
  'malformed',
  'unknown-method',
  'forbidden',
  'bad-input',
  'bad-output',
  'busy',
  'bad-host',
  'bad-origin',
  'bad-token',
  'rate-limited',
  'too-many-clients',
  'slow-client',
] as const
export type RefusalReason = (typeof REFUSAL_REASONS)[number]
export type RefusalCounts = Record<RefusalReason, number>

export function emptyRefusalCounts(): RefusalCounts {
  return Object.fromEntries(REFUSAL_REASONS.map((reason) => [reason, 0])) as RefusalCounts
}
