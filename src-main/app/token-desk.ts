import { EspalierError } from '../../src-shared/errors'
import { FOUND_TOKEN_NAMES, TokenSchema, type TokenView } from '../../src-shared/file-views'
import type { SecretStore } from '../storage/secret-store'
import { writing } from '../storage/write-error'

/** The Hugging Face token: kept, forgotten, and taken from the environment when somebody says so. */
export interface TokenDesk {
  view(): Promise<TokenView>
  /** Null forgets it. */
  set(token: string | null): Promise<TokenView>
  /** Keeps the one that stands in the environment. Throws BAD_ARGUMENT when there is none. */
  takeFound(): Promise<TokenView>
}

/**
 * A variable that some other program needs is no consent: what stands in `env` is named and not used (H-39), and its
 * value crosses to no page.
 */
export function createTokenDesk(
  secrets: SecretStore,
  env: Readonly<Record<string, string | undefined>> = process.env,
): TokenDesk {
  const found = () => FOUND_TOKEN_NAMES.find((name) => TokenSchema.safeParse(env[name]?.trim()).success) ?? null

  async function view(): Promise<TokenView> {
    const protection = await secrets.protection('huggingFaceToken')
    const isSet = protection !== null
    return { isSet, protection, offered: secrets.offered(), found: isSet ? null : found() }
  }
  async function set(token: string | null): Promise<TokenView> {
    await writing('SETTINGS_NOT_SAVED', () => secrets.set('huggingFaceToken', token))
    return view()
  }
  return {
    view,
    set,
    async takeFound() {
      const name = found()
      const token = name === null ? undefined : env[name]?.trim()
      if (token === undefined) throw new EspalierError('BAD_ARGUMENT', 'there is no token in the environment')
      return set(token)
    },
  }
}
