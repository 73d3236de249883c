import Diffusion

extension StatisticName {
  /// Joint, bands and spatial together: the default.
  public static let combined = StatisticName(declaring: "combined")
}

/// Sum of the scores of `joint`, `bands` and `spatial`, each less its median over the population and in units of its
/// spread there (half the distance between the 16 % and 84 % quantiles): equal say for each.
///
/// Median and spread are of images that the scored statistic was not fitted on: two halves, each scored by what the
/// other fitted.
package struct CombinedStatistic: Statistic {
  package static let name = StatisticName.combined

  package static let observations =
    JointStatistic.observations + BandStatistic.observations + SpatialStatistic.observations
  /// The statistics that are summed, in this order.
  package static let parts = [JointStatistic.name, BandStatistic.name, SpatialStatistic.name]

  package let joint: JointStatistic
  package let bands: BandStatistic
  package let spatial: SpatialStatistic
  /// Median and spread of each part.
  let medians: [Double]
  let spreads: [Double]

  package var fittedParts: [any Statistic] { [joint, bands, spatial] }

  private init(
    joint: JointStatistic, bands: BandStatistic, spatial: SpatialStatistic, medians: [Double],
    spreads: [Double]
  ) {
    self.joint = joint
    self.bands = bands
    self.spatial = spatial
    self.medians = medians.map { Double(Float($0)) }
    self.spreads = spreads.map { Double(Float($0)) }
  }

  package init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    try self.init(
      fitting: estimates, joint: JointStatistic(fitting: estimates), bands: BandStatistic(fitting: estimates),
      spatial: SpatialStatistic(fitting: estimates))
  }

  package func refitted(on estimates: [SurprisalEstimate]) throws(CalibrationError) -> Self {
    try Self(
      fitting: estimates, joint: joint.refitted(on: estimates), bands: bands.refitted(on: estimates),
      spatial: spatial.refitted(on: estimates))
  }

  /// - Parameters: the parts, fitted on the same images.
  private init(
    fitting estimates: [SurprisalEstimate], joint: JointStatistic, bands: BandStatistic,
    spatial: SpatialStatistic
  ) throws(CalibrationError) {
    var scores: [[Double]] = [[], [], []]
    func add(_ parts: [any Statistic], _ images: [SurprisalEstimate]) {
      for k in parts.indices { scores[k] += images.map { parts[k].score($0) } }
    }
    if estimates.count >= 6 {
      for half in 0..<2 {
        let fitting = estimates.indices.filter { $0 % 2 == half }.map { estimates[$0] }
        let other = estimates.indices.filter { $0 % 2 != half }.map { estimates[$0] }
        let parts: [any Statistic] = [
          try joint.refitted(on: fitting), try bands.refitted(on: fitting), try spatial.refitted(on: fitting),
        ]
        add(parts, other)
      }
    } else {
      add([joint, bands, spatial], estimates)
    }
    var medians: [Double] = []
    var spreads: [Double] = []
    for values in scores.map({ $0.sorted() }) {
      let at = { (share: Double) in values[Int(share * Double(values.count - 1))] }
      medians.append(at(0.5))
      // Scores without spread say nothing unless they differ.
      let spread = (at(0.84) - at(0.16)) / 2
      spreads.append(spread > 0 ? spread : 1)
    }
    self.init(joint: joint, bands: bands, spatial: spatial, medians: medians, spreads: spreads)
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    self.init(
      joint: try JointStatistic { try tensor("joint.\($0)", $1) },
      bands: try BandStatistic { try tensor("bands.\($0)", $1) },
      spatial: try SpatialStatistic { try tensor("spatial.\($0)", $1) },
      medians: try tensor("medians", 3), spreads: try tensor("spreads", 3))
  }

  package func refusal(for form: EstimateForm) -> String? {
    for part in fittedParts { if let refusal = part.refusal(for: form) { return refusal } }
    return refusedFeatures(of: Self.name, found: spreads.count, wanted: Self.parts.count, scales: spreads)
  }

  package var tensors: [String: [Double]] {
    var all = ["medians": medians, "spreads": spreads]
    for (name, part) in zip(Self.parts, fittedParts) {
      for (tensor, values) in part.tensors { all["\(name.rawValue).\(tensor)"] = values }
    }
    return all
  }

  /// What each of `parts` adds to the score.
  package func contributions(_ estimate: SurprisalEstimate) -> [Double] {
    fittedParts.enumerated().map { ($1.score(estimate) - medians[$0]) / spreads[$0] }
  }

  package func score(_ estimate: SurprisalEstimate) -> Double { contributions(estimate).reduce(0, +) }

  /// Those of the part that contributes most.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    let contributions = contributions(estimate)
    let most = contributions.indices.max { contributions[$0] < contributions[$1] } ?? 0
    return fittedParts[most].words(estimate, form)
  }
}
