import Diffusion

/// Every statistic there is, in the order in which they are listed. The first of each kind is its default.
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
    AppearanceStatistic.self,
    ActivationStatistic.self,
    SpectrumStatistic.self,
    SightStatistic.self,
    EmbeddingStatistic.self,
    PlaceStatistic.self,
    PatchStatistic.self,
    ResidualStatistic.self,
    NearestStatistic.self,
    EyesStatistic.self,
    AlteredStatistic.self,
    DamageStatistic.self,
  ]

  private static func types(_ kind: StatisticKind) -> [any Statistic.Type] {
    all.filter { $0.kinds.contains(kind) }
  }

  static func names(_ kind: StatisticKind) -> [StatisticName] {
    types(kind).map { $0.name }
  }

  /// Those that are fitted and kept by themselves, not as a part of another.
  static func whole(_ kind: StatisticKind) -> [any Statistic.Type] {
    let types = types(kind)
    let parts = Set(types.flatMap { $0.parts })
    return types.filter { !parts.contains($0.name) }
  }

  /// `Statistic.crossFitted` of a type that is known at run time only, with scores as a file keeps them.
  static func crossFitted(
    _ type: any Statistic.Type, _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (any Statistic, [Double]) {
    func run<S: Statistic>(_ type: S.Type) throws(CalibrationError) -> (any Statistic, [Double]) {
      let (fitted, scores) = try S.crossFitted(estimates, by: split)
      return (fitted, scores.map { Double(Float($0)) })
    }
    return try run(type)
  }

  static func type(of name: StatisticName) -> (any Statistic.Type)? { all.first { $0.name == name } }
}
