import Diffusion

extension StatisticName {
  /// Bits per dimension: high is odd.
  public static let surprisal = StatisticName(declaring: "surprisal")
}

/// Bits per dimension.
package struct SurprisalStatistic: FixedStatistic {
  package static let name = StatisticName.surprisal

  package init() {}

  package func score(_ estimate: SurprisalEstimate) -> Double { estimate.bitsPerDim }
}
