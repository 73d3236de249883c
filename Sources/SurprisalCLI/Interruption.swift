import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM, for as long as it lives: the first asks the run to come to its end with what it has, the second ends it.
final class Interruption {
  /// As shells count a process that Ctrl-C ended.
  static let code: Int32 = 130

  private final class Count: Sendable { let value = Atomic<Int>(0) }

  private let count = Count()
  private let sources: [any DispatchSourceSignal]

  /// - Parameters:
  ///   - shown: where the first one is answered.
  ///   - words: the answer.
  init(
    _ shown: OutputOptions,
    saying words: String = "stopping: no more images are taken; once more ends at once"
  ) {
    let count = count
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler {
        guard count.value.add(1, ordering: .relaxed).newValue == 1 else { _exit(128 + number) }
        shown.warn(words)
      }
      source.resume()
      return source
    }
  }

  deinit { for source in sources { source.cancel() } }

  var isSet: Bool { count.value.load(ordering: .relaxed) > 0 }
}
