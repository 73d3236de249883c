import Foundation

/// Evaluations spent where they are needed: a ladder of calibrations, climbed only while a verdict is open.
///
/// An image is scored with the first stage's evaluations. If its score is clearly inside or clearly outside the
/// population, that is its verdict; otherwise it is scored anew at the next stage. What "clearly" means at a rate is
/// read off the images that fitted the statistics (`thresholds`).
///
/// **The p-values stay exact.** Where an image leaves the ladder, and with which score, is one value `Position`, a
/// function of the image alone once the fitting images are given. Positions are ordered: cleared early, then scored
/// to the end, then declared odd early. The references went through the same function, so an image of the population
/// is exchangeable with them in this order, and `(1 + references at or above) / (1 + references)` is a conformal
/// p-value like any other (Vovk et al. 2005), whatever the thresholds are.
package struct AdaptiveCalibration: Sendable, Equatable {
  /// Scores of one image at every stage, `[stages]`, for each statistic.
  package typealias Ladder = [Double]

  /// Evaluations of each stage, ascending.
  package let evaluations: [Int]
  /// Scores of the images that fitted the statistics, cross-fitted (`Calibration.crossFitted`).
  package let fitting: [StatisticName: [Ladder]]
  /// Scores of the references.
  package let references: [StatisticName: [Ladder]]

  package init(
    evaluations: [Int], fitting: [StatisticName: [Ladder]], references: [StatisticName: [Ladder]]
  ) {
    self.evaluations = evaluations
    self.fitting = fitting
    self.references = references
  }

  /// Where an image left the ladder.
  package struct Position: Comparable, Sendable {
    /// Below 0: cleared, the earlier the lower; 0: scored to the end; above 0: odd, the earlier the higher.
    let exit: Int
    package let score: Double

    /// Sorts positions: the exit, then the score, what is no number last.
    package var order: (Int, Double) { (exit, score.isNaN ? .infinity : score) }

    package static func < (a: Position, b: Position) -> Bool { a.order < b.order }
  }

  /// The rule at one rate: what is clear at each stage but the last.
  package struct Rule: Sendable {
    let inside: [Double]
    let outside: [Double]
    let references: [Position]

    /// The verdict after the scores so far, or nil while it is open.
    package func position(_ scores: Ladder) -> Position? {
      Self.position(scores, inside, outside)
    }

    static func position(_ scores: Ladder, _ inside: [Double], _ outside: [Double]) -> Position? {
      let last = inside.count
      for (stage, score) in scores.enumerated() {
        if stage == last { return Position(exit: 0, score: score) }
        // What is no number is odd.
        if score.isNaN || score > outside[stage] { return Position(exit: last - stage, score: score) }
        if score <= inside[stage] { return Position(exit: stage - last, score: score) }
      }
      return nil
    }

    package func pValue(_ position: Position) -> Double {
      // The first reference at or above; references ascend.
      var low = 0
      var high = references.count
      while low < high {
        let middle = (low + high) / 2
        if references[middle] < position { low = middle + 1 } else { high = middle }
      }
      return Double(1 + references.count - low) / Double(references.count + 1)
    }
  }

  /// Share of the population that goes on past a stage: 22, then 9 times the rate, at most 0.6, then 0.4. At a rate of
  /// 0.01 and 4, 16, 64 evaluations that costs 4 + 0.22 * 16 + 0.09 * 64 = 13 an image, under a quarter of 64.
  static func openShare(_ rate: Double, _ stage: Int) -> Double {
    stage == 0 ? min(22 * rate, 0.6) : min(9 * rate, 0.4)
  }

  /// A score is clearly inside when a share `openShare` of the fitting images scores above it, and clearly outside when
  /// it is twice as far above their median as their largest is.
  ///
  /// - Throws: `CalibrationError` when there are too few references for the rate.
  package func rule(rate: Double, for statistic: StatisticName) throws(CalibrationError) -> Rule {
    guard rate > 0, rate < 1 else { throw .invalidRate(rate) }
    let references = references[statistic] ?? []
    let needed = Int((1 / rate - 1 - 1e-9).rounded(.up))
    guard references.count >= needed else {
      throw .tooFewReferences(found: references.count, needed: needed, rate: rate)
    }
    let fitting = fitting[statistic] ?? []
    guard !fitting.isEmpty else { throw .tooFewToFit(found: 0, needed: 1) }
    var inside: [Double] = []
    var outside: [Double] = []
    for stage in 0..<evaluations.count - 1 {
      let sorted = fitting.map { $0[stage] }.sorted()
      let index = Int(Double(sorted.count) * (1 - Self.openShare(rate, stage)))
      inside.append(sorted[min(index, sorted.count - 1)])
      let (median, most) = (sorted[sorted.count / 2], sorted[sorted.count - 1])
      outside.append(median + 2 * (most - median))
    }
    let positions = references.compactMap { Rule.position($0, inside, outside) }.sorted()
    return Rule(inside: inside, outside: outside, references: positions)
  }
}
