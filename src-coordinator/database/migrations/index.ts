import type { Migration } from '../migration'
import { roster } from './0001-roster'
import { sharedControl } from './0002-shared-control'
import { membership } from './0010-membership'
import { bootstrapPeers } from './0011-bootstrap-peers'
import { servedRequests } from './0012-served-requests'

/** In order. Entries are only ever appended, and keep their names. */
export const MIGRATIONS: readonly Migration[] = [roster, sharedControl, membership, bootstrapPeers, servedRequests]
