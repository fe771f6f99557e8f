import { type FormEvent, useCallback, useEffect, useState } from 'react'
import { useNow } from '../../src-renderer/components/hooks'
import { StatusShapeIcon } from '../../src-renderer/components/status-shape'
import { formatIn } from '../../src-renderer/format'
import { say } from '../../src-renderer/words'
import type { QrPicture } from '../../src-shared/qr-picture'
import type { StatusShape } from '../../src-shared/status'
import type { DashboardStore } from '../dashboard-store'
import {
  type AccessToken,
  type Invite,
  invitePicture,
  type Membership,
  makeInvite,
  readMembership,
} from '../membership'
import { LIFETIMES, named } from '../words'
import { InviteDialog } from './invite-dialog'

const SHOWN = 8
const SHAPES: Readonly<Record<string, StatusShape>> = { open: 'waiting', used: 'visible' }

export interface InvitesProps {
  store: DashboardStore
  isBusy: boolean
  /** Changes when somebody may have used an invite, or got a token. */
  version: number
  nicknameOf(workerId: string): string | null
}

/** Links that let one worker in without a second question, and the tokens that workers were given. */
export function Invites({ store, isBusy, version, nicknameOf }: InvitesProps) {
  const [membership, setMembership] = useState<Membership | null>(null)
  const [shown, setShown] = useState<{ invite: Invite; picture: QrPicture | null } | null>(null)
  const [label, setLabel] = useState('')
  const [lifetimeMs, setLifetimeMs] = useState<number>(LIFETIMES[1].ms)
  const read = useCallback(() => {
    // What can't be read now is read with the next change; the page says elsewhere that the contact is lost.
    readMembership(store.api).then(setMembership, () => undefined)
  }, [store])
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when something changed
  useEffect(read, [read, version])

  const show = (invite: Invite) => {
    setShown({ invite, picture: null })
    invitePicture(store.api, invite.invite_id).then(
      (picture) => setShown((now) => (now?.invite.invite_id === invite.invite_id ? { invite, picture } : now)),
      () => undefined,
    )
  }
  const make = async (event: FormEvent) => {
    event.preventDefault()
    const made = await store.act('invite', async (api) => show(await makeInvite(api, label.trim(), lifetimeMs)))
    if (made) setLabel('')
    read()
  }
  const remove = async (path: string) => {
    await store.act('revoke', (api) => api.call('DELETE', path))
    read()
  }
  const tokens = (membership?.tokens ?? []).filter(({ revoked_at_ms }) => revoked_at_ms === null)

  return (
    <section className="card" aria-labelledby="invites-title">
      <div className="card-head">
        <h2 id="invites-title">{say.INVITES.title}</h2>
      </div>
      <p className="fine is-strong">{say.INVITES.text}</p>
      <form className="invite-form" onSubmit={(event) => void make(event)}>
        <input
          className="field"
          aria-label={say.INVITES.label}
          placeholder={say.INVITES.label}
          maxLength={80}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
        <select
          className="field"
          aria-label={say.INVITES.lifetime}
          value={lifetimeMs}
          onChange={(event) => setLifetimeMs(Number(event.target.value))}
        >
          {LIFETIMES.map(({ ms, name }) => (
            <option key={ms} value={ms}>
              {say.INVITES.lifetimes[name]}
            </option>
          ))}
        </select>
        <button type="submit" className="button" disabled={isBusy}>
          {say.INVITES.make}
        </button>
      </form>
      {membership && membership.invites.length > 0 && (
        <ul className="grants" aria-label={say.INVITES.title}>
          {membership.invites.slice(0, SHOWN).map((invite) => (
            <InviteRow
              key={invite.invite_id}
              invite={invite}
              isBusy={isBusy}
              nicknameOf={nicknameOf}
              onShow={() => show(invite)}
              onRevoke={() => void remove(`invites/${encodeURIComponent(invite.invite_id)}`)}
            />
          ))}
        </ul>
      )}
      {tokens.length > 0 && (
        <details className="token-list">
          <summary>{say.INVITES.tokens(tokens.length)}</summary>
          <p className="fine">{say.INVITES.tokenHint}</p>
          <ul className="grants" aria-label={say.INVITES.tokens(tokens.length)}>
            {tokens.slice(0, SHOWN).map((token) => (
              <TokenRow
                key={token.jti}
                token={token}
                isBusy={isBusy}
                nickname={nicknameOf(token.worker_id ?? '')}
                onRevoke={() => void remove(`tokens/${encodeURIComponent(token.jti)}`)}
              />
            ))}
          </ul>
        </details>
      )}
      {shown && shown.invite.link !== null && (
        <InviteDialog
          label={shown.invite.label}
          link={shown.invite.link}
          picture={shown.picture}
          expiresAt={shown.invite.expires_at_ms}
          onClose={() => setShown(null)}
        />
      )}
    </section>
  )
}

interface InviteRowProps {
  invite: Invite
  isBusy: boolean
  nicknameOf(workerId: string): string | null
  onShow(): void
  onRevoke(): void
}

function InviteRow({ invite, isBusy, nicknameOf, onShow, onRevoke }: InviteRowProps) {
  const now = useNow()
  const { label, state, expires_at_ms, redeemed_by } = invite
  const name = label === '' ? say.INVITES.untitled : label
  const usedBy = redeemed_by === null ? null : (nicknameOf(redeemed_by) ?? redeemed_by)
  return (
    <li>
      <StatusShapeIcon shape={SHAPES[state] ?? 'stopped'} size={16} />
      <p>
        <b>{name}</b>{' '}
        <span className="fine">
          {state === 'open'
            ? say.INVITES.ends(formatIn(expires_at_ms - now))
            : usedBy
              ? say.INVITES.usedBy(usedBy)
              : (named(say.INVITES.states, state) ?? state)}
        </span>
      </p>
      {state === 'open' && (
        <div className="grant-actions">
          <button
            type="button"
            className="button is-small"
            aria-label={say.INVITES.revokeOf(name)}
            disabled={isBusy}
            onClick={onRevoke}
          >
            {say.INVITES.revoke}
          </button>
          <button type="button" className="button is-small" aria-label={say.INVITES.showOf(name)} onClick={onShow}>
            {say.INVITES.show}
          </button>
        </div>
      )}
    </li>
  )
}

interface TokenRowProps {
  token: AccessToken
  isBusy: boolean
  nickname: string | null
  onRevoke(): void
}

function TokenRow({ token, isBusy, nickname, onRevoke }: TokenRowProps) {
  const now = useNow()
  const name = nickname ?? token.worker_id ?? token.jti
  return (
    <li>
      <StatusShapeIcon shape="visible" size={16} />
      <p>
        <b>{name}</b> <span className="fine">{say.INVITES.ends(formatIn(token.expires_at_ms - now))}</span>
      </p>
      <button
        type="button"
        className="button is-small"
        aria-label={say.INVITES.revokeTokenOf(name)}
        disabled={isBusy}
        onClick={onRevoke}
      >
        {say.INVITES.revoke}
      </button>
    </li>
  )
}
