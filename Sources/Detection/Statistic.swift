import Diffusion
import Foundation

/// One number an image is judged by; higher is odder. Fitted on images of the population, then frozen.
public protocol Statistic: Sendable, Codable {
  /// - Throws: `CalibrationError` when the images cannot determine it.
  init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError)
  func score(_ estimate: SurprisalEstimate) -> Double
}

/// What keeps scores from becoming verdicts.
public enum CalibrationError: Error, Equatable, CustomStringConvertible {
  /// Fewer references than the rate needs: at least 1/fpr - 1.
  case tooFewReferences(found: Int, needed: Int, rate: Double)
  case tooFewToFit(found: Int, needed: Int)
  case invalidRate(Double)
  case notFinite

  public var description: String {
    switch self {
    case .tooFewReferences(let found, let needed, let rate):
      "\(found) reference images cannot support an error rate of \(rate): at least \(needed) are needed"
    case .tooFewToFit(let found, let needed):
      "\(found) images are too few to calibrate with: at least \(needed) are needed"
    case .invalidRate(let rate): "error rate \(rate) is not between 0 and 1"
    case .notFinite: "a score is not a finite number"
    }
  }
}

/// The statistics a model is calibrated for.
public enum StatisticName: String, Codable, Sendable, CaseIterable {
  /// Bits per dimension: high is odd.
  case surprisal
  /// Distance of bits per dimension from the population's mean, in its standard deviations: both ends are odd.
  case typicality
  /// Density of the logarithms of the errors at each noise level (after MSMA, arXiv 2010.13132): the default.
  case profile
}

/// Bits per dimension.
public struct SurprisalStatistic: Statistic {
  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {}
  public func score(_ estimate: SurprisalEstimate) -> Double { estimate.bitsPerDim }
}

/// Two-sided bits per dimension.
public struct TypicalityStatistic: Statistic {
  public let mean: Double
  public let deviation: Double

  public init(mean: Double, deviation: Double) {
    self.mean = mean
    self.deviation = deviation
  }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    guard estimates.count >= 2 else { throw .tooFewToFit(found: estimates.count, needed: 2) }
    let n = Double(estimates.count)
    let mean = estimates.reduce(0) { $0 + $1.bitsPerDim } / n
    self.mean = mean
    let square = estimates.reduce(0) { $0 + ($1.bitsPerDim - mean) * ($1.bitsPerDim - mean) }
    // Constant scores have no scale of their own: any difference then counts as it is.
    deviation = square > 0 ? (square / (n - 1)).squareRoot() : 1
  }

  public func score(_ estimate: SurprisalEstimate) -> Double {
    abs(estimate.bitsPerDim - mean) / deviation
  }
}

/// Mahalanobis distance of the vector of log errors per noise level, divided by the square root of its length: near 1
/// for a member of the population, whatever the number of levels.
///
/// The covariance is shrunk towards its diagonal by the share that minimises its expected squared error under
/// normality (Schaefer and Strimmer 2005, target D, with a floor of 1 %), so a few references suffice.
public struct ProfileStatistic: Statistic {
  /// Mean log error per node.
  public let mean: [Double]
  /// Standard deviation of the log error per node.
  public let deviation: [Double]
  /// Lower Cholesky factor of the shrunk correlation matrix, row-major.
  public let factor: [Double]

  public init(mean: [Double], deviation: [Double], factor: [Double]) {
    self.mean = mean
    self.deviation = deviation
    self.factor = factor
  }

  /// Log of one node's error; errors below a millionth of the noise are as good as none.
  static func logError(_ integrand: Double) -> Double { log(max(integrand, 1e-6)) }

  public init(fitting estimates: [SurprisalEstimate]) throws(CalibrationError) {
    guard estimates.count >= 3, let levels = estimates.first?.errors.count else {
      throw .tooFewToFit(found: estimates.count, needed: 3)
    }
    let n = Double(estimates.count)
    let rows = estimates.map { $0.errors.map(Self.logError) }
    let mean = (0..<levels).map { k in rows.reduce(0) { $0 + $1[k] } / n }
    let deviation = (0..<levels).map { k in
      let square = rows.reduce(0) { $0 + ($1[k] - mean[k]) * ($1[k] - mean[k]) }
      return max((square / (n - 1)).squareRoot(), 1e-6)
    }
    let standard = rows.map { row in (0..<levels).map { (row[$0] - mean[$0]) / deviation[$0] } }
    var correlation = [Double](repeating: 0, count: levels * levels)
    for row in standard {
      for i in 0..<levels { for j in 0..<levels { correlation[i * levels + j] += row[i] * row[j] / (n - 1) } }
    }
    var noise = 0.0
    var signal = 0.0
    for i in 0..<levels {
      for j in 0..<levels where i != j {
        let r = correlation[i * levels + j]
        noise += (1 - r * r) * (1 - r * r) / (n - 1)
        signal += r * r
      }
    }
    let share = min(1, max(0.01, signal > 0 ? noise / signal : 1))
    for i in 0..<levels { for j in 0..<levels where i != j { correlation[i * levels + j] *= 1 - share } }
    for i in 0..<levels { correlation[i * levels + i] = 1 }
    self.mean = mean
    self.deviation = deviation
    factor = Self.cholesky(correlation, levels)
  }

  private static func cholesky(_ a: [Double], _ n: Int) -> [Double] {
    var l = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0...i {
        var rest = a[i * n + j]
        for k in 0..<j { rest -= l[i * n + k] * l[j * n + k] }
        // Positive: shrinkage keeps every pivot above 0.01; the floor is for rounding.
        l[i * n + j] = i == j ? max(rest, 1e-12).squareRoot() : rest / l[j * n + j]
      }
    }
    return l
  }

  /// Log error at each level, in standard deviations from the population's mean.
  public func standardised(_ estimate: SurprisalEstimate) -> [Double] {
    zip(estimate.errors, zip(mean, deviation)).map { (Self.logError($0) - $1.0) / $1.1 }
  }

  public func score(_ estimate: SurprisalEstimate) -> Double {
    let z = standardised(estimate)
    let n = z.count
    var solved = z
    var square = 0.0
    for i in 0..<n {
      for k in 0..<i { solved[i] -= factor[i * n + k] * solved[k] }
      solved[i] /= factor[i * n + i]
      square += solved[i] * solved[i]
    }
    return (square / Double(n)).squareRoot()
  }
}
