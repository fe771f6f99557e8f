import { formatWhole } from '../../format'
import type { Catalogue } from '..'

export const COMPUTER: Catalogue['COMPUTER'] = {
  title: 'Dieser Computer',
  notRunning: 'läuft nicht',
  hostMemory: ['Speicher, App', 'Von der App selbst belegter Arbeitsspeicher, wie ihn das System meldet'],
  engineMemory: ['Speicher, Engine', 'Belegter Arbeitsspeicher des Prozesses, der rechnet, mit Ihren Blöcken'],
  processor: ['Prozessor', 'App und Engine zusammen, über die letzte Messung'],
  cards: ['Grafikspeicher', 'Was alle Programme von den Karten belegen, die hier rechnen, wie deren Treiber es meldet'],
  network: [
    'Netz, Peers',
    'Über Verbindungen zu anderen Peers empfangen und gesendet, verschlüsselte Bytes. Was Coordinator und Webserver senden, zählt nicht mit',
  ],
  used: (used, total) => `${used} von ${total}`,
  inAll: (hint, total) => `${hint}. Insgesamt: ${total}`,
}

export const OVER: Catalogue['OVER'] = {
  memory: {
    lead: 'Mehr Speicher, als Sie anbieten',
    text: (used, cap) =>
      `App und Engine belegen ${used} von ${cap}. In den Einstellungen lassen sich weniger Blöcke anfordern oder mehr Speicher anbieten.`,
  },
  processor: {
    lead: 'Mehr Prozessor, als Sie erlauben',
    text: (used, cap) => `App und Engine lasten ${used} aus, von ${cap}. Was sonst noch läuft, sagt das Protokoll.`,
  },
}

export const GIVEN: Catalogue['GIVEN'] = {
  title: 'Gegeben',
  notRunning: 'läuft nicht',
  up: (span) => `Laufzeit ${span}`,
  tokens: 'bereitgestellte Token',
  requests: (count) => (count === 1 ? 'Anfrage' : 'Anfragen'),
  inAll: (count) => `${formatWhole(count)} über alle Läufe dieses Knotens`,
}
