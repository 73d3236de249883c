import Diffusion
import Foundation
import Images

extension StatisticName {
  /// How far what learned eyes see lies from the population.
  public static let eyes = StatisticName(declaring: "eyes")
  /// How sure learned eyes are that the image is altered.
  public static let altered = StatisticName(declaring: "altered")
}

/// Distance of an image from the population in what a network sees that was taught to tell the population's images from altered
/// ones (`EyeNetwork`): `ShrunkGaussian` of its activations, pooled over place.
package struct EyesStatistic: Statistic {
  package static let name = StatisticName.eyes
  package static let kinds: Set<StatisticKind> = [.errors, .appearance]
  package static let observations = [Observation.look]

  private let gaussian: ShrunkGaussian

  package static func canJudge(_ estimate: SurprisalEstimate) -> Bool { estimate.appearance?.eyes != nil }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    let rows = estimates.compactMap { $0.appearance?.eyes?.activations }
      .filter { $0.allSatisfy(\.isFinite) }
    guard rows.count >= 3, let first = rows.first, !first.isEmpty else {
      throw .tooFewToFit(found: rows.count, needed: 3)
    }
    gaussian = ShrunkGaussian(fitting: FeatureTable(rows))
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    guard let seen = estimate.appearance?.eyes?.activations, seen.count == gaussian.mean.count else {
      return .nan
    }
    return gaussian.score(seen[...])
  }

  /// The distance a feature: about 1 in an ordinary image.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    String(
      format: "what it shows, to learned eyes, %.1f times as far from the middle as ordinary",
      exp(score(estimate) / 2))
  }

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] { gaussian.tensors }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    gaussian = try ShrunkGaussian(columns: try tensor("mean", nil).count, tensor: tensor)
  }

  package func refusal(for form: EstimateForm) -> String? {
    let (found, wanted) = (gaussian.mean.count, form.eyes?.activations ?? 0)
    guard found == wanted else { return "\(Self.name.rawValue) has \(found) features, not \(wanted)" }
    return gaussian.isRegular ? nil : "\(Self.name.rawValue) has a spread that is not above zero"
  }
}

/// Minus the binary logarithm of the probability that the image is as it is, and not altered (`EyeNetwork`): bits. It needs no
/// images to fit to.
package struct AlteredStatistic: FixedStatistic {
  package static let name = StatisticName.altered
  package static let kinds: Set<StatisticKind> = [.errors, .appearance]
  package static let observations = [Observation.look]

  package init() {}

  package static func canJudge(_ estimate: SurprisalEstimate) -> Bool { EyesStatistic.canJudge(estimate) }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    (estimate.appearance?.eyes?.logProbabilities.first).map { -Double($0) / log(2) } ?? .nan
  }

  package func refusal(for form: EstimateForm) -> String? {
    form.eyes == nil ? "the model has no eyes for \(Self.name.rawValue)" : nil
  }

  /// Which way it seems altered.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    guard let ways = form.eyes?.alterations, let seen = estimate.appearance?.eyes?.logProbabilities,
      seen.count == ways.count, let most = seen.indices.dropFirst().max(by: { seen[$0] < seen[$1] })
    else { return nil }
    return String(
      format: "it seems %@ (probability %.2g; as it is: %.2g)", ways[most].words as NSString,
      exp(Double(seen[most])), exp(Double(seen[0])))
  }
}
