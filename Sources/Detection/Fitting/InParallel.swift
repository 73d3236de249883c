import Dispatch
import Synchronization

/// What `body` makes of 0, 1, ... in that order, made on all threads.
/// - Throws: what `body` throws, of the first that threw.
func inParallel<Element: Sendable, Failure: Error>(
  _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Element
) throws(Failure) -> [Element] {
  let found = Mutex([Result<Element, Failure>?](repeating: nil, count: count))
  DispatchQueue.concurrentPerform(iterations: count) { index in
    let one = Result { () throws(Failure) in try body(index) }
    found.withLock { $0[index] = one }
  }
  var all: [Element] = []
  all.reserveCapacity(count)
  for result in found.withLock({ $0 }) { if let result { all.append(try result.get()) } }
  return all
}
