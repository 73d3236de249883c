import Foundation

/// Reference scores of one statistic, ascending, from images of the population that fitted nothing.
package struct ReferenceScores: Sendable, Equatable {
  package let sorted: [Double]
  /// What is beyond them; nil where they are too few or alike.
  package let tail: TailFit?

  /// - Throws: `CalibrationError.notFinite`.
  package init(_ scores: [Double]) throws(CalibrationError) {
    guard scores.allSatisfy(\.isFinite) else { throw .notFinite }
    sorted = scores.sorted()
    tail = TailFit(sorted)
  }

  /// The tail fit's probability for a score beyond all references, where their p-value says only "less than all".
  package func tailPValue(_ score: Double) -> Double? {
    guard let last = sorted.last, score > last else { return nil }
    return tail?.probability(above: score)
  }

  package var count: Int { sorted.count }

  /// Conformal p-value, (1 + references >= score) / (1 + references): valid at every sample size when the image is
  /// exchangeable with the references (Vovk et al. 2005). A score that is no number gets the smallest.
  package func pValue(_ score: Double) -> Double {
    guard !score.isNaN else { return 1 / Double(count + 1) }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < score { low = middle + 1 } else { high = middle }
    }
    return Double(1 + count - low) / Double(count + 1)
  }
}
