// libp2p's queues call Promise.withResolvers, which Node 20 lacks: without this, the first dial throws.
// Every entry imports this file first.
type Resolvers<T> = {
  promise: Promise<T>
  resolve: (value: T | PromiseLike<T>) => void
  reject: (reason?: unknown) => void
}

if (typeof Promise.withResolvers !== 'function') {
  Promise.withResolvers = function withResolvers<T>(): Resolvers<T> {
    const out = {} as Resolvers<T>
    out.promise = new Promise<T>((resolve, reject) => {
      out.resolve = resolve
      out.reject = reject
    })
    return out
  }
}
