/// Where p-values become flags.
public enum FlaggingRule: Sendable, Equatable {
  /// Each member of the population is flagged with at most this probability.
  case falsePositiveRate(Double)
  /// Of the flagged images at most this share is expected to belong (Benjamini and Hochberg 1995).
  case falseDiscoveryRate(Double)

  /// What flags unless asked otherwise.
  public static let standard = FlaggingRule.falsePositiveRate(0.01)

  /// The largest p-value flagged among these, below 0 when none is.
  public func threshold(for pValues: [Double]) -> Double {
    switch self {
    case .falsePositiveRate(let rate): return rate
    case .falseDiscoveryRate(let rate):
      let sorted = pValues.sorted()
      let count = Double(sorted.count)
      let last = sorted.indices.last { sorted[$0] <= rate * Double($0 + 1) / count }
      return last.map { sorted[$0] } ?? -1
    }
  }

  public var rate: Double {
    switch self {
    case .falsePositiveRate(let rate), .falseDiscoveryRate(let rate): rate
    }
  }
}
