import type { ErrorCode } from './error-catalogue'

/** The error catalogue in German. On wires and in the log stands the English one. */
export const ERROR_CATALOGUE_DE: Readonly<Record<ErrorCode, { cause: string; action: string }>> = {
  INTERNAL: {
    cause: 'Etwas Unerwartetes ist fehlgeschlagen',
    action: 'Sehen Sie ins Protokoll; geschieht es wieder, melden Sie es mit dem Protokoll.',
  },
  CANCELLED: { cause: 'Die Arbeit wurde abgebrochen', action: 'Starten Sie sie erneut, wenn Sie möchten.' },
  TIMED_OUT: {
    cause: 'Es kam nicht rechtzeitig eine Antwort',
    action: 'Prüfen Sie die Verbindung; die App versucht es von selbst erneut, wo sie kann.',
  },
  BAD_ARGUMENT: {
    cause: 'Ein Wert wurde nicht verstanden',
    action: 'Berichtigen Sie den Wert und versuchen Sie es erneut.',
  },
  DATA_DIR_UNUSABLE: {
    cause: 'Das Datenverzeichnis kann nicht benutzt werden',
    action: 'Wählen Sie ein anderes mit --data-dir oder machen Sie dieses beschreibbar.',
  },
  DATA_DIR_OPEN: {
    cause: 'Andere Benutzer dieses Computers können in das Datenverzeichnis sehen',
    action: 'Wählen Sie mit --data-dir einen eigenen Ordner oder nehmen Sie ihnen die Rechte daran (chmod 700).',
  },
  IDENTITY_UNREADABLE: {
    cause: 'Die Identitätsdatei kann nicht gelesen werden',
    action:
      'Holen Sie die aufbewahrte Kopie zurück oder importieren Sie eine Sicherung. Von selbst wird sie nie ersetzt: Der Knoten würde ein anderer.',
  },
  IDENTITY_MISSING: {
    cause: 'Die Identität dieses Knotens ist weg, obwohl es eine gab',
    action:
      'Holen Sie die aufbewahrte Kopie zurück, importieren Sie eine Sicherung oder beginnen Sie mit einer neuen Identität; von selbst wird nichts gewählt.',
  },
  IDENTITY_NONE: {
    cause: 'Es gibt noch keine Identität',
    action: 'Sie entsteht beim ersten Start des Knotens.',
  },
  IDENTITY_BACKUP_INVALID: {
    cause: 'Die Datei ist keine Sicherung einer Identität',
    action: 'Wählen Sie die Datei, die „Exportieren“ geschrieben hat. Es wurde nichts geändert.',
  },
  IDENTITY_BACKUP_LOCKED: {
    cause: 'Die Passphrase öffnet diese Sicherung nicht',
    action: 'Geben Sie die Passphrase dieser Datei ein. Es wurde nichts geändert.',
  },
  IDENTITY_EXPOSED: {
    cause: 'Andere Benutzer dieses Computers können die Identitätsdatei lesen',
    action: 'Nehmen Sie allen außer dem Besitzer das Leserecht (chmod 600).',
  },
  STATE_FROM_NEWER: {
    cause: 'Eine neuere Version der App hat in das Datenverzeichnis geschrieben',
    action:
      'Installieren Sie diese Version wieder. Es wurde nichts geändert; die kleinen Dateien wurden vorher gesichert.',
  },
  DATA_DIR_IN_USE: {
    cause: 'Ein anderes Espalier läuft mit diesem Datenverzeichnis',
    action: 'Benutzen Sie das laufende oder halten Sie es zuerst an.',
  },
  NODE_ALREADY_RUNNING: {
    cause: 'Auf diesem Computer läuft bereits ein Knoten von Ihnen',
    action:
      'Benutzen Sie diesen: Ein zweiter nützt dem Netzwerk nichts. Für einen Versuch gibt es das Demo-Netzwerk; wo es mehrere sein sollen, starten Sie jeden mit --fleet.',
  },
  RUNNING_FILE_INVALID: {
    cause: 'Die Datei, die den laufenden Knoten nennt, ist beschädigt',
    action: 'Halten Sie den Knoten an und starten Sie ihn wieder; er schreibt die Datei neu.',
  },
  IDENTITY_BEING_CHECKED: {
    cause: 'Vielleicht läuft anderswo eine zweite Ausgabe dieses Knotens',
    action: 'Nichts zu tun: Der Knoten hört zwei Bekanntmachungsintervalle lang zu, bevor er etwas sagt.',
  },
  IDENTITY_IN_USE: {
    cause: 'Eine zweite Ausgabe dieses Knotens läuft mit derselben Identität',
    action:
      'Halten Sie einen der beiden an. Geben Sie diesem eine eigene Identität, indem Sie ein anderes Datenverzeichnis benutzen.',
  },
  NODE_MUST_STOP: {
    cause: 'Der Knoten läuft',
    action: 'Halten Sie den Knoten zuerst an: Er liefe sonst mit dem weiter, womit er gestartet wurde.',
  },
  FILE_IN_THE_WAY: { cause: 'Eine Datei dieses Namens gibt es schon', action: 'Wählen Sie einen anderen Namen.' },
  FILE_NOT_CHOSEN: {
    cause: 'Niemand hat diese Datei im Dialog des Systems gewählt',
    action: 'Drücken Sie „Auswählen\u00a0…“ und nennen Sie sie dort: Eine Seite allein darf das nicht.',
  },
  DISK_NO_ROOM: {
    cause: 'Auf der Festplatte ist kein Platz',
    action: 'Geben Sie Speicherplatz frei und versuchen Sie es dann noch einmal.',
  },
  FILE_NOT_WRITTEN: {
    cause: 'Die Datei konnte nicht geschrieben werden',
    action: 'Wählen Sie einen Ordner, in den Sie schreiben dürfen.',
  },
  NODE_NOT_ANSWERING: {
    cause: 'Der Knoten mit diesem Datenverzeichnis läuft und antwortet nicht',
    action:
      'Fragen Sie in einer Minute noch einmal: Der Computer kann beschäftigt oder der Prozess angehalten sein. Bleibt es so, beenden Sie diesen Prozess und starten Sie den Knoten neu.',
  },
  NODE_NOT_RUNNING: {
    cause: 'Mit diesem Datenverzeichnis läuft kein Knoten',
    action: 'Starten Sie einen mit: espalier serve',
  },
  NODE_STOPPED: { cause: 'Der Knoten ist angehalten', action: 'Starten Sie zuerst den Knoten.' },
  NODE_NOT_READY: {
    cause: 'Dieser Knoten kann noch nichts fragen',
    action: 'Warten Sie, bis seine eigenen Blöcke geladen sind; die Schritte des Knotens zeigen, wie weit er ist.',
  },
  TOKENIZER_UNUSABLE: {
    cause: 'Dieser Knoten dient anderen, kann aber nichts fragen, weil der Tokenizer des Modells nicht geladen wurde',
    action: 'Beheben Sie die Ursache, halten Sie den Knoten dann an und starten Sie ihn wieder.',
  },
  NETWORK_NOT_CHOSEN: {
    cause: 'Dieser Computer gehört noch zu keinem Netzwerk',
    action: 'Wählen Sie ein Netzwerk, um zu beginnen.',
  },
  MORE_THAN_THERE_IS: {
    cause: 'So viel hat dieser Computer nicht',
    action: 'Wählen Sie weniger.',
  },
  SETTINGS_CHANGED: {
    cause: 'Inzwischen hat jemand anders einen anderen Wert gespeichert',
    action: 'Es wurde nichts gespeichert. Sehen Sie nach, was jetzt dort steht, und wählen Sie.',
  },
  SETTINGS_NOT_SAVED: {
    cause: 'Die Einstellungen konnten nicht auf den Datenträger geschrieben werden',
    action: 'Geben Sie Speicherplatz frei oder machen Sie das Datenverzeichnis beschreibbar.',
  },
  HOST_NOT_RUNNING: { cause: 'Hier wird kein Netzwerk gehostet', action: 'Beginnen Sie zuerst mit dem Hosting.' },
  HOST_RUNNING: {
    cause: 'Hier wird bereits ein Netzwerk gehostet',
    action: 'Beenden Sie es, bevor Sie ein anderes hosten.',
  },
  HOST_FAILED: {
    cause: 'Das Netzwerk konnte nicht gehostet werden',
    action: 'Die Meldung nennt den Grund; beheben Sie ihn und starten Sie erneut.',
  },
  DISK_ALMOST_FULL: {
    cause: 'Auf dem Datenträger ist wenig Platz',
    action: 'Geben Sie Speicherplatz für die Blöcke des Modells frei.',
  },
  CLOCK_WRONG: {
    cause: 'Die Uhr dieses Computers und die des Netzwerks weichen voneinander ab',
    action: 'Lassen Sie das System die Uhr von selbst stellen; Einträgen mit falscher Zeit wird nicht geglaubt.',
  },
  OTHER_NODE_SOFTWARE: {
    cause: 'Auf diesem Computer läuft andere Knotensoftware',
    action:
      'Beide dürfen laufen; sie teilen sich Speicher und Prozessor. Diese App beendet nichts, was sie nicht gestartet hat.',
  },
  START_ENTRY_FOUND: {
    cause: 'Das System startet von selbst Knotensoftware',
    action: 'Lassen Sie es so oder entfernen Sie es mit dem Befehl; die App tut das nie.',
  },
  RUNNING_ON_PROCESSOR: {
    cause: 'Der Prozessor rechnet, obwohl eine Grafikkarte vorgesehen war',
    action: 'Prüfen Sie den Treiber der Karte und ihren freien Speicher und starten Sie den Knoten dann erneut.',
  },
  UPDATE_AVAILABLE: {
    cause: 'Eine neuere Version ist da',
    action: 'Installieren Sie sie, wann es passt; der Knoten meldet sich vorher beim Netzwerk ab.',
  },
  UPDATE_REFUSED: {
    cause: 'Ein Update ließ sich nicht prüfen und wurde abgelehnt',
    action:
      'Es wurde nichts installiert. Holen Sie die App von ihrer eigenen Seite und sagen Sie den Herstellern Bescheid, wenn es wieder geschieht.',
  },
  UPDATE_UNKNOWN: {
    cause: 'Ob es eine neuere Version gibt, war nicht zu erfahren',
    action: 'Die App sieht von selbst wieder nach; davon hängt nichts ab.',
  },
  APP_CRASH_LOOP: {
    cause: 'Espalier hat sich mehrmals hintereinander von selbst beendet',
    action: 'Sehen Sie unter Diagnose ins Protokoll und starten Sie den Knoten dann normal.',
  },
  PAGE_CRASH_LOOP: {
    cause: 'Die Seite dieses Fensters hat sich innerhalb einer Minute mehrmals beendet',
    action:
      'Laden Sie sie neu; endet sie wieder, beenden Sie Espalier und starten es neu. Der Knoten läuft derweil weiter.',
  },
  DEMO_FAILED: {
    cause: 'Die Demonstration kam nicht ans Ende',
    action: 'Die Meldung nennt den Schritt; sehen Sie auf dessen Ursache.',
  },

  GGUF_TRUNCATED: { cause: 'Die Modelldatei endet zu früh', action: 'Laden Sie die Datei erneut.' },
  GGUF_INVALID: {
    cause: 'Die Modelldatei ist keine gültige GGUF-Datei',
    action: 'Wählen Sie eine andere Datei oder laden Sie diese erneut.',
  },
  MODEL_NOT_A_FILE: {
    cause: 'Das Modell ist ein Ordner oder keine gewöhnliche Datei',
    action: 'Wählen Sie die GGUF-Datei selbst.',
  },
  MODEL_SPLIT_TOO_FINE: {
    cause: 'Das Modell liegt in mehr Dateien, als sich als eine lesen lassen',
    action: 'Fügen Sie sie mit „llama-gguf-split --merge“ zusammen und wählen Sie die Datei, die dabei entsteht.',
  },
  ARCH_UNSUPPORTED: {
    cause: 'Diese Modellarchitektur lässt sich hier nicht in Blöcke teilen',
    action: 'Wählen Sie ein Modell einer unterstützten Architektur; die Liste steht in der Dokumentation.',
  },
  CUT_UNSUPPORTED: {
    cause: 'Dieses Modell lässt sich zwischen diesen Blöcken nicht schneiden',
    action: 'Wählen Sie einen Bereich, der an der Periode des Modells beginnt und endet.',
  },
  BLOCK_RANGE_INVALID: {
    cause: 'Der Blockbereich ist leer oder liegt außerhalb des Modells',
    action:
      'Wählen Sie Blöcke, die das Modell hat; kamen sie vom Coordinator, sagen Sie dem Host des Netzwerks Bescheid.',
  },
  MANIFEST_INVALID: {
    cause: 'Das Manifest ist nicht gültig',
    action: 'Der Host des Netzwerks erstellt ein neues mit „espalier manifest“.',
  },
  MANIFEST_MISSING: {
    cause: 'Für dieses Modell gibt es kein Manifest',
    action: 'Bitten Sie den Host des Netzwerks um eines; ohne lässt sich die Datei nicht prüfen.',
  },
  MANIFEST_MISMATCH: {
    cause: 'Die Datei ist nicht das Modell des Manifests',
    action: 'Wählen Sie die Datei, die das Manifest beschreibt.',
  },
  SHARD_MISSING: {
    cause: 'Die Modelldatei wurde nicht gefunden',
    action: 'Wählen Sie die Modelldatei oder lassen Sie die App sie laden.',
  },
  SHARD_HASH_MISMATCH: {
    cause: 'Die Bytes auf dem Datenträger sind nicht die aus dem Manifest',
    action: 'Laden Sie die beschädigten Stücke erneut.',
  },
  SHARD_CHANGED: {
    cause: 'Eine Modelldatei wurde geändert, während sie bereitgestellt wurde',
    action: 'Sie wird von selbst geprüft und neu geladen. Finden Sie heraus, was in das Datenverzeichnis schreibt.',
  },
  SHARD_READ_FAILED: {
    cause: 'Die Modelldatei kann nicht gelesen werden',
    action: 'Prüfen Sie den Datenträger oder wählen Sie eine andere Kopie der Datei.',
  },
  SHARD_WRITE_FAILED: {
    cause: 'Die Modelldateien können nicht auf den Datenträger geschrieben werden',
    action: 'Geben Sie Speicherplatz frei oder wählen Sie ein anderes Datenverzeichnis.',
  },

  COMMAND_FORGED: {
    cause: 'Ein Befehl war nicht von dem Peer signiert, der ihn geschickt hat',
    action: 'Nichts zu tun; er wird ignoriert und gezählt.',
  },
  COMMAND_REPLAYED: {
    cause: 'Ein Befehl kam ein zweites Mal oder zu lange nach seiner Entstehung',
    action: 'Nichts zu tun, wenn er wiederholt wurde; sonst stellen Sie die Uhren beider Computer.',
  },
  COMMAND_NOT_ALLOWED: {
    cause: 'Ein Peer gab einen Befehl, den er nicht geben darf',
    action: 'Nichts zu tun; nur die Peers des Coordinators und der Besitzer dürfen das.',
  },
  CALL_TOO_MANY: {
    cause: 'Ein Peer ruft öfter an, als dieser Knoten antwortet',
    action: 'Nichts zu tun: Andere Peers bekommen Antwort wie zuvor.',
  },
  COMMAND_TOO_MANY: {
    cause: 'Ein Peer schickt Befehle zu schnell',
    action: 'Er kann es in einer Sekunde wieder versuchen.',
  },
  MODEL_NOT_SERVED: {
    cause: 'Der Befehl betrifft ein anderes Modell als das hier bereitgestellte',
    action: 'Fragen Sie den Host des Netzwerks, welches Modell er hostet.',
  },
  SHARD_NOT_ASSIGNED: {
    cause: 'Der Befehl betrifft Blöcke, die diesem Knoten nicht zugewiesen sind',
    action:
      'Nichts zu tun, wenn die Blöcke eben erst zugewiesen wurden: Der Knoten fragt den Coordinator und erfährt es noch einmal.',
  },
  SHARD_NOT_LOADED: {
    cause: 'Die Blöcke sind hier zurzeit nicht geladen',
    action: 'Warten Sie, bis sie es sind, oder benutzen Sie einen anderen Peer.',
  },
  SWARM_INCOMPLETE: {
    cause: 'Einige Shards des Modells stellt niemand bereit',
    action: 'Starten Sie die Knoten, die sie haben.',
  },

  DISK_FULL: {
    cause: 'Auf dem Datenträger ist kein Platz für die Blöcke des Modells',
    action: 'Geben Sie Speicherplatz frei; das Laden geht von selbst weiter, sobald Platz ist.',
  },
  DISK_CAP_REACHED: {
    cause: 'Die Modelldateien bräuchten mehr Speicherplatz, als Sie erlaubt haben',
    action: 'Erhöhen Sie die Grenze oder entfernen Sie Modelle, die nicht in Gebrauch sind.',
  },
  FETCH_NO_SOURCE: {
    cause: 'Niemand hat die fehlenden Stücke',
    action: 'Wählen Sie die Modelldatei, wenn Sie sie haben, oder warten Sie, bis ein Knoten mit den Stücken beitritt.',
  },
  FETCH_SOURCES_FAILED: {
    cause: 'Keine Quelle konnte die fehlenden Stücke liefern',
    action:
      'Sehen Sie nach, was jede Quelle sagt; wählen Sie die Modelldatei, wenn Sie sie haben, oder fragen Sie den Host des Netzwerks.',
  },
  FETCH_STALLED: {
    cause: 'Seit drei Minuten ist kein Stück angekommen',
    action: 'Prüfen Sie die Verbindung; jede Quelle wird von selbst erneut gefragt. Sie können auch eine Datei wählen.',
  },
  FETCH_PAUSED: {
    cause: 'Sie haben das Laden unterbrochen',
    action: 'Wählen Sie auf der Seite „Shards“ „Fortsetzen“. Was schon da ist, bleibt.',
  },
  LOAD_AWAITED: {
    cause: 'Der Shard fehlt hier, und dieser Knoten wartet auf den Befehl LOAD_SHARD des Coordinators',
    action: 'Wählen Sie die Modelldatei oder auf der Seite „Shards“ „Herunterladen“, um nicht länger zu warten.',
  },
  FETCH_PIECES_REJECTED: {
    cause: 'Was ankam, war nicht, was das Manifest beschreibt',
    action: 'Benutzen Sie eine andere Quelle oder fragen Sie den Host des Netzwerks, ob das Manifest das richtige ist.',
  },
  SOURCE_BUSY: {
    cause: 'Eine Quelle gibt so viel heraus, wie sie darf',
    action: 'Die App fragt von selbst erneut.',
  },
  MIRROR_UNREACHABLE: {
    cause: 'Eine Webadresse des Modells ist nicht erreichbar',
    action: 'Prüfen Sie die Verbindung dieses Computers und seine Firewall; derweil werden andere Quellen benutzt.',
  },
  SOURCE_REFUSED: {
    cause: 'Eine Quelle des Modells gibt es nicht heraus',
    action: 'Benutzen Sie eine andere Quelle oder prüfen Sie die Adresse.',
  },
  SOURCE_GATED: {
    cause: 'Dieses Modell braucht die Erlaubnis seines Herausgebers',
    action:
      'Nehmen Sie die Lizenz auf der Seite des Modells an und tragen Sie dann in den Einstellungen Ihr Hugging-Face-Token ein.',
  },
  SOURCE_IGNORES_RANGES: {
    cause: 'Der Server kann nur die ganze Datei senden, nicht die Stücke, die gebraucht werden',
    action: 'Benutzen Sie eine andere Quelle; von dieser wurde nichts geladen.',
  },
  SOURCE_CHANGED: {
    cause: 'Die Quelle hat eine andere Datei, als das Manifest beschreibt',
    action: 'Benutzen Sie eine andere Quelle oder bitten Sie den Host des Netzwerks um ein neues Manifest.',
  },
  SOURCE_FORBIDDEN: {
    cause: 'Die Adresse einer Quelle führt an einen Ort, der von hier aus nicht gefragt wird',
    action: 'Benutzen Sie eine Adresse im öffentlichen Internet oder fügen Sie die Datei von Hand hinzu.',
  },

  ENGINE_LIBRARY_MISSING: {
    cause: 'Die Bibliotheken von llama.cpp fehlen für dieses System',
    action: 'Installieren Sie die App erneut.',
  },
  ENGINE_ABI_MISMATCH: {
    cause: 'Die Bibliotheken von llama.cpp haben eine andere Version als die, für die diese App gebaut ist',
    action: 'Installieren Sie die App erneut; ersetzen Sie ihre Bibliotheken nicht.',
  },
  PACK_TAMPERED: {
    cause: 'Die geladenen Bibliotheken sind nicht die, die diese App kennt',
    action: 'Laden Sie sie erneut; geschieht es wieder, verändert sie etwas zwischen hier und ihrer Quelle.',
  },
  ENGINE_LOAD_FAILED: {
    cause: 'llama.cpp konnte den Ausschnitt nicht laden',
    action: 'Sehen Sie ins Protokoll der Engine; laden Sie den Ausschnitt erneut.',
  },
  ENGINE_OUT_OF_MEMORY: {
    cause: 'Für diese Blöcke reicht der Speicher nicht',
    action: 'Stellen Sie weniger Blöcke bereit oder geben Sie Speicher frei.',
  },
  ENGINE_DECODE_FAILED: {
    cause: 'llama.cpp hat einen Stapel abgelehnt',
    action: 'Die Sitzung endet; versuchen Sie es erneut.',
  },
  ENGINE_GONE: {
    cause: 'Der Prozess der Engine hat sich beendet',
    action: 'Die App startet ihn von selbst wieder.',
  },
  ENGINE_CRASH_LOOP: {
    cause: 'Die Engine hat sich innerhalb einer Minute mehr als 4-mal beendet',
    action: 'Sehen Sie im Protokoll nach, was sie zuletzt meldete, und wählen Sie dann „Jetzt laden“.',
  },
  PROBE_FAILED: {
    cause: 'Der Testdurchlauf ergab nicht die Antwort des Manifests',
    action: 'Prüfen Sie Treiber und Speicher des Geräts; die App lädt den Ausschnitt erneut.',
  },

  PROXY_FAILED: {
    cause: 'Der Proxy führte nicht dorthin',
    action: 'Prüfen Sie ihn unter Einstellungen → Webzugang oder die Variablen HTTPS_PROXY und NO_PROXY.',
  },
  CA_UNUSABLE: {
    cause: 'Die Zertifikatsdatei kann nicht benutzt werden',
    action: 'Wählen Sie eine PEM-Datei mit dem Zertifikat der Zertifizierungsstelle Ihrer Organisation.',
  },
  COORDINATOR_UNREACHABLE: {
    cause: 'Der Coordinator antwortet nicht',
    action: 'Prüfen Sie die Adresse und Ihre Verbindung.',
  },
  COORDINATOR_SILENT: {
    cause: 'Der Coordinator sendet keinen LOAD_SHARD-Befehl',
    action: 'Wählen Sie hier eine Modelldatei oder fragen Sie den Host, ob der Bootstrap-Peer des Coordinators läuft.',
  },
  COORDINATOR_NOT_ONE: {
    cause: 'Die Adresse antwortet, aber nicht als Coordinator',
    action: 'Prüfen Sie die Adresse; eine Webseite oder ein Proxy liegt vielleicht dazwischen.',
  },
  NO_COORDINATOR: {
    cause: 'Dieser Knoten hat keinen Coordinator',
    action: 'Treten Sie einem Netzwerk bei, das einen hat.',
  },
  COORDINATOR_REFUSED: {
    cause: 'Der Coordinator hat die Anfrage abgewiesen',
    action: 'Lesen Sie seine Begründung; fragen Sie den Host des Netzwerks.',
  },
  COORDINATOR_UNKNOWN_WORKER: {
    cause: 'Der Coordinator kennt diesen Knoten nicht',
    action: 'Die App meldet sich von selbst wieder an.',
  },
  COORDINATOR_INSECURE: {
    cause: 'Über diese Adresse gingen die Angaben dieses Knotens unverschlüsselt durchs Netz',
    action:
      'Benutzen Sie eine https://-Adresse oder sagen Sie ausdrücklich, dass es unverschlüsselt sein darf (im Terminal: --insecure-http).',
  },
  COORDINATOR_PRIVATE: {
    cause: 'Die Adresse führt dorthin, wo kein Coordinator anderer sein kann',
    action:
      'Fragen Sie den Host nach der richtigen Adresse; eine im eigenen Netz muss als IP-Adresse angegeben werden.',
  },
  COORDINATOR_ADMIN_ONLY: {
    cause: 'Nur der Host des Netzwerks darf das',
    action: 'Senden Sie das Admin-Token des Coordinators.',
  },
  COORDINATOR_BUSY: {
    cause: 'Der Coordinator nimmt zurzeit keine weiteren Anfragen an',
    action: 'Versuchen Sie es gleich noch einmal.',
  },
  COORDINATOR_DATABASE_UNREACHABLE: {
    cause: 'Der Datenbankserver des Coordinators antwortet nicht',
    action: 'Prüfen Sie DATABASE_URL und ob der Server läuft; der Coordinator startet, sobald er da ist.',
  },
  COORDINATOR_TIMINGS_INVALID: {
    cause: 'Die Intervalle des Coordinators passen nicht zusammen',
    action: 'Wählen Sie Heartbeat < Offline-Zeit, Durchgang ≤ Offline-Zeit und veraltete Peers ≥ Offline-Zeit.',
  },
  COORDINATOR_UNKNOWN_USER: {
    cause: 'Der Coordinator kennt diesen Benutzer nicht',
    action: 'Melden Sie den Benutzer zuerst an.',
  },
  COORDINATOR_STATE_NEWER: {
    cause: 'Eine neuere Version hat in die Datenbank des Coordinators geschrieben',
    action: 'Starten Sie diese Version wieder; die jetzige rührt die Datenbank nicht an.',
  },
  COORDINATOR_DISK_FULL: {
    cause: 'Auf dem Datenträger des Coordinators ist kein Platz',
    action: 'Sein Host gibt Speicherplatz frei; nichts Bestätigtes geht verloren.',
  },
  COORDINATOR_STATE_DAMAGED: {
    cause: 'Die Datenbank des Coordinators ist beschädigt',
    action:
      'Es gibt keine brauchbare Kopie: Stellen Sie sie aus einer Sicherung wieder her oder legen Sie sie beiseite.',
  },
  LOAD_NOT_SENT: {
    cause: 'LOAD_SHARD kann nicht an diesen Worker gesendet werden',
    action: 'Nehmen Sie ihn auf, damit er Blöcke hat; einer mit anderer Software lädt sie ohne Befehl.',
  },
  WORKER_ID_TAKEN: {
    cause: 'Diese Worker-ID gehört einem anderen Knoten',
    action:
      'Starten Sie den Knoten mit seiner eigenen Identität oder bitten Sie den Host, den alten Eintrag zu entfernen.',
  },
  REGISTRATION_REJECTED: {
    cause: 'Der Host hat diesen Knoten abgelehnt',
    action: 'Klären Sie es mit dem Host des Netzwerks und fragen Sie dann erneut an.',
  },
  NETWORK_REPLACED: {
    cause: 'Der Coordinator an dieser Adresse leitet jetzt ein anderes Netzwerk als das, in dem dieser Knoten war',
    action: 'Fragen Sie seinen Host. Ist das richtig, fragen Sie erneut an; sonst wählen Sie ein anderes Netzwerk.',
  },
  DEMO_CONFINED: {
    cause: 'Ein Demo-Knoten kann diesen Computer nicht verlassen und keinem echten Netzwerk beitreten',
    action: 'Starten Sie für ein echtes Netzwerk einen Knoten mit einem anderen Profil.',
  },

  REQUEST_UNSIGNED: {
    cause: 'Diese Anfrage muss signiert sein',
    action: 'Aktualisieren Sie die App; ein Programm, das nicht signieren kann, braucht die Erlaubnis des Hosts.',
  },
  REQUEST_SIGNATURE_INVALID: {
    cause: 'Die Signatur der Anfrage passt nicht',
    action: 'Signieren Sie sie mit dem Schlüssel des Knotens, für den sie spricht.',
  },
  REQUEST_TIME_WRONG: {
    cause: 'Die Zeit der Anfrage ist nicht jetzt',
    action: 'Lassen Sie das System die Uhr von selbst stellen und versuchen Sie es dann erneut.',
  },
  REQUEST_REPLAYED: {
    cause: 'Dieselbe signierte Anfrage kam schon einmal',
    action: 'Signieren Sie sie erneut mit einer neuen Nonce.',
  },
  INVITE_INVALID: { cause: 'Die Einladung ist nicht gültig', action: 'Bitten Sie den Host um eine neue Einladung.' },
  INVITE_EXPIRED: { cause: 'Die Einladung ist abgelaufen', action: 'Bitten Sie den Host um eine neue Einladung.' },
  INVITE_REVOKED: {
    cause: 'Der Host hat die Einladung zurückgezogen',
    action: 'Bitten Sie den Host um eine neue Einladung.',
  },
  INVITE_USED: {
    cause: 'Die Einladung wurde von einem anderen Knoten benutzt',
    action: 'Bitten Sie den Host um eine neue Einladung.',
  },
  INVITE_UNKNOWN: { cause: 'Diese Einladung gibt es nicht', action: 'Sehen Sie in die Liste der Einladungen.' },
  TLS_UNUSABLE: {
    cause: 'Das TLS-Zertifikat oder sein Schlüssel kann nicht benutzt werden',
    action: 'Geben Sie die PEM-Dateien eines Zertifikats und des zugehörigen Schlüssels an.',
  },
  TOKEN_UNKNOWN: { cause: 'Dieses Zugriffstoken gibt es nicht', action: 'Sehen Sie in die Liste der Token.' },
  TOKEN_MISSING: {
    cause: 'Ein Zugriffstoken ist erforderlich',
    action: 'Treten Sie zuerst dem Netzwerk bei; sein Host nimmt Knoten an.',
  },
  TOKEN_MALFORMED: {
    cause: 'Das Zugriffstoken ist nicht lesbar',
    action: 'Holen Sie ein neues vom Coordinator.',
  },
  TOKEN_ALGORITHM_REFUSED: {
    cause: 'Das Zugriffstoken benutzt einen anderen Algorithmus als EdDSA',
    action: 'Holen Sie ein neues vom Coordinator.',
  },
  TOKEN_ISSUER_UNKNOWN: {
    cause: 'Das Zugriffstoken kommt von einem unbekannten Aussteller',
    action: 'Holen Sie ein neues vom Coordinator dieses Netzwerks.',
  },
  TOKEN_SIGNATURE_INVALID: {
    cause: 'Das Zugriffstoken hat eine ungültige Signatur',
    action: 'Holen Sie ein neues vom Coordinator.',
  },
  TOKEN_NOT_YET_VALID: {
    cause: 'Das Zugriffstoken ist noch nicht gültig',
    action: 'Lassen Sie das System die Uhr von selbst stellen und versuchen Sie es dann erneut.',
  },
  TOKEN_EXPIRED: {
    cause: 'Das Zugriffstoken ist abgelaufen',
    action: 'Die App bekommt ein neues mit ihrer nächsten Meldung an den Coordinator.',
  },
  TOKEN_WRONG_AUDIENCE: {
    cause: 'Das Zugriffstoken ist für ein anderes Netzwerk',
    action: 'Holen Sie eines vom Coordinator dieses Netzwerks.',
  },
  TOKEN_WRONG_SUBJECT: {
    cause: 'Das Zugriffstoken gehört einem anderen Knoten',
    action: 'Benutzen Sie das Token des Knotens, der fragt.',
  },
  TOKEN_SCOPE_MISSING: { cause: 'Das Zugriffstoken erlaubt nichts', action: 'Fragen Sie den Host des Netzwerks.' },
  TOKEN_SCOPE_INSUFFICIENT: {
    cause: 'Das Zugriffstoken erlaubt das nicht',
    action: 'Bitten Sie den Host des Netzwerks um das Modell oder die Blöcke.',
  },
  TOKEN_REVOKED: { cause: 'Das Zugriffstoken wurde widerrufen', action: 'Fragen Sie den Host des Netzwerks.' },
  TOKEN_USED_UP: {
    cause: 'Das Zugriffstoken ist aufgebraucht',
    action: 'Bitten Sie den Host des Netzwerks um ein weiteres.',
  },
  TOKEN_NOT_BOUND: {
    cause: 'Die Sitzung ist nicht von dem Knoten unterschrieben, dem das Zugriffstoken gehört',
    action: 'Aktualisieren Sie den Knoten, der fragt, und fragen Sie erneut.',
  },

  MULTIADDR_INVALID: {
    cause: 'Eine Adresse ist keine gültige Multiaddr',
    action: 'Berichtigen oder entfernen Sie den Eintrag; die anderen gelten weiter.',
  },
  BOOTSTRAP_UNREACHABLE: {
    cause: 'Kein Bootstrap-Peer hat geantwortet',
    action: 'Prüfen Sie Ihre Verbindung und die Adressen; ein laufender Knoten versucht es weiter.',
  },
  PORT_TAKEN: {
    cause: 'Der Port kann nicht benutzt werden',
    action: 'Wählen Sie einen anderen zwischen 1024 und 65535.',
  },
  PEER_UNREACHABLE: {
    cause: 'Der Peer ist nicht erreichbar',
    action: 'Die App versucht einen anderen Peer, wo es einen gibt.',
  },
  PROTOCOL_VIOLATION: {
    cause: 'Der Peer hat etwas gesendet, was das Protokoll nicht erlaubt',
    action: 'Nichts zu tun; der Peer wird ignoriert.',
  },
  PROTOCOL_UNSUPPORTED: {
    cause: 'Der Peer spricht dieses Protokoll nicht',
    action: 'Benutzen Sie einen anderen Peer oder das Netzwerkprofil, zu dem dieser Peer gehört.',
  },
  REMOTE_ERROR: {
    cause: 'Der Peer hat mit einem Fehler geantwortet',
    action: 'Die App versucht es erneut oder nimmt einen anderen Peer.',
  },

  RECORD_INVALID: {
    cause: 'Ein Eintrag würde andere Leser stören',
    action: 'Berichtigen Sie die Einstellung, die die Meldung nennt.',
  },
  STALE_AFTER_SLEEP: {
    cause:
      'Der Computer hat geschlafen, das Netz gewechselt oder seine Uhr wurde gestellt; was vorher galt, stimmt vielleicht nicht mehr',
    action: 'Nichts zu tun: Der Knoten prüft sich, macht sich erneut bekannt und lässt andere nachsehen.',
  },
  NOT_STORED: {
    cause: 'Niemand hat unsere Einträge behalten',
    action: 'Die App legt sie in der nächsten Runde wieder ab.',
  },
  NOT_READ_BACK: {
    cause: 'Unsere Einträge ließen sich von einem anderen Peer nicht zurücklesen',
    action: 'Die App macht sie erneut bekannt.',
  },
  NOT_DIALLED_BACK: {
    cause: 'Andere Peers können keine Verbindung zu diesem Knoten öffnen',
    action: 'Öffnen Sie den Port in Firewall oder Router. Bis dahin fragt die App die Relays des Netzwerks.',
  },
  SEEN_DIFFERENTLY: {
    cause: 'Andere sehen diesen Knoten anders, als er bereitstellt',
    action: 'Die App macht sich erneut bekannt; eine Karte folgt, wenn sie das nächste Mal nachsieht.',
  },
  ALONE: {
    cause: 'Noch ist kein anderer Knoten in diesem Netzwerk; niemand kann bestätigen, dass dieser sichtbar ist',
    action:
      'Starten Sie einen zweiten Knoten oder laden Sie jemanden ein; er wird sichtbar, sobald andere ihn gesehen haben.',
  },
  NO_WITNESS: {
    cause: 'Kein anderer Peer war da, um es zu bestätigen',
    action: 'Warten Sie, bis Peers beitreten; die App fragt erneut.',
  },

  CHAIN_INCOMPLETE: {
    cause: 'Einige Blöcke des Modells stellt niemand bereit',
    action: 'Warten Sie auf einen Knoten, der sie bereitstellt.',
  },
  NODES_BUSY: {
    cause: 'Jeder Knoten, der einige der Blöcke bereitstellt, ist mit anderen Unterhaltungen beschäftigt',
    action: 'Versuchen Sie es gleich noch einmal.',
  },
  PROMPT_TOO_LONG: { cause: 'Der Prompt passt nicht in den Kontext', action: 'Kürzen Sie den Prompt.' },
  STAGE_LOST: {
    cause: 'Ein Knoten der Route ist weggefallen',
    action: 'Fragen Sie erneut; eine andere Route wird gewählt, wo es eine gibt.',
  },
  STAGE_NOT_APPROVED: {
    cause: 'Ein Knoten hat nicht gezeigt, dass der Host dieses Netzwerks ihm diese Blöcke gegeben hat',
    action: 'Warten Sie auf einen Knoten, den der Host zugelassen hat; an diesen wurde nichts gesendet.',
  },
  SPOT_CHECK_DISAGREED: {
    cause: 'Eine Kopie derselben Blöcke hat etwas anderes berechnet',
    action:
      'Laden Sie die Blöcke erneut, damit sie geprüft sind; sehen Sie nach, ob Arbeitsspeicher oder Grafikkarte fehlerhaft ist.',
  },
  SESSION_LIMIT: {
    cause: 'Der Knoten bedient so viele Sitzungen, wie er kann',
    action: 'Versuchen Sie es gleich noch einmal.',
  },
  SESSION_REPLAYED: {
    cause: 'Eine Sitzung mit dieser Unterschrift wurde hier schon eröffnet',
    action: 'Beginnen Sie die Erzeugung erneut.',
  },
  SESSION_UNKNOWN: { cause: 'Der Knoten kennt diese Sitzung nicht', action: 'Beginnen Sie die Erzeugung erneut.' },

  API_KEY_WRONG: {
    cause: 'Der API-Schlüssel fehlt oder ist falsch',
    action: 'Benutzen Sie den Schlüssel, den die App unter Einstellungen zeigt.',
  },
  API_KEYS_TRIED: {
    cause: 'Von dieser Adresse kamen zu viele falsche API-Schlüssel',
    action: 'Benutzen Sie den Schlüssel, den die App unter Einstellungen zeigt; er wird immer eingelassen.',
  },
  API_WEB_PAGE: {
    cause: 'Eine Webseite hat gefragt, und die API antwortet nur Programmen',
    action: 'Fragen Sie aus einem Programm, mit dem Schlüssel, den die App unter Einstellungen zeigt.',
  },
  API_HOST_UNKNOWN: {
    cause: 'Die Anfrage ist an einen Namen gerichtet, der nicht der dieses Computers ist',
    action: 'Benutzen Sie die Adresse, die die App unter Einstellungen zeigt.',
  },
  API_MODEL_UNKNOWN: {
    cause: 'Dieses Netzwerk betreibt dieses Modell nicht',
    action: 'Fragen Sie /v1/models, welches es betreibt.',
  },
  API_PATH_UNKNOWN: {
    cause: 'Diese Adresse gibt es in der API nicht',
    action: 'Benutzen Sie /v1/models, /v1/chat/completions oder /v1/completions.',
  },

  BRIDGE_UNKNOWN_METHOD: { cause: 'Diesen Aufruf gibt es nicht', action: 'Laden Sie die Seite neu.' },
  BRIDGE_BAD_INPUT: { cause: 'Die Werte des Aufrufs sind nicht gültig', action: 'Berichtigen Sie die Werte.' },
  BRIDGE_FORBIDDEN: {
    cause: 'Diese Verbindung darf das nicht',
    action: 'Benutzen Sie den Link mit dem Token des Betreibers.',
  },
  BRIDGE_BUSY: {
    cause: 'Zu viele Aufrufe warten auf eine Antwort',
    action: 'Warten Sie einen Moment und versuchen Sie es erneut.',
  },
  BRIDGE_DISCONNECTED: {
    cause: 'Die Verbindung zum Knoten ist abgebrochen',
    action: 'Die Seite verbindet sich von selbst wieder; versuchen Sie es dann erneut.',
  },
  BRIDGE_PAGE_MISSING: {
    cause: 'Die gebaute Seite fehlt',
    action: 'Bauen Sie die App oder installieren Sie sie erneut.',
  },
}
