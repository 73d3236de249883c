import Diffusion
import Foundation

extension StatisticName {
  /// What an image shows: what the network sees of it in one look.
  public static let activations = StatisticName(declaring: "activations")
  /// How strong patterns of 8x8 pixels are: what pixels alone say. A control that `activations` has to beat.
  public static let spectrum = StatisticName(declaring: "spectrum")
}

/// Distance of an image from the population's in features of its appearance (`RobustGaussian`).
package protocol FeatureStatistic: Statistic {
  var model: RobustGaussian { get }
  init(_ model: RobustGaussian)
  /// As many for each image.
  static func features(_ appearance: Appearance) -> [Float]
  /// Whether they are the network's activations, and not the spectrum.
  static var seesActivations: Bool { get }
  /// How many there are.
  static func count(_ form: EstimateForm) -> Int
}

extension FeatureStatistic {
  package static var kinds: Set<StatisticKind> { [.appearance, .errors] }
  package static var observations: [Observation] { [.look] }

  /// - Throws: `CalibrationError.tooFewToFit`.
  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    try crossFitted(estimates, by: split, trusted: true)
  }

  /// - Parameter trusted: whether all images are known to belong; where not, what is far takes no part in the fit.
  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit, trusted: Bool
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let fit = RobustGaussian.fit(
      FeatureTable(estimates.map(features)), by: split, trusted: trusted)
    return (Self(fit.model), fit.scores)
  }

  /// Where its scores over the images lie is asked of thirds of them: who fits it so has its own references.
  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let table = FeatureTable(estimates.map(Self.features))
    self.init(RobustGaussian.fit(table, by: CrossFit(rows: table.rows, folds: 3), trusted: true).model)
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    self.init(
      try RobustGaussian(columns: try tensor("distance.median", nil).count, tensor: tensor))
  }

  package var tensors: [String: [Double]] { model.tensors }

  package func refusal(for form: EstimateForm) -> String? {
    let (found, wanted) = (model.distance.median.count, Self.count(form))
    guard found == wanted else { return "\(Self.name.rawValue) has \(found) features, not \(wanted)" }
    return model.isRegular ? nil : "\(Self.name.rawValue) has a spread that is not above zero"
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    guard let appearance = estimate.appearance else { return .nan }
    return model.score(Self.features(appearance)[...])
  }

  /// Features by what they tell, each with the root mean square of its distances from the medians: about 1 in an ordinary
  /// image.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    guard let appearance = estimate.appearance else { return nil }
    let features = Self.features(appearance)
    let groups = Self.groups(form)
    let distances = groups.map { group -> (String, Double) in
      let square = group.places.reduce(0.0) { sum, k in
        let z = Double((features[k] - model.distance.median[k]) / model.distance.spread[k])
        return sum + z * z
      }
      return (group.name, (square / Double(max(group.places.count, 1))).squareRoot())
    }
    guard let most = distances.max(by: { $0.1 < $1.1 }) else { return nil }
    let far = String(format: "%@ %.1f times as far from the middle as ordinary", most.0 as NSString, most.1)
    // The score is of what goes together: where no feature is far by itself, that is what is odd.
    return most.1 < Self.far ? "\(far), feature by feature: not as they go together in others" : far
  }

  /// Times as far as ordinary from which on features are far by themselves.
  private static var far: Double { 1.5 }

  /// What its features are, by name.
  private static func groups(_ form: EstimateForm) -> [(name: String, places: [Int])] {
    seesActivations
      ? [("what it shows", Array(0..<form.activations))]
      : BlockSpectrum.Part.allCases.map { ($0.rawValue, BlockSpectrum.places($0)) }
  }

  fileprivate static func features(_ estimate: SurprisalEstimate) -> [Float] {
    estimate.appearance.map(features) ?? []
  }

  fileprivate static func spectrum(_ appearance: Appearance) -> [Float] {
    let image = appearance.image
    return BlockSpectrum.features(
      pixels: image.pixels, width: image.width, height: image.height, channels: image.channels)
  }
}

/// What the network sees.
package struct ActivationStatistic: FeatureStatistic {
  package static let seesActivations = true
  package static let name = StatisticName.activations
  package let model: RobustGaussian

  package init(_ model: RobustGaussian) { self.model = model }

  package static func features(_ appearance: Appearance) -> [Float] { appearance.activations }

  package static func count(_ form: EstimateForm) -> Int { form.activations }
}

/// The spectrum.
package struct SpectrumStatistic: FeatureStatistic {
  package static let seesActivations = false
  package static let name = StatisticName.spectrum
  package let model: RobustGaussian

  package init(_ model: RobustGaussian) { self.model = model }

  package static func features(_ appearance: Appearance) -> [Float] { spectrum(appearance) }

  package static func count(_ form: EstimateForm) -> Int { BlockSpectrum.count }
}
