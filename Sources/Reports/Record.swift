import Detection
import Diffusion
import Foundation

/// What a scan says of one image (CONTRACT, "Records").
public struct Record: Codable, Sendable, Equatable {
  public struct Level: Codable, Sendable, Equatable {
    /// Noise level, on the scale where pixels span -1...1.
    public let sigma: Double
    /// Its share of the bits per dimension.
    public let bitsPerDim: Double
    /// Log error in standard deviations from the references' mean.
    public let z: Double
  }

  public let path: String
  /// Why the image is unreadable; nil when it was scored.
  public let error: String?
  public var bitsPerDim: Double?
  public var standardError: Double?
  public var evaluations: Int?
  public var statistic: String?
  public var score: Double?
  public var pValue: Double?
  /// Set when all p-values are known.
  public var outlier: Bool?
  public var reason: String?
  public var profile: [Level]?
  /// Damage of the file that --lenient let pass.
  public var warning: String?

  /// A record of an image that could not be had.
  public init(path: String, error: String) {
    self.path = path
    self.error = error
  }

  /// A record of a scored image, not yet judged.
  public init(
    path: String, estimate: SurprisalEstimate, quadrature: Quadrature, calibration: Calibration,
    statistic: StatisticName
  ) {
    self.path = path
    error = nil
    bitsPerDim = estimate.bitsPerDim
    standardError = estimate.standardError
    evaluations = estimate.evaluations
    self.statistic = statistic.rawValue
    let score = calibration.score(estimate, by: statistic)
    self.score = score
    pValue = calibration.pValue(score, by: statistic)
    let z = calibration.profile.standardised(estimate)
    reason = Explanation.words(sigmas: quadrature.sigmas, z: z)
    profile = quadrature.sigmas.indices.map { k in
      Level(
        sigma: quadrature.sigmas[k], bitsPerDim: quadrature.weights[k] * estimate.integrand[k] / log(2),
        z: z[k])
    }
  }
}

/// A profile in words.
public enum Explanation {
  /// The run of neighbouring levels around the most unusual one that deviates the same way at least half as far.
  public static func words(sigmas: [Double], z: [Double]) -> String {
    guard let peak = z.indices.max(by: { abs(z[$0]) < abs(z[$1]) }) else { return "" }
    let same = { (k: Int) in z[k] * z[peak] > 0 && abs(z[k]) >= abs(z[peak]) / 2 }
    var first = peak
    var last = peak
    while first > 0, same(first - 1) { first -= 1 }
    while last + 1 < z.count, same(last + 1) { last += 1 }
    let scale =
      switch sigmas[peak] {
      case ..<0.05: "fine texture"
      case ..<0.5: "shapes and edges"
      default: "layout and tone"
      }
    let range = first == last ? short(sigmas[first]) : "\(short(sigmas[first]))-\(short(sigmas[last]))"
    let side =
      z[peak] > 0 ? "above reference: more surprising" : "below reference: simpler than the population"
    return "\(scale) (sigma \(range)) \(String(format: "%.1f", abs(z[peak]))) sd \(side)"
  }

  private static func short(_ value: Double) -> String { String(format: "%.2g", value) }
}
