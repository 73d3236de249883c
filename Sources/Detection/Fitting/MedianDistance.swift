import Dispatch
import Foundation
import Synchronization

/// How far a row is from the medians, each feature by its own median deviation and none by others: what no quarter of odd
/// rows can pull over, however alike they are.
///
/// A few rows that are alike hide from `ShrunkGaussian`, whose covariance takes their direction for the population's own;
/// from this one they do not. It sees only what is far in single features.
package struct MedianDistance: RowScorer, Equatable {
  /// Of each feature.
  package let median: [Float]
  /// 1.4826 times the median absolute deviation, which for a normal feature is its standard deviation.
  package let spread: [Float]

  /// A spread is at least this share of the features' median one.
  static let leastSpread = 0.01

  /// - Parameter rows: nil for all. Their values are finite.
  package init(fitting table: FeatureTable, rows: [Int]? = nil) {
    let rows = rows ?? Array(0..<table.rows)
    self.init(
      (0..<table.columns).map { column in
        Self.middle(rows.map { table.values[$0 * table.columns + column] }.sorted())
      })
  }

  package init(median: [Float], spread: [Float]) {
    self.median = median
    self.spread = spread
  }

  private init(_ middles: [(median: Float, deviation: Float)]) {
    median = middles.map(\.median)
    let spreads = middles.map { 1.4826 * $0.deviation }
    let positive = spreads.filter { $0 > 0 }.sorted()
    let common = positive.isEmpty ? 1 : positive[positive.count / 2]
    spread = spreads.map { max($0, Float(Self.leastSpread) * common, 1e-6) }
  }

  /// Median and median absolute deviation of ascending values.
  private static func middle(_ sorted: [Float]) -> (median: Float, deviation: Float) {
    guard !sorted.isEmpty else { return (0, 0) }
    let half = sorted.count / 2
    let median = sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
    // Deviations ascend from the middle on both sides: the one in the middle of all is found by going outwards.
    var low = half - 1
    var high = half
    var deviations: (Float, Float) = (0, 0)
    for _ in 0...half {
      let below = low >= 0 ? median - sorted[low] : .infinity
      let above = high < sorted.count ? sorted[high] - median : .infinity
      deviations = (deviations.1, min(below, above))
      if below < above { low -= 1 } else { high += 1 }
    }
    return (median, sorted.count % 2 == 1 ? deviations.1 : (deviations.0 + deviations.1) / 2)
  }

  /// Natural logarithm of the mean square of the features' distances.
  package func score(_ row: ArraySlice<Float>) -> Double {
    precondition(row.count == median.count)
    var square: Float = 0
    for (k, value) in row.enumerated() {
      let z = (value - median[k]) / spread[k]
      square += z * z
    }
    return square.isFinite ? log(Double(square) / Double(median.count) + 1e-12) : .nan
  }

  package var tensors: [String: [Double]] {
    ["median": median.map(Double.init), "spread": spread.map(Double.init)]
  }

  package init(columns: Int, tensor: (String, Int?) throws -> [Double]) throws {
    self.init(
      median: try tensor("median", columns).map { Float($0) },
      spread: try tensor("spread", columns).map { Float($0) })
  }

  package var isRegular: Bool { spread.allSatisfy { $0 > 0 } }
}

extension MedianDistance {
  /// Scores of all rows, each by the medians of the other parts' rows. Every column is sorted once.
  /// - Parameter usable: rows to fit on; their values are finite.
  package static func crossFitted(_ table: FeatureTable, by split: CrossFit, fittingOn usable: [Bool])
    -> [Double]
  {
    let rows = usable.indices.filter { usable[$0] }
    let found = Mutex([[(median: Float, deviation: Float)]](repeating: [], count: table.columns))
    DispatchQueue.concurrentPerform(iterations: table.columns) { column in
      let sorted = rows.map { (table.values[$0 * table.columns + column], split.fold[$0]) }
        .sorted { $0.0 < $1.0 }
      let own = (0..<split.folds).map { part in middle(sorted.compactMap { $0.1 == part ? nil : $0.0 }) }
      found.withLock { $0[column] = own }
    }
    let middles = found.withLock { $0 }
    return split.perFold { part, rows in
      let fitted = MedianDistance(middles.map { $0[part] })
      return rows.map { fitted.score(table[$0]) }
    }
  }
}
