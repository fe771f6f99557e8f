import { ERROR_CATALOGUE_DE } from './error-catalogue-de'
import type { NodePhrases } from './node-says'

export const NODE_SAYS_DE: NodePhrases = {
  errors: ERROR_CATALOGUE_DE,
  serving: (blocks) => `Stellt ${/[–,]/.test(blocks) ? 'die Blöcke' : 'Block'} ${blocks} bereit`,
  withProblem: (doing) => `${doing}, mit einem Problem`,
  doesNotWork: (doing) => `${doing}: gelingt nicht`,
  seenBy: (peers) => `Gesehen von ${peers}, die auch zurückgerufen haben.`,
  conversations: (count) =>
    count === '1' ? 'Gerade läuft 1 Unterhaltung durch ihn.' : `Gerade laufen ${count} Unterhaltungen durch ihn.`,
  and: 'und',
  phrases: {
    // Headlines
    Stopped: 'Angehalten',
    Stopping: 'Hält an',
    Serving: 'Stellt bereit',
    Starting: 'Startet',
    Resting: 'Ruht',
    'Safe mode': 'Abgesicherter Modus',
    'The node did not start': 'Der Knoten ist nicht gestartet',
    'Starting the demonstration': 'Startet die Demonstration',
    'Not part of a network yet': 'Noch in keinem Netzwerk',
    'Paused by you': 'Von Ihnen unterbrochen',
    'Nobody can confirm this node now': 'Niemand kann diesen Knoten gerade bestätigen',
    'Serving with a problem': 'Stellt bereit, mit einem Problem',
    'Connected, but not visible yet': 'Verbunden, aber noch nicht sichtbar',
    'Not approved': 'Nicht angenommen',
    Connecting: 'Verbindet sich',
    Registering: 'Meldet sich an',
    'Waiting for approval': 'Wartet auf Zustimmung',
    'Getting the model’s blocks': 'Holt die Blöcke des Modells',
    Loading: 'Lädt',
    'Testing the loaded blocks': 'Testet die geladenen Blöcke',
    Announcing: 'Macht sich bekannt',
    'Checking from outside': 'Prüft von außen',
    'Checking the way in': 'Prüft den Weg hinein',
    // What it means
    'This computer gives nothing to the network now': 'Dieser Computer gibt dem Netzwerk zurzeit nichts',
    'Taking leave: sessions end, records say offline':
      'Verabschiedet sich: Sitzungen enden, die Einträge sagen offline',
    'Looking for the network’s bootstrap peers': 'Sucht die Bootstrap-Peers des Netzwerks',
    'Telling the coordinator what this computer can give': 'Sagt dem Coordinator, was dieser Computer geben kann',
    'The host decides who joins': 'Der Host entscheidet, wer beitritt',
    'Only the assigned blocks are read, and every piece is hashed':
      'Nur die zugewiesenen Blöcke werden gelesen, und von jedem Stück wird der Hash geprüft',
    'llama.cpp is loading the slice': 'llama.cpp lädt den Ausschnitt',
    'A test pass must give the answer of the manifest': 'Ein Testdurchlauf muss die Antwort des Manifests ergeben',
    'Records go to the bootstraps and the nearest peers': 'Einträge gehen an die Bootstraps und die nächsten Peers',
    'Two other peers are asked to read the records back and to dial this node':
      'Zwei andere Peers sollen die Einträge zurücklesen und diesen Knoten anrufen',
    'Another peer is asked to reach the blocks on a new connection':
      'Ein anderer Peer soll die Blöcke über eine neue Verbindung erreichen',
    'The node was not started this time': 'Der Knoten wurde diesmal nicht gestartet',
    'This computer runs on its battery': 'Dieser Computer läuft im Akkubetrieb',
    'This connection is paid for by use': 'Diese Verbindung ist getaktet',
    'A program fills the whole screen': 'Ein Programm füllt den ganzen Bildschirm',
    'Somebody works at this computer': 'An diesem Computer wird gearbeitet',
    'These are the quiet hours that you chose': 'Jetzt sind die Ruhezeiten, die Sie gewählt haben',
    'The node has told the network and gave its memory back; it starts again by itself':
      'Der Knoten hat dem Netzwerk Bescheid gesagt und seinen Speicher freigegeben; er startet von selbst wieder',
    'A coordinator and two other nodes start on this computer':
      'Ein Coordinator und zwei weitere Knoten starten auf diesem Computer',
    'The coordinator is asked about its network': 'Der Coordinator wird nach seinem Netzwerk gefragt',
    'Choose a network to begin': 'Wählen Sie ein Netzwerk, um zu beginnen',
    // What is in the way of the whole model
    'No network is chosen': 'Kein Netzwerk ist gewählt',
    'The node on this computer is stopped': 'Der Knoten auf diesem Computer ist angehalten',
    'The host has no blocks for this node yet; it is on standby':
      'Der Host hat noch keine Blöcke für diesen Knoten; er ist in Reserve',
    'The host of the network has not approved this node yet':
      'Der Host des Netzwerks hat diesen Knoten noch nicht angenommen',
    'This node is looking for the network': 'Dieser Knoten sucht das Netzwerk',
    'This node is registering': 'Dieser Knoten meldet sich an',
    'The loaded shard is being tested': 'Der geladene Shard wird getestet',
    'The other shards are being discovered': 'Die anderen Shards werden gesucht',
    // What came when
    'Shard found and verified': 'Shard gefunden und geprüft',
    'Shard loaded': 'Shard geladen',
    'Test pass as expected': 'Testdurchlauf wie erwartet',
    Announced: 'Bekannt gemacht',
    'Seen by other nodes': 'Von anderen Knoten gesehen',
    'All shards discovered': 'Alle Shards gefunden',
    'Swarm ready': 'Schwarm bereit',
    // What comes next
    'Trying again by itself': 'Nächster Versuch von selbst',
    'Every source is asked again by itself': 'Jede Quelle wird von selbst erneut gefragt',
    'The engine is started again': 'Die Engine wird neu gestartet',
    'The host of the network has been told': 'Der Host des Netzwerks weiß davon',
    'The coordinator will drop you': 'Der Coordinator streicht diesen Knoten',
    'The coordinator is asked again': 'Der Coordinator wird erneut gefragt',
    'The records are written again': 'Die Einträge werden erneut geschrieben',
    'The records are renewed': 'Die Einträge werden erneuert',
    'Asking again shortly': 'Fragt in Kürze erneut',
    'Announcing again': 'Macht sich erneut bekannt',
    'Announcing again needs a pause, so that the network is not flooded':
      'Vor der nächsten Bekanntmachung eine Pause, damit das Netzwerk nicht überflutet wird',
    'Announcing again and asking others to look': 'Macht sich erneut bekannt und lässt andere nachsehen',
  },
}
