import Diffusion
import Foundation

/// Noise levels as statistics take them: neighbouring nodes averaged into at most eight.
///
/// More evaluations then make the same features less noisy, where keeping every node would make more of them, each as
/// noisy, for the same number of images to fit.
enum Levels {
  static let most = 8

  /// The nodes of each level, ascending.
  static func groups(_ nodes: Int) -> [Range<Int>] {
    let count = min(nodes, most)
    return (0..<count).map { $0 * nodes / count..<($0 + 1) * nodes / count }
  }

  /// Means over each level's nodes of `[nodes, width]` values: `[levels, width]`.
  static func average(_ values: [Float], nodes: Int) -> [Double] {
    guard nodes > 0 else { return [] }
    let width = values.count / nodes
    return groups(nodes).flatMap { group in
      (0..<width).map { k in
        group.reduce(0) { $0 + Double(values[$1 * width + k]) } / Double(group.count)
      }
    }
  }
}

/// A density of some features of an image's errors.
protocol ErrorDensity: Statistic {
  /// An image's features, standardised by their own mean and deviation over the population.
  func standardised(_ estimate: SurprisalEstimate) -> [Double]
}

/// Surprise, in bits a level, of the logarithms of the errors at each noise level, under a Gaussian mixture
/// (after MSMA, Mahmood et al., arXiv 2010.13132).
public struct ProfileStatistic: ErrorDensity {
  /// Mean log error of every node, and its standard deviation: what an explanation compares with.
  public let mean: [Double]
  public let deviation: [Double]
  let density: MixtureDensity

  /// Log of one node's error; errors below a millionth of the noise are as good as none.
  static func logError(_ error: Double) -> Double { log(max(error, 1e-6)) }

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    Levels.groups(estimate.errors.count).map { group in
      logError(group.reduce(0) { $0 + estimate.errors[$1] } / Double(group.count))
    }
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    try self.init(fitting: estimates, components: nil)
  }

  init(fitting estimates: [SurprisalEstimate], components: Int?) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let (mean, deviation) = Correlation.moments(estimates.map { $0.errors.map(Self.logError) })
    self.mean = mean.map { Double(Float($0)) }
    self.deviation = deviation.map { Double(Float($0)) }
    density = MixtureDensity(fitting: estimates.map(Self.features), components: components)
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    mean = try tensor("mean", nil)
    deviation = try tensor("deviation", mean.count)
    density = try MixtureDensity(features: Levels.groups(mean.count).count, tensor: tensor)
  }

  public var tensors: [String: [Double]] {
    density.tensors.merging(["mean": mean, "deviation": deviation]) { $1 }
  }

  /// Why tensors from a file cannot judge estimates of so many nodes, or nil when they can.
  public func refusal(nodes: Int) -> String? {
    guard mean.count == nodes else { return "the statistic profile has \(mean.count) levels, not \(nodes)" }
    guard (deviation + density.deviation).allSatisfy({ $0 > 0 }) else {
      return "the statistic profile has a spread that is not above zero"
    }
    return nil
  }

  /// Log error at each node, in standard deviations from the population's mean.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(estimate.errors, zip(mean, deviation)).map { (Self.logError($0) - $1.0) / $1.1 }
  }

  public func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }
}

/// Surprise, in bits a feature, of the profile's features together with the size of the image as a PNG file, under a
/// Gaussian mixture. How wrong a denoiser of the population is at each level goes with how much there is to say about an
/// image, and the two agree only for the population's images: the use of complexity of Serra et al. (2020), as a density
/// in place of a difference.
public struct JointStatistic: ErrorDensity {
  let density: MixtureDensity

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    ProfileStatistic.features(estimate) + [estimate.compressedBitsPerDim ?? 0]
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    try self.init(fitting: estimates, components: nil)
  }

  init(fitting estimates: [SurprisalEstimate], components: Int?) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    density = MixtureDensity(fitting: estimates.map(Self.features), components: components)
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    density = try MixtureDensity(features: try tensor("feature.mean", nil).count, tensor: tensor)
  }

  public var tensors: [String: [Double]] { density.tensors }

  /// The levels, then the size.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    density.standardised(Self.features(estimate))
  }

  public func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }
}

