import Diffusion
import Foundation

extension StatisticName {
  /// Surprisal of an image as an encoder sees it whole.
  public static let embedding = StatisticName(declaring: "embedding")
}

/// Minus the binary logarithm of the density of an image's encoding under the population's Gaussian, its correlations shrunk
/// (`ShrunkGaussian`): bits of what the encoder says of the whole image. Less than none are possible, as of any density.
package struct EmbeddingStatistic: Statistic {
  package static let name = StatisticName.embedding
  package static let kinds: Set<StatisticKind> = [.sight]

  package let gaussian: ShrunkGaussian
  /// Bits of ordinary images: the median, and what one in twenty exceeds.
  package let ordinary: [Double]
  private let least: Double

  private init(_ gaussian: ShrunkGaussian, ordinary: [Double]) {
    self.gaussian = gaussian
    self.ordinary = ordinary.map { Double(Float($0)) }
    least = gaussian.leastBits
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    self = try Self.crossFitted(estimates, by: CrossFit(groups: estimates.groups)).fitted
  }

  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    guard split.folds >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let rows = estimates.map { $0.features?.pooled ?? [] }
    guard let first = rows.first, !first.isEmpty, rows.allSatisfy({ $0.count == first.count }) else {
      throw .unsuitable("the encoder says nothing of whole images")
    }
    let table = FeatureTable(rows)
    let usable = (0..<table.rows).map { table.isFinite($0) }
    let bits = ShrunkGaussian.crossFittedBits(table, by: split, fittingOn: usable)
    // New images are judged by a Gaussian of as many images as judged these.
    let others = (0..<table.rows).filter { usable[$0] && split.fold[$0] != 0 }
    let sorted = bits.sorted()
    let fitted = Self(
      ShrunkGaussian(fitting: table, rows: others),
      ordinary: [Quantile.of(sorted, 0.5), Quantile.of(sorted, 0.95)])
    return (fitted, bits)
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    guard let pooled = estimate.features?.pooled, pooled.count == gaussian.mean.count else { return .nan }
    return gaussian.bits(pooled[...], least: least)
  }

  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    String(
      format:
        "%@%.0f bits as encoded, where half of ordinary ones have up to %.0f and 95 %% up to %.0f",
      Wording.all(of: form), score(estimate), ordinary[0], ordinary[1])
  }

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] { gaussian.tensors.merging(["ordinary": ordinary]) { $1 } }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    let columns = try tensor("mean", nil).count
    let gaussian = try ShrunkGaussian(columns: columns, tensor: tensor)
    guard columns > 0, gaussian.isRegular else {
      throw CalibrationError.unsuitable("embedding has a correlation that is not positive")
    }
    self.init(gaussian, ordinary: try tensor("ordinary", 2))
  }

  package func refusal(for form: EstimateForm) -> String? {
    let (found, wanted) = (gaussian.mean.count, form.features?.pooled ?? 0)
    return found == wanted ? nil : "embedding has \(found) features, not \(wanted)"
  }
}
