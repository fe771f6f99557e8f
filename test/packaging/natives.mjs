// Run by a plain Node with the folder of an app: loads its native parts, uses each, prints what they said.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [app, libraries] = process.argv.slice(2)
const require = createRequire(join(app, 'package.json'))

const koffi = require('koffi')
const Database = require('libsql')

const database = new Database(':memory:')
const { answer } = database.prepare('select 6 * 7 as answer').get()
database.close()

// In the order of their dependencies: each is found by the next because it is loaded already.
const names = readdirSync(libraries)
const load = (pattern) =>
  koffi.load(
    join(
      libraries,
      names.find((name) => pattern.test(name)),
    ),
  )
load(/^libggml-base\./)
const ggml = load(/^libggml\./)
const llama = load(/^libllama\./)
ggml.func('void ggml_backend_load_all_from_path(const char *directory)')(libraries)
const devices = ggml.func('size_t ggml_backend_dev_count()')()
const system = llama.func('const char *llama_print_system_info()')()

process.stdout.write(JSON.stringify({ koffi: require.resolve('koffi'), answer, devices: Number(devices), system }))
