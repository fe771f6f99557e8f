// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import { createStore } from 'zustand'
import { appViewOf } from '../../e2e/support/view-fixtures'
import type { AppViewStore } from '../stores/app-view-store'
import { say } from '../words'
import { InviteQuestion } from './invite-question'

afterEach(cleanup)

function open(isInsecure: boolean) {
  const invite = { coordinatorUrl: 'http://192.168.1.5:8000', networkId: 'n1', expiresAt: 2e12, isInsecure }
  const answerInvite = vi.fn(async () => true)
  const state = createStore(() => ({ view: { ...appViewOf(0), invite }, busy: null, failure: null }))
  const store = { state, answerInvite, update: vi.fn(), chooseFile: vi.fn() } as Partial<AppViewStore> as AppViewStore
  render(<InviteQuestion store={store} />)
  // Closed dialogs are hidden from roles, and this DOM opens none.
  const join = screen.getByText<HTMLButtonElement>(say.INVITED.yes)
  return { answerInvite, join }
}

it('an invite that leads over plain http is joined only with the word of consent', async () => {
  const { answerInvite, join } = open(true)
  expect(join.disabled).toBe(true)
  fireEvent.change(screen.getByLabelText(say.WELCOME.insecureLabel), { target: { value: say.WELCOME.insecureWord } })
  expect(join.disabled).toBe(false)
  await act(async () => fireEvent.click(join))
  expect(answerInvite).toHaveBeenCalledWith(true, true)
})

it('an encrypted one asks for no word', async () => {
  const { answerInvite, join } = open(false)
  expect(screen.queryByLabelText(say.WELCOME.insecureLabel)).toBeNull()
  await act(async () => fireEvent.click(join))
  expect(answerInvite).toHaveBeenCalledWith(true, false)
})
