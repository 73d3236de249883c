import Diffusion
import Foundation

extension StatisticName {
  /// How unlike ordinary images an image is at its oddest places, as an encoder sees them.
  public static let places = StatisticName(declaring: "places")
}

/// Mean logarithm of the distance of an image's oddest places, one in 128, by a Gaussian of ordinary images at each place: PaDiM (Defard
/// et al., arXiv 2011.08785), its directions those of most variance (`PlaceView`). Says where.
///
/// Images need not be framed alike, though what is to be found is then found more often (`docs/detection.md`).
package struct PlaceStatistic: Statistic {
  package static let name = StatisticName.places
  package static let kinds: Set<StatisticKind> = [.sight]

  private let view: PlaceView
  private let gaussians: PlaceGaussians
  /// Score of an ordinary image, the median.
  private let ordinary: Double

  private init(_ view: PlaceView, _ gaussians: PlaceGaussians, ordinary: Double) {
    (self.view, self.gaussians) = (view, gaussians)
    // As a file keeps it.
    self.ordinary = Double(Float(ordinary))
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    self = try Self.crossFitted(estimates, by: CrossFit(groups: estimates.groups)).fitted
  }

  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    let maps = estimates.map { $0.features?.maps ?? [] }
    guard let form = estimates.first?.features?.form, !form.maps.isEmpty,
      estimates.allSatisfy({ $0.features?.form == form })
    else { throw .unsuitable("the encoder says nothing of places") }
    let usable = maps.map { $0.allSatisfy { $0.values.allSatisfy(\.isFinite) } }
    let count = usable.count { $0 }
    guard split.folds >= 3, count >= 3 else { throw .tooFewToFit(found: min(split.folds, count), needed: 3) }
    let view = PlaceView(fitting: maps.indices.filter { usable[$0] }.map { maps[$0] })
    let features = inParallel(maps.count) { view.features(maps[$0]) }
    let (gaussians, scores) = PlaceGaussians.crossFitted(
      features, columns: view.columns, by: split, fittingOn: usable, score: PlaceGaussians.oddest)
    let known = scores.filter(\.isFinite).sorted()
    return (Self(view, gaussians, ordinary: known.isEmpty ? 0 : Quantile.of(known, 0.5)), scores)
  }

  /// Of each place the natural logarithm of its squared distance; nil where nothing was seen that can be judged.
  private func logDistances(_ estimate: SurprisalEstimate) -> [Double]? {
    guard let maps = estimate.features?.maps, !maps.isEmpty,
      maps.reduce(0, { $0 + $1.channels }) == view.mean.count
    else { return nil }
    let features = view.features(maps)
    guard features.count == gaussians.mean.count else { return nil }
    return gaussians.logDistances(features)
  }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    logDistances(estimate).map(PlaceGaussians.oddest) ?? .nan
  }

  /// Of each place, how many times as far it is as the oddest of an ordinary image, `[rows, columns]`; nil where nothing was seen that
  /// can be judged.
  func distances(_ estimate: SurprisalEstimate) -> [Double]? {
    logDistances(estimate)?.map { exp(($0 - ordinary) / 2) }
  }

  /// Where it is oddest, in pixels of the encoder's image.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    guard let grid = Self.grid(form), let distances = distances(estimate),
      distances.count == grid.rows * grid.columns,
      let peak = distances.indices.max(by: { distances[$0] < distances[$1] })
    else { return nil }
    return String(
      format: "%@ unlike any ordinary image there: %.2f times as far as an ordinary image's oddest place",
      Wording.spot(peak, rows: grid.rows, columns: grid.columns, in: form), distances[peak])
  }

  /// Places of images that look so; nil of none.
  static func grid(_ form: EstimateForm) -> (rows: Int, columns: Int)? {
    form.features?.maps.first?.grid(ofAtMost: PlaceView.mostPlaces)
  }

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] {
    [
      "channels": view.mean.map(Double.init), "axes": view.axes.map(Double.init),
      "mean": gaussians.mean.map(Double.init), "factors": gaussians.factors.map(Double.init),
      "ordinary": [ordinary],
    ]
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    let view = PlaceView(
      mean: try tensor("channels", nil).map { Float($0) }, axes: try tensor("axes", nil).map { Float($0) })
    let gaussians = PlaceGaussians(
      columns: view.columns, mean: try tensor("mean", nil).map { Float($0) },
      factors: try tensor("factors", nil).map { Float($0) })
    guard gaussians.isRegular else {
      throw CalibrationError.unsuitable("places have a spread that is not above zero")
    }
    self.init(view, gaussians, ordinary: try tensor("ordinary", 1)[0])
  }

  package func refusal(for form: EstimateForm) -> String? {
    let channels = form.features?.maps.reduce(0) { $0 + $1.channels } ?? 0
    guard channels > 0, view.isRegular(channels: channels), let grid = Self.grid(form),
      gaussians.places == grid.rows * grid.columns
    else {
      return "places are \(gaussians.places) of \(view.mean.count) features, and the encoder sees others"
    }
    return nil
  }
}
