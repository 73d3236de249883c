import Dispatch

/// Threads for work between primitives. They sleep until there is some: no thread spins.
package enum ThreadTeam {
  /// Runs `body` on all of `0..<count`, in one range for each of the calling thread's `Engine.threads`.
  ///
  /// - Parameter body: runs on several threads at once, and writes only what belongs to its range. Which ranges there are
  ///   depends on the number of threads, so results must not.
  package static func run(_ count: Int, _ body: (Range<Int>) -> Void) {
    let threads = min(Engine.threads, count)
    guard threads > 1 else {
      if count > 0 { body(0..<count) }
      return
    }
    withoutActuallyEscaping(body) { body in
      // Safe as the caller promises: `body` writes only what belongs to its range.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: threads) { index in
        body(count * index / threads..<count * (index + 1) / threads)
      }
    }
  }
}
