/// Every statistic there is, in the order in which they are listed. The first is the default.
package enum StatisticRegistry {
  package static let all: [any Statistic.Type] = [
    CombinedStatistic.self,
    JointStatistic.self,
    ProfileStatistic.self,
    BandStatistic.self,
    SpatialStatistic.self,
    LocalStatistic.self,
    SurprisalStatistic.self,
    TypicalityStatistic.self,
    ComplexityStatistic.self,
    RatioStatistic.self,
    GaussianStatistic.self,
  ]

  /// Those that are fitted and kept by themselves, not as a part of another.
  static let whole: [any Statistic.Type] = {
    let parts = Set(all.flatMap { $0.parts })
    return all.filter { !parts.contains($0.name) }
  }()

  static func type(of name: StatisticName) -> (any Statistic.Type)? { all.first { $0.name == name } }
}
