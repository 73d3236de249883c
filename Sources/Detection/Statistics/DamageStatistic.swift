import Diffusion
import Foundation

extension StatisticName {
  /// How unlike the population's an image's places are, as a network sees them that was taught to find damage.
  public static let damage = StatisticName(declaring: "damage")
}

/// How unlike the population an image is in what a network sees of it by place that was taught to mark synthetic damage
/// (`DamageNetwork`): of its oddest places under Gaussians of each place (`PlaceGaussians`), and of the whole under one of what is pooled
/// over places (`ShrunkGaussian`), each in deviations of ordinary images' scores, added up. Says where.
package struct DamageStatistic: Statistic {
  package static let name = StatisticName.damage
  package static let kinds: Set<StatisticKind> = [.errors, .appearance]
  package static let observations = [Observation.look]

  private let places: PlaceGaussians
  private let whole: ShrunkGaussian
  /// Mean and deviation of the places' scores of ordinary images, then of the whole's.
  private let ordinary: [Double]

  /// Share of independence in what is pooled.
  private static let shrinkage = 0.1

  private init(_ places: PlaceGaussians, _ whole: ShrunkGaussian, ordinary: [Double]) {
    self.places = places
    self.whole = whole
    // As a file keeps it.
    self.ordinary = ordinary.map { Double(Float($0)) }
  }

  package static func canJudge(_ estimate: SurprisalEstimate) -> Bool { estimate.appearance?.damage != nil }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    self = try Self.crossFitted(estimates, by: CrossFit(groups: estimates.groups)).fitted
  }

  /// How far both parts spread stays: it only says how much each has to say.
  package func refitted(on estimates: GroupedEstimates) throws(CalibrationError) -> Self {
    let looks = estimates.compactMap { $0.appearance?.damage }
    guard looks.count == estimates.count, looks.allSatisfy({ $0.features.count == places.mean.count }) else {
      throw .tooFewToFit(found: looks.count, needed: 3)
    }
    let usable = looks.filter { $0.features.allSatisfy(\.isFinite) }
    guard usable.count >= 3 else { throw .tooFewToFit(found: usable.count, needed: 3) }
    return Self(
      PlaceGaussians(fitting: usable.map(\.features), columns: places.columns),
      ShrunkGaussian(
        fitting: FeatureTable(usable.map(\.pooled)), rows: Array(usable.indices), shrinkage: Self.shrinkage),
      ordinary: ordinary)
  }

  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    let looks = estimates.compactMap { $0.appearance?.damage }
    guard split.folds >= 3, looks.count == estimates.count, let form = looks.first?.form,
      looks.allSatisfy({ $0.form == form && $0.features.count == form.count && form.count > 0 })
    else { throw .tooFewToFit(found: min(split.folds, looks.count), needed: 3) }
    let usable = looks.map { $0.features.allSatisfy(\.isFinite) }
    guard usable.count(where: { $0 }) >= 3 else {
      throw .tooFewToFit(found: usable.count { $0 }, needed: 3)
    }
    let (places, byPlace) = PlaceGaussians.crossFitted(
      looks.map(\.features), columns: form.features, by: split, fittingOn: usable,
      score: PlaceGaussians.oddest)
    let table = FeatureTable(looks.map(\.pooled))
    let byWhole = ShrunkGaussian.crossFitted(table, by: split, fittingOn: usable, shrinkage: shrinkage)
    let whole = ShrunkGaussian(
      fitting: table, rows: usable.indices.filter { usable[$0] }, shrinkage: shrinkage)
    let fitted = Self(places, whole, ordinary: Self.spread(byPlace) + Self.spread(byWhole))
    return (fitted, zip(byPlace, byWhole).map { fitted.joined($0, $1) })
  }

  /// Mean and deviation of those that are numbers.
  private static func spread(_ scores: [Double]) -> [Double] {
    let numbers = scores.filter(\.isFinite)
    let count = Double(max(numbers.count, 1))
    let mean = numbers.reduce(0, +) / count
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    return [mean, max(variance.squareRoot(), 1e-6)]
  }

  private func joined(_ byPlace: Double, _ byWhole: Double) -> Double {
    (byPlace - ordinary[0]) / ordinary[1] + (byWhole - ordinary[2]) / ordinary[3]
  }

  /// Of each place the natural logarithm of its squared distance; nil where nothing was seen that can be judged.
  private func logDistances(_ estimate: SurprisalEstimate) -> [Double]? {
    guard let look = estimate.appearance?.damage, look.form.features == places.columns,
      look.features.count == places.mean.count
    else { return nil }
    return places.logDistances(look.features)
  }

  /// Of each place, how many times as far it is as an ordinary one, `[rows, columns]`; nil likewise.
  func distances(_ estimate: SurprisalEstimate) -> [Double]? { logDistances(estimate)?.map { exp($0 / 2) } }

  package func score(_ estimate: SurprisalEstimate) -> Double {
    guard let look = estimate.appearance?.damage, let distances = logDistances(estimate) else { return .nan }
    let pooled = look.pooled
    guard pooled.count == whole.mean.count else { return .nan }
    return joined(PlaceGaussians.oddest(distances), whole.score(pooled[...]))
  }

  /// Where it is oddest, in pixels of the model's image.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    guard let look = estimate.appearance?.damage?.form, let distances = logDistances(estimate),
      distances.count == look.rows * look.columns,
      let peak = distances.indices.max(by: { distances[$0] < distances[$1] })
    else { return nil }
    let place = Wording.spot(peak, rows: look.rows, columns: look.columns, in: form)
    return String(
      format: "%@ as if damaged: %.1f times as far as ordinary there", place, exp(distances[peak] / 2))
  }

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] {
    [
      "columns": [Double(places.columns)], "mean": places.mean.map(Double.init),
      "factors": places.factors.map(Double.init), "ordinary": ordinary,
    ].merging(
      whole.tensors.map { ("whole.\($0)", $1) }, uniquingKeysWith: { $1 })
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    let columns = try tensor("columns", 1)[0]
    guard columns >= 1, columns <= 65536, columns == columns.rounded() else {
      throw CalibrationError.unsuitable("damage is of no number of features")
    }
    let places = PlaceGaussians(
      columns: Int(columns), mean: try tensor("mean", nil).map { Float($0) },
      factors: try tensor("factors", nil).map { Float($0) })
    let pooled = try tensor("whole.mean", nil).count
    let whole = try ShrunkGaussian(columns: pooled) { try tensor("whole.\($0)", $1) }
    guard places.isRegular, pooled > 0, whole.isRegular else {
      throw CalibrationError.unsuitable("damage has a spread that is not above zero")
    }
    self.init(places, whole, ordinary: try tensor("ordinary", 4))
  }

  package func refusal(for form: EstimateForm) -> String? {
    guard let look = form.damage else { return "the model was not taught to find damage" }
    guard places.columns == look.features, places.mean.count == look.count, whole.mean.count == look.pooled
    else {
      return "damage has \(places.mean.count) features of places and \(whole.mean.count) of the whole, not "
        + "\(look.count) and \(look.pooled)"
    }
    return ordinary[1] > 0 && ordinary[3] > 0 ? nil : "damage has a spread that is not above zero"
  }
}

extension DamageLook {
  /// Added to deviations before their logarithm is taken.
  private static let leastDeviation: Float = 1e-3

  /// Of each of the middle's features its mean over places, the largest, minus the smallest, and the logarithm of its deviation.
  var pooled: [Float] {
    let (width, places) = (form.features, form.rows * form.columns)
    let channels = form.middle
    var mean = [Float](repeating: 0, count: channels)
    var most = [Float](repeating: -.infinity, count: channels)
    var least = most
    var square = mean
    for place in 0..<places {
      for c in 0..<channels {
        let value = features[place * width + c]
        mean[c] += value / Float(places)
        most[c] = max(most[c], value)
        least[c] = max(least[c], -value)
      }
    }
    for place in 0..<places {
      for c in 0..<channels {
        let difference = features[place * width + c] - mean[c]
        square[c] += difference * difference / Float(places)
      }
    }
    return mean + most + least + square.map { log($0.squareRoot() + Self.leastDeviation) }
  }
}
