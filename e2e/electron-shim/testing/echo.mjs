// A utility process for tests: sends back what it gets, and what it can see of where it runs.
process.stdout.write(`started with ${process.argv.slice(2).join(' ')}\n`)
process.stderr.write('trouble\n')
process.parentPort.on('message', async ({ data }) => {
  if (data === 'where') {
    const { type, versions, send } = process
    return process.parentPort.postMessage({
      type,
      electron: versions.electron,
      hasSend: typeof send,
      env: process.env.GIVEN,
    })
  }
  if (data === 'view') {
    const koffi = (await import('koffi')).default
    try {
      koffi.view(koffi.alloc('char', 16), 16)
      return process.parentPort.postMessage('made one')
    } catch (error) {
      return process.parentPort.postMessage(error.message)
    }
  }
  if (data === 'exit') process.exit(7)
  process.parentPort.postMessage(data)
})
