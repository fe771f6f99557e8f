import type { Catalogue } from '..'

export const FIELDS: Catalogue['FIELDS'] = {
  publicName: {
    label: 'Name, den andere sehen',
    hint: 'Er geht an den Coordinator und steht in den Einträgen des Netzwerks.',
    problem: 'Zwischen 1 und 64 Zeichen, ohne < und >.',
  },
  listenPort: {
    label: 'Port für andere Knoten',
    hint: 'Der erste Port, der versucht wird. Ist er belegt, wird der nächste freie genommen.',
    problem: 'Eine ganze Zahl zwischen 1.024 und 65.535.',
  },
  modelPath: {
    label: 'Modelldatei',
    hint: 'Ein ganzes Modell auf diesem Computer, aus dem Ihre Blöcke geschnitten werden; ein laufender Knoten sieht sofort hinein. Eine Demo bringt ihr eigenes mit.',
    problem: 'Höchstens 4.096 Zeichen.',
    placeholder: 'Keine gewählt',
  },
  threads: {
    label: 'Rechen-Threads',
    hint: 'Mehr ist schneller, bis der Prozessor ausgelastet ist; mehr, als er Kerne hat, wird abgelehnt. Bleibt das Feld leer, bleibt ein Kern frei.',
    problem: 'Eine ganze Zahl zwischen 1 und 512, oder leer.',
    placeholder: 'Automatisch',
  },
  offeredMemoryGb: {
    label: 'Angebotener Arbeitsspeicher, in GB',
    hint: 'Dem Coordinator wird nicht mehr als das genannt und nie mehr, als vorhanden ist. Bleibt das Feld leer, ist es die Hälfte.',
    problem: 'Eine ganze Zahl in GB, mindestens 1 und nicht mehr, als dieser Computer hat, oder leer.',
    placeholder: 'Die Hälfte',
  },
  gpuMemoryGb: {
    label: 'Speicher der Grafikkarte, in GB',
    hint: 'Blöcke, die mehr brauchen, bleiben auf dem Prozessor. Bleibt das Feld leer, darf alles Freie benutzt werden.',
    problem: 'Eine ganze Zahl in GB zwischen 1 und 4.096, oder leer.',
    placeholder: 'Was frei ist',
  },
  requestedBlocks: {
    label: 'Gewünschte Blöcke',
    hint: 'Wie viele Blöcke des Modells dieser Computer nehmen würde. Der Host entscheidet.',
    problem: 'Eine ganze Zahl zwischen 1 und 1.000, oder leer.',
    placeholder: 'Der Host entscheidet',
  },
  diskCapGb: {
    label: 'Speicherplatz für Modelle, in GB',
    hint: 'Ist er erreicht, geht zuerst, was am längsten nicht benutzt wurde; was in Gebrauch ist, bleibt. Gilt sofort. Bleibt das Feld leer, gibt es keine Grenze.',
    problem: 'Eine ganze Zahl in GB zwischen 1 und 1.000.000, oder leer.',
    placeholder: 'Keine Grenze',
  },
  downloadMbitPerS: {
    label: 'Laden mit höchstens, in Mbit/s',
    hint: 'Von anderen Knoten und Webservern zusammen. Gilt sofort.',
    problem: 'Eine ganze Zahl in Mbit/s zwischen 1 und 1.000.000, oder leer.',
    placeholder: 'Keine Grenze',
  },
  uploadMbitPerS: {
    label: 'Weitergeben mit höchstens, in Mbit/s',
    hint: 'An alle Knoten zusammen. Gilt sofort.',
    problem: 'Eine ganze Zahl in Mbit/s zwischen 1 und 1.000.000, oder leer.',
    placeholder: 'Keine Grenze',
  },
  contextTokens: {
    label: 'Längste Unterhaltung',
    hint: 'In Token, Prompt und Antwort zusammen. Mehr braucht mehr Speicher.',
    problem: 'Eine ganze Zahl zwischen 64 und 131.072.',
  },
  maxSequences: {
    label: 'Gleichzeitige Unterhaltungen',
    hint: 'Wie viele zugleich durch diesen Computer laufen dürfen.',
    problem: 'Eine ganze Zahl zwischen 1 und 64.',
  },
  proxyUrl: {
    label: 'Web-Proxy',
    hint: 'Coordinators, Webserver mit Modellen, die Karte und Update-Hinweise werden über ihn gefragt; andere Knoten nicht. Bleibt das Feld leer, gilt HTTPS_PROXY. NO_PROXY gilt immer.',
    problem: 'http://host:port oder https://host:port, ohne Name und Passwort. Die können in HTTPS_PROXY stehen.',
    placeholder: 'Keiner',
  },
  caFile: {
    label: 'Zusätzlich vertraute Zertifikate',
    hint: 'Eine PEM-Datei auf dem Computer des Knotens, für Netze, deren Proxy verschlüsselte Verbindungen öffnet.',
    problem: 'Höchstens 4.096 Zeichen.',
    placeholder: 'Keine',
  },
  logDays: {
    label: 'Protokolldateien behalten, in Tagen',
    hint: 'Gilt sofort.',
    problem: 'Eine ganze Zahl zwischen 1 und 3.650.',
  },
  logMib: {
    label: 'Alle Protokolldateien zusammen, in MiB',
    hint: 'Die ältesten gehen zuerst.',
    problem: 'Eine ganze Zahl zwischen 1 und 10.000.',
  },
}

