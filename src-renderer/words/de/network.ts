import type { Catalogue } from '..'
import { counted } from '../counted'

export const DASHBOARD: Catalogue['DASHBOARD'] = {
  title: 'Netzwerk',
  pageTitle: (headline) => `${headline} · Espalier-Netzwerk`,
  demo: 'Demo',
  demoLine: 'Ein Netzwerk auf einem Computer; nichts davon ist echte Arbeit.',
  connectingHeadline: 'Der Coordinator wird gefragt',
  connectingText: 'Diese Seite hat noch nichts gehört.',
  awayHeadline: 'Der Coordinator antwortet nicht',
  awayText: 'Unten steht, was er zuletzt gesagt hat; es kann sich seitdem geändert haben.',
  awayNever: 'Diese Seite hat bisher nichts von ihm gehört.',
  lastNews: (age) => `Zuletzt gehört ${age}.`,
  tryingAgain: (when) => `Nächster Versuch ${when}.`,
  tryNow: 'Jetzt versuchen',
  changed: 'Geändert',
  readOnly: 'Nur lesen',
  readOnlyHint: 'Sie können zusehen. Wer das Admin-Token hat, kann entscheiden.',
  signIn: 'Ich bin der Host',
  signOut: 'Token zurückgeben',
  misfit:
    'Diese Seite und der Coordinator haben verschiedene Versionen; einiges von dem, was er sagt, wurde nicht verstanden.',
  reload: 'Seite neu laden',
  dismiss: 'Ausblenden',
  copyName: 'ein Worker, der ihn bereitstellt',
  noModelTitle: 'Kein Modell wird gehostet',
  noModelText: 'Starten Sie den Coordinator mit einem Manifest; dann wachsen hier seine Blöcke.',
}

export const NETWORK_STATE: Catalogue['NETWORK_STATE'] = {
  waiting: (workers) => (workers === 1 ? 'Ein Worker wartet auf den Host.' : `${workers} Worker warten auf den Host.`),
  whole: 'Jeder Block wird bereitgestellt',
  wholeText: (serving, leastCopies) => {
    const who = serving === 1 ? 'Ein Worker stellt' : counted(serving, '# Worker stellt', '# Worker stellen')
    const copies = leastCopies === 1 ? 'manche Blöcke nur einmal' : `jeden Block mindestens ${leastCopies}-mal`
    return `${who} nach eigener Angabe das ganze Modell bereit, ${copies}.`
  },
  nobodyYet: 'Noch stellt niemand einen Block bereit',
  arePreparing: 'Worker haben ihre Blöcke und bereiten sie vor.',
  notAssigned: 'Blöcke werden zugewiesen, wenn der Host Worker annimmt.',
  missing: (blocks, isOne, areMore) => `${blocks}${areMore ? ' und weitere' : ''} ${isOne ? 'fehlt' : 'fehlen'}`,
  missingAssigned: 'Sie sind zugewiesen; ihre Worker bereiten sie vor.',
  missingNobody: 'Niemand hat sie, also kommt kein Prompt hindurch.',
  preparing: (blocks) => `${blocks}: zugewiesen, noch nicht bereitgestellt.`,
  numbers: 'Das Netzwerk in Zahlen',
  covered: 'der Blöcke bereitgestellt',
  counts: {
    serving: 'stellen bereit',
    preparing: 'bereiten vor',
    standby: 'in Reserve',
    waiting: 'warten',
    offline: 'nicht verbunden',
  },
}

export const WORKER_STATES: Catalogue['WORKER_STATES'] = {
  serving: 'Stellt bereit',
  online: 'Bereitet vor',
  pending: 'Wartet',
  standby: 'In Reserve',
  offline: 'Offline',
  rejected: 'Abgelehnt',
}