/// Surprise, in bits a feature, of the logarithms of the errors by noise level, scale and direction
/// (`ErrorBreakdown.bands`), under a Gaussian mixture. Blur, compression and turned textures move errors between
/// bands while their sum stays.
public struct BandStatistic: ErrorDensity {
  let density: MixtureDensity

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    guard let breakdown = estimate.breakdown else { return [] }
    return Levels.average(breakdown.bands, nodes: estimate.errors.count).map(ProfileStatistic.logError)
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    try self.init(fitting: estimates, components: nil)
  }

  init(fitting estimates: [SurprisalEstimate], components: Int?) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    density = MixtureDensity(fitting: estimates.map(Self.features), components: components)
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    density = try MixtureDensity(features: try tensor("feature.mean", nil).count, tensor: tensor)
  }

  public var tensors: [String: [Double]] { density.tensors }

  /// `[levels, bands]`.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    density.standardised(Self.features(estimate))
  }

  public func score(_ estimate: SurprisalEstimate) -> Double { density.score(Self.features(estimate)) }
}

/// Mahalanobis distance of the logarithms of the errors by noise level and place (`ErrorBreakdown.cells`), divided by
/// the square root of their number: near 1 for a member of the population. A small defect moves the cells it lies in,
/// which a level's sum averages away.
public struct SpatialStatistic: ErrorDensity {
  /// Mean and standard deviation of each feature, `[levels, rows, columns]`.
  public let mean: [Double]
  public let deviation: [Double]
  /// Packed lower Cholesky factor of their shrunk correlations.
  let factor: [Double]

  /// Added to a cell's error: a few thousandths of the noise, below which chance decides.
  static let floor = 3e-3

  static func features(_ estimate: SurprisalEstimate) -> [Double] {
    guard let breakdown = estimate.breakdown else { return [] }
    return Levels.average(breakdown.cells, nodes: estimate.errors.count).map { log($0 + floor) }
  }

  private init(mean: [Double], deviation: [Double], factor: [Double]) {
    self.mean = mean.map { Double(Float($0)) }
    self.deviation = deviation.map { Double(Float($0)) }
    self.factor = factor.map { Double(Float($0)) }
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    guard estimates.count >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let rows = estimates.map(Self.features)
    let (mean, deviation) = Correlation.moments(rows)
    let standard = rows.map { row in row.indices.map { (row[$0] - mean[$0]) / deviation[$0] } }
    self.init(
      mean: mean, deviation: deviation,
      factor: Correlation.cholesky(Correlation.shrunk(standard), mean.count))
  }

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    let mean = try tensor("mean", nil)
    self.init(
      mean: mean, deviation: try tensor("deviation", mean.count),
      factor: try tensor("factor", mean.count * (mean.count + 1) / 2))
  }

  public var tensors: [String: [Double]] { ["mean": mean, "deviation": deviation, "factor": factor] }

  /// `[levels, rows, columns]`.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(Self.features(estimate), zip(mean, deviation)).map { ($0 - $1.0) / $1.1 }
  }

  public func score(_ estimate: SurprisalEstimate) -> Double {
    let z = standardised(estimate)
    return (Correlation.squareLength(z, factor) / Double(max(z.count, 1))).squareRoot()
  }
}

/// Sum of the scores of `joint`, `bands` and `spatial`, each less its median over the population and in units of its
/// spread there (half the distance between the 16 % and 84 % quantiles): equal say for each.
///
/// Median and spread are of images that the scored statistic was not fitted on: two halves, each scored by what the
/// other fitted.
public struct CombinedStatistic: Statistic {
  /// The statistics that are summed, in this order.
  public static let parts = [StatisticName.joint, .bands, .spatial]