export const SPEED: Catalogue['SPEED'] = {
  title: 'Schritte je Sekunde und Block',
  hint: 'Einzelne Token durch einen Block, wie andere Knoten es in den Einträgen dieses Knotens lesen',
  measured: 'Geschwindigkeit gemessen am',
}

export const COMPUTE: Catalogue['COMPUTE'] = {
  title: 'Rechnet auf',
  hint: 'Das Gerät, auf dem Ihre Blöcke liegen, nach dem Speicher, den es als belegt meldet',
  onProcessor: 'Läuft auf der CPU',
  label: 'Was rechnet',
  choiceHint:
    'Eine Grafikkarte ist viel schneller. Läuft keine, ist es der Prozessor, und die Übersicht nennt den Grund.',
  choices: {
    auto: 'Automatisch',
    cpu: 'Prozessor',
    cuda: 'NVIDIA (CUDA)',
    vulkan: 'Beliebige Karte (Vulkan)',
    metal: 'Apple (Metal)',
  },
}

export const SETTINGS: Catalogue['SETTINGS'] = {
  lead: 'Wie dieser Computer mitmacht.',
  sections: {
    node: 'Dieser Knoten',
    engine: 'Modell und Rechnen',
    files: 'Dateien und Leitung',
    web: 'Webzugang',
    log: 'Protokolldateien',
    accounts: 'Andere Dienste',
    window: 'Fenster',
    programs: 'Programme',
    checks: 'Andere prüfen',
    network: 'Netzwerk',
  },
  seedsLabel: 'Shards an andere Knoten weitergeben',
  seedsHint: 'Nur Stücke, die hier geprüft wurden, an Knoten desselben Netzwerks. Gilt sofort.',
  themeLabel: 'Farben',
  themeHint: 'Helles Papier, dunkle Rinde oder was das System sagt.',
  trayLabel: 'Weiterlaufen, wenn das Fenster geschlossen wird',
  trayHint: 'Der Knoten bleibt im Infobereich, wo das System einen hat.',
  placesLabel: 'Peers auf der Karte zeigen',
  placesHint:
    'Nach dem Land, in dem eine Internetadresse registriert ist. Es steht in einer Tabelle auf diesem Computer; niemand wird gefragt.',
  checksLabel: 'Antworten stichprobenartig prüfen',
  checksHint:
    'Ein Teil einer von 20 Antworten wird von einem anderen Knoten mit denselben Blöcken nachgerechnet. Das findet Knoten, die falsch rechnen; der gefragte kann diese Antwort ebenfalls lesen. Weicht ein Knoten ab, erfährt er den Grund. Gilt ab dem nächsten Start.',
  apiLabel: 'Programme auf diesem Computer fragen lassen',
  apiHint:
    'Programme für die API von OpenAI erreichen hier mit dem Schlüssel das Netzwerk. Jeder Knoten auf einer Route kann lesen, was sie fragen.',
  apiLanLabel: 'Und Programme im lokalen Netz',
  apiLanHint: 'Auch sie brauchen den Schlüssel. Er und der Text gehen dort unverschlüsselt über die Leitung.',
  apiAddress: 'Adresse',
  apiAddressHint: 'Die Basis-URL, nach der ein Programm fragt.',
  apiKey: 'Schlüssel',
  apiKeyHint: 'Wer ihn hat, kann das Netzwerk in Ihrem Namen benutzen. Ein Klick kopiert ihn.',
  save: 'Speichern',
  saving: 'Wird gespeichert\u00a0…',
  discard: 'Verwerfen',
  unsaved: 'Noch nicht gespeichert',
  problems: 'Einige Werte brauchen einen Blick',
  changed: 'Inzwischen hat jemand einen anderen Wert gespeichert',
  changedChoose: 'Wählen Sie am Feld, welcher gilt.',
  changedTo: (value) =>
    value === '' ? 'Inzwischen anderswo gespeichert: leer.' : `Inzwischen anderswo gespeichert: ${value}`,
  changedTake: 'Diesen nehmen',
  changedKeep: 'Meinen behalten',
  nextStart: 'Ein laufender Knoten benutzt sie ab seinem nächsten Start, sofern das Feld nichts anderes sagt.',
  saved: 'Gespeichert',
  leave: 'Netzwerk verlassen\u00a0…',
  leaveHint: 'Der Knoten hält an, und die Wahl wird vergessen. Identität und Dateien bleiben auf diesem Computer.',
  confirmTitle: 'Dieses Netzwerk verlassen?',
  confirmText:
    'Der Knoten verabschiedet sich und hält an; Antworten, die gerade durch ihn laufen, brechen ab. Für eine Rückkehr fragen Sie den Host erneut.',
  confirmTextDemo: 'Die Demo hält an. Sie können sie jederzeit wieder starten.',
  confirmYes: 'Verlassen',
  leaving: 'Wird verlassen\u00a0…',
  confirmNo: 'Bleiben',
  readOnly: 'Dieser Link zeigt die Einstellungen und kann sie nicht ändern.',
  loading: 'Einstellungen werden gelesen\u00a0…',
  languageLabel: 'Sprache',
  languageHint: 'Was der Knoten selbst meldet und das Protokoll bleiben englisch.',
  languages: { system: 'Wie das System', en: 'English', de: 'Deutsch' },
  noNetwork: 'Von der Befehlszeile genannt',
  noNetworkHint: 'Ohne Coordinator: Er beginnt mit den Peers, mit denen er gestartet wurde.',
  demo: 'Demo auf diesem Computer',
  demoHint: 'Ein kleines eigenes Netzwerk mit einem Beispielmodell.',
  apiAddressName: 'die Adresse',
  apiKeyName: 'den Schlüssel',
}