export const WORKERS: Catalogue['WORKERS'] = {
  title: 'Alle Worker',
  noneTitle: 'Noch ist kein Worker gekommen',
  noneText:
    'Geben Sie die Adresse des Coordinators weiter. Wer sich anmeldet, erscheint hier und wartet auf die Entscheidung des Hosts.',
  noMatch: 'Kein Worker passt dazu.',
  filterLabel: 'Einen Worker suchen',
  filterPlaceholder: 'Name, ID, Gerät, Zustand',
  columns: {
    name: 'Name',
    state: 'Zustand',
    blocks: 'Blöcke und Grund',
    device: 'Gerät',
    heard: 'Gehört',
    tokens: 'Token',
  },
  blocksLead: 'Blöcke',
  tokensUnit: 'Token',
  actions: 'Aktionen',
  noName: 'Ohne Namen',
  unnamed: 'Diesen Worker',
  id: 'die Worker-ID',
  noDevice: 'Gerät nicht genannt',
  noMemory: 'kein Grafikspeicher',
  requests: (count) => counted(count, '# Anfrage', '# Anfragen'),
  undecided: 'Keine Blöcke, bevor der Host entschieden hat.',
  neverApproved: 'Nicht angenommen; er ist vorher gegangen.',
  rejected: 'Vom Host abgelehnt.',
  rejectedFor: (reason) => `Abgelehnt: ${reason}`,
  notNeeded: 'Zurzeit werden keine Blöcke von ihm gebraucht.',
}

export const LOAD_COMMAND: Catalogue['LOAD_COMMAND'] = {
  send: 'Erneut laden',
  sendLabel: (name) => `LOAD_SHARD erneut an ${name} senden`,
  cancel: 'Laden abbrechen',
  cancelLabel: (name) => `Abbrechen, was ${name} lädt`,
  sending: 'LOAD_SHARD wird gesendet\u00a0…',
  sendingAgain: (attempt, attempts) => `LOAD_SHARD wird gesendet, Versuch ${attempt} von ${attempts}`,
  answered: (answer) => `Antwort auf LOAD_SHARD: ${answer}`,
  answers: {
    loading: 'er lädt',
    downloading: 'er holt die Dateien',
    already_loaded: 'seine Blöcke sind geladen',
  },
  heard: 'er hat es gehört',
  bytes: (done, total) => `${done} von ${total}`,
  unreached: 'LOAD_SHARD hat ihn nicht erreicht',
  refused: 'LOAD_SHARD abgelehnt',
  cancelling: 'Er wird gebeten, das Laden zu beenden\u00a0…',
  cancelled: 'Das Laden wurde abgebrochen',
  uncancelled: 'Der Abbruch kam nicht an',
}

export const PENDING: Catalogue['PENDING'] = {
  title: 'Wartet auf Ihre Entscheidung',
  titleReader: 'Wartet auf den Host',
  requests: (count) => counted(count, '# Anfrage', '# Anfragen'),
  asked: 'gefragt',
  more: (count) => (count === 1 ? 'Dahinter wartet noch einer.' : `Dahinter warten noch ${count}.`),
}

export const DECIDING: Catalogue['DECIDING'] = {
  cancel: 'Abbrechen',
  approve: {
    title: (name) => `${name} annehmen?`,
    text: 'Er bekommt sofort Blöcke, wenn welche gebraucht werden, und beginnt sie zu laden.',
    reasonLabel: 'Ein Wort an den Betreiber (wenn Sie mögen)',
    reasonHint: 'Er liest es auf seinem Bildschirm.',
    yes: 'Annehmen',
    busy: 'Wird angenommen\u00a0…',
  },
  reject: {
    title: (name) => `${name} ablehnen?`,
    text: 'Er bekommt keine Blöcke, und die er hat, gehen zurück. Der Betreiber kann erneut fragen.',
    reasonLabel: 'Warum? Der Betreiber liest es auf seinem Bildschirm',
    reasonHint: 'Zum Beispiel: Dieses Netzwerk ist für Mitglieder des Lesekreises.',
    yes: 'Ablehnen',
    busy: 'Wird abgelehnt\u00a0…',
  },
  remove: {
    title: (name) => `${name} entfernen?`,
    text: 'Seine Blöcke und sein Zugang enden, und er verlässt die Liste, auch mit einer Ablehnung. Seine App kann erneut fragen; lehnen Sie ihn ab, wenn er draußen bleiben soll.',
    reasonLabel: 'Warum? Es bleibt in der Liste der Entscheidungen',
    reasonHint: 'Zum Beispiel: Dieser Computer wurde verkauft.',
    yes: 'Entfernen',
    busy: 'Wird entfernt\u00a0…',
  },
}

export const DECIDED: Catalogue['DECIDED'] = {
  registered: 'bat um Beitritt',
  approved: 'angenommen',
  'load-acknowledged': 'soll laden',
  'load-cancelled': 'Laden abgebrochen',
  rejected: 'abgelehnt',
  assigned: 'bekam Blöcke',
  moved: 'bekam andere Blöcke',
  standby: 'in Reserve gestellt',
  offline: 'verstummt',
  returned: 'kam zurück',
  left: 'ging',
  removed: 'entfernt',
  revoked: 'wartet wieder',
  forgotten: 'wurde vergessen',
  quantization: 'Quantisierung geändert',
  'target-workers': 'Empfohlene Aufteilung geändert',
}