  public let joint: JointStatistic
  public let bands: BandStatistic
  public let spatial: SpatialStatistic
  /// Median and spread of each part.
  let medians: [Double]
  let spreads: [Double]

  private var statistics: [any Statistic] { [joint, bands, spatial] }

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

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    let joint = try JointStatistic(fitting: estimates)
    let bands = try BandStatistic(fitting: estimates)
    let spatial = try SpatialStatistic(fitting: estimates)
    var scores: [[Double]] = [[], [], []]
    func add(_ parts: [any Statistic], _ images: [SurprisalEstimate]) {
      for k in parts.indices { scores[k] += images.map { parts[k].score($0) } }
    }
    if estimates.count >= 6 {
      for half in 0..<2 {
        let fitting = estimates.indices.filter { $0 % 2 == half }.map { estimates[$0] }
        let other = estimates.indices.filter { $0 % 2 != half }.map { estimates[$0] }
        let parts: [any Statistic] = [
          try JointStatistic(fitting: fitting, components: joint.density.weights.count),
          try BandStatistic(fitting: fitting, components: bands.density.weights.count),
          try SpatialStatistic(fitting: fitting),
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

  public init(tensor: (String, Int?) throws -> [Double]) throws {
    self.init(
      joint: try JointStatistic { try tensor("joint.\($0)", $1) },
      bands: try BandStatistic { try tensor("bands.\($0)", $1) },
      spatial: try SpatialStatistic { try tensor("spatial.\($0)", $1) },
      medians: try tensor("medians", 3), spreads: try tensor("spreads", 3))
  }

  /// Why tensors from a file cannot judge images of this grid at so many nodes, or nil when they can.
  public func refusal(nodes: Int, grid: ErrorBreakdown.Grid) -> String? {
    let levels = Levels.groups(nodes).count
    for (name, found, wanted) in [
      ("joint", joint.density.mean.count, levels + 1),
      ("bands", bands.density.mean.count, levels * ErrorBreakdown.bands),
      ("spatial", spatial.mean.count, levels * grid.cells),
    ] where found != wanted {
      return "the statistic \(name) has \(found) features, not \(wanted)"
    }
    let scales = joint.density.deviation + bands.density.deviation + spatial.deviation + spreads
    guard scales.allSatisfy({ $0 > 0 }) else { return "a statistic has a spread that is not above zero" }
    return nil
  }

  public var tensors: [String: [Double]] {
    var all = ["medians": medians, "spreads": spreads]
    for (name, part) in zip(Self.parts, statistics) {
      for (tensor, values) in part.tensors { all["\(name.rawValue).\(tensor)"] = values }
    }
    return all
  }

  /// What each of `parts` adds to the score.
  public func contributions(_ estimate: SurprisalEstimate) -> [Double] {
    statistics.indices.map { (statistics[$0].score(estimate) - medians[$0]) / spreads[$0] }
  }

  public func score(_ estimate: SurprisalEstimate) -> Double { contributions(estimate).reduce(0, +) }
}

extension MixtureDensity {
  /// Surprise in bits a feature.
  func score(_ features: [Double]) -> Double {
    features.isEmpty ? 0 : surprise(standardised(features)) / (log(2) * Double(features.count))
  }

  var tensors: [String: [Double]] {
    [
      "feature.mean": mean, "feature.deviation": deviation, "mixture.weights": weights,
      "mixture.centers": centers, "mixture.factors": factors,
    ]
  }

  init(features n: Int, tensor: (String, Int?) throws -> [Double]) throws {
    let weights = try tensor("mixture.weights", nil)
    self.init(
      mean: try tensor("feature.mean", n), deviation: try tensor("feature.deviation", n), weights: weights,
      centers: try tensor("mixture.centers", weights.count * n),
      factors: try tensor("mixture.factors", weights.count * n * (n + 1) / 2))
  }
}
