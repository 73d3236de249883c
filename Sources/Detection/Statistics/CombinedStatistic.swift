import Diffusion

extension StatisticName {
  /// What denoising errors, one look and the pixels say, as one: the default.
  public static let combined = StatisticName(declaring: "combined")
}

/// How far some of the scores of several statistics are too high, by the law of their vector over the population (`ScoreLaw`). How much say
/// each has is known from images of the population that were altered (`Sensitivity`); no other outliers have a part in it.
///
/// The law is of images that the scored statistics were not fitted on: parts of the images that take turns, each scored by what the
/// others fitted. Statistics of more features than there are images score lower the more images fit them, so a law is of scores by as many as
/// judge new images, or nearly.
package struct CombinedStatistic: Statistic {
  package static let name = StatisticName.combined

  /// The statistics that it joins, in this order; new ones come last, so that files from before are read.
  static let types: [any Statistic.Type] = [
    JointStatistic.self, BandStatistic.self, SpatialStatistic.self, SurprisalStatistic.self,
    ComplexityStatistic.self, RatioStatistic.self, GaussianStatistic.self, ActivationStatistic.self,
    SpectrumStatistic.self,
    ResidualStatistic.self,
    NearestStatistic.self,
    EyesStatistic.self,
    AlteredStatistic.self,
    DamageStatistic.self,
  ]
  /// Files that know so many statistics are from when the sum of both tests counted.
  private static let typesOfSum = 11
  package static let parts = types.map { $0.name }
  package static let observations = types.flatMap { $0.observations }

  package static func canJudge(_ estimate: SurprisalEstimate) -> Bool { true }

  /// As fitted, in the order of `types`: those that can judge all images.
  package let fittedParts: [any Statistic]
  /// Of each part's say.
  private let weights: [Double]
  private let law: ScoreLaw

  private init(_ parts: [any Statistic], _ weights: [Double], _ law: ScoreLaw) {
    fittedParts = parts
    self.weights = weights
    self.law = law
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    self = try Self.fitted(on: estimates, knowing: nil)
  }

  package static func fitted(
    on estimates: GroupedEstimates, knowing sensitivity: Sensitivity?
  ) throws(CalibrationError) -> Self {
    try Parts(fitting: estimates).joined(knowing: sensitivity)
  }

  package func refitted(on estimates: GroupedEstimates) throws(CalibrationError) -> Self {
    let parts = try Parts(Parts.refitted(fittedParts, on: estimates), fittedOn: estimates)
    return parts.joined(weights, contrasts: law.contrasts)
  }

  package static func begun(
    on estimates: GroupedEstimates, knowing sensitivity: Sensitivity?
  ) throws(CalibrationError) -> Self {
    let parts = try Parts.fitted(on: estimates)
    return Parts(parts, scores: parts.map { _ in [] }).joined(knowing: sensitivity)
  }

  /// The parts are fitted once for each part of the images; the law by which these are judged is of the others' scores, each by what its
  /// own part had no share in.
  package func refitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (judging: Self, scores: [StatisticName: [Double]]) {
    let fitted = try inParallel(split.folds) { part throws(CalibrationError) in
      try Parts.refitted(fittedParts, on: estimates.rows(of: part, in: split).others)
    }
    let scores = fittedParts.indices.map { k in
      estimates.indices.map { fitted[split.fold[$0]][k].score(estimates[$0]) }
    }
    let laws = (0..<split.folds).map { part in
      let others = estimates.indices.filter { split.fold[$0] != part }
      return Parts(fitted[part], scores: scores.map { column in others.map { column[$0] } })
        .joined(weights, contrasts: law.contrasts)
    }
    var all = [
      Self.name: estimates.indices.map { row in
        laws[split.fold[row]].law.shift(scores.map { $0[row] }).size
      }
    ]
    for (part, own) in zip(fittedParts, scores) { all[type(of: part).name] = own }
    return (laws[0], all)
  }

  /// What it joins, as fitted, before anything is known of the say of each.
  package struct Parts {
    /// In the order of `types`: those that can judge all images.
    package let statistics: [any Statistic]
    /// Of each those of all images, each by what was fitted on others.
    private let scores: [[Double]]

    /// Images from which on halves judge each other; fewer would score much higher by half of them than by all.
    private static let enoughForHalves = 1000
    /// Images that it takes to have halves that fit statistics.
    private static let fewest = 6

    package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
      try self.init(Self.fitted(on: estimates), fittedOn: estimates)
    }

    fileprivate init(_ statistics: [any Statistic], scores: [[Double]]) {
      (self.statistics, self.scores) = (statistics, scores)
    }

    fileprivate static func fitted(
      on estimates: GroupedEstimates
    ) throws(CalibrationError) -> [any Statistic] {
      var parts: [any Statistic] = []
      for type in CombinedStatistic.types where estimates.allSatisfy(type.canJudge) {
        parts.append(try type.init(fitting: estimates))
      }
      return parts
    }

    fileprivate init(
      _ parts: [any Statistic], fittedOn estimates: GroupedEstimates
    ) throws(CalibrationError) {
      let split = CrossFit(
        inTurn: estimates.groups,
        folds: estimates.count < Self.enoughForHalves ? CrossFit.standard : 2)
      guard estimates.count >= Self.fewest, split.folds > 1 else {
        self.init(parts, scores: parts.map { part in estimates.map { part.score($0) } })
        return
      }
      let found = try inParallel(split.folds) { part throws(CalibrationError) in
        let (own, others) = estimates.rows(of: part, in: split)
        return try Self.refitted(parts, on: others).map { part in own.map { part.score($0) } }
      }
      self.init(parts, scores: parts.indices.map { k in found.flatMap { $0[k] } })
    }

    fileprivate static func refitted(
      _ parts: [any Statistic], on estimates: GroupedEstimates
    ) throws(CalibrationError) -> [any Statistic] {
      var refitted: [any Statistic] = []
      for part in parts { refitted.append(try part.refitted(on: estimates)) }
      return refitted
    }

    /// - Parameter sensitivity: nil for the same say of each.
    package func joined(knowing sensitivity: Sensitivity?) -> CombinedStatistic {
      let names = statistics.map { type(of: $0).name }
      return joined(
        sensitivity?.weights(of: names) ?? names.map { _ in 1 }, contrasts: sensitivity?.contrasts ?? true)
    }

    fileprivate func joined(_ weights: [Double], contrasts: Bool) -> CombinedStatistic {
      CombinedStatistic(
        statistics, weights, ScoreLaw(fitting: scores, weights: weights, contrasts: contrasts))
    }
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    let kept = try tensor("parts", nil)
    guard kept.count <= Self.types.count else {
      throw CalibrationError.unsuitable("\(Self.name.rawValue) is of \(kept.count) statistics")
    }
    var parts: [any Statistic] = []
    for (type, weight) in zip(Self.types, kept) where weight > 0 {
      parts.append(try type.init { try tensor("\(type.name.rawValue).\($0)", $1) })
    }
    let weights = kept.filter { $0 > 0 }
    self.init(
      parts, weights,
      try ScoreLaw(weights: weights, takesLarger: kept.count > Self.typesOfSum) {
        try tensor("law.\($0)", $1)
      })
  }

  package func refusal(for form: EstimateForm) -> String? {
    for part in fittedParts { if let refusal = part.refusal(for: form) { return refusal } }
    return law.isRegular ? nil : "the law of the scores of \(Self.name.rawValue) is none"
  }

  package var tensors: [String: [Double]] {
    var all: [String: [Double]] = [:]
    for (name, values) in law.tensors { all["law.\(name)"] = values }
    let names = fittedParts.map { type(of: $0).name }
    // Of each its weight; files from before weights have 1.
    all["parts"] = Self.parts.map { name in names.firstIndex(of: name).map { weights[$0] } ?? 0 }
    for (name, part) in zip(names, fittedParts) {
      for (tensor, values) in part.tensors { all["\(name.rawValue).\(tensor)"] = values }
    }
    return all
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    law.shift(fittedParts.map { $0.score(estimate) }).size
  }

  /// Of the statistic whose score is highest.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    fittedParts[law.shift(fittedParts.map { $0.score(estimate) }).highest].words(estimate, form)
  }
}
