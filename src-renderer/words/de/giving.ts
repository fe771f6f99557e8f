import type { Catalogue } from '..'
import { counted } from '../counted'

export const GIVING: Catalogue['GIVING'] = {
  thereIs: 'Was vorhanden ist',
  looking: 'Das System wird gefragt und nach Grafikkarten gesucht\u00a0…',
  lookFailed: 'Was vorhanden ist, ließ sich nicht lesen',
  again: 'Noch einmal versuchen',
  processor: 'Prozessor',
  cores: (name, cores) => [name, counted(cores, '# Kern', '# Kerne')].filter(Boolean).join(', '),
  memory: 'Arbeitsspeicher',
  cards: 'Grafikkarte',
  noCard: 'keine, die rechnen könnte; das übernimmt der Prozessor',
  card: (name, free, total) => `${name}, ${free} von ${total} frei`,
  disk: 'Festplatte',
  free: (bytes) => `${bytes} frei`,
  speed: 'Tempo',
  timing: 'Die Zeit mit dem Beispielmodell wird gemessen\u00a0…',
  notTimed: 'nicht gemessen',
  timingFailed: 'Die Zeit ließ sich nicht messen',
  timed: (rate, model, size, threads) =>
    `${rate} Token/s mit ${counted(threads, '# Thread', '# Threads')}, durch das Beispielmodell ${model} mit ${size}. Echte Modelle sind weit größer und langsamer.`,
  title: 'Was Sie geben',
  memoryHint: 'Was Blöcke und Gespräche belegen dürfen. Üblich ist die Hälfte: Der Computer bleibt Ihrer.',
  partOf: (part, total) => `${part} von ${total}`,
  cardMemory: 'Grafikspeicher',
  cardMemoryHint: 'Was Blöcke von der Karte belegen dürfen, die rechnet.',
  allFree: 'alles, was frei ist',
  threads: 'Rechenkerne',
  threadsHint: 'Kerne, die zugleich rechnen. Üblich ist einer weniger, als es gibt.',
  threadsOf: (threads, cores) => `${threads} von ${cores}`,
  allCores: (cores) => `alle ${cores}: Für anderes bleibt kein Kern, und die meisten Computer werden dadurch langsamer`,
  diskHint: 'Was Modelle höchstens belegen dürfen. Nicht mehr Gebrauchtes macht zuerst Platz.',
  capped: (bytes) => `höchstens ${bytes}`,
  noCap: (free) => `so viel, wie da ist: ${free}`,
}

export const COMING: Catalogue['COMING'] = {
  title: 'Was dann geschieht',
  demo: 'Zwei weitere Knoten und ein Coordinator starten auf diesem Computer. Das Beispielmodell liegt schon hier: Nichts wird geladen, und nichts verlässt diesen Computer.',
  asked: 'Der Host wird gefragt und entscheidet, wann es ihm passt. Sie können dieses Fenster inzwischen schließen.',
  invited: 'Die Einladung lässt diesen Computer sofort ein.',
  fetched: 'Er bekommt Blöcke, lädt sie und prüft jedes Stück.',
  online: 'Er nimmt sie in den Speicher und rechnet eine Probe. Erst wenn deren Antwort stimmt, meldet er sich online.',
  unknown:
    'Wie viel das zu laden ist, sagt dieser Coordinator vorher nicht. Sie sehen es beim Laden und können es anhalten.',
  atMost: (blocks, all, bytes, whole) =>
    `Mit dem, was Sie geben, sind das höchstens ${blocks} von ${counted(all, '# Block', '# Blöcken')} und ${bytes} zu laden${whole === null ? '' : ` von einem Modell mit ${whole}`}.`,
  noneFits: (bytes) =>
    `Ein Block hat ${bytes}, mehr als Sie geben. Der Host hat für diesen Computer vielleicht keine Verwendung.`,
  tooMuch:
    'Auf der Festplatte ist dafür kein Platz. Geben Sie mehr davon, sonst weist der Host zu, was sich nicht laden lässt.',
}
