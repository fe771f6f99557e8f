import { useEffect, useRef } from 'react'
import { useStore } from 'zustand'
import { FailureNote } from '../components/failure-note'
import { LabelledField } from '../components/labelled-field'
import { PreviewCard } from '../components/network-preview'
import type { AppStores } from '../stores/app-stores'
import type { Answers } from '../stores/welcome-store'
import { say } from '../words'
import { INVITE_EXAMPLE, URL_EXAMPLE } from '../words/welcome'
import type { Choice } from './choice'
import { LanList } from './lan-list'
import { ScanPicture } from './scan-picture'

interface NetworkEntryProps {
  stores: AppStores
  choice: Choice
  /** Somebody has pressed on: what is missing is said. */
  isTried: boolean
  onAnswer(patch: Partial<Answers>): void
}

/** What a way to a network of others needs, and what was found at its end. */
export function NetworkEntry({ stores, choice, isTried, onAnswer }: NetworkEntryProps) {
  const { settings, welcome } = stores
  const { way, invite, address, lanUrl, publicName, insecureWord } = useStore(welcome.state)
  const savedName = useStore(settings.state, (state) => state.settings?.publicName ?? '')
  const problem = isTried ? choice.problem : null
  return (
    <div className="way-more">
      {way === 'invite' && (
        <>
          <LabelledField
            label={say.WELCOME.inviteLabel}
            placeholder={INVITE_EXAMPLE}
            value={invite}
            problem={problem}
            // The word was for the address that stood there.
            onChange={(text) => onAnswer({ invite: text, insecureWord: '' })}
          />
          <ScanPicture onInvite={(link) => onAnswer({ invite: link, insecureWord: '' })} />
        </>
      )}
      {way === 'address' && (
        <LabelledField
          label={say.WELCOME.urlLabel}
          placeholder={URL_EXAMPLE}
          value={address}
          problem={problem}
          onChange={(text) => onAnswer({ address: text, insecureWord: '' })}
        />
      )}
      {way === 'lan' && (
        <LanList
          store={stores.lan}
          chosen={lanUrl}
          problem={problem}
          onChoose={(url) => onAnswer({ lanUrl: url, insecureWord: '' })}
        />
      )}
      <LabelledField
        label={say.WELCOME.nameLabel}
        hint={say.WELCOME.nameHint}
        value={publicName ?? savedName}
        problem={choice.nameProblem}
        onChange={(name) => onAnswer({ publicName: name })}
      />
      {choice.failure && <FailureNote failure={choice.failure} />}
      {choice.needsWord && (
        <LabelledField
          label={say.WELCOME.insecureLabel}
          hint={say.WELCOME.insecureHint}
          value={insecureWord}
          problem={null}
          onChange={(word) => welcome.answer({ insecureWord: word })}
        />
      )}
      {choice.network && <Seen choice={choice} />}
    </div>
  )
}

/** Comes into view by itself: below the fields, nobody would look for it. */
function Seen({ choice: { network } }: { choice: Choice }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  return <div ref={place}>{network && <PreviewCard network={network} />}</div>
}
