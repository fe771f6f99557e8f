import { type FormEvent, useState } from 'react'
import { useStore } from 'zustand'
import { FailureNote } from '../components/failure-note'
import { useNode } from '../components/hooks'
import { goTo } from '../router'
import type { AppStores } from '../stores/app-stores'
import { type Answers, WAYS, type Way } from '../stores/welcome-store'
import { say } from '../words'
import { isInvite } from '../words/welcome'
import type { Choice } from './choice'
import { NetworkEntry } from './network-entry'
import { useChoice } from './use-choice'
import { WizardBar } from './wizard-bar'

/** Which network. Nothing is joined here; what is looked at learns nothing about this computer. */
export function NetworkStep({ stores }: { stores: AppStores }) {
  const { isLive } = useNode(stores.node)
  const { settings, welcome } = stores
  const { way } = useStore(welcome.state)
  const { busy, failure } = useStore(settings.state)
  const savedName = useStore(settings.state, (state) => state.settings?.publicName)
  const [isTried, setTried] = useState(false)
  const choice = useChoice(stores)
  const answer = (patch: Partial<Answers>) => {
    welcome.answer(patch)
    // What was seen, was seen for other answers.
    settings.forgetPreview()
  }
  const advance = async () => {
    setTried(true)
    if (way === 'host') return goTo({ page: 'host' })
    if (choice.problem !== null || (choice.isAsked && choice.nameProblem !== null)) return
    if (choice.isMade) return goTo({ page: 'welcome', step: 'computer' })
    const { asked, publicName, insecure } = choice
    // What will be sent is shown with the name that will be sent.
    if (publicName !== savedName && !(await settings.save({ publicName }))) return
    await settings.look(asked, insecure)
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    void advance()
  }
  return (
    <form onSubmit={onSubmit} noValidate>
      <fieldset className="ways">
        <legend className="only-read">{say.WELCOME.steps.network.title}</legend>
        {WAYS.map((name) => {
          const isChosen = name === way
          return (
            <div key={name} className={isChosen ? 'card way is-chosen' : 'card way'}>
              <label className="choice">
                <input
                  type="radio"
                  name="way"
                  checked={isChosen}
                  onChange={() => {
                    setTried(false)
                    answer({ way: name, insecureWord: '' })
                  }}
                />
                <span>
                  <b>{say.WAYS[name].title}</b>
                  <span>{say.WAYS[name].text}</span>
                </span>
              </label>
              {isChosen && choice.isAsked && (
                <NetworkEntry stores={stores} choice={choice} isTried={isTried} onAnswer={answer} />
              )}
            </div>
          )
        })}
      </fieldset>
      {failure && <FailureNote failure={failure} />}
      <WizardBar back="what">
        {choice.isLooking && (
          <button type="button" className="button is-large" onClick={settings.forgetPreview}>
            {say.WELCOME.cancel}
          </button>
        )}
        <button
          type="submit"
          className="button is-primary is-large"
          disabled={busy !== null || choice.isLooking || !isLive}
        >
          {nextWords(way, choice)}
        </button>
      </WizardBar>
    </form>
  )
}

function nextWords(way: Way, { isMade, isLooking, asked }: Choice): string {
  if (way === 'host') return say.WELCOME.setUpHosting
  if (isMade) return say.WELCOME.goOn
  if (isLooking) return say.WELCOME.looking
  return isInvite(asked) ? say.WELCOME.lookAtInvite : say.WELCOME.look
}
