import type { OthersSee, StatusShape } from '../../src-shared/status'
import { say } from '.'

type LookState = OthersSee['steps'][number]['state']

const SHAPES: Readonly<Record<LookState, StatusShape>> = { pass: 'visible', fail: 'problem', unknown: 'waiting' }

export function lookWords(state: LookState): { word: string; shape: StatusShape } {
  return { word: say.LOOK_STATES[state], shape: SHAPES[state] }
}
