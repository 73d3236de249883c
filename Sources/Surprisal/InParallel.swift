import Dispatch
import Synchronization

/// What `body` makes of 0, 1, ... in that order, made on all threads.
func inParallel<Element: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Element) -> [Element] {
  let found = Mutex([Element?](repeating: nil, count: count))
  DispatchQueue.concurrentPerform(iterations: count) { index in
    let one = body(index)
    found.withLock { $0[index] = one }
  }
  return found.withLock { $0.compactMap { $0 } }
}
