import { expect, it } from 'vitest'
import { EspalierError } from '../../src-shared/errors'
import { createStepWindow, WINDOW_STEPS } from './step-window'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function full() {
  const window = createStepWindow()
  for (let chunk = 0; chunk < WINDOW_STEPS; chunk++) await window.take()
  const story: string[] = []
  const note = (name: string, work: Promise<void>) =>
    work.then(
      () => void story.push(name),
      (error: unknown) => void story.push(`${name}: ${error instanceof EspalierError ? error.code : error}`),
    )
  return { window, story, note }
}

it('lets as many chunks go as may be under way, and the next one when one of them is computed', async () => {
  const { window, story, note } = await full()
  void note('another', window.take())
  await turn()
  expect(story).toEqual([])
  window.onTaken()
  await turn()
  expect(story).toEqual(['another'])
  void note('one more', window.take())
  await turn()
  expect(story).toEqual(['another'])
})

it('is idle when the last of them is computed, and not before', async () => {
  const { window, story, note } = await full()
  void note('idle', window.idle())
  for (let chunk = 1; chunk < WINDOW_STEPS; chunk++) window.onTaken()
  await turn()
  expect(story).toEqual([])
  window.onTaken()
  await turn()
  expect(story).toEqual(['idle'])
  await window.idle()
})

it('a neighbour that says more often than it was asked that it is done gets no larger window', async () => {
  const window = createStepWindow()
  for (let surplus = 0; surplus < 5; surplus++) window.onTaken()
  for (let chunk = 0; chunk < WINDOW_STEPS; chunk++) await window.take()
  const story: string[] = []
  void window.take().then(() => void story.push('went'))
  await turn()
  expect(story).toEqual([])
})

it('its end reaches whoever waits, and whoever comes later, with the first reason', async () => {
  const { window, story, note } = await full()
  void note('chunk', window.take())
  void note('idle', window.idle())
  window.end(new EspalierError('STAGE_LOST'))
  window.end(new EspalierError('CANCELLED'))
  void note('late', window.take())
  void note('late idle', window.idle())
  await turn()
  expect(story.toSorted()).toEqual([
    'chunk: STAGE_LOST',
    'idle: STAGE_LOST',
    'late idle: STAGE_LOST',
    'late: STAGE_LOST',
  ])
})
