import Foundation

/// How fast a run goes, by its last seconds: what was kept from before goes by much faster than what is new.
struct Pace {
  /// Seconds that count.
  static let window = 15.0

  private var steps: [(time: Double, done: Int)] = []

  /// - Parameter time: seconds, from anywhere.
  mutating func add(_ done: Int, at time: Double) {
    steps.append((time, done))
    // One from before the window stays, for it to start from.
    while steps.count > 2, steps[1].time <= time - Self.window { steps.removeFirst() }
  }

  /// A second; nil until there is something to go by.
  var rate: Double? {
    guard let first = steps.first, let last = steps.last, last.time - first.time >= 0.5,
      last.done > first.done
    else { return nil }
    return Double(last.done - first.done) / (last.time - first.time)
  }

  /// Such as `120 of 4000 images scored, 45/s, 2 min left, 3 outliers so far`.
  func words(_ verb: String, of all: Int?, outliers: Int?) -> String {
    let done = steps.last?.done ?? 0
    var parts = ["\(done)" + (all.map { " of \($0)" } ?? "") + " images \(verb)"]
    if let rate {
      parts.append(String(format: rate < 10 ? "%.1f/s" : "%.0f/s", rate))
      if let all, all > done { parts.append(Self.duration(Double(all - done) / rate) + " left") }
    }
    if let outliers { parts.append("\(outliers) outliers so far") }
    return parts.joined(separator: ", ")
  }

  static func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(max(Int(seconds.rounded()), 1)) s"
    case ..<5400: "\(Int((seconds / 60).rounded())) min"
    default: String(format: "%d h %d min", Int(seconds / 3600), Int(seconds / 60) % 60)
    }
  }
}
