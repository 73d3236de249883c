import Dispatch
import Files
import Foundation
import Synchronization
import Testing

@testable import Surprisal

struct FollowTests {
  /// Paths of files that are none, and how many were asked for.
  private struct Feed: Sequence, Sendable {
    final class State: Sendable {
      let asked = Atomic<Int>(0)
      let end = DispatchSemaphore(value: 0)
    }

    let count: Int
    let state = State()

    func makeIterator() -> AnyIterator<FilePath> {
      AnyIterator { [state, count] in
        let index = state.asked.add(1, ordering: .relaxed).oldValue
        guard index < count else {
          state.end.signal()
          return nil
        }
        return FilePath("/missing/\(index).png")
      }
    }
  }

  @Test("Paths are asked for no faster than records are taken, and no record is lost")
  func pressure() throws {
    let judge = try ScanTests.judge()
    let feed = Feed(count: 40 * judge.batch)
    var told = 0
    let summary = try Scan().follow(feed, by: judge) { _ in
      // Who takes the first record lets paths come for as long as they will: they must not all.
      if told == 0 { #expect(feed.state.end.wait(timeout: .now() + 0.5) == .timedOut) }
      told += 1
      // Those that wait to be decoded, those taken at once, and the one that waits for room.
      #expect(feed.state.asked.load(ordering: .relaxed) - told <= 2 * judge.batch + 1)
    }
    #expect(told == feed.count && summary.unreadable == feed.count && summary.isComplete)
  }

  @Test("It stops where it is told to while it waits for a path")
  func stops() throws {
    let asked = Atomic<Int>(0)
    /// Never brings a path.
    struct Silence: Sequence, Sendable {
      func makeIterator() -> AnyIterator<FilePath> {
        AnyIterator {
          DispatchSemaphore(value: 0).wait()
          return nil
        }
      }
    }
    let summary = try Scan().follow(
      Silence(), by: ScanTests.judge(),
      shouldStop: { asked.add(1, ordering: .relaxed).oldValue > 1 },
      { _ in Issue.record("there is no record") })
    #expect(!summary.isComplete && summary.scored == 0)
  }
}
