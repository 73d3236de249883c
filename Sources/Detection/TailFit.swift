import Foundation

/// How fast the references' scores thin out at their upper end, to say something of scores beyond all of them: the
/// generalised Pareto distribution of the excesses over a high threshold (Pickands 1975).
///
/// A conformal p-value cannot fall below 1 / (1 + references) and holds whatever the distribution; this one goes on, and
/// holds as far as the tail keeps its shape. It is reported beside the other, never in its place.
package struct TailFit: Sendable, Equatable {
  /// Where the tail begins: the references' 90 % quantile.
  package let threshold: Double
  /// Share of the references above the threshold.
  package let share: Double
  /// xi, at least 0: a tail that ends at some score is never claimed.
  package let shape: Double
  package let scale: Double

  /// Excesses that a fit needs.
  package static let least = 30

  /// Fits by probability-weighted moments (Hosking and Wallis 1987, section 3), which is best for the light to
  /// moderate tails and few excesses there are.
  ///
  /// - Parameters:
  ///   - sorted: ascending scores.
  ///   - least: excesses that it takes.
  /// - Returns: nil with fewer excesses, or none that differs.
  package init?(_ sorted: [Double], least: Int = Self.least) {
    let first = Int(0.9 * Double(sorted.count))
    guard first > 0, sorted.count - first >= least else { return nil }
    let threshold = sorted[first - 1]
    let excesses = sorted[first...].map { $0 - threshold }
    let n = Double(excesses.count)
    var mean = 0.0
    var weighted = 0.0
    for (index, excess) in excesses.enumerated() {
      mean += excess / n
      weighted += (1 - (Double(index) + 0.65) / n) * excess / n
    }
    guard mean > 2 * weighted, weighted > 0, mean.isFinite else { return nil }
    let shape = 2 - mean / (mean - 2 * weighted)
    self.threshold = threshold
    share = n / Double(sorted.count)
    if shape > 0 {
      // Below 1 the mean exists, which the method rests on.
      self.shape = min(shape, 0.95)
      scale = 2 * mean * weighted / (mean - 2 * weighted)
    } else {
      // Lighter than exponential: the exponential tail of the same mean overstates the probability.
      self.shape = 0
      scale = mean
    }
  }

  /// Probability of a score at least this high in the population, for scores above the threshold.
  package func probability(above score: Double) -> Double {
    exp(logProbability(above: score))
  }

  /// Its logarithm, which goes on where the probability itself is too small for a number.
  package func logProbability(above score: Double) -> Double {
    let x = max(score - threshold, 0) / scale
    return log(share) - (shape == 0 ? x : log(1 + shape * x) / shape)
  }
}