/** As the coordinator writes them down. */
const BY: ReadonlyMap<string, string> = new Map([
  ['the host', 'vom Host'],
  ['the coordinator', 'vom Coordinator'],
  ['worker', 'vom Worker'],
])

export const DECISIONS: Catalogue['DECISIONS'] = {
  title: 'Entscheidungen',
  none: 'Noch wurde nichts entschieden. Hier steht, wer was wann und warum entschieden hat.',
  by: (what, who) => `${what} ${BY.get(who) ?? `von ${who}`}`,
}

export const USAGE: Catalogue['USAGE'] = {
  title: 'Letzte Anfragen',
  none: 'Noch hat niemand eine Anfrage gemeldet. Clients können es, müssen aber nicht.',
  served: (tokens) => `${tokens} Token haben Worker bisher geliefert`,
  columns: { who: 'Gefragt von', prompt: 'Eingabe', answer: 'Antwort', workers: 'Worker', when: 'Wann' },
  somebody: 'jemand',
}

export const CONTROLS: Catalogue['CONTROLS'] = {
  title: 'Neue Zuweisungen',
  hint: 'Gilt für neue Zuweisungen. Worker behalten die Blöcke, die sie haben.',
  target: 'Empfohlene Aufteilung',
  targetHint: 'In wie viele Bereiche das Modell geteilt wird. Ein Rat, keine Grenze.',
  saveTarget: 'Empfohlene Aufteilung speichern',
  quantization: 'Quantisierung',
  quantizationHint: 'Von den Modellen, die hier gehostet werden, das, dessen Blöcke vergeben werden.',
  quantizationOnly: 'Hosten Sie das Modell auch in anderen Quantisierungen, dann können Sie wählen.',
  saveQuantization: 'Quantisierung speichern',
  save: 'Speichern',
  saving: 'Wird gespeichert\u00a0…',
}

export const TOKEN_DIALOG: Catalogue['TOKEN_DIALOG'] = {
  title: 'Das Token des Hosts',
  text: 'Der Coordinator hat es einmal ausgegeben, beim ersten Start. Es bleibt in diesem Tab und geht nur an diesen Coordinator. Ist es verloren, starten Sie den Coordinator mit --reset-admin-token.',
  label: 'Admin-Token',
  refused: 'Der Coordinator kennt dieses Token nicht. Vergleichen Sie es bis zum letzten Zeichen mit dem ausgegebenen.',
  yes: 'Benutzen',
  no: 'Abbrechen',
}

export const INVITES: Catalogue['INVITES'] = {
  title: 'Einladungen',
  text: 'Ein Link, der einen Worker ohne zweite Frage hereinlässt. Er gilt einmal und endet von selbst.',
  label: 'Für wen (eine Notiz für Sie)',
  lifetime: 'Wie lange sie gilt',
  lifetimes: { hour: '1 Stunde', day: '1 Tag', week: '7 Tage' },
  make: 'Einladung erstellen',
  show: 'Zeigen',
  showOf: (name) => `${name} zeigen`,
  revoke: 'Widerrufen',
  revokeOf: (name) => `${name} widerrufen`,
  revokeTokenOf: (name) => `Das Token von ${name} widerrufen`,
  tokenHint: 'Wird eines widerrufen, endet die Zusage seines Workers: Er wartet wieder auf Sie, ohne Blöcke.',
  untitled: 'Eine Einladung',
  use: 'Öffnen Sie sie auf dem anderen Computer oder scannen Sie sie. Wer sie zuerst hat, kann sie einmal benutzen.',
  ends: (when) => `endet ${when}`,
  itEnds: (when) => `Sie endet ${when}.`,
  usedBy: (name) => `benutzt von ${name}`,
  states: { used: 'benutzt', revoked: 'widerrufen', expired: 'abgelaufen' },
  pictureAlt: 'Die Einladung als QR-Code',
  copy: 'Link kopieren',
  copyName: 'die Einladung',
  done: 'Fertig',
  tokens: (count) => counted(count, '# Zugangstoken in Gebrauch', '# Zugangstoken in Gebrauch'),
}
