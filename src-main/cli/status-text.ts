import { formatBlocks } from '../../src-shared/blocks'
import { isoTime } from '../../src-shared/clock'
import type { NodeStatus, SpeedView, StatusShape, Step } from '../../src-shared/status'
import { textStrip } from '../../src-shared/text-strip'

/** The shapes of the window, as characters: never colour alone. */
const SHAPES: Record<StatusShape, string> = {
  visible: '●',
  working: '◔',
  waiting: '◌',
  degraded: '◐',
  problem: '◣',
  stopped: '○',
}
const STEP_SHAPES: Record<Step['state'], string> = {
  idle: '·',
  waiting: '◌',
  working: '◔',
  done: '●',
  degraded: '◐',
  failed: '◣',
}

/** Control characters but the line feed. */
const CONTROL = /(?!\n)[\p{Cc}\p{Cf}]/gu

/** Prints the headline whenever it changes. */
export function printStatus(out: (line: string) => void): (status: NodeStatus) => void {
  let last = ''
  return ({ shape, headline, sentence }) => {
    const line = `${SHAPES[shape]} ${headline}. ${sentence}`
    if (line !== last) out(line)
    last = line
  }
}

/** The whole status for a terminal: the same object that window and tray show. */
export function statusText(status: NodeStatus): string {
  // Names come from other people; nothing that steers a terminal may come along.
  return textOf(status).replaceAll(CONTROL, ' ')
}

function textOf(status: NodeStatus): string {
  const { shape, headline, sentence, publicName, peerId, model, blocks, watermark, speed } = status
  return [
    `${SHAPES[shape]} ${headline}${watermark ? `  [${watermark}]` : ''}`,
    `  ${sentence}`,
    '',
    `  ${publicName}  ${peerId ?? ''}`,
    ...(model ? [`  ${model.name}  ${textStrip(status)}  ${blocks ? `blocks ${formatBlocks(blocks)}` : ''}`] : []),
    ...(speed ? [`  ${speedLine(speed)}`] : []),
    '',
    ...status.steps.flatMap(stepLines),
  ].join('\n')
}

/** A number says when it was measured, and on what: it may be older than this start. */
function speedLine({ inferenceRps, forwardRps, measuredAt, device }: SpeedView): string {
  const [steps, tokens] = [inferenceRps, forwardRps].map((rate) => Number(rate.toPrecision(3)))
  const when = isoTime(measuredAt).slice(0, 16).replace('T', ' ')
  return `${steps} steps and ${tokens} batch tokens a second and block, measured on ${when} UTC, ${device}`
}

function stepLines({ name, state, evidence, blocker }: Step): string[] {
  return [
    `  ${STEP_SHAPES[state]} ${name.padEnd(9)} ${state}`,
    ...evidence.map(({ by, value }) => `      ${by}: ${value}`),
    ...(blocker ? [`      ${blocker.cause}. ${blocker.action} (${blocker.code})`] : []),
  ]
}
