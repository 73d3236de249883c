import Foundation
import Surprisal

/// Tells how far a run is: on a terminal in a line that changes, elsewhere with --verbose in a line now and then.
final class ProgressMeter {
  private let shown: OutputOptions
  private let verb: String
  private let count: ImageCount?
  private let start = ContinuousClock.now
  private var pace = Pace()
  private var last = -Double.infinity

  /// Seconds between two lines: of a terminal's, and of those that stay.
  private static let often = 0.1
  private static let seldom = 10.0

  /// - Parameters:
  ///   - verb: what is done with images, such as `scored`.
  ///   - paths: of images that are counted ahead, where anyone is told; nil where it is known how many there are.
  init(
    _ shown: OutputOptions, _ verb: String, counting paths: [FilePath]? = nil,
    reading: ImageReading = ImageReading(), limit: Int? = nil
  ) {
    self.shown = shown
    self.verb = verb
    count = shown.showsProgress ? paths.map { ImageCount($0, reading: reading, limit: limit) } : nil
    // From where the pace starts.
    pace.add(0, at: 0)
  }

  deinit { count?.cancel() }

  /// - Parameter outliers: asked only where it is told.
  func tell(_ done: Int, of all: Int? = nil, outliers: @autoclosure () -> Int? = nil) {
    guard shown.showsProgress else { return }
    let time = (ContinuousClock.now - start) / .seconds(1)
    pace.add(done, at: time)
    guard time - last >= (shown.isOnTerminal ? Self.often : Self.seldom) else { return }
    last = time
    say(pace.words(verb, of: all ?? count?.all, outliers: outliers()))
  }

  func tell(_ scan: ScanProgress) {
    tell(scan.done, outliers: scan.outliers)
    if scan.isJudging { say("\(scan.done) images judge one another") }
  }

  private func say(_ text: String) {
    if shown.isOnTerminal { shown.progress(text) } else { shown.detail(text) }
  }

  func end() { shown.progressDone() }
}
