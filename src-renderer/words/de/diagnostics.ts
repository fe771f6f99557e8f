import { formatWhole } from '../../format'
import type { Catalogue } from '..'
import { counted } from '../counted'

export const VERDICTS: Catalogue['VERDICTS'] = {
  pass: 'bestanden',
  warn: 'Warnung',
  fail: 'fehlgeschlagen',
  unknown: 'nicht bekannt',
}

export const DIAGNOSTICS: Catalogue['DIAGNOSTICS'] = {
  run: 'Erneut prüfen',
  running: 'Wird geprüft\u00a0…',
  lead: 'Was dieser Computer selbst prüfen kann und was der Knoten sagt, während er läuft.',
  checksTitle: 'Prüfungen',
  checking: 'Jeder Teil des Knotens wird geprüft. Das dauert einige Sekunden.',
  none: 'Der Knoten hat keine Prüfungen.',
  failed: 'Die Prüfungen konnten nicht laufen',
  all: (count) => counted(count, '# Prüfung', '# Prüfungen'),
  allPass: (all) => `${all}, alle bestanden.`,
  fail: (count) => `${formatWhole(count)} fehlgeschlagen`,
  warn: (count) => counted(count, '# Warnung', '# Warnungen'),
  unknown: (count) => `${formatWhole(count)} nicht prüfbar`,
}

export const FIXES: Catalogue['FIXES'] = {
  mend: { identity: 'Datei für andere sperren', port: 'Nächsten freien Port nehmen' },
  mendOther: 'Beheben',
  mending: 'Wird behoben\u00a0…',
  copyCommand: 'Befehl kopieren',
}

export const NOTICES: Catalogue['NOTICES'] = {
  title: 'Was andere Knoten diesem vorhalten',
  lead: 'Jeder Eintrag ist das Wort eines Knotens, mit dem, was er gesehen hat. Es folgt nur daraus, dass dieser Knoten dort seltener gefragt wird. Sagen mehrere dasselbe, lohnt ein Blick auf Arbeitsspeicher, Grafikkarte und Modelldatei.',
}

export const LOG: Catalogue['LOG'] = {
  title: 'Protokoll',
  search: 'Protokoll durchsuchen',
  level: 'Mindeststufe',
  levels: { debug: 'Alle', info: 'Infos', warn: 'Warnungen', error: 'Fehler' },
  follow: 'Mitlaufen',
  followHint: 'Die neueste Zeile im Blick behalten',
  copy: 'Kopieren',
  copied: 'Kopiert',
  copyFailed: 'Kopieren ist hier nicht erlaubt',
  empty: 'Noch nichts geschrieben.',
  loading: 'Protokoll wird gelesen\u00a0…',
  nothing: 'Keine Zeile passt.',
  clear: 'Alle zeigen',
  failed: 'Das Protokoll konnte nicht gelesen werden',
  region: 'Zeilen des Protokolls',
  lines: (count) => counted(count, '# Zeile', '# Zeilen'),
  some: (shown, all) => `${formatWhole(shown)} von ${all}`,
}
